#!/usr/bin/python
"""ECS services."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service
short_description: Manage an ECS service
version_added: "0.1.0"
description:
  - Creates, changes and deletes a service, and waits until it is steady. A deployment that AWS rolls back is a failure.
  - Ours because C(community.aws.ecs_service) 11.2.0 compares neither network, strategy nor deployment configuration,
    can't change tags, and knows no deployment alarms.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The service's name.
    type: str
    required: true
  cluster:
    description: Name or ARN of its cluster.
    type: str
    required: true
  task_definition:
    description: The task definition that it runs, as an ARN or V(family:revision).
    type: str
  desired_count:
    description: How many tasks it has when it is created. Afterwards their number is the autoscaler's.
    type: int
  minimum_count:
    description: A service that has fewer tasks than this is given so many. No autoscaler does it for a service that
      has no task, because no task means no metric.
    type: int
  launch_type:
    description: What the tasks run on. It can't be changed afterwards, but for a O(capacity_provider_strategy).
    type: str
    choices: [EC2, FARGATE, EXTERNAL]
  capacity_provider_strategy:
    description: What the tasks run on, in shares. Either this or O(launch_type). A change starts new tasks.
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
  platform_version:
    description: Fargate's platform version.
    type: str
  subnet_ids:
    description: The subnets of the tasks.
    type: list
    elements: str
  security_group_ids:
    description: The security groups of the tasks.
    type: list
    elements: str
  assign_public_ip:
    description: Whether each task gets a public address.
    type: bool
  load_balancers:
    description: The target groups that tasks are registered with.
    type: list
    elements: dict
    suboptions:
      target_group_arn:
        description: ARN of the target group.
        type: str
        required: true
      container_name:
        description: The container that answers.
        type: str
        required: true
      container_port:
        description: The port on which it answers.
        type: int
        required: true
      alternate_target_group_arn:
        description: ARN of the target group that takes turns with the other one, for any O(deployment_strategy) but
          V(ROLLING).
        type: str
      production_listener_rule:
        description: ARN of the listener's rule whose weights ECS moves between the two groups.
        type: str
      test_listener_rule:
        description: ARN of the rule of a listener for tests, which leads to the new tasks before production's does.
        type: str
      traffic_role_arn:
        description: ARN of the role with which ECS does so.
        type: str
  health_check_grace_period_seconds:
    description: Seconds after a task's start in which failed health checks don't count.
    type: int
  minimum_healthy_percent:
    description: Share of the desired count that keeps running while a deployment replaces tasks.
    type: int
  maximum_percent:
    description: Share of the desired count that may run while a deployment replaces tasks.
    type: int
  circuit_breaker:
    description: What happens when a deployment's tasks don't come up.
    type: dict
    suboptions:
      enable:
        description: Whether the deployment is given up then.
        type: bool
        required: true
      rollback:
        description: Whether the last one that worked is deployed again.
        type: bool
        default: false
      reset_on_healthy_task:
        description: Whether a task that becomes healthy makes AWS forget the tasks that failed before it. This one and
          the next two need botocore of July 2026 or newer.
        type: bool
        default: true
      threshold_type:
        description:
          - What O(circuit_breaker.threshold) is. V(COUNT) is a number of tasks; the others are a share of the desired
            count in percent, V(BOUNDED_PERCENT) between 3 and 200 tasks.
          - With another O(deployment_strategy) than V(ROLLING) it isn't sure that AWS looks at any of this; then
            whoever waits for the service counts the tasks that failed, in the same way.
        type: str
        choices: [BOUNDED_PERCENT, UNBOUNDED_PERCENT, COUNT]
        default: BOUNDED_PERCENT
      threshold:
        description: With how many failed tasks a deployment is given up.
        type: int
        default: 50
  alarms:
    description: CloudWatch alarms that end a deployment.
    type: dict
    suboptions:
      names:
        description: The alarms' names.
        type: list
        elements: str
        required: true
      enable:
        description: Whether they are looked at; by default when there are any.
        type: bool
      rollback:
        description: Whether the last one that worked is deployed again.
        type: bool
        default: false
  deployment_strategy:
    description:
      - How a new revision takes the place of the old one. V(ROLLING) replaces task by task. The others start all of
        the new tasks beside the old ones and then move the traffic, V(BLUE_GREEN) at once, V(CANARY) by one share
        before all, and V(LINEAR) by equal shares; what fails is taken back by moving the traffic back.
      - Behind a load balancer they need the three fields of O(load_balancers) that only they have.
    type: str
    choices: [ROLLING, BLUE_GREEN, LINEAR, CANARY]
  bake_time:
    description: Minutes in which old and new tasks run when the traffic has moved, V(0) to V(1440).
    type: int
  canary:
    description: The share of V(CANARY). Without that strategy it counts for nothing.
    type: dict
    suboptions: &steps
      percent:
        description: The share of the traffic, in percent.
        type: float
        required: true
      bake_time:
        description: Minutes until the next share, V(0) to V(1440).
        type: int
        required: true
  linear:
    description: The shares of V(LINEAR). Without that strategy they count for nothing.
    type: dict
    suboptions: *steps
  lifecycle_hooks:
    description:
      - What happens at stages of each deployment. It waits there until all hooks of a stage have let it go on.
      - A deployment that pauses is a failure for whoever waits for the service to be steady.
    type: list
    elements: dict
    suboptions:
      target_type:
        description: V(AWS_LAMBDA) asks a function, V(PAUSE) waits for C(ContinueServiceDeployment).
        type: str
        choices: [AWS_LAMBDA, PAUSE]
        default: AWS_LAMBDA
      stages:
        description: The stages. AWS lets no V(PAUSE) be at the two at which traffic moves.
        type: list
        elements: str
        choices:
          - RECONCILE_SERVICE
          - PRE_SCALE_UP
          - POST_SCALE_UP
          - TEST_TRAFFIC_SHIFT
          - POST_TEST_TRAFFIC_SHIFT
          - PRE_PRODUCTION_TRAFFIC_SHIFT
          - PRODUCTION_TRAFFIC_SHIFT
          - POST_PRODUCTION_TRAFFIC_SHIFT
        required: true
      target_arn:
        description: ARN of the function.
        type: str
      role_arn:
        description: ARN of the role with which ECS asks it.
        type: str
      details:
        description: What the function is given as its C(hookDetails). It is no place for secrets.
        type: dict
      timeout_minutes:
        description: Minutes that the hook has, V(1) to V(20160) for a V(PAUSE), V(1) to V(1440) for a function.
        type: int
        default: 1440
      timeout_action:
        description: What happens then.
        type: str
        choices: [ROLLBACK, CONTINUE]
        default: ROLLBACK
  enable_execute_command:
    description: Whether ECS Exec may enter the tasks. A change starts new tasks.
    type: bool
  availability_zone_rebalancing:
    description: Whether AWS moves tasks to keep the zones even.
    type: str
    choices: [ENABLED, DISABLED]
  propagate_tags:
    description: Whose tags the tasks get. A change starts new tasks.
    type: str
    choices: [TASK_DEFINITION, SERVICE, NONE]
  enable_ecs_managed_tags:
    description: Whether the tasks get ECS's own tags, cluster and service. A change starts new tasks.
    type: bool
  deployment_controller:
    description: Who deploys.
    type: str
    choices: [ECS, CODE_DEPLOY, EXTERNAL]
  scheduling_strategy:
    description: Whether there are so many tasks or one for each instance. It can't be changed afterwards.
    type: str
    choices: [REPLICA, DAEMON]
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Run the API
  flow_builder.aws.ecs_service:
    name: flow-builder-dev-api
    cluster: flow-builder-dev-cluster
    task_definition: flow-builder-dev-api:3
    desired_count: 1
    capacity_provider_strategy:
      - capacity_provider: FARGATE
        base: 1
        weight: 1
    subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    security_group_ids: [sg-0123456789abcdef0]
    circuit_breaker:
      enable: true
      rollback: true
"""

