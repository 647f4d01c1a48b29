"""Tasks of ECS: their definitions with another image, running one to its end, and their logs."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import batched
from typing import Any

from ..engine.aws import Aws, unless
from ..engine.errors import EngineError
from ..engine.plain import LONGEST, plain
from ..engine.waiting import TimedOut, until
from ..kinds.ecs_taskdefinition import ECS_TASK_DEFINITION
from .context import Say
from .shapes import Json

MISSING = "ResourceNotFoundException"
KEPT = 500  # lines of a task
RESULT = 262_144  # characters of a line in JSON: a migration tells in one what it did
UNKNOWN_SECONDS = 60  # for which ECS may not show a task, or a revision, that it has
LINES_SECONDS = 60  # for which the lines of a task may come after its end
SILENT_SECONDS = 10  # after which a task that failed without a line is taken for a silent one
AT_ONCE = 100  # tasks that ECS describes in one call
# What DescribeTaskDefinition answers that RegisterTaskDefinition doesn't take.
ANSWERED = {
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt", "registeredBy",
    "deregisteredAt",
}  # fmt: skip


class Goes(EngineError):
    """A task that goes on when nobody watches it any longer."""


def definition(aws: Aws, name: str) -> tuple[Json, list[Json]]:
    """Return a task definition and its tags. Raises EngineError if there is none.

    One that is named by its ARN was made, perhaps so lately that ECS doesn't show it yet.
    """

    def found() -> Json | None:
        return unless("ClientException", aws("ecs").describe_task_definition, taskDefinition=name, include=["TAGS"])

    try:
        answer = until(found, UNKNOWN_SECONDS if name.startswith("arn:") else 0, "", delay=0.5, longest=4)
    except TimedOut:
        raise EngineError(f"there is no {ECS_TASK_DEFINITION.title} {name}; run site.yml, which makes it") from None
    return answer["taskDefinition"], answer.get("tags", [])


def image_of(definition: Json, container: str) -> str:
    """Return the image of a task definition's container."""
    return next(one["image"] for one in definition["containerDefinitions"] if one["name"] == container)


def revision(arn: str) -> int:
    """Return the number of a task definition's revision."""
    return int(arn.rpartition(":")[2])


def listed(aws: Aws, cluster: str, **by: str) -> list[Json]:
    """Return the tasks of a cluster that ListTasks finds by something."""
    arns = aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, **by)
    pages = (aws("ecs").describe_tasks(cluster=cluster, tasks=list(some)) for some in batched(arns, AT_ONCE))
    return [task for page in pages for task in page["tasks"]]


def of_family(aws: Aws, cluster: str, family: str) -> list[Json]:
    """Return a family's tasks, those that run and those that have ended, as far as ECS remembers them."""
    running, ended = (listed(aws, cluster, family=family, desiredStatus=one) for one in ("RUNNING", "STOPPED"))
    return running + ended


def with_image(aws: Aws, family: str, container: str, image: str) -> tuple[str, bool]:
    """Return the ARN of a revision that differs from the family's newest in one image only, and whether it is new."""
    newest, tags = definition(aws, family)
    if image_of(newest, container) == image:
        return newest["taskDefinitionArn"], False
    wanted = {key: value for key, value in newest.items() if key not in ANSWERED}
    wanted["containerDefinitions"] = [
        {**one, "image": image} if one["name"] == container else one for one in newest["containerDefinitions"]
    ]
    made = aws("ecs").register_task_definition(**wanted, **({"tags": tags} if tags else {}))
    return made["taskDefinition"]["taskDefinitionArn"], True


def lines_of(message: str) -> list[str]:
    """Return the lines of a log's event, fit to be shown; one that may be a result in JSON is longer."""
    return [plain(line, RESULT if line.startswith("{") else LONGEST) for line in message.splitlines()]


