"""What of AWS's answers is a problem, what a notice, and what nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.operations import status as of
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.metrics import Query, Series, fetch
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.screen import lines
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.status import Status

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Aws:
    """Answers as they are said, whoever asks."""

    def __init__(self, **answers):
        self.answers = answers

    def __call__(self, service):
        return SimpleNamespace(**{name: lambda answer=answer, **_asked: answer for name, answer in self.answers.items()})

    def pages(self, service, operation, key, **asked):
        return self.answers[operation]


def told(live=None, values=None, **answers):
    return Status(Aws(**answers), "s", NOW, live=live or {}, values=values or {}, facts={"lock": {"held": False}})


def heard(status):
    return [one["summary"] for one in status.problems], [one["summary"] for one in status.notices]


def service(desired, running, rollout="COMPLETED", reason=""):
    deployment = {"status": "PRIMARY", "rolloutState": rollout, "rolloutStateReason": reason}
    one = {
        "serviceName": "s-api", "desiredCount": desired, "runningCount": running, "pendingCount": 0,
        "deployments": [deployment], "events": [{"message": "it says why"}],
    }  # fmt: skip
    return {"services": [one]}


@pytest.mark.parametrize(
    ("answer", "problems", "notices"),
    [
        (service(0, 0), [], []),
        (service(2, 2), [], []),
        (service(2, 1), ["1 of 2 tasks run; ECS says: it says why"], []),
        (service(2, 1, "IN_PROGRESS"), [], ["it is being deployed: 1 of 2 tasks run"]),
        (service(2, 2, "FAILED", "alarm"), ["its deployment failed: alarm"], []),
    ],
)
def test_services(answer, problems, notices):
    status = told({"ecs_service": [{"name": "s-api", "cluster": "c"}]}, describe_services=answer)
    of._services(status)
    assert heard(status) == (problems, notices)


PAUSED = "api at POST_SCALE_UP until 2026-11-30T18:00:00Z, when it is taken back"


@pytest.mark.parametrize(
    ("verdict", "became", "problems", "notices"),
    [
        ("succeeded", None, [], []),
        ("running", None, ["the last rollout was killed: roll out again, or roll back"], []),
        ("paused", ("waits", PAUSED), [], [f"the rollout of r is paused, {PAUSED}: continue or stop it"]),
        ("paused", ("bad", "ECS took it back"), ["the rollout of r was paused and isn't finished: ECS took it back; continue_rollout.yml finishes it"], []),
    ],
)
def test_a_rollout_that_is_not_finished(monkeypatch, verdict, became, problems, notices):
    rollout = {"kind": "rollout", "by": "me", "started": "1", "verdict": verdict, "reason": PAUSED if became else "", "before": {}}
    monkeypatch.setattr(of.records.Releases, "all", lambda _book: [{"id": "r", "created": "1", "rollouts": [rollout]}])
    monkeypatch.setattr(of.pauses, "look", lambda _aws, _rollout: became)
    status = told()
    of._release(status)
    assert heard(status) == (problems, notices)


def database(state="available", retention=7, restorable=timedelta(minutes=5), made=timedelta(days=9), **more):
    one = {
        "DBInstanceStatus": state, "DBInstanceArn": "arn:db", "EngineVersion": "17.1", "AllocatedStorage": 20,
        "BackupRetentionPeriod": retention, "InstanceCreateTime": NOW - made, **more,
    }  # fmt: skip
    return {"DBInstances": [one if restorable is None else {**one, "LatestRestorableTime": NOW - restorable}]}


@pytest.mark.parametrize(
    ("answer", "problems", "notices"),
    [
        (database(), [], []),
        (database("backing-up"), [], []),
        (database("stopped"), ["s-db is stopped"], []),
        (database("stopped", restorable=timedelta(days=6)), ["s-db is stopped"], []),
        (database("storage-full"), ["s-db is storage-full"], []),
        (database(restorable=timedelta(days=2)), ["the newest backup of s-db is of 2 days ago"], []),
        (database(restorable=None, made=timedelta(hours=1)), [], []),
        (database(restorable=None), ["the newest backup of s-db is still to be made"], []),
        (database(retention=0, restorable=None), [], ["s-db keeps no backups: database_backup_retention_days is 0"]),
    ],
)
def test_database(answer, problems, notices):
    live = {"rds_instance": [{"db_instance_identifier": "s-db"}]}
    status = told(live, describe_db_instances=answer, describe_pending_maintenance_actions=[])
    of._database(status)
    assert heard(status) == (problems, notices)


def test_maintenance_is_a_notice():
    pending = [{"PendingMaintenanceActionDetails": [{"Action": "system-update", "Description": "New OS"}, {"Action": "db-upgrade"}]}]
    live = {"rds_instance": [{"db_instance_identifier": "s-db"}]}
    status = told(live, describe_db_instances=database(), describe_pending_maintenance_actions=pending)
    assert of._database(status)[0]["maintenance"] == ["New OS", "db-upgrade"]
    assert heard(status) == ([], ["maintenance is pending: New OS", "maintenance is pending: db-upgrade"])


@pytest.mark.parametrize(
    ("state", "days", "renewal", "problems"),
    [
        ("ISSUED", 60, "", []),
        ("ISSUED", 14, "", []),
        ("ISSUED", 13, "", ["the certificate of a.example ends in 13 days"]),
        ("ISSUED", 3, "PENDING_VALIDATION", ["the certificate of a.example ends in 3 days; its renewal is PENDING_VALIDATION"]),
        ("PENDING_VALIDATION", None, "", ["the certificate of a.example is PENDING_VALIDATION"]),
        ("EXPIRED", -1, "", ["the certificate of a.example is EXPIRED"]),
    ],
)
def test_certificates(state, days, renewal, problems):
    one = {"DomainName": "a.example", "Status": state, "RenewalSummary": {"RenewalStatus": renewal} if renewal else None}
    one |= {} if days is None else {"NotAfter": NOW + timedelta(days=days, hours=1)}
    live = {"load_balancer": [{"listeners": [{"Certificates": [{"CertificateArn": "arn:somebody-elses"}]}, {}]}]}
    status = told(live, describe_certificate={"Certificate": one})
    of._certificates(status)
    assert heard(status)[0] == problems


def alarm(name, state="OK", evaluation="", enabled=True):
    return {"AlarmName": name, "StateValue": state, "EvaluationState": evaluation, "ActionsEnabled": enabled, "StateReason": "r"}


def test_alarms():
    """The autoscaler's are on whenever it works."""
    live = {"metric_alarm": [{"name": name, "alarm_actions": actions} for name, actions in {"a": ["arn:aws:sns:x"], "b": ["arn:aws:autoscaling:x"], "c": [], "d": []}.items()]}
    found = [alarm("a", "ALARM"), alarm("b", "ALARM"), alarm("c", "INSUFFICIENT_DATA", "EVALUATION_FAILURE"), alarm("d", enabled=False)]
    status = told(live, describe_alarms=found)
    facts = of._alarms(status)
    assert heard(status) == (
        ["the alarm a is on: r", "the alarm c can't be evaluated: EVALUATION_FAILURE"],
        ["the alarm d tells nobody: its actions are switched off"],
    )
    assert facts["on"] == ["a", "b"] and facts["without_data"] == ["c"] and facts["count"] == 4


