"""ECS: clusters, task definitions and services."""

from __future__ import annotations

import math

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.deleting import each_done
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.placeholder import has_placeholder
from ..engine.refusals import Refusal
from ..engine.secrets import secret, valued
from ..engine.severity import Severity
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until

# The first cluster and service of an account make ECS's own role, which isn't there at once.
SERVICE_ROLE = ("InvalidParameterException", "service linked role")
MISSING = ("ClusterNotFoundException", "ServiceNotFoundException")


def to_aws(names: dict[str, str], source: dict) -> dict:
    """Return the fields of ``source`` that are said, under AWS's names."""
    return {key: source[field] for field, key in names.items() if source.get(field) is not None}


def tail(reference: str) -> str:
    """Return the last part of an ARN, by which ECS also knows the resource; placeholders stay whole."""
    return reference if has_placeholder(reference) else reference.rsplit("/", 1)[-1]


def strategy(entries: list[dict] | None) -> list[dict]:
    """Return a capacity provider strategy in one spelling; its order means nothing."""
    return sorted(
        (
            {
                "capacity_provider": entry["capacity_provider"],
                "weight": entry.get("weight") or 0,
                "base": entry.get("base") or 0,
            }
            for entry in entries or []
        ),
        key=lambda entry: entry["capacity_provider"],
    )


def strategy_from_aws(entries: list[dict] | None) -> list[dict]:
    """Return AWS's capacity provider strategy as ours."""
    return strategy([{**entry, "capacity_provider": entry["capacityProvider"]} for entry in entries or []])


def strategy_to_aws(entries: list[dict]) -> list[dict]:
    """Return our capacity provider strategy as AWS's."""
    return [
        {"capacityProvider": entry["capacity_provider"], "weight": entry["weight"], "base": entry["base"]}
        for entry in entries
    ]


class EcsKind(Kind):
    """What ECS's kinds share: they are tagged by ARN."""

    service = "ecs"

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("ecs").tag_resource(resourceArn=live["arn"], tags=tagging.to_list(add, "key", "value"))
        if remove:
            aws("ecs").untag_resource(resourceArn=live["arn"], tagKeys=remove)


# Clusters

EXECUTE_COMMAND = {"logging": "logging", "kms_key_id": "kmsKeyId"}
EXECUTE_COMMAND_LOG = {
    "log_group": "cloudWatchLogGroupName",
    "log_group_encrypted": "cloudWatchEncryptionEnabled",
    "s3_bucket": "s3BucketName",
    "s3_encrypted": "s3EncryptionEnabled",
    "s3_prefix": "s3KeyPrefix",
}


