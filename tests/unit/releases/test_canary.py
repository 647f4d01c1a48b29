"""Moving an alias: the steps, and what a failed call is put down to."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.canary import Canary, Strategy

NAMES = {"stack": "s", "component": "cleanup", "cluster": "c", "repository": "r", "release": "x", "group": "/aws/lambda/s-cleanup"}


@pytest.mark.parametrize(
    ("kind", "percentage", "weights"),
    [
        ("all_at_once", 10, []),
        ("canary", 5, [0.05]),
        ("linear", 25, [0.25, 0.5, 0.75]),
        ("linear", 30, [0.3, 0.6, 0.9]),
        ("linear", 50, [0.5]),
        ("linear", 60, [0.6]),
        ("linear", 99, [0.99]),
    ],
)
def test_steps(kind, percentage, weights):
    assert Strategy(kind, percentage).weights() == weights


@pytest.mark.parametrize(
    ("reason", "lines", "cause", "command"),
    [
        ("Sandbox.Timedout: Task timed out after 3.00 seconds", [], "takes longer than it may", "raise timeout of cleanup in stack_components"),
        ("1 of 2 calls failed", ["Error: Task timed out after 3.00 seconds"], "takes longer than it may", "raise timeout of cleanup in stack_components"),
        ("Runtime.ExitError: signal: killed", [], "too little memory", "raise memory of cleanup in stack_components"),
        ("Runtime.ImportModuleError: no module", [], "isn't there", "image's command"),
        ("1 of 1 calls failed", ["AccessDenied"], "permission", "aws logs tail /aws/lambda/s-cleanup"),
        ("1 of 1 calls failed", ['relation "x" does not exist'], "isn't migrated", "migrate.yml"),
        # What is said of tasks isn't said of a function: neither a crash at the start, nor ECS.
        ("Runtime.ExitError: exit status 1", ["ValueError: boom"], "fails when it is called", "aws logs tail"),
        ("1 of 1 calls failed", [], "fails when it is called", "aws logs tail"),
    ],
)
def test_cause_of_a_failed_call(reason, lines, cause, command):
    told = diagnosis.report([diagnosis.Ended("fn", diagnosis.FUNCTION, reason, lines=lines)], NAMES)
    assert cause in told and command in told
    assert "ECS" not in told and "aws ecs" not in told


def test_own_lines():
    lines = ["START RequestId: 1 Version: 2\n", "mine\n", "END RequestId: 1\n", "REPORT RequestId: 1\n"]
    assert diagnosis.own_lines(lines) == ["mine"]


class World:
    """AWS and functions as far as an alias that moves sees them: each look at CloudWatch takes the next counts."""

    alias = "live"

    def __init__(self, strategy, counts=(), alarm="OK", live="1"):
        self.strategy, self.counts, self.alarm, self.live = strategy, list(counts), alarm, live
        self.did, self.said, self.asked = [], [], []

    def can_paginate(self, _operation):
        return False

    def live_version(self, _component):
        return self.live

    def switch(self, component, version):
        self.did.append(("switch", component, version))

    def call(self, component, version):
        self.did.append(("call", component, version))

    def point(self, _component, version, weights):
        self.did.append(("share", version, weights))

    def get_metric_data(self, MetricDataQueries, StartTime, EndTime):  # noqa: N803
        assert StartTime < EndTime
        calls, errors = self.counts.pop(0) if len(self.counts) > 1 else self.counts[0]
        self.asked.append({one["Name"] for one in MetricDataQueries[0]["MetricStat"]["Metric"]["Dimensions"]})
        return {"MetricDataResults": [{"Id": "invocations", "Values": [calls]}, {"Id": "errors", "Values": [errors]}]}

    def describe_alarms(self, AlarmNames, AlarmTypes):  # noqa: N803
        if AlarmTypes != ["MetricAlarm"]:
            return {}
        state = self.alarm.pop(0) if isinstance(self.alarm, list) and len(self.alarm) > 1 else self.alarm
        return {"MetricAlarms": [{"AlarmName": one, "StateValue": state[0] if isinstance(state, list) else state} for one in AlarmNames]}

    def describe_log_streams(self, **_asked):
        return {"logStreams": [{"logStreamName": "d/[1]a"}, {"logStreamName": "d/[2]b"}]}

    def get_log_events(self, logStreamName, **_asked):  # noqa: N803
        return {"events": [{"message": f"line of {logStreamName}\n"}]}


@pytest.fixture
def go(context, clock):
    """Move the alias of a world; time passes only where something is waited for."""
    return lambda world: Canary(context(world, world.said.append, pause=1), world, world.strategy, {"cleanup": "2"}, calls=True).go()


def test_at_once_nothing_is_judged(go):
    world = World(Strategy())
    go(world)
    assert world.did == [("switch", "cleanup", "2")] and not world.asked


def test_a_version_that_is_live_already_is_not_moved(go):
    world = World(Strategy("canary", 10, interval=0), live="2")
    go(world)
    assert world.did == [("switch", "cleanup", "2")] and not world.asked


def test_linear_steps_and_bake(go):
    # What was counted before it began (an earlier attempt of the same version) is no failure of this one.
    world = World(Strategy("linear", 40, interval=0, bake=0.01), [(5, 5)] * 3 + [(0, 0)])
    go(world)
    shares = [one for one in world.did if one[0] != "call"]
    assert shares == [("share", "1", {"2": 0.4}), ("share", "1", {"2": 0.8}), ("switch", "cleanup", "2")]
    assert world.did.count(("call", "cleanup", "2")) == 3
    assert world.asked[0] == {"FunctionName", "Resource", "ExecutedVersion"}
    assert world.asked[-1] == {"FunctionName", "Resource"}


def test_an_error_ends_it(go):
    world = World(Strategy("canary", 10, interval=60), [(5, 5), (7, 6)])
    with pytest.raises(EngineError, match=r"cleanup: version 2 with 10% of the calls fails") as caught:
        go(world)
    for word in ("1 of 2 calls failed", "line of d/[2]b", "next: aws logs tail /aws/lambda/s-cleanup"):
        assert word in str(caught.value)
    assert ("switch", "cleanup", "2") not in world.did


def test_an_error_with_all_calls_ends_it(go):
    world = World(Strategy("canary", 10, interval=0, bake=60), [(0, 0), (0, 0), (3, 1)])
    with pytest.raises(EngineError, match="with all of the calls fails"):
        go(world)


def test_an_alarm_ends_it(go):
    world = World(Strategy("canary", 10, interval=60, alarms=["cleanup-errors"]), [(0, 0)], alarm=["OK", "ALARM"])
    with pytest.raises(EngineError, match="the alarm s-cleanup-errors went off while the functions were judged with 10%"):
        go(world)
    spared = World(Strategy("canary", 10, interval=0, alarms=["cleanup-errors"]), [(0, 0)], alarm="ALARM")
    go(spared)
    assert "is on already" in " ".join(spared.said)
