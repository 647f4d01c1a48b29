"""ECS: task definitions that Fargate runs, services that can deploy, tasks that can start."""

import json
import re

from emulator import clock, state
from emulator.strict import Refusal, rule

API = "ECS API reference, "
MEASURED = "badmintoncryer/cdk-preflight "
NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
FARGATE = ("FARGATE", "FARGATE_SPOT")
DRIVERS = ("awslogs", "splunk", "awsfirelens")
_GIB = 1024
# CPU units: MiB of memory that Fargate has with them.
SIZES = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 5 * _GIB, _GIB),
    1024: range(2 * _GIB, 9 * _GIB, _GIB),
    2048: range(4 * _GIB, 17 * _GIB, _GIB),
    4096: range(8 * _GIB, 31 * _GIB, _GIB),
    8192: range(16 * _GIB, 61 * _GIB, 4 * _GIB),
    16384: range(32 * _GIB, 121 * _GIB, 8 * _GIB),
}
_ECR_IMAGE = re.compile(r"\d{12}\.dkr\.ecr[^/]*\.amazonaws\.com")


def _containers(call) -> list[dict]:
    return call.parameters.get("containerDefinitions", [])


def _on_fargate(call) -> bool:
    return "FARGATE" in call.parameters.get("requiresCompatibilities", [])


def _units(text, pattern: str, unit: int) -> int | None:
    """Read ``1024``, or ``1 vCPU`` and ``2 GB``."""
    text = str(text or "").strip()
    if text.isdigit():
        return int(text)
    found = re.fullmatch(rf"([\d.]+)\s*{pattern}", text, re.IGNORECASE)
    return int(float(found[1]) * unit) if found else None


# Task definitions

register = ("RegisterTaskDefinition",)


@rule("ecs", *register, code="ClientException", source="aws/amazon-ecs-cli#1145")
def fargate_is_awsvpc(call):
    """A task for Fargate has the network mode awsvpc."""
    if _on_fargate(call) and call.parameters.get("networkMode") != "awsvpc":
        return "Fargate only supports network mode ‘awsvpc’."
    return None


@rule(
    "ecs", *register, code="ClientException", source="aws/amazon-ecs-cli#463, #982, towardsthecloud/aws-cdk-examples#1"
)
def fargate_has_such_a_size(call):
    """A task for Fargate has one of Fargate's pairs of CPU and memory."""
    if not _on_fargate(call):
        return None
    cpu = _units(call.parameters.get("cpu"), "vcpu", 1024)
    size = _units(call.parameters.get("memory"), "gb", _GIB)
    for name, value in (("cpu", cpu), ("memory", size)):
        if value is None:
            return f"Fargate requires that '{name}' be defined at the task level."
    if size not in SIZES.get(cpu, ()):
        return (
            f"No Fargate configuration exists for given values: {cpu} CPU, {size} memory. "
            "See the Amazon ECS documentation for the valid values."
        )
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source="hashicorp/terraform-provider-aws#3051, virtual-kubelet/virtual-kubelet#193",
)
def fargate_pulls_and_logs_with_a_role(call):
    """A task for Fargate has an execution role for images of ECR and for logs."""
    if not _on_fargate(call) or call.parameters.get("executionRoleArn"):
        return None
    for one in _containers(call):
        if _ECR_IMAGE.match(one.get("image", "")):
            return "Fargate requires task definition to have execution role ARN to support ECR images."
        if one.get("logConfiguration", {}).get("logDriver") == "awslogs":
            return "Fargate requires task definition to have execution role ARN to support log driver awslogs."
    return None


@rule("ecs", *register, code="ClientException", source="fabfuel/ecs-deploy#87")
def secrets_need_an_execution_role(call):
    """Secrets of a container are read with the execution role."""
    if not call.parameters.get("executionRoleArn") and any(one.get("secrets") for one in _containers(call)):
        return "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source="aws/amazon-ecs-cli#1014, " + MEASURED + "pf-ecs-host-network-host-port-mismatch",
)
def host_port_is_container_port(call):
    """In the network modes awsvpc and host, a port of the host is that of the container."""
    mode = call.parameters.get("networkMode")
    ports = [port for one in _containers(call) for port in one.get("portMappings", [])]
    if mode in ("awsvpc", "host") and any(
        port.get("hostPort") not in (None, 0, port.get("containerPort")) for port in ports
    ):
        return f"When networkMode={mode}, the host ports and container ports in port mappings must match."
    return None


@rule("ecs", *register, code="ClientException", source="aws/aws-cli#7288, aws/aws-cdk#8762")
def port_mapping_has_a_port(call):
    """A port mapping names a port of the container."""
    for one in _containers(call):
        for port in one.get("portMappings", []):
            number = port.get("containerPort")
            if (number is None and "containerPortRange" not in port) or not 0 <= (number or 0) <= 65535:
                return f"Invalid 'containerPort' setting for container '{one.get('name')}'."
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-duplicate-container-names")
def container_names_differ(call):
    """No two containers of a task definition have one name."""
    names = [one.get("name") for one in _containers(call)]
    return "Container names must be unique within a task definition." if len(names) != len(set(names)) else None


