"""Auto scaling groups whose launches fail: AWS's words are told, and not waited for."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import ready, sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import autoscaling
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.autoscaling import AUTO_SCALING_GROUP
from moto.core.exceptions import ServiceException
from moto.ec2.models import EC2Backend

from emulator import eventual

QUOTA = "You have requested more vCPU capacity than your current vCPU limit of 0 allows."


@pytest.fixture
def apply(aws, engine, name, network):
    aws("ec2").create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"ImageId": "ami-12c6146b", "InstanceType": "t3.micro"}
    )
    template = {"launch_template_name": name, "version": "$Latest"}
    want = {"name": name, "launch_template": template, "min_size": 1, "max_size": 1, "desired_capacity": 1}

    def write(live, wanted):
        how = {"AutoScalingGroupName": name, "MinSize": 1, "MaxSize": wanted["max_size"], "DesiredCapacity": 1}
        if live:
            aws("autoscaling").update_auto_scaling_group(**how)
        else:
            aws("autoscaling").create_auto_scaling_group(
                LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"}, VPCZoneIdentifier=network["subnets"][0],
                **how,
            )  # fmt: skip

    def run(**more):
        return sync(AUTO_SCALING_GROUP, engine, AUTO_SCALING_GROUP.want(want | more), write=write)

    yield run
    aws("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)


@pytest.fixture
def launches(monkeypatch):
    """Let launches fail, or not any more."""
    run, told = EC2Backend.run_instances, []

    def launch(self, *args, **kwargs):
        if told:
            raise ServiceException("VcpuLimitExceeded", told[-1])
        return run(self, *args, **kwargs)

    monkeypatch.setattr(EC2Backend, "run_instances", launch)
    return told


def test_a_launch_that_fails_is_told_at_once(apply, launches, clock):
    launches.append(QUOTA)
    with pytest.raises(EngineError, match=f"auto scaling group .* failed: {QUOTA} Launching EC2 instance failed."):
        apply()
    assert clock.now == 0


@pytest.mark.parametrize("change", [{}, {"max_size": 2}])
def test_what_was_mended_since_is_no_failure(apply, launches, clock, change, monkeypatch):
    launches.append(QUOTA)
    with pytest.raises(EngineError, match="vCPU"):
        apply()
    launches.clear()
    monkeypatch.setattr(autoscaling, "_looked", {}, raising=False)  # another run is another process
    outcome = apply(**change)
    assert outcome.action == ("update" if change else "none") and outcome.after["in_service"] == 1
    assert clock.now < 120, "AWS tries again by itself"


def test_what_fails_again_is_told_when_it_does(aws, engine, name, apply, launches, clock, monkeypatch):
    launches.append(QUOTA)
    with pytest.raises(EngineError, match="vCPU"):
        apply()
    monkeypatch.setattr(autoscaling, "_looked", {}, raising=False)
    launches.append("There is no more capacity.")
    with pytest.raises(EngineError, match="There is no more capacity"):
        apply()
    assert clock.now < 120
    assert ready(AUTO_SCALING_GROUP, engine, {"name": name, "in_service": 1, "desired_capacity": 1}, 9), "which asks nothing"


def test_a_group_that_serves_is_not_asked_why_not(apply, engine, launches, monkeypatch):
    apply()
    monkeypatch.setattr(engine("autoscaling"), "describe_scaling_activities", None)
    assert apply().action == "none"


@pytest.mark.parametrize("seed", range(6))
def test_the_services_own_role_is_waited_for(apply, late, seed):
    late(seed)
    assert apply().after["in_service"] == 1


def test_launches_do_fail_without_it(aws, apply, name, late):
    """What the test above claims to bear is there to be borne."""
    met = set()
    for seed in range(6):
        late(seed)
        apply()
        aws("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        met |= set(eventual.show()["met"])
    apply()
    assert "autoscaling Launch Failed" in met


def test_a_role_that_never_comes_is_told_when_it_should_have(apply, launches, clock):
    launches.append("Access denied when attempting to assume role AWSServiceRoleForAutoScaling.")
    with pytest.raises(EngineError, match="attempting to assume role"):
        apply()
    assert 100 < clock.now < 200
