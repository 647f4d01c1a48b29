"""The verdict on a service."""

import io
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs import breaker, tolerated
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import pipe
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import rollout as rollouts
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.deployments import Look
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import (
    START_SECONDS,
    Failed,
    Options,
    Rollout,
    by_itself,
    error_of,
    judge,
    limit_of,
)
from botocore.exceptions import ClientError

ASKED, BEFORE = "arn:task-definition/api:2", "arn:task-definition/api:1"


def deployment(name, definition, status, state):
    return {"id": name, "taskDefinition": definition, "status": status, "rolloutState": state, "rolloutStateReason": state}


NEW = deployment("new", ASKED, "PRIMARY", "COMPLETED")


@pytest.mark.parametrize(
    ("deployments", "running", "state"),
    [
        ([NEW], 1, "good"),
        ([NEW], 0, "wait"),
        ([NEW, deployment("old", BEFORE, "ACTIVE", "COMPLETED")], 1, "wait"),
        ([deployment("new", ASKED, "PRIMARY", "IN_PROGRESS")], 1, "wait"),
        ([deployment("new", ASKED, "PRIMARY", "FAILED")], 1, "bad"),
        # The breaker rolled back: all is steady, and it is not what was asked for.
        ([deployment("back", BEFORE, "PRIMARY", "COMPLETED")], 1, "bad"),
        ([deployment("back", BEFORE, "PRIMARY", "IN_PROGRESS"), deployment("new", ASKED, "ACTIVE", "FAILED")], 1, "bad"),
        # Somebody else deployed meanwhile.
        ([deployment("other", ASKED, "PRIMARY", "COMPLETED")], 1, "bad"),
        ([deployment("new", BEFORE, "PRIMARY", "COMPLETED")], 1, "bad"),
        ([], 0, "bad"),
    ],
)
def test_judge(deployments, running, state):
    service = {"deployments": deployments, "runningCount": running, "desiredCount": 1}
    assert judge(service, "new", ASKED)[0] == state


@pytest.mark.parametrize(
    ("given", "desired", "most"),
    [
        ({}, 0, 3), ({}, 1, 3), ({}, 7, 4), ({}, 25, 13), ({}, 1000, 200),
        ({"threshold_type": "UNBOUNDED_PERCENT"}, 1, 1), ({"threshold_type": "UNBOUNDED_PERCENT"}, 1000, 500),
        ({"threshold_type": "UNBOUNDED_PERCENT", "threshold": 10}, 0, 1),
        ({"threshold_type": "COUNT", "threshold": 2}, 1000, 2),
    ],
)  # fmt: skip
def test_how_many_tasks_may_fail(given, desired, most):
    assert tolerated(breaker(given), desired) == most


def test_the_limit_is_the_services_own():
    told = {"thresholdConfiguration": {"type": "COUNT", "value": 2}}
    assert limit_of({"desiredCount": 9, "deploymentConfiguration": {"deploymentCircuitBreaker": told}}) == 2
    assert limit_of({"desiredCount": 9}) == 5


@pytest.mark.parametrize(
    ("task", "counts"),
    [
        ({"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}, True),
        ({"stopCode": "TaskFailedToStart", "stoppedReason": "CannotPullContainerError"}, True),
        ({"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Task failed container health checks"}, True),
        ({"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by deployment ecs-svc/1"}, False),
        ({"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."}, False),
        ({"stopCode": "UserInitiated", "stoppedReason": "by hand"}, False),
    ],
)
def test_which_ends_count(task, counts):
    assert by_itself(task) == counts


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b'{"errorType": "KeyError", "errorMessage": "x"}', "KeyError: x"),
        (b"", "Unhandled: "),
        (b'"text"', "Unhandled: text"),
        (b"\xff no JSON \x1b[2J", "Unhandled: \ufffd no JSON "),
    ],
)
def test_what_a_function_says_of_its_failure(payload, said):
    assert error_of(payload, "Unhandled") == said
    assert len(error_of(b'{"errorMessage": "' + b"x" * 6_000_000 + b'"}', "Unhandled")) < 3000


# A change that is refused because it was done, and one that is because another one goes on.
LOST, OTHER = "ResourceConflictException", "other's ResourceConflictException"


class Lambda:
    """A function whose calls and changes answer as they are told to."""

    def __init__(self, *answers, timeout=300):
        self.answers, self.timeout, self.image, self.asked, self.clients = list(answers), timeout, "a", [], []
        self.rollout = Rollout(Aws(self.client, "us-east-1"), "s", {"id": "r", "images": {}}, Options(), lambda line: None)

    def client(self, service, **more):
        self.clients.append((service, more))
        return self

    def get_function(self, **_asked):
        return {"Code": {"ResolvedImageUri": self.image}, "Configuration": {"Timeout": self.timeout}}

    def answer(self, operation):
        self.asked.append(operation)
        code = self.answers.pop(0)
        if code:
            code = code.removeprefix("other's ")
            raise ClientError({"Error": {"Code": code, "Message": "m"}}, operation)

    def invoke(self, **_asked):
        self.answer("invoke")
        return {"Payload": io.BytesIO(b"{}")}

    def update_function_code(self, ImageUri, **_asked):  # noqa: N803
        if self.answers[0] != OTHER:
            self.image = ImageUri
        self.answer("update")
        return {"FunctionName": "f"}

    def get_alias(self, **_asked):
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "m"}}, "GetAlias")

    def create_alias(self, **_asked):
        self.answer("create")


