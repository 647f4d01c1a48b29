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

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected, sentence
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import destroy, finish
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


def main():
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "stack": {"type": "str", "required": True},
            "lock": {"type": "str"},
            "kinds": {"type": "list", "elements": "str", "required": True},
            "recorded": {"type": "dict", "default": {}},
            "wait_timeout": {"type": "int", "default": 3600},
        },
        supports_check_mode=True,
    )
    unknown = sorted(set(module.params["kinds"]) - set(KINDS))
    if unknown:
        module.fail_json(msg=f"kinds has {', '.join(unknown)}; allowed are {', '.join(sorted(KINDS))}")
    try:
        aws, stack, kinds = Aws.of_module(module), module.params["stack"], module.params["kinds"]
        if kinds:
            left, recorded = module.params["wait_timeout"], module.params["recorded"]
            deleted = destroy(aws, stack, kinds, KINDS, left, module.check_mode, recorded)
        else:
            deleted = finish(aws, stack, KINDS["s3_bucket"], module.check_mode)
    except Exception as error:
        if not expected(error):
            raise
        module.fail_json(msg=sentence(error))
    before = "".join(f"{resource['kind']} {resource['name']}\n" for resource in deleted)
    module.exit_json(changed=bool(deleted), deleted=deleted, diff={"before": before, "after": ""})


if __name__ == "__main__":
    main()
