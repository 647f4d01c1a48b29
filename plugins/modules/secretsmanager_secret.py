#!/usr/bin/python
"""Secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_secret
short_description: Manage a secret
version_added: "0.1.0"
description:
  - Creates, changes and deletes a secret whose value is a JSON object, with its key, policy and tags.
  - A value that people set, or a rotation of theirs, is never written over, neither by O(value) nor by anything said at
    creation, unless O(may_lose) names the secret. Who set it is told by the version's id, so without reading it.
  - A secret of this name that was deleted and can still be recovered is recovered, since AWS refuses a new one.
  - Deleting takes replicas away first. The tag C(RecoveryDays) says how long a deleted secret can be recovered, 30
    days without it, V(0) for not at all.
  - Ours because C(community.aws.secretsmanager_secret) 11.2.0, told to leave a value alone (C(overwrite=false)), leaves
    the key and the description alone too, reads the value at every run, takes a generated password through the
    controller, and can't delete a secret that has replicas.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The secret's name.
    type: str
    required: true
  description:
    description: What the secret is.
    type: str
  kms_key_id:
    description: ARN of the key that encrypts it.
    type: str
  value:
    description: >-
      The value, compared at every run, and set where a run set the one that is there. Without it, the value is never
      read or changed.
    type: dict
  initial:
    description: The value at creation, left alone afterwards.
    type: dict
  generate:
    description: Fields of the value for which AWS makes a password at creation.
    type: list
    elements: str
  placeholder:
    description: >-
      Say that O(initial) only stands in for a value that is still to come. Until then each run's summary reminds of it.
    type: bool
  resource_policy:
    description: The secret's policy; empty for none.
    type: dict
  replica_regions:
    description: Other regions that have a copy, encrypted with AWS's own key there; empty for none.
    type: list
    elements: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: The application's own database user
  flow_builder.aws.secretsmanager_secret:
    name: flow-builder-dev/database
    initial:
      username: flow_builder_app
    generate: [password]
"""

RETURN = r"""
resource:
  description: The secret as it is afterwards, or in check mode as it would be, without its value; empty when absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev/app, arn: "arn:aws:secretsmanager:..."}
action:
  description: What was done, or would be, V(none), V(create), V(update) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.secretsmanager import SECRET


def main():
    """Run the module."""
    run(
        SECRET,
        {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "kms_key_id": {"type": "str", "no_log": False},
            "value": {"type": "dict", "no_log": True},
            "initial": {"type": "dict", "no_log": True},
            "generate": {"type": "list", "elements": "str"},
            "placeholder": {"type": "bool"},
            "resource_policy": {"type": "dict"},
            "replica_regions": {"type": "list", "elements": "str"},
        },
        mutually_exclusive=[("value", "initial")],
    )


if __name__ == "__main__":
    main()
