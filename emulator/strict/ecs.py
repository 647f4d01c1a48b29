"""ECS: task definitions that Fargate runs, services that can deploy, tasks that can start."""

import json
import re

from emulator import clock, state
from emulator.strict import MEASURED, Refusal, rule

API = "ECS API reference, "
NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
FARGATE = ("FARGATE", "FARGATE_SPOT")


# Capacity

strategies = ("CreateService", "UpdateService", "RunTask")


def _strategy(call) -> list[dict]:
    return (
        call.parameters.get("capacityProviderStrategy") or call.parameters.get("defaultCapacityProviderStrategy") or []
    )


@rule(
    "ecs",
    *strategies,
    "CreateCluster",
    "PutClusterCapacityProviders",
    code="InvalidParameterException",
    source=MEASURED + "pf-ecs-svc-capacity-provider-multiple-base",
)
def one_base_in_a_strategy(call):
    """One capacity provider of a strategy can have a base."""
    if sum(one.get("base", 0) > 0 for one in _strategy(call)) > 1:
        return (
            "There are multiple capacity providers in the specified capacity provider strategy with a base value "
            "defined. "
            "Specify a base value for only one capacity provider and try again."
        )
    return None


@rule(
    "ecs", *strategies, code="InvalidParameterException", source=MEASURED + "pf-ecs-svc-capacity-provider-zero-weight"
)
def some_weight_in_a_strategy(call):
    """A strategy weighs at least one of its capacity providers."""
    if _strategy(call) and not any(one.get("weight", 0) for one in _strategy(call)):
        return (
            "There are no capacity providers in the capacity provider strategy with a weight value greater than zero. "
            "Specify a weight value and try again."
        )
    return None


@rule(
    "ecs",
    "CreateCluster",
    "PutClusterCapacityProviders",
    code="InvalidParameterException",
    source=MEASURED + "pf-ecs-cluster-default-strategy-provider-not-listed",
)
def default_strategy_is_of_the_cluster(call):
    """A cluster's default strategy uses the cluster's capacity providers."""
    listed = call.parameters.get("capacityProviders", [])
    if any(one["capacityProvider"] not in listed for one in _strategy(call)):
        return (
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with "
            "the "
            "cluster. Associate the capacity provider with the cluster and try again."
        )
    return None


@rule("ecs", "PutClusterCapacityProviders", code="ResourceInUseException", source=API + "PutClusterCapacityProviders")
def used_capacity_provider_stays(call):
    """A capacity provider that a service uses isn't taken from the cluster."""
    listed, cluster = call.parameters["capacityProviders"], call.parameters["cluster"].split("/")[-1]
    for service in call.backend().services.values():
        if service.cluster_name == cluster and service.status == "ACTIVE":
            for one in service.capacity_provider_strategy or []:
                if one["capacityProvider"] not in listed:
                    return "The specified capacity provider is in use and cannot be removed."
    return None


@rule(
    "ecs",
    "CreateCluster",
    "UpdateCluster",
    code="InvalidParameterException",
    source=MEASURED + "pf-ecs-cluster-execute-command-override-without-log-config",
)
def exec_logging_goes_with_its_place(call):
    """ECS Exec's logging is overridden together with where it goes."""
    given = call.parameters.get("configuration", {}).get("executeCommandConfiguration", {})
    place = given.get("logConfiguration", {})
    if given.get("logging") == "OVERRIDE" and not (place.get("cloudWatchLogGroupName") or place.get("s3BucketName")):
        return (
            "A CloudWatch log group name or S3 bucket name must be specified when overriding the default log "
            "configuration."
        )
    if place and given.get("logging") != "OVERRIDE":
        return "You must set logging to 'OVERRIDE' when you supply a log configuration."
    return None


@rule("ecs", "CreateCluster", code="InvalidParameterException", source=API + "CreateCluster, clusterName")
def cluster_name_is_a_name(call):
    """A cluster's name has letters, digits, hyphens and underscores."""
    name = call.parameters.get("clusterName", "default")
    return None if NAME.fullmatch(name) else "Cluster name contains invalid characters."


# Services and tasks


def _definition(call):
    """Return the task definition that a call names; a service keeps its own where the call names none."""
    wanted = call.parameters.get("taskDefinition")
    if not wanted:
        service = _service(call)
        wanted = service.task_definition if service else ""
    family, _, revision = wanted.split("/")[-1].partition(":")
    known = call.backend().task_definitions.get(family, {})
    if revision.isdigit():
        return known.get(int(revision))
    active = [number for number, one in known.items() if one.status == "ACTIVE"]
    return known[max(active)] if active and not revision else None


def _service(call):
    cluster = call.parameters.get("cluster", "default").split("/")[-1]
    name = call.parameters.get("service", "").split("/")[-1]
    return call.backend().services.get(f"{cluster}:{name}")


def _runs_on_fargate(call) -> bool:
    return call.parameters.get("launchType") == "FARGATE" or any(
        one["capacityProvider"] in FARGATE for one in _strategy(call)
    )


