"""A task's life."""

import json

import pytest


@pytest.fixture
def events(aws, queue, received, name):
    """Let the events of the test's cluster come into a queue, and return a function that takes them."""
    rule = aws("events").put_rule(
        Name=name,
        EventPattern=json.dumps({"source": ["aws.ecs"], "detail": {"clusterArn": [{"suffix": f"cluster/{name}"}]}}),
    )["RuleArn"]
    url, arn = queue(f"{name}-events")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": rule}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    aws("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return lambda: [json.loads(message["Body"]) for message in received(url)]


def test_life(own, worker, run, events, lines, name):
    own("POST", "images", images=[{"image": name, "run": ["sh", "-c", "echo $A $B $0; exit 3"]}])
    definition = worker(environment=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}], command=["given"])
    override = {"name": "worker", "environment": [{"name": "B", "value": "3"}]}
    task = run(definition, "FARGATE_SPOT", overrides={"containerOverrides": [override]}, startedBy="me")()
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert task["containers"][0]["exitCode"] == 3
    assert lines(name) == ["1 3 given"]
    told = events()
    assert [one["detail"]["lastStatus"] for one in told] == [
        "PROVISIONING",
        "PENDING",
        "RUNNING",
        "DEPROVISIONING",
        "STOPPED",
    ]
    assert [one["detail"]["version"] for one in told] == [1, 2, 3, 4, 5]
    last = told[-1]
    assert (last["source"], last["detail-type"], last["resources"]) == (
        "aws.ecs",
        "ECS Task State Change",
        [task["taskArn"]],
    )
    detail = last["detail"]
    assert detail["overrides"]["containerOverrides"] == [override]
    assert (detail["desiredStatus"], detail["startedBy"], detail["group"]) == ("STOPPED", "me", f"family:{name}")
    assert (detail["capacityProviderName"], detail["taskDefinitionArn"]) == ("FARGATE_SPOT", definition)
    assert [(one["name"], one["exitCode"], one["lastStatus"]) for one in detail["containers"]] == [
        ("worker", 3, "STOPPED")
    ]


def test_unmapped_image_ends_well(worker, run):
    assert run(worker())()["containers"][0]["exitCode"] == 0


def test_spot_interruption(own, worker, run, events, lines, name):
    own("POST", "faults", seed=1, spot=1.0)
    command = "trap 'echo asked; exit 0' TERM; echo up; sleep 9 & wait"
    own("POST", "images", images=[{"image": name, "run": ["sh", "-c", command]}])
    definition = worker()
    task = run(definition, "FARGATE_SPOT")()
    assert (task["stopCode"], task["stoppedReason"]) == ("SpotInterruption", "Your Spot Task was interrupted.")
    # It's announced while the task still runs: who counts only STOPPED sees it once.
    told = [(one["detail"]["lastStatus"], one["detail"].get("stopCode")) for one in events()]
    assert told.count(("RUNNING", "SpotInterruption")) == 1
    assert told.count(("STOPPED", "SpotInterruption")) == 1
    own("POST", "images", images=[{"image": name, "exits": 0}])
    assert run(definition, "FARGATE")()["stopCode"] == "EssentialContainerExited", "on demand nothing is interrupted"


@pytest.mark.parametrize(("provider", "reasons"), [("FARGATE", ["CannotPullContainerError"]), ("FARGATE_SPOT", ["CannotPull", "Capacity is unavailable at this time"])])  # fmt: skip
def test_never_starts(own, worker, run, provider, reasons):
    own("POST", "faults", seed=1, start=1.0)
    task = run(worker(), provider)()
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(tuple(reasons))
    assert "exitCode" not in task["containers"][0]


def test_crash(own, worker, run):
    own("POST", "faults", seed=1, crash=1.0)
    task = run(worker())()
    assert (task["stopCode"], task["containers"][0]["exitCode"]) in [
        ("EssentialContainerExited", code) for code in (1, 137)
    ]


def test_stop_timeout(aws, own, worker, run, name, until):
    own("POST", "images", images=[{"image": name, "run": ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]}])
    seen = run(worker(stopTimeout=60))
    seen("RUNNING")
    aws("ecs").stop_task(cluster=name, task=seen.arn, reason="enough")
    task = aws("ecs").describe_tasks(cluster=name, tasks=[seen.arn])["tasks"][0]
    assert (task["lastStatus"], task["desiredStatus"]) == ("RUNNING", "STOPPED"), "it has time to end by itself"
    own("POST", "clock?seconds=60")
    task = seen()
    assert (task["stopCode"], task["stoppedReason"], task["containers"][0]["exitCode"]) == (
        "UserInitiated",
        "enough",
        137,
    )


def test_secrets_need_the_execution_role(aws, own, worker, run, lines, name):
    arn = aws("secretsmanager").create_secret(Name=name, SecretString='{"password": "p4ss"}')["ARN"]
    own("POST", "images", images=[{"image": name, "run": ["sh", "-c", "echo $PASSWORD"]}])
    definition = worker(secrets=[{"name": "PASSWORD", "valueFrom": f"{arn}:password::"}])
    task = run(definition)()
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith("ResourceInitializationError")
    assert "secretsmanager:GetSecretValue" in task["stoppedReason"]
    statement = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName=f"{name}-execution", PolicyName="it", PolicyDocument=document)
    assert run(definition)()["containers"][0]["exitCode"] == 0
    assert lines(name) == ["p4ss"]


def test_log_group_must_be_there(aws, worker, run, name):
    definition = worker()
    aws("logs").delete_log_group(logGroupName=name)
    assert "The specified log group does not exist" in run(definition)()["stoppedReason"]


def test_overrides_are_limited(refused, worker, run):
    definition = worker()
    override = {"name": "worker", "environment": [{"name": "A", "value": "x" * 8192}]}
    with pytest.raises(Exception, match="at most 8192"):
        run(definition, overrides={"containerOverrides": [override]})


def test_a_client_token_runs_one_task(worker, run):
    definition = worker()
    assert run(definition, clientToken="once").arn == run(definition, clientToken="once").arn
    assert run(definition, clientToken="twice").arn != run(definition, clientToken="once").arn


def test_rate_of_run_task(own, worker, run):
    own("POST", "clock?seconds=60")
    definition = worker()
    with pytest.raises(Exception, match="Rate exceeded"):
        for _ in range(40):
            run(definition, count=10)
    own("POST", "clock?seconds=60")
    run(definition)