class EcsCluster(EcsKind):
    """A cluster: where sessions of ECS Exec are logged, Container Insights, capacity providers."""

    name = "ecs_cluster"
    title = "ECS cluster"
    module = "flow_builder.aws.ecs_cluster"
    cloudformation = "AWS::ECS::Cluster"
    properties = {
        "ClusterName": "name",
        "ClusterSettings/*/Name": "=containerInsights",
        "ClusterSettings/*/Value": "container_insights",
        "Configuration/ExecuteCommandConfiguration": "execute_command",
        "Configuration/ExecuteCommandConfiguration/LogConfiguration/CloudWatchLogGroupName": "log_group",
        "Configuration/ExecuteCommandConfiguration/LogConfiguration/CloudWatchEncryptionEnabled": "log_group_encrypted",
    }
    needs = ("kms_key", "log_group")
    ignored = frozenset({
        "status", "attachments_status", "activeServicesCount", "attachments", "pendingTasksCount",
        "registeredContainerInstancesCount", "runningTasksCount", "statistics",
    })  # fmt: skip
    settling = (
        SERVICE_ROLE,
        ("UpdateInProgressException", ""),
        ("ResourceInUseException", ""),
        ("ClientException", "Cluster was not ACTIVE"),
    )
    unmanaged = (Listing("list_clusters", "clusterArns", delete=("delete_cluster", {"cluster": ".name"})),)

    def want(self, arguments):
        """Spell the strategy and the configuration in one way."""
        want = super().want(arguments)
        if "capacity_providers" in want:
            want["capacity_providers"] = sorted(want["capacity_providers"])
        if "default_capacity_provider_strategy" in want:
            want["default_capacity_provider_strategy"] = strategy(want["default_capacity_provider_strategy"])
        if "execute_command" in want:
            want["execute_command"] = _execute_command(want["execute_command"])
        return want

    def find(self, aws, want):
        """Return the cluster of this name."""
        return next(iter(self._described(aws, [want["name"]])), None)

    def stack(self, aws, stack):
        """Return the clusters with the stack's tag."""
        arns = aws.pages("ecs", "list_clusters", "clusterArns")
        return [cluster for cluster in self._described(aws, arns) if cluster["tags"].get("Stack") == stack]

    def _described(self, aws, clusters):
        found = []
        for start in range(0, len(clusters), 100):
            found += aws("ecs").describe_clusters(
                clusters=clusters[start : start + 100], include=["CONFIGURATIONS", "SETTINGS", "TAGS"]
            )["clusters"]
        return [self._live(cluster) for cluster in found if cluster["status"] != "INACTIVE"]

    @keep_unmodelled
    def _live(self, cluster):
        execute = cluster.get("configuration", {}).get("executeCommandConfiguration", {})
        log = execute.get("logConfiguration", {})
        settings = {setting["name"]: setting["value"] for setting in cluster.get("settings", [])}
        return {
            "name": cluster["clusterName"],
            "arn": cluster["clusterArn"],
            "execute_command": _execute_command(
                {field: execute.get(key) for field, key in EXECUTE_COMMAND.items()}
                | {field: log.get(key) for field, key in EXECUTE_COMMAND_LOG.items()}
            ),
            "container_insights": settings.get("containerInsights", "disabled"),
            "capacity_providers": sorted(cluster.get("capacityProviders", [])),
            "default_capacity_provider_strategy": strategy_from_aws(cluster.get("defaultCapacityProviderStrategy")),
            "status": cluster["status"],
            "attachments_status": cluster.get("attachmentsStatus", ""),
            "tags": tagging.from_list(cluster.get("tags"), "key", "value"),
        }

    def create(self, aws, want):
        """Create the cluster."""
        more = {}
        if "capacity_providers" in want:
            more["capacityProviders"] = want["capacity_providers"]
        if "default_capacity_provider_strategy" in want:
            more["defaultCapacityProviderStrategy"] = strategy_to_aws(want["default_capacity_provider_strategy"])
        aws("ecs").create_cluster(
            clusterName=want["name"],
            tags=tagging.to_list(want.get("tags", {}), "key", "value"),
            **self._settings(want),
            **more,
        )

    def update(self, aws, live, want, changes):
        """Change settings and configuration in one call, capacity providers in another."""
        settings = self._settings({field: want[field] for field in changes})
        if settings:
            aws("ecs").update_cluster(cluster=want["name"], **settings)
        if changes & {"capacity_providers", "default_capacity_provider_strategy"}:
            both = {**live, **want}
            aws("ecs").put_cluster_capacity_providers(
                cluster=want["name"],
                capacityProviders=both["capacity_providers"],
                defaultCapacityProviderStrategy=strategy_to_aws(both["default_capacity_provider_strategy"]),
            )

    def _settings(self, want):
        said = {}
        if "container_insights" in want:
            said["settings"] = [{"name": "containerInsights", "value": want["container_insights"]}]
        if "execute_command" in want:
            execute = to_aws(EXECUTE_COMMAND, want["execute_command"])
            log = to_aws(EXECUTE_COMMAND_LOG, want["execute_command"])
            execute |= {"logConfiguration": log} if log else {}
            said["configuration"] = {"executeCommandConfiguration": execute}
        return said

    def ready(self, live):
        """A cluster takes services when it and its capacity providers are there."""
        return live["status"] == "ACTIVE" and live["attachments_status"] != "UPDATE_IN_PROGRESS"

    def failed(self, live):
        """Creation can fail."""
        return "AWS could not create it" if live["status"] == "FAILED" else ""

    def obstacles(self, aws, live, ours):
        """Return the services of others in the cluster."""
        mine = {one["arn"] for one in ECS_SERVICE.stack(aws, live["tags"].get("Stack"))}
        arns = unless(MISSING, aws.pages, "ecs", "list_services", "serviceArns", cluster=live["name"], otherwise=[])
        return [f"the service {tail(arn)} runs in {live['name']}: delete it" for arn in arns if arn not in mine]

    def delete(self, aws, live):
        """Stop the tasks that no service runs, and delete the cluster, which AWS refuses until they have ended."""
        ecs = aws("ecs")
        for task in unless(MISSING, aws.pages, "ecs", "list_tasks", "taskArns", cluster=live["name"], otherwise=[]):
            unless(
                (*MISSING, "InvalidParameterException"),
                ecs.stop_task, cluster=live["name"], task=task, reason="The cluster is deleted",
            )  # fmt: skip
        unless(MISSING, ecs.delete_cluster, cluster=live["name"])

    def gone(self, aws, live, timeout):
        """A cluster with capacity providers is taken away step by step."""
        until(lambda: self.seen(aws, live) is None, timeout, f"{self.title} {live['name']} being deleted")

    def computed(self, aws, want):
        """A cluster's ARN can be computed."""
        return {"arn": aws.arn("ecs", f"cluster/{want['name']}")}


