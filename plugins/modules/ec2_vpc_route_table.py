#!/usr/bin/python
"""Route tables."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_route_table
short_description: Manage a route table of a VPC
version_added: "0.1.0"
description:
  - Creates, changes and deletes a route table, with its routes, subnets and tags. It is found by its Name tag.
  - Ours because C(amazon.aws.ec2_vpc_route_table) 11.4.0 finds a table by all its tags, so that a changed tag makes a
    second table, leaves a subnet that another table had with neither, and sleeps 5 seconds after every change.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The table's Name tag.
    type: str
    required: true
  vpc_id:
    description: The table's VPC. Another one replaces the table.
    type: str
  routes:
    description: >-
      All routes, as destination and target (an internet, NAT or transit gateway, a peering, a network interface).
      Others are removed, but never the local one or those of gateway endpoints. Unsaid, routes are left as they are.
    type: dict
  unmanaged_routes:
    description: >-
      Destinations whose route somebody else sets, for example a NAT instance when it boots. They are neither set nor
      removed, and named in the tag C(UnmanagedRoutes), so that drift knows.
    type: list
    elements: str
    default: []
  subnets:
    description: Ids of all the table's subnets; they are taken from other tables. Unsaid, they are left as they are.
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
- name: Private subnets, out by the NAT gateway
  flow_builder.aws.ec2_vpc_route_table:
    name: flow-builder-dev-private-0
    vpc_id: vpc-0123456789abcdef0
    routes:
      0.0.0.0/0: nat-0123456789abcdef0
    subnets:
      - subnet-0123456789abcdef0
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The table as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-private-0, id: rtb-0123456789abcdef0, routes: {0.0.0.0/0: nat-0123456789abcdef0}}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_route_table import ROUTE_TABLE


def main():
    """Run the module."""
    run(
        ROUTE_TABLE,
        {
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str"},
            "routes": {"type": "dict"},
            "unmanaged_routes": {"type": "list", "elements": "str", "default": []},
            "subnets": {"type": "list", "elements": "str"},
        },
    )


if __name__ == "__main__":
    main()
