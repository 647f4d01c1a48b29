"""RunTask: its limits and its client tokens, and tasks that get their lives by it."""

import json
import random

from moto.ecs import models

from emulator import clock, state
from emulator.corrections import ecs_tasks
from emulator.dataplane.task_events import ECS
from emulator.dataplane.tasks import Life
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred
from emulator.patching import replacing

# RunTask on Fargate: so many at once, then so many a second; for on-demand and Spot alike, each of its own.
BURST, RATE = 100, 20
MAXIMUM_OVERRIDES = 8192


class Conflict(AWSError):
    """A client token that stands for other tasks."""

    def __init__(self, tasks: list[str]):
        super().__init__("ConflictException", "The client token was used for another request.")
        self.resourceIds = tasks


# RunTask's limits


@does(
    "RunTask on Fargate takes 100 tasks at once and then 20 a second, on-demand and Spot each.",
    documented(ECS + "throttling.html"),
)
class Bucket:
    """So many calls at once, then so many a second of the emulator's clock."""

    def __init__(self):
        self.left, self.at = float(BURST), clock.now()

    def take(self, count: int) -> bool:
        """Take from it; tell whether there was enough."""
        now = clock.now()
        self.left, self.at = min(BURST, self.left + (now - self.at) * RATE), now
        if self.left < count:
            return False
        self.left -= count
        return True


_buckets: dict[tuple, Bucket] = state.held({})
_tokens: dict[str, tuple] = state.held({})  # what was answered to a RunTask with a client token


@does(
    "Overrides have at most 8192 characters.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html", "overrides"),
)
def _check(api) -> None:
    given = api.params
    overrides = given.get("overrides") or {}
    if len(json.dumps(overrides, separators=(",", ":"), ensure_ascii=False)) > MAXIMUM_OVERRIDES:
        raise AWSError("InvalidParameterException", f"Container Overrides length must be at most {MAXIMUM_OVERRIDES}")
    strategy = given.get("capacityProviderStrategy") or [{}]
    kind = (api.region, strategy[0].get("capacityProvider", "FARGATE"))
    if not _buckets.setdefault(kind, Bucket()).take(int(given.get("count") or 1)):
        raise AWSError("ThrottlingException", "Rate exceeded")


@does(
    "RunTask with a client token runs its tasks once; the token with another request is a "
    "ConflictException that names them.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html", "clientToken"),
)
@does(
    'StopTask ends a task with UserInitiated and the given reason, or "Task stopped by user".',
    inferred("the console shows it so", "StopTask without a reason"),
)
def install() -> None:
    """Give tasks their lives."""

    @ecs_tasks.advance.around
    def advance(_own, _task, _further):
        """Nothing: time makes a task go on, not who looks at it."""

    @ecs_tasks.run_task_for.around
    def run(answered, api, started):
        token = api.params.get("clientToken")
        if token and token in _tokens:
            asked, answer = _tokens[token]
            if asked != api.params:
                raise Conflict([one.task_arn for one in answer.result["tasks"]])
            return answer
        _check(api)
        answer = answered(api, started)
        if token:
            _tokens[token] = dict(api.params), answer
        return answer

    @replacing(models.EC2ContainerServiceBackend, "run_task")
    def run_task(original, self, *args, **kwargs):
        tasks = original(self, *args, **kwargs)
        for task in tasks:
            strategy = kwargs.get("capacity_provider_strategy") or (args[10] if len(args) > 10 else None)
            if strategy:
                task.capacity_provider_name = _share(strategy)
            task.life = Life(task)
        return tasks

    @ecs_tasks.start_task.around
    def start_task(made, backend, service, deployment):
        task = made(backend, service, deployment)
        task.life = Life(task, service=True)
        return task

    @ecs_tasks.stop_by_user.around
    def stop_by_user(stopped, backend, task, reason, at_once):
        if not getattr(task, "life", None):
            return stopped(backend, task, reason, at_once)
        task.life.stop("UserInitiated", reason)
        return task

    @ecs_tasks.stop.around
    def stop(ended, backend, task, reason):
        over = task.status == "STOPPED"
        ended(backend, task, reason)
        task.stopped_at = clock.utc()
        if not task.stop_code:
            task.stop_code = "ServiceSchedulerInitiated"
        if getattr(task, "life", None) and not over:
            task.life.cut()


@does(
    "Tasks go to the provider with a base first, then by weight.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html"),
)
def _share(strategy: list[dict]) -> str:
    """Choose a provider for one task: one with a base first, then by weight; without weights the first."""
    if based := next((one for one in strategy if one.get("base")), None):
        return based["capacityProvider"]
    weights = [int(one.get("weight") or 0) for one in strategy]
    chosen = random.choices(strategy, weights)[0] if any(weights) else strategy[0]
    return chosen["capacityProvider"]
