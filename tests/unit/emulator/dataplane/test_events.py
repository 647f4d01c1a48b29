"""Rules and schedules deliver to those who permit it."""

import json

import pytest

from emulator import clock

ACCOUNT = "123456789012"


def allow(aws, url, arn, source, service="events.amazonaws.com"):
    statement = {
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


@pytest.fixture
def rule(aws, name):
    """Make a rule for events of the test's own, with one target."""

    def make(arn, **target):
        made = aws("events").put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
        aws("events").put_targets(Rule=name, Targets=[{"Id": "it", "Arn": arn, **target}])
        return made

    return make


@pytest.fixture
def put(aws, name):
    def send(**detail):
        entry = {"Source": name, "DetailType": "told", "Detail": json.dumps(detail)}
        aws("events").put_events(Entries=[entry])

    return send


def test_a_queue_must_permit_its_rule(aws, queue, received, rule, put, name):
    url, arn = queue(name)
    source = rule(arn)
    put(a=1)
    assert received(url) == []
    allow(aws, url, arn, source)
    put(a=2)
    (event,) = [json.loads(one["Body"]) for one in received(url)]
    assert (event["detail"], event["detail-type"], event["account"]) == ({"a": 2}, "told", ACCOUNT)
    assert event["time"].endswith("Z")
    allow(aws, url, arn, source + "-other")
    put(a=3)
    assert received(url) == []


def test_what_is_not_delivered_lies_in_dead_letters(aws, queue, received, rule, put, name):
    (url, arn), (dead, dead_arn) = queue(name), queue(f"{name}-dead")
    source = rule(arn, DeadLetterConfig={"Arn": dead_arn})
    put(a=1)
    assert received(dead) == [], "the dead letters' queue must permit the rule as well"
    allow(aws, dead, dead_arn, source)
    put(a=2)
    (letter,) = received(dead)
    assert json.loads(letter["Body"])["detail"] == {"a": 2}
    told = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert (told["RULE_ARN"], told["TARGET_ARN"], told["ERROR_CODE"]) == (source, arn, "NO_PERMISSIONS")
    assert received(url) == []


def test_a_queue_with_a_key_needs_the_key_s_permission(aws, queue, received, rule, put, name):
    key = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    url, arn = queue(name, KmsMasterKeyId=key)
    allow(aws, url, arn, rule(arn))
    put(a=1)
    assert received(url) == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "kms:*",
        "Resource": "*",
    }
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement, own]})
    aws("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    put(a=2)
    assert len(received(url)) == 1


INPUTS = [
    ({}, {"a": 1}),
    ({"InputPath": "$.detail"}, {"a": 1}),
    ({"Input": '{"fixed": true}'}, {"fixed": True}),
    ({"InputTransformer": {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"got": <a>, "text": "it is <a>"}'}}, {"got": 1, "text": "it is 1"}),
]  # fmt: skip


@pytest.mark.parametrize(("target", "made"), INPUTS)
def test_input(aws, queue, received, rule, put, name, target, made):
    url, arn = queue(name)
    allow(aws, url, arn, rule(arn, **target))
    put(a=1)
    (body,) = [json.loads(one["Body"]) for one in received(url)]
    assert (body if target else body["detail"]) == made


def test_disabled_rules_rest(aws, queue, received, rule, put, name):
    url, arn = queue(name)
    allow(aws, url, arn, rule(arn))
    aws("events").disable_rule(Name=name)
    put(a=1)
    assert received(url) == []
    aws("events").enable_rule(Name=name)
    put(a=2)
    assert len(received(url)) == 1


def test_scheduled_rule(aws, own, queue, received, until, put, name):
    url, arn = queue(name)
    source = aws("events").put_rule(Name=name, ScheduleExpression="rate(5 minutes)")["RuleArn"]
    aws("events").put_targets(Rule=name, Targets=[{"Id": "it", "Arn": arn}])
    allow(aws, url, arn, source)
    put(a=1)
    own("POST", "clock?seconds=290")
    assert received(url) == [], "neither an event nor too early"
    own("POST", "clock?seconds=611")
    found = []
    until(lambda: found.extend(received(url)) or len(found) == 3)
    assert {json.loads(one["Body"])["detail-type"] for one in found} == {"Scheduled Event"}
    aws("events").remove_targets(Rule=name, Ids=["it"])
    aws("events").delete_rule(Name=name)
    assert source not in own("GET", "dataplane")["schedules"]


def test_scheduler_needs_its_role(aws, own, queue, received, until, role, name):
    url, arn = queue(name)
    target = {
        "Arn": arn,
        "RoleArn": role(name, "scheduler.amazonaws.com"),
        "Input": '{"at": "<aws.scheduler.scheduled-time>"}',
    }
    made = {"Name": name, "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
    aws("scheduler").create_schedule(**made)
    assert received(url) == []
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}]}
    )
    aws("iam").put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=document)
    own("POST", "clock?seconds=3600")
    (message,) = until(lambda: received(url))
    assert json.loads(message["Body"])["at"].endswith("Z")
    aws("scheduler").update_schedule(**made, State="DISABLED")
    own("POST", "clock?seconds=7200")
    assert received(url) == []
    aws("scheduler").delete_schedule(Name=name)


def test_a_schedules_rate_begins_with_its_start(aws, own, queue, received, until, role, name):
    url, arn = queue(name)
    allowed = role(name, "scheduler.amazonaws.com", ("sqs:SendMessage", arn))
    for number, start in enumerate((None, clock.now() + 600)):
        aws("scheduler").create_schedule(
            Name=f"{name}-{number}", ScheduleExpression="rate(1 hour)", FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": allowed, "Input": str(number)}, **({"StartDate": start} if start else {}),
        )  # fmt: skip
    until(lambda: [one["Body"] for one in received(url)] == ["0"])
    own("POST", "clock?seconds=605")
    until(lambda: [one["Body"] for one in received(url)] == ["1"])
    own("POST", "clock?seconds=3000")
    until(lambda: [one["Body"] for one in received(url)] == ["0"])
    for number in range(2):
        aws("scheduler").delete_schedule(Name=f"{name}-{number}")


def test_a_role_is_no_way_into_a_queue_for_a_rule(aws, queue, received, role, rule, put, name):
    url, arn = queue(name)
    allowed = role(name, "events.amazonaws.com", ("sqs:SendMessage", arn))
    rule(arn, RoleArn=allowed)
    put(a=1)
    assert received(url) == []
