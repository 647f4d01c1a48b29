#!/usr/bin/python
"""NAT gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_nat_gateway
short_description: Manage a public NAT gateway, zonal or regional
version_added: "0.1.0"
description:
  - Creates, changes and deletes a NAT gateway and its tags. It is found by its Name tag.
  - Ours because C(amazon.aws.ec2_vpc_nat_gateway) 11.4.0 knows no regional NAT gateways, and finds a gateway by its
    subnet, so that it takes one that failed for one that works.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The gateway's Name tag.
    type: str
    required: true
  availability_mode:
    description: >-
      Whether the gateway is of one zone, in a subnet, or regional, of all zones of a VPC. Another mode replaces the
      gateway. V(regional) needs botocore of November 2025 or newer.
    type: str
    choices: [zonal, regional]
    default: zonal
  subnet_id:
    description: The public subnet of a zonal gateway. Another one replaces the gateway.
    type: str
  allocation_id:
    description: The address of a zonal gateway, by its allocation's id. Another one replaces the gateway.
    type: str
  vpc_id:
    description: The VPC of a regional gateway. Another one replaces the gateway.
    type: str
  zone_addresses:
    description: >-
      The addresses of a regional gateway, as zone and list of allocations' ids; the gateway then has an address in
      these zones and no others. Without them it finds its zones and addresses itself, wherever something is in the VPC.
      From one to the other the gateway is replaced.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: One NAT gateway for all zones
  flow_builder.aws.ec2_vpc_nat_gateway:
    name: flow-builder-dev-nat-regional
    availability_mode: regional
    vpc_id: vpc-0123456789abcdef0
    tags:
      Stack: flow-builder-dev

- name: A NAT gateway in one zone
  flow_builder.aws.ec2_vpc_nat_gateway:
    name: flow-builder-dev-nat-0
    subnet_id: subnet-0123456789abcdef0
    allocation_id: eipalloc-0123456789abcdef0
"""

RETURN = r"""
resource:
  description: The gateway as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-nat-regional, id: nat-0123456789abcdef0, availability_mode: regional}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_nat import NAT_GATEWAY


def main():
    """Run the module."""
    run(
        NAT_GATEWAY,
        {
            "name": {"type": "str", "required": True},
            "availability_mode": {"type": "str", "choices": ["zonal", "regional"], "default": "zonal"},
            "subnet_id": {"type": "str"},
            "allocation_id": {"type": "str"},
            "vpc_id": {"type": "str"},
            "zone_addresses": {"type": "dict"},
        },
    )


if __name__ == "__main__":
    main()
