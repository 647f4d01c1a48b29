"""What a service deployment says of itself, and for how long it may wait."""

from datetime import UTC, datetime

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import between
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import pauses, records
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.alarms import Watched
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.deployments import (
    ENDS,
    GOING_ON,
    Deployments,
    status_of,
    waits,
)
from botocore.exceptions import ClientError

BLUE_GREEN = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}
ALARMS = {"alarms": {"status": "TRIGGERED", "triggeredAlarmNames": ["s-target-5xx"]}}


def asked(status, arn="arn:aws:lambda:us-east-1:1:function:check", action="ROLLBACK"):
    return {"hookId": "h", "status": status, "timeoutAction": action, **({"targetArn": arn} if arn else {})}


@pytest.mark.parametrize(
    ("told", "state", "words"),
    [
        ({"status": "PENDING"}, "wait", ""),
        ({"status": "IN_PROGRESS"}, "wait", ""),
        ({"status": "SUCCESSFUL"}, "good", ""),
        # Ended, and yet not what was asked for: a rollback that succeeded is a failure.
        ({"status": "ROLLBACK_SUCCESSFUL", "statusReason": "Breaker.", "deploymentCircuitBreaker": {"failureCount": 3}}, "bad", "Breaker; 3 tasks failed; ECS took it back"),
        ({"status": "ROLLBACK_IN_PROGRESS"}, "bad", "its deployment failed; ECS takes it back"),
        ({"status": "STOPPED", "statusReason": "Stopped."}, "bad", "Stopped; it was stopped, and nothing was taken back"),
        ({"status": "ROLLBACK_SUCCESSFUL", "statusReason": "x", **ALARMS}, "bad", "because of the alarm s-target-5xx"),
        # A function that said no, or nothing in its time, is told by its name; a pause, and one that may be late, are none.
        ({"status": "ROLLBACK_SUCCESSFUL", "statusReason": "x", "lifecycleHookDetails": [asked("FAILED")]}, "bad", "because of the hook check; ECS took it back"),
        ({"status": "ROLLBACK_IN_PROGRESS", "lifecycleHookDetails": [asked("TIMED_OUT")]}, "bad", "because of the hook check; ECS takes it back"),
        ({"status": "ROLLBACK_SUCCESSFUL", "statusReason": "x", "lifecycleHookDetails": [asked("TIMED_OUT", action="CONTINUE"), asked("FAILED", None), asked("SUCCEEDED")]}, "bad", "x; ECS took it back"),
        # An alarm that went off when all was over is no failure.
        ({"status": "SUCCESSFUL", **ALARMS}, "good", ""),
    ],
)  # fmt: skip
def test_status(told, state, words):
    status = status_of(told)
    assert status.state == state
    assert words in status.reason
    assert status.alarms == (("s-target-5xx",) if "alarm" in words else ())


def test_every_end_has_words():
    statuses = boto3.session.Session()._session.get_service_model("ecs").shape_for("ServiceDeploymentStatus").enum
    assert set(statuses) == {*ENDS, *GOING_ON, "SUCCESSFUL"}


def test_progress_tells_the_stage_and_the_traffic():
    target = {"requestedProductionTrafficWeight": 10.0}
    told = {"status": "IN_PROGRESS", "lifecycleStage": "PRODUCTION_TRAFFIC_SHIFT", "targetServiceRevision": target}
    line = status_of({**told, "deploymentConfiguration": {"strategy": "CANARY"}}).line
    assert line == "CANARY PRODUCTION_TRAFFIC_SHIFT, IN_PROGRESS, 10 % of the traffic is the new revision's"
    assert status_of({**told, "deploymentConfiguration": {"strategy": "ROLLING"}}).line == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("configuration", "minutes"),
    [
        ({}, 0),
        ({"strategy": "ROLLING", "bakeTimeInMinutes": 9}, 0),
        (BLUE_GREEN, 5),
        ({"strategy": "CANARY", "bakeTimeInMinutes": 5, "canaryConfiguration": {"canaryBakeTimeInMinutes": 7}}, 12),
        ({"strategy": "LINEAR", "bakeTimeInMinutes": 1, "linearConfiguration": {"stepPercent": 25.0, "stepBakeTimeInMinutes": 2}}, 9),
    ],
)  # fmt: skip
def test_waits(configuration, minutes):
    assert waits(configuration) == minutes * 60


