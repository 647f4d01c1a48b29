"""ECS: services."""

from __future__ import annotations

import math
from typing import Any

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.names import tail
from ..engine.placeholder import has_placeholder
from ..engine.refusals import Refusal
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until
from .ecs import (
    MISSING,
    SERVICE_ROLE,
    EcsKind,
    described_service,
    described_services,
    service_tags,
    strategy,
    strategy_from_aws,
    strategy_to_aws,
    to_aws,
)
from .ecs_cluster import ECS_CLUSTER
from .ecs_pauses import hooks, hooks_from_aws, hooks_to_aws, paused

# Services

SERVICE = {
    "platform_version": "platformVersion",
    "health_check_grace_period_seconds": "healthCheckGracePeriodSeconds",
    "enable_execute_command": "enableExecuteCommand",
    "availability_zone_rebalancing": "availabilityZoneRebalancing",
    "propagate_tags": "propagateTags",
    "enable_ecs_managed_tags": "enableECSManagedTags",
}
UNSAID = {
    "platform_version": "",
    "health_check_grace_period_seconds": 0,
    "enable_execute_command": False,
    "availability_zone_rebalancing": "DISABLED",
    "propagate_tags": "NONE",
    "enable_ecs_managed_tags": False,
}
NETWORK = {"subnet_ids": "subnets", "security_group_ids": "securityGroups", "assign_public_ip": "assignPublicIp"}
LOAD_BALANCER = {
    "target_group_arn": "targetGroupArn",
    "container_name": "containerName",
    "container_port": "containerPort",
}
# What a balancer has besides, where ECS moves the traffic between two target groups.
ADVANCED = {
    "alternate_target_group_arn": "alternateTargetGroupArn",
    "production_listener_rule": "productionListenerRule",
    "traffic_role_arn": "roleArn",
}
# And where there is a listener for tests.
TESTED = {"test_listener_rule": "testListenerRule"}
DEPLOYMENT = {
    "minimum_healthy_percent": "minimumHealthyPercent",
    "maximum_percent": "maximumPercent",
    "circuit_breaker": "deploymentCircuitBreaker",
    "alarms": "alarms",
    "deployment_strategy": "strategy",
    "bake_time": "bakeTimeInMinutes",
    "canary": "canaryConfiguration",
    "linear": "linearConfiguration",
    "lifecycle_hooks": "lifecycleHooks",
}
# The steps of a strategy: AWS's names of the share in percent, and of the minutes after it.
STEPS = {
    "canary": ("CANARY", "canaryPercent", "canaryBakeTimeInMinutes"),
    "linear": ("LINEAR", "stepPercent", "stepBakeTimeInMinutes"),
}
# What AWS takes for what is unsaid of a circuit breaker.
BREAKER: dict[str, Any] = {
    "enable": False, "rollback": False, "reset_on_healthy_task": True, "threshold_type": "BOUNDED_PERCENT",
    "threshold": 50,
}  # fmt: skip
BREAKER_FLAGS = {"enable": "enable", "rollback": "rollback", "reset_on_healthy_task": "resetOnHealthyTask"}
STEADY_SECONDS = 1800
CONTINUES = (
    "playbooks/runbooks/continue_rollout.yml lets it go on, playbooks/runbooks/stop_rollout.yml has it taken back"
)
# AWS starts no new tasks for a change of these, so they would hold for the next tasks only.
NEXT_TASKS = {"capacity_provider_strategy", "enable_execute_command", "propagate_tags", "enable_ecs_managed_tags"}


DRAINING_SECONDS = 900
"""How long a deleted service's tasks may take to end: deregistration, then up to two minutes to stop."""


