"""ECS: what a task's agents are there for. Its protection from scaling in, and sessions with its containers.

The agents themselves are the data plane's business (``dataplane/agents.py``).
"""

from emulator import clock
from emulator.errors import AWSError
from emulator.evidence import documented, does
from emulator.patching import adds, hook

NOT_CONNECTED = (
    "The execute command failed because execute command was not enabled when the task was run or the execute command "
    "agent isn't running. Wait and try again or run a new task with execute command enabled and try again."
)


@hook
def open_session(task, cluster, session: str, command: str) -> bool:
    """Open a session with a task's container, and tell whether its agent could; without the data plane none can."""
    return False


@adds("ecs", "ExecuteCommand", "opens a session with a container whose agent runs, and logs it as the cluster says")
@does(
    "ExecuteCommand is refused with TargetNotConnectedException while a container's agent doesn't run.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html", "Errors"),
)
def execute_command(api, params):
    cluster = api.ecs_backend._get_cluster(params.get("cluster", "default").split("/")[-1])
    asked = params["task"].split("/")[-1]
    known = api.ecs_backend.tasks.get(cluster.name, {}).values()
    task = next((one for one in known if one.task_arn.endswith(f"/{asked}") and one.status == "RUNNING"), None)
    if task is None:
        raise AWSError("InvalidParameterException", "The specified task is not running.")
    container = next((one for one in task.containers if one.name == params.get("container", one.name)), None)
    agent: dict = next(iter(getattr(container, "managed_agents", ())), {})
    session = f"ecs-execute-command-{clock.now():.0f}"
    if agent.get("lastStatus") != "RUNNING" or not open_session(task, cluster, session, params["command"]):
        raise AWSError("TargetNotConnectedException", NOT_CONNECTED)
    return {
        "clusterArn": cluster.arn, "containerArn": container.container_arn, "containerName": container.name,
        "interactive": params["interactive"], "taskArn": task.task_arn,
        "session": {"sessionId": session, "streamUrl": "wss://ssmmessages", "tokenValue": "token"},
    }  # fmt: skip


# Protection


def _protected(api, params) -> list:
    cluster = api.ecs_backend._get_cluster(params["cluster"].split("/")[-1])
    names = {one.split("/")[-1] for one in params.get("tasks", [])}
    return [one for one in api.ecs_backend.tasks.get(cluster.name, {}).values() if one.id in names]


def protected(task) -> bool:
    """Tell whether scaling in leaves a task alone."""
    return getattr(task, "protected_until", 0.0) > clock.now()


def _state(task) -> dict:
    until = {"expirationDate": task.protected_until} if protected(task) else {}
    return {"taskArn": task.task_arn, "protectionEnabled": bool(until), **until}


@adds("ecs", "UpdateTaskProtection", "keeps a task from being ended by scaling in, for two hours or as it says")
@does(
    "A protected task isn't ended by scaling in or by deployments for two hours, or for the minutes that are "
    "asked for.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateTaskProtection.html"),
)
def update_task_protection(api, params):
    found = _protected(api, params)
    for task in found:
        task.protected_until = clock.now() + 60.0 * params.get("expiresInMinutes", 120) * params["protectionEnabled"]
    return {"protectedTasks": [_state(one) for one in found], "failures": []}


@adds("ecs", "GetTaskProtection", "tells which of a service's tasks are protected")
def get_task_protection(api, params):
    return {"protectedTasks": [_state(one) for one in _protected(api, params)], "failures": []}