class Client:
    """Answers what it was given, deployments by pages of two, which AWS promises in no order."""

    def __init__(self, deployments=(), alarms=()):
        self.deployments, self.alarms, self.stopped = list(deployments), list(alarms), []
        self.aws = Aws(lambda _service: self, "us-east-1")

    def can_paginate(self, _operation):
        return False

    def list_service_deployments(self, nextToken="0", **asked):  # noqa: N803
        assert asked["maxResults"] == 100  # AWS allows no more
        keys = ("serviceDeploymentArn", "status", "createdAt", "targetServiceRevisionArn")
        told = [{key: one[key] for key in keys} for one in self.deployments]
        more = {"nextToken": str(int(nextToken) + 2)} if len(told) > int(nextToken) + 2 else {}
        return {"serviceDeployments": told[int(nextToken) :][:2], **more}

    def describe_service_deployments(self, serviceDeploymentArns):  # noqa: N803
        return {"serviceDeployments": [one for one in self.deployments if one["serviceDeploymentArn"] in serviceDeploymentArns]}

    def describe_service_revisions(self, serviceRevisionArns):  # noqa: N803
        return {"serviceRevisions": [{"taskDefinition": one.partition("of ")[2]} for one in serviceRevisionArns]}

    def stop_service_deployment(self, serviceDeploymentArn, stopType):  # noqa: N803
        """Answer as AWS does to the second of two calls, when the answer to the first was lost."""
        self.stopped.append((serviceDeploymentArn, stopType))
        next(one for one in self.deployments if one["serviceDeploymentArn"] == serviceDeploymentArn)["status"] = "ROLLBACK_SUCCESSFUL"
        raise ClientError({"Error": {"Code": "ConflictException", "Message": "it is stopped"}}, "StopServiceDeployment")

    def describe_alarms(self, AlarmNames, AlarmTypes):  # noqa: N803
        assert len(AlarmNames) <= 100  # AWS allows no more
        return {"MetricAlarms": [one for one in self.alarms if one["AlarmName"] in AlarmNames and AlarmTypes == ["MetricAlarm"]]}


def deployment(number, definition, status="IN_PROGRESS"):
    return {"serviceDeploymentArn": f"d{number}", "status": status, "createdAt": number, "targetServiceRevisionArn": f"revision of {definition}"}


def test_only_what_was_begun_counts():
    aws = Client([deployment(1, "td:2", "ROLLBACK_SUCCESSFUL")])
    told = Deployments(aws.aws, "s", "c", print)
    assert told.status("api", "td:2").state == ""  # it is over, and not ours
    told.begin("api")
    assert told.status("api", "td:2").state == "wait"  # AWS doesn't show ours yet: the one that failed before isn't it
    aws.deployments.insert(0, deployment(2, "td:2"))
    assert told.status("api", "td:2").state == "wait"
    aws.deployments[0]["status"] = "SUCCESSFUL"
    assert told.status("api", "td:2").state == "good"
    # The one of another revision is somebody else's.
    told.begin("api")
    aws.deployments.insert(0, deployment(3, "td:9", "SUCCESSFUL"))
    assert told.status("api", "td:2").state == "wait"


def test_what_goes_on_is_taken_over():
    told = Deployments(Client([deployment(2, "td:2"), deployment(1, "td:1", "SUCCESSFUL")]).aws, "s", "c", print)
    assert told.status("api", "td:2").state == "wait"
    assert told.status("worker", "td:1").state == ""


def test_a_deployment_of_a_later_page_is_found():
    """A service that is deployed many times a day has hundreds, and none of ours needs to be on the first page."""
    old = [deployment(number, "td:1", "SUCCESSFUL") for number in range(1, 8)]
    aws = Client(old)
    told = Deployments(aws.aws, "s", "c", print)
    told.begin("api")
    aws.deployments.append(deployment(9, "td:2"))
    assert told.status("api", "td:2").line == "IN_PROGRESS"
    # A service that was deployed before isn't taken for one that is being deployed.
    told.begin("worker")
    assert told.status("worker", "td:1").line == ""


def test_what_was_stopped_already_is_no_failure():
    going = deployment(3, "td:2") | {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}
    aws = Client([going])
    Deployments(aws.aws, "s", "c", print).settle("api", begun=False)
    assert aws.stopped == [("d3", "ROLLBACK")]


