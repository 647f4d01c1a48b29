"""CloudWatch as AWS answers it."""

import pytest

RATIO = [
    {"Id": "e", "Expression": "a/b", "Label": "ratio", "ReturnData": True},
    *(
        {"Id": one, "MetricStat": {"Metric": {"Namespace": "AWS/SQS", "MetricName": f"NumberOfMessages{metric}", "Dimensions": [{"Name": "QueueName", "Value": "q"}]}, "Period": 60, "Stat": "Average"}, "ReturnData": False}
        for one, metric in (("a", "Received"), ("b", "Sent"))
    ),
]  # fmt: skip


@pytest.fixture
def alarm(aws, name):
    def put(**more):
        aws("cloudwatch").put_metric_alarm(
            AlarmName=name, Metrics=RATIO, EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold", TreatMissingData="notBreaching", **more,
        )  # fmt: skip
        return aws("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"][0]

    return put


def test_metric_math_and_tags(aws, alarm):
    seen = alarm(Tags=[{"Key": "a", "Value": "b"}])
    assert seen["Metrics"] == RATIO
    assert (seen["TreatMissingData"], seen["StateValue"]) == ("notBreaching", "INSUFFICIENT_DATA")
    cloudwatch = aws("cloudwatch")
    cloudwatch.tag_resource(ResourceARN=seen["AlarmArn"], Tags=[{"Key": "c", "Value": "d"}])
    assert len(cloudwatch.list_tags_for_resource(ResourceARN=seen["AlarmArn"])["Tags"]) == 2
    cloudwatch.set_alarm_state(AlarmName=seen["AlarmName"], StateValue="ALARM", StateReason="test")
    assert alarm()["StateValue"] == "ALARM"


def test_composite_alarm(aws, refused, alarm, name):
    cloudwatch, composite = aws("cloudwatch"), f"{name}-both"
    alarm()
    cloudwatch.put_composite_alarm(
        AlarmName=composite,
        AlarmRule=f'ALARM("{name}")',
        AlarmActions=["arn:aws:sns:us-east-1:123456789012:t"],
        Tags=[{"Key": "a", "Value": "b"}],
    )
    assert cloudwatch.describe_alarms(AlarmNames=[composite])["CompositeAlarms"] == []
    seen = cloudwatch.describe_alarms(AlarmNames=[composite], AlarmTypes=["CompositeAlarm"])
    assert seen["MetricAlarms"] == []
    one = seen["CompositeAlarms"][0]
    assert (one["AlarmRule"], one["ActionsEnabled"], one["AlarmActions"]) == (
        f'ALARM("{name}")',
        True,
        ["arn:aws:sns:us-east-1:123456789012:t"],
    )
    assert cloudwatch.list_tags_for_resource(ResourceARN=one["AlarmArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    refused("ValidationError", cloudwatch.delete_alarms, AlarmNames=[name])
    cloudwatch.delete_alarms(AlarmNames=[composite])
    cloudwatch.delete_alarms(AlarmNames=[name])


def test_dashboards_are_the_same_ones_in_all_regions(aws, name, refused):
    def tags():
        return there.list_tags_for_resource(ResourceARN=arn)["Tags"]

    here, there = aws("cloudwatch"), aws("cloudwatch", "eu-west-1")
    here.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}', Tags=[{"Key": "a", "Value": "b"}])
    arn = there.get_dashboard(DashboardName=name)["DashboardArn"]
    assert arn == f"arn:aws:cloudwatch::123456789012:dashboard/{name}"
    there.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}', Tags=[{"Key": "a", "Value": "ignored"}])
    assert tags() == [{"Key": "a", "Value": "b"}]
    here.tag_resource(ResourceARN=arn, Tags=[{"Key": "c", "Value": "d"}])
    there.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert tags() == [{"Key": "c", "Value": "d"}]
    there.delete_dashboards(DashboardNames=[name])
    assert name not in [one["DashboardName"] for one in here.list_dashboards()["DashboardEntries"]]
    refused("ResourceNotFoundException", here.list_tags_for_resource, ResourceARN=arn)
    here.put_dashboard(DashboardName=name, DashboardBody='{"widgets": []}')
    assert tags() == []
