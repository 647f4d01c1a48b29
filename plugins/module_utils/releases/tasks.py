"""Tasks of ECS: their definitions with another image, running one to its end, and their logs."""

from __future__ import annotations

import time
from itertools import batched

from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.plain import LONGEST, plain
from ..kinds.ecs import ECS_TASK_DEFINITION

MISSING = "ResourceNotFoundException"
KEPT = 500  # lines of a task
RESULT = 262_144  # characters of a line in JSON: a migration tells in one what it did
UNKNOWN_SECONDS = 60  # for which ECS may not show a task that it has
AT_ONCE = 100  # tasks that ECS describes in one call
# What DescribeTaskDefinition answers that RegisterTaskDefinition doesn't take.
ANSWERED = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
}  # fmt: skip


def definition(aws, name: str) -> tuple[dict, list]:
    """Return a task definition and its tags. Raises EngineError if there is none."""
    answer = unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=name, include=["TAGS"])
    if answer is None:
        raise EngineError(f"there is no {ECS_TASK_DEFINITION.title} {name}; run site.yml, which makes it")
    return answer["taskDefinition"], answer.get("tags", [])


def image_of(told: dict, container: str) -> str:
    """Return a container's image."""
    return next(one["image"] for one in told["containerDefinitions"] if one["name"] == container)


def listed(aws, cluster: str, **by: str) -> list[dict]:
    """Return the tasks of a cluster that ListTasks finds by something."""
    arns = aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, **by)
    pages = (aws("ecs").describe_tasks(cluster=cluster, tasks=list(some)) for some in batched(arns, AT_ONCE))
    return [task for page in pages for task in page["tasks"]]


def of_family(aws, cluster: str, family: str) -> list[dict]:
    """Return a family's tasks, those that run and those that have ended, as far as ECS remembers them."""
    running, ended = (listed(aws, cluster, family=family, desiredStatus=one) for one in ("RUNNING", "STOPPED"))
    return running + ended


def with_image(aws, family: str, container: str, image: str) -> tuple[str, bool]:
    """Return the ARN of a revision that differs from the family's newest in one image only, and whether it is new."""
    told, tags = definition(aws, family)
    if image_of(told, container) == image:
        return told["taskDefinitionArn"], False
    wanted = {key: value for key, value in told.items() if key not in ANSWERED}
    wanted["containerDefinitions"] = [
        {**one, "image": image} if one["name"] == container else one for one in told["containerDefinitions"]
    ]
    made = aws("ecs").register_task_definition(**wanted, **({"tags": tags} if tags else {}))
    return made["taskDefinition"]["taskDefinitionArn"], True


def lines_of(message: str) -> list[str]:
    """Return the lines of a log's event, fit to be shown; one that may be a result in JSON is longer."""
    return [plain(line, RESULT if line.startswith("{") else LONGEST) for line in message.splitlines()]


class Log:
    """The lines of one container of one task, as they come."""

    def __init__(self, aws, told: dict, container: str, task: str):
        """Find the log by the task definition."""
        one = next(item for item in told["containerDefinitions"] if item["name"] == container)
        options = one.get("logConfiguration", {}).get("options", {})
        self._aws, self._token = aws, None
        self.group = options.get("awslogs-group", "")
        prefix = options.get("awslogs-stream-prefix", "")
        self.stream = "/".join([prefix, container, task.rpartition("/")[2]])

    def more(self) -> list[str]:
        """Return the lines that came since the last call."""
        lines: list[str] = []
        while self.group:
            more = {"nextToken": self._token} if self._token else {}
            answer = unless(
                MISSING, self._aws("logs").get_log_events,
                logGroupName=self.group, logStreamName=self.stream, startFromHead=True, **more,
            )  # fmt: skip
            if answer is None:
                break
            lines += [line for event in answer["events"] for line in lines_of(event["message"])]
            if answer["nextForwardToken"] == self._token:
                break
            self._token = answer["nextForwardToken"]
        return lines


def run(aws, wanted: dict, container: str, say, timeout: int, pause: float) -> tuple[dict, list[str]]:
    """Run one task to its end, say its lines as they come, and return it with the last of them.

    Raises EngineError if ECS takes no task, or if it doesn't end in time; then it is stopped.
    """
    answer = aws("ecs").run_task(**wanted)
    if not answer["tasks"]:
        told = "; ".join(f"{one.get('reason')} {one.get('detail', '')}".strip() for one in answer["failures"])
        raise EngineError(f"ECS started no task: {told}")
    arn, cluster = answer["tasks"][0]["taskArn"], wanted["cluster"]
    told, _tags = definition(aws, wanted["taskDefinition"])
    log, lines, status = Log(aws, told, container, arn), [], ""
    known = time.monotonic()
    deadline = known + timeout
    while True:
        task = next(iter(aws("ecs").describe_tasks(cluster=cluster, tasks=[arn])["tasks"]), None)
        known = time.monotonic() if task else known
        if time.monotonic() > known + UNKNOWN_SECONDS:
            raise EngineError(f"ECS doesn't know the task {arn}; whether it ran is in its log, {log.group}")
        # A read soon after RunTask may be too early.
        task = task or {**answer["tasks"][0], "lastStatus": status or answer["tasks"][0]["lastStatus"]}
        if task["lastStatus"] != status:
            status = task["lastStatus"]
            say(f"task {arn.rpartition('/')[2][:8]}: {status}")
        fresh = log.more()
        lines = (lines + fresh)[-KEPT:]
        for one in fresh:
            say(f"  | {one}")
        if status == "STOPPED":
            return task, lines
        if time.monotonic() > deadline:
            aws("ecs").stop_task(cluster=cluster, task=arn, reason=f"not done after {timeout} seconds")
            raise EngineError(f"the task was not done after {timeout} seconds and was stopped; its lines stand above")
        time.sleep(pause)
