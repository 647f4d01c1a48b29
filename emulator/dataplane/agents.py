"""The agents beside a task's containers: the one of ECS, which protects tasks, and the one of ECS Exec.

The first answers at ECS_AGENT_URI and asks ECS with the task's role (ECS developer guide, task scale-in protection
endpoint). The second is Session Manager's: where a task is run with ECS Exec it opens a channel with the task's role,
without which it stops and nobody gets in; a session then has a channel of its own, and leaves its log with the same
role (ECS developer guide, ECS Exec, the task role's permissions and the permissions for logging).
"""

import functools
import json
import re

from botocore.exceptions import ClientError
from moto.ecs.models import ecs_backends

from emulator import ACCOUNT, endpoints, inside
from emulator.corrections import ecs_agents
from emulator.dataplane import targets
from emulator.evidence import documented, does, lacks

ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
lacks(
    __name__,
    "ECS Exec",
    "sessions are opened and logged as far as the task's role may, but nobody gets into a container, above all "
    "not into one with a read-only root file system",
)

ROOT = "/_agent/"
CONTROL = ("ssmmessages:CreateControlChannel", "ssmmessages:OpenControlChannel")
DATA = ("ssmmessages:CreateDataChannel", "ssmmessages:OpenDataChannel")


def install() -> None:
    """Let the agents of ECS Exec open sessions."""

    @ecs_agents.open_session.around
    def opened(_nobody, task, cluster, session: str, command: str) -> bool:
        if not all(may(task.life, action, "*") for action in DATA):
            return False
        keep(task.life, cluster, session, command)
        return True


# ECS Exec


@does(
    "A task that is run with ECS Exec shows an ExecuteCommandAgent for each container, which its role must let "
    "open its channels.",
    documented(ECS + "ecs-exec.html", "IAM permissions required for ECS Exec"),
)
def begin(life) -> None:
    """Start the agents of a task's containers, by its ``Life``, where it is run with ECS Exec."""
    task = life.task
    service = life.backend.services.get(f"{task.cluster_name}:{task.group.removeprefix('service:')}")
    if getattr(service if life.service else task, "enable_execute_command", False):
        good = all(may(life, action, "*") for action in CONTROL)
        for container in task.containers:
            container.managed_agents = [
                {"name": "ExecuteCommandAgent", "lastStatus": "RUNNING" if good else "STOPPED"}
            ]  # fmt: skip


def may(life, action: str, resource: str) -> bool:
    """Tell whether a task's role may do something from where the task is."""
    return life.role.may(action, resource) and endpoints.passes(life.subnets, life.task.region_name, action, resource)


@does(
    "ECS Exec leaves a session's log in the cluster's log group with the task's role.",
    documented(ECS + "ecs-exec.html", "IAM permissions required for CloudWatch Logs"),
)
def keep(life, cluster, session: str, command: str) -> None:
    """Leave the session's log where the cluster says, as far as the task's role may."""
    told = ((cluster.configuration or {}).get("executeCommandConfiguration") or {}).get("logConfiguration") or {}
    group = told.get("cloudWatchLogGroupName")
    if group:
        lines = [f"Script started: {command}"]
        targets.look_and_write(functools.partial(may, life), life.task.region_name, group, session, lines)


# Protection


def variables(task) -> dict[str, str]:
    """Return by what variables a container finds its agent."""
    return {"ECS_AGENT_URI": f"{inside.url}{ROOT}{task.id}"} if inside.url else {}


@does(
    "A container finds its agent at ECS_AGENT_URI, and protects its task at task-protection/v1/state with the "
    "task's role.",
    documented(ECS + "task-scale-in-protection-endpoint.html"),
)
def serve(environ, start_response):
    """Answer GET and PUT of task-protection/v1/state."""
    found = re.fullmatch(rf"{ROOT}([^/]+)/task-protection/v1/state", environ["PATH_INFO"])
    task = _task(found[1]) if found else None
    status, told = ("404 Not Found", {}) if task is None else _answer(task, environ)
    body = json.dumps(told, default=str).encode()
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _task(name: str):
    backends = ecs_backends[ACCOUNT].values()
    known = (task for backend in backends for cluster in backend.tasks.values() for task in cluster.values())
    return next((task for task in known if task.id == name), None)


def _answer(task, environ) -> tuple[str, dict]:
    given = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
    ecs = inside.client("ecs", task.region_name, task.life.role.arn, task.id)
    of = {"cluster": task.cluster_arn, "tasks": [task.task_arn]}
    try:
        if environ["REQUEST_METHOD"] == "PUT":
            minutes = {"expiresInMinutes": given["ExpiresInMinutes"]} if "ExpiresInMinutes" in given else {}
            told = ecs.update_task_protection(**of, protectionEnabled=given["ProtectionEnabled"], **minutes)
        else:
            told = ecs.get_task_protection(**of)
    except ClientError as refused:
        error = refused.response["Error"]
        return "400 Bad Request", {"error": {"Arn": task.task_arn, "Code": error["Code"], "Message": error["Message"]}}
    (one,) = told["protectedTasks"]
    return "200 OK", {"protection": {key[0].upper() + key[1:]: value for key, value in one.items()}}
