"""Services under a release: each gets a revision with its image, and is looked at until that runs, or doesn't."""

from __future__ import annotations

import time
from collections.abc import Iterable

from ..engine.aws import unless
from ..engine.names import name, tail
from ..engine.waiting import TimedOut, until
from ..kinds.ecr import ARCHITECTURES
from ..kinds.ecs_pauses import Pause
from ..kinds.ecs_service import breaker_from_aws, tolerated
from . import diagnosis
from .context import STALE_SECONDS, Context, Failed
from .deployments import BAD, GOOD, WAIT, Deployments, State, shifts, waits
from .pauses import Paused
from .shapes import Images, Json, ServiceBefore
from .tasks import Log, definition, image_of, listed, revision, with_image

LOGS_OF = 3  # the logs of so many tasks are read


def judge(service: Json, deployment: str, asked: str) -> tuple[State, str]:
    """Return whether what runs is what was asked for, V(good), V(bad) or V(wait), and a sentence on it.

    ``deployment`` is the one that was begun. Another one in its place, or another task definition, is a rollback.
    """
    all_of = service["deployments"]
    primary = next((one for one in all_of if one["status"] == "PRIMARY"), None)
    ours = next((one for one in all_of if one["id"] == deployment), None)
    if ours and ours.get("rolloutState") == "FAILED":
        return BAD, ours.get("rolloutStateReason") or "its deployment failed"
    if primary is None or primary["id"] != deployment:
        runs = tail(primary["taskDefinition"]) if primary else "nothing"
        return BAD, f"PRIMARY is {runs} again and not {tail(asked)}: ECS rolled back, or somebody else deployed"
    if primary["taskDefinition"] != asked:
        return BAD, f"PRIMARY is {tail(primary['taskDefinition'])} and not {tail(asked)}"
    steady = primary.get("rolloutState", "COMPLETED") == "COMPLETED" and len(all_of) == 1
    if steady and service["runningCount"] == service["desiredCount"]:
        return GOOD, f"{tail(asked)} runs with {service['runningCount']} tasks"
    return WAIT, primary.get("rolloutStateReason", "")


def by_itself(task: Json) -> bool:
    """Say whether a task ended by a fault of its own: it wasn't scaled in, reclaimed or stopped by people."""
    reason = task.get("stoppedReason", "")  # AWS may leave the code of an interruption out
    by_others = task.get("stopCode") in ("SpotInterruption", "TerminationNotice", "UserInitiated")
    return not (by_others or "Spot Task was interrupted" in reason or "Scaling activity" in reason)


def limit_of(service: Json) -> int:
    """Return with how many failed tasks a service's deployment has failed."""
    return tolerated(breaker_from_aws(service.get("deploymentConfiguration", {})), service["desiredCount"])


def progress(component: str, service: Json, healthy: str) -> str:
    """Return where a service is in one line."""
    primary: Json = next((one for one in service["deployments"] if one["status"] == "PRIMARY"), {})
    failed = f", {primary['failedTasks']} failed" if primary.get("failedTasks") else ""
    return (
        f"{component}: {tail(primary.get('taskDefinition', ''))} {primary.get('rolloutState', '')}, "
        f"{primary.get('desiredCount', 0)} desired, {primary.get('runningCount', 0)} running, "
        f"{primary.get('pendingCount', 0)} pending{failed}{healthy}"
    )


def function_name(arn: str) -> str:
    """Return the name of a function of its ARN, which may end with a version or an alias."""
    return arn.split(":")[6]


