#!/usr/bin/python
"""ECS task definitions."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_taskdefinition
short_description: Manage an ECS task definition
version_added: "0.1.0"
description:
  - Registers a new revision of a family when, and only when, something differs from its newest active revision.
    Older revisions stay active, since a rollback needs them.
  - Compared is what AWS would make of the arguments, so neither the defaults that it fills in nor the order of
    environment, secrets and ports make a revision.
  - Ours because C(community.aws.ecs_taskdefinition) 11.2.0 doesn't compare the task's CPU and memory, and returns no
    diff.
  - Refuses a secret in a container's plain environment, by the variable's name.
  - With O(state=absent) every revision of the family is deregistered and deleted.
author: The Flow Builder on AWS project (@flow-builder)
options:
  family:
    description: The family's name.
    type: str
    required: true
  cpu:
    description: CPU units of the task; 1024 are a vCPU.
    type: str
  memory:
    description: Memory of the task in MiB.
    type: str
  execution_role_arn:
    description: ARN of the role with which ECS pulls images, reads secrets and writes logs.
    type: str
  task_role_arn:
    description: ARN of the role that the containers have.
    type: str
  network_mode:
    description: The containers' network.
    type: str
    choices: [none, bridge, host, awsvpc]
  pid_mode:
    description: Whose processes the containers see.
    type: str
    choices: [host, task]
  ipc_mode:
    description: Whose IPC resources the containers use.
    type: str
    choices: [none, host, task]
  requires_compatibilities:
    description: What the definition must be fit for, for example V(FARGATE).
    type: list
    elements: str
  runtime_platform:
    description: What the tasks run on.
    type: dict
    suboptions:
      operating_system_family:
        description: The operating system, for example V(LINUX).
        type: str
      cpu_architecture:
        description: The processor.
        type: str
        choices: [X86_64, ARM64]
  ephemeral_storage_gib:
    description: GiB of the task's own disk, from V(21); V(0) for Fargate's 20.
    type: int
  volumes:
    description: Volumes that containers mount, as in C(RegisterTaskDefinition).
    type: list
    elements: dict
  container_definitions:
    description: The containers, as in C(RegisterTaskDefinition), with AWS's own names, for example C(portMappings).
    type: list
    elements: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Describe the API's task
  flow_builder.aws.ecs_taskdefinition:
    family: flow-builder-dev-api
    cpu: "256"
    memory: "512"
    network_mode: awsvpc
    requires_compatibilities: [FARGATE]
    execution_role_arn: arn:aws:iam::123456789012:role/flow-builder-dev-ecs-execution-us-east-1
    container_definitions:
      - name: api
        image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api@sha256:0a1b...
        portMappings:
          - containerPort: 8080
        environment:
          - name: POLLING_MODE
            value: "true"
        secrets:
          - name: DB_PASSWORD
            valueFrom: "arn:aws:secretsmanager:us-east-1:123456789012:secret:dev/database-AbCdEf:password::"
"""

RETURN = r"""
resource:
  description: The newest active revision, or in check mode as it would be; empty when the family is absent.
  returned: success
  type: dict
  sample: {family: flow-builder-dev-api, revision: 3, arn: "arn:aws:ecs:...:task-definition/flow-builder-dev-api:3"}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: update
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_taskdefinition import ECS_TASK_DEFINITION


def main():
    """Run the module."""
    run(
        ECS_TASK_DEFINITION,
        {
            "family": {"type": "str", "required": True},
            "cpu": {"type": "str"},
            "memory": {"type": "str"},
            "execution_role_arn": {"type": "str"},
            "task_role_arn": {"type": "str"},
            "network_mode": {"type": "str", "choices": ["none", "bridge", "host", "awsvpc"]},
            "pid_mode": {"type": "str", "choices": ["host", "task"]},
            "ipc_mode": {"type": "str", "choices": ["none", "host", "task"]},
            "requires_compatibilities": {"type": "list", "elements": "str"},
            "runtime_platform": {
                "type": "dict",
                "options": {
                    "operating_system_family": {"type": "str"},
                    "cpu_architecture": {"type": "str", "choices": ["X86_64", "ARM64"]},
                },
            },
            "ephemeral_storage_gib": {"type": "int"},
            "volumes": {"type": "list", "elements": "dict"},
            "container_definitions": {"type": "list", "elements": "dict"},
        },
        required_if=[("state", "present", ("container_definitions",))],
    )


if __name__ == "__main__":
    main()
