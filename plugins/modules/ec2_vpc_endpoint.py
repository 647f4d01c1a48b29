#!/usr/bin/python
"""VPC endpoints."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_vpc_endpoint
short_description: Manage a VPC endpoint
version_added: "0.1.0"
description:
  - Creates, changes and deletes a VPC endpoint, of a gateway or of interfaces. It is found by its Name tag.
  - Ours because C(amazon.aws.ec2_vpc_endpoint) 11.4.0 changes nothing but tags, knows no private DNS, and makes a
    second gateway endpoint where the route tables changed.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The endpoint's Name tag.
    type: str
    required: true
  vpc_id:
    description: The endpoint's VPC. Another one replaces the endpoint.
    type: str
  service:
    description: The service's name, for example V(com.amazonaws.us-east-1.s3). Another one replaces the endpoint.
    type: str
  vpc_endpoint_type:
    description: The endpoint's type. Another one replaces the endpoint.
    type: str
    choices: [Gateway, Interface, GatewayLoadBalancer]
    default: Gateway
  route_table_ids:
    description: Ids of all route tables that get a route to a gateway endpoint.
    type: list
    elements: str
  subnet_ids:
    description: Ids of all subnets that get a network interface.
    type: list
    elements: str
  security_group_ids:
    description: Ids of all security groups of the network interfaces.
    type: list
    elements: str
  private_dns_enabled:
    description: Whether the service's public name leads to the endpoint inside the VPC.
    type: bool
  policy:
    description: What may be done through the endpoint. Unsaid, it is left as it is; AWS's own allows everything.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: S3 without NAT
  flow_builder.aws.ec2_vpc_endpoint:
    name: flow-builder-dev-s3
    vpc_id: vpc-0123456789abcdef0
    service: com.amazonaws.us-east-1.s3
    route_table_ids:
      - rtb-0123456789abcdef0

- name: Logs without NAT
  flow_builder.aws.ec2_vpc_endpoint:
    name: flow-builder-dev-logs
    vpc_id: vpc-0123456789abcdef0
    service: com.amazonaws.us-east-1.logs
    vpc_endpoint_type: Interface
    subnet_ids:
      - subnet-0123456789abcdef0
    security_group_ids:
      - sg-0123456789abcdef0
    private_dns_enabled: true
"""

RETURN = r"""
resource:
  description: The endpoint as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-s3, id: vpce-0123456789abcdef0, service: com.amazonaws.us-east-1.s3}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_vpc_endpoint import VPC_ENDPOINT


def main():
    """Run the module."""
    run(
        VPC_ENDPOINT,
        {
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str"},
            "service": {"type": "str"},
            "vpc_endpoint_type": {
                "type": "str",
                "choices": ["Gateway", "Interface", "GatewayLoadBalancer"],
                "default": "Gateway",
            },
            "route_table_ids": {"type": "list", "elements": "str"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "private_dns_enabled": {"type": "bool"},
            "policy": {"type": "dict"},
        },
    )


if __name__ == "__main__":
    main()
