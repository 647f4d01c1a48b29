"""What an event tells of a task, in which each of its states is told."""

from emulator.evidence import documented, does

ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"


def _time(value) -> str | None:
    return f"{value.isoformat(timespec='milliseconds')}Z" if value else None


@does(
    "A task's event has the task's ARNs, states, times, containers, attachments, version, stopCode and "
    "stoppedReason, and no health.",
    documented(ECS + "ecs_task_events.html"),
)
def detail(task) -> dict:
    """Return a task as its events tell of it."""
    shown = {
        "attachments": [
            {"id": one["id"], "type": "eni", "status": one["status"], "details": one["details"]}
            for one in task.attachments
        ],
        "attributes": [{"name": "ecs.cpu-architecture", "value": "x86_64"}],
        "capacityProviderName": task.capacity_provider_name,
        "clusterArn": task.cluster_arn,
        "connectivity": task.connectivity,
        "containers": [_container(task, one) for one in task.containers],
        "cpu": task.cpu,
        "createdAt": _time(task.created_at),
        "desiredStatus": task.desired_status,
        "enableExecuteCommand": False,
        "executionStoppedAt": _time(getattr(task, "execution_stopped_at", None)),
        "group": task.group,
        "launchType": task.launch_type or "FARGATE",
        "lastStatus": task.status,
        "memory": task.memory,
        "overrides": {"containerOverrides": [], **task.overrides},
        "platformVersion": task.platform_version or "1.4.0",
        "startedAt": _time(task.started_at),
        "startedBy": task.started_by or None,
        "stopCode": task.stop_code,
        "stoppedAt": _time(getattr(task, "stopped_at", None)),
        "stoppingAt": _time(getattr(task, "stopping_at", None)),
        "stoppedReason": task.stopped_reason or None,
        "taskArn": task.task_arn,
        "taskDefinitionArn": task.task_definition_arn,
        "updatedAt": _time(task.updated_at),
        "version": task.version,
    }
    return {key: value for key, value in shown.items() if value is not None}


def _container(task, one) -> dict:
    shown = {
        "containerArn": one.container_arn,
        "exitCode": getattr(one, "exitCode", None),
        "lastStatus": one.last_status,
        "name": one.name,
        "image": one.image,
        "reason": getattr(one, "reason", None),
        "taskArn": task.task_arn,
        "networkInterfaces": [],
        "cpu": str(one.cpu or 0),
    }
    return {key: value for key, value in shown.items() if value is not None}
