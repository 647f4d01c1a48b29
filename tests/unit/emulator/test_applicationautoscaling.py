"""Application Auto Scaling as AWS answers it."""

import pytest


@pytest.fixture
def scaling(aws):
    return aws("application-autoscaling")


@pytest.fixture
def resource(aws, name):
    ecs = aws("ecs")
    ecs.create_cluster(clusterName=name)
    container = {"name": "a", "image": "b", "memory": 64}
    ecs.register_task_definition(family=name, containerDefinitions=[container])
    ecs.create_service(cluster=name, serviceName="s", taskDefinition=name, desiredCount=0)
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{name}/s",
        "ScalableDimension": "ecs:service:DesiredCount",
    }


TRACKING = {
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 50.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
    },
}
STEP = {
    "PolicyType": "StepScaling",
    "StepScalingPolicyConfiguration": {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    },
}


def test_target_with_policies_and_tags(scaling, aws, refused, resource):
    refused("ObjectNotFoundException", scaling.put_scaling_policy, PolicyName="p", **TRACKING, **resource)
    refused("ValidationException", scaling.register_scalable_target, MinCapacity=1, **resource)
    arn = scaling.register_scalable_target(MinCapacity=0, MaxCapacity=3, Tags={"a": "b"}, **resource)[
        "ScalableTargetARN"
    ]
    scaling.tag_resource(ResourceARN=arn, Tags={"c": "d"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"c": "d"}
    target = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[resource["ResourceId"]])[
        "ScalableTargets"
    ][0]
    assert target["SuspendedState"]["ScheduledScalingSuspended"] is False
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_ECSService")

    first = scaling.put_scaling_policy(PolicyName="tracking", **TRACKING, **resource)
    scaling.put_scaling_policy(PolicyName="step", **STEP, **resource)
    again = scaling.put_scaling_policy(PolicyName="tracking", **TRACKING, **resource)
    assert again["PolicyARN"] == first["PolicyARN"]
    alarms = {one["AlarmName"] for one in aws("cloudwatch").describe_alarms()["MetricAlarms"]}
    assert not {one["AlarmName"] for one in first["Alarms"]} & alarms
    found = scaling.describe_scaling_policies(
        ServiceNamespace="ecs", ResourceId=resource["ResourceId"], PolicyNames=["step"]
    )
    assert [one["PolicyName"] for one in found["ScalingPolicies"]] == ["step"]
    scaling.deregister_scalable_target(**resource)
    found = scaling.describe_scaling_policies(ServiceNamespace="ecs", ResourceId=resource["ResourceId"])
    assert found["ScalingPolicies"] == []
    refused("ObjectNotFoundException", scaling.deregister_scalable_target, **resource)


def test_a_target_brings_its_service_into_its_range(aws, scaling, resource, name):
    def desired():
        return aws("ecs").describe_services(cluster=name, services=["s"])["services"][0]["desiredCount"]

    scaling.register_scalable_target(**resource, MinCapacity=2, MaxCapacity=4)
    assert desired() == 2
    aws("ecs").update_service(cluster=name, service="s", desiredCount=6)
    scaling.register_scalable_target(**resource, Tags={})
    assert desired() == 4


def test_what_is_no_service_has_targets_too(aws):
    aws("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb", ResourceId="table/t", ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1, MaxCapacity=2,
    )  # fmt: skip
