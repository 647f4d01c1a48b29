"""What a pipe starts, under a new release: no service runs it, the pipe starts a task of it for each message.

The new revision is tried before a message reaches it: one task of it runs as the pipe would start it, with a body that
asks for nothing, and must end with 0. Until then the pipe starts the revision before. Then the pipe is given the new
one, in one call and without being stopped: what comes meanwhile waits in the queue.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field

from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.names import name, tail
from ..engine.waiting import TimedOut, until
from ..kinds.ecr import ARCHITECTURES
from . import diagnosis
from .context import STALE_SECONDS, Context
from .shapes import Json, PipeState
from .tasks import Log, definition, image_of, of_family, run, with_image

MISSING, CONFLICT = "NotFoundException", "ConflictException"
STARTED_BY = "release-check"  # by this the function that looks after failed jobs knows that the task carries none
BODY = json.dumps({"source": "flow-builder.release", "detail-type": "Check of a release"})
CHANGING_SECONDS = 600
NO_CAPACITY = "apacity is unavailable"


@dataclass
class Check:
    """The task with which a revision is tried: its message, and another command than the image's own."""

    body: str = BODY
    command: list[str] = field(default_factory=list)


class Pipe:
    """A stack's pipe and the revision that it starts."""

    def __init__(self, context: Context, component: str, check: Check | None):
        """Prepare; nothing is changed yet. Without a check no revision is tried before the pipe starts it.

        ``component`` is what the pipe starts; empty for a stack without a pipe.
        """
        self._context, self._check, self._aws, self._say = context, check, context.aws, context.say
        self._component = component
        self._name, self._family = name("pipe", context.stack), name("service", context.stack, component)
        self._stale_until = 0.0
        self.registered: list[str] = []
        """The revisions that this rollout made."""

    # What there is

    def _find(self) -> Json | None:
        return unless(MISSING, self._aws("pipes").describe_pipe, Name=self._name)

    def _get(self) -> Json:
        found = self._find()
        if found is None:
            raise EngineError(f"the pipe {self._name} is gone; run site.yml, which makes it")
        return found

    def before(self) -> PipeState | None:
        """Return what the pipe starts now and whether it is to run, or None where the stack has no pipe."""
        found = self._find() if self._component else None
        return {"task_definition": task_definition_of(found), "state": found["DesiredState"]} if found else None

    def image(self) -> str:
        """Return the image that the pipe starts."""
        starts, _tags = definition(self._aws, task_definition_of(self._get()))
        return image_of(starts, self._component)

    # Forward

    def prove(self, image: str) -> str:
        """Register the revision with an image, try it, and return its ARN. Raises EngineError if that fails."""
        asked, new = with_image(self._aws, self._family, self._component, image)
        if new:
            self.registered.append(asked)
        if self._check and asked != task_definition_of(self._get()):
            self._try(asked, self._check)
        return asked

    def _try(self, asked: str, check: Check) -> None:
        found = self._get()
        self._say(
            f"{self._component}: {tail(asked)} is tried; until then the pipe starts {tail(task_definition_of(found))}"
        )
        wanted = check_task(found["TargetParameters"]["EcsTaskParameters"], self._component, asked, check)
        wanted |= {"cluster": self._context.cluster}
        task, lines = run(self._aws, wanted, self._component, self._say, self._context.timeout, self._context.pause)
        ended = diagnosis.Ended.of(task, self._component)
        ended.lines = lines
        if ended.exit_code != 0:
            raise EngineError(
                f"{self._component}: the task that tries {tail(asked)} failed\n{self._report([ended], asked)}"
            )
        self._say(f"{self._component}: the task of {tail(asked)} ended with 0")

    def switch(self, was: PipeState, asked: str) -> PipeState:
        """Let the pipe start a revision, and return what it does then. Raises EngineError if that doesn't go well.

        A pipe that stands still because nothing was released yet begins to run; one that somebody stopped does not.
        """
        starts, _tags = definition(self._aws, was["task_definition"])
        first = image_of(starts, self._component).rpartition("@")[2] in ARCHITECTURES
        state = "RUNNING" if first else was["state"]
        self._set(asked, state)
        if state != "RUNNING":
            self._say(f"pipe: {state}, as it was before: messages wait until pipes_running lets it run")
        else:
            self._watch(asked)
        found = self._get()
        return {"task_definition": tail(task_definition_of(found)), "state": found["CurrentState"]}

    def _set(self, asked: str, state: str) -> None:
        """Give the pipe a revision and a state, and wait until it has settled."""
        found, written = self._settled(), ("pipe", self._component) in self._context.writes
        if written or (task_definition_of(found), found["CurrentState"]) != (asked, state):
            target = found["TargetParameters"]
            # AWS takes the parameters of a target as a whole: what isn't said is gone.
            target = {**target, "EcsTaskParameters": {**target["EcsTaskParameters"], "TaskDefinitionArn": asked}}
            given: Json | None = None
            self._say(f"pipe: it is given {tail(asked)}")

            def changed() -> bool:
                nonlocal found, given
                # A conflict is the change itself, told by a call whose answer was lost, or another one that goes on.
                given = given or self._context.writes.make(
                    "pipe", self._component, self._aws("pipes").update_pipe, (CONFLICT,),
                    Name=self._name, RoleArn=found["RoleArn"], DesiredState=state, TargetParameters=target,
                )  # fmt: skip
                found = self._settled()
                # On the way back an early read shows what was before, which is as it is to be again.
                return (bool(given) or not written) and task_definition_of(found) == asked

            with suppress(TimedOut):
                until(changed, STALE_SECONDS, "", delay=0.5, longest=4)
            self._stale_until = time.monotonic() + STALE_SECONDS
        self._judge(found, asked, state)

    def _settled(self) -> Json:
        """Return the pipe when it has ended what it was doing: it takes one change at a time."""

        def settled() -> Json | None:
            found = self._get()
            return found if found["CurrentState"] == "RUNNING" or not found["CurrentState"].endswith("ING") else None

        return until(settled, CHANGING_SECONDS, f"the end of the change of pipe {self._name}", delay=0.2)

    def _judge(self, found: Json, asked: str, state: str) -> None:
        """Raise EngineError where the pipe doesn't do what it was told."""
        if task_definition_of(found) != asked:
            starts = f"{tail(task_definition_of(found))} and not {tail(asked)}"
            raise EngineError(f"pipe: it starts {starts}: somebody else changed it")
        if found["CurrentState"] != state:
            one = diagnosis.Ended(found["Arn"], "Pipe", found.get("StateReason", ""))
            report = self._report([one], asked, name("pipe_log_group", self._context.stack))
            raise EngineError(f"pipe: it is {found['CurrentState']} and not {state}\n{report}")

    def _watch(self, asked: str) -> None:
        """See for a moment that the pipe goes on, and that no task of the revision fails to start."""
        deadline, shown = time.monotonic() + self._context.steady, ""
        while True:
            found = self._get()
            early = task_definition_of(found) != asked and time.monotonic() < self._stale_until
            if not early:
                self._judge(found, asked, "RUNNING")
            tasks = self._tasks(asked)
            if unstarted := [one for one in tasks if failed_to_start(one)]:
                raise EngineError(
                    f"{self._component}: tasks of {tail(asked)} don't start\n{self._why(unstarted, asked)}"
                )
            running = sum(one["lastStatus"] != "STOPPED" for one in tasks)
            line = f"pipe: RUNNING with {tail(asked)}, {running} tasks, {len(tasks) - running} have ended"
            if line != shown:
                shown = line
                self._say(line)
            if time.monotonic() >= deadline and not early:
                return
            time.sleep(self._context.pause)

    def _tasks(self, asked: str) -> list[Json]:
        """Return the tasks of a revision that the pipe started, as far as ECS remembers them."""
        found = of_family(self._aws, self._context.cluster, self._family)
        return [one for one in found if one["taskDefinitionArn"] == asked and one.get("startedBy") != STARTED_BY]

    def _why(self, tasks: list[Json], asked: str) -> str:
        starts, _tags = definition(self._aws, asked)
        ended = [diagnosis.Ended.of(one, self._component) for one in tasks]
        ended[0].lines = Log(self._aws, starts, self._component, ended[0].arn).more()
        return self._report(ended, asked)

    def _report(self, ended: list[diagnosis.Ended], asked: str, group: str = "") -> str:
        starts, _tags = definition(self._aws, asked)
        return diagnosis.report(
            ended, self._context.names(self._component, group or Log(self._aws, starts, self._component, "").group)
        )

    # Back

    def back(self, was: PipeState) -> None:
        """Let the pipe start again what it started before, and forget the newer revisions."""
        self._set(was["task_definition"], was["state"])
        # The newest revision of a family is what site.yml goes on from, also after a rollout that was killed.
        arns = self._aws.pages(
            "ecs",
            "list_task_definitions",
            "taskDefinitionArns",
            familyPrefix=self._family,
            status="ACTIVE",
            sort="DESC",
        )
        for arn in arns[: arns.index(was["task_definition"])] if was["task_definition"] in arns else []:
            unless("ClientException", self._aws("ecs").deregister_task_definition, taskDefinition=arn)


