#!/usr/bin/python
"""SQS queues."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sqs_queue
short_description: Manage an SQS queue
version_added: "0.1.0"
description:
  - Creates, changes and deletes a standard queue, with its policies, encryption and tags.
  - Ours because C(community.aws.sqs_queue) 11.2.0 can set neither who may use a queue as its dead letters
    (O(redrive_allow_policy)) nor encryption by SQS, and makes a queue first and gives it its policy later.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The queue's name.
    type: str
    required: true
  visibility_timeout:
    description: Seconds for which a received message is hidden from others.
    type: int
  message_retention_period:
    description: Seconds that a message is kept.
    type: int
  receive_message_wait_time_seconds:
    description: Seconds that a receiver waits for a message.
    type: int
  delay_seconds:
    description: Seconds for which a new message is hidden.
    type: int
  maximum_message_size:
    description: Bytes of a message with its attributes at the most, V(1024) to V(1048576).
    type: int
  sqs_managed_sse_enabled:
    description: Encrypt messages with SQS's own key.
    type: bool
  kms_master_key_id:
    description: Id or ARN of the key that encrypts messages instead.
    type: str
  policy:
    description: The queue's policy; empty for none.
    type: dict
  redrive_policy:
    description: Where messages go that nobody could work off, and after how many attempts; empty for none.
    type: dict
  redrive_allow_policy:
    description: Which queues may have this one for their dead letters; empty for all.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Queue of jobs
  flow_builder.aws.sqs_queue:
    name: flow-builder-dev-workflow
    visibility_timeout: 900
    sqs_managed_sse_enabled: true
    redrive_policy:
      deadLetterTargetArn: arn:aws:sqs:us-east-1:123456789012:flow-builder-dev-workflow-dlq
      maxReceiveCount: 5
"""

RETURN = r"""
resource:
  description: The queue as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-workflow, url: "https://sqs.us-east-1.amazonaws.com/123456789012/flow-..."}
action:
  description: What was done, or would be, V(none), V(create), V(update) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.sqs import DOCUMENTS, NUMBERS, SQS_QUEUE


def main():
    """Run the module."""
    run(
        SQS_QUEUE,
        {
            "name": {"type": "str", "required": True},
            **{field: {"type": "int"} for field in NUMBERS},
            "sqs_managed_sse_enabled": {"type": "bool"},
            "kms_master_key_id": {"type": "str", "no_log": False},
            **{field: {"type": "dict"} for field in DOCUMENTS},
        },
        mutually_exclusive=[("sqs_managed_sse_enabled", "kms_master_key_id")],
    )


if __name__ == "__main__":
    main()