@rule("ecs", "CreateService", code="InvalidParameterException", source=API + "CreateService, serviceName")
def service_name_is_a_name(call):
    """A service's name has letters, digits, hyphens and underscores."""
    return None if NAME.fullmatch(call.parameters["serviceName"]) else "Service name contains invalid characters."


@rule("ecs", *strategies, code="ClientException", source=API + "DeregisterTaskDefinition")
def task_definition_is_active(call):
    """New tasks are made of active task definitions."""
    found = _definition(call) if call.parameters.get("taskDefinition") else None
    return "TaskDefinition is inactive" if found is not None and found.status != "ACTIVE" else None


@rule("ecs", "CreateService", "RunTask", code="InvalidParameterException", source="oranmoshai/ecsServiceRestart#2")
def task_definition_is_for_fargate(call):
    """Fargate runs task definitions that were registered for it."""
    found = _definition(call) if _runs_on_fargate(call) else None
    if found is None or "FARGATE" in (found.requires_compatibilities or []):
        return None
    # Without a compatibility of its own, ECS works out where a task can run.
    if found.requires_compatibilities or found.network_mode != "awsvpc" or not (found.cpu and found.memory):
        return "Task definition does not support launch_type FARGATE."
    return None


@rule(
    "ecs",
    "CreateService",
    "UpdateService",
    code="InvalidParameterException",
    source="hashicorp/terraform#32908, aws/aws-cdk#34290",
)
def target_group_has_a_balancer(call):
    """A service's target group exists, and a listener's action forwards to it."""
    groups = call.backend("elbv2").target_groups
    for one in call.parameters.get("loadBalancers", []):
        arn = one.get("targetGroupArn")
        if arn and arn not in groups:
            return f"The specified target group {arn} does not exist."
        if arn and not groups[arn].load_balancer_arns:
            return f"The target group with targetGroupArn {arn} does not have an associated load balancer."
    return None


@rule(
    "ecs",
    "CreateService",
    "UpdateService",
    code="InvalidParameterException",
    source="pulumi/pulumi-aws#3095, " + MEASURED + "pf-ecs-svc-lb-container-name-missing",
)
def balanced_container_is_in_the_task(call):
    """The container and port behind a load balancer are in the task definition."""
    found = _definition(call)
    for one in call.parameters.get("loadBalancers", []) if found is not None else ():
        named = [each for each in found.container_definitions if each["name"] == one.get("containerName")]
        if not named:
            return f"The container {one.get('containerName')} does not exist in the task definition."
        ports = named[0].get("portMappings", [])
        if not any(
            each.get("containerPort") == one.get("containerPort") or "containerPortRange" in each for each in ports
        ):
            return (
                f"The container {one.get('containerName')} did not have a container port {one.get('containerPort')} "
                "defined."
            )
    return None


@rule("ecs", "CreateService", code="InvalidParameterException", source="ECS developer guide, load balancer types")
def awsvpc_targets_are_addresses(call):
    """In the network mode awsvpc a target group's targets are of the type ip."""
    found, groups = _definition(call), call.backend("elbv2").target_groups
    if found is None or found.network_mode != "awsvpc":
        return None
    for one in call.parameters.get("loadBalancers", []):
        group = groups.get(one.get("targetGroupArn"))
        if group is not None and group.target_type != "ip":
            return (
                f"The provided target group {group.arn} has target type {group.target_type}, which is incompatible "
                "with "
                "the awsvpc network mode specified in the task definition."
            )
    return None


@rule(
    "ecs",
    "CreateService",
    "RunTask",
    code="InvalidParameterException",
    source="aws-actions/amazon-ecs-deploy-task-definition#616, #802",
)
def network_goes_with_awsvpc(call):
    """The network mode awsvpc needs a network configuration, and no other has one."""
    found = _definition(call)
    if found is None:
        return None
    given = call.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if found.network_mode == "awsvpc" and not given:
        return "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    if found.network_mode != "awsvpc" and given:
        return "Network Configuration is not valid for the given networkMode of this task definition."
    return None


@rule("ecs", *strategies, code="InvalidParameterException", source=API + "AwsVpcConfiguration")
def network_is_one_vpc(call):
    """A task's subnets and security groups exist, and are of one VPC."""
    given = call.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    network = call.backend("ec2")
    known = {key: one for zone in network.subnets.values() for key, one in zone.items()}
    for subnet in given.get("subnets", []):
        if subnet not in known:
            return (
                f"Error retrieving subnet information for [{subnet}]: The subnet ID '{subnet}' does not exist "
                "(ErrorCode: InvalidSubnetID.NotFound)"
            )
    vpcs = {known[subnet].vpc_id for subnet in given.get("subnets", [])}
    if len(vpcs) > 1:
        return "Subnets must all be in the same VPC."
    for identifier in given.get("securityGroups", []):
        group = network.get_security_group_from_id(identifier)
        if group is None:
            return (
                f"Error retrieving security group information for [{identifier}]: The security group '{identifier}' "
                "does "
                "not exist (ErrorCode: InvalidGroup.NotFound)"
            )
        if vpcs and group.vpc_id not in vpcs:
            return f"Security group {identifier} does not appear to belong to the same VPC as the input subnets."
    return None


