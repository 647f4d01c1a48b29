#!/usr/bin/python
"""Scaling policies of Application Auto Scaling."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_autoscaling_policy
short_description: Manage a scaling policy
version_added: "0.1.0"
description:
  - Creates, changes and deletes a target tracking or step scaling policy of a scalable target.
  - Ours because C(community.aws.application_autoscaling_policy) 11.2.0 writes in check mode and returns no diff.
  - The options describe the whole policy, as C(PutScalingPolicy) does; what is unsaid is AWS's default.
  - A metric of an AWS namespace that AWS doesn't publish is refused, because the policy would wait for it for ever.
author: The Flow Builder on AWS project (@flow-builder)
options:
  policy_name:
    description: The policy's name.
    type: str
    required: true
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
  target_tracking:
    description: Keep a metric at a value. Either this or O(step_scaling).
    type: dict
    suboptions:
      target_value:
        description: The value.
        type: float
        required: true
      predefined_metric_type:
        description: A metric that the service has itself, for example V(ECSServiceAverageCPUUtilization).
        type: str
      resource_label:
        description: The load balancer and target group for V(ALBRequestCountPerTarget).
        type: str
      metric:
        description: One metric of CloudWatch.
        type: dict
        suboptions:
          namespace:
            description: Its namespace.
            type: str
            required: true
          metric_name:
            description: Its name.
            type: str
            required: true
          dimensions:
            description: Its dimensions, name to value.
            type: dict
          statistic:
            description: How the values of a period become one.
            type: str
            choices: [Average, Minimum, Maximum, SampleCount, Sum]
            required: true
          unit:
            description: Only values with this unit count.
            type: str
      metrics:
        description: Metrics and expressions, one of which is kept at the value, as in
          M(flow_builder.aws.cloudwatch_metric_alarm) but for the period, which is target tracking's own.
        type: list
        elements: dict
        suboptions:
          id:
            description: The name by which expressions call it; it begins with a small letter.
            type: str
            required: true
          expression:
            description: Metric math over the others.
            type: str
          metric_stat:
            description: A metric and its statistic.
            type: dict
            suboptions:
              metric:
                description: The metric.
                type: dict
                required: true
                suboptions:
                  namespace:
                    description: Its namespace.
                    type: str
                    required: true
                  metric_name:
                    description: Its name.
                    type: str
                    required: true
                  dimensions:
                    description: Its dimensions, name to value.
                    type: dict
              period:
                description: Taken so that an alarm's metrics can be used here too; target tracking has its own.
                type: int
              stat:
                description: The statistic, also an extended one.
                type: str
                required: true
              unit:
                description: Only values with this unit count.
                type: str
          label:
            description: What people read.
            type: str
          return_data:
            description: Whether this is what is kept at the value; true for exactly one.
            type: bool
            default: false
      scale_in_cooldown:
        description: Seconds from one scaling in to the next.
        type: int
      scale_out_cooldown:
        description: Seconds from one scaling out to the next.
        type: int
      disable_scale_in:
        description: Only scale out.
        type: bool
        default: false
  step_scaling:
    description: Change the number in steps when an alarm goes off that has the policy as its action.
    type: dict
    suboptions:
      adjustment_type:
        description: What the steps' adjustments are.
        type: str
        choices: [ChangeInCapacity, ExactCapacity, PercentChangeInCapacity]
        required: true
      steps:
        description: The steps, side by side, without gaps.
        type: list
        elements: dict
        required: true
        suboptions:
          lower:
            description: Where the step begins, counted from the alarm's threshold; unsaid, it has no beginning.
            type: float
          upper:
            description: Where the step ends, counted from the alarm's threshold; unsaid, it has no end.
            type: float
          adjustment:
            description: By how much, or to what, the number changes.
            type: int
            required: true
      cooldown:
        description: Seconds in which a further step counts what was added already.
        type: int
        default: 300
      metric_aggregation_type:
        description: How the metric's values become one.
        type: str
        choices: [Average, Minimum, Maximum]
        default: Average
      min_adjustment_magnitude:
        description: The least change, for V(PercentChangeInCapacity).
        type: int
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: Keep the API's processors at 60 percent
  flow_builder.aws.application_autoscaling_policy:
    policy_name: flow-builder-dev-api-cpu
    resource_id: service/flow-builder-dev-cluster/flow-builder-dev-api
    target_tracking:
      target_value: 60
      predefined_metric_type: ECSServiceAverageCPUUtilization

- name: Wake the worker
  flow_builder.aws.application_autoscaling_policy:
    policy_name: flow-builder-dev-worker-wake
    resource_id: service/flow-builder-dev-cluster/flow-builder-dev-worker
    step_scaling:
      adjustment_type: ChangeInCapacity
      steps:
        - lower: 0
          adjustment: 1
"""

