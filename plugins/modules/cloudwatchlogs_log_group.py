#!/usr/bin/python
"""CloudWatch log groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatchlogs_log_group
short_description: Manage a CloudWatch log group
version_added: "0.1.0"
description:
  - Creates, changes and deletes a log group, with its retention, key, deletion protection and tags.
  - Ours because C(community.aws.cloudwatchlogs_log_group) 11.2.0 sets the retention in check mode too, never
    compares the key, and deletes the group when it is given a retention that it doesn't know.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The group's name.
    type: str
    required: true
  retention_in_days:
    description: Days that events are kept; V(0) keeps them for ever. Unsaid, it is left as it is.
    type: int
    choices:
      [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
  kms_key_id:
    description: ARN of the key that encrypts the group; empty for AWS's own.
    type: str
  log_group_class:
    description: The group's class. It can't be changed afterwards.
    type: str
    choices: [STANDARD, INFREQUENT_ACCESS, DELIVERY, ESSENTIALS]
  deletion_protection:
    description: >-
      Whether AWS refuses to delete the group; only the end of its stack lifts it. Needs botocore of November 2025 or
      newer. Unsaid, it is left as it is, and off for a new group.
    type: bool
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Keep the API's logs for two weeks
  flow_builder.aws.cloudwatchlogs_log_group:
    name: /aws/ecs/flow-builder-dev-api
    retention_in_days: 14
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The log group as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: /aws/ecs/flow-builder-dev-api, retention_in_days: 14, arn: "arn:aws:logs:..."}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.logs import LOG_GROUP

RETENTIONS = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
]  # fmt: skip

CLASSES = ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY", "ESSENTIALS"]


def main():
    """Run the module."""
    run(
        LOG_GROUP,
        {
            "name": {"type": "str", "required": True},
            "retention_in_days": {"type": "int", "choices": RETENTIONS},
            "kms_key_id": {"type": "str", "no_log": False},
            "log_group_class": {"type": "str", "choices": CLASSES},
            "deletion_protection": {"type": "bool"},
        },
    )


if __name__ == "__main__":
    main()