def _execute_command(given: dict) -> dict:
    """Return ECS Exec's configuration with what is said, where nothing said is DEFAULT logging."""
    return {"logging": "DEFAULT", **{field: value for field, value in given.items() if value}}


# Task definitions

HIDDEN = "(secret)"
# Lists of a container whose order means nothing, and what they are sorted by.
UNORDERED = {
    "dependsOn": "containerName",
    "environment": "name",
    "extraHosts": "hostname",
    "mountPoints": "containerPath",
    "portMappings": "containerPort",
    "secrets": "name",
    "systemControls": "namespace",
    "ulimits": "name",
    "volumesFrom": "sourceContainer",
}
# What AWS fills in.
HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3}
TASK_DEFINITION = {
    "family": "family",
    "cpu": "cpu",
    "memory": "memory",
    "execution_role_arn": "executionRoleArn",
    "task_role_arn": "taskRoleArn",
    "network_mode": "networkMode",
    "pid_mode": "pidMode",
    "ipc_mode": "ipcMode",
    "requires_compatibilities": "requiresCompatibilities",
    "volumes": "volumes",
    "container_definitions": "containerDefinitions",
}
RUNTIME = {"operating_system_family": "operatingSystemFamily", "cpu_architecture": "cpuArchitecture"}


def text(value) -> str:
    """Return a value of an environment or of options as AWS takes it: a string."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def plain(value):
    """Return a structure without what says nothing: None, False, empty strings, lists and dicts, at any depth."""
    if isinstance(value, dict):
        kept = {key: plain(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, False, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def container(given: dict) -> dict:
    """Return a container definition in one spelling: AWS's defaults, texts, and the order that means nothing."""
    environment = [{"name": item["name"], "value": text(item["value"])} for item in given.get("environment") or []]
    made = plain({key: value for key, value in given.items() if key not in ("environment", "cpu", "essential")})
    made["essential"] = given.get("essential") is not False
    if given.get("cpu"):
        made["cpu"] = int(given["cpu"])
    if environment:
        made["environment"] = environment  # an empty value is a value
    if "portMappings" in made:
        made["portMappings"] = [_port(port) for port in made["portMappings"]]
    if "healthCheck" in made:
        made["healthCheck"] = {**HEALTH_CHECK, **made["healthCheck"]}
    options = made.get("logConfiguration", {}).get("options")
    if options:
        made["logConfiguration"]["options"] = {key: text(value) for key, value in options.items()}
    for field, key in UNORDERED.items():
        if field in made:
            made[field] = sorted(made[field], key=lambda item, key=key: (item.get(key) or 0, str(item)))
    return dict(sorted(made.items()))


def _port(port: dict) -> dict:
    """A container of a task with an interface of its own has its port as the host's."""
    given = {**port, "containerPort": int(port["containerPort"])} if "containerPort" in port else dict(port)
    return {"protocol": "tcp", **({"hostPort": given["containerPort"]} if "containerPort" in given else {}), **given}


