"""One rollout as a whole: what it begins with, and whether what it asked for runs."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.context import Failed
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, Rollout


@pytest.fixture
def rollout():
    """Return what makes a rollout of images."""
    return lambda **images: Rollout(None, "s", {"id": "r", "images": images}, Options(), lambda line: None)


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