class Log:
    """The lines of one container of one task, as they come."""

    def __init__(self, aws: Aws, definition: Json, container: str, task: str):
        """Find the log by the task definition."""
        one = next(item for item in definition["containerDefinitions"] if item["name"] == container)
        options = one.get("logConfiguration", {}).get("options", {})
        self._aws, self._token = aws, ""
        self.group = options.get("awslogs-group", "")
        prefix = options.get("awslogs-stream-prefix", "")
        self.stream = "/".join([prefix, container, task.rpartition("/")[2]])

    def more(self) -> list[str]:
        """Return the lines that came since the last call."""
        lines: list[str] = []
        while self.group:
            more: dict[str, Any] = {"nextToken": self._token} if self._token else {}
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


def begin(aws: Aws, wanted: Json) -> Json:
    """Run one task and return it as it begins. Raises EngineError if ECS takes none."""
    answer = aws("ecs").run_task(**wanted)
    if not answer["tasks"]:
        why = "; ".join(f"{one.get('reason')} {one.get('detail', '')}".strip() for one in answer["failures"])
        raise EngineError(f"ECS started no task: {why}")
    return answer["tasks"][0]


def exit_code(task: Json, container: str) -> int | None:
    """Return the exit code of a task's container; None if it never ran."""
    return next((one.get("exitCode") for one in task.get("containers", []) if one["name"] == container), None)


def watch(
    aws: Aws, begun: Json, container: str, say: Say, timeout: int, pause: float,
    tells: Callable[[list[str]], bool] | None = None,
) -> tuple[Json, list[str]]:  # fmt: skip
    """See a task to its end, say its lines as they come, and return it with the last of them.

    Lines come late: what ended with 0 is asked for more until ``tells`` says of its lines that they tell the result,
    where that is wanted; what failed until no more come. Raises Goes if it doesn't end in time: it isn't stopped.
    """
    arn, cluster = begun["taskArn"], begun["clusterArn"]
    log = Log(aws, definition(aws, begun["taskDefinitionArn"])[0], container, arn)
    task, status, known = begun, "", time.monotonic()
    deadline, ended = known + timeout, None
    lines: list[str] = []
    while True:
        if ended is None:
            found = next(iter(aws("ecs").describe_tasks(cluster=cluster, tasks=[arn])["tasks"]), None)
            known = time.monotonic() if found else known
            if time.monotonic() > known + UNKNOWN_SECONDS:
                raise EngineError(f"ECS doesn't know the task {arn}; whether it ran is in its log, {log.group}")
            task = found or task  # a read soon after RunTask may be too early
        if task["lastStatus"] != status:
            status = task["lastStatus"]
            say(f"task {arn.rpartition('/')[2][:8]}: {status}")
        fresh = log.more()
        lines = (lines + fresh)[-KEPT:]
        for one in fresh:
            say(f"  | {one}")
        if status == "STOPPED":
            ended = time.monotonic() if ended is None else ended
            since, code = time.monotonic() - ended, exit_code(task, container)
            if code:
                over = not fresh and (lines or since >= SILENT_SECONDS)
            else:  # what never ran has no lines
                over = code is None or tells is None or tells(lines)
            if over or since >= LINES_SECONDS:
                return task, lines
        elif time.monotonic() > deadline:
            raise Goes(
                f"the task {arn} was not done after {timeout} seconds and goes on, for it isn't stopped half way; its "
                f"lines go to {log.group}, {log.stream}; run it again, which watches this task to its end"
            )
        time.sleep(pause)


def run(aws: Aws, wanted: Json, container: str, say: Say, timeout: int, pause: float) -> tuple[Json, list[str]]:
    """Run one task that is only a try to its end, and return it with the last of its lines.

    Raises EngineError if ECS takes no task, or if it doesn't end in time; then it is stopped.
    """
    begun = begin(aws, wanted)
    try:
        return watch(aws, begun, container, say, timeout, pause)
    except Goes:
        # It may have ended meanwhile.
        unless(
            ("ClientException", "InvalidParameterException"), aws("ecs").stop_task, cluster=begun["clusterArn"],
            task=begun["taskArn"], reason=f"not done after {timeout} seconds",
        )  # fmt: skip
        raise EngineError(
            f"the task was not done after {timeout} seconds and was stopped; its lines stand above"
        ) from None
