#!/usr/bin/python
"""What was released when."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_info
short_description: Tell the releases of a stack
version_added: "0.1.0"
description:
  - Reads the releases in the stack's bucket, which one runs, which one ran before, and all rollouts.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  name:
    description: A release that must be there; V(current) and V(previous) are names, too. After a rollout was killed
      V(previous) is the release that ran before that one; after a rollback was killed, the one that it was going to.
    type: str
  compare:
    description: Another release, with which O(name) is compared.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: It only reads.
    support: full
"""

EXAMPLES = r"""
- name: What runs
  flow_builder.aws.release_info:
    stack: flow-builder-dev
    name: current
"""

RETURN = r"""
release:
  description: The release that was asked for; empty if none was.
  returned: success
  type: dict
current:
  description: The name of the release that runs; empty before the first.
  returned: success
  type: str
history:
  description: A line for each rollout.
  returned: success
  type: list
  elements: str
releases:
  description: All releases, the oldest first.
  returned: success
  type: list
  elements: dict
crossed:
  description: The contracting migrations that O(name) can't live with.
  returned: success
  type: list
  elements: str
difference:
  description: What differs between O(name) and O(compare), in words.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import records


def chosen(book, everything, name):
    """Return a release by its name, or by its place."""
    if not name:
        return {}
    if name not in records.WORDS:
        return book.get(name)
    killed = records.unfinished(everything)
    found = records.current(everything)
    if name == "previous" and killed and killed["kind"] == "rollback":
        found = book.get(killed["release"])
    elif name == "previous" and not killed:
        found = records.previous(everything)
    if found is None:
        raise EngineError(f"{book.stack} has no {name} release")
    return found


def releases(aws, asked, check) -> dict:
    """Read what is asked for."""
    book = records.Releases(aws, asked["stack"])
    everything = book.all()
    release, other = (chosen(book, everything, asked[key]) for key in ("name", "compare"))
    current = records.current(everything)
    return {
        "release": release,
        "current": current["id"] if current else "",
        "history": [records.line(one) for one in records.rollouts(everything)],
        "releases": everything,
        "crossed": records.crossed(everything, release) if release else [],
        "difference": records.difference(release, other) if release and other else [],
    }


def main():
    """Run the module."""
    answer(
        releases,
        {"stack": {"type": "str", "required": True}, "name": {"type": "str"}, "compare": {"type": "str"}},
        required_by={"compare": ("name",)},
    )


if __name__ == "__main__":
    main()