class EcsService(EcsKind):
    """A service. Its desired count is said at creation and belongs to the autoscaler afterwards."""

    name = "ecs_service"
    title = "ECS service"
    module = "flow_builder.aws.ecs_service"
    cloudformation = "AWS::ECS::Service"
    properties = {
        "ServiceName": "name",
        "NetworkConfiguration/AwsvpcConfiguration/Subnets": "subnet_ids",
        "NetworkConfiguration/AwsvpcConfiguration/SecurityGroups": "security_group_ids",
        "NetworkConfiguration/AwsvpcConfiguration/AssignPublicIp": "assign_public_ip",
        "DeploymentConfiguration/MaximumPercent": "maximum_percent",
        "DeploymentConfiguration/MinimumHealthyPercent": "minimum_healthy_percent",
        "DeploymentConfiguration/DeploymentCircuitBreaker": "circuit_breaker",
        "DeploymentConfiguration/DeploymentCircuitBreaker/ThresholdConfiguration/Type": "threshold_type",
        "DeploymentConfiguration/DeploymentCircuitBreaker/ThresholdConfiguration/Value": "threshold",
        "DeploymentConfiguration/Alarms": "alarms",
        "DeploymentConfiguration/Alarms/AlarmNames": "names",
        "DeploymentConfiguration/BakeTimeInMinutes": "bake_time",
        "DeploymentConfiguration/Strategy": "deployment_strategy",
        "DeploymentConfiguration/LifecycleHooks/*/HookDetails": "details",
        "DeploymentConfiguration/LifecycleHooks/*/HookTargetArn": "target_arn",
        "DeploymentConfiguration/LifecycleHooks/*/LifecycleStages": "stages",
        "DeploymentController/Type": "deployment_controller",
    }
    identity = ("name", "cluster")
    # The load balancer, because ECS changes the weights of its rule.
    needs = (
        "ecs_cluster", "ecs_taskdefinition", "iam_policy", "iam_role", "load_balancer", "security_group", "subnet",
        "target_group",
    )  # fmt: skip
    create_only = frozenset({"desired_count"})
    externally_managed = {"desired_count": "the autoscaler", "task_definition": "a release"}
    ignored = frozenset({
        "awaited_deployment", "deploying", "deployment", "event", "failed_tasks", "paused", "pending_count",
        "primary_task_definition", "rollout_reason", "rollout_state", "running_count", "status",
        "currentServiceDeployment", "currentServiceRevisions", "deployments", "events", "taskSets",
    })  # fmt: skip
    immutable = {
        "launch_type": "AWS lets a service leave its launch type only for a capacity_provider_strategy",
        "scheduling_strategy": "AWS sets it at creation only",
    }
    refusals = (
        Refusal(
            "a service of this name was deleted and its tasks still drain", "InvalidParameterException",
            f"the run waits until they have ended, up to {DRAINING_SECONDS // 60} minutes",
        ),
    )  # fmt: skip
    settling = (
        SERVICE_ROLE,
        ("InvalidParameterException", "still Draining"),
        ("InvalidParameterException", "does not have an associated load balancer"),
        ("InvalidParameterException", "verify that the ECS service role"),
        ("ClientException", "Cluster was not ACTIVE"),
    )
    tag_copies = (":task/", ":service-deployment/", ":service-revision/")

    def want(self, arguments):
        """Spell all in one way; a task definition is named with its revision."""
        want = super().want(arguments)
        if "cluster" in want:
            want["cluster"] = tail(want["cluster"])
        if "task_definition" in want:
            want["task_definition"] = tail(want["task_definition"])
            if not has_placeholder(want["task_definition"]) and ":" not in want["task_definition"]:
                raise EngineError(
                    f"task_definition is {want['task_definition']!r}; name a revision, as an ARN or family:revision"
                )
        if "capacity_provider_strategy" in want:
            want["capacity_provider_strategy"] = strategy(want["capacity_provider_strategy"])
        want |= {field: sorted(want[field]) for field in ("subnet_ids", "security_group_ids") if field in want}
        if "load_balancers" in want:
            want["load_balancers"] = _balancers(want["load_balancers"])
        if "circuit_breaker" in want:
            want["circuit_breaker"] = breaker(want["circuit_breaker"])
        if "alarms" in want:
            want["alarms"] = _alarms(want["alarms"])
        want |= {field: steps(want[field]) for field in STEPS if field in want}
        if "lifecycle_hooks" in want:
            want["lifecycle_hooks"] = hooks(want["lifecycle_hooks"])
        if want.get("minimum_count"):
            want["desired_count"] = max(want.get("desired_count", 0), want["minimum_count"])
        return want

    def external_manager(self, difference, recorded, live):
        """A release moves the service along its family, never to another one."""
        families = {str(value).partition(":")[0] for value in (difference.recorded, difference.live)}
        if difference.path == "task_definition" and len(families) > 1:
            return ""
        return super().external_manager(difference, recorded, live)

    def compare(self, live, want):
        """A service that runs less than its minimum, which no autoscaler mends without a metric, is put right."""
        changes = super().compare(live, want) - {"minimum_count"}
        chosen = want.get("deployment_strategy", live["deployment_strategy"])
        changes -= {field for field, (strategy, *_names) in STEPS.items() if strategy != chosen}
        changes -= {"bake_time"} if chosen == "ROLLING" else set()
        return changes | ({"desired_count"} if live["desired_count"] < want.get("minimum_count", 0) else set())

    def find(self, aws, want):
        """Return the active service of this name in its cluster."""
        service = described_service(aws, want["cluster"], want["name"])
        if service is None or service["status"] != "ACTIVE":
            return None
        live = self._live(service) | {"paused": paused(aws, service)}
        # Whoever waits for a deployment looks the service up by what it knows: the deployment that it waits for.
        awaited = want.get("awaited_deployment") or want.get("deployment") or live["deployment"]
        return live | {"awaited_deployment": awaited}

    def stack(self, aws, stack):
        """Return the services with the stack's tag in the stack's clusters, those that are draining too."""
        found = []
        for cluster in ECS_CLUSTER.stack(aws, stack):
            found += described_services(aws, cluster["name"])
        ours = [one for one in found if service_tags(one).get("Stack") == stack]
        lives = [self._live(one) | {"paused": paused(aws, one)} for one in ours]
        aws.notes.update(note for live in lives for note in self.notes(live))
        return lives

    @keep_unmodelled
    def _live(self, service):
        network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        deployment = service.get("deploymentConfiguration", {})
        primary: dict = next((one for one in service.get("deployments", []) if one["status"] == "PRIMARY"), {})
        live = {field: service.get(key, UNSAID[field]) for field, key in SERVICE.items()}
        return live | {
            "name": service["serviceName"],
            "arn": service["serviceArn"],
            "cluster": tail(service["clusterArn"]),
            "task_definition": tail(service["taskDefinition"]),
            "launch_type": "" if service.get("capacityProviderStrategy") else service.get("launchType", ""),
            "capacity_provider_strategy": strategy_from_aws(service.get("capacityProviderStrategy")),
            "scheduling_strategy": service.get("schedulingStrategy", "REPLICA"),
            "deployment_controller": service.get("deploymentController", {}).get("type", "ECS"),
            "subnet_ids": sorted(network.get("subnets", [])),
            "security_group_ids": sorted(network.get("securityGroups", [])),
            "assign_public_ip": network.get("assignPublicIp") == "ENABLED",
            "load_balancers": _balancers(
                {field: balancer.get(key) for field, key in LOAD_BALANCER.items()}
                | {
                    field: balancer.get("advancedConfiguration", {}).get(key)
                    for field, key in {**ADVANCED, **TESTED}.items()
                }
                for balancer in service.get("loadBalancers", [])
            ),
            "deployment_strategy": deployment.get("strategy", "ROLLING"),
            "bake_time": deployment.get("bakeTimeInMinutes", 0),
            **{
                field: steps({"percent": one.get(percent), "bake_time": one.get(minutes)})
                for field, (_strategy, percent, minutes) in STEPS.items()
                for one in [deployment.get(DEPLOYMENT[field], {})]
            },
            "lifecycle_hooks": hooks_from_aws(deployment.get("lifecycleHooks")),
            "minimum_healthy_percent": deployment.get("minimumHealthyPercent"),
            "maximum_percent": deployment.get("maximumPercent"),
            "circuit_breaker": breaker_from_aws(deployment),
            "alarms": _alarms(
                {"names": deployment.get("alarms", {}).get("alarmNames", [])}
                | {key: deployment.get("alarms", {}).get(key) for key in ("enable", "rollback")}
            ),
            "tags": tagging.from_list(service.get("tags"), "key", "value"),
            "status": service["status"],
            "desired_count": service["desiredCount"],
            "running_count": service["runningCount"],
            "pending_count": service["pendingCount"],
            "deploying": len(service.get("deployments", [])) > 1,
            "deployment": primary.get("id", ""),
            "primary_task_definition": tail(primary.get("taskDefinition", "")),
            "failed_tasks": primary.get("failedTasks", 0),
            "rollout_state": primary.get("rolloutState", ""),
            "rollout_reason": primary.get("rolloutStateReason", ""),
            "event": next((event["message"] for event in service.get("events", [])), ""),
        }

    def _drained(self, aws, want):
        """Wait until a deleted service of this name is gone, which takes as long as its tasks take to end."""
        def gone():
            return described_service(aws, want["cluster"], want["name"]) is None

        until(gone, DRAINING_SECONDS, f"the end of the deleted service {want['name']}, whose tasks still drain,")

    def create(self, aws, want):
        """Create the service."""
        self._drained(aws, want)
        if not want.get("lifecycle_hooks"):
            want = {field: value for field, value in want.items() if field != "lifecycle_hooks"}
        said = self._said(want, want)
        if want.get("launch_type"):
            said["launchType"] = want["launch_type"]
        if want.get("scheduling_strategy"):
            said["schedulingStrategy"] = want["scheduling_strategy"]
        if want.get("scheduling_strategy") != "DAEMON":
            said["desiredCount"] = want.get("desired_count", 0)
        aws("ecs").create_service(
            cluster=want["cluster"],
            serviceName=want["name"],
            tags=tagging.to_list(want.get("tags", {}), "key", "value"),
            **said,
        )

    def update(self, aws, live, want, changes):
        """Change what differs, with new tasks where AWS would leave the old ones running as they are.

        AWS wants a service to have its second target group, rolled out, before it leaves ROLLING. Hooks are for the
        deployments of releases, so they come after what begins a deployment itself.
        """
        hooked = "lifecycle_hooks" in changes and want["lifecycle_hooks"]
        if hooked and changes - set(DEPLOYMENT) - {"desired_count"}:
            before = {**want, "lifecycle_hooks": live["lifecycle_hooks"]}
            self.update(aws, live, before, changes - {"lifecycle_hooks"})
            changes = {"lifecycle_hooks"}
            self._steady(aws, live)
        leaves = "deployment_strategy" in changes and live["deployment_strategy"] == "ROLLING"
        if leaves and "load_balancers" in changes:
            self.update(aws, live, want, changes - set(DEPLOYMENT))
            changes = changes & set(DEPLOYMENT)
            self._steady(aws, live)
        said = self._said({field: want[field] for field in changes}, {**live, **want})
        if "desired_count" in changes:
            said["desiredCount"] = want["desired_count"]
        if changes & NEXT_TASKS:
            said["forceNewDeployment"] = True
        aws("ecs").update_service(cluster=live["cluster"], service=live["name"], **said)

    def _steady(self, aws, live):
        def steady():
            found = self.seen(aws, {"name": live["name"], "cluster": live["cluster"]})
            return found and self.ready(found) and not found["deploying"]

        until(steady, STEADY_SECONDS, f"{self.title} {live['name']} being steady between two updates")

    def _said(self, fields, whole):
        """Return the calls' arguments for some fields; what AWS takes as one structure comes from the whole."""
        said = to_aws(SERVICE, fields)
        if "task_definition" in fields:
            said["taskDefinition"] = fields["task_definition"]
        if "capacity_provider_strategy" in fields:
            said["capacityProviderStrategy"] = strategy_to_aws(fields["capacity_provider_strategy"])
        if "deployment_controller" in fields:
            said["deploymentController"] = {"type": fields["deployment_controller"]}
        if "load_balancers" in fields:
            said["loadBalancers"] = [_to_aws(balancer) for balancer in fields["load_balancers"]]
        if set(NETWORK) & set(fields):
            network = to_aws(NETWORK, whole)
            network["assignPublicIp"] = "ENABLED" if whole.get("assign_public_ip") else "DISABLED"
            said["networkConfiguration"] = {"awsvpcConfiguration": network}
        if set(DEPLOYMENT) & set(fields):
            deployment = to_aws(DEPLOYMENT, whole)
            if "alarms" in deployment:
                alarms = deployment["alarms"]
                deployment["alarms"] = {
                    "alarmNames": alarms["names"], "enable": alarms["enable"], "rollback": alarms["rollback"]
                }  # fmt: skip
            if "deploymentCircuitBreaker" in deployment:
                deployment["deploymentCircuitBreaker"] = breaker_to_aws(breaker(deployment["deploymentCircuitBreaker"]))
            if deployment.get("lifecycleHooks") or "lifecycle_hooks" in fields:
                deployment["lifecycleHooks"] = hooks_to_aws(deployment["lifecycleHooks"])
            else:
                deployment.pop("lifecycleHooks", None)
            if deployment.get("strategy", "ROLLING") == "ROLLING":
                deployment.pop("bakeTimeInMinutes", None)
            for field, (strategy, percent, minutes) in STEPS.items():
                given = deployment.pop(DEPLOYMENT[field], None) or {}
                if whole.get("deployment_strategy") == strategy:
                    deployment[DEPLOYMENT[field]] = {percent: given["percent"], minutes: given["bake_time"]}
            said["deploymentConfiguration"] = deployment
        return said

    def ready(self, live):
        """A service is steady when the deployment that is awaited has completed and all of its tasks run."""
        steady = live["rollout_state"] in ("COMPLETED", "") and live["running_count"] == live["desired_count"]
        # AWS promises a rollout state for ROLLING only: with another strategy the old tasks must be gone as well.
        moved = live["deployment_strategy"] == "ROLLING" or not live["deploying"]
        return steady and moved and not self.failed(live)

    def failed(self, live):
        """A deployment fails by its own word, or when AWS puts another one in its place: a rollback completes too."""
        event = f"; {live['event']}" if live["event"] else ""
        if live["rollout_state"] == "FAILED":
            return f"its deployment failed: {live['rollout_reason']}{event}"
        # AWS's texts disagree on whether its circuit breaker looks at any other strategy than ROLLING.
        alone = live["deployment_strategy"] != "ROLLING" and live["rollout_state"] != "COMPLETED"
        if alone and live["failed_tasks"] >= tolerated(live["circuit_breaker"], live["desired_count"]):
            return f"{live['failed_tasks']} tasks of its deployment failed{event}"
        if live.get("awaited_deployment", live["deployment"]) != live["deployment"]:
            return (
                f"its deployment {live['awaited_deployment']} was rolled back or replaced: {live['deployment']} runs "
                f"{live['primary_task_definition']} now{event}"
            )
        return ""

    def halted(self, live):
        """A deployment that pauses goes on when somebody continues it, or when its time is over."""
        return f"its deployment is {live['paused']}; {CONTINUES}" if live.get("paused") else ""

    def notes(self, live):
        """Tell of a deployment that waits for somebody."""
        return [f"{live['name']} is {live['paused']}: {CONTINUES}"] if live.get("paused") else []

    def delete(self, aws, live):
        """Stop all tasks and delete the service."""
        ended = (*MISSING, "ServiceNotActiveException")
        if live["scheduling_strategy"] != "DAEMON":
            unless(ended, aws("ecs").update_service, cluster=live["cluster"], service=live["name"], desiredCount=0)
        unless(ended, aws("ecs").delete_service, cluster=live["cluster"], service=live["name"], force=True)

    def gone(self, aws, live, timeout):
        """Its tasks keep their network interfaces until they have ended."""
        until(
            lambda: described_service(aws, live["cluster"], live["name"]) is None,
            timeout,
            f"{self.title} {live['name']} being deleted",
        )

    def computed(self, aws, want):
        """A service's ARN can be computed."""
        return {"arn": aws.arn("ecs", f"service/{want['cluster']}/{want['name']}")}


