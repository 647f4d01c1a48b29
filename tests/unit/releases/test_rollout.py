"""The verdict on a service."""

import io
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_service import breaker, tolerated
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
        ({"stoppedReason": "Your Spot Task was interrupted."}, False),
        ({"stopCode": "TerminationNotice", "stoppedReason": ""}, False),
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


MISSING = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "m"}}, "GetFunction")
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
        return {"Code": {"ResolvedImageUri": self.image}, "Configuration": {"Timeout": self.timeout, "LastModified": "1"}}

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
        return {"LastModified": "1"}

    def get_alias(self, **_asked):
        raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "m"}}, "GetAlias")

    def create_alias(self, **_asked):
        self.answer("create")
        return {"Name": "live"}

    def update_alias(self, **_asked):
        self.answer("point")
        return {"Name": "live"}

    def publish_version(self, **_asked):
        self.answer("publish")
        return {"Version": "2"}


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
    """It may show another version, so it is written: a call whose answer was lost, or a read that was too early."""
    it = Lambda(LOST, None)
    it.rollout.switch("scheduler", "2")
    assert it.asked == ["create", "point"]


def test_an_alias_waits_for_another_change_of_its_function(clock):
    it = Lambda(OTHER, OTHER, None)
    it.rollout.point("scheduler", "2", {"3": 0.1})
    assert it.asked == ["create", "point", "create"]


def test_a_version_waits_for_another_change_of_its_function(clock):
    """PublishVersion is refused while an update goes on, which the read before it needn't have shown."""
    it = Lambda(None, LOST, LOST, None)
    assert it.rollout._new_version("scheduler", "b") == "2"
    assert it.asked == ["update", "publish", "publish", "publish"]


def test_a_version_is_shown_late_and_one_that_failed_is_not_waited_for(clock, monkeypatch):
    it, reads = Lambda(None), [MISSING, MISSING, "Pending", MISSING, "Active"]

    def get(**asked):
        if asked["Qualifier"] == "$LATEST":
            return Lambda.get_function(it)
        state = reads.pop(0)
        if state == MISSING:
            raise MISSING
        return {"Configuration": {"State": state, "StateReason": "no such architecture"}}

    it.image, it.get_function = "b", get
    assert it.rollout._new_version("scheduler", "b") == "2"
    it.answers, reads[:] = [None], ["Failed"]
    with pytest.raises(Failed, match="version 2 of s-scheduler failed: no such architecture"):
        it.rollout._new_version("scheduler", "b")
    assert clock.now < 30


@pytest.mark.parametrize("code", ["ResourceConflictException", "ResourceNotFoundException", "EC2ThrottledException"])
def test_a_version_that_can_not_be_called_yet_is_called_a_moment_later(code, clock):
    it = Lambda(code, None)
    it.rollout.call("scheduler", "2")
    assert it.asked == ["invoke", "invoke"]


def test_an_early_read_of_a_function_does_not_pass_for_what_came_of_its_change(clock, monkeypatch):
    """It shows the failure of the change before, which would end a good release, or the image that is to come back."""
    it, reads = Lambda(None), []

    def get(**_asked):
        image, modified, status = reads.pop(0) if reads else (it.image, "2", "Successful")
        more = {"LastModified": modified, "LastUpdateStatus": status, "LastUpdateStatusReason": "too large"}
        return {"Code": {"ResolvedImageUri": image}, "Configuration": more}

    monkeypatch.setattr(it, "get_function", get)
    monkeypatch.setattr(it, "update_function_code", lambda **asked: Lambda.update_function_code(it, **asked) | {"LastModified": "2"})
    reads[:] = [("a", "1", "Failed")] * 4
    it.rollout._code("scheduler", "b")
    assert it.asked == ["update"]
    # The way back, while reads still show what was before.
    it.answers, reads[:] = [None], [("a", "1", "Successful")] * 3
    it.rollout._code("scheduler", "a")
    assert (it.asked, it.image) == (["update"] * 2, "a")


class Late:
    """A stack of an API and a function whose reads show for a minute what was before, whatever was written."""

    def __init__(self, clock):
        self.clock, self.until, self.writes = clock, clock.now + 60, []
        self.service, self.version = service_of(OLD) | {"taskDefinition": BEFORE, "serviceName": "s-api"}, "1"
        self.shown = dict(self.service)
        self.rollout = Rollout(Aws(lambda _service: self, "us-east-1"), "s", {"id": "r", "images": {}}, Options(), lambda line: None)
        self.rollout.told = SimpleNamespace(begin=lambda _name: None, none=lambda _name: None)

    @property
    def late(self):
        return self.clock.now < self.until

    def describe_services(self, **_asked):
        return {"services": [{**(self.shown if self.late else self.service), "status": "ACTIVE"}]}

    def update_service(self, taskDefinition, **_asked):  # noqa: N803
        self.writes.append(taskDefinition)
        made = deployment(f"d{len(self.writes)}", taskDefinition, "PRIMARY", "COMPLETED")
        self.service = self.service | {"taskDefinition": taskDefinition, "deployments": [made]}
        return {"service": self.service}

    def get_alias(self, **_asked):
        return {"FunctionVersion": "1" if self.late else self.version}

    def update_alias(self, FunctionVersion, **_asked):  # noqa: N803
        self.writes.append(FunctionVersion)
        self.version = FunctionVersion
        return {"FunctionVersion": FunctionVersion}

    create_alias = update_alias


