"""The pipe under a release: its change is its own, whatever early reads and lost answers show."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.pipe import Pipe
from botocore.exceptions import ClientError

ASKED, BEFORE = "arn:task-definition/api:2", "arn:task-definition/api:1"


def conflict():
    return ClientError({"Error": {"Code": "ConflictException", "Message": "UPDATING"}}, "UpdatePipe")


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
        raise conflict()


@pytest.fixture
def pipe_of(context):
    """Return what makes a pipe of a client."""
    return lambda pipes: Pipe(context(pipes), "worker", None)


def test_a_pipe_that_was_changed_already_is_no_failure(pipe_of, clock):
    pipe_of(Pipes(changed=True))._set(ASKED, "RUNNING")
    with pytest.raises(EngineError, match="it starts api:1 and not api:2: somebody else changed it"):
        pipe_of(Pipes(changed=False))._set(ASKED, "RUNNING")


def test_a_pipe_on_its_way_back_is_given_what_early_reads_still_show(pipe_of, clock):
    pipes = Pipes(changed=True)
    it, before, given = pipe_of(pipes), pipes.now, []

    def update(TargetParameters, **_asked):  # noqa: N803
        given.append(TargetParameters["EcsTaskParameters"]["TaskDefinitionArn"])
        if given[-1] == BEFORE and len(given) == 2:
            raise conflict()
        pipes.now = pipes.now | {"TargetParameters": TargetParameters}
        return pipes.now

    pipes.update_pipe = update
    it._set(ASKED, "RUNNING")
    pipes.reads = [before] * 3
    it._set(BEFORE, "RUNNING")
    assert given == [ASKED, BEFORE, BEFORE]


def test_a_pipe_that_is_watched_may_be_shown_as_it_was(pipe_of, clock, monkeypatch):
    pipes = Pipes(changed=True)
    it, before = pipe_of(pipes), pipes.now
    it._set(ASKED, "RUNNING")
    monkeypatch.setattr(it, "_tasks", lambda _asked: [])
    pipes.reads = [pipes.now, before, before]
    it._watch(ASKED)
    pipes.now = before
    with pytest.raises(EngineError, match="somebody else changed it"):
        it._watch(ASKED)