def _balancers(given) -> list[dict]:
    balancers = (
        {field: balancer.get(field) or "" for field in (*LOAD_BALANCER, *ADVANCED)}
        | {field: balancer[field] for field in TESTED if balancer.get(field)}
        for balancer in given
    )
    return sorted(balancers, key=lambda balancer: (balancer["target_group_arn"], str(balancer)))


def _to_aws(balancer: dict) -> dict:
    advanced = {key: balancer[field] for field, key in {**ADVANCED, **TESTED}.items() if balancer.get(field)}
    return to_aws(LOAD_BALANCER, balancer) | ({"advancedConfiguration": advanced} if advanced else {})


def steps(given: dict) -> dict:
    """Return the steps of a strategy in one spelling; AWS doesn't keep those of another strategy."""
    percent, minutes = given.get("percent"), given.get("bake_time")
    return {} if percent is None else {"percent": float(percent), "bake_time": int(minutes or 0)}


def breaker(given: dict) -> dict:
    """Return a circuit breaker in one spelling, with what AWS takes for what is unsaid."""
    return {field: type(usual)(given.get(field, usual)) for field, usual in BREAKER.items()}


def breaker_from_aws(configuration: dict) -> dict:
    """Return the circuit breaker of AWS's deployment configuration."""
    live = configuration.get("deploymentCircuitBreaker", {})
    limit = live.get("thresholdConfiguration", {})
    ours = {field: live.get(key) for field, key in BREAKER_FLAGS.items()}
    ours |= {"threshold_type": limit.get("type"), "threshold": limit.get("value")}
    return breaker({field: value for field, value in ours.items() if value is not None})


def breaker_to_aws(given: dict) -> dict:
    """Return a circuit breaker as AWS takes it, whole: what an update doesn't say would stay as it is."""
    limit = {"type": given["threshold_type"], "value": given["threshold"]}
    return {**to_aws(BREAKER_FLAGS, given), "thresholdConfiguration": limit}


def tolerated(given: dict, desired: int) -> int:
    """Return how many tasks of a deployment may fail before it counts as failed, as AWS counts them."""
    if given["threshold_type"] == "COUNT":
        return given["threshold"]
    share = math.ceil(desired * given["threshold"] / 100)
    return min(max(share, 3), 200) if given["threshold_type"] == "BOUNDED_PERCENT" else max(share, 1)


def _alarms(given: dict) -> dict:
    names, enable = sorted(given.get("names") or []), given.get("enable")
    enable = bool(names) if enable is None else bool(enable)
    return {"names": names, "enable": enable, "rollback": bool(given.get("rollback"))}
ECS_SERVICE = EcsService()