def test_the_way_back_believes_no_early_read(clock):
    """What was just changed may still be shown as it was: it would look as if it were back already."""
    it = Late(clock)
    it.rollout._update("api", ASKED, None)
    it.rollout._update("api", BEFORE, None)
    assert it.writes == [ASKED, BEFORE]
    assert it.rollout.deployments["api"] == ("d2", BEFORE)
    it.rollout.switch("scheduler", "2")
    it.rollout.switch("scheduler", "1")
    assert it.writes[2:] == ["2", "1"]


def test_what_aws_refused_is_not_written_again_on_the_way_back(clock, monkeypatch):
    def refused(**_asked):
        it.writes.append("refused")
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateService")

    it = Late(clock)
    monkeypatch.setattr(it, "update_service", refused)
    with pytest.raises(ClientError):
        it.rollout._update("api", ASKED, None)
    it.rollout._update("api", BEFORE, None)
    assert it.writes == ["refused"]


def test_an_alias_is_looked_at_until_it_shows_its_version_alone(clock):
    it = Late(clock)
    it.version, it.until = "2", clock.now + 20
    it.rollout._alone({"scheduler": "2"})
    assert 15 < clock.now < 40
    with pytest.raises(Failed, match="the alias live of scheduler doesn't show version 3 alone"):
        it.rollout._alone({"scheduler": "3"})
    assert clock.now < 120


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


def pipe_of(pipes):
    return Rollout(Aws(lambda _service: pipes, "us-east-1"), "s", {"id": "r"}, Options(), lambda line: None).pipe


def test_a_pipe_that_was_changed_already_is_no_failure(clock):
    def give(pipes):
        pipe_of(pipes)._set(ASKED, "RUNNING")

    give(Pipes(changed=True))
    with pytest.raises(EngineError, match="it starts api:1 and not api:2: somebody else changed it"):
        give(Pipes(changed=False))


def test_a_pipe_on_its_way_back_is_given_what_early_reads_still_show(clock):
    pipes = Pipes(changed=True)
    it, before, given = pipe_of(pipes), pipes.now, []

    def update(TargetParameters, **_asked):  # noqa: N803
        given.append(TargetParameters["EcsTaskParameters"]["TaskDefinitionArn"])
        if given[-1] == BEFORE and len(given) == 2:
            raise ClientError({"Error": {"Code": "ConflictException", "Message": "UPDATING"}}, "UpdatePipe")
        pipes.now = pipes.now | {"TargetParameters": TargetParameters}
        return pipes.now

    pipes.update_pipe = update
    it._set(ASKED, "RUNNING")
    pipes.reads = [before] * 3
    it._set(BEFORE, "RUNNING")
    assert given == [ASKED, BEFORE, BEFORE]


def test_a_pipe_that_is_watched_may_be_shown_as_it_was(clock, monkeypatch):
    pipes = Pipes(changed=True)
    it, before = pipe_of(pipes), pipes.now
    it._set(ASKED, "RUNNING")
    monkeypatch.setattr(it, "_tasks", lambda _asked: [])
    pipes.reads = [pipes.now, before, before]
    it._watch(ASKED)
    pipes.now = before
    with pytest.raises(EngineError, match="somebody else changed it"):
        it._watch(ASKED)


# Reads that are too early


def service_of(*deployments):
    return {"deployments": list(deployments), "runningCount": 1, "desiredCount": 1}


OLD = deployment("old", BEFORE, "PRIMARY", "COMPLETED")
BACK = deployment("back", BEFORE, "PRIMARY", "COMPLETED")
COMING = [deployment("new", ASKED, "PRIMARY", "IN_PROGRESS"), deployment("old", BEFORE, "ACTIVE", "COMPLETED")]


def waiting(monkeypatch, *looks):
    """A rollout that waits for a deployment, and what each look at its service shows."""
    it, left = Rollout(None, "s", {"id": "r", "images": {"api": "i"}}, Options(steady=0, pause=1), lambda line: None), list(looks)
    it.deployments = {"api": ("new", ASKED)}
    it.told = SimpleNamespace(look=lambda *_names: Look(), why=lambda *_names: Look())
    monkeypatch.setattr(it, "_service", lambda _component: left.pop(0) if len(left) > 1 else left[0])
    monkeypatch.setattr(it, "_ended", lambda *_names: [])
    monkeypatch.setattr(it, "_why", lambda *_names: "why")
    return it


