#!/usr/bin/python
"""A list of resources."""

from __future__ import annotations

DOCUMENTATION = r"""
module: resources
short_description: Bring a list of resources to what is wanted
version_added: "0.1.0"
description:
  - Each entry is one of this collection's modules that write a resource, or one of the community's around which its
    engine is laid, by its short or full name, with its arguments. Each is planned, written, proven and told as a task
    of its own would be.
  - An entry comes after those that its arguments refer to (P(flow_builder.aws.ref#filter)), and after earlier ones of
    the kinds that its own is built on; one that is V(absent) comes after all before it. What is independent is written
    at once.
  - Wrong entries, and references to what is not there and nobody makes, are refused before anything is written.
  - After a failure nothing more is begun. What is on its way ends, and all that was done is in the result.
author: The Flow Builder on AWS project (@flow-builder)
options:
  resources:
    description:
      - The entries. Besides the module an entry may say C(for_each), a list or a mapping, C(when), and a C(name) for
        errors.
      - With C(for_each) there is a resource for each item, and the arguments and C(when) know C(item) and C(index); an
        item of a mapping has C(item.key) and C(item.value).
    type: list
    elements: raw
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.said
"""

EXAMPLES = r"""
- name: A network
  flow_builder.aws.resources:
    resources:
      - ec2_vpc_net:
          name: flow-builder-dev-vpc
          cidr_block: 10.0.0.0/16
      - ec2_vpc_subnet:
          vpc_id: "{{ 'flow-builder-dev-vpc' | flow_builder.aws.ref('vpc') }}"
          cidr: "{{ item }}"
          az: "us-east-1{{ 'abc'[index] }}"
          tags:
            Name: "flow-builder-dev-public-{{ index }}"
        for_each: [10.0.0.0/24, 10.0.1.0/24]
"""

RETURN = r"""
results:
  description: What a module returns of each resource, in the order of the entries.
  returned: always
  type: list
  elements: dict
  sample: [{changed: true, kind: vpc, name: flow-builder-dev-vpc, action: create, resource: {id: vpc-0123456789abc}}]
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import TOLD_TO_ALL
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import only_as_action

ARGUMENTS = {"resources": {"type": "list", "elements": "raw", "required": True}, **TOLD_TO_ALL}


def main():
    """Say that it is an action."""
    only_as_action("resources", ARGUMENTS)


if __name__ == "__main__":
    main()
