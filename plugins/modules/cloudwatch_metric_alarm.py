#!/usr/bin/python
"""CloudWatch alarms."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_metric_alarm
short_description: Manage a CloudWatch alarm on a metric or on metric math
version_added: "0.1.0"
description:
  - Creates, changes and deletes an alarm, with its actions and tags.
  - Ours because C(amazon.aws.cloudwatch_metric_alarm) 11.4.0 has no tags, doesn't compare metric math (each run
    changes it), and leaves out O(datapoints_to_alarm).
  - The options describe the whole alarm, as C(PutMetricAlarm) does; what is unsaid is AWS's default.
  - A metric or a set of dimensions of an AWS namespace that AWS doesn't publish is refused, because CloudWatch takes
    any name and the alarm would be silent for ever.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The alarm's name.
    type: str
    required: true
  description:
    description: What the alarm means and what to do about it.
    type: str
  namespace:
    description: The metric's namespace, for example V(AWS/SQS).
    type: str
  metric_name:
    description: The metric. Either this or O(metrics).
    type: str
    aliases: [metric]
  dimensions:
    description: The metric's dimensions, name to value.
    type: dict
  statistic:
    description: How the values of a period become one. Either this or O(extended_statistic).
    type: str
    choices: [SampleCount, Average, Sum, Minimum, Maximum]
  extended_statistic:
    description: A percentile or trimmed statistic, for example V(p95) or V(tm90).
    type: str
  period:
    description: Seconds that are taken together; 10, 20, 30 or a multiple of 60.
    type: int
  unit:
    description: Only values with this unit count.
    type: str
  metrics:
    description: Metrics and expressions, one of which is watched. Either this or O(metric_name).
    type: list
    elements: dict
    suboptions:
      id:
        description: The name by which expressions call it; it begins with a small letter.
        type: str
        required: true
      expression:
        description: Metric math over the others. Either this or O(metrics[].metric_stat).
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
            description: Seconds that are taken together.
            type: int
            required: true
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
        description: Whether this is what the alarm watches; true for exactly one.
        type: bool
        default: false
      period:
        description: Seconds that an expression without metrics takes together.
        type: int
      account_id:
        description: The account that has the metric, if it is another one.
        type: str
  comparison:
    description: How the value compares with the threshold when something is wrong.
    type: str
    aliases: [comparison_operator]
    choices:
      - GreaterThanOrEqualToThreshold
      - GreaterThanThreshold
      - LessThanThreshold
      - LessThanOrEqualToThreshold
      - LessThanLowerOrGreaterThanUpperThreshold
      - LessThanLowerThreshold
      - GreaterThanUpperThreshold
  threshold:
    description: The value to compare with.
    type: float
  threshold_metric_id:
    description: Of O(metrics), the anomaly detection band to compare with, instead of O(threshold).
    type: str
  evaluation_periods:
    description: How many of the last periods are looked at.
    type: int
  datapoints_to_alarm:
    description: How many of those must be wrong; all of them by default.
    type: int
  treat_missing_data:
    description: What a period without a value counts as.
    type: str
    choices: [missing, ignore, breaching, notBreaching]
  evaluate_low_sample_count_percentile:
    description: Whether a percentile over too few values changes the state.
    type: str
    choices: [evaluate, ignore]
  actions_enabled:
    description: Whether the actions are taken.
    type: bool
  alarm_actions:
    description: ARNs of what is told or done when the alarm goes off.
    type: list
    elements: str
  ok_actions:
    description: ARNs of what is told or done when it is over.
    type: list
    elements: str
  insufficient_data_actions:
    description: ARNs of what is told or done when the metric has no values.
    type: list
    elements: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Tell when jobs wait
  flow_builder.aws.cloudwatch_metric_alarm:
    name: flow-builder-dev-queue-backlog
    description: More than 100 jobs wait. Look at the worker's logs and its scaling.
    namespace: AWS/SQS
    metric_name: ApproximateNumberOfMessagesVisible
    dimensions:
      QueueName: flow-builder-dev-workflow
    statistic: Maximum
    period: 300
    comparison: GreaterThanThreshold
    threshold: 100
    evaluation_periods: 2
    treat_missing_data: notBreaching
    alarm_actions: ["arn:aws:sns:us-east-1:123456789012:flow-builder-dev-alarms"]

- name: Tell when one request in twenty fails
  flow_builder.aws.cloudwatch_metric_alarm:
    name: flow-builder-dev-error-rate
    metrics:
      - id: rate
        expression: 100 * errors / requests
        return_data: true
      - id: errors
        metric_stat:
          metric:
            namespace: AWS/ApplicationELB
            metric_name: HTTPCode_Target_5XX_Count
            dimensions: {LoadBalancer: app/flow-builder-dev-alb/50dc6c495c0c9188}
          period: 60
          stat: Sum
      - id: requests
        metric_stat:
          metric:
            namespace: AWS/ApplicationELB
            metric_name: RequestCount
            dimensions: {LoadBalancer: app/flow-builder-dev-alb/50dc6c495c0c9188}
          period: 60
          stat: Sum
    comparison: GreaterThanThreshold
    threshold: 5
    evaluation_periods: 5
"""

