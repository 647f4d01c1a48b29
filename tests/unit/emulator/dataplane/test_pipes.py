"""From a queue to tasks, also where it is unkind."""

import json
from types import SimpleNamespace

import pytest

from emulator.dataplane import pipes, targets

ACCOUNT = "123456789012"
READS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


@pytest.fixture
def pipe(aws, own, queue, role, worker, network, name):
    """Make a pipe from a queue to the test's worker, which says what it was given; the pipe's parts are returned."""

    def make(provider="FARGATE_SPOT", allowed=True, environment=None, **more):
        own("POST", "images", images=[{"image": name, "run": ["sh", "-c", "echo $SQS_BODY"]}])
        definition = worker()
        dead, dead_arn = queue(f"{name}-dead")
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
        jobs, arn = queue(f"{name}-jobs", VisibilityTimeout="60", RedrivePolicy=redrive)
        aws("logs").create_log_group(logGroupName=f"{name}-pipe")
        roles = [f"arn:aws:iam::{ACCOUNT}:role/{name}-{kind}" for kind in ("task", "execution")]
        runs = [("ecs:RunTask", definition), ("iam:PassRole", roles)] if allowed else []
        variables = environment or [{"name": "SQS_BODY", "value": "$.body"}]
        aws("pipes").create_pipe(
            Name=name, RoleArn=role(f"{name}-pipe", "pipes.amazonaws.com", (READS, arn), *runs), Source=arn,
            Target=f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/{name}",
            TargetParameters={"EcsTaskParameters": {
                "TaskDefinitionArn": definition,
                "CapacityProviderStrategy": [{"capacityProvider": provider, "weight": 1}],
                "NetworkConfiguration": {"awsvpcConfiguration": {
                    "Subnets": network["subnets"], "SecurityGroups": network["securityGroups"], "AssignPublicIp": "ENABLED",
                }},
                "Overrides": {"ContainerOverrides": [{"Name": "worker", "Environment": variables}]},
            }},
            LogConfiguration={"Level": "ERROR", "CloudwatchLogsLogDestination": {
                "LogGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}-pipe",
            }},
            **more,
        )  # fmt: skip
        return jobs, dead

    yield make
    aws("pipes").delete_pipe(Name=name)


def left(aws, url):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    shown = aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return [int(shown[one]) for one in names]


def test_a_task_for_each_message(aws, pipe, lines, until, name):
    jobs, _ = pipe()
    for number in range(3):
        aws("sqs").send_message(QueueUrl=jobs, MessageBody=json.dumps({"job": number}))
    until(lambda: len(lines(name)) == 3)
    assert sorted(lines(name)) == [json.dumps({"job": number}) for number in range(3)]
    assert left(aws, jobs) == [0, 0]
    assert lines(f"{name}-pipe") == []


def test_paths_into_the_body(aws, pipe, lines, until, name):
    jobs, _ = pipe(environment=[{"name": "SQS_BODY", "value": "$.body.user.name"}])
    aws("sqs").send_message(QueueUrl=jobs, MessageBody='{"user": {"name": "ann"}}')
    until(lambda: lines(name) == ["ann"])


def test_a_message_is_gone_once_its_task_was_accepted(aws, own, pipe, until, name):
    own("POST", "faults", seed=1, start=1.0)
    jobs, dead = pipe()
    aws("sqs").send_message(QueueUrl=jobs, MessageBody="{}")
    until(lambda: own("GET", "faults")["met"].get("start"))
    until(lambda: left(aws, jobs) == [0, 0])
    own("POST", "clock?seconds=300")
    assert left(aws, dead) == [0, 0], "the task never ran, and the pipe doesn't know"


REFUSED = [
    # what the pipe is made with, the body, what its log says
    ({}, "x" * 8192, "at most 8192"),
    ({"provider": "other"}, "{}", "not associated with the cluster"),
    ({"allowed": False}, "{}", "not authorized to perform: ecs:RunTask"),
    ({"environment": [{"name": "SQS_BODY", "value": "$.body.nowhere"}]}, "{}", "has no $.body.nowhere"),
]


