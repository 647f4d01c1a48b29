#!/usr/bin/python
"""What Lambda does with asynchronous calls that fail."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_event_invoke_config
short_description: Manage how a Lambda function's asynchronous calls are retried and reported
version_added: "0.1.0"
description:
  - Sets retries, age and destinations of a function's asynchronous calls. The community's collections have no module
    for it.
author: The Flow Builder on AWS project (@flow-builder)
options:
  function_name:
    description: The function's name.
    type: str
    required: true
  maximum_retry_attempts:
    description: How often a failed call is tried again, V(0) to V(2).
    type: int
  maximum_event_age:
    description: Seconds after which an event is given up, V(60) to V(21600).
    type: int
  on_failure:
    description: ARN of the queue, topic, bus or function that is told of calls that failed; empty for none.
    type: str
  on_success:
    description: ARN of the queue, topic, bus or function that is told of calls that went well; empty for none.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: Never run the scheduler twice for one event
  flow_builder.aws.lambda_event_invoke_config:
    function_name: flow-builder-dev-scheduler
    maximum_retry_attempts: 0
    on_failure: arn:aws:sqs:us-east-1:123456789012:flow-builder-dev-lambda-failures
"""

RETURN = r"""
resource:
  description: The settings as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {function_name: flow-builder-dev-scheduler, maximum_retry_attempts: 0}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_event_invoke_config import (
    EVENT_INVOKE_CONFIG,
)


def main():
    """Run the module."""
    run(
        EVENT_INVOKE_CONFIG,
        {
            "function_name": {"type": "str", "required": True},
            "maximum_retry_attempts": {"type": "int"},
            "maximum_event_age": {"type": "int"},
            "on_failure": {"type": "str"},
            "on_success": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
