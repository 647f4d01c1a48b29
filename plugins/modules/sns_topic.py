#!/usr/bin/python
"""SNS topics."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topic
short_description: Manage an SNS topic and its subscriptions
version_added: "0.1.0"
description:
  - Creates, changes and deletes a standard topic, with its policy, key, subscriptions and tags.
  - Ours because C(community.aws.sns_topic) 11.2.0 fails in check mode for a topic that doesn't exist yet, and can't
    set the key.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The topic's name.
    type: str
    required: true
  display_name:
    description: The sender's name in mails and text messages.
    type: str
  kms_master_key_id:
    description: >-
      ARN of the key that encrypts messages; empty for none. Alarms reach an encrypted topic only when the key's policy
      lets CloudWatch use it, which that of V(alias/aws/sns) doesn't.
    type: str
  policy:
    description: Who may publish and subscribe.
    type: dict
  delivery_policy:
    description: How deliveries over HTTP are tried again; empty for SNS's own way.
    type: dict
  subscriptions:
    description:
      - Who is told. Others are unsubscribed.
      - A subscription by mail counts before it is confirmed.
    type: list
    elements: dict
    suboptions:
      protocol:
        description: The way of telling.
        type: str
        required: true
        choices: [http, https, email, email-json, sms, sqs, application, lambda, firehose]
      endpoint:
        description: The address, number, URL or ARN.
        type: str
        required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Tell the team of alarms
  flow_builder.aws.sns_topic:
    name: flow-builder-dev-alarms
    display_name: Flow Builder dev
    subscriptions:
      - protocol: email
        endpoint: team@example.com
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The topic as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-alarms, arn: "arn:aws:sns:us-east-1:123456789012:flow-builder-dev-alarms"}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.sns import SNS_TOPIC

PROTOCOLS = ["http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"]
SUBSCRIPTION = {
    "protocol": {"type": "str", "required": True, "choices": PROTOCOLS},
    "endpoint": {"type": "str", "required": True},
}


def main():
    """Run the module."""
    run(
        SNS_TOPIC,
        {
            "name": {"type": "str", "required": True},
            "display_name": {"type": "str"},
            "kms_master_key_id": {"type": "str", "no_log": False},
            "policy": {"type": "dict"},
            "delivery_policy": {"type": "dict"},
            "subscriptions": {"type": "list", "elements": "dict", "options": SUBSCRIPTION},
        },
    )


if __name__ == "__main__":
    main()
