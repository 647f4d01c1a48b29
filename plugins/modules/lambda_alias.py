#!/usr/bin/python
"""Aliases of Lambda functions."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_alias
short_description: Let an alias of a Lambda function show what the function is now
version_added: "0.1.0"
description:
  - Publishes the function's code and configuration as a version where they differ from those of the version that the
    alias shows, and lets the alias show that one.
  - Ours because C(amazon.aws.lambda_alias) takes a version's number only, and no task can know it before.
author: The Flow Builder on AWS project (@flow-builder)
options:
  function_name:
    description: The function's name.
    type: str
    required: true
  name:
    description: The alias.
    type: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: Let rules call the scheduler as it is now
  flow_builder.aws.lambda_alias:
    function_name: flow-builder-dev-scheduler
    name: live
"""

RETURN = r"""
resource:
  description: The alias as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {function_name: flow-builder-dev-scheduler, name: live, version: "3", newest: true}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_alias import ALIAS


def main():
    """Run the module."""
    run(
        ALIAS,
        {
            "function_name": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
        },
    )


if __name__ == "__main__":
    main()