@rule("ecs", *strategies, code="InvalidParameterException", source=API + "AwsVpcConfiguration, limits")
def network_has_few_parts(call):
    """A task has up to 16 subnets to choose from, and up to 5 security groups."""
    given = call.parameters.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    for field, most in (("subnets", 16), ("securityGroups", 5)):
        if len(given.get(field, [])) > most:
            return f"{field} can have at most {most} items."
    return None


@rule(
    "ecs", "CreateService", code="InvalidParameterException", source="hashicorp/terraform-provider-aws: aws_ecs_service"
)
def grace_period_needs_a_balancer(call):
    """Only behind a load balancer is there a grace period for health checks."""
    if call.parameters.get("healthCheckGracePeriodSeconds") and not call.parameters.get("loadBalancers"):
        return "Health check grace period is only valid for services configured to use load balancers"
    return None


@rule(
    "ecs",
    "CreateService",
    "UpdateService",
    code="InvalidParameterException",
    source=MEASURED + "pf-ecs-service-deployment-percent, pf-ecs-svc-min-healthy-over-max-percent",
)
def deployment_has_room(call):
    """A deployment's percentages are in range, and leave room to stop or start a task."""
    given = call.parameters.get("deploymentConfiguration", {})
    least, most = given.get("minimumHealthyPercent"), given.get("maximumPercent")
    if least is not None and least > 100:
        return "minimumHealthyPercent must be at most 100"
    daemon = call.parameters.get("schedulingStrategy") == "DAEMON"
    if most is not None and most < 100 and not daemon:
        return "maximumPercent must be at least 100"
    if least is not None and most is not None and least >= most:
        return "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
    return None


@rule("ecs", "CreateService", code="InvalidParameterException", source="ECS developer guide, Fargate and placement")
def fargate_service_is_placed_freely(call):
    """A service on Fargate has no placement strategy or constraints."""
    for field, name in (("placementStrategy", "strategies"), ("placementConstraints", "constraints")):
        if call.parameters.get(field) and _runs_on_fargate(call):
            return f"Placement {name} are not supported with FARGATE launch type."
    return None


@rule(
    "ecs",
    "CreateService",
    "UpdateService",
    "RunTask",
    code="InvalidParameterException",
    source="ECS developer guide, ECS Exec",
)
def exec_needs_a_task_role(call):
    """ECS Exec works with the task's role."""
    found = _definition(call)
    role = call.parameters.get("overrides", {}).get("taskRoleArn") or getattr(found, "task_role_arn", None)
    if found is None or role or not call.parameters.get("enableExecuteCommand"):
        return None
    what = {"CreateService": "service couldn't be created", "UpdateService": "service couldn't be updated"}
    return (
        f"The {what.get(call.operation, 'task could not be run')} because a valid taskRoleArn is not being used. "
        "Specify a valid task role in your task definition and try again."
    )


@rule("ecs", "CreateService", code="InvalidParameterException", source="ECS developer guide, service-linked role")
def awsvpc_service_takes_no_role(call):
    """A service in the network mode awsvpc uses ECS's own role."""
    found = _definition(call)
    if call.parameters.get("role") and found is not None and found.network_mode == "awsvpc":
        return "You cannot specify an IAM role for services that require a service linked role."
    return None


@rule("ecs", "RunTask", code="InvalidParameterException", source=API + "RunTask, count")
def ten_tasks_in_a_call(call):
    """One call runs one to ten tasks."""
    count = call.parameters.get("count", 1)
    return None if 1 <= count <= 10 else f"count must be between 1 and 10, but was {count}."


@rule(
    "ecs",
    "RunTask",
    "StartTask",
    code="InvalidParameterException",
    source="convox/rack#1906, aws-samples/sample-autonomous-cloud-coding-agents#502",
)
def overrides_fit(call):
    """A task's overrides have up to 8192 characters as JSON."""
    text = json.dumps(call.parameters.get("overrides", {}), separators=(",", ":"), ensure_ascii=False)
    return "Container Overrides length must be at most 8192" if len(text) > 8192 else None


@rule("ecs", "RunTask", "StartTask", code="InvalidParameterException", source="ECS developer guide, task overrides")
def overridden_container_is_in_the_task(call):
    """Overrides are for containers of the task definition."""
    found = _definition(call)
    names = {one["name"] for one in found.container_definitions} if found is not None else None
    for one in call.parameters.get("overrides", {}).get("containerOverrides", []) if names is not None else ():
        if one.get("name") not in names:
            return f"Override for container named {one.get('name')} is not a container in the TaskDefinition."
    return None


_runs: dict = state.held({})


@rule(
    "ecs", "RunTask", code="ThrottlingException", source="ECS developer guide, request throttling: 20 calls per second"
)
def twenty_runs_in_a_second(call):
    """RunTask is called up to 20 times in a second."""
    now = clock.now()
    recent = _runs[call.region] = [one for one in _runs.get(call.region, []) if now - one < 1]
    if len(recent) >= 20:
        return Refusal("ThrottlingException", "Rate exceeded")
    recent.append(now)
    return None