RETURN = r"""
resource:
  description: The alarm as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-queue-backlog, alarm_state: OK, arn: "arn:aws:cloudwatch:..."}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.cloudwatch import METRIC_ALARM

METRIC = {
    "namespace": {"type": "str", "required": True},
    "metric_name": {"type": "str", "required": True},
    "dimensions": {"type": "dict"},
}
METRIC_STAT = {
    "metric": {"type": "dict", "required": True, "options": METRIC},
    "period": {"type": "int", "required": True},
    "stat": {"type": "str", "required": True},
    "unit": {"type": "str"},
}
QUERY = {
    "id": {"type": "str", "required": True},
    "expression": {"type": "str"},
    "metric_stat": {"type": "dict", "options": METRIC_STAT},
    "label": {"type": "str"},
    "return_data": {"type": "bool", "default": False},
    "period": {"type": "int"},
    "account_id": {"type": "str"},
}
COMPARISONS = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
]
ACTIONS = {"type": "list", "elements": "str"}


def main():
    """Run the module."""
    run(
        METRIC_ALARM,
        {
            "name": {"type": "str", "required": True},
            "description": {"type": "str"},
            "namespace": {"type": "str"},
            "metric_name": {"type": "str", "aliases": ["metric"]},
            "dimensions": {"type": "dict"},
            "statistic": {"type": "str", "choices": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]},
            "extended_statistic": {"type": "str"},
            "period": {"type": "int"},
            "unit": {"type": "str"},
            "metrics": {
                "type": "list",
                "elements": "dict",
                "options": QUERY,
                "mutually_exclusive": [("expression", "metric_stat")],
                "required_one_of": [("expression", "metric_stat")],
            },
            "comparison": {"type": "str", "choices": COMPARISONS, "aliases": ["comparison_operator"]},
            "threshold": {"type": "float"},
            "threshold_metric_id": {"type": "str"},
            "evaluation_periods": {"type": "int"},
            "datapoints_to_alarm": {"type": "int"},
            "treat_missing_data": {"type": "str", "choices": ["missing", "ignore", "breaching", "notBreaching"]},
            "evaluate_low_sample_count_percentile": {"type": "str", "choices": ["evaluate", "ignore"]},
            "actions_enabled": {"type": "bool"},
            "alarm_actions": ACTIONS,
            "ok_actions": ACTIONS,
            "insufficient_data_actions": ACTIONS,
        },
        required_if=[
            ("state", "present", ("metric_name", "metrics"), True),
            ("state", "present", ("comparison", "evaluation_periods")),
            ("state", "present", ("threshold", "threshold_metric_id"), True),
        ],
        required_by={"metric_name": ("namespace", "period")},
        mutually_exclusive=[
            ("metric_name", "metrics"),
            ("statistic", "extended_statistic", "metrics"),
            ("threshold", "threshold_metric_id"),
            ("period", "metrics"),
            ("dimensions", "metrics"),
        ],
    )


if __name__ == "__main__":
    main()