def test_what_is_gone_when_it_is_to_be_stopped_is_no_failure(monkeypatch):
    aws = Client([deployment(3, "td:2") | {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}])

    def gone(**_asked):
        aws.deployments[0]["status"] = "STOPPED"
        raise ClientError({"Error": {"Code": "ServiceDeploymentNotFoundException", "Message": "gone"}}, "StopServiceDeployment")

    monkeypatch.setattr(aws, "stop_service_deployment", gone)
    Deployments(aws.aws, "s", "c", print).settle("api", begun=False)


def late(monkeypatch, aws, operation, *answers):
    """Let the first answers to an operation be these."""
    original, left = getattr(aws, operation), list(answers)
    monkeypatch.setattr(aws, operation, lambda **asked: left.pop(0) if left else original(**asked))


NOTHING = {"serviceDeployments": []}


def test_a_deployment_that_ecs_lists_and_does_not_describe_yet_is_pending(monkeypatch):
    aws = Client()
    told = Deployments(aws.aws, "s", "c", print)
    told.begin("api")
    aws.deployments.append(deployment(2, "td:2", "SUCCESSFUL"))
    late(monkeypatch, aws, "describe_service_deployments", NOTHING)
    assert told.status("api", "td:2").state == "wait"
    assert told.status("api", "td:2").state == "good"


def test_what_is_listed_and_described_late_is_taken_back_all_the_same(monkeypatch):
    """A deployment that moves traffic, begun a moment ago, must not be left to go on because no list has it yet."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    aws = Client()
    told = Deployments(aws.aws, "s", "c", lambda line: None)
    told.begin("api")
    aws.deployments.append(deployment(3, "td:2") | {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}})
    late(monkeypatch, aws, "list_service_deployments", NOTHING)
    late(monkeypatch, aws, "describe_service_deployments", NOTHING, NOTHING)
    told.settle("api", begun=True)
    assert aws.stopped == [("d3", "ROLLBACK")]


def test_alarms():
    said = []
    aws = Client(alarms=[{"AlarmName": "s-one", "StateValue": "ALARM", "StateReason": "r"}, {"AlarmName": "s-two", "StateValue": "OK"}])
    service = {"serviceName": "s-api", "deploymentConfiguration": {"alarms": {"enable": True, "alarmNames": ["s-one", "s-two"]}}}
    Deployments(aws.aws, "s", "c", said.append).check(service)
    assert said == ["s-api: s-one is on already, so ECS looks at no alarm this time"]
    service["deploymentConfiguration"]["alarms"]["alarmNames"].append("s-none")
    with pytest.raises(EngineError, match="there is no alarm s-none"):
        Deployments(aws.aws, "s", "c", said.append).check(service)
    watched = Watched(aws.aws, "s", ["one", "two"])
    watched.begin(said.append)
    watched.check("now")  # the one that was on before is spared
    aws.alarms[1]["StateValue"] = "ALARM"
    with pytest.raises(EngineError, match="the alarm s-two went off now: no reason given"):
        watched.check("now")


# Pauses


def paused(number, hook="h", status="AWAITING_ACTION"):
    until = datetime(2026, 11, 30, 18, tzinfo=UTC)
    told = {"hookId": hook, "targetType": "PAUSE", "status": status, "expiresAt": until, "timeoutAction": "CONTINUE"}
    return deployment(number, "td:2") | {"lifecycleStage": "POST_SCALE_UP", "lifecycleHookDetails": [told]}


class Continuing(Client):
    """Continues deployments, and may go on showing that it didn't, or refuse."""

    code, shown = "", 0

    def continue_service_deployment(self, serviceDeploymentArn, hookId, action):  # noqa: N803
        self.stopped.append((serviceDeploymentArn, hookId, action))
        if not self.shown:
            self.deployments[0]["lifecycleHookDetails"][0]["status"] = "SUCCEEDED"
        if self.code:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "ContinueServiceDeployment")


def test_a_deployment_that_pauses_says_where_and_is_continued_once():
    aws, said = Continuing([paused(2)]), []
    told = Deployments(aws.aws, "s", "c", said.append)
    aws.shown = True
    status = told.status("api", "td:2")
    pause = told.waiting(status)
    assert (status.state, pause.where()) == ("wait", "at POST_SCALE_UP until 2026-11-30T18:00:00Z, when it goes on")
    assert told.paused("api") == [pause] == list(status.pauses)
    told.go_on("api", pause)
    assert aws.stopped == [("d2", "h", "CONTINUE")] and said == ["api: it is continued at POST_SCALE_UP"]
    assert told.waiting(told.status("api", "td:2")) is None  # a read that is too early


