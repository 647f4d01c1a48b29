#!/usr/bin/python
"""Who may call a Lambda function."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_policy
short_description: Manage one statement of a Lambda function's policy
version_added: "0.1.0"
description:
  - Adds, replaces and removes one permission to call a function. Lambda can't change one in place.
  - Ours because C(community.aws.lambda_policy) 11.2.0 says unchanged in check mode.
author: The Flow Builder on AWS project (@flow-builder)
options:
  function_name:
    description: The function's name.
    type: str
    required: true
  statement_id:
    description: The statement's name.
    type: str
    required: true
  action:
    description: What is allowed.
    type: str
    default: lambda:InvokeFunction
  principal:
    description: Who is allowed it, a service, account or ARN.
    type: str
  source_arn:
    description: ARN of the resource in whose name a service calls.
    type: str
    default: ""
  source_account:
    description: The account of that resource, where its ARN has none.
    type: str
    default: ""
  principal_organization:
    description: The organization that the caller must belong to.
    type: str
    default: ""
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: Let the rule call the scheduler
  flow_builder.aws.lambda_policy:
    function_name: flow-builder-dev-scheduler
    statement_id: rule
    principal: events.amazonaws.com
    source_arn: arn:aws:events:us-east-1:123456789012:rule/flow-builder-dev-scheduler
"""

RETURN = r"""
resource:
  description: The statement as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {function_name: flow-builder-dev-scheduler, statement_id: rule, principal: events.amazonaws.com}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_permission import PERMISSION


def main():
    """Run the module."""
    run(
        PERMISSION,
        {
            "function_name": {"type": "str", "required": True},
            "statement_id": {"type": "str", "required": True},
            "action": {"type": "str", "default": "lambda:InvokeFunction"},
            "principal": {"type": "str"},
            "source_arn": {"type": "str", "default": ""},
            "source_account": {"type": "str", "default": ""},
            "principal_organization": {"type": "str", "default": ""},
        },
        required_if=[("state", "present", ("principal",))],
    )


if __name__ == "__main__":
    main()