def test_a_service_may_show_late_that_it_is_deployed(monkeypatch, clock):
    """Right after UpdateService ECS may still tell what was before, which is no rollback."""
    waiting(monkeypatch, service_of(OLD), service_of(OLD), service_of(*COMING), service_of(NEW)).wait()
    # Several answers may take turns.
    waiting(monkeypatch, service_of(*COMING), service_of(OLD), service_of(*COMING), service_of(OLD), service_of(NEW)).wait()
    assert clock.now < 60
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        waiting(monkeypatch, service_of(OLD)).wait()
    assert 60 <= clock.now < 130, "a minute, and no more"


def test_a_deployment_that_failed_is_not_waited_for(monkeypatch, clock):
    """Only DescribeServices is late; that its service deployment failed is said at once."""
    it = waiting(monkeypatch, service_of(*COMING), service_of(BACK))
    states = iter(["wait", "bad"])
    it.told.look = lambda *_names: Look(next(states), reason="ECS took it back")
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        it.wait()
    assert clock.now < 5


def test_what_was_seen_once_and_is_gone_was_rolled_back(monkeypatch, clock):
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        waiting(monkeypatch, service_of(*COMING), service_of(BACK)).wait()
    assert clock.now >= 60


def test_a_service_that_somebody_deleted_ends_it_in_a_sentence(monkeypatch, clock):
    waiting(monkeypatch, service_of(*COMING), None, service_of(NEW)).wait()  # one answer without it says nothing
    with pytest.raises(Failed, match="api: its service is gone; run site.yml"):
        waiting(monkeypatch, service_of(*COMING), None).wait()


def test_what_runs_is_compared_with_patience(monkeypatch, clock):
    it, seen = waiting(monkeypatch, None), [{"api": "old"}, {"api": "i"}]
    monkeypatch.setattr(it, "runs", lambda _before: seen.pop(0) if len(seen) > 1 else seen[0])
    it._compare({})
    seen[:] = [{"api": "other"}]
    with pytest.raises(Failed, match="api runs other, not i"):
        it._compare({})


@pytest.mark.parametrize("known", [["api"], ["api", "worker"]])
def test_no_component_is_left_out_because_it_is_shown_late(known, monkeypatch, clock):
    """A stack that was deployed a moment ago may be shown in parts; one that has no such part is not waited for long."""
    it = Rollout(None, "s", {"id": "r", "images": {"api": "i", "worker": "i"}}, Options(), lambda line: None)
    service = {"taskDefinition": BEFORE, "desiredCount": 1}
    monkeypatch.setattr(it, "_service", lambda one: service if one == "api" or (one in known and clock.now > 2) else None)
    monkeypatch.setattr(it, "_function", lambda _component: None)
    monkeypatch.setattr(it.pipe, "before", lambda: None)
    assert list(it.before()["services"]) == known
    assert clock.now <= 10


@pytest.mark.parametrize(("strategy", "begun"), [("BLUE_GREEN", True), ("ROLLING", False)])
def test_only_what_moves_traffic_is_waited_for_until_it_is_listed(strategy, begun, monkeypatch, clock):
    it, settled = Rollout(None, "s", {"id": "r", "images": {}}, Options(), lambda line: None), []
    service = service_of(NEW) | {"deploymentConfiguration": {"strategy": strategy}}
    monkeypatch.setattr(it, "_service", lambda _component: service)
    it.told = SimpleNamespace(settle=lambda one, begun: settled.append((one, begun)), forget=lambda: it.deployments.clear())
    for name in ("_update", "_migrations", "wait", "_alone"):
        monkeypatch.setattr(it, name, lambda *_given: None)
    monkeypatch.setattr(it, "runs", lambda _before: {})
    monkeypatch.setattr(it, "_left", lambda _before: [])
    it.deployments = {"api": ("new", ASKED)}
    it.back({"services": {"api": {"task_definition": BEFORE, "desired": 1}, "worker": {"task_definition": BEFORE, "desired": 1}}, "functions": {}})
    assert settled == [("api", begun), ("worker", False)]


def test_what_ended_before_is_no_fault_of_the_way_back(monkeypatch):
    """Traffic that is moved back comes to the deployment from before, some of whose tasks may have crashed today."""
    crashed = {"taskArn": "t1", "startedBy": "old", "stopCode": "EssentialContainerExited", "stoppedReason": "x"}
    monkeypatch.setattr(rollouts, "listed", lambda *_names, **_more: [crashed, {**crashed, "taskArn": "t2"}])
    it = Rollout(None, "s", {"id": "r", "images": {}}, Options(), lambda line: None)
    assert [one["taskArn"] for one in it._ended("api", "old")] == ["t1", "t2"]
    it.spared = {"t1"}
    assert [one["taskArn"] for one in it._ended("api", "old")] == ["t2"]