RETURN = r"""
resource:
  description: The policy as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {policy_name: flow-builder-dev-api-cpu, policy_type: TargetTrackingScaling, arn: "arn:aws:autoscaling:..."}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: update
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.application_autoscaling import SCALING_POLICY

METRIC = {
    "namespace": {"type": "str", "required": True},
    "metric_name": {"type": "str", "required": True},
    "dimensions": {"type": "dict"},
}
QUERY = {
    "id": {"type": "str", "required": True},
    "expression": {"type": "str"},
    "metric_stat": {
        "type": "dict",
        "options": {
            "metric": {"type": "dict", "required": True, "options": METRIC},
            "period": {"type": "int"},
            "stat": {"type": "str", "required": True},
            "unit": {"type": "str"},
        },
    },
    "label": {"type": "str"},
    "return_data": {"type": "bool", "default": False},
}
TRACKING = {
    "target_value": {"type": "float", "required": True},
    "predefined_metric_type": {"type": "str"},
    "resource_label": {"type": "str"},
    "metric": {
        "type": "dict",
        "options": {
            **METRIC,
            "statistic": {
                "type": "str",
                "choices": ["Average", "Minimum", "Maximum", "SampleCount", "Sum"],
                "required": True,
            },
            "unit": {"type": "str"},
        },
    },
    "metrics": {
        "type": "list",
        "elements": "dict",
        "options": QUERY,
        "mutually_exclusive": [("expression", "metric_stat")],
        "required_one_of": [("expression", "metric_stat")],
    },
    "scale_in_cooldown": {"type": "int"},
    "scale_out_cooldown": {"type": "int"},
    "disable_scale_in": {"type": "bool", "default": False},
}
STEPS = {
    "adjustment_type": {
        "type": "str",
        "choices": ["ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity"],
        "required": True,
    },
    "steps": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "lower": {"type": "float"},
            "upper": {"type": "float"},
            "adjustment": {"type": "int", "required": True},
        },
    },
    "cooldown": {"type": "int", "default": 300},
    "metric_aggregation_type": {"type": "str", "choices": ["Average", "Minimum", "Maximum"], "default": "Average"},
    "min_adjustment_magnitude": {"type": "int"},
}


def main():
    """Run the module."""
    run(
        SCALING_POLICY,
        {
            "policy_name": {"type": "str", "required": True},
            "resource_id": {"type": "str", "required": True},
            "service_namespace": {"type": "str", "default": "ecs"},
            "scalable_dimension": {"type": "str", "default": "ecs:service:DesiredCount"},
            "target_tracking": {
                "type": "dict",
                "options": TRACKING,
                "mutually_exclusive": [("predefined_metric_type", "metric", "metrics")],
                "required_one_of": [("predefined_metric_type", "metric", "metrics")],
                "required_by": {"resource_label": "predefined_metric_type"},
            },
            "step_scaling": {"type": "dict", "options": STEPS},
        },
        mutually_exclusive=[("target_tracking", "step_scaling")],
        required_if=[("state", "present", ("target_tracking", "step_scaling"), True)],
    )


if __name__ == "__main__":
    main()
