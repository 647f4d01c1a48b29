#!/usr/bin/python
"""What was applied, kept."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_record
short_description: Record a stack as it is after an apply
version_added: "0.1.0"
description:
  - Reads all of a stack's live resources, in parallel, and stores them in its state bucket, normalised. Values of
    secrets are never part of it, nor what changes by itself.
  - What drifted before, and the run neither made nor undid, stays recorded as it was, so that
    M(flow_builder.aws.stack_drift) goes on telling it. What a run changed that failed before its record counts as made.
  - After a run that changed nothing and declared what is recorded, the last record stands, and the stack isn't read.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  declared:
    description:
      - The (kind, name) pairs that the run's tasks were about. Without them, all that there is counts as declared.
    type: list
    elements: list
  changed_resources:
    description: What the run changed, each with kind, name, action, changes, and the diff's before.
    type: list
    elements: dict
    default: []
  all_tasks:
    description: Whether the run had all tasks; one with tags leaves the rest as it was recorded.
    type: bool
    default: true
  basis:
    description:
      - What decided the run, for M(flow_builder.aws.stack_unchanged); kept with the record where it's complete.
      - C(inputs) and C(facts) as that takes them, and C(declared), C(questions) and C(unready) of
        M(flow_builder.aws.run_summary).
    type: dict
    default: {}
  run:
    description: Who ran it, with what.
    type: dict
    default: {}
  ignored_tags:
    description: Patterns of the keys of tags that somebody else puts on resources; they are not recorded.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.lock
attributes:
  check_mode:
    description: Stores nothing.
    support: full
"""

EXAMPLES = r"""
- name: Record what was applied
  flow_builder.aws.stack_record:
    stack: flow-builder-dev
    run: {user: me, commit: 0a1b2c3}
"""

RETURN = r"""
key:
  description: The record's key in the state bucket.
  returned: when something was stored
  type: str
count:
  description: How many resources it has.
  returned: when something was stored
  type: int
left:
  description: What drifted before and is still recorded as it was.
  returned: when something was stored
  type: list
  elements: str
notes:
  description: For people, at the end of the run.
  returned: when something was stored
  type: list
  elements: str
"""

import time

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lease, record, unchanged, unmanaged
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import SAID
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.elsewhere import known
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


def store(aws, asked, check) -> dict:
    """Read the stack and store it; that is no change of the stack."""
    if check:
        return {}
    stack = asked["stack"]
    before, damage = record.last(aws, stack)
    inherited = lease.inherited(aws, stack)
    names = {pair[0] for pair in asked["declared"] or ()} | {one["kind"] for one in inherited}
    kinds = known(KINDS, names | record.kinds_of(before))
    changes = inherited or asked["changed_resources"]
    if before and not damage and asked["declared"] is not None and not changes:
        declared = {tuple(pair) for pair in asked["declared"]}
        if record.stands(before, kinds, declared, asked["all_tasks"], asked["run"]):
            remember(aws, asked, before)
            return {"notes": strangers(before)}
    seen = survey(aws, stack, kinds)
    if seen.unreadable:
        raise EngineError("the stack can't be recorded: " + "; ".join(seen.unreadable.values()))
    extras, unreadable = unmanaged.find(aws, stack, kinds, seen) if asked["declared"] is None else (None, {})
    if unreadable:
        raise EngineError("what stands beside the stack can't be accepted unseen: " + "; ".join(unreadable.values()))
    accepted = None if extras is None else {(extra.kind, extra.name) for extra in extras}
    declared = None if asked["declared"] is None else {tuple(pair) for pair in asked["declared"]}
    run = {
        **asked["run"],
        "stack": stack,
        "time": time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime()),
        "who": aws("sts").get_caller_identity()["Arn"],
        "region": aws.region,
    }
    made = record.make(seen, kinds, run, declared, before, asked["all_tasks"], accepted)
    changed = record.merged((before or {}).get("unrecorded", []) + inherited, asked["changed_resources"])
    changed = record.normalised(changed, KINDS, aws.ignored_tags)
    left = record.keep(made, before, KINDS, changed) if declared is not None else []
    notes = damage + [f"drift that this run didn't undo: {one}" for one in left]
    notes += [*strangers(made), *sorted(aws.notes)]
    key = record.write(aws, stack, made)
    lease.recorded(aws, stack)
    remember(aws, asked, made)
    return {"key": key, "count": made["count"], "left": left, "notes": notes}


def remember(aws, asked, made: dict) -> None:
    """Keep what decided a run of all tasks that left nothing to wait for, so that the next one can know it has none."""
    basis = dict(asked["basis"])
    if asked["all_tasks"] and basis.get("inputs") and not basis.pop("unready"):
        unchanged.keep(aws, asked["stack"], basis, made["time"])


def strangers(made: dict) -> list[str]:
    """Return a sentence for each resource of a record that nobody declared."""
    return [f"nobody declared {kind} {name}" for kind, name in sorted(record.pairs(made["undeclared"], KINDS))]


def main():
    """Run the module."""
    answer(
        store,
        {
            "stack": {"type": "str", "required": True},
            "lock": {"type": "str"},
            "declared": {"type": "list", "elements": "list"},
            "changed_resources": {"type": "list", "elements": "dict", "default": []},
            "all_tasks": {"type": "bool", "default": True},
            "basis": {"type": "dict", "default": {}},
            "run": {"type": "dict", "default": {}},
            "ignored_tags": SAID["ignored_tags"],
        },
    )


if __name__ == "__main__":
    main()
