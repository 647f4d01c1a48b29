#!/usr/bin/python
"""Parameter groups of databases."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instance_param_group
short_description: Manage a parameter group of RDS
version_added: "0.1.0"
description:
  - Creates, changes and deletes a parameter group. Its parameters are exactly the given ones; all others have the
    engine's own values.
  - Ours because C(amazon.aws.rds_instance_param_group) 11.4.0 never resets a parameter, succeeds with a parameter that
    doesn't exist, and has no diff.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The group's name.
    type: str
    required: true
  family:
    description: The engine and major version that the group is for. It can't be changed afterwards.
    type: str
  description:
    description: What the group is for. It can't be changed afterwards.
    type: str
  parameters:
    description: Values by parameter. What the engine reads only at its start waits for the next restart.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Refuse connections without TLS
  flow_builder.aws.rds_instance_param_group:
    name: flow-builder-dev-db
    family: postgres17
    description: Parameters of flow-builder-dev
    parameters:
      rds.force_ssl: 1
"""

RETURN = r"""
resource:
  description: The group as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-db, family: postgres17, parameters: {rds.force_ssl: "1"}}
action:
  description: What was done, or would be, V(none), V(create), V(update) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_groups import PARAMETER_GROUP


def main():
    """Run the module."""
    run(
        PARAMETER_GROUP,
        {
            "name": {"type": "str", "required": True},
            "family": {"type": "str"},
            "description": {"type": "str"},
            "parameters": {"type": "dict"},
        },
        required_if=[("state", "present", ["family", "description"])],
    )


if __name__ == "__main__":
    main()
