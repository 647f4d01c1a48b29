"""What a plan shows of a resource that would change in place."""

from __future__ import annotations

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync


class Book(Kind):
    """A resource whose number changes with its text, and whose readers are counted by somebody else."""

    name = title = "book"
    taggable = False
    create_only = frozenset({"readers"})

    def find(self, aws, want):
        return {"name": "b", "text": "old", "readers": 3, "number": 7}

    def consequences(self, want, changes):
        return {"number": self.unknown(want, "number")} if "text" in changes else {}


@pytest.mark.parametrize(
    ("want", "action", "readers", "later"),
    [
        ({"text": "new", "readers": 1}, "update", 3, True),
        ({"text": "old", "readers": 1}, "none", 3, False),
    ],
)
def test_a_plan_of_a_change_in_place(want, action, readers, later):
    outcome = sync(Book(), None, {"name": "b", **want}, check=True)
    assert outcome.action == action
    assert outcome.after["text"] == want["text"]
    assert outcome.after["readers"] == readers, "what is said at creation only is not laid over what is there"
    assert has_placeholder(outcome.after["number"]) == later