def test_a_function_is_called_once_and_with_patience():
    """A call that goes on for minutes must neither be given up before the function is, nor be sent again."""
    it = Lambda(None)
    it.rollout.call("scheduler", "2")
    ((_service, more),) = [one for one in it.clients if one[1]]
    assert more["read_timeout"] == 300 + START_SECONDS
    assert more["retries"]["total_max_attempts"] == 1


def test_a_function_that_is_busy_is_called_when_it_is_free(monkeypatch):
    it = Lambda("TooManyRequestsException", None)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    it.rollout.call("scheduler", "2")
    assert it.asked == ["invoke", "invoke"]


@pytest.mark.parametrize(
    "answers",
    [
        (None,),
        (LOST, None),  # done already, by the call whose answer was lost
        (OTHER, OTHER, None),  # another change was under way: this one is asked for again
    ],
)
def test_a_function_gets_its_code_whatever_is_under_way(answers):
    it = Lambda(*answers)
    it.rollout._code("scheduler", "b")
    assert it.image == "b"
    assert len(it.asked) == len(answers)


def test_an_alias_that_is_there_already_is_no_failure():
    it = Lambda(LOST)
    it.rollout.switch("scheduler", "2")
    assert it.asked == ["create"]


class Pipes:
    """A pipe whose change is refused because it goes on already, or because somebody else changes it."""

    def __init__(self, changed):
        self.changed, self.reads = changed, []
        self.now = {
            "Arn": "p", "RoleArn": "r", "CurrentState": "RUNNING", "DesiredState": "RUNNING",
            "TargetParameters": {"EcsTaskParameters": {"TaskDefinitionArn": BEFORE}},
        }  # fmt: skip

    def describe_pipe(self, **_asked):
        return self.reads.pop(0) if self.reads else self.now

    def update_pipe(self, TargetParameters, **_asked):  # noqa: N803
        self.reads = [self.now] * 2  # too early
        self.now = self.now | ({"TargetParameters": TargetParameters} if self.changed else {})
        raise ClientError({"Error": {"Code": "ConflictException", "Message": "UPDATING"}}, "UpdatePipe")


def test_a_pipe_that_was_changed_already_is_no_failure(monkeypatch):
    def give(pipes):
        rollout = Rollout(Aws(lambda _service: pipes, "us-east-1"), "s", {"id": "r"}, Options(), lambda line: None)
        rollout.pipe._set(ASKED, "RUNNING")

    give(Pipes(changed=True))
    monkeypatch.setattr(pipe, "STALE_SECONDS", 0)
    with pytest.raises(EngineError, match="it starts api:1 and not api:2: somebody else changed it"):
        give(Pipes(changed=False))


# Reads that are too early


def service_of(*deployments):
    return {"deployments": list(deployments), "runningCount": 1, "desiredCount": 1}


OLD = deployment("old", BEFORE, "PRIMARY", "COMPLETED")
BACK = deployment("back", BEFORE, "PRIMARY", "COMPLETED")
COMING = [deployment("new", ASKED, "PRIMARY", "IN_PROGRESS"), deployment("old", BEFORE, "ACTIVE", "COMPLETED")]


def waiting(monkeypatch, *looks):
    """A rollout that waits for a deployment, and what each look at its service shows."""
    it, left = Rollout(None, "s", {"id": "r", "images": {"api": "i"}}, Options(steady=0, pause=0), lambda line: None), list(looks)
    it.deployments = {"api": ("new", ASKED)}
    it.told = SimpleNamespace(look=lambda *_names: Look(), why=lambda *_names: Look())
    monkeypatch.setattr(it, "_service", lambda _component: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(it, "_ended", lambda *_names: [])
    monkeypatch.setattr(it, "_why", lambda *_names: "why")
    return it


def test_a_service_may_show_late_that_it_is_deployed(monkeypatch):
    """Right after UpdateService ECS may still tell what was before, which is no rollback."""
    waiting(monkeypatch, service_of(OLD), service_of(OLD), service_of(*COMING), service_of(NEW)).wait()
    monkeypatch.setattr(rollouts, "STALE_SECONDS", -1)
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        waiting(monkeypatch, service_of(OLD)).wait()


def test_what_was_seen_once_and_is_gone_was_rolled_back(monkeypatch):
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        waiting(monkeypatch, service_of(*COMING), service_of(BACK)).wait()


def test_a_service_that_somebody_deleted_ends_it_in_a_sentence(monkeypatch):
    with pytest.raises(Failed, match="api: its service is gone; run site.yml"):
        waiting(monkeypatch, service_of(*COMING), None).wait()


def test_what_runs_is_compared_with_patience(monkeypatch):
    it, seen = waiting(monkeypatch, None), [{"api": "old"}, {"api": "i"}]
    monkeypatch.setattr(it, "runs", lambda _before: seen.pop(0) if len(seen) > 1 else seen[0])
    it._compare({})
    monkeypatch.setattr(rollouts, "STALE_SECONDS", 0)
    seen[:] = [{"api": "other"}]
    with pytest.raises(Failed, match="api runs other, not i"):
        it._compare({})


def test_what_ended_before_is_no_fault_of_the_way_back(monkeypatch):
    """Traffic that is moved back comes to the deployment from before, some of whose tasks may have crashed today."""
    crashed = {"taskArn": "t1", "startedBy": "old", "stopCode": "EssentialContainerExited", "stoppedReason": "x"}
    monkeypatch.setattr(rollouts, "listed", lambda *_names, **_more: [crashed, {**crashed, "taskArn": "t2"}])
    it = Rollout(None, "s", {"id": "r", "images": {}}, Options(), lambda line: None)
    assert [one["taskArn"] for one in it._ended("api", "old")] == ["t1", "t2"]
    it.spared = {"t1"}
    assert [one["taskArn"] for one in it._ended("api", "old")] == ["t2"]