@rule("ecs", *register, code="ClientException", source="awsdocs/aws-cloudformation-user-guide#454, #612")
def there_are_named_containers(call):
    """A task definition has containers, and each has a name and an image."""
    if not _containers(call):
        return "Container list cannot be empty."
    for one in _containers(call):
        for field in ("name", "image"):
            if not one.get(field):
                return f"Container.{field} should not be null or empty."
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-essential-container")
def one_container_is_essential(call):
    """At least one container is essential."""
    if _containers(call) and all(one.get("essential") is False for one in _containers(call)):
        return "Task definition doesn't have any essential container"
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source="pulumi/pulumi-awsx#1220, " + MEASURED + "pf-ecs-container-memory-reservation",
)
def container_memory_fits(call):
    """No container has more memory than the task, nor a reservation above its own limit."""
    task = _units(call.parameters.get("memory"), "gb", _GIB)
    for one in _containers(call):
        limit, soft = one.get("memory"), one.get("memoryReservation")
        if task and max(limit or 0, soft or 0) > task:
            field = "memory" if (limit or 0) > task else "memoryReservation"
            return f"The '{field}' setting for container '{one.get('name')}' is greater than for the task."
        if limit and soft and soft > limit:
            return (
                f"Invalid setting for container '{one.get('name')}'. 'memory' must be greater than or equal to "
                "'memoryReservation'."
            )
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-container-cpu-over-task")
def container_cpu_fits(call):
    """The containers' CPU units together are not more than the task's."""
    task = _units(call.parameters.get("cpu"), "vcpu", 1024)
    if task and sum(one.get("cpu", 0) for one in _containers(call)) > task:
        return "The sum of all container 'cpu' values cannot be greater than the task-level 'cpu' value."
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-privileged")
def fargate_is_not_privileged(call):
    """Fargate runs no privileged containers."""
    if _on_fargate(call) and any(one.get("privileged") for one in _containers(call)):
        return "Fargate requires that the 'privileged' setting be 'false'."
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-devices, pf-ecs-fargate-max-swap")
def fargate_has_no_such_linux_parameters(call):
    """Fargate has no devices, shared memory sizes or swap of the host."""
    for one in _containers(call) if _on_fargate(call) else ():
        for field in ("devices", "sharedMemorySize", "maxSwap"):
            if one.get("linuxParameters", {}).get(field):
                return f"Fargate compatible task definitions do not support {field}"
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-capabilities-add")
def fargate_adds_one_capability(call):
    """SYS_PTRACE is the one capability that can be added on Fargate."""
    for one in _containers(call) if _on_fargate(call) else ():
        added = one.get("linuxParameters", {}).get("capabilities", {}).get("add", [])
        for capability in set(added) - {"SYS_PTRACE"}:
            return f"{capability} is not allowed on Fargate."
    return None


@rule("ecs", *register, code="ClientException", source="cn-terraform/terraform-aws-ecs-fargate#2")
def fargate_shares_no_ipc(call):
    """A task on Fargate shares no IPC namespace."""
    if _on_fargate(call) and call.parameters.get("ipcMode"):
        return "Tasks using the Fargate launch type do not support ipcMode."
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-placement-constraints")
def fargate_task_is_placed_freely(call):
    """A task for Fargate has no placement constraints."""
    if _on_fargate(call) and call.parameters.get("placementConstraints"):
        return "Fargate compatible task definitions do not support constraints"
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source=MEASURED + "pf-ecs-fargate-host-source-path, pf-ecs-fargate-docker-volume",
)
def fargate_has_no_host_volumes(call):
    """Fargate mounts no paths of a host and no Docker volumes."""
    for volume in call.parameters.get("volumes", []) if _on_fargate(call) else ():
        if volume.get("host", {}).get("sourcePath"):
            return "Fargate compatible task definitions do not support sourcePath"
        if "dockerVolumeConfiguration" in volume:
            return "Fargate compatible task definitions do not support dockerVolumeConfiguration"
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-mountpoint-source-volume-missing")
def mounted_volume_is_declared(call):
    """A container mounts volumes of its task definition only."""
    known = {volume.get("name") for volume in call.parameters.get("volumes", [])}
    for one in _containers(call):
        for mount in one.get("mountPoints", []):
            if mount.get("sourceVolume") not in known:
                return f"Unknown volume '{mount.get('sourceVolume')}'."
    return None


