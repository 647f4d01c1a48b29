"""Scaling policies: AWS's shape and ours say the same, and metrics that nobody publishes are refused."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.application_autoscaling import (
    SCALING_POLICY,
    SCALING_TARGET,
    steps,
    steps_from_aws,
    steps_to_aws,
    tracking,
    tracking_from_aws,
    tracking_to_aws,
)

QUEUE = {"namespace": "AWS/SQS", "metric_name": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": "q"}}
MATH = [
    {"id": "per_task", "expression": "visible / 2", "return_data": True},
    {"id": "visible", "metric_stat": {"metric": QUEUE, "stat": "Average"}},
]


@pytest.mark.parametrize(
    ("ours", "aws"),
    [
        (
            {"target_value": 60, "predefined_metric_type": "ECSServiceAverageCPUUtilization", "scale_in_cooldown": 0},
            {
                "TargetValue": 60.0,
                "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                "ScaleInCooldown": 0,
                "DisableScaleIn": False,
            },
        ),
        (
            {"target_value": 1000, "predefined_metric_type": "ALBRequestCountPerTarget", "resource_label": "app/a/1"},
            {
                "TargetValue": 1000.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "ALBRequestCountPerTarget",
                    "ResourceLabel": "app/a/1",
                },
                "DisableScaleIn": False,
            },
        ),
        (
            {"target_value": 5, "metrics": MATH, "disable_scale_in": True},
            {
                "TargetValue": 5.0,
                "CustomizedMetricSpecification": {
                    "Metrics": [
                        {"Id": "per_task", "Expression": "visible / 2", "ReturnData": True},
                        {
                            "Id": "visible",
                            "ReturnData": False,
                            "MetricStat": {
                                "Metric": {
                                    "Namespace": "AWS/SQS",
                                    "MetricName": "ApproximateNumberOfMessagesVisible",
                                    "Dimensions": [{"Name": "QueueName", "Value": "q"}],
                                },
                                "Stat": "Average",
                            },
                        },
                    ]
                },
                "DisableScaleIn": True,
            },
        ),
        (
            {"target_value": 5, "metric": {**QUEUE, "statistic": "Average"}},
            {
                "TargetValue": 5.0,
                "CustomizedMetricSpecification": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [{"Name": "QueueName", "Value": "q"}],
                    "Statistic": "Average",
                },
                "DisableScaleIn": False,
            },
        ),
    ],
)
def test_target_tracking(ours, aws):
    assert tracking_to_aws(tracking(ours)) == aws
    assert tracking_from_aws(aws) == tracking(ours)


def test_target_tracking_takes_an_alarms_metrics():
    with_period = [MATH[0], {**MATH[1], "metric_stat": {**MATH[1]["metric_stat"], "period": 60}}]
    assert tracking({"target_value": 5, "metrics": with_period}) == tracking({"target_value": 5, "metrics": MATH[::-1]})


@pytest.mark.parametrize(
    ("ours", "aws"),
    [
        (
            {"adjustment_type": "ChangeInCapacity", "steps": [{"lower": 0, "adjustment": 1}]},
            {
                "AdjustmentType": "ChangeInCapacity",
                "Cooldown": 300,
                "MetricAggregationType": "Average",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}],
            },
        ),
        (
            {
                "adjustment_type": "PercentChangeInCapacity",
                "cooldown": 0,
                "min_adjustment_magnitude": 2,
                "steps": [{"lower": 5, "adjustment": 20}, {"upper": 5, "adjustment": -10}],
            },
            {
                "AdjustmentType": "PercentChangeInCapacity",
                "Cooldown": 0,
                "MetricAggregationType": "Average",
                "MinAdjustmentMagnitude": 2,
                "StepAdjustments": [
                    {"MetricIntervalUpperBound": 5.0, "ScalingAdjustment": -10},
                    {"MetricIntervalLowerBound": 5.0, "ScalingAdjustment": 20},
                ],
            },
        ),
    ],
)
def test_step_scaling(ours, aws):
    assert steps_to_aws(steps(ours)) == aws
    assert steps_from_aws(aws) == steps(ours)


@pytest.mark.parametrize(
    "tracked",
    [
        {"metric": {**QUEUE, "metric_name": "ApproximateNumberOfVisibleMessages", "statistic": "Average"}},
        {"metrics": [{"id": "m", "metric_stat": {"metric": {**QUEUE, "dimensions": {}}, "stat": "Sum"}, "return_data": True}]},
    ],
)
def test_a_metric_that_nobody_publishes_is_refused(tracked):
    with pytest.raises(EngineError, match="ApproximateNumberOf"):
        SCALING_POLICY.want({"policy_name": "p", "target_tracking": {"target_value": 5, **tracked}})


def test_another_type_of_policy_replaces_it():
    live = SCALING_POLICY.want({"policy_name": "p", "step_scaling": {"adjustment_type": "ExactCapacity", "steps": []}})
    want = SCALING_POLICY.want({"policy_name": "p", "target_tracking": {"target_value": 5, "metrics": MATH}})
    assert "policy_type" in SCALING_POLICY.compare(live, want) & set(SCALING_POLICY.replaced)


@pytest.mark.parametrize(
    ("suspended", "differs"),
    [({}, set()), ({"dynamic_scaling_in": False}, set()), ({"scheduled_scaling": True}, {"suspended"})],
)
def test_what_is_not_said_to_be_suspended_is_not(suspended, differs):
    live = SCALING_TARGET.want({"suspended": {}})
    assert SCALING_TARGET.compare(live, SCALING_TARGET.want({"suspended": suspended})) == differs
