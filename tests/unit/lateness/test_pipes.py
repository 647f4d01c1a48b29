"""Pipes that AWS accepts and fails at later: made again while the role may be fresh, and by the next run."""

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.pipes import PIPE

from emulator import eventual, provisioning

HERE = "us-east-1:123456789012"
READS = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]


@pytest.fixture
def pipe(aws, engine, name):
    """A pipe between two queues, with a role that may do nothing yet."""
    for end in ("from", "to"):
        aws("sqs").create_queue(QueueName=f"{name}-{end}")
    trust = {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws("iam").create_role(RoleName=f"{name}-pipe", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    want = {
        "name": f"{name}-pipe", "role_arn": role, "desired_state": "RUNNING", "tags": {"Stack": name},
        "source": f"arn:aws:sqs:{HERE}:{name}-from", "target": f"arn:aws:sqs:{HERE}:{name}-to", "description": "d",
    }  # fmt: skip

    def apply(check=False, **more):
        return sync(PIPE, engine, PIPE.want(want | more), check=check)

    return apply


@pytest.fixture
def allow(aws, name):
    def permit(actions=READS):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        aws("iam").put_role_policy(RoleName=f"{name}-pipe", PolicyName="pipe", PolicyDocument=json.dumps(document))

    return permit


def state(aws, name):
    return aws("pipes").describe_pipe(Name=f"{name}-pipe")["CurrentState"]


@pytest.mark.parametrize("seed", range(8))
def test_a_fresh_role_is_waited_for(pipe, allow, late, seed):
    late(seed)
    allow()
    outcome = pipe()
    assert (outcome.action, outcome.after["state"]) == ("create", "RUNNING")


def test_pipes_do_fail_later(pipe, allow, late):
    """What the test above claims to bear is there to be borne."""
    allow()
    met = []
    for seed in range(16):
        late(seed)
        allow()
        pipe(description=f"{seed}")
        met += eventual.show()["met"]
    assert "pipes UpdatePipe fails later" in met


@pytest.mark.parametrize("slow", [0, 1])
def test_it_is_made_again_until_the_role_may(aws, name, pipe, allow, clock, monkeypatch, slow):
    monkeypatch.setattr(provisioning, "scale", slow)
    tried, sleep = [], clock.sleep

    def meanwhile(seconds):
        sleep(seconds)
        tried.append(seconds)
        if clock.now > 3 + 90 * slow:
            allow()

    monkeypatch.setattr(clock, "sleep", meanwhile)
    outcome = pipe()
    assert outcome.action == "create" and outcome.after["state"] == "RUNNING" and tried
    assert clock.now < 300 and pipe().action == "none"


def test_a_role_that_never_may_is_told_in_awss_words(aws, name, pipe, clock):
    with pytest.raises(EngineError, match="CREATE_FAILED: .* does not have permissions to call ReceiveMessage on SQS"):
        pipe()
    assert clock.now < 1000
    assert not [one for one in aws("pipes").list_pipes()["Pipes"] if one["Name"] == f"{name}-pipe"]


def test_another_reason_is_told_at_once_and_the_next_run_makes_it_again(aws, name, pipe, allow, clock, monkeypatch):
    from moto.pipes.models import EventBridgePipesBackend as Backend

    allow()
    create = Backend.create_pipe

    def fails(self, *args, **kwargs):
        made = create(self, *args, **kwargs)
        made.fail("the queue is of a kind that pipes can't read")
        return made

    monkeypatch.setattr(Backend, "create_pipe", fails)
    with pytest.raises(EngineError, match="pipe end-.* failed: CREATE_FAILED: the queue is of a kind"):
        pipe()
    assert clock.now == 0 and state(aws, name) == "CREATE_FAILED"
    monkeypatch.setattr(Backend, "create_pipe", create)
    planned = pipe(check=True)
    assert (planned.action, planned.reason) == ("replace", "failed: AWS never mends a pipe that it couldn't make")
    assert pipe().action == "replace" and state(aws, name) == "RUNNING"
    assert pipe().action == "none" and clock.now < 5


def test_an_update_that_fails_is_tried_again(aws, name, pipe, allow, clock, monkeypatch):
    allow()
    pipe()
    allow(["sqs:SendMessage"])
    sleep = clock.sleep

    def meanwhile(seconds):
        sleep(seconds)
        if clock.now > 5:
            allow()

    monkeypatch.setattr(clock, "sleep", meanwhile)
    outcome = pipe(description="another")
    assert outcome.action == "update" and outcome.after["description"] == "another" and state(aws, name) == "RUNNING"
    assert clock.now < 60


@pytest.mark.parametrize("change", [{"desired_state": "RUNNING"}, {"desired_state": "RUNNING", "description": "other"}])
def test_a_pipe_that_failed_to_start_or_change_is_put_right_by_the_next_run(aws, name, pipe, allow, change):
    allow()
    pipe(desired_state="STOPPED")
    allow(["sqs:SendMessage"])
    aws("pipes").start_pipe(Name=f"{name}-pipe")
    assert state(aws, name) == "START_FAILED"
    allow()
    assert pipe(**change).action == "update" and state(aws, name) == "RUNNING"
    assert pipe(**change).action == "none"


def test_a_deletion_that_failed_is_told(engine, pipe, allow, aws, name, clock, monkeypatch):
    allow()
    live = pipe().after
    found = aws("pipes").describe_pipe(Name=live["name"]) | {"CurrentState": "DELETE_FAILED", "StateReason": "no"}
    monkeypatch.setattr(engine("pipes"), "describe_pipe", lambda **_named: found)
    with pytest.raises(EngineError, match="DELETE_FAILED: no"):
        PIPE.gone(engine, live, 60)
    assert clock.now == 0
