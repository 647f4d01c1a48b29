#!/usr/bin/python
"""ECS clusters."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_cluster
short_description: Manage an ECS cluster
version_added: "0.1.0"
description:
  - Creates, changes and deletes a cluster, with its capacity providers, Container Insights and the logging of ECS Exec.
  - Ours because C(community.aws.ecs_cluster) 11.2.0 knows neither ECS Exec's configuration nor Container Insights, and
    returns no diff.
  - Deleting a cluster stops the tasks that no service runs. A cluster that still has services is not deleted.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The cluster's name.
    type: str
    required: true
  execute_command:
    description: How sessions of ECS Exec are encrypted and logged.
    type: dict
    suboptions:
      logging:
        description: V(OVERRIDE) logs to what is named here, V(DEFAULT) to the container's own log, V(NONE) nowhere.
        type: str
        choices: [NONE, DEFAULT, OVERRIDE]
      kms_key_id:
        description: ARN or id of the key that encrypts the session.
        type: str
      log_group:
        description: Name of the log group that gets what is typed and answered.
        type: str
      log_group_encrypted:
        description: Refuse a log group without a key of its own.
        type: bool
      s3_bucket:
        description: Name of the bucket that gets what is typed and answered.
        type: str
      s3_encrypted:
        description: Refuse a bucket without encryption.
        type: bool
      s3_prefix:
        description: The beginning of the objects' names.
        type: str
  container_insights:
    description: The metrics that Container Insights gathers, at a price.
    type: str
    choices: [disabled, enabled, enhanced]
  capacity_providers:
    description: Names of the capacity providers that services may use.
    type: list
    elements: str
  default_capacity_provider_strategy:
    description: Where tasks run whose service says neither a strategy nor a launch type.
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: The capacity provider's name.
        type: str
        required: true
      weight:
        description: Its share of the tasks above the base.
        type: int
        default: 0
      base:
        description: So many tasks run here in any case.
        type: int
        default: 0
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Run tasks on Fargate, half of them on spare capacity
  flow_builder.aws.ecs_cluster:
    name: flow-builder-dev-cluster
    container_insights: enabled
    execute_command:
      logging: OVERRIDE
      log_group: /aws/ecs/exec/flow-builder-dev
    capacity_providers: [FARGATE, FARGATE_SPOT]
    default_capacity_provider_strategy:
      - capacity_provider: FARGATE
        weight: 50
      - capacity_provider: FARGATE_SPOT
        weight: 50
"""

RETURN = r"""
resource:
  description: The cluster as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-cluster, container_insights: enabled, arn: "arn:aws:ecs:..."}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_cluster import ECS_CLUSTER


def main():
    """Run the module."""
    run(
        ECS_CLUSTER,
        {
            "name": {"type": "str", "required": True},
            "execute_command": {
                "type": "dict",
                "options": {
                    "logging": {"type": "str", "choices": ["NONE", "DEFAULT", "OVERRIDE"]},
                    "kms_key_id": {"type": "str", "no_log": False},
                    "log_group": {"type": "str"},
                    "log_group_encrypted": {"type": "bool"},
                    "s3_bucket": {"type": "str"},
                    "s3_encrypted": {"type": "bool"},
                    "s3_prefix": {"type": "str"},
                },
                "required_if": [("logging", "OVERRIDE", ("log_group", "s3_bucket"), True)],
            },
            "container_insights": {"type": "str", "choices": ["disabled", "enabled", "enhanced"]},
            "capacity_providers": {"type": "list", "elements": "str"},
            "default_capacity_provider_strategy": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "capacity_provider": {"type": "str", "required": True},
                    "weight": {"type": "int", "default": 0},
                    "base": {"type": "int", "default": 0},
                },
            },
        },
    )


if __name__ == "__main__":
    main()
