#!/usr/bin/python
"""The end of a stack, one wave at a time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_destroy
short_description: Delete a stack's resources of some kinds
version_added: "0.1.0"
description:
  - Deletes every resource of a stack that is of the given kinds, in parallel.
  - Waits first for the end of what uses them. M(flow_builder.aws.stack_info) tells the order.
  - The state bucket is left, with the record and the lock, until all else is gone.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  kinds:
    description: The kinds of one wave, none of which needs another. None stands for the end, the state bucket.
    type: list
    elements: str
    required: true
  recorded:
    description: By kind, what only the stack's record knows, as M(flow_builder.aws.stack_info) returns it.
    type: dict
    default: {}
  wait_timeout:
    description: Seconds to wait at the most for the end of what uses the resources.
    type: int
    default: 3600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.lock
attributes:
  check_mode:
    description: Says what would be deleted.
    support: full
"""

EXAMPLES = r"""
- name: Delete the services
  flow_builder.aws.stack_destroy:
    stack: flow-builder-dev
    kinds: [ecs_service]
"""

RETURN = r"""
deleted:
  description: What was deleted, or would be.
  returned: success
  type: list
  elements: dict
  sample: [{kind: ecs_service, name: flow-builder-dev-api}]
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import destroy, finish
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS, refuse_unknown


def end(aws, asked, check) -> dict:
    """Delete the kinds of one wave, or at the very end the bucket."""
    stack, names = asked["stack"], asked["kinds"]
    refuse_unknown(names)
    if names:
        deleted = destroy(aws, stack, names, KINDS, asked["wait_timeout"], check, asked["recorded"])
    else:
        deleted = finish(aws, stack, KINDS["s3_bucket"], check)
    before = "".join(f"{resource['kind']} {resource['name']}\n" for resource in deleted)
    return {"changed": bool(deleted), "deleted": deleted, "diff": {"before": before, "after": ""}}


def main():
    """Run the module."""
    answer(
        end,
        {
            "stack": {"type": "str", "required": True},
            "lock": {"type": "str"},
            "kinds": {"type": "list", "elements": "str", "required": True},
            "recorded": {"type": "dict", "default": {}},
            "wait_timeout": {"type": "int", "default": 3600},
        },
    )


if __name__ == "__main__":
    main()
