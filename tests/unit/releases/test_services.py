"""Services under a release: the verdict on what runs, what is written, and what late answers may not do."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_pauses import Pause
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_service import breaker, tolerated
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import services
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.context import Failed
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.deployments import Status
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.pauses import Paused
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.services import (
    Services,
    by_itself,
    judge,
    limit_of,
)
from botocore.exceptions import ClientError

ASKED, BEFORE = "arn:task-definition/api:2", "arn:task-definition/api:1"


def deployment(name, definition, status, state):
    return {"id": name, "taskDefinition": definition, "status": status, "rolloutState": state, "rolloutStateReason": state}


def service_of(*deployments):
    return {"deployments": list(deployments), "runningCount": 1, "desiredCount": 1}


NEW = deployment("new", ASKED, "PRIMARY", "COMPLETED")
OLD = deployment("old", BEFORE, "PRIMARY", "COMPLETED")
BACK = deployment("back", BEFORE, "PRIMARY", "COMPLETED")
COMING = [deployment("new", ASKED, "PRIMARY", "IN_PROGRESS"), deployment("old", BEFORE, "ACTIVE", "COMPLETED")]


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


# What is written


class Late:
    """A service whose reads show for a minute what was before, whatever was written."""

    def __init__(self, clock):
        self.clock, self.until, self.writes = clock, clock.now + 60, []
        self.service = service_of(OLD) | {"taskDefinition": BEFORE, "serviceName": "s-api", "status": "ACTIVE"}
        self.shown = self.service

    def describe_services(self, **_asked):
        return {"services": [self.shown if self.clock.now < self.until else self.service]}

    def update_service(self, taskDefinition, **_asked):  # noqa: N803
        self.writes.append(taskDefinition)
        made = deployment(f"d{len(self.writes)}", taskDefinition, "PRIMARY", "COMPLETED")
        self.service = self.service | {"taskDefinition": taskDefinition, "deployments": [made]}
        return {"service": self.service}


class Deployments:
    """Service deployments of which nothing is known."""

    def __init__(self, *statuses):
        self.statuses, self.settled, self.continued = list(statuses), [], []

    def begin(self, _component):
        pass

    check = none = begin

    def forget(self):
        pass

    def settle(self, component, begun):
        self.settled.append((component, begun))

    def status(self, _component, _asked):
        return self.statuses.pop(0) if len(self.statuses) > 1 else next(iter(self.statuses), Status())

    def end(self, _component, _asked):
        return Status()

    def waiting(self, status):
        return next((one for one in status.pauses if one not in self.continued), None)

    def go_on(self, _component, pause):
        self.continued.append(pause)


def made(context, **parts):
    """Services with parts in the place of their own."""
    it = Services(context, {})
    it._deployments = Deployments()
    for name, part in parts.items():
        setattr(it, name, part)
    return it


def test_the_way_back_believes_no_early_read(clock, context):
    """What was just changed may still be shown as it was: it would look as if it were back already."""
    aws = Late(clock)
    it = made(context(aws))
    it._update("api", ASKED, None)
    it._update("api", BEFORE, None)
    assert aws.writes == [ASKED, BEFORE]
    assert it._begun["api"] == ("d2", BEFORE)


def test_what_aws_refused_is_not_written_again_on_the_way_back(clock, context, monkeypatch):
    aws = Late(clock)

    def refused(**_asked):
        aws.writes.append("refused")
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "UpdateService")

    monkeypatch.setattr(aws, "update_service", refused)
    it = made(context(aws))
    with pytest.raises(ClientError):
        it._update("api", ASKED, None)
    it._update("api", BEFORE, None)
    assert aws.writes == ["refused"]


# What is waited for


@pytest.fixture
def waiting(context):
    """Return what makes services that wait for a deployment, of what each look at the one service shows."""

    def make(*looks):
        left = list(looks)
        return made(
            context(object(), pause=1, steady=0),
            _begun={"api": ("new", ASKED)},
            _find=lambda _component: left.pop(0) if len(left) > 1 else left[0],
            _ended=lambda _component: [],
            _why=lambda _component: "why",
        )

    return make


def test_a_service_may_show_late_that_it_is_deployed(waiting, clock):
    """Right after UpdateService ECS may still tell what was before, which is no rollback."""
    waiting(service_of(OLD), service_of(OLD), service_of(*COMING), service_of(NEW)).wait()
    # Several answers may take turns.
    waiting(service_of(*COMING), service_of(OLD), service_of(*COMING), service_of(OLD), service_of(NEW)).wait()
    assert clock.now < 60
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        waiting(service_of(OLD)).wait()
    assert 60 <= clock.now < 130, "a minute, and no more"


def test_a_deployment_that_failed_is_not_waited_for(waiting, clock):
    """Only DescribeServices is late; that its service deployment failed is said at once."""
    it = waiting(service_of(*COMING), service_of(BACK))
    it._deployments = Deployments(Status("wait"), Status("bad", reason="ECS took it back"))
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        it.wait()
    assert clock.now < 5


def test_what_was_seen_once_and_is_gone_was_rolled_back(waiting, clock):
    with pytest.raises(Failed, match="PRIMARY is api:1 again"):
        waiting(service_of(*COMING), service_of(BACK)).wait()
    assert clock.now >= 60


def test_a_service_that_somebody_deleted_ends_it_in_a_sentence(waiting, clock):
    waiting(service_of(*COMING), None, service_of(NEW)).wait()  # one answer without it says nothing
    with pytest.raises(Failed, match="api: its service is gone; run site.yml"):
        waiting(service_of(*COMING), None).wait()


def test_a_service_that_is_gone_since_a_rollout_was_killed_ends_the_next_one_in_a_sentence(waiting, clock):
    """What ran before stands in the record, and needn't be there any more."""
    with pytest.raises(Failed, match="api: its service is gone; run site.yml"):
        waiting(None).check({"api": {"task_definition": BEFORE, "desired": 1}})


