"""What ECS says of its own deployments: stages, the share of the traffic, alarms, and whether it took one back.

DescribeServices shows what is PRIMARY; only the service deployments say why, and how far one with two target groups is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ..engine.aws import Aws, unless
from ..engine.errors import EngineError, code
from ..engine.names import name, tail
from ..engine.waiting import TimedOut, until
from ..kinds.ecs_pauses import Pause, pauses
from . import alarms
from .context import Say
from .shapes import Json

State = Literal["good", "bad", "wait"]
GOOD: State = "good"
BAD: State = "bad"
WAIT: State = "wait"
GOING_ON = ("PENDING", "IN_PROGRESS")
GOING_BACK = ("STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
# What became of a deployment that didn't succeed.
ENDS = {
    "STOPPED": "it was stopped, and nothing was taken back",
    "STOP_REQUESTED": "it is being stopped",
    "ROLLBACK_REQUESTED": "ECS takes it back",
    "ROLLBACK_IN_PROGRESS": "ECS takes it back",
    "ROLLBACK_SUCCESSFUL": "ECS took it back",
    "ROLLBACK_FAILED": "ECS could not take it back",
}
ROLLING = "ROLLING"
GOING_BACK_SECONDS = 1800
SHOWN_SECONDS = 30
OVER = ("ConflictException", "ServiceDeploymentNotFoundException")
AT_ONCE = 100  # deployments that ECS lists in one call, at the most


@dataclass
class Status:
    """What a service deployment says: V(good), V(bad), V(wait), or nothing where there is none; a line; why."""

    state: State | Literal[""] = ""
    line: str = ""
    reason: str = ""
    alarms: tuple[str, ...] = ()
    """The alarms that ended it: with them the reason says it all, and no task has to be asked."""
    hooks: tuple[str, ...] = ()
    """The functions that ended it, by ARN: no task has to be asked either."""
    pauses: tuple[Pause, ...] = ()
    """Where it waits for somebody to continue it."""


def status_of(deployment: Json | None) -> Status:
    """Return what one service deployment says of itself; one that ECS doesn't show yet is pending."""
    if deployment is None:
        return Status(WAIT)
    status, reason = deployment["status"], deployment.get("statusReason", "")
    line = ", ".join(part for part in (_stage(deployment), status, _share(deployment)) if part)
    if status in GOING_ON:
        return Status(WAIT, line, pauses=tuple(pauses(deployment)))
    if status == "SUCCESSFUL":
        return Status(GOOD, line)
    gone = tuple(deployment.get("alarms", {}).get("triggeredAlarmNames") or ())
    if gone:
        reason = f"ECS gave its deployment up because of the alarm {', '.join(gone)}; {ENDS[status]}"
        return Status(BAD, line, reason, gone)
    asked = tuple(_against(deployment))
    if asked:
        named = ", ".join(tail(one) for one in asked)
        return Status(BAD, line, f"ECS gave its deployment up because of the hook {named}; {ENDS[status]}", hooks=asked)
    count = deployment.get("deploymentCircuitBreaker", {}).get("failureCount") or 0
    tasks = f"; {count} tasks failed" if count else ""
    return Status(BAD, line, f"{reason.rstrip('.') or 'its deployment failed'}{tasks}; {ENDS[status]}")


def _against(deployment: Json) -> Iterator[str]:
    """Yield the functions that said no to a deployment, or nothing in their time."""
    for one in deployment.get("lifecycleHookDetails", []):
        late = one.get("status") == "TIMED_OUT" and one.get("timeoutAction") != "CONTINUE"
        if one.get("targetArn") and (late or one.get("status") == "FAILED"):
            yield one["targetArn"]


def _stage(deployment: Json) -> str:
    configuration = deployment.get("deploymentConfiguration", {})
    return (
        f"{configuration['strategy']} {deployment.get('lifecycleStage', '')}".strip() if shifts(configuration) else ""
    )


