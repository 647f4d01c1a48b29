"""What differs, under which path, and of which category."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.compare import differences

RULE = {"proto": "tcp", "from_port": 22, "cidr_ip": "10.0.0.0/8", "rule_desc": "a"}


@pytest.mark.parametrize(
    ("recorded", "live", "told"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [("changed", "a", 1, 2)]),
        ({}, {"a": 1}, [("changed", "a", None, 1)]),
        ({"a": 1}, {}, [("changed", "a", 1, None)]),
        ({"a": True}, {"a": False}, [("changed", "a", True, False)]),
        ({}, {"policy": {"x": 1}}, [("extra", "policy", None, {"x": 1})]),
        ({"policy": {"x": 1}}, {}, [("removed", "policy", {"x": 1}, None)]),
        ({"tags": {"A": "1"}}, {"tags": {"A": "1", "B": "2"}}, [("extra", "tags.B", None, "2")]),
        ({"tags": {"A": "1"}}, {"tags": {}}, [("removed", "tags.A", "1", None)]),
        ({"tags": {"A": "1"}}, {"tags": {"A": "2"}}, [("changed", "tags.A", "1", "2")]),
        ({}, {"tags": {"A": "1"}}, [("extra", "tags.A", None, "1")]),
        ({"x": {"p": {"a": 1}}}, {"x": {"p": {"a": 1, "b": 2}}}, [("changed", "x.p.b", None, 2)]),
        ({"l": ["a-1"]}, {"l": ["a-1", "b-2"]}, [("extra", "l[b-2]", None, "b-2")]),
        ({"l": ["a-1", "b-2"]}, {"l": ["b-2"]}, [("removed", "l[a-1]", "a-1", None)]),
        ({"l": ["a-1"]}, {"l": ["c-3"]}, [("removed", "l[a-1]", "a-1", None), ("extra", "l[c-3]", None, "c-3")]),
        ({"l": ["sh", "run"]}, {"l": ["sh", "walk"]}, [("changed", "l", ["sh", "run"], ["sh", "walk"])]),
        ({"l": ["a", "b"]}, {"l": ["b", "a"]}, [("changed", "l", ["a", "b"], ["b", "a"])]),
        ({}, {"l": [{"Id": "x", "v": 1}]}, [("extra", "l[x]", None, {"Id": "x", "v": 1})]),
        ({"l": [{"Id": "x", "v": 1}]}, {"l": [{"Id": "x", "v": 2}]}, [("changed", "l[x].v", 1, 2)]),
        (
            {"l": [{"Id": "x", "v": 1}]},
            {"l": [{"Id": "y", "v": 1}]},
            [("removed", "l[x]", {"Id": "x", "v": 1}, None), ("extra", "l[y]", None, {"Id": "y", "v": 1})],
        ),
    ],
)
def test_differences(recorded, live, told):
    assert [(one.category, one.path, one.recorded, one.live) for one in differences(recorded, live)] == told


def test_nearest():
    """An item without a key of its own is the same one when only one value of it differs."""
    other = {**RULE, "from_port": 443}
    found = list(differences({"rules": [RULE, other]}, {"rules": [{**RULE, "rule_desc": "b"}, other]}))
    assert [(one.category, one.field, one.recorded, one.live) for one in found] == [("changed", "rules", "a", "b")]
    found = list(differences({"rules": [RULE]}, {"rules": [RULE, {**RULE, "cidr_ip": "0.0.0.0/0"}]}))
    assert [(one.category, one.field) for one in found] == [("extra", "rules")]
