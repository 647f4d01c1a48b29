#!/usr/bin/python
"""Scalable targets of Application Auto Scaling."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_autoscaling_target
short_description: Manage a scalable target
version_added: "0.1.0"
description:
  - Registers, changes and deregisters a number that Application Auto Scaling may change, for example an ECS service's
    count of tasks. Deregistering deletes its policies.
  - Ours because the community has it only as a part of C(community.aws.application_autoscaling_policy), whose check
    mode writes.
  - The role is AWS's own for the service. Whether a count outside of new limits changes at once is AWS's decision; see
    O(flow_builder.aws.ecs_service#module:minimum_count).
author: The Flow Builder on AWS project (@flow-builder)
options:
  resource_id:
    description: What is scaled, for example V(service/cluster/service).
    type: str
    required: true
  service_namespace:
    description: The service to which it belongs.
    type: str
    default: ecs
  scalable_dimension:
    description: The number that is scaled.
    type: str
    default: ecs:service:DesiredCount
  min_capacity:
    description: The number's lower limit.
    type: int
  max_capacity:
    description: The number's upper limit.
    type: int
  suspended:
    description: What is suspended.
    type: dict
    suboptions:
      dynamic_scaling_in:
        description: Policies don't scale in.
        type: bool
        default: false
      dynamic_scaling_out:
        description: Policies don't scale out.
        type: bool
        default: false
      scheduled_scaling:
        description: Scheduled actions don't scale.
        type: bool
        default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Let the worker have up to ten tasks, and none when there is nothing to do
  flow_builder.aws.application_autoscaling_target:
    resource_id: service/flow-builder-dev-cluster/flow-builder-dev-worker
    min_capacity: 0
    max_capacity: 10
"""

RETURN = r"""
resource:
  description: The target as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {resource_id: service/flow-builder-dev-cluster/flow-builder-dev-worker, min_capacity: 0, max_capacity: 10}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: update
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.application_autoscaling import SCALING_TARGET


def main():
    """Run the module."""
    flag = {"type": "bool", "default": False}
    run(
        SCALING_TARGET,
        {
            "resource_id": {"type": "str", "required": True},
            "service_namespace": {"type": "str", "default": "ecs"},
            "scalable_dimension": {"type": "str", "default": "ecs:service:DesiredCount"},
            "min_capacity": {"type": "int"},
            "max_capacity": {"type": "int"},
            "suspended": {
                "type": "dict",
                "options": {"dynamic_scaling_in": flag, "dynamic_scaling_out": flag, "scheduled_scaling": flag},
            },
        },
        required_if=[("state", "present", ("min_capacity", "max_capacity"))],
    )


if __name__ == "__main__":
    main()
