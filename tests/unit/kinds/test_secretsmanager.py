"""Secrets."""

import json
import re
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import Outcome
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.secretsmanager import (
    PLACEHOLDER,
    SECRET,
    WRITTEN,
    since,
)

KEY = "a-value-that-nobody-may-see"


@pytest.mark.parametrize(
    ("arguments", "live", "changes"),
    [
        ({"value": {"KEY": KEY}}, {"value": {"KEY": KEY}}, set()),
        ({"value": {"KEY": KEY}}, {"value": {"KEY": "other"}}, {"value"}),
        ({"value": {"KEY": KEY}}, {"value": "no JSON"}, {"value"}),
        # People set it.
        ({"value": {"KEY": KEY}}, {"value": "no JSON", "kept": True}, set()),
        # It was not read yet.
        ({"value": {"KEY": KEY}}, {"version": "0f1e"}, {"value"}),
        # Said at creation only.
        ({"initial": {"KEY": KEY}, "generate": ["password"], "placeholder": True}, {"placeholder": False}, set()),
        ({"resource_policy": {}}, {"resource_policy": {}}, set()),
        ({"resource_policy": {}}, {"resource_policy": {"Statement": []}}, {"resource_policy"}),
        ({"replica_regions": ["b", "a"]}, {"replica_regions": ["a", "b"]}, set()),
        ({"replica_regions": []}, {"replica_regions": ["a"]}, {"replica_regions"}),
    ],
)
def test_compare(arguments, live, changes):
    assert SECRET.compare(live, SECRET.want({"name": "s", **arguments})) == changes


@pytest.mark.parametrize("field", ["value", "initial"])
@pytest.mark.parametrize("action", ["create", "update"])
def test_nobody_sees_a_value(action, field):
    outcome = Outcome(SECRET, action, {"name": "s", "value": {"KEY": "old"}}, {"name": "s", field: {"KEY": KEY}}, {"value"})
    assert KEY not in json.dumps(outcome.result())


@pytest.mark.parametrize(
    ("want", "value", "placeholder"),
    [
        ({"value": {"A": "1"}}, {"A": "1"}, False),
        ({"initial": {"A": "1"}, "generate": ["B"]}, {"A": "1", "B": "random"}, False),
        ({"initial": {"A": "unset"}, "placeholder": True}, {"A": "unset"}, True),
    ],
)
def test_first_value(want, value, placeholder):
    class Aws:
        def __call__(self, service):
            return self

        def get_random_password(self, **arguments):
            return {"RandomPassword": "random"}

    said = SECRET._first(Aws(), want)
    assert json.loads(said["SecretString"]) == value
    assert said["ClientRequestToken"].startswith(PLACEHOLDER if placeholder else WRITTEN)
    assert 32 <= len(said["ClientRequestToken"]) <= 64
    assert re.fullmatch(r" since \d{4}-\d\d-\d\d \d\d:\d\d UTC", since(said["ClientRequestToken"]))


@pytest.mark.parametrize(("live", "count"), [({"placeholder": True}, 1), ({"placeholder": False}, 0), ({}, 0)])
def test_a_placeholder_is_told(live, count):
    assert len(SECRET.notes({"name": "s", **live})) == count


OURS, THEIRS, EMPTY = f"{WRITTEN}20261129T204500Z-x", "0f1e", f"{PLACEHOLDER}20261129T204500Z-x"


@pytest.mark.parametrize(
    ("recorded", "live", "owner"),
    [
        (EMPTY, THEIRS, "people since 2026-11-29 20:45 UTC"),
        (OURS, THEIRS, "people since 2026-11-29 20:45 UTC"),
        (THEIRS, "another", "people"),
        (EMPTY, OURS, "a run since 2026-11-29 20:45 UTC"),
        # A placeholder where a value was, or no value at all, is a loss.
        (THEIRS, EMPTY, ""),
        (OURS, EMPTY, ""),
        (THEIRS, None, ""),
    ],
)
def test_whose_value_it_is(recorded, live, owner):
    difference = SimpleNamespace(path="version", recorded=recorded, live=live)
    assert SECRET.external_manager(difference, {}, {}) == owner


def test_a_policy_is_nobodys():
    assert SECRET.external_manager(SimpleNamespace(path="resource_policy", recorded={}, live={"a": 1}), {}, {}) == ""
