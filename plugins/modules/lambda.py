#!/usr/bin/python
"""Lambda functions."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda
short_description: Manage a Lambda function
version_added: "0.1.0"
description:
  - Creates, changes and deletes a function from an image or from a file of code, with its network, limits, logging and
    tags. AWS can't make one of the other, so that change replaces the function.
  - A file of code is packed so that its archive is the same everywhere, and uploaded only when its digest differs.
  - Ours because C(amazon.aws.lambda) 11.4.0 uploads the image with every run, and knows neither image configuration,
    reserved concurrency, ephemeral storage nor logging.
  - O(state=absent) waits until Lambda has given back the network interfaces of the last function in a security group,
    which can take twenty minutes on AWS.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The function's name.
    type: str
    required: true
  description:
    description: What the function does.
    type: str
  role:
    description: ARN of the role that the function takes on.
    type: str
  image_uri:
    description: The image, in this region's ECR, by digest or tag.
    type: str
  source:
    description: Path of a file of code, which becomes the function instead of an image.
    type: str
  runtime:
    description: What runs the code of O(source), for example V(python3.13).
    type: str
  handler:
    description: What is called in the code of O(source), for example V(resubmit.handler).
    type: str
  entry_point:
    description: What is run instead of the image's entry point; empty for the image's own.
    type: list
    elements: str
  command:
    description: The arguments, instead of the image's; empty for the image's own.
    type: list
    elements: str
  working_directory:
    description: The working directory, instead of the image's.
    type: str
  architecture:
    description: The processor.
    type: str
    choices: [x86_64, arm64]
  memory_size:
    description: Memory in MB; the share of a processor goes with it.
    type: int
  timeout:
    description: Seconds after which a call is ended.
    type: int
  ephemeral_storage:
    description: Size of V(/tmp) in MB.
    type: int
  environment_variables:
    description: The environment. It is no place for secrets, since everybody who may read the function sees it.
    type: dict
  kms_key_arn:
    description: ARN of the key that encrypts the environment; empty for AWS's own.
    type: str
  vpc_subnet_ids:
    description: The subnets; empty for no VPC.
    type: list
    elements: str
  vpc_security_group_ids:
    description: The security groups.
    type: list
    elements: str
  reserved_concurrency:
    description: How many calls may run at once, which are also set aside for it; V(-1) for no limit of its own.
    type: int
  tracing_mode:
    description: Whether calls are traced by X-Ray.
    type: str
    choices: [Active, PassThrough]
  dead_letter_arn:
    description: ARN of the queue or topic for asynchronous calls that failed; empty for none.
    type: str
  log_group:
    description: Name of the log group.
    type: str
  log_format:
    description: Whether Lambda's own log lines are text or JSON.
    type: str
    choices: [Text, JSON]
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Find work every few minutes
  flow_builder.aws.lambda:
    name: flow-builder-dev-scheduler
    role: arn:aws:iam::123456789012:role/flow-builder-dev-scheduler-lambda-us-east-1
    image_uri: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-scheduler:v1.4.2
    memory_size: 512
    timeout: 300
    reserved_concurrency: 1
"""

RETURN = r"""
resource:
  description: The function as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-scheduler, memory_size: 512, state: Active}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_ import FUNCTION


def main():
    """Run the module."""
    run(
        FUNCTION,
        {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "role": {"type": "str"},
            "image_uri": {"type": "str"},
            "source": {"type": "str"},
            "runtime": {"type": "str"},
            "handler": {"type": "str"},
            "entry_point": {"type": "list", "elements": "str"},
            "command": {"type": "list", "elements": "str"},
            "working_directory": {"type": "str"},
            "architecture": {"type": "str", "choices": ["x86_64", "arm64"]},
            "memory_size": {"type": "int"},
            "timeout": {"type": "int"},
            "ephemeral_storage": {"type": "int"},
            "environment_variables": {"type": "dict"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "vpc_subnet_ids": {"type": "list", "elements": "str"},
            "vpc_security_group_ids": {"type": "list", "elements": "str"},
            "reserved_concurrency": {"type": "int"},
            "tracing_mode": {"type": "str", "choices": ["Active", "PassThrough"]},
            "dead_letter_arn": {"type": "str"},
            "log_group": {"type": "str"},
            "log_format": {"type": "str", "choices": ["Text", "JSON"]},
        },
        required_if=[("state", "present", ("role",)), ("state", "present", ("image_uri", "source"), True)],
        required_together=[("vpc_subnet_ids", "vpc_security_group_ids"), ("source", "runtime", "handler")],
        mutually_exclusive=[("image_uri", "source")],
    )


if __name__ == "__main__":
    main()
