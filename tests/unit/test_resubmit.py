"""What becomes of jobs: the pattern of the rule, and the function behind it."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from botocore.exceptions import ClientError

from emulator.patterns import matches

ROOT = Path(__file__).resolve().parents[2]
CLUSTER = "arn:aws:ecs:us-east-1:123456789012:cluster/s-cluster"
DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition/s-worker:7"
RELEASED = DEFINITION.replace(":7", ":9")  # what the pipe starts meanwhile
ENDED = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
SPOT = {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."}
UNSTARTED = {"stopCode": "TaskFailedToStart", "stoppedReason": "CannotPullContainerError: pull image manifest has been retried"}
NO_CAPACITY = {
    "stopCode": "TaskFailedToStart",
    "stoppedReason": "Capacity is unavailable at this time. Please try again later or in a different availability zone",
}


def task(how, code=None, attempt="1", body='{"id": 1}', **container):
    ended = {"name": "worker", **({} if code is None else {"exitCode": code}), **container}
    given = {"SQS_BODY": body, "SQS_MESSAGE_ID": "m-1", "JOB_ATTEMPT": attempt, "POLLING_MODE": "false"}
    environment = [{"name": name, "value": value} for name, value in given.items()]
    return {
        "clusterArn": CLUSTER,
        "taskArn": CLUSTER.replace("cluster/", "task/") + "/0123456789abcdef0123456789abcdef",
        "taskDefinitionArn": DEFINITION,
        "lastStatus": "STOPPED",
        "containers": [ended],
        "overrides": {"containerOverrides": [{"name": "worker", "environment": environment}]},
        **how,
    }


def event(detail):
    return {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": detail}


@pytest.fixture(scope="module")
def pattern():
    """Return the rule's pattern as the role makes it."""
    variables = yaml.safe_load((ROOT / "roles/jobs/vars/main.yml").read_text())
    facts = {
        "jobs_cluster_arn": CLUSTER,
        "stack_name": "s",
        "stack_partition": "aws",
        "stack_region": "us-east-1",
        "stack_account_id": "123456789012",
        "__jobs_definitions": DEFINITION.removesuffix("7"),
    }
    from ansible.template import trust_as_template

    def trusted(value):
        if isinstance(value, dict):
            return {key: trusted(item) for key, item in value.items()}
        if isinstance(value, list):
            return [trusted(item) for item in value]
        return trust_as_template(value) if isinstance(value, str) else value

    return Templar(DataLoader(), variables=facts).template(trusted(variables["__jobs_pattern"]))


SIDECAR = {"name": "aws-guardduty-agent", "exitCode": 137}


def bare(how):
    """As AWS may tell of it: without a stop code."""
    return {"stoppedReason": how["stoppedReason"]}


# How a task ended, and what is to become of its job: nothing, another attempt, or the queue of failed jobs.
ENDS = [
    (task(ENDED, 0), "done"),
    ({**task(ENDED, 0), "containers": [{"name": "worker", "exitCode": 0}, SIDECAR]}, "done"),
    (task(ENDED, 1), "failed"),
    (task(ENDED, 137, reason="OutOfMemoryError: Container killed due to memory usage"), "failed"),
    (task(ENDED), "failed"),
    (task(UNSTARTED), "failed"),
    (task({"stopCode": "UserInitiated", "stoppedReason": "Stopped by somebody"}, 0), "failed"),
    (task(SPOT, 143), "again"),
    # It may have ended well, and it may have been told to.
    (task(SPOT, 0), "again"),
    (task(SPOT), "again"),
    (task({"stopCode": "TerminationNotice"}, 137), "again"),
    (task(NO_CAPACITY), "again"),
    (task(SPOT, 143, attempt="3"), "again"),
    (task(SPOT, 143, attempt="4"), "failed"),
    (task(NO_CAPACITY, attempt="4"), "failed"),
    # AWS may leave the stop code out, and may add containers, one of which ended well.
    (task(bare(ENDED), 0), "done"),
    (task(bare(ENDED), 1), "failed"),
    (task(bare(SPOT), 0), "again"),
    (task(bare(SPOT), 143), "again"),
    (task(bare(SPOT)), "again"),
    (task({"stoppedReason": "Spot capacity was reclaimed: the instance is terminated"}, 0), "again"),
    (task(bare(NO_CAPACITY)), "again"),
    (task(bare(UNSTARTED)), "failed"),
    (task({}, 0), "failed"),
    ({**task(ENDED, 1), "containers": [SIDECAR | {"exitCode": 0}, {"name": "worker", "exitCode": 1}]}, "failed"),
    ({**task(ENDED), "containers": [{"name": "worker"}, SIDECAR | {"exitCode": 0}]}, "failed"),
    ({**task(bare(SPOT), 0), "containers": [{"name": "worker", "exitCode": 0}, SIDECAR]}, "again"),
]
NOT_OURS = [
    {**task(ENDED, 1), "lastStatus": "RUNNING"},
    {**task(ENDED, 1), "clusterArn": CLUSTER + "-other"},
    {**task(ENDED, 1), "taskDefinitionArn": DEFINITION.replace("s-worker", "s-migrations")},
    {**task(ENDED, 1), "taskDefinitionArn": DEFINITION.replace("s-worker", "s-worker-other")},
]


