"""EC2 Auto Scaling as AWS answers it."""

import pytest


@pytest.fixture
def scaling(aws, name):
    aws("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    )
    template = {"LaunchTemplateName": name, "Version": "$Latest"}
    aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, LaunchTemplate=template, AvailabilityZones=["us-east-1a"]
    )
    return aws("autoscaling")


def test_instance_refresh(scaling, name):
    def instances():
        group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return {one["InstanceId"] for one in group["Instances"]}

    scaling.set_desired_capacity(AutoScalingGroupName=name, DesiredCapacity=1)
    before = instances()
    refresh = scaling.start_instance_refresh(AutoScalingGroupName=name)["InstanceRefreshId"]
    assert len(instances()) == 1
    assert not before & instances()
    seen = scaling.describe_instance_refreshes(AutoScalingGroupName=name, InstanceRefreshIds=[refresh])
    assert [one["Status"] for one in seen["InstanceRefreshes"]] == ["Successful"]


def test_metrics_collection(scaling, name):

    def metrics():
        group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return {one["Metric"] for one in group["EnabledMetrics"]}

    scaling.enable_metrics_collection(AutoScalingGroupName=name, Granularity="1Minute")
    assert "GroupInServiceInstances" in metrics()
    scaling.disable_metrics_collection(AutoScalingGroupName=name, Metrics=["GroupMinSize"])
    assert "GroupMinSize" not in metrics()
    scaling.disable_metrics_collection(AutoScalingGroupName=name)
    assert metrics() == set()
