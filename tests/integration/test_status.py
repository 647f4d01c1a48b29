"""Status: a healthy pair of stacks has no problem, and what is wrong with them is told, each thing by name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from emulator.ask import ask

from .conftest import ROOT
from .test_ultra import REGISTRY, release

LOCAL = "inventories/local"
STACK, ULTRA = "flow-builder-local", "flow-builder-local-ultra"
STATUS = ("playbooks/runbooks/status.yml", "-i", LOCAL)


@pytest.fixture(scope="module")
def aws(emulator):
    emulator.reset()
    return emulator.aws()


@pytest.fixture(scope="module")
def applied(aws, play):
    run = play("site.yml", "-i", LOCAL)
    assert not run.rc, run.output[-2000:]


def report(stack):
    return json.loads((ROOT / f"reports/{stack}/status.json").read_text())


def problems(stack):
    return [one["summary"] for one in report(stack)["problems"]]


def test_healthy_stacks_have_no_problem(applied, play):
    run = play(*STATUS)
    assert run.rc == 0, run.output[-3000:]
    # What the apply's keeper of the lock still sent is none of this run's.
    assert not [one for one in run.requests if one["writes"] and one["task"] in run.by_task]
    for stack, resources in ((STACK, 100), (ULTRA, 50)):
        told = report(stack)
        assert (told["verdict"], told["problems"], told["unreadable"]) == ("healthy", [], {})
        assert told["drift"]["compared"] and told["drift"]["resources"] > resources and told["lock"] == {"held": False, "by": ""}
        assert told["series"] == [], "no time was asked for"
        assert [one["summary"] for one in told["notices"]] == [f"nobody hears the alarms of {stack}-alarms: monitoring_subscriptions is empty"]
    standard = report(STACK)
    assert [(one["name"], one["desired"], one["running"]) for one in standard["services"]] == [(f"{STACK}-api", 0, 0), (f"{STACK}-worker", 0, 0)]
    assert standard["database"][0]["state"] == "available" and standard["alarms"]["count"] > 15
    everything = {one["stack"]: one["verdict"] for one in json.loads((ROOT / "reports/status_all.json").read_text())}
    assert everything == {STACK: "healthy", ULTRA: "healthy"}


def test_what_is_wrong_is_told(applied, aws, emulator, play):
    """One thing of each sort at once; each is told, and nothing else."""
    sqs, url = aws("sqs"), lambda name: aws("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url(f"{STACK}-workflow-dlq"), MessageBody="{}")
    sqs.send_message(QueueUrl=url(f"{ULTRA}-failed-jobs"), MessageBody="{}")
    aws("cloudwatch").set_alarm_state(AlarmName=f"{STACK}-high-cpu", StateValue="ALARM", StateReason="it burns")
    aws("cloudwatch").disable_alarm_actions(AlarmNames=[f"{STACK}-dead-letters"])
    aws("sns").subscribe(TopicArn=f"arn:aws:sns:us-east-1:123456789012:{STACK}-alarms", Protocol="email", Endpoint="a@example.com")
    aws("rds").stop_db_instance(DBInstanceIdentifier=f"{STACK}-db")
    ask(emulator.url, "maintenance", {"region": "us-east-1", "instance": f"{STACK}-db", "description": "New OS"})
    aws("ecs").update_service(cluster=f"{STACK}-cluster", service=f"{STACK}-worker", desiredCount=2)
    run = play(*STATUS, "-e", "status_since=24h")
    assert run.rc == 2, run.output[-2000:]
    told = report(STACK)
    assert told["verdict"] == "unhealthy"
    expected = ["the alarm flow-builder-local-high-cpu is on: it burns", "1 messages failed and are kept in flow-builder-local-workflow-dlq", f"{STACK}-db is st"]
    for one in expected:
        assert any(text.startswith(one) for text in problems(STACK)), problems(STACK)
    assert any("findings of drift" in text for text in problems(STACK)), "alarm actions were switched off behind our back"
    notices = [one["summary"] for one in told["notices"]]
    assert "maintenance is pending: New OS" in notices and "a@example.com hasn't confirmed its subscription, so it hears no alarm" in notices
    assert "the alarm flow-builder-local-dead-letters tells nobody: its actions are switched off" in notices
    (worker,) = [one for one in told["services"] if one["name"] == f"{STACK}-worker"]
    assert worker["desired"] == 2
    assert problems(ULTRA) == [f"1 messages failed and are kept in {ULTRA}-failed-jobs"]
    titles = [one["title"] for one in told["series"]]
    assert f"{STACK}-workflow ApproximateAgeOfOldestMessage" in titles and f"{STACK}-api CPUUtilization" in titles
    page = (ROOT / f"reports/{STACK}/status.html").read_text()
    assert "unhealthy" in page and "it burns" in page and "New OS" in page


def test_a_schedule_that_fires_no_more_is_told(applied, aws, play):
    """The rule's metric says when it fired; on AWS nothing else does."""
    release(aws, f"{ULTRA}-worker")
    release(aws, f"{ULTRA}-scheduler")
    images = {name: {"image": f"{REGISTRY}/{ULTRA}-{name}:v1"} for name in ("worker", "scheduler")}
    run = play("playbooks/ultra.yml", "-i", LOCAL, "-e", json.dumps({"stack_components_once": images}))
    assert not run.rc, run.output[-2000:]
    aws("cloudwatch").put_metric_data(
        Namespace="AWS/Events",
        MetricData=[{
            "MetricName": "Invocations", "Dimensions": [{"Name": "RuleName", "Value": f"{ULTRA}-scheduler"}],
            "Value": 1, "Timestamp": datetime.now(UTC) - timedelta(hours=2),
        }],
    )  # fmt: skip
    run = play(*STATUS, "--limit", ULTRA)
    assert any("fired last 2 hours ago, and is due every 5 minutes" in text for text in problems(ULTRA)), problems(ULTRA)


@pytest.mark.parametrize("said", ["yesterday", "0h", "24", "500d"])
def test_a_time_that_is_none_is_refused(said, play):
    run = play(*STATUS, "-e", f"status_since={said}")
    assert run.rc != 0 and f"status_since is {said!r}: allowed are minutes, hours or days up to 455d" in " ".join(run.output.split())
    assert run.requests == []
