"""A task's life."""

import json

import pytest


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
    assert "executionStoppedAt" in task
    assert "startedAt" not in task


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
    aws("iam").put_role_policy(RoleName=f"{name}-execution", PolicyName="secret", PolicyDocument=document)
    assert run(definition)()["containers"][0]["exitCode"] == 0
    assert lines(name) == ["p4ss"]


@pytest.fixture
def granted(aws, own, worker, run, lines, name):
    """Run a task that needs all that an execution role can give, with some statements; return the task and its lines."""
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    secret = aws("secretsmanager").create_secret(Name=name, SecretString='{"password": "p4ss"}', KmsKeyId=key)["ARN"]
    image = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}:v1"
    own("POST", "images", images=[{"image": image, "exits": 0, "says": "p4ss"}])
    definition = worker(image=image, secrets=[{"name": "PASSWORD", "valueFrom": f"{secret}:password::"}])
    repository = f"arn:aws:ecr:us-east-1:123456789012:repository/{name}"
    group = f"arn:aws:logs:us-east-1:123456789012:log-group:{name}:*"
    needed = {
        "ecr:GetAuthorizationToken": "*", "ecr:BatchGetImage": repository, "ecr:GetDownloadUrlForLayer": repository,
        "ecr:BatchCheckLayerAvailability": repository, "logs:CreateLogStream": group, "logs:PutLogEvents": group,
        "secretsmanager:GetSecretValue": secret, "kms:Decrypt": key,
    }  # fmt: skip

    def start(**others):
        given = {action: others.get(action.partition(":")[2], resource) for action, resource in needed.items()}
        said = [{"Effect": "Allow", "Action": action, "Resource": given[action]} for action in given if given[action]]
        document = json.dumps({"Version": "2012-10-17", "Statement": said})
        aws("iam").put_role_policy(RoleName=f"{name}-execution", PolicyName="it", PolicyDocument=document)
        return run(definition)(), lines(name)

    return start


@pytest.mark.parametrize(
    ("missing", "code", "words"),
    [
        ("GetAuthorizationToken", "ResourceInitializationError: unable to pull secrets or registry auth", "retrieve ecr registry auth"),
        ("GetSecretValue", "ResourceInitializationError: unable to pull secrets or registry auth", "retrieve secret from asm"),
        ("Decrypt", "ResourceInitializationError: unable to pull secrets or registry auth", "Access to KMS is not allowed"),
        ("CreateLogStream", "ResourceInitializationError: failed to validate logger args", "create Cloudwatch log stream"),
        ("BatchGetImage", "CannotPullContainerError", "403 Forbidden"),
        ("GetDownloadUrlForLayer", "CannotPullContainerError", "403 Forbidden"),
    ],
)  # fmt: skip
def test_what_the_execution_role_may_not_keeps_a_task_from_starting(granted, missing, code, words):
    task, _lines = granted(**{missing: None})
    assert task["stopCode"] == "TaskFailedToStart"
    assert task["stoppedReason"].startswith(code) and words in task["stoppedReason"]
    if missing in ("GetAuthorizationToken", "GetSecretValue", "CreateLogStream"):
        assert f"{missing} action" in task["stoppedReason"], "IAM says which permission it is"


def test_a_grant_is_for_what_it_names(granted):
    task, _lines = granted(CreateLogStream="arn:aws:logs:us-east-1:123456789012:log-group:\\1:*")
    assert "not authorized to perform: logs:CreateLogStream" in task["stoppedReason"]


def test_lines_that_may_not_be_written_are_lost(granted, own, name):
    task, lines = granted(PutLogEvents=None)
    assert (task["containers"][0]["exitCode"], lines) == (0, [])
    task, lines = granted()
    assert (task["containers"][0]["exitCode"], lines) == (0, ["p4ss"])
    asked = [one for one in own("GET", "grants") if one["owner"].endswith(f":role/{name}-execution") and one["allowed"]]
    used = {(one["action"], one["resource"][:12]) for one in asked}
    assert {("logs:PutLogEvents", "arn:aws:logs"), ("ecr:GetAuthorizationToken", "*")} <= used


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
