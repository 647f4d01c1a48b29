"""The first uses of a service in an account, whose own role AWS makes then and doesn't see at once."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.application_autoscaling import (
    SCALING_POLICY,
    SCALING_TARGET,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_groups import SUBNET_GROUP
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_instance import RDS_INSTANCE
from botocore.exceptions import ClientError

from emulator import eventual

SEEDS = range(6)


@pytest.fixture
def service(aws, name):
    ecs = aws("ecs")
    ecs.create_cluster(clusterName=name)
    container = {"name": "a", "image": "b", "memory": 64}
    ecs.register_task_definition(family=name, containerDefinitions=[container])
    ecs.create_service(cluster=name, serviceName="s", taskDefinition=name, desiredCount=0)
    return {
        "service_namespace": "ecs", "resource_id": f"service/{name}/s", "scalable_dimension": "ecs:service:DesiredCount",
    }  # fmt: skip


def policy(service):
    tracking = {"target_value": 60, "predefined_metric_type": "ECSServiceAverageCPUUtilization"}
    return SCALING_POLICY.want({"policy_name": "p", **service, "target_tracking": tracking})


@pytest.mark.parametrize("seed", SEEDS)
def test_a_target_and_its_policy(engine, service, late, clock, seed):
    late(seed)
    target = SCALING_TARGET.want({**service, "min_capacity": 1, "max_capacity": 2})
    assert sync(SCALING_TARGET, engine, target).action == "create"
    assert sync(SCALING_POLICY, engine, policy(service)).action == "create"
    clock.sleep(10)
    assert sync(SCALING_POLICY, engine, policy(service)).action == "none"
    assert sync(SCALING_POLICY, engine, policy(service), "absent").action == "delete"


def test_every_lag_of_them_is_met(engine, service, late):
    """What the test above claims to bear is there to be borne."""
    met = set()
    for seed in SEEDS:
        late(seed)
        sync(SCALING_TARGET, engine, SCALING_TARGET.want({**service, "min_capacity": 1, "max_capacity": 2}))
        sync(SCALING_POLICY, engine, policy(service))
        sync(SCALING_POLICY, engine, policy(service), "absent")
        sync(SCALING_TARGET, engine, SCALING_TARGET.want(service), "absent")
        met |= set(eventual.show()["met"])
    assert {
        "application-autoscaling RegisterScalableTarget ValidationException",
        "application-autoscaling PutScalingPolicy FailedResourceAccessException",
        "application-autoscaling DescribeScalingPolicies FailedResourceAccessException",
    } <= met


class Refusing:
    """AWS with one service that answers with errors first."""

    region = "us-east-1"

    def __init__(self, *errors, answer=None):
        self.errors, self.answer = list(errors), answer

    def __call__(self, _service):
        return self

    def pages(self, *_names, **_asked):
        return self.call()

    def call(self, **_asked):
        if self.errors:
            code, message = self.errors.pop(0)
            raise ClientError({"Error": {"Code": code, "Message": message}}, "Call")
        return self.answer

    delete_scaling_policy = call


ACCESS = "FailedResourceAccessException"


@pytest.mark.parametrize(
    "message",
    [
        "Unable to retrieve alarms for scaling policy p due to reason: User: r is not authorized to perform: cloudwatch:DescribeAlarms",
        "Unable to retrieve capacity for resource: r. Reason: The security token included in the request is invalid.",
        "Unable to retrieve alarms for scaling policy p due to reason: Rate exceeded (Service: AmazonCloudWatch; Error Code: Throttling)",
    ],
)
def test_policies_are_read_and_deleted_when_the_role_is_let_in(message):
    where = {"policy_name": "p", "service_namespace": "ecs", "resource_id": "r", "scalable_dimension": "d"}
    aws = Refusing((ACCESS, message), (ACCESS, message), answer=[])
    assert SCALING_POLICY.find(aws, where) is None and not aws.errors
    aws = Refusing((ACCESS, message))
    SCALING_POLICY.delete(aws, where)
    assert not aws.errors


def test_who_is_never_let_in_is_told_in_awss_words(clock):
    where = {"policy_name": "p", "service_namespace": "ecs", "resource_id": "r", "scalable_dimension": "d"}
    told = (ACCESS, "User: r is not authorized to perform: cloudwatch:DescribeAlarms")
    with pytest.raises(ClientError, match="not authorized to perform: cloudwatch:DescribeAlarms"):
        SCALING_POLICY.find(Refusing(*[told] * 999), where)
    assert 100 < clock.now < 130


def test_another_failure_is_told_at_once(clock):
    where = {"policy_name": "p", "service_namespace": "ecs", "resource_id": "r", "scalable_dimension": "d"}
    with pytest.raises(ClientError, match="no metric"):
        SCALING_POLICY.find(Refusing((ACCESS, "there is no metric")), where)
    assert clock.now == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_database(engine, aws, network, name, late, seed):
    aws("rds").create_db_subnet_group(
        DBSubnetGroupName=f"{name}-db", DBSubnetGroupDescription="d", SubnetIds=network["subnets"]
    )
    late(seed)
    want = {
        "db_instance_identifier": f"{name}-db", "engine": "postgres", "db_instance_class": "db.t4g.micro",
        "allocated_storage": 20, "master_username": "app", "manage_master_user_password": True,
        "db_subnet_group_name": f"{name}-db", "tags": {"Stack": name},
    }  # fmt: skip
    assert sync(RDS_INSTANCE, engine, RDS_INSTANCE.want(want)).action == "create"


# What a community module tells of AWS's answer, and how often it is tried again.
MODULES = [
    (SUBNET_GROUP, "InvalidParameterValue", "Missing necessary credentials. Please check http://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "code", "message"), MODULES)
def test_what_community_modules_write(kind, code, message, monkeypatch):
    there, tried = [], []
    monkeypatch.setattr(kind, "find", lambda _aws, want: want if there else None)
    monkeypatch.setattr(kind, "refusals", ())
    monkeypatch.setattr(kind, "ready", lambda _live: True)

    def write(_live, _want):
        tried.append(1)
        if len(tried) < 3:
            raise EngineError(f"Couldn't make it: An error occurred ({code}) when calling the Create operation: {message}")
        there.append(1)

    assert sync(kind, None, {"name": "n"}, write=write).action == "create" and len(tried) == 3