@pytest.mark.parametrize(("messages", "redrive", "problems"), [(0, {}, []), (3, {}, ["3 messages failed and are kept in q"]), (3, {"deadLetterTargetArn": "d"}, [])])
def test_queues(messages, redrive, problems):
    """What waits for work is no failure."""
    attributes = {f"ApproximateNumberOfMessages{state}": str(messages if not state else 0) for state in ("", "NotVisible", "Delayed")}
    status = told({"sqs_queue": [{"name": "q", "url": "u", "redrive_policy": redrive}]}, get_queue_attributes={"Attributes": attributes})
    of._queues(status)
    assert heard(status)[0] == problems


@pytest.mark.parametrize(
    ("enabled", "expression", "ago", "problems"),
    [
        (True, "rate(5 minutes)", 6, []),
        (True, "rate(5 minutes)", 19, []),
        (True, "rate(5 minutes)", 21, ["r fired last 21 minutes ago, and is due every 5 minutes"]),
        (False, "rate(5 minutes)", 600, []),
        (True, "cron(0 1 * * ? *)", 600, []),
        (True, "rate(5 minutes)", None, []),  # a rule is as young as that, or AWS counts late
    ],
)
def test_schedules(enabled, expression, ago, problems):
    rule = {"name": "r", "schedule_expression": expression, "enabled": enabled}
    points = [] if ago is None else [(NOW - timedelta(minutes=ago), 1.0), (NOW - timedelta(minutes=1), 0.0)]
    status = told({"event_rule": [rule, {"name": "pattern", "schedule_expression": ""}]}, {of._runs(rule): Series(points)})
    assert len(of._schedules(status)) == 1
    assert heard(status)[0] == problems


@pytest.mark.parametrize(("state", "desired", "problems"), [("RUNNING", "RUNNING", []), ("STOPPED", "STOPPED", []), ("START_FAILED", "RUNNING", ["the pipe p is START_FAILED: why"])])
def test_pipes(state, desired, problems):
    status = told({"pipes_pipe": [{"name": "p", "state": state, "desired_state": desired, "state_reason": "why"}]})
    of._pipes(status)
    assert heard(status)[0] == problems


def test_subscriptions():
    listed = [{"SubscriptionArn": "PendingConfirmation", "Endpoint": "a@b.c", "Protocol": "email"}, {"SubscriptionArn": "arn:x", "Endpoint": "d", "Protocol": "sqs"}]
    status = told({"sns_topic": [{"arn": "arn:t", "name": "t"}]}, list_subscriptions_by_topic=listed)
    assert [one["confirmed"] for one in of._subscriptions(status)] == [False, True]
    assert heard(status) == ([], ["a@b.c hasn't confirmed its subscription, so it hears no alarm"])


def test_what_may_not_be_read_is_never_healthy():
    def refused(_status):
        raise EngineError("AccessDenied")

    status = told()
    of._part(status, "alarms", refused)
    assert status.verdict == "unknown" and status.facts["alarms"] is None
    assert "  unknown  alarms: AccessDenied" in lines(status)
    status.problem("queue", "x")
    assert status.verdict == "unhealthy"
    assert told().verdict == "healthy"


def test_a_fault_of_ours_is_no_answer():
    with pytest.raises(ZeroDivisionError):
        of._part(told(), "alarms", lambda _status: 1 / 0)


def test_metrics_of_equal_range_are_one_question():
    asked = []

    class Pages:
        def pages(self, service, operation, key, MetricDataQueries, **more):
            asked.append((len(MetricDataQueries), more["EndTime"] - more["StartTime"]))
            at = NOW - timedelta(minutes=1)
            return [{"Id": one["Id"], "Timestamps": [at, at - timedelta(minutes=1)], "Values": [2.0, 1.0]} for one in MetricDataQueries]

    queries = [Query("n", str(number), ()) for number in range(501)] + [Query("n", "m", (), seconds=60)]
    found = fetch(Pages(), [*queries, queries[0]], NOW)
    assert asked == [(500, timedelta(minutes=15)), (1, timedelta(minutes=15)), (1, timedelta(minutes=1))]
    assert len(found) == 502 and {one.last for one in found.values()} == {2.0}
    assert Series().last is None
