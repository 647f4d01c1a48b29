#!/usr/bin/python
"""Looks up the public subnets of an existing VPC."""

from __future__ import annotations

DOCUMENTATION = r"""
module: public_subnets_info
short_description: Find and check the public subnets of an existing VPC
version_added: "0.1.0"
description:
  - Finds a VPC by id or tags, and its subnets by ids, by tags, or all that are public.
  - Fails, in one sentence, unless each subnet lies in that VPC and region, sends its traffic to an internet gateway and
    has free addresses. Tasks with a public address start nowhere else.
author: The Flow Builder on AWS project (@flow-builder)
options:
  vpc_id:
    description: The VPC's id.
    type: str
    default: ""
  vpc_tags:
    description: Tags that one VPC of the region has.
    type: dict
    default: {}
  subnet_ids:
    description: The subnets' ids.
    type: list
    elements: str
    default: []
  subnet_tags:
    description: Tags that the subnets have. Without these and O(subnet_ids), all public subnets of the VPC are meant.
    type: dict
    default: {}
  free_addresses:
    description: Addresses that each subnet must have left.
    type: int
    default: 1
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Only reads.
    support: full
"""

EXAMPLES = r"""
- name: Where tasks can run
  flow_builder.aws.public_subnets_info:
    vpc_tags: {Name: shared}
    free_addresses: 16
  register: subnets
"""

RETURN = r"""
vpc_id:
  description: The VPC's id.
  returned: success
  type: str
  sample: vpc-0123456789abcdef0
subnet_ids:
  description: The subnets' ids.
  returned: success
  type: list
  elements: str
  sample: [subnet-0123456789abcdef0]
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.public_subnets import found


def subnets(aws, asked, check) -> dict:
    """Return the VPC and its subnets."""
    if not (asked["vpc_id"] or asked["vpc_tags"]):
        raise EngineError("vpc_id and vpc_tags are empty: say which VPC is meant")
    vpc = {"ids": [asked["vpc_id"]] if asked["vpc_id"] else [], "tags": asked["vpc_tags"]}
    return found(aws, vpc, {"ids": asked["subnet_ids"], "tags": asked["subnet_tags"]}, asked["free_addresses"])


def main():
    """Run the module."""
    answer(
        subnets,
        {
            "vpc_id": {"type": "str", "default": ""},
            "vpc_tags": {"type": "dict", "default": {}},
            "subnet_ids": {"type": "list", "elements": "str", "default": []},
            "subnet_tags": {"type": "dict", "default": {}},
            "free_addresses": {"type": "int", "default": 1},
        },
    )


if __name__ == "__main__":
    main()
