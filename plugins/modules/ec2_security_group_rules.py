#!/usr/bin/python
"""Rules of security groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_security_group_rules
short_description: Manage all rules of a security group
version_added: "0.1.0"
description:
  - Sets the ingress and egress rules of a security group that exists. What is missing is added before what is too
    much is removed.
  - Ours because groups that name each other can't be made in one pass by C(amazon.aws.ec2_security_group), in which
    rules belong to the group; with V(state=absent), so that such groups can be deleted.
  - The group V(default), which AWS gives every VPC, is closed by saying no rules.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The group's name.
    type: str
    required: true
  vpc_id:
    description: The group's VPC.
    type: str
    required: true
  rules:
    description: All ingress rules. Others are removed.
    type: list
    elements: dict
    default: []
    suboptions: &rule
      proto:
        description: The protocol.
        type: str
        choices: [tcp, udp, all]
        default: tcp
      ports:
        description: Ports, or ranges of ports such as V(8000-8100). Not for all protocols.
        type: list
        elements: str
      cidr_ip:
        description: IPv4 ranges.
        type: list
        elements: str
      cidr_ipv6:
        description: IPv6 ranges.
        type: list
        elements: str
      ip_prefix:
        description: Ids of prefix lists.
        type: list
        elements: str
      group_id:
        description: Ids of security groups.
        type: list
        elements: str
      rule_desc:
        description: What the rule is for.
        type: str
  rules_egress:
    description: All egress rules. Others are removed, also what AWS gives every new group.
    type: list
    elements: dict
    default: []
    suboptions: *rule
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: The load balancer may be reached by everybody and reaches the tasks
  flow_builder.aws.ec2_security_group_rules:
    name: flow-builder-dev-alb
    vpc_id: vpc-0123456789abcdef0
    rules:
      - ports: [80, 443]
        cidr_ip: [0.0.0.0/0]
        rule_desc: Clients
    rules_egress:
      - ports: [8080]
        group_id: [sg-0123456789abcdef0]
        rule_desc: API
"""

RETURN = r"""
resource:
  description: The rules, one for each port and peer, as they are afterwards, or in check mode as they would be.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-alb, id: sg-0123456789abcdef0, rules: [], rules_egress: []}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_security import PEERS, SECURITY_GROUP_RULES

RULE = {
    "proto": {"type": "str", "choices": ["tcp", "udp", "all"], "default": "tcp"},
    "ports": {"type": "list", "elements": "str"},
    **{peer: {"type": "list", "elements": "str"} for peer in PEERS},
    "rule_desc": {"type": "str"},
}
RULES = {"type": "list", "elements": "dict", "default": [], "options": RULE, "required_one_of": [list(PEERS)]}


def main():
    """Run the module."""
    run(
        SECURITY_GROUP_RULES,
        {
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str", "required": True},
            "rules": RULES,
            "rules_egress": RULES,
        },
    )


if __name__ == "__main__":
    main()
