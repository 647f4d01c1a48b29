#!/usr/bin/python
"""EventBridge rules."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatchevent_rule
short_description: Manage an EventBridge rule and its targets
version_added: "0.1.0"
description:
  - Creates, changes and deletes a rule of the default bus with its targets. Targets that O(targets) doesn't name are
    taken off it.
  - Ours because C(amazon.aws.cloudwatchevent_rule) 11.4.0 has no check mode, and knows neither dead letters, retries,
    networks of tasks nor tags.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The rule's name.
    type: str
    required: true
  description:
    description: What the rule is for.
    type: str
  enabled:
    description: Whether the rule fires.
    type: bool
  schedule_expression:
    description: When it fires, for example V(rate(5 minutes\)) or V(cron(0 3 * * ? *\)), in UTC.
    type: str
  event_pattern:
    description: Which events it matches, as JSON.
    type: json
  role_arn:
    description: ARN of the role that the rule takes on for all of its targets.
    type: str
  targets:
    description: Where it sends.
    type: list
    elements: dict
    suboptions:
      id:
        description: The target's name in the rule.
        type: str
        required: true
      arn:
        description: ARN of the target, for example of a function, a queue or an ECS cluster.
        type: str
        required: true
      role_arn:
        description: ARN of the role that EventBridge takes on for this target.
        type: str
      input:
        description: JSON that is sent instead of the event.
        type: json
      input_path:
        description: Which part of the event is sent.
        type: str
      input_transformer:
        description: What is made of the event, with C(input_paths_map) and C(input_template).
        type: dict
      ecs_parameters:
        description: How an ECS task is run, with EventBridge's own names in Ansible's spelling.
        type: dict
      sqs_parameters:
        description: How a message is sent to a FIFO queue.
        type: dict
        suboptions:
          message_group_id:
            description: The message's group.
            type: str
            required: true
      dead_letter_config:
        description: Where events go that couldn't be delivered.
        type: dict
        suboptions:
          arn:
            description: ARN of a queue.
            type: str
            required: true
      retry_policy:
        description: How long delivery is tried.
        type: dict
        suboptions:
          maximum_retry_attempts:
            description: How often, V(0) to V(185).
            type: int
          maximum_event_age_in_seconds:
            description: For how long, V(60) to V(86400).
            type: int
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Call the scheduler every five minutes
  flow_builder.aws.cloudwatchevent_rule:
    name: flow-builder-dev-scheduler
    schedule_expression: rate(5 minutes)
    targets:
      - id: function
        arn: arn:aws:lambda:us-east-1:123456789012:function:flow-builder-dev-scheduler
        retry_policy:
          maximum_retry_attempts: 2
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The rule as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-scheduler, enabled: true, arn: "arn:aws:events:..."}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.events import RULE

TARGET = {
    "id": {"type": "str", "required": True},
    "arn": {"type": "str", "required": True},
    "role_arn": {"type": "str"},
    "input": {"type": "json"},
    "input_path": {"type": "str"},
    "input_transformer": {"type": "dict"},
    "ecs_parameters": {"type": "dict"},
    "sqs_parameters": {"type": "dict", "options": {"message_group_id": {"type": "str", "required": True}}},
    "dead_letter_config": {"type": "dict", "options": {"arn": {"type": "str", "required": True}}},
    "retry_policy": {
        "type": "dict",
        "options": {
            "maximum_retry_attempts": {"type": "int"},
            "maximum_event_age_in_seconds": {"type": "int"},
        },
    },
}


def main():
    """Run the module."""
    run(
        RULE,
        {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "enabled": {"type": "bool"},
            "schedule_expression": {"type": "str"},
            "event_pattern": {"type": "json"},
            "role_arn": {"type": "str"},
            "targets": {"type": "list", "elements": "dict", "options": TARGET},
        },
        required_if=[("state", "present", ("schedule_expression", "event_pattern"), True)],
    )


if __name__ == "__main__":
    main()
