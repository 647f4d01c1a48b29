"""NAT gateways: those that AWS takes and fails to make are made anew by the next run; regional ones with their addresses."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_nat import NAT_GATEWAY

from tests.unit.destroy.conftest import tagged


@pytest.fixture
def apply(aws, engine, name, network):
    """Ask for the gateway."""
    ec2 = aws("ec2")
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    tags = {"Name": f"{name}-nat-0", "Stack": name}
    want = {"name": f"{name}-nat-0", "subnet_id": network["subnets"][0], "allocation_id": address, "tags": tags}
    return lambda **how: sync(NAT_GATEWAY, engine, NAT_GATEWAY.want(want), **how)


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


@pytest.fixture
def regional(aws, engine, name, network, attach):
    """Ask for a regional gateway, with addresses of its own in these zones, or in none."""
    attach()
    addresses = [aws("ec2").allocate_address(Domain="vpc")["AllocationId"] for _ in range(3)]

    def ask(zones=(), check=False, **more):
        given = {f"us-east-1{zone}": [addresses[number] for number in numbers] for zone, numbers in dict(zones).items()}
        want = {"name": f"{name}-nat-regional", "availability_mode": "regional", "vpc_id": network["vpc"], **more}
        want |= {"zone_addresses": given, "tags": {"Stack": name}}
        return sync(NAT_GATEWAY, engine, NAT_GATEWAY.want(want), check=check)

    ask.addresses = addresses
    return ask


def test_a_regional_one_is_made_as_foretold_and_stays(aws, regional, network, clock):
    planned = regional(check=True)
    assert (planned.action, planned.after["auto_provision_zones"]) == ("create", True)
    made = regional()
    assert (made.action, made.after["vpc_id"], made.after["subnet_id"]) == ("create", network["vpc"], "")
    assert made.after["zone_addresses"] == {} and len(made.after["public_ips"]) == 2
    # Another zone in which something is changes nothing that anybody asked for.
    aws("ec2").create_subnet(VpcId=network["vpc"], CidrBlock="10.90.9.0/24", AvailabilityZone="us-east-1c")
    again = regional()
    assert again.action == "none" and clock.now == 0
    assert len(again.after["public_ips"]) == 3


def test_addresses_of_a_regional_one_are_changed_in_place(aws, regional):
    first, second, third = regional.addresses
    made = regional({"a": [0]})
    assert made.after["zone_addresses"] == {"us-east-1a": [first]}
    assert regional({"a": [0], "b": [1]}, check=True).changes == {"zone_addresses"}
    more = regional({"a": [0], "b": [1]})
    assert (more.action, more.after["id"]) == ("update", made.after["id"])
    other = regional({"a": [2], "b": [1]})
    assert other.after["zone_addresses"] == {"us-east-1a": [third], "us-east-1b": [second]}
    assert other.after["id"] == made.after["id"]
    aws("ec2").release_address(AllocationId=first)
    assert regional({"a": [2], "b": [1]}).action == "none"


def test_who_finds_the_zones_is_fixed(regional):
    made = regional()
    planned = regional({"a": [0]}, check=True)
    assert planned.action == "replace" and "AWS fixes at creation whether it finds" in planned.reason
    other = regional({"a": [0]})
    assert (other.action, other.after["id"] != made.after["id"]) == ("replace", True)
    assert regional().action == "replace"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"availability_mode": "regional", "subnet_id": "subnet-1"}, "subnet_id is 'subnet-1', which a regional"),
        ({"availability_mode": "zonal", "vpc_id": "vpc-1"}, "vpc_id is 'vpc-1', which a zonal"),
        ({"availability_mode": "regional", "zone_addresses": {"a": []}}, "each zone needs addresses of its own"),
        ({"availability_mode": "regional", "zone_addresses": {"a": ["x"], "b": ["x"]}}, "each zone needs addresses"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_aws_is_asked(given, told):
    with pytest.raises(EngineError, match=told):
        NAT_GATEWAY.want({"name": "n", **given})
