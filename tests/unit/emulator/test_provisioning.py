"""What AWS shows of resources that it is still making, and how far away it is."""


from types import SimpleNamespace

import pytest

from emulator import clock, provisioning


@pytest.fixture
def slow(monkeypatch):
    monkeypatch.setattr(provisioning, "scale", 0.1)


def test_a_nat_gateway_is_pending_first(aws, slow):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.60.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.60.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]

    def state():
        return ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"][0]["State"]

    assert made["State"] == state() == "pending"
    clock.move(10.5)
    assert state() == "pending"
    clock.move(1)
    assert state() == "available"
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert state() == "deleted"


def shown(kind, resource, later=()):
    """Return what is shown of a resource at once and so many seconds later."""
    told = []
    for seconds in (0, *later):
        clock.move(seconds)
        one = {key: dict(value) if isinstance(value, dict) else value for key, value in resource.items()}
        provisioning._age(kind, one)
        told.append(one)
    return told


@pytest.mark.parametrize(
    ("service", "state", "resource", "meanwhile"),
    [
        ("rds", 0, {"DbiResourceId": "db-1", "DBInstanceStatus": "available", "Endpoint": {"Port": 1}},
         {"DbiResourceId": "db-1", "DBInstanceStatus": "creating"}),
        ("elbv2", 0, {"LoadBalancerArn": "a", "State": {"Code": "active"}},
         {"LoadBalancerArn": "a", "State": {"Code": "provisioning"}}),
        ("lambda", 0, {"FunctionArn": "f", "PackageType": "Image", "State": "Active"},
         {"FunctionArn": "f", "PackageType": "Image", "State": "Pending"}),
        ("pipes", 0, {"Arn": "p", "CurrentState": "STOPPED"}, {"Arn": "p", "CurrentState": "CREATING"}),
        ("cloudfront", 0, {"Id": "E1", "Status": "Deployed"}, {"Id": "E1", "Status": "InProgress"}),
        ("ecs", 0, {"id": "ecs-svc/1", "rolloutState": "COMPLETED", "desiredCount": 1},
         {"id": "ecs-svc/1", "rolloutState": "IN_PROGRESS", "desiredCount": 1}),
    ],
)  # fmt: skip
def test_states_meanwhile(slow, service, state, resource, meanwhile):
    kind = [kind for kind in provisioning.KINDS if kind.service == service][state]
    provisioning._first_shown.clear()
    seconds = kind.seconds * 0.1
    assert shown(kind, resource, (seconds - 0.5, 1)) == [meanwhile, meanwhile, resource]


@pytest.mark.parametrize(
    ("service", "resource"),
    [
        ("rds", {"DbiResourceId": "db-2", "DBInstanceStatus": "deleting"}),
        ("lambda", {"FunctionArn": "z", "PackageType": "Zip", "State": "Active"}),
        ("ecs", {"id": "ecs-svc/2", "rolloutState": "COMPLETED", "desiredCount": 0}),
    ],
)
def test_what_is_shown_as_it_is(slow, service, resource):
    kind = next(kind for kind in provisioning.KINDS if kind.service == service)
    assert shown(kind, resource) == [resource]


def test_every_answer_comes_late(aws, monkeypatch):
    waited = []
    monkeypatch.setattr(provisioning, "latency", 0.2)
    monkeypatch.setattr(provisioning, "time", SimpleNamespace(sleep=waited.append))
    aws("sts").get_caller_identity()
    assert waited == [0.2]


def test_by_default_nothing_takes_time(aws):
    assert provisioning.scale == provisioning.latency == 0
