"""Going on with a rollout that isn't finished: what is continued, what is taken back, and what is refused."""

from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import resuming
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options

WHERE = "api at POST_SCALE_UP until T, when it is taken back"
OPTIONS = Options(Components({"api": 1}))


class World:
    """A stack with one release whose newest rollout stands so; remembers what is done."""

    def __init__(self, monkeypatch, verdict, *, pauses=False, became="waits", kind="rollout", **more):
        self.done, self.pauses, self.every = [], pauses, None
        rollout = {"kind": kind, "by": "me", "started": "1", "verdict": verdict, "before": {"services": {"api": {}}}, **more}
        self.release = {"id": "r", "created": "1", "images": {}, "migration": {}, "rollouts": [rollout] if verdict else []}
        world = self

        class Book:
            """The one release."""

            def __init__(self, _aws, _stack):
                pass

            def all(self):
                return [world.release]

            def get(self, _name):
                return world.release

            def write(self, release):
                world.done.append(f"written as {release['rollouts'][-1]['verdict']}")

        class Services:
            """Services of which one may pause."""

            def __init__(self, *_given, **_more):
                pass

            def before(self):
                return {"api": {}}

            def paused(self, before):
                return dict.fromkeys(before, ["pause"]) if world.pauses else {}

            def go_on(self, paused):
                world.done += ["continued"] * len(paused)

            def follow(self, components):
                world.done += ["followed"] * len(components)

            def take_back(self, components):
                world.done += ["taken back by ECS"] * len(components)

        def rollout_of(_aws, _stack, _release, options, _say):
            world.every = options.every_pause
            return SimpleNamespace(services=Services(), check=lambda _before: None)

        def take_back(_rollout, _book, _before, verdict, reason):
            world.done.append("taken back")
            world.release["rollouts"][-1] |= {"verdict": verdict, "reason": reason}
            return world.release

        def bring_up(*_given):
            world.done.append("brought up")
            return world.release

        for name, part in {
            "Services": Services, "Rollout": rollout_of, "take_back": take_back, "bring_up": bring_up, "Context": lambda *_given: None,
        }.items():  # fmt: skip
            monkeypatch.setattr(resuming, name, part)
        monkeypatch.setattr(resuming.records, "Releases", Book)
        monkeypatch.setattr(resuming.records, "me", lambda _aws: "me")
        monkeypatch.setattr(resuming.pauses, "look", lambda _aws, _rollout: (became, f"it {became}"))
        monkeypatch.setattr(resuming.between, "forget", lambda _aws, _stack: self.done.append("forgotten"))

    def resume(self, how, name=""):
        return how(None, "s", name, OPTIONS, lambda _line: None)[1]


PAUSED = {"paused": {"api": {"deployment": "d", "hook": "h"}}, "reason": WHERE}


@pytest.mark.parametrize(
    ("given", "done"),
    [
        ({"verdict": "paused", "pauses": True, **PAUSED}, ["written as running", "forgotten", "continued", "brought up"]),
        # It has gone on by itself, or somebody continued it on ECS.
        ({"verdict": "paused", "became": "on", **PAUSED}, ["written as running", "forgotten", "brought up"]),
        # The run that continued it was killed then, and one was killed before it could write that it pauses.
        ({"verdict": "running", "became": "on", **PAUSED}, ["written as running", "forgotten", "brought up"]),
        ({"verdict": "running", "became": "on", "pauses": True}, ["written as running", "forgotten", "continued", "brought up"]),
        ({"verdict": "succeeded"}, []),
        # What an apply deployed.
        ({"verdict": "succeeded", "pauses": True}, ["continued", "followed"]),
        ({"verdict": "failed", "pauses": True}, ["continued", "followed"]),
    ],
)
def test_what_is_continued(monkeypatch, given, done):
    world = World(monkeypatch, **given)
    assert world.resume(resuming.continue_rollout) == bool(done)
    assert world.done == done


@pytest.mark.parametrize(
    ("given", "done"),
    [
        ({"verdict": "paused", "pauses": True, **PAUSED}, ["taken back", "forgotten"]),
        ({"verdict": "running"}, ["taken back", "forgotten"]),
        ({"verdict": "stopped"}, []),
        ({"verdict": "failed"}, []),
        ({"verdict": "succeeded", "pauses": True}, ["taken back by ECS"]),
    ],
)
def test_what_is_stopped(monkeypatch, given, done):
    world = World(monkeypatch, **given)
    assert world.resume(resuming.stop_rollout) == bool(done)
    assert world.done == done


def test_what_ecs_took_back_has_failed_and_the_rest_goes_back_too(monkeypatch):
    world = World(monkeypatch, "paused", became="bad", **PAUSED)
    with pytest.raises(EngineError, match=f"rollout of r failed: {WHERE}; it bad"):
        world.resume(resuming.continue_rollout)
    assert world.done == ["taken back", "forgotten"]
    assert world.release["rollouts"][-1]["verdict"] == "failed"


@pytest.mark.parametrize(
    ("how", "given", "name", "words"),
    [
        (resuming.continue_rollout, {"verdict": ""}, "", "nothing was rolled out yet"),
        (resuming.continue_rollout, {"verdict": "paused", **PAUSED}, "other", "release_name is 'other', but the newest rollout of s is of r"),
        (resuming.continue_rollout, {"verdict": "failed", "reason": "why\nmore"}, "", "has ended: failed: why$"),
        (resuming.continue_rollout, {"verdict": "running"}, "", "was not finished, and no deployment pauses: .*rollout.yml takes it over"),
        (resuming.stop_rollout, {"verdict": "succeeded"}, "", "has succeeded; .*rollback.yml goes back"),
    ],
)
def test_what_is_refused(monkeypatch, how, given, name, words):
    world = World(monkeypatch, **given)
    with pytest.raises(EngineError, match=words):
        world.resume(how, name)
    assert world.done == []


def test_what_a_rollback_paused_at_is_continued_to_its_end(monkeypatch):
    for kind, every in (("rollback", True), ("rollout", False)):
        world = World(monkeypatch, "paused", pauses=True, kind=kind, **PAUSED)
        world.resume(resuming.continue_rollout)
        assert world.every is every
        assert world.release["rollouts"][-1]["continued"][-1]["paused"] == WHERE
