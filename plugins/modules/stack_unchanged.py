#!/usr/bin/python
"""Documentation of the stack_unchanged action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_unchanged
short_description: Say whether an apply would do anything
version_added: "0.1.0"
description:
  - An apply would do nothing where its inputs are those of the last one, what it asks of AWS outside the stack is
    answered as it was, and nothing has drifted, which is compared with the record field by field.
  - It asks again what the last apply's tasks asked, and tells their notes, so that a run that ends here sums up like
    one of all tasks. It changes nothing.
  - Where anything is unknown it says so, and the run goes on. A stack that was recorded by anything else than an apply
    of all tasks is unknown until the next one.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  inputs:
    description: The fingerprint of all inputs that M(flow_builder.aws.validate) returns when asked for it.
    type: str
    required: true
  facts:
    description: What else decides an apply and is known before it, such as the region's zones.
    type: dict
    default: {}
  secrets:
    description: The values by which the inventory sets secrets; they are compared with the live ones.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The secret's name.
        type: str
        required: true
      value:
        description: Its value.
        type: dict
        required: true
  full_run:
    description: Whether all tasks are wanted whatever there is.
    type: bool
    default: false
  ignored_tags:
    description: Patterns of the keys of tags that somebody else puts on resources.
    type: list
    elements: str
    default: []
  may_lose:
    description: The resources, each as V(kind/name), of which a write may destroy what nobody can bring back.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
attributes:
  check_mode:
    description: It only reads.
    support: full
"""

EXAMPLES = r"""
- name: Would an apply do anything? If not, meta end_host ends the play
  flow_builder.aws.stack_unchanged:
    stack: flow-builder-dev
    inputs: "{{ validated.inputs }}"
  register: last_apply
"""

RETURN = r"""
unchanged:
  description: Whether an apply would do nothing.
  returned: success
  type: bool
reason:
  description: Why it might do something; else empty.
  returned: success
  type: str
  sample: since the last apply there are other inputs
count:
  description: How many resources are as they were applied.
  returned: when an apply would do nothing
  type: int
record:
  description: When they were applied, by whom, from which commit.
  returned: when an apply would do nothing
  type: dict
declared:
  description: Kind and name of each resource that the last apply's tasks were about.
  returned: when an apply would do nothing
  type: list
  elements: list
notes:
  description: What people must know or still do.
  returned: when an apply would do nothing
  type: list
  elements: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import SAID
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import only_as_action

ARGUMENTS = {
    "stack": {"type": "str", "required": True},
    "inputs": {"type": "str", "required": True},
    "facts": {"type": "dict", "default": {}},
    "secrets": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "no_log": True,
        "options": {
            "name": {"type": "str", "required": True},
            "value": {"type": "dict", "required": True, "no_log": True},
        },
    },
    "full_run": {"type": "bool", "default": False},
    "account_id": {"type": "str"},
    **SAID,
}


def main():
    """Say that the action of this name does it."""
    only_as_action("stack_unchanged", ARGUMENTS)


if __name__ == "__main__":
    main()
