"""ECS: what AWS refuses of a task definition."""

import re

from emulator.strict import MEASURED, rule
from emulator.strict.ecs import API, NAME

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
