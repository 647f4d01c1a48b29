#!/usr/bin/python
"""Refuses a host that isn't the one whose stack it is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_owner
short_description: Refuse a stack that another host or another profile has
version_added: "0.1.0"
description:
  - Two hosts that have the same stack name, account and region would be one stack, and each run of one would undo what
    the other one made. Within an inventory M(flow_builder.aws.validate) refuses them; this refuses them across
    inventories, by what the stack's record says of the host and the profile that applied it.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  inventory_host:
    description: The inventory's host whose run this is.
    type: str
    required: true
  stack_profile:
    description: The profile that it has.
    type: str
    required: true
  moved_from:
    description: The host that had the stack before and was renamed to this one.
    type: str
    default: ""
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
attributes:
  check_mode:
    description: Only reads.
    support: full
"""

EXAMPLES = r"""
- name: Refuse another host's stack
  flow_builder.aws.stack_owner:
    stack: flow-builder-dev
    inventory_host: flow-builder-dev
    stack_profile: standard
"""

RETURN = r"""
host:
  description: The host that applied the stack last; empty where none did.
  returned: success
  type: str
profile:
  description: The profile that the stack was applied with; empty where it wasn't.
  returned: success
  type: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.owner import owner, refusal


def judged(aws, asked, check) -> dict:
    """Return whose the stack is. Raises EngineError where it is another host's or profile's."""
    found = owner(aws, asked["stack"])
    where = f"{asked['stack']} in {aws.region}"
    refused = refusal(where, found, asked["inventory_host"], asked["stack_profile"], asked["moved_from"])
    if refused:
        raise EngineError(refused)
    return {"inventory_host": found["host"], "stack_profile": found["profile"]}


def main():
    """Run the module."""
    answer(
        judged,
        {
            "stack": {"type": "str", "required": True},
            "inventory_host": {"type": "str", "required": True},
            "stack_profile": {"type": "str", "required": True},
            "moved_from": {"type": "str", "default": ""},
            "account_id": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