@pytest.mark.parametrize(("ended", "becomes"), ENDS)
def test_the_rule_catches_whatever_ended(ended, becomes, pattern):
    """No condition on how, of which AWS may leave a part out; the function judges."""
    assert matches(pattern, event(ended))


@pytest.mark.parametrize("ended", NOT_OURS)
def test_the_rule_leaves_other_tasks_alone(ended, pattern):
    assert not matches(pattern, event(ended))


class Client:
    """An AWS that remembers what is asked of it."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __getattr__(self, _name):
        def call(**arguments):
            self.asked.append(arguments)
            return self.answer

        return call


@pytest.fixture
def resubmit(monkeypatch):
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "CONTAINER": "worker",
        "FAILED_JOBS_URL": "url",
        "PIPE": "s-worker-pipe",
        "RETRIES": "3",
        "SECURITY_GROUPS": "sg-1",
        "SUBNETS": "subnet-1,subnet-2",
    }.items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("resubmit", ROOT / "roles/jobs/files/resubmit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.ECS, module.SQS = Client({"tasks": [{"taskArn": "new"}], "failures": []}), Client({})
    module.PIPES = Client({"TargetParameters": {"EcsTaskParameters": {"TaskDefinitionArn": RELEASED}}})
    return module


@pytest.mark.parametrize(("ended", "becomes"), ENDS)
def test_what_becomes_of_a_job(ended, becomes, resubmit):
    resubmit.handler(event(ended), None)
    assert (len(resubmit.ECS.asked), len(resubmit.SQS.asked)) == {"done": (0, 0), "again": (1, 0), "failed": (0, 1)}[becomes]


@pytest.mark.parametrize(("attempt", "provider"), [("1", "FARGATE_SPOT"), ("2", "FARGATE_SPOT"), ("3", "FARGATE")])
def test_the_last_attempt_is_on_demand_and_all_carry_the_job(attempt, provider, resubmit):
    ended = task(SPOT, 143, attempt=attempt)
    resubmit.handler(event(ended), None)
    (asked,) = resubmit.ECS.asked
    assert asked["capacityProviderStrategy"] == [{"capacityProvider": provider, "weight": 1}]
    assert "launchType" not in asked
    assert asked["taskDefinition"] == RELEASED
    assert resubmit.PIPES.asked == [{"Name": "s-worker-pipe"}]
    assert asked["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED",
    }  # fmt: skip
    (override,) = asked["overrides"]["containerOverrides"]
    before, after = ({one["name"]: one["value"] for one in item["environment"]} for item in (ended["overrides"]["containerOverrides"][0], override))
    assert after == {**before, "JOB_ATTEMPT": str(int(attempt) + 1)}
    assert len(json.dumps(asked["overrides"])) <= len(json.dumps({"containerOverrides": ended["overrides"]["containerOverrides"]}))
    assert 1 <= len(asked["clientToken"]) <= 64


def test_a_failed_job_is_kept_with_body_and_reason(resubmit):
    ended = event(task(ENDED, 137, reason="OutOfMemoryError: Container killed due to memory usage"))
    resubmit.handler(ended, None)
    (asked,) = resubmit.SQS.asked
    kept = json.loads(asked["MessageBody"])
    assert (asked["QueueUrl"], kept["body"], kept["message_id"], kept["attempt"]) == ("url", '{"id": 1}', "m-1", 1)
    assert kept["reason"] == (
        "EssentialContainerExited; Essential container in task exited; exit code 137; "
        "OutOfMemoryError: Container killed due to memory usage"
    )
    assert kept["event"] == ended


@pytest.mark.parametrize("how", [ENDED, SPOT, UNSTARTED])
def test_the_task_with_which_a_release_is_checked_carries_no_job(how, resubmit):
    resubmit.handler(event({**task(how, 1), "startedBy": "release-check"}), None)
    assert resubmit.ECS.asked == resubmit.SQS.asked == []


def test_a_task_without_a_job_is_kept_too(resubmit):
    resubmit.handler(event({**task(ENDED, 1), "overrides": {"containerOverrides": []}}), None)
    assert json.loads(resubmit.SQS.asked[0]["MessageBody"])["body"] is None


def test_what_ecs_refuses_is_raised_so_that_lambda_keeps_the_event(resubmit):
    resubmit.ECS.answer = {"tasks": [], "failures": [{"reason": "RESOURCE:ENI"}]}
    with pytest.raises(RuntimeError, match="RESOURCE:ENI"):
        resubmit.handler(event(task(SPOT, 143)), None)


def conflict(**more):
    def refuse(**asked):
        raise ClientError({"Error": {"Code": "ConflictException", "Message": "in use"}, **more}, "RunTask")

    return refuse


def test_an_event_that_comes_again_after_a_release_is_done(resubmit):
    """Its token stands for a task of the revision before: that one runs, or ran."""
    resubmit.ECS.run_task = conflict(resourceIds=["running"])
    assert resubmit.handler(event(task(SPOT, 143)), None) == "attempt 2: running"
    assert resubmit.SQS.asked == []


def test_another_conflict_is_raised(resubmit):
    resubmit.ECS.run_task = conflict()
    with pytest.raises(ClientError):
        resubmit.handler(event(task(SPOT, 143)), None)