@rule("ecs", *register, code="ClientException", source=API + "ContainerDefinition, stopTimeout")
def fargate_stops_within_two_minutes(call):
    """On Fargate a container has up to 120 seconds to stop."""
    for one in _containers(call) if _on_fargate(call) else ():
        if one.get("stopTimeout", 0) > 120:
            return (
                f"Invalid 'stopTimeout' setting for container '{one.get('name')}'. It must be at most 120 on Fargate."
            )
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-log-driver-unsupported")
def fargate_has_such_a_log_driver(call):
    """Fargate has the log drivers awslogs, splunk and awsfirelens."""
    for one in _containers(call) if _on_fargate(call) else ():
        driver = one.get("logConfiguration", {}).get("logDriver", DRIVERS[0])
        if driver not in DRIVERS:
            return f"{driver} is not a valid log driver. Must be one of [{', '.join(DRIVERS)}]"
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source=MEASURED + "pf-ecs-awslogs-missing-group, pf-ecs-awslogs-fargate-missing-stream-prefix",
)
def awslogs_knows_where_to(call):
    """The driver awslogs is told the group, and on Fargate the stream prefix."""
    for one in _containers(call):
        logging = one.get("logConfiguration", {})
        if logging.get("logDriver") != "awslogs":
            continue
        options = logging.get("options", {})
        if "awslogs-group" not in options:
            return "Log driver awslogs requires options: awslogs-group"
        if _on_fargate(call) and "awslogs-stream-prefix" not in options:
            return (
                "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver "
                "awslogs."
            )
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-dependson-container-missing")
def dependency_is_a_container(call):
    """A container depends on containers of its task definition."""
    names = {one.get("name") for one in _containers(call)}
    for one in _containers(call):
        for dependency in one.get("dependsOn", []):
            if dependency["containerName"] not in names:
                return f"Cannot depend on container {dependency['containerName']} because it does not exist."
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source=MEASURED + "pf-ecs-dependson-healthy-without-healthcheck, pf-ecs-dependson-complete-on-essential",
)
def dependency_can_be_met(call):
    """HEALTHY needs a health check; an essential container doesn't end while its task runs."""
    named = {one.get("name"): one for one in _containers(call)}
    for one in _containers(call):
        for dependency in one.get("dependsOn", []):
            other = named.get(dependency["containerName"], {})
            if dependency["condition"] == "HEALTHY" and other and "healthCheck" not in other:
                return "A dependency container with HEALTHY condition must have health check configured."
            if dependency["condition"] in ("COMPLETE", "SUCCESS") and other.get("essential", True):
                return "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container."
    return None


@rule("ecs", *register, code="ClientException", source="ECS developer guide, container dependency")
def dependencies_end(call):
    """Containers don't wait for each other in a circle."""
    waits = {one.get("name"): {each["containerName"] for each in one.get("dependsOn", [])} for one in _containers(call)}
    while ready := [name for name, others in waits.items() if not others & set(waits)]:
        for name in ready:
            del waits[name]
    return f"Cycle in container dependencies: {', '.join(sorted(map(str, waits)))}" if waits else None


@rule("ecs", *register, code="ClientException", source="ECS developer guide, sensitive data in environment variables")
def secret_is_no_variable_too(call):
    """A container's secret and its variable don't have one name."""
    for one in _containers(call):
        variables = {each.get("name") for each in one.get("environment", [])}
        for secret in one.get("secrets", []):
            if secret["name"] in variables:
                return (
                    "The secret name must be unique and not shared with any new or existing environment variables "
                    "set on "
                    f"the container, such as '{secret['name']}'."
                )
    return None


@rule(
    "ecs",
    *register,
    code="ClientException",
    source=API + "EphemeralStorage, " + MEASURED + "pf-ecs-ephemeral-storage-range",
)
def ephemeral_storage_in_range(call):
    """Ephemeral storage, where it is asked for, has 21 to 200 GiB."""
    size = call.parameters.get("ephemeralStorage", {}).get("sizeInGiB", 21)
    if not 21 <= size <= 200:
        return f"EphemeralStorage size should be {'at least 21' if size < 21 else 'at most 200'}."
    return None


@rule("ecs", *register, code="ClientException", source=API + "RegisterTaskDefinition, family")
def family_is_a_name(call):
    """A family is a name of letters, digits, hyphens and underscores."""
    return None if NAME.fullmatch(call.parameters.get("family", "")) else "Family contains invalid characters."


@rule(
    "ecs",
    *register,
    code="ClientException",
    source=API + "HealthCheck, " + MEASURED + "pf-ecs-healthcheck-interval-range",
)
def health_check_in_range(call):
    """A container's health check keeps to ECS's times and retries."""
    ranges = {"interval": (5, 300), "timeout": (2, 60), "retries": (1, 10), "startPeriod": (0, 300)}
    for one in _containers(call):
        for field, (least, most) in ranges.items():
            value = one.get("healthCheck", {}).get(field)
            if value is not None and not least <= value <= most:
                return (
                    f"Invalid 'healthCheck.{field}' setting for container '{one.get('name')}'. "
                    f"It must be between {least} and {most}."
                )
    return None


@rule("ecs", *register, code="ClientException", source=MEASURED + "pf-ecs-fargate-links, pf-ecs-awsvpc-hostname")
def awsvpc_has_one_host(call):
    """In the network mode awsvpc containers share one host: no links and no host names."""
    for one in _containers(call) if call.parameters.get("networkMode") == "awsvpc" else ():
        if one.get("links"):
            return "Links are not supported when networkMode=awsvpc."
        if one.get("hostname"):
            return "Hostname is not supported on container when networkMode=awsvpc."
    return None


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
