"""Auto scaling groups: what the module is told and what AWS answers, in one spelling."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.autoscaling import AUTO_SCALING_GROUP as GROUP

ANSWER = {
    "AutoScalingGroupName": "n", "AutoScalingGroupARN": "arn", "MinSize": 1, "MaxSize": 1, "DesiredCapacity": 1,
    "LaunchTemplate": {"LaunchTemplateId": "lt-1", "LaunchTemplateName": "t", "Version": "$Latest"},
    "VPCZoneIdentifier": "subnet-b,subnet-a", "HealthCheckType": "EC2", "HealthCheckGracePeriod": 120,
    "DefaultCooldown": 300, "TerminationPolicies": ["Default"],
    "Instances": [{"InstanceId": "i-1", "LifecycleState": "Pending"}],
    "Tags": [{"Key": "a", "Value": "1", "PropagateAtLaunch": False}, {"Key": "b", "Value": "2", "PropagateAtLaunch": True}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "differs"),
    [
        ({"launch_template": {"launch_template_name": "t", "version": "$Latest"}, "max_size": 1}, set()),
        ({"launch_template": {"launch_template_name": "t", "version": 2}}, {"launch_template"}),
        ({"vpc_zone_identifier": ["subnet-a", "subnet-b"], "health_check_period": 120}, set()),
        ({"health_check_period": 60}, {"health_check_grace_period"}),
        ({"tags": [{"a": "1", "propagate_at_launch": False}, {"b": "2"}]}, set()),
        ({"tags": [{"a": "1", "b": "2"}]}, {"propagated_tags"}),
        ({"tags": [{"b": "2"}]}, {"tags"}),
    ],
)
def test_compare(arguments, differs):
    assert GROUP.compare(GROUP._live(ANSWER), GROUP.want({"name": "n", **arguments})) == differs


@pytest.mark.parametrize(
    ("states", "ready"),
    [([], False), (["Pending"], False), (["InService"], True), (["Terminating", "InService"], True)],
)
def test_ready_when_all_instances_serve(states, ready):
    instances = [{"InstanceId": f"i-{number}", "LifecycleState": state} for number, state in enumerate(states)]
    assert GROUP.ready(GROUP._live({**ANSWER, "Instances": instances})) is ready
