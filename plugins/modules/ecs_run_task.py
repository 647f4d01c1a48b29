#!/usr/bin/python
"""What the ecs_run_task action takes, and its documentation."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import only_as_action

DOCUMENTATION = r"""
module: ecs_run_task
short_description: Run one task of ECS to its end and show its log
version_added: "0.1.0"
description:
  - Runs a task of a family's newest revision on Fargate and shows its lines as they come. Its exit code is the result,
    anything but 0 a failure, told with the last lines, the likely cause and what to do next.
  - A task is never stopped. One that outlasts O(timeout) goes on, and fails this; the next run with the same image and
    variables watches it to its end and runs no other. While one with others runs, none is run.
author: The Flow Builder on AWS project (@flow-builder)
options:
  cluster:
    description: Name of the cluster.
    type: str
    required: true
  family:
    description: The family of the task definition.
    type: str
    required: true
  container:
    description: The container whose log and exit code count.
    type: str
    required: true
  image:
    description: Another image for the container. A revision is registered with it, if the newest has another one.
    type: str
  subnet_ids:
    description: The subnets.
    type: list
    elements: str
    required: true
  security_group_ids:
    description: The security groups.
    type: list
    elements: str
    required: true
  assign_public_ip:
    description: Whether the task gets a public address.
    type: bool
    default: false
  environment:
    description: Variables beside those of the definition. It is no place for secrets.
    type: dict
    default: {}
  result:
    description: >-
      The key of a JSON object that the task prints as one of its last lines. It is waited for, because lines come late.
      Without it the last line that is a JSON object is the result, if it is there when the task has ended.
    type: str
  ask:
    description: >-
      Variables beside O(environment) with which a second task is run where the first ended with 0 and O(result) doesn't
      come. It tells the result and does nothing else.
    type: dict
    default: {}
  timeout:
    description: Seconds for which the task is watched.
    type: int
    default: 14400
  pause:
    description: Seconds between two looks.
    type: float
    default: 2
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.lock
attributes:
  check_mode:
    description: Runs nothing and says so.
    support: full
"""

EXAMPLES = r"""
- name: Migrate
  flow_builder.aws.ecs_run_task:
    cluster: flow-builder-dev-cluster
    family: flow-builder-dev-migrations
    container: migrations
    subnet_ids: [subnet-0123456789abcdef0]
    security_group_ids: [sg-0123456789abcdef0]
"""

RETURN = r"""
exit_code:
  description: The container's exit code.
  returned: success
  type: int
lines:
  description: Its last 500 lines, without control characters, of each 2000 characters at the most.
  returned: success
  type: list
  elements: str
result:
  description: The last line that is a JSON object, with the key that O(result) names; empty without one.
  returned: success
  type: dict
task_definition:
  description: ARN of the revision that ran.
  returned: success
  type: str
"""


ARGUMENTS = {
    "lock": {"type": "str"},
    "cluster": {"type": "str", "required": True},
    "family": {"type": "str", "required": True},
    "container": {"type": "str", "required": True},
    "image": {"type": "str"},
    "subnet_ids": {"type": "list", "elements": "str", "required": True},
    "security_group_ids": {"type": "list", "elements": "str", "required": True},
    "assign_public_ip": {"type": "bool", "default": False},
    "environment": {"type": "dict", "default": {}},
    "result": {"type": "str"},
    "ask": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 14400},
    "pause": {"type": "float", "default": 2},
}


def main():
    """Say that the action of this name does it."""
    only_as_action("ecs_run_task", ARGUMENTS)


if __name__ == "__main__":
    main()
