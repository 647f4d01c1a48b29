"""Functions under a new release: their alias moves to the new version at once, or in steps that are judged.

Between the steps Lambda sends a share of the alias's calls to the new version (its weight). A step is judged by three
things: what CloudWatch counts of that version's calls under the alias (its dimension V(ExecutedVersion), which Lambda
writes for an alias with weights), the alarms that were named, and one call of the version itself.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ..engine.aws import Aws, unless
from ..engine.errors import EngineError
from ..engine.names import name
from . import alarms, diagnosis
from .context import Context

MISSING = "ResourceNotFoundException"
MINUTE = timedelta(minutes=1)
STREAMS = 50  # so many of a log group's newest streams are looked through
ALL_AT_ONCE, CANARY, LINEAR = "all_at_once", "canary", "linear"


@dataclass
class Strategy:
    """How the functions' aliases move: kind, percent of the calls a step, seconds of a step, seconds after the last."""

    kind: str = ALL_AT_ONCE
    percentage: int = 10
    interval: float = 300
    bake: float = 0
    alarms: list[str] = field(default_factory=list)
    """Names of alarms that end it, as the monitoring role calls them."""

    def weights(self) -> list[float]:
        """Return the new version's share of the calls in each step before the last."""
        if self.kind == CANARY:
            return [self.percentage / 100]
        if self.kind == LINEAR:
            return [round(n * self.percentage / 100, 2) for n in range(1, math.ceil(100 / self.percentage))]
        return []


class Aliases(Protocol):
    """What a canary needs of the functions that it moves."""

    alias: str

    def live_version(self, component: str) -> str:
        """Return the version that a function's alias shows; empty before the first release."""

    def point(self, component: str, version: str, weights: dict[str, float]) -> None:
        """Let a function's alias show a version, and others with a share of its calls."""

    def switch(self, component: str, version: str) -> None:
        """Let a function's alias show one version alone."""

    def call(self, component: str, version: str) -> None:
        """Call a version once; raises EngineError where that fails."""


class Canary:
    """One move of a stack's aliases to versions."""

    def __init__(
        self, context: Context, functions: Aliases, strategy: Strategy, versions: dict[str, str], *, calls: bool
    ):
        """Prepare; nothing is changed yet. ``calls`` says whether each step calls each version once."""
        self._context, self._functions, self._strategy, self._versions = context, functions, strategy, versions
        self._calls, self._aws, self._say = calls, context.aws, context.say
        self._watched = alarms.Watched(context.aws, context.stack, strategy.alarms)
        self._since = minute()
        self._before: dict[str, tuple[float, float]] = {}
        self._alone = False

    def go(self) -> None:
        """Move the aliases to the versions. Raises EngineError where a version doesn't do well."""
        live = {one: self._functions.live_version(one) for one in self._versions}
        moving = [one for one, version in self._versions.items() if live[one] not in ("", version)]
        judged = bool(moving) and (self._strategy.weights() or self._strategy.bake)
        if judged:
            self._before = {one: self._counted(one) for one in moving}
            self._watched.begin(self._say)
        for weight in self._strategy.weights() if moving else []:
            for component in moving:
                self._functions.point(component, live[component], {self._versions[component]: weight})
                self._say(f"{component}: {weight:.0%} of the calls go to version {self._versions[component]}")
            self._watch(moving, self._strategy.interval, f"with {weight:.0%} of the calls")
        for component, version in self._versions.items():
            self._functions.switch(component, version)
        if judged and self._strategy.bake:
            # What was called before the switch may still be counted in this minute.
            self._since, self._before, self._alone = minute() + MINUTE, {}, True
            self._watch(moving, self._strategy.bake, "with all of the calls")

    def _watch(self, moving: list[str], seconds: float, at: str) -> None:
        """Look at the versions for a time, and call each once."""
        deadline = time.monotonic() + seconds
        shown: dict[str, str] = {}
        if self._calls:
            for component in moving:
                self._functions.call(component, self._versions[component])
        while True:
            for component in moving:
                calls, errors = self._new(component)
                line = f"{component}: version {self._versions[component]} {at}: {calls:g} counted, {errors:g} failed"
                if shown.get(component) != line:
                    shown[component] = line
                    self._say(line)
                if errors:
                    raise EngineError(self._why(component, calls, errors, at))
            self._watched.check(f"while the functions were judged {at}")
            if time.monotonic() >= deadline:
                return
            time.sleep(min(self._context.pause, max(0.1, deadline - time.monotonic())))

    # What CloudWatch counts

    def _new(self, component: str) -> tuple[float, float]:
        now, before = self._counted(component), self._before.get(component, (0.0, 0.0))
        return now[0] - before[0], now[1] - before[1]

    def _counted(self, component: str) -> tuple[float, float]:
        """Return the new version's calls and errors under the alias.

        With all calls they are the alias's: that Lambda writes ExecutedVersion without weights isn't documented.
        """
        function = self._function(component)
        dimensions = {"FunctionName": function, "Resource": f"{function}:{self._functions.alias}"}
        if not self._alone:
            dimensions["ExecutedVersion"] = self._versions[component]
        queries = [
            {
                "Id": metric.lower(),
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda", "MetricName": metric,
                        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
                    },
                    "Period": 60, "Stat": "Sum",
                },
            }
            for metric in ("Invocations", "Errors")
        ]  # fmt: skip
        answer = self._aws("cloudwatch").get_metric_data(
            MetricDataQueries=queries, StartTime=self._since, EndTime=max(minute(), self._since) + MINUTE
        )
        sums = {one["Id"]: sum(one["Values"]) for one in answer["MetricDataResults"]}
        return sums.get("invocations", 0.0), sums.get("errors", 0.0)

    # Why

    def _function(self, component: str) -> str:
        return name("function", self._context.stack, component)

    def _why(self, component: str, calls: float, errors: float, at: str) -> str:
        version, group = self._versions[component], name("lambda_log_group", self._context.stack, component)
        one = diagnosis.Ended(
            self._function(component), diagnosis.FUNCTION, f"{errors:g} of {calls:g} calls failed",
            lines=last_lines(self._aws, group, version),
        )  # fmt: skip
        return (
            f"{component}: version {version} {at} fails\n"
            f"{diagnosis.report([one], self._context.names(component, group))}"
        )


def minute() -> datetime:
    """Return when this minute began: CloudWatch counts by minutes."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


def last_lines(aws: Aws, group: str, version: str) -> list[str]:
    """Return the newest lines that one version of a function wrote: Lambda names its streams by version."""
    streams = unless(
        MISSING, aws("logs").describe_log_streams,
        logGroupName=group, orderBy="LastEventTime", descending=True, limit=STREAMS, otherwise={"logStreams": []},
    )["logStreams"]  # fmt: skip
    stream = next((one["logStreamName"] for one in streams if f"[{version}]" in one["logStreamName"]), None)
    if stream is None:
        return []
    events = aws("logs").get_log_events(logGroupName=group, logStreamName=stream, limit=100)["events"]
    return diagnosis.own_lines(event["message"] for event in events)
