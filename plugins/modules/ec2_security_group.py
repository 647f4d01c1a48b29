#!/usr/bin/python
"""Security groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_security_group
short_description: Manage a security group of a VPC, without its rules
version_added: "0.1.0"
description:
  - Creates, tags and deletes a security group. Its rules are M(flow_builder.aws.ec2_security_group_rules)'s, because
    groups name each other in their rules.
  - Ours because C(amazon.aws.ec2_security_group) sleeps three seconds after each group that it makes.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The group's name, by which it is found in its VPC. It becomes its Name tag, too.
    type: str
    required: true
  vpc_id:
    description: The group's VPC.
    type: str
    required: true
  description:
    description: What the group is for. It can't be changed afterwards.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Group of the load balancer
  flow_builder.aws.ec2_security_group:
    name: flow-builder-dev-alb
    description: Load balancer
    vpc_id: vpc-0123456789abcdef0
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The group as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-alb, id: sg-0123456789abcdef0, vpc_id: vpc-0123456789abcdef0}
action:
  description: What was done, or would be, V(none), V(create), V(update) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_security import SECURITY_GROUP


def main():
    """Run the module."""
    run(
        SECURITY_GROUP,
        {
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str", "required": True},
            "description": {"type": "str"},
        },
        required_if=[("state", "present", ["description"])],
    )


if __name__ == "__main__":
    main()
