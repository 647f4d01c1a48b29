#!/usr/bin/python
"""CloudWatch dashboards."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
short_description: Manage a CloudWatch dashboard
version_added: "0.1.0"
description:
  - Creates, changes and deletes a dashboard, with its tags, which need botocore of May 2026 or newer.
  - Ours because the community's collections have no module for it.
  - A metric or a set of dimensions of an AWS namespace that AWS doesn't publish is refused, because CloudWatch takes
    any name and the widget would be empty for ever.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The dashboard's name.
    type: str
    required: true
  body:
    description: What it shows, as CloudWatch describes it. It is compared as what it says, not as text.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Show the queue
  flow_builder.aws.cloudwatch_dashboard:
    name: flow-builder-dev-dashboard-us-east-1
    body:
      widgets:
        - type: metric
          width: 12
          height: 6
          properties:
            title: Jobs waiting
            region: us-east-1
            metrics: [[AWS/SQS, ApproximateNumberOfMessagesVisible, QueueName, flow-builder-dev-workflow]]
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The dashboard as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-dashboard-us-east-1, arn: "arn:aws:cloudwatch::...", body: {widgets: []}}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.cloudwatch import DASHBOARD


def main():
    """Run the module."""
    run(
        DASHBOARD,
        {"name": {"type": "str", "required": True}, "body": {"type": "dict"}},
        required_if=[("state", "present", ("body",))],
    )


if __name__ == "__main__":
    main()
