"""Alarms and dashboards."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.cloudwatch import (
    DASHBOARD,
    METRIC_ALARM,
    query,
    query_from_aws,
    query_to_aws,
    shown_metrics,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.cloudwatch_metrics import PUBLISHED, refusal

ALARM = {
    "name": "a", "namespace": "AWS/SQS", "metric_name": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": "q"},
    "statistic": "Sum", "period": 60, "comparison": "GreaterThanThreshold", "threshold": 1.0, "evaluation_periods": 3,
}  # fmt: skip
STAT = {
    "id": "m1",
    "metric_stat": {"metric": {"namespace": "AWS/ECS", "metric_name": "CPUUtilization", "dimensions": {"ServiceName": "s", "ClusterName": "c"}}, "period": 60, "stat": "Average"},
}


@pytest.mark.parametrize(
    ("namespace", "metric", "dimensions", "said"),
    [
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", ["QueueName"], ""),
        ("AWS/SQS", "ApproximateNumberOfVisibleMessages", ["QueueName"], "did you mean ApproximateNumberOfMessagesVisible"),
        ("AWS/ECS", "CPUUtilization", ["ServiceName"], "with ClusterName or ClusterName and ServiceName, not with ServiceName"),
        ("AWS/ECS", "CPUUtilization", ["ServiceName", "ClusterName"], ""),
        ("ECS/ContainerInsights", "RunningTaskCount", ["ClusterName"], "with ClusterName and ServiceName, not with ClusterName"),
        ("AWS/SQSS", "NumberOfMessagesSent", ["QueueName"], "no namespace AWS/SQSS; did you mean AWS/SQS"),
        ("AWS/Lambda", "Errors", [], ""),
        ("AWS/SQS", "NumberOfMessagesSent", [], "not with no dimension"),
        ("FlowBuilder", "JobsDone", ["Whatever"], ""),
    ],
)
def test_refusal(namespace, metric, dimensions, said):
    refused = refusal(namespace, metric, dimensions)
    assert said in refused and bool(said) == bool(refused)


def test_catalogue_is_well_formed():
    for namespace, sets in PUBLISHED.items():
        for dimensions, metrics in sets.items():
            assert dimensions.split() == sorted(set(dimensions.split())), f"{namespace}: {dimensions}"
            names = metrics.split()
            assert len(names) == len(set(names)), f"{namespace} with {dimensions!r} names a metric twice"


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({}, set()),
        ({"treat_missing_data": "missing", "unit": None, "datapoints_to_alarm": 3, "actions_enabled": True}, set()),
        ({"threshold": 1}, set()),
        ({"dimensions": {"QueueName": "other"}}, {"dimensions"}),
        ({"datapoints_to_alarm": 2}, {"datapoints_to_alarm"}),
        ({"ok_actions": ["arn:b"]}, {"ok_actions"}),
        ({"statistic": None, "extended_statistic": "p99"}, {"statistic", "extended_statistic"}),
    ],
)
def test_alarm_compare(change, differs):
    live = METRIC_ALARM.want(ALARM)
    assert METRIC_ALARM.compare(live, METRIC_ALARM.want(ALARM | change)) == differs


def test_alarm_actions_have_no_order():
    wants = [METRIC_ALARM.want(ALARM | {"alarm_actions": actions}) for actions in (["arn:a", "arn:b"], ["arn:b", "arn:a"])]
    assert wants[0] == wants[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (ALARM | {"metric_name": "ApproximateNumberOfVisibleMessages"}, "no metric ApproximateNumberOfVisibleMessages"),
        ({"name": "a", "metrics": [STAT]}, "exactly one"),
        ({"name": "a", "metrics": [STAT | {"return_data": True}, {"id": "e", "expression": "m1", "return_data": True}]}, "exactly one"),
    ],
)
def test_alarm_refuses(arguments, said):
    with pytest.raises(EngineError, match=said):
        METRIC_ALARM.want(arguments)


@pytest.mark.parametrize(
    "item",
    [
        STAT,
        STAT | {"return_data": True, "label": "CPU", "account_id": "123456789012"},
        {"id": "e1", "expression": "m1 / 2", "return_data": True},
        {"id": "e2", "expression": "SELECT 1", "period": 300},
    ],
)
def test_query_survives_aws(item):
    assert query_from_aws(query_to_aws(query(item))) == query(item)


@pytest.mark.parametrize(
    ("metrics", "shown"),
    [
        (
            [["AWS/ECS", "CPUUtilization", "ClusterName", "c", "ServiceName", "s", {"stat": "Average"}], [".", "MemoryUtilization", ".", ".", ".", "."]],
            [("AWS/ECS", "CPUUtilization", ["ClusterName", "ServiceName"]), ("AWS/ECS", "MemoryUtilization", ["ClusterName", "ServiceName"])],
        ),
        (
            [["AWS/SQS", "NumberOfMessagesSent", "QueueName", "a"], ["...", "b"], [{"expression": "m1"}], ["..."]],
            [("AWS/SQS", "NumberOfMessagesSent", ["QueueName"])] * 3,
        ),
        ([["AWS/Lambda", "Errors"]], [("AWS/Lambda", "Errors", [])]),
    ],
)  # fmt: skip
def test_shown_metrics(metrics, shown):
    body = {"widgets": [{"type": "text", "properties": {"markdown": "#"}}, {"type": "metric", "properties": {"metrics": metrics}}]}
    assert shown_metrics(body) == shown


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        ({"Stack": "s", "Region": "eu-west-1"}, ["s-dashboard-eu-west-1"]),
        ({}, ["s-dashboard-eu-west-1"]),  # made before dashboards had tags
        ({"Stack": "other"}, []),
    ],
)
def test_a_stack_has_the_dashboard_of_its_region(tags, names):
    class Aws:
        region = "eu-west-1"

        def __call__(self, service):
            return self

        def get_dashboard(self, DashboardName):
            return {"DashboardName": DashboardName, "DashboardArn": "arn", "DashboardBody": "{}"}

        def list_tags_for_resource(self, ResourceARN):
            return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    assert [one["name"] for one in DASHBOARD.stack(Aws(), "s")] == names


def test_dashboard_refuses_what_nobody_publishes():
    with pytest.raises(EngineError, match="AWS/ECS publishes CPUUtilization"):
        DASHBOARD.want({"name": "d", "body": {"widgets": [{"properties": {"metrics": [["AWS/ECS", "CPUUtilization", "ServiceName", "s"]]}}]}})
