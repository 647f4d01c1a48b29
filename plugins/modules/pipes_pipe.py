#!/usr/bin/python
"""EventBridge pipes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pipes_pipe
short_description: Manage an EventBridge pipe
version_added: "0.1.0"
description:
  - Creates, changes, starts, stops and deletes a pipe, which takes messages from a source and hands each to a target.
  - Another O(source), or another place to begin in it, makes a new pipe in the place of the old one, since AWS fixes
    both at creation. Everything else changes in place.
  - A pipe that AWS stopped because it failed all the time is started again.
  - Refused before any call are parameters with which no task of an ECS target would ever start, such as a path that is
    only a part of a value.
  - Ours because no collection has a module for pipes.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The pipe's name.
    type: str
    required: true
  description:
    description: What the pipe is for.
    type: str
  desired_state:
    description: Whether the pipe takes messages.
    type: str
    choices: [RUNNING, STOPPED]
  source:
    description: ARN of the source, for example of a queue.
    type: str
  source_parameters:
    description: How it takes from the source, with EventBridge's own names in Ansible's spelling.
    type: dict
  enrichment:
    description: ARN of what is asked about each message on its way; empty for nothing.
    type: str
  enrichment_parameters:
    description: How that is asked, in the same spelling.
    type: dict
  target:
    description: ARN of the target, for example of an ECS cluster.
    type: str
  target_parameters:
    description:
      - How the target is called, in the same spelling.
      - Where a whole value is a path, such as V($.body), each message's part comes into its place.
    type: dict
  role_arn:
    description: ARN of the role that the pipe takes on.
    type: str
  log_configuration:
    description: What it logs, and where to, in the same spelling; empty for nothing.
    type: dict
  kms_key_identifier:
    description: Key that encrypts the pipe's settings; empty for AWS's own.
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: A task for each message
  flow_builder.aws.pipes_pipe:
    name: flow-builder-dev-ultra-worker-pipe
    source: arn:aws:sqs:us-east-1:123456789012:flow-builder-dev-ultra-workflow
    source_parameters:
      sqs_queue_parameters:
        batch_size: 1
    target: arn:aws:ecs:us-east-1:123456789012:cluster/flow-builder-dev-ultra-cluster
    target_parameters:
      ecs_task_parameters:
        task_definition_arn: arn:aws:ecs:us-east-1:123456789012:task-definition/flow-builder-dev-ultra-worker:7
        capacity_provider_strategy:
          - capacity_provider: FARGATE_SPOT
            weight: 1
        network_configuration:
          awsvpc_configuration:
            subnets: [subnet-0123456789abcdef0]
            assign_public_ip: ENABLED
        overrides:
          container_overrides:
            - name: worker
              environment:
                - name: SQS_BODY
                  value: $.body
    role_arn: arn:aws:iam::123456789012:role/flow-builder-dev-ultra-pipe-us-east-1
    desired_state: RUNNING
"""

RETURN = r"""
resource:
  description: The pipe as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-ultra-worker-pipe, desired_state: RUNNING, state: RUNNING}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.pipes import PIPE


def main():
    """Run the module."""
    run(
        PIPE,
        {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "desired_state": {"type": "str", "choices": ["RUNNING", "STOPPED"]},
            "source": {"type": "str"},
            "source_parameters": {"type": "dict"},
            "enrichment": {"type": "str"},
            "enrichment_parameters": {"type": "dict"},
            "target": {"type": "str"},
            "target_parameters": {"type": "dict"},
            "role_arn": {"type": "str"},
            "log_configuration": {"type": "dict"},
            "kms_key_identifier": {"type": "str", "no_log": False},
        },
        required_if=[("state", "present", ("source", "target", "role_arn"))],
    )


if __name__ == "__main__":
    main()
