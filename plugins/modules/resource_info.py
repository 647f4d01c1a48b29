#!/usr/bin/python
"""One resource, as the engine sees it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: resource_info
short_description: Read one resource of a kind that the collection knows
version_added: "0.1.0"
description:
  - Returns a resource in the same shape as the module that manages it, and waits for it when asked to. What takes
    minutes is started early with O(ignore:wait=false) and awaited here by its first user.
author: The Flow Builder on AWS project (@flow-builder)
options:
  kind:
    description: The kind's name, for example V(rds_instance) or V(log_group).
    type: str
    required: true
  name:
    description: The value of the kind's first identity field.
    type: str
  identity:
    description: All identity fields, for kinds that are found by more than a name.
    type: dict
  wanted:
    description: >-
      Fields that a later task will set, in the spelling of the module that manages the resource. What AWS would refuse
      of them is told now, before anything is written.
    type: dict
    default: {}
  wait:
    description: >-
      Wait until the resource is ready for its users. A missing one is an error then, and one that never will be ready
      is, in check mode too.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at the most.
    type: int
    default: 1800
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
attributes:
  check_mode:
    description: Reads as always. A missing resource is answered with placeholders, as its own module would plan it.
    support: full
"""

EXAMPLES = r"""
- name: Wait for the database
  flow_builder.aws.resource_info:
    kind: rds_instance
    name: flow-builder-dev-db
    wait: true
  register: database
"""

RETURN = r"""
notes:
  description: What people must do so that it becomes ready, where the task didn't wait for that.
  returned: success
  type: list
  elements: str
resource:
  description: The resource; empty when there is none, placeholders in check mode. Secret values are masked.
  returned: success
  type: dict
  sample: {name: /aws/ecs/flow-builder-dev-api, retention_in_days: 14}
exists:
  description: Whether the resource is there.
  returned: success
  type: bool
kind:
  description: The kind's name.
  returned: success
  type: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.diff import mask
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, during
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.prefetch import remember, remembered
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import (
    come,
    may_come,
    possible,
    prefetched,
    ready,
    steady,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.waiting import MISSED_SECONDS
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


def read(kind, aws, identity, *, wanted, wait, timeout, check):
    """Return whether the resource exists, and the resource or what stands in for it."""
    if has_placeholder(identity):
        if not check:
            raise EngineError("its identity is known only after another resource is made")
        live = None
    else:
        live = prefetched(kind, aws, identity)
        if live is None and not wanted and set(identity) == {kind.identity[0]}:
            # What this run has made, or would make; it is asked for again only where it may have become ready since.
            _there, live = remembered(aws, kind, kind.label(identity))
            if live and has_placeholder(live):
                return False, live
        if live is None or not kind.ready(live):
            live = steady(kind, aws, identity)
    if live is None and wait and not check:
        live = come(kind, aws, identity, MISSED_SECONDS)
    if live is None:
        if wait and not check:
            raise EngineError("there is none to wait for")
        return False, {**identity, **kind.computed(aws, identity)} if check else {}
    want = kind.want({**identity, **wanted})
    possible(kind, aws, live, want, kind.compare(live, want))
    if wait:
        may_come(kind, live)
    return True, ready(kind, aws, live, timeout) if wait and not check else live


def resource(aws, asked, check) -> dict:
    """Return the resource of a kind and a name."""
    kind = KINDS.get(asked["kind"])
    if kind is None:
        raise EngineError(f"kind {asked['kind']!r} is unknown; these are known: {', '.join(sorted(KINDS))}")
    identity = {**({kind.identity[0]: asked["name"]} if asked["name"] else {}), **(asked["identity"] or {})}
    with during(f"{kind.title} {kind.label(identity)}"):
        exists, found = read(
            kind, aws, identity, wanted=asked["wanted"], wait=asked["wait"], timeout=asked["wait_timeout"], check=check
        )
    if exists:
        remember(aws, kind, kind.label(identity), found)
    notes = kind.awaits(found) if exists and not kind.ready(found) else []
    return {"kind": kind.name, "exists": exists, "resource": mask(kind, found), "notes": notes}


def main():
    """Run the module."""
    answer(
        resource,
        {
            "kind": {"type": "str", "required": True},
            "name": {"type": "str"},
            "identity": {"type": "dict"},
            "wanted": {"type": "dict", "default": {}},
            "wait": {"type": "bool", "default": False},
            "wait_timeout": {"type": "int", "default": 1800},
            "account_id": {"type": "str"},
        },
        required_one_of=[("name", "identity")],
    )


if __name__ == "__main__":
    main()