class Services:
    """The services of one rollout."""

    def __init__(self, context: Context, first_counts: dict[str, int], *, every_pause: bool = False):
        """Prepare; nothing is changed yet.

        ``first_counts`` has each service, with its tasks at its first release; with ``every_pause`` each pause is
        continued.
        """
        self._context, self._first_counts, self._aws, self._say = context, first_counts, context.aws, context.say
        self._deployments = Deployments(context.aws, context.stack, context.cluster, context.say)
        self._begun: dict[str, tuple[str, str]] = {}
        """The deployment that was begun of each component, and the task definition that was asked for."""
        self._spared: set[str] = set()
        """Tasks that ended before they could say anything of this rollout."""
        self._every_pause = every_pause
        self._waiting: dict[str, Pause] = {}
        """Where the components' deployments pause, as they were seen last."""
        self.registered: list[str] = []
        """The revisions that this rollout made."""

    # What there is

    def _find(self, component: str) -> Json | None:
        cluster, service = self._context.cluster, name("service", self._context.stack, component)
        found = unless(
            "ClusterNotFoundException", self._aws("ecs").describe_services,
            cluster=cluster, services=[service], otherwise={"services": []},
        )["services"]  # fmt: skip
        return next((one for one in found if one["status"] == "ACTIVE"), None)

    def _running(self, component: str) -> Json:
        """Return a service that was there when this began; a single answer without it says nothing."""
        try:
            return until(lambda: self._find(component), STALE_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            raise Failed(f"{component}: its service is gone; run site.yml, which makes it") from None

    def before(self) -> dict[str, ServiceBefore]:
        """Return what the services that there are run, and how many tasks each is to have."""
        found = {component: self._find(component) for component in self._first_counts}
        return {
            component: {"task_definition": one["taskDefinition"], "desired": one["desiredCount"]}
            for component, one in found.items()
            if one
        }

    def image(self, component: str) -> str:
        """Return the image that a service runs."""
        runs, _tags = definition(self._aws, self._running(component)["taskDefinition"])
        return image_of(runs, component)

    def check(self, before: dict[str, ServiceBefore]) -> None:
        """Raise EngineError for what can be known to go wrong before anything is changed."""
        for component in before:
            self._deployments.check(self._running(component))

    # Forward

    def forward(self, before: dict[str, ServiceBefore], images: Images) -> dict[str, str]:
        """Deploy the images, and return the ARN of each service's revision; nothing is waited for yet."""
        definitions = {}
        for component, was in before.items():
            family = name("service", self._context.stack, component)
            definitions[component], new = with_image(self._aws, family, component, images[component])
            if new:
                self.registered.append(definitions[component])
            self._update(component, definitions[component], self._first_count(component, was))
        return definitions

    def _first_count(self, component: str, was: ServiceBefore) -> int | None:
        """Return how many tasks a service is to have that was never released; None leaves it to the autoscaler."""
        runs, _tags = definition(self._aws, was["task_definition"])
        first = image_of(runs, component).rpartition("@")[2] in ARCHITECTURES
        return self._first_counts.get(component) if first and not was["desired"] else None

    def _update(self, component: str, asked: str, count: int | None) -> None:
        service, written = self._running(component), ("service", component) in self._context.writes
        known = {one["id"] for one in service["deployments"]}
        deploys = written or service["taskDefinition"] != asked
        if deploys or (count is not None and service["desiredCount"] != count):
            more = {} if count is None else {"desiredCount": count}
            if deploys:
                self._deployments.begin(component)
            service = self._context.writes.make(
                "service", component, self._aws("ecs").update_service, (),
                cluster=self._context.cluster, service=service["serviceName"], taskDefinition=asked, **more,
            )["service"]  # fmt: skip
        # With two target groups AWS needn't call the new one PRIMARY before the traffic is its.
        begun = min(
            service["deployments"], key=lambda one: (one["taskDefinition"] != asked, one["status"] != "PRIMARY")
        )
        if deploys and begun["id"] in known:
            self._deployments.none(component)  # it was there all the time
        self._begun[component] = (begun["id"], asked)
        self._say(f"{component}: {tail(asked)} is deployed, {service['desiredCount']} tasks")

    # Whether it comes up

    def paused(self, before: dict[str, ServiceBefore]) -> dict[str, list[Pause]]:
        """Return where the deployments of which component wait for somebody now."""
        found = {component: self._deployments.paused(component) for component in before}
        return {component: pauses for component, pauses in found.items() if pauses}

    def follow(self, components: Iterable[str]) -> None:
        """Wait for deployments that somebody else began, as for those of one's own."""
        for component in components:
            newest = max(self._running(component)["deployments"], key=lambda one: one["createdAt"])
            self._begun[component] = (newest["id"], newest["taskDefinition"])
        self.wait()

    def take_back(self, components: Iterable[str]) -> None:
        """Have ECS take back deployments that somebody else began."""
        for component in components:
            self._deployments.settle(component, begun=False)

    def go_on(self, paused: dict[str, list[Pause]]) -> None:
        """Continue deployments where they wait."""
        for component, pauses in paused.items():
            for one in pauses:
                self._deployments.go_on(component, one)

    def wait(self) -> None:
        """Wait until all services run what was asked for, and go on doing so for a moment.

        Raises Paused when all that is left to wait for is people.
        """
        if not self._begun:
            return
        started, good_since, limit = time.monotonic(), None, 0.0
        shown: dict[str, str] = {}
        while True:
            states = {}
            for component in self._begun:
                service = self._running(component)
                limit = max(limit, waits(service.get("deploymentConfiguration", {})))
                early = time.monotonic() < started + STALE_SECONDS
                states[component] = self._state(component, service, early, shown)
            self._pause(states)
            if all(state == GOOD for state in states.values()):
                good_since = good_since or time.monotonic()
                if time.monotonic() >= good_since + self._context.steady:
                    return
            else:
                good_since = None
            if time.monotonic() > started + self._context.timeout + limit:
                slow = next(one for one, state in states.items() if state != GOOD)
                raise Failed(f"{slow}: not up after {self._context.timeout} seconds\n{self._why(slow)}")
            time.sleep(self._context.pause)

    def _pause(self, states: dict[str, State]) -> None:
        """Continue what pauses, where that was asked for. Raises Paused elsewhere, when the rest is up."""
        if self._every_pause:
            for component, one in self._waiting.items():
                self._deployments.go_on(component, one)
        elif self._waiting and all(states[one] == GOOD for one in states if one not in self._waiting):
            raise Paused(self._waiting)

    def _state(self, component: str, service: Json, early: bool, shown: dict[str, str]) -> State:
        """Return whether a service is up, and say how it goes on where that is new. Raises Failed if it isn't to be."""
        deployment, asked = self._begun[component]
        state, reason = judge(service, deployment, asked)
        if early and deployment not in {one["id"] for one in service["deployments"]}:
            state = WAIT  # early reads show what was before, in turn with others: judged below
        status = self._deployments.status(component, asked)
        self._waiting.pop(component, None)
        if waiting := self._deployments.waiting(status):
            self._waiting[component] = waiting
        moves = shifts(service.get("deploymentConfiguration", {}))
        if moves and status.state == WAIT:
            state = WAIT  # PRIMARY counts when it is over
        line = progress(component, service, self._healthy(service)) + (f"; {status.line}" if status.line else "")
        if shown.get(component) != line:
            shown[component] = line
            self._say(line)
        if BAD in (state, status.state):
            end = self._deployments.end(component, asked)
            if end.alarms:
                raise Failed(f"{component}: {end.reason}\n{self._deployments.explain(end.alarms)}")
            if end.hooks:
                told = f"next: aws logs tail /aws/lambda/{function_name(end.hooks[0])} --since 15m"
                raise Failed(f"{component}: {end.reason}\n{told}")
            raise Failed(f"{component}: {end.reason or reason}\n{self._why(component)}")
        if state == GOOD and status.state == WAIT:
            state = WAIT
        if moves:
            # Nothing promises that ECS's circuit breaker looks at this, so the tasks are counted here.
            failed, most = len(self._ended(component)), limit_of(service)
            if failed >= most:
                raise Failed(
                    f"{component}: {failed} of its tasks failed, and {most} are enough\n{self._why(component)}"
                )
        if state == GOOD and self._ended(component):
            raise Failed(f"{component}: its tasks start and end again\n{self._why(component)}")
        return state

    def _healthy(self, service: Json) -> str:
        counts: list[bool] = []
        for balancer in service.get("loadBalancers", []):
            other = balancer.get("advancedConfiguration", {}).get("alternateTargetGroupArn")
            for group in filter(None, (balancer.get("targetGroupArn"), other)):
                health = self._aws("elbv2").describe_target_health(TargetGroupArn=group)
                counts += [one["TargetHealth"]["State"] == "healthy" for one in health["TargetHealthDescriptions"]]
        return f", {sum(counts)} of {len(counts)} targets healthy" if counts else ""

    def _ended(self, component: str) -> list[Json]:
        """Return the tasks of the deployment that was begun which ended by themselves, the newest first."""
        deployment, _asked = self._begun[component]
        service = name("service", self._context.stack, component)
        found = listed(self._aws, self._context.cluster, serviceName=service, desiredStatus="STOPPED")
        mine = [
            one
            for one in found
            if one.get("startedBy") == deployment and by_itself(one) and one["taskArn"] not in self._spared
        ]
        return sorted(mine, key=lambda one: str(one.get("createdAt", "")), reverse=True)

    def _why(self, component: str) -> str:
        asked, _tags = definition(self._aws, self._begun[component][1])
        ended, group = [], ""
        for index, task in enumerate(self._ended(component)):
            one = diagnosis.Ended.of(task, component)
            log = Log(self._aws, asked, component, task["taskArn"])
            group = log.group
            if index < LOGS_OF:
                one.lines = log.more()
            ended.append(one)
        return diagnosis.report(ended, self._context.names(component, group))

    # Back

    def back(self, before: dict[str, ServiceBefore]) -> None:
        """Deploy what ran before, without a pause; nothing is waited for yet but ECS's own way back."""
        self._every_pause = True
        for component in before:
            configuration = self._running(component).get("deploymentConfiguration", {})
            self._deployments.settle(component, begun=component in self._begun and shifts(configuration))
        self._begun = {}
        self._deployments.forget()
        for component, was in before.items():
            service = self._running(component)
            count = was["desired"] if service["desiredCount"] != was["desired"] and not was["desired"] else None
            self._update(component, was["task_definition"], count)

    def wait_back(self) -> None:
        """Wait until what ran before runs again.

        Where traffic is moved back, the deployment from before counts again, with all that ended in it since.
        """
        for component in self._begun:
            self._spared |= {one["taskArn"] for one in self._ended(component)}
        self.wait()

    def left(self, before: dict[str, ServiceBefore]) -> list[str]:
        """Return the revisions with another image that are newer than what ran before."""
        left = []
        for component, was in before.items():
            image = image_of(definition(self._aws, was["task_definition"])[0], component)
            family = name("service", self._context.stack, component)
            arns = self._aws.pages(
                "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE"
            )
            newer = [one for one in arns if revision(one) > revision(was["task_definition"])]
            left += [one for one in newer if image_of(definition(self._aws, one)[0], component) != image]
        return left
