"""One rollout as a whole: what it begins with, and whether what it asked for runs."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.context import Failed
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, Rollout

STACK = Components({"api": 1, "worker": 0}, ["scheduler"], "")


@pytest.fixture
def rollout():
    """Return what makes a rollout of images."""
    return lambda **images: Rollout(None, "s", {"id": "r", "images": images}, Options(STACK), lambda line: None)


def test_what_runs_is_compared_with_patience(rollout, monkeypatch, clock):
    it, seen = rollout(api="i"), [{"api": "old"}, {"api": "i"}]
    monkeypatch.setattr(it, "runs", lambda _before: seen.pop(0) if len(seen) > 1 else seen[0])
    it._compare({})
    seen[:] = [{"api": "other"}]
    with pytest.raises(Failed, match="api runs other, not i"):
        it._compare({})


@pytest.mark.parametrize("known", [["api"], ["api", "worker"]])
def test_no_component_is_left_out_because_it_is_shown_late(known, rollout, monkeypatch, clock):
    """A stack that was deployed a moment ago may be shown in parts; one that has no such part is not waited for long."""
    it = rollout(api="i", worker="i")
    was = {"task_definition": "api:1", "desired": 1}
    monkeypatch.setattr(it.services, "before", lambda: dict.fromkeys(known if clock.now > 2 else ["api"], was))
    monkeypatch.setattr(it.functions, "before", dict)
    monkeypatch.setattr(it.pipe, "before", lambda: None)
    assert list(it.before()["services"]) == known
    assert clock.now <= 10


def test_a_component_that_is_gone_is_not_waited_for(rollout, monkeypatch, clock):
    it = rollout(api="i", renderer="i")
    monkeypatch.setattr(it.services, "before", lambda: {"api": {"task_definition": "api:1", "desired": 1}})
    monkeypatch.setattr(it.functions, "before", dict)
    assert list(it.before()["services"]) == ["api"] and clock.now == 0


@pytest.mark.parametrize(
    ("kind", "services", "functions"), [("rollback", ["api"], []), ("rollout", ["api", "worker"], ["scheduler"])]
)
def test_a_rollback_leaves_what_is_newer_than_its_release(kind, services, functions, monkeypatch):
    said = []
    it = Rollout(None, "s", {"id": "r", "images": {"api": "i"}}, Options(STACK), said.append)
    before = {"services": {"api": {}, "worker": {}}, "functions": {"scheduler": {}}, "pipe": None}
    concerned = it.concerned(before, kind)
    assert (list(concerned["services"]), list(concerned["functions"])) == (services, functions)
    assert said == (["worker, scheduler: release r has no image of it, so it stays as it is"] if kind == "rollback" else [])
