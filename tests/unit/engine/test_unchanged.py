"""An apply is known to do nothing only where nothing at all speaks against it."""

from __future__ import annotations

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import unchanged
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.drift import Drift, Finding
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import Survey

BASIS = {"inputs": "i", "facts": {"availability_zones": ["a", "b"]}}
INFO = "flow_builder.aws.image_info"
CHECK = "flow_builder.aws.ecr_bootstrap_image"
ANSWER = {"images": {"worker": "sha256:1"}, "changed": False, "invocation": {}}
KEPT = {
    **BASIS,
    "record": "then",
    "declared": [["boat", "a"], ["boat", ""]],
    "questions": [
        {"action": INFO, "arguments": {"of": 1}, "answer": unchanged.answer(ANSWER)},
        {"action": CHECK, "arguments": {}, "answer": ""},
    ],
}
RECORD = {"time": "then", "who": "me", "count": 1, "kinds": ["boat"], "resources": {}, "undeclared": {}, "format": 1, "stack": "s"}


class Boat(Kind):
    """A resource with a crew that others may change."""

    name = title = "boat"
    create_only = frozenset({"crew"})
    noted = frozenset({"captain"})

    def ready(self, live):
        return live.get("state") != "sinking"

    def notes(self, live):
        return [f"boat {live['name']} is wet"]


class Secret(Kind):
    """A secret that people set."""

    name = title = "secret"

    def find(self, aws, want):
        return {"name": want["name"], "value": {"key": "live"}} if want["name"] == "there" else None

    def notes(self, live):
        return ["the secret is kept"]


class World:
    """What a judgement asks for, each of which a test may change."""

    def __init__(self, monkeypatch):
        self.kept, self.record, self.locked, self.secrets, self.basis = KEPT, RECORD, "", [], BASIS
        self.begun = []
        self.found = Drift(seen=Survey(live={"boat": [{"name": "a"}]}))
        self.answers = {INFO: ANSWER, CHECK: {"action": "none", "kind": "ecr_image", "name": "x", "notes": ["asked"]}}
        monkeypatch.setattr(unchanged.state, "read", lambda _aws, _stack, _key: self.kept)
        monkeypatch.setattr(unchanged.record, "read", lambda _aws, _stack: self.record)
        monkeypatch.setattr(unchanged.lease, "others", lambda _aws, _stack: (self.locked, self.begun))
        monkeypatch.setattr(unchanged.drift, "drift", lambda *_given, **_more: self.found)

    def verdict(self):
        kinds = {"boat": Boat(), "secret": Secret()}
        return unchanged.judge(None, "s", kinds, self.basis, {"secret": self.secrets}, lambda action, _arguments: self.answers[action])


@pytest.fixture
def world(monkeypatch):
    return World(monkeypatch)


def test_it_would_do_nothing(world):
    verdict = world.verdict()
    assert (verdict.reason, verdict.count, verdict.declared) == ("", 1, KEPT["declared"])
    assert verdict.notes == ["boat a is wet", "asked"] and verdict.record["time"] == "then"


def other(**changes):
    return lambda world: world.__dict__.update(changes)


def found(**changes):
    return lambda world: world.found.__dict__.update(changes)


AGAINST = {
    "no apply of all tasks": other(kept=None),
    "no apply of all": other(record=None),
    "other facts": other(basis=BASIS | {"facts": {"availability_zones": ["a", "b", "c"]}}),
    "other inputs": other(basis=BASIS | {"inputs": "another"}),
    "recorded again at later": other(record=RECORD | {"time": "later"}),
    "locked by somebody": other(locked="locked by somebody"),
    "ended without a record": other(begun=[{"kind": "boat", "name": "a", "action": "update", "changes": ["sail"], "before": {}}]),
    "could not look at boat: denied": found(unreadable={"boat": "denied"}),
    "boat a has drifted: sail": found(findings=[Finding("changed", "boat", "a", "sail")]),
    "boat b has drifted": found(findings=[Finding("extra", "boat", "b")]),
    "boat a: sail was moved by the wind": found(externally_managed=[Finding("changed", "boat", "a", "sail", owner="the wind")]),
    "boat a isn't ready": found(seen=Survey(live={"boat": [{"name": "a", "state": "sinking"}]})),
    "secret there has another value": other(secrets=[{"name": "there", "value": {"key": "given"}}]),
    "secret gone has another value": other(secrets=[{"name": "gone", "value": {"key": "given"}}]),
    "image_info has another answer": other(answers={INFO: {"images": {}}}),
    "image_info fails: denied": other(answers={INFO: {"failed": True, "msg": "denied"}}),
    "ecr_image x would be changed": other(answers={INFO: ANSWER, CHECK: {"action": "create", "kind": "ecr_image", "name": "x"}}),
}


@pytest.mark.parametrize("reason", AGAINST)
def test_it_might_do_something(world, reason):
    AGAINST[reason](world)
    assert reason in world.verdict().reason


@pytest.mark.parametrize("field", ["crew[0]", "captain"])
def test_what_an_apply_leaves_to_others_may_be_another_one(world, field):
    world.found.externally_managed = [Finding("changed", "boat", "a", field, owner="a captain")]
    assert world.verdict().reason == ""


def test_a_secret_that_people_set_is_told_as_an_apply_tells_it(world):
    world.secrets, world.kept = [{"name": "there", "value": {"key": "live"}}], KEPT | {"declared": [["secret", "there"]]}
    assert world.verdict().notes[0] == "the secret is kept"
