"""NAT gateways that AWS takes and fails to make: the next run makes another one in their place."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_vpc import NAT_GATEWAY

from tests.unit.destroy.conftest import tagged


@pytest.fixture
def apply(aws, engine, name, network):
    """Ask for the gateway, written as the community's module does it: it knows no gateway that failed."""
    ec2 = aws("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    tags = {"Name": f"{name}-nat-0", "Stack": name}
    want = {"subnet_id": network["subnets"][0], "allocation_id": address, "tags": tags}

    def write(_live, _want):
        made = tagged("natgateway", "", **tags)
        ec2.create_nat_gateway(SubnetId=want["subnet_id"], AllocationId=address, TagSpecifications=made)

    return lambda **how: sync(NAT_GATEWAY, engine, NAT_GATEWAY.want(want), write=write, **how)


@pytest.fixture
def attach(aws, network):
    def internet():
        gateway = aws("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        aws("ec2").attach_internet_gateway(InternetGatewayId=gateway, VpcId=network["vpc"])

    return internet


def states(aws, name):
    found = aws("ec2").describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": [f"{name}-nat-0"]}])
    return sorted(one["State"] for one in found["NatGateways"])


def test_one_that_failed_is_replaced_by_the_next_run(aws, engine, name, apply, attach, clock):
    with pytest.raises(EngineError, match="NAT gateway end-.* failed: Network vpc-.* has no Internet gateway attached"):
        apply()
    assert states(aws, name) == ["failed"] and clock.now == 0
    attach()
    planned = apply(check=True)
    assert (planned.action, planned.reason) == ("replace", "failed: AWS never mends a NAT gateway that failed")
    assert planned.after["id"] != planned.before["id"], "so the plan shows that its routes change, too"
    made = apply()
    assert (made.action, made.after["state"]) == ("replace", "available")
    assert apply().action == "none" and clock.now == 0
    assert states(aws, name) == ["available", "deleted"]


def test_one_that_is_shown_as_failed_for_an_hour_is_in_nobodys_way(aws, engine, name, apply, attach):
    with pytest.raises(EngineError, match="no Internet gateway"):
        apply()
    attach()
    aws("ec2").create_nat_gateway(
        SubnetId=apply(check=True).after["subnet_id"], AllocationId=apply(check=True).after["allocation_id"],
        TagSpecifications=tagged("natgateway", name, Name=f"{name}-nat-0"),
    )  # fmt: skip
    assert states(aws, name) == ["available", "failed"]
    assert apply().action == "none"
    (live,) = NAT_GATEWAY.stack(engine, name)
    assert live["state"] == "available"


def test_the_last_of_several_that_failed_is_told(aws, engine, name, apply):
    for _time in range(2):
        with pytest.raises(EngineError, match="no Internet gateway"):
            apply()
    assert [one["state"] for one in NAT_GATEWAY.stack(engine, name)] == ["failed"]
    assert NAT_GATEWAY.find(engine, {"name": f"{name}-nat-0"})["state"] == "failed"
