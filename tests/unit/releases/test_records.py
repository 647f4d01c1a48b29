"""What is current, previous, unfinished and crossed, and how releases differ."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import records


def release(name, *rollouts, applied=(), created=None, images=None):
    return {
        "id": name,
        "created": created or name,
        "images": images or {},
        "migration": {"applied": [{"revision": one, "contract": hard} for one, hard in applied]},
        "rollouts": [
            {"started": started, "verdict": verdict, "kind": "rollout", "by": "me"} for started, verdict in rollouts
        ],
    }


A, B = release("a", ("1", "succeeded"), ("4", "succeeded")), release("b", ("2", "succeeded"))


@pytest.mark.parametrize(
    ("releases", "current", "previous", "unfinished"),
    [
        ([], None, None, None),
        ([release("a")], None, None, None),
        ([release("a", ("1", "failed"))], None, None, None),
        ([release("a", ("1", "succeeded"))], "a", None, None),
        ([release("a", ("1", "succeeded")), B], "b", "a", None),
        ([A, B], "a", "b", None),
        ([A, B, release("c", ("5", "failed"))], "a", "b", None),
        ([A, B, release("c", ("5", "running"))], "a", "b", "c"),
        ([A, B, release("c", ("3", "running"))], "a", "b", None),
        ([release("a", ("1", "succeeded"), ("2", "succeeded"))], "a", None, None),
    ],
)
def test_places(releases, current, previous, unfinished):
    def name(found, key="id"):
        return found and found[key]

    assert name(records.current(releases)) == current
    assert name(records.previous(releases)) == previous
    assert name(records.unfinished(releases), "release") == unfinished


@pytest.mark.parametrize(
    ("target", "crossed"),
    [("a", ["2", "4"]), ("b", ["4"]), ("c", [])],
)
def test_crossed(target, crossed):
    releases = [release("a"), release("b", applied=[("1", False), ("2", True)]), release("c", applied=[("4", True)])]
    assert records.crossed(releases, next(one for one in releases if one["id"] == target)) == crossed


@pytest.mark.parametrize("name", ["", "a b", "-a", "../a", "a" * 65, "a/b"])
def test_refused_names(name):
    with pytest.raises(EngineError):
        records.checked(name)


@pytest.mark.parametrize("name", ["1", "2026-11-25-1a2b3c4", "v1.2_3"])
def test_names(name):
    assert records.checked(name) == name


def test_difference():
    one = release("a", images={"api": "r/api@sha256:" + "1" * 64, "worker": "r/worker@sha256:" + "2" * 64})
    other = release("b", images={"api": "r/api@sha256:" + "3" * 64, "worker": "r/worker@sha256:" + "2" * 64})
    assert records.difference(one, other) == ["api: api@111111111111 -> api@333333333333"]
    assert records.difference(one, one) == []