def test_a_pause_that_somebody_else_ended_is_none_to_continue():
    aws = Continuing([paused(2)])
    told = Deployments(aws.aws, "s", "c", print)
    pause = told.waiting(told.status("api", "td:2"))
    aws.code = "InvalidParameterException"
    told.go_on("api", pause)  # it was continued, as the next look shows
    aws.deployments, aws.shown = [paused(2)], True
    with pytest.raises(ClientError):
        told.go_on("api", pause)


@pytest.mark.parametrize(
    ("found", "became", "words"),
    [
        (paused(2), "waits", "api at POST_SCALE_UP until 2026-11-30T18:00:00Z, when it goes on"),
        (paused(2, "next"), "waits", "api at POST_SCALE_UP"),
        (paused(2, status="SUCCEEDED"), "on", "somebody continued it on ECS, and ECS goes on with it"),
        (paused(2, status="TIMED_OUT"), "on", "nobody continued it in that time, and ECS goes on with it"),
        (paused(2, status="TIMED_OUT") | {"status": "SUCCESSFUL"}, "on", "nobody continued it in that time"),
        (paused(2, status="TIMED_OUT") | {"status": "ROLLBACK_SUCCESSFUL", "statusReason": "x"}, "bad", "nobody continued it in that time, and x; ECS took it back"),
        (paused(2, status="FAILED") | {"status": "ROLLBACK_IN_PROGRESS", "statusReason": "x"}, "bad", "somebody had it taken back on ECS"),
        (paused(2, status="FAILED") | {"status": "ROLLBACK_SUCCESSFUL", **ALARMS}, "bad", "because of the alarm s-target-5xx"),
        (deployment(3, "td:2"), "on", "ECS goes on with it"),  # it is too long ago
    ],
)  # fmt: skip
def test_what_became_of_a_pause(found, became, words):
    rollout = {"paused": {"api": {"deployment": "d2", "hook": "h"}}}
    told = pauses.look(Client([found]).aws, rollout)
    assert told[0] == became and words in told[1]


class Bucket:
    """The stack's bucket, with one release whose rollout is paused."""

    def __init__(self, monkeypatch):
        paused = {"api": {"deployment": "d2", "hook": "h"}}
        told = {"verdict": "paused", "reason": "api at POST_SCALE_UP until T, when it is taken back", "paused": paused}
        self.release, self.written = {"id": "r", "rollouts": [told]}, []
        self.marked = {"release": "r", "until": "9999", "told": "release r is paused"}
        monkeypatch.setattr(records.Releases, "read", lambda _book, name: self.release if name == "r" else None)
        monkeypatch.setattr(records.Releases, "write", lambda _book, one: self.written.append(one["rollouts"][-1]["reason"]))
        monkeypatch.setattr(between, "read", lambda _aws, _stack: self.marked)
        monkeypatch.setattr(between, "forget", lambda _aws, _stack: setattr(self, "marked", None))


def test_nobody_else_writes_while_a_release_is_paused(monkeypatch):
    bucket, aws = Bucket(monkeypatch), Client([paused(2)])
    told = pauses.refusal(aws.aws, "s")
    assert told.startswith("release r is paused, api at POST_SCALE_UP until 2026-11-30T18:00:00Z, when it goes on; ")
    assert "continue_rollout.yml" in told and bucket.marked and not bucket.written
    # When its time is over the next one who writes finds out, and who only looks leaves that to it.
    aws.deployments = [paused(2, status="TIMED_OUT") | {"status": "ROLLBACK_SUCCESSFUL", "statusReason": "x"}]
    assert pauses.refusal(aws.aws, "s", check=True) == ""
    assert bucket.marked and not bucket.written
    assert pauses.refusal(aws.aws, "s") == ""
    (reason,) = bucket.written
    assert reason.startswith("api at POST_SCALE_UP until T, when it is taken back; nobody continued it in that time, and x; ECS took it back; ")
    assert bucket.marked is None and pauses.refusal(aws.aws, "s") == ""


def test_what_is_left_of_a_pause_that_has_its_verdict_says_nothing(monkeypatch):
    """Whoever is killed between two writes leaves the object that others read, which is no truth."""
    bucket, aws = Bucket(monkeypatch), Client([paused(2)])
    bucket.release["rollouts"][-1]["verdict"] = "succeeded"
    assert pauses.refusal(aws.aws, "s") == "" and bucket.marked is None
    bucket.marked = {"release": "gone", "until": "9999", "told": "x"}
    assert pauses.refusal(aws.aws, "s") == "" and bucket.marked is None