def _share(deployment: Json) -> str:
    share = deployment.get("targetServiceRevision", {}).get("requestedProductionTrafficWeight")
    return "" if share is None or not _stage(deployment) else f"{share:g} % of the traffic is the new revision's"


def shifts(configuration: Json) -> bool:
    """Say whether a deployment moves traffic between two target groups."""
    return configuration.get("strategy", ROLLING) != ROLLING


def waits(configuration: Json) -> float:
    """Return for how many seconds a deployment waits because it was told to."""
    strategy, minutes = configuration.get("strategy", ROLLING), configuration.get("bakeTimeInMinutes") or 0
    if strategy == "CANARY":
        minutes += configuration.get("canaryConfiguration", {}).get("canaryBakeTimeInMinutes", 10)
    if strategy == "LINEAR":
        steps = configuration.get("linearConfiguration", {})
        minutes += steps.get("stepBakeTimeInMinutes", 6) * (100 / steps.get("stepPercent", 10.0))
    return minutes * 60.0 if shifts(configuration) else 0.0


class Deployments:
    """The service deployments of one rollout."""

    def __init__(self, aws: Aws, stack: str, cluster: str, say: Say):
        """Prepare; nothing is asked yet."""
        self._aws, self._stack, self._cluster, self._say = aws, stack, cluster, say
        self._before: dict[str, set[str]] = {}
        self._arns: dict[str, str] = {}
        self._continued: set[str] = set()
        """The hooks that were continued, which AWS may go on showing."""

    def check(self, service: Json) -> None:
        """Raise EngineError for an alarm that a service names and that doesn't exist; say if none will count."""
        named = service.get("deploymentConfiguration", {}).get("alarms") or {}
        found = alarms.existing(self._aws, named["alarmNames"] if named.get("enable") else [])
        on = sorted(one for one, alarm in found.items() if alarm["StateValue"] == alarms.ALARM)
        if on:
            self._say(f"{service['serviceName']}: {', '.join(on)} is on already, so ECS looks at no alarm this time")

    def begin(self, component: str) -> None:
        """Remember what there is, before a deployment begins."""
        self._before[component] = {one["serviceDeploymentArn"] for one in self._list(component)}
        self._arns.pop(component, None)

    def none(self, component: str) -> None:
        """No deployment began: what goes on counts, if anything does."""
        self._before.pop(component, None)

    def forget(self) -> None:
        """From now on other deployments count."""
        self._before, self._arns = {}, {}

    def status(self, component: str, asked: str) -> Status:
        """Return what the deployment of a task definition says; nothing where none was begun."""
        if component not in self._arns:
            found = self._find(component, asked)
            if not found:
                return Status(WAIT if component in self._before else "")
            self._arns[component] = found
        return status_of(self._described(self._arns[component]))

    def waiting(self, status: Status) -> Pause | None:
        """Return the pause that is over first of those at which a deployment waits and that nobody continued here."""
        left = [one for one in status.pauses if one.hook not in self._continued]
        return min(left, key=lambda one: one.until, default=None)

    def paused(self, component: str) -> list[Pause]:
        """Return where the deployments of a service that go on wait for somebody."""
        arns = [one["serviceDeploymentArn"] for one in self._list(component) if one["status"] in GOING_ON]
        return [pause for arn in arns for pause in pauses(self._described(arn))]

    def go_on(self, component: str, pause: Pause) -> None:
        """Continue a deployment. Raises what AWS answers, unless it doesn't wait there any more."""
        self._say(f"{component}: it is continued at {pause.stage}")
        try:
            self._aws("ecs").continue_service_deployment(
                serviceDeploymentArn=pause.deployment, hookId=pause.hook, action="CONTINUE"
            )
        except Exception as error:
            there = code(error) and pause.hook in {one.hook for one in pauses(self._described(pause.deployment))}
            if not code(error) or there:
                raise
        self._continued.add(pause.hook)

    def end(self, component: str, asked: str) -> Status:
        """Return the end of a deployment that is known to have failed, once ECS shows it."""

        def ended() -> Status | None:
            status = self.status(component, asked)
            return status if status.state != WAIT else None

        try:
            return until(ended, SHOWN_SECONDS, "the end of the deployment being shown", delay=0.2)
        except TimedOut:
            return Status()

    def explain(self, names: tuple[str, ...]) -> str:
        """Return what is known of the alarms that took a deployment back, the likely cause and the next command."""
        states = [
            f"{one}: {alarm['StateValue']}, {alarm.get('StateReason') or 'no reason given'}"
            for one, alarm in alarms.existing(self._aws, list(names)).items()
        ]
        return "\n".join([
            *states,
            "likely cause: the new revision does what the alarm watches for",
            f"next: aws cloudwatch describe-alarm-history --alarm-name {names[0]}",
        ])  # fmt: skip

    def settle(self, component: str, begun: bool) -> None:
        """Wait until ECS has taken back what it takes back; have it take back what moves traffic.

        ``begun`` says that this rollout began one that moves traffic, which ECS may list late.
        """
        for one in self._listed(component) if begun else self._list(component):
            arn = one["serviceDeploymentArn"]
            if one["status"] in GOING_ON:
                deployment = until(partial(self._described, arn), SHOWN_SECONDS, f"{arn} being shown", delay=0.5)
                if not _stage(deployment):
                    continue  # the next deployment takes its place
                if deployment["status"] in GOING_ON:
                    self._say(f"{component}: its deployment is taken back")
                    # It may have ended meanwhile, or have been told already by a call whose answer was lost.
                    unless(
                        OVER, self._aws("ecs").stop_service_deployment, serviceDeploymentArn=arn, stopType="ROLLBACK"
                    )
            elif one["status"] not in GOING_BACK:
                continue
            self._gone_back(component, arn)

    def _listed(self, component: str) -> list[Json]:
        """Return a service's deployments once the one that was begun is among them."""
        before = self._before.get(component, set())

        def listed() -> list[Json] | None:
            found = self._list(component)
            return found if {one["serviceDeploymentArn"] for one in found} - before else None

        try:
            return until(listed, SHOWN_SECONDS, "", delay=0.5, longest=4)
        except TimedOut:
            return self._list(component)

    def _gone_back(self, component: str, arn: str) -> None:
        deadline = time.monotonic() + GOING_BACK_SECONDS
        while (found := self._described(arn)) is None or found["status"] in (*GOING_ON, *GOING_BACK):
            if time.monotonic() > deadline:
                raise EngineError(f"{component}: ECS hasn't taken its deployment back in {GOING_BACK_SECONDS} seconds")
            time.sleep(1)
        if found["status"] == "ROLLBACK_FAILED":
            raise EngineError(f"{component}: ECS could not take its deployment back: {found.get('statusReason')}")

    def _list(self, component: str) -> list[Json]:
        """Return a service's deployments, the newest first; AWS promises no order, and keeps those of 90 days."""
        found = self._aws.pages(
            "ecs", "list_service_deployments", "serviceDeployments",
            cluster=self._cluster, service=name("service", self._stack, component), maxResults=AT_ONCE,
        )  # fmt: skip
        return sorted(found, key=lambda one: one["createdAt"], reverse=True)

    def _described(self, arn: str) -> Json | None:
        """Return a deployment as ECS describes it; None while it doesn't, although it lists it."""
        found = self._aws("ecs").describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
        return next(iter(found), None)

    def _find(self, component: str, asked: str) -> str:
        """Return the ARN of the deployment that was begun, or that goes on, of a task definition."""
        before = self._before.get(component)
        for one in self._list(component):
            new = one["serviceDeploymentArn"] not in before if before is not None else one["status"] in GOING_ON
            if not new:
                continue
            revisions = self._aws("ecs").describe_service_revisions(
                serviceRevisionArns=[one["targetServiceRevisionArn"]]
            )["serviceRevisions"]
            if any(revision["taskDefinition"] == asked for revision in revisions):
                return one["serviceDeploymentArn"]
        return ""
