#!/usr/bin/python
"""What was applied, and when."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_history_info
short_description: List a stack's records, and compare two of them
version_added: "0.1.0"
description:
  - Lists the records of a stack's applies that are kept, the newest last.
  - Tells what differs between two of them, field by field.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  last:
    description: How many of the newest records are read for who made them.
    type: int
    default: 20
  compare:
    description: The times of two records, as they are listed; V(last) is the newest.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: What changed since?
  flow_builder.aws.stack_history_info:
    stack: flow-builder-dev
    compare: [2026-03-01T120000Z, last]
"""

RETURN = r"""
records:
  description: The records, each with time, who, commit, versions and number of resources.
  returned: success
  type: list
  elements: dict
times:
  description: The times of all records that are kept.
  returned: success
  type: list
  elements: str
differences:
  description: What differs between the two, as C(kind name path), with both values.
  returned: when two are compared
  type: list
  elements: dict
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import record, state
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

SHOWN = ("time", "who", "user", "host", "commit", "collection", "ansible", "count")


def history(aws, asked, check) -> dict:
    """Read what is asked for."""
    if len(asked["compare"]) not in (0, 2):
        raise EngineError(f"compare has {len(asked['compare'])} times; it takes two")
    stack, folder = asked["stack"], record.FOLDER
    times = [key.removeprefix(folder).removesuffix(".json") for key in state.keys(aws, stack, folder)]

    def read(time):
        time = times[-1] if time == "last" and times else time
        if time not in times:
            raise EngineError(f"{stack} has no record of {time}; it has those of {', '.join(times) or 'no time'}")
        return record.read(aws, stack, f"{folder}{time}.json")

    def shown(time):
        try:
            one = read(time)
        except state.Unreadable as error:
            return {"time": time, "damaged": str(error)}
        return {key: one.get(key) for key in SHOWN}

    told = {
        "times": times,
        "records": list(map(shown, times[-asked["last"] :])),
    }
    if asked["compare"]:
        told["differences"] = record.between(*map(read, asked["compare"]), KINDS)
    return told


def main():
    """Run the module."""
    answer(
        history,
        {
            "stack": {"type": "str", "required": True},
            "last": {"type": "int", "default": 20},
            "compare": {"type": "list", "elements": "str", "default": []},
        },
    )


if __name__ == "__main__":
    main()