def task_definition_of(pipe: Json) -> str:
    """Return the ARN of the task definition that a pipe starts."""
    return pipe["TargetParameters"]["EcsTaskParameters"]["TaskDefinitionArn"]


def failed_to_start(task: Json) -> bool:
    """Say whether a task never ran, through no want of capacity, for which jobs are run again."""
    return task.get("stopCode") == "TaskFailedToStart" and NO_CAPACITY not in task.get("stoppedReason", "")


def check_task(target: Json, component: str, asked: str, check: Check) -> Json:
    """Return what RunTask takes for the task that tries a revision, made of what the pipe gives its tasks.

    It is on demand, for one that AWS interrupts would say nothing. What the pipe takes from a message has no value but
    the body.
    """
    network = target["NetworkConfiguration"]["awsvpcConfiguration"]
    overrides = target.get("Overrides", {}).get("ContainerOverrides", [])
    given: list[Json] = next((one.get("Environment", []) for one in overrides if one.get("Name") == component), [])
    variables = {one["name"]: "" if one.get("value", "").startswith("$.") else one.get("value", "") for one in given}
    variables |= {"SQS_BODY": check.body, "SQS_MESSAGE_ID": STARTED_BY}
    container = {"name": component, "environment": [{"name": key, "value": value} for key, value in variables.items()]}
    return {
        "taskDefinition": asked,
        "launchType": "FARGATE",
        "count": 1,
        "startedBy": STARTED_BY,
        "propagateTags": "TASK_DEFINITION",
        "enableECSManagedTags": True,
        "networkConfiguration": {
            "awsvpcConfiguration": {key[:1].lower() + key[1:]: value for key, value in network.items()}
        },
        "overrides": {"containerOverrides": [container | ({"command": check.command} if check.command else {})]},
    }