def containers(given: list[dict]) -> list[dict]:
    """Return container definitions in one spelling."""
    return sorted((container(item) for item in given), key=lambda item: item["name"])


def volumes(given: list[dict]) -> list[dict]:
    """Return volumes in one spelling."""
    return sorted((plain(item) for item in given), key=lambda item: item["name"])


def refuse_secrets(given: list[dict]) -> None:
    """Raise EngineError for a secret in a plain environment or a command: DescribeTaskDefinition shows it to many."""
    for item in given:
        environment, check = item.get("environment", []), item.get("healthCheck", {})
        found = [f"{one['name']} in its environment" for one in environment if secret(one["name"], one["value"])]
        words = [*item.get("entryPoint", []), *item.get("command", []), *check.get("command", [])]
        found += ["a secret in a command"] * any(map(valued, words))
        if found:
            raise EngineError(
                f"container {item['name']} has {found[0]}, where everybody who may describe the task definition can "
                "read it; put it into a secret and refer to it under secrets with valueFrom"
            )


def hide_secrets(given: list[dict]) -> list[dict]:
    """Return live containers without the values of secrets that somebody put into a plain environment."""
    for item in given:
        for variable in item.get("environment", []):
            if secret(variable["name"], variable["value"]):
                variable["value"] = HIDDEN
    return given