@pytest.mark.parametrize(("made", "body", "reason"), REFUSED)
def test_refused_messages_end_in_dead_letters(aws, own, pipe, lines, until, name, received, made, body, reason):
    jobs, dead = pipe(**made)
    aws("sqs").send_message(QueueUrl=jobs, MessageBody=body)
    until(lambda: len(lines(f"{name}-pipe")) == 1)
    assert left(aws, jobs) == [0, 1], "in flight until its visibility timeout is over"
    own("POST", "clock?seconds=61")
    until(lambda: len(lines(f"{name}-pipe")) == 2)
    own("POST", "clock?seconds=61")
    until(lambda: left(aws, dead) == [1, 0])
    assert [one["Body"] for one in received(dead)] == [body]
    told = [json.loads(line) for line in lines(f"{name}-pipe")]
    assert all(one["logLevel"] == "ERROR" and reason in one["error"]["message"] for one in told)
    assert all(one["error"].keys() == {"httpStatusCode", "message", "details", "awsService", "requestId"} for one in told)


def test_a_stopped_pipe_does_not_poll(aws, own, pipe, lines, until, name):
    jobs, _ = pipe(DesiredState="STOPPED")
    aws("sqs").send_message(QueueUrl=jobs, MessageBody="later")
    assert name not in str(own("GET", "dataplane")["pipes"])
    assert left(aws, jobs) == [1, 0]
    aws("pipes").start_pipe(Name=name)
    until(lambda: lines(name) == ["later"])
    aws("pipes").stop_pipe(Name=name)
    assert name not in str(own("GET", "dataplane")["pipes"])


def test_a_pipe_that_may_no_longer_read_its_queue_says_so(aws, pipe, until, name):
    jobs, _ = pipe()
    aws("iam").delete_role_policy(RoleName=f"{name}-pipe", PolicyName="it")
    aws("sqs").send_message(QueueUrl=jobs, MessageBody="x")
    told = "(sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes)"
    until(lambda: told in aws("pipes").describe_pipe(Name=name).get("StateReason", ""))


def test_a_filter_takes_the_others_away(aws, pipe, lines, until, name):
    pattern = json.dumps({"body": {"kind": ["job"]}})
    jobs, dead = pipe(SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})
    for kind in ("other", "job"):
        aws("sqs").send_message(QueueUrl=jobs, MessageBody=json.dumps({"kind": kind}))
    until(lambda: lines(name) == ['{"kind": "job"}'])
    until(lambda: left(aws, jobs) == [0, 0])
    assert left(aws, dead) == [0, 0]


def test_a_crash_leaves_messages_in_flight(aws, own, pipe, lines, until, name):
    jobs, _ = pipe()
    sent = [str(number) for number in range(40)]
    for number in sent:
        aws("sqs").send_message(QueueUrl=jobs, MessageBody=number)
        if number == "20":
            assert own("POST", "pipes/restart")["restarted"]
    until(lambda: left(aws, jobs)[0] == 0)
    own("POST", "clock?seconds=61")
    until(lambda: set(lines(name)) == set(sent))
    until(lambda: left(aws, jobs) == [0, 0])


def test_a_function_gets_a_list_of_records(monkeypatch):
    poller, sent = object.__new__(pipes.Poller), []
    poller.pipe = SimpleNamespace(
        arn="arn:pipe", name="pipe", source="arn:queue", target=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        target_parameters={"InputTemplate": '{"job": <$.body.job>}'},
    )  # fmt: skip
    poller.role = None
    monkeypatch.setattr(targets, "send", lambda _arn, body, _authorities: sent.append(json.loads(body)))
    poller._invoke({"body": '{"job": 1}'})
    assert sent == [[{"job": 1}]]