RETURN = r"""
resource:
  description: The service as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-api, task_definition: "flow-builder-dev-api:3", running_count: 1}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: update
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_service import ECS_SERVICE

STAGES = [
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT",
]  # fmt: skip
HOOK = {
    "target_type": {"type": "str", "choices": ["AWS_LAMBDA", "PAUSE"], "default": "AWS_LAMBDA"},
    "stages": {"type": "list", "elements": "str", "choices": STAGES, "required": True},
    "target_arn": {"type": "str"},
    "role_arn": {"type": "str"},
    "details": {"type": "dict"},
    "timeout_minutes": {"type": "int", "default": 1440},
    "timeout_action": {"type": "str", "choices": ["ROLLBACK", "CONTINUE"], "default": "ROLLBACK"},
}
STEPS = {"percent": {"type": "float", "required": True}, "bake_time": {"type": "int", "required": True}}


def main():
    """Run the module."""
    run(
        ECS_SERVICE,
        {
            "name": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "task_definition": {"type": "str"},
            "desired_count": {"type": "int"},
            "minimum_count": {"type": "int"},
            "launch_type": {"type": "str", "choices": ["EC2", "FARGATE", "EXTERNAL"]},
            "capacity_provider_strategy": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "capacity_provider": {"type": "str", "required": True},
                    "weight": {"type": "int", "default": 0},
                    "base": {"type": "int", "default": 0},
                },
            },
            "platform_version": {"type": "str"},
            "subnet_ids": {"type": "list", "elements": "str"},
            "security_group_ids": {"type": "list", "elements": "str"},
            "assign_public_ip": {"type": "bool"},
            "load_balancers": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "target_group_arn": {"type": "str", "required": True},
                    "container_name": {"type": "str", "required": True},
                    "container_port": {"type": "int", "required": True},
                    "alternate_target_group_arn": {"type": "str"},
                    "production_listener_rule": {"type": "str"},
                    "test_listener_rule": {"type": "str"},
                    "traffic_role_arn": {"type": "str"},
                },
            },
            "health_check_grace_period_seconds": {"type": "int"},
            "minimum_healthy_percent": {"type": "int"},
            "maximum_percent": {"type": "int"},
            "circuit_breaker": {
                "type": "dict",
                "options": {
                    "enable": {"type": "bool", "required": True},
                    "rollback": {"type": "bool", "default": False},
                    "reset_on_healthy_task": {"type": "bool", "default": True},
                    "threshold_type": {
                        "type": "str",
                        "choices": ["BOUNDED_PERCENT", "UNBOUNDED_PERCENT", "COUNT"],
                        "default": "BOUNDED_PERCENT",
                    },
                    "threshold": {"type": "int", "default": 50},
                },
            },
            "alarms": {
                "type": "dict",
                "options": {
                    "names": {"type": "list", "elements": "str", "required": True},
                    "enable": {"type": "bool"},
                    "rollback": {"type": "bool", "default": False},
                },
            },
            "deployment_strategy": {"type": "str", "choices": ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]},
            "bake_time": {"type": "int"},
            "canary": {"type": "dict", "options": STEPS},
            "linear": {"type": "dict", "options": STEPS},
            "lifecycle_hooks": {"type": "list", "elements": "dict", "options": HOOK},
            "enable_execute_command": {"type": "bool"},
            "availability_zone_rebalancing": {"type": "str", "choices": ["ENABLED", "DISABLED"]},
            "propagate_tags": {"type": "str", "choices": ["TASK_DEFINITION", "SERVICE", "NONE"]},
            "enable_ecs_managed_tags": {"type": "bool"},
            "deployment_controller": {"type": "str", "choices": ["ECS", "CODE_DEPLOY", "EXTERNAL"]},
            "scheduling_strategy": {"type": "str", "choices": ["REPLICA", "DAEMON"]},
        },
        mutually_exclusive=[("launch_type", "capacity_provider_strategy")],
        required_if=[("state", "present", ("task_definition",))],
    )


if __name__ == "__main__":
    main()