class EcsTaskDefinition(EcsKind):
    """A task definition: the newest active revision of a family. A change registers a new one."""

    name = "ecs_taskdefinition"
    title = "task definition"
    module = "flow_builder.aws.ecs_taskdefinition"
    cloudformation = "AWS::ECS::TaskDefinition"
    identity = ("family",)
    needs = ("iam_role", "log_group")
    settling = (("ClientException", "Role is not valid"),)
    # A release registers the next revision with another image; all else of it is this code's.
    externally_managed = dict.fromkeys(("arn", "revision", "container_definitions[[]*[]].image"), "a release")
    wrapped = ("taskDefinition",)
    ignored = frozenset({"compatibilities", "registeredAt", "registeredBy", "requiresAttributes"})
    severities = (Severity("high"),)
    unmanaged = (
        Listing(
            "list_task_definition_families", "families",
            parameters={"familyPrefix": "{stack}-", "status": "ACTIVE"},
        ),
    )  # fmt: skip
    tag_copies = (":task-definition/",)

    def want(self, arguments):
        """Spell all in one way, and refuse secrets that would lie open."""
        want = super().want(arguments)
        want |= {field: str(want[field]) for field in ("cpu", "memory") if field in want}
        if "requires_compatibilities" in want:
            want["requires_compatibilities"] = sorted(want["requires_compatibilities"])
        if "runtime_platform" in want:
            want["runtime_platform"] = plain(want["runtime_platform"])
        if "volumes" in want:
            want["volumes"] = volumes(want["volumes"])
        if "container_definitions" in want:
            want["container_definitions"] = containers(want["container_definitions"])
            refuse_secrets(want["container_definitions"])
        return want

    def find(self, aws, want):
        """Return the newest active revision of the family."""
        return self._described(aws, want["family"])

    def _described(self, aws, name):
        answer = unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=name, include=["TAGS"])
        return self._live(answer) if answer else None

    def stack(self, aws, stack):
        """Return the newest revisions with the stack's tag, among the families whose name begins with the stack's."""
        families = aws.pages(
            "ecs", "list_task_definition_families", "families", familyPrefix=f"{stack}-", status="ACTIVE"
        )
        found = (self.find(aws, {"family": family}) for family in families)
        return [definition for definition in found if definition and definition["tags"].get("Stack") == stack]

    def interrupted(self, aws, stack):
        """Return what is left of families without an active revision: AWS keeps those that are only deregistered."""
        families = aws.pages(
            "ecs", "list_task_definition_families", "families", familyPrefix=f"{stack}-", status="INACTIVE"
        )
        arns = (arn for family in families for arn in self._revisions(aws, family, "INACTIVE")[:1])
        # Families of another stack may begin with this one's name, and go while this looks.
        found = (self._described(aws, arn) for arn in arns)
        return [definition for definition in found if definition and definition["tags"].get("Stack") == stack]

    @keep_unmodelled
    def _live(self, answer):
        definition = answer["taskDefinition"]
        platform = definition.get("runtimePlatform", {})
        live = {field: definition.get(key, "") for field, key in TASK_DEFINITION.items()}
        return live | {
            "arn": definition["taskDefinitionArn"],
            "revision": definition["revision"],
            "requires_compatibilities": sorted(definition.get("requiresCompatibilities", [])),
            "runtime_platform": {field: platform[key] for field, key in RUNTIME.items() if platform.get(key)},
            "ephemeral_storage_gib": definition.get("ephemeralStorage", {}).get("sizeInGiB", 0),
            "volumes": volumes(definition.get("volumes", [])),
            "container_definitions": hide_secrets(containers(definition["containerDefinitions"])),
            "tags": tagging.from_list(answer.get("tags"), "key", "value"),
        }

    def create(self, aws, want):
        """Register a revision."""
        said = {key: value for key, value in to_aws(TASK_DEFINITION, want).items() if value not in ("", [])}
        if want.get("runtime_platform"):
            said["runtimePlatform"] = to_aws(RUNTIME, want["runtime_platform"])
        if want.get("ephemeral_storage_gib"):
            said["ephemeralStorage"] = {"sizeInGiB": want["ephemeral_storage_gib"]}
        if want.get("tags"):
            said["tags"] = tagging.to_list(want["tags"], "key", "value")
        aws("ecs").register_task_definition(**said)

    def update(self, aws, live, want, changes):
        """Register a new revision, in which what is unsaid stays. The old one stays active: a rollback needs it."""
        whole = {**live, **want}
        environment = [item for one in whole["container_definitions"] for item in one.get("environment", [])]
        if any(item["value"] == HIDDEN for item in environment):
            raise EngineError("its plain environment has secrets; say container_definitions, without them")
        self.create(aws, whole)

    def consequences(self, want, changes):
        """A new revision has a new ARN."""
        return {field: self.unknown(want, field) for field in ("arn", "revision")} if changes - {"tags"} else {}

    def delete(self, aws, live):
        """Deregister and delete every revision of the family; AWS keeps one that still runs until it ends."""
        for arn in self._revisions(aws, live["family"], "ACTIVE"):
            unless("ClientException", aws("ecs").deregister_task_definition, taskDefinition=arn)
        inactive = self._revisions(aws, live["family"], "INACTIVE")
        for start in range(0, len(inactive), 10):
            each_done(aws("ecs").delete_task_definitions(taskDefinitions=inactive[start : start + 10]))

    def _revisions(self, aws, family, status):
        arns = aws.pages("ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status)
        return [arn for arn in arns if tail(arn).rsplit(":", 1)[0] == family]

    def computed(self, aws, want):
        """Only AWS knows the next revision's number: deleted ones count."""
        return {field: self.unknown(want, field) for field in ("arn", "revision")}


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
DEPLOYMENT = {
    "minimum_healthy_percent": "minimumHealthyPercent",
    "maximum_percent": "maximumPercent",
    "circuit_breaker": "deploymentCircuitBreaker",
    "alarms": "alarms",
    "deployment_strategy": "strategy",
    "bake_time": "bakeTimeInMinutes",
    "canary": "canaryConfiguration",
    "linear": "linearConfiguration",
}
# The steps of a strategy: AWS's names of the share in percent, and of the minutes after it.
STEPS = {
    "canary": ("CANARY", "canaryPercent", "canaryBakeTimeInMinutes"),
    "linear": ("LINEAR", "stepPercent", "stepBakeTimeInMinutes"),
}
# What AWS takes for what is unsaid of a circuit breaker.
BREAKER = {
    "enable": False, "rollback": False, "reset_on_healthy_task": True, "threshold_type": "BOUNDED_PERCENT",
    "threshold": 50,
}  # fmt: skip
BREAKER_FLAGS = {"enable": "enable", "rollback": "rollback", "reset_on_healthy_task": "resetOnHealthyTask"}
STEADY_SECONDS = 1800
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
        "awaited_deployment", "deploying", "deployment", "event", "failed_tasks", "pending_count",
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
        service = self._service(aws, want["cluster"], want["name"])
        if service is None or service["status"] != "ACTIVE":
            return None
        live = self._live(service)
        # Whoever waits for a deployment looks the service up by what it knows: the deployment that it waits for.
        awaited = want.get("awaited_deployment") or want.get("deployment") or live["deployment"]
        return live | {"awaited_deployment": awaited}

    def _service(self, aws, cluster, name):
        answer = unless(MISSING, aws("ecs").describe_services, cluster=cluster, services=[name], include=["TAGS"])
        services = answer["services"] if answer else []
        return next((service for service in services if service["status"] != "INACTIVE"), None)

    def stack(self, aws, stack):
        """Return the services with the stack's tag in the stack's clusters, those that are draining too."""
        found = []
        for cluster in ECS_CLUSTER.stack(aws, stack):
            name = cluster["name"]
            arns = unless(MISSING, aws.pages, "ecs", "list_services", "serviceArns", cluster=name, otherwise=[])
            services = (self._service(aws, name, tail(arn)) for arn in arns)
            found += [self._live(service) for service in services if service]
        return [service for service in found if service["tags"].get("Stack") == stack]

    @keep_unmodelled
    def _live(self, service):
        network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        deployment = service.get("deploymentConfiguration", {})
        primary = next((one for one in service.get("deployments", []) if one["status"] == "PRIMARY"), {})
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
                | {field: balancer.get("advancedConfiguration", {}).get(key) for field, key in ADVANCED.items()}
                for balancer in service.get("loadBalancers", [])
            ),
            "deployment_strategy": deployment.get("strategy", "ROLLING"),
            "bake_time": deployment.get("bakeTimeInMinutes", 0),
            **{
                field: steps({"percent": one.get(percent), "bake_time": one.get(minutes)})
                for field, (_strategy, percent, minutes) in STEPS.items()
                for one in [deployment.get(DEPLOYMENT[field], {})]
            },
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
            return self._service(aws, want["cluster"], want["name"]) is None

        until(gone, DRAINING_SECONDS, f"the end of the deleted service {want['name']}, whose tasks still drain,")

    def create(self, aws, want):
        """Create the service."""
        self._drained(aws, want)
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

        AWS wants a service to have its second target group, rolled out, before it leaves ROLLING.
        """
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
            return bool(found) and self.ready(found) and not found["deploying"]

        until(steady, STEADY_SECONDS, f"{self.title} {live['name']} being steady with its second target group")

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

    def delete(self, aws, live):
        """Stop all tasks and delete the service."""
        ended = (*MISSING, "ServiceNotActiveException")
        if live["scheduling_strategy"] != "DAEMON":
            unless(ended, aws("ecs").update_service, cluster=live["cluster"], service=live["name"], desiredCount=0)
        unless(ended, aws("ecs").delete_service, cluster=live["cluster"], service=live["name"], force=True)

    def gone(self, aws, live, timeout):
        """Its tasks keep their network interfaces until they have ended."""
        until(
            lambda: self._service(aws, live["cluster"], live["name"]) is None,
            timeout,
            f"{self.title} {live['name']} being deleted",
        )

    def computed(self, aws, want):
        """A service's ARN can be computed."""
        return {"arn": aws.arn("ecs", f"service/{want['cluster']}/{want['name']}")}


def _balancers(given) -> list[dict]:
    balancers = ({field: balancer.get(field) or "" for field in (*LOAD_BALANCER, *ADVANCED)} for balancer in given)
    return sorted(balancers, key=lambda balancer: (balancer["target_group_arn"], str(balancer)))


def _to_aws(balancer: dict) -> dict:
    advanced = {key: balancer[field] for field, key in ADVANCED.items() if balancer[field]}
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


ECS_CLUSTER = EcsCluster()
ECS_TASK_DEFINITION = EcsTaskDefinition()
ECS_SERVICE = EcsService()