# Pauses

PAUSE = Pause("arn", "hook", "POST_SCALE_UP", "2026-11-30T18:00:00Z", "ROLLBACK")
BESIDE = service_of(*COMING) | {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}}


def test_a_deployment_that_pauses_is_waited_for_no_more_when_the_rest_is_up(waiting, clock):
    it = waiting(BESIDE)
    it._deployments = Deployments(Status("wait"), Status("wait", pauses=(PAUSE,)))
    with pytest.raises(Paused, match="^api at POST_SCALE_UP until 2026-11-30T18:00:00Z, when it is taken back$") as caught:
        it.wait()
    assert caught.value.waiting == {"api": PAUSE}
    assert clock.now < 5


@pytest.mark.parametrize("comes", [True, False])
def test_a_pause_lets_the_others_come_up_first(context, clock, comes):
    """A run that ends while something else fails would leave it to nobody."""
    worker = [service_of(*COMING)] * 3 + [service_of(NEW) if comes else service_of(deployment("new", ASKED, "PRIMARY", "FAILED"))]
    looks = {"api": [BESIDE], "worker": worker}
    it = made(
        context(object(), pause=1, steady=0), _begun=dict.fromkeys(looks, ("new", ASKED)), _ended=lambda _component: [],
        _find=lambda one: looks[one].pop(0) if len(looks[one]) > 1 else looks[one][0], _why=lambda _component: "why",
    )  # fmt: skip
    it._deployments = Deployments()
    it._deployments.status = lambda one, _asked: Status("wait", pauses=(PAUSE,)) if one == "api" else Status()
    with pytest.raises(Paused if comes else Failed):
        it.wait()
    assert clock.now >= 3


def test_every_pause_is_continued_where_that_is_asked_for(waiting, clock):
    """A rollback and the way back are nothing to wait with."""
    again = Pause("arn", "next", "POST_SCALE_UP", "2026-11-30T18:00:00Z", "ROLLBACK")
    statuses = [Status("wait", pauses=(PAUSE,)), Status("wait", pauses=(PAUSE,)), Status("wait", pauses=(again,)), Status("good")]
    it = waiting(BESIDE, BESIDE, BESIDE, service_of(NEW))
    it._deployments, it._every_pause = Deployments(*statuses), True
    it.wait()
    assert it._deployments.continued == [PAUSE, again]
    it = waiting(service_of(OLD) | {"taskDefinition": BEFORE})
    it.back({})
    assert it._every_pause


# The way back


@pytest.mark.parametrize(("strategy", "begun"), [("BLUE_GREEN", True), ("ROLLING", False)])
def test_only_what_moves_traffic_is_waited_for_until_it_is_listed(strategy, begun, context):
    service = service_of(NEW) | {"deploymentConfiguration": {"strategy": strategy}}
    it = made(
        context(object()),
        _begun={"api": ("new", ASKED)},
        _find=lambda _component: service,
        _update=lambda *_given: None,
    )
    was = {"task_definition": BEFORE, "desired": 1}
    it.back({"api": was, "worker": was})
    assert it._deployments.settled == [("api", begun), ("worker", False)]


def test_what_ended_before_is_no_fault_of_the_way_back(context, monkeypatch):
    """Traffic that is moved back comes to the deployment from before, some of whose tasks may have crashed today."""
    crashed = {"taskArn": "t1", "startedBy": "old", "stopCode": "EssentialContainerExited", "stoppedReason": "x"}
    ended = [crashed]
    monkeypatch.setattr(services, "listed", lambda *_names, **_more: ended)
    it = made(context(object()), _begun={"api": ("old", BEFORE)}, wait=lambda: None)
    assert it._ended("api") == [crashed]
    it.wait_back()
    ended.append({**crashed, "taskArn": "t2"})
    assert [one["taskArn"] for one in it._ended("api")] == ["t2"]
