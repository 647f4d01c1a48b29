"""EC2 Auto Scaling as AWS answers it."""


def test_metrics_collection(aws, name):
    scaling = aws("autoscaling")
    aws("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": "ami-1", "InstanceType": "t3.micro"}
    )
    template = {"LaunchTemplateName": name, "Version": "$Latest"}
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, LaunchTemplate=template, AvailabilityZones=["us-east-1a"]
    )

    def metrics():
        group = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"][0]
        return {one["Metric"] for one in group["EnabledMetrics"]}

    scaling.enable_metrics_collection(AutoScalingGroupName=name, Granularity="1Minute")
    assert "GroupInServiceInstances" in metrics()
    scaling.disable_metrics_collection(AutoScalingGroupName=name, Metrics=["GroupMinSize"])
    assert "GroupMinSize" not in metrics()
    scaling.disable_metrics_collection(AutoScalingGroupName=name)
    assert metrics() == set()
