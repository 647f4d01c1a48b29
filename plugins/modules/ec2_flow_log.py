#!/usr/bin/python
"""VPC flow logs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_flow_log
short_description: Manage the flow log of a VPC
version_added: "0.1.0"
description:
  - Creates, changes and deletes the flow log of a VPC, to a log group. It is found by its Name tag.
  - AWS can't change a flow log, so that every change but of tags deletes and creates it anew; what it logged stays.
  - Ours because neither amazon.aws nor community.aws has such a module.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The flow log's Name tag.
    type: str
    required: true
  vpc_id:
    description: The VPC.
    type: str
  traffic_type:
    description: Which traffic is logged.
    type: str
    choices: [ALL, ACCEPT, REJECT]
    default: ALL
  log_group_name:
    description: The log group.
    type: str
  role_arn:
    description: ARN of the role with which AWS writes into the log group.
    type: str
  max_aggregation_interval:
    description: Seconds that are put together in one record.
    type: int
    choices: [60, 600]
    default: 600
  log_format:
    description: The record's fields. Unsaid, AWS's own at creation.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Log all traffic
  flow_builder.aws.ec2_flow_log:
    name: flow-builder-dev-flow-logs
    vpc_id: vpc-0123456789abcdef0
    log_group_name: /aws/vpc/flow-builder-dev-flow-logs
    role_arn: arn:aws:iam::123456789012:role/flow-builder-dev-flow-logs-us-east-1
"""

RETURN = r"""
resource:
  description: The flow log as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-flow-logs, id: fl-0123456789abcdef0, traffic_type: ALL}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_flow_log import FLOW_LOG


def main():
    """Run the module."""
    run(
        FLOW_LOG,
        {
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str"},
            "traffic_type": {"type": "str", "choices": ["ALL", "ACCEPT", "REJECT"], "default": "ALL"},
            "log_group_name": {"type": "str"},
            "role_arn": {"type": "str"},
            "max_aggregation_interval": {"type": "int", "choices": [60, 600], "default": 600},
            "log_format": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
