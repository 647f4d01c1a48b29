#!/usr/bin/python
"""KMS keys."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_key
short_description: Manage a customer-managed KMS key
version_added: "0.1.0"
description:
  - Creates, changes and deletes a symmetric key with its alias, policy, rotation and tags.
  - A key whose alias is gone, or that never got one because a run was interrupted, is known by its tag C(Stack) and
    gets the alias again, so that there is never a second key.
  - O(state=absent) takes the alias away and schedules the key's deletion, after as many days as the key's tag
    C(RecoveryDays) says. A key with which a snapshot or a kept backup of a database is encrypted stays.
  - Ours because C(amazon.aws.kms_key) 11.4.0 reads a key in the moment after its creation, when AWS may not find it
    yet, ends there, leaves a key with tags and no alias, and makes a second one the next time; and because it fails on
    keys with grants that have no name.
author: The Flow Builder on AWS project (@flow-builder)
options:
  alias:
    description: The key's alias, with C(alias/) before it.
    type: str
    required: true
  description:
    description: What the key is for.
    type: str
  policy:
    description: The key's policy. Unsaid, it is AWS's own for a new key, and is left as it is.
    type: dict
  enable_key_rotation:
    description: Whether AWS makes new key material each year. Unsaid, it is left as it is.
    type: bool
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Key of a stack's data
  flow_builder.aws.kms_key:
    alias: alias/flow-builder-dev-data
    enable_key_rotation: true
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The key as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {alias: alias/flow-builder-dev-data, arn: "arn:aws:kms:...", enabled: true, enable_key_rotation: true}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.kms import KMS_KEY


def main():
    """Run the module."""
    run(
        KMS_KEY,
        {
            "alias": {"type": "str", "required": True},
            "description": {"type": "str"},
            "policy": {"type": "dict"},
            "enable_key_rotation": {"type": "bool", "no_log": False},
        },
    )


if __name__ == "__main__":
    main()
