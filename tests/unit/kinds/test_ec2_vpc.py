"""The VPC's parts: how they are spelt, compared, and whose a route is."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_flow_log import FLOW_LOG
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_nat import NAT_GATEWAY
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_route_table import (
    ROUTE_TABLE,
    blackholes,
    route,
    routes,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_vpc import SUBNET, VPC
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_vpc_endpoint import VPC_ENDPOINT


@pytest.mark.parametrize(
    ("kind", "arguments", "name"),
    [
        (VPC, {"name": "a", "tags": {"Stack": "s"}}, "a"),
        (SUBNET, {"tags": {"Name": "b", "Stack": "s"}}, "b"),
        (VPC_ENDPOINT, {"name": "c"}, "c"),
    ],
)
def test_the_name_is_a_tag(kind, arguments, name):
    want = kind.want(arguments)
    assert want["name"] == name
    assert want.get("tags", {"Name": name})["Name"] == name


def test_without_a_name_nothing_is_found():
    with pytest.raises(EngineError, match="need a Name"):
        SUBNET.want({"tags": {"Stack": "s"}})


@pytest.mark.parametrize(
    ("found", "told"),
    [([], None), ([{"id": "a"}], {"id": "a"})],
)
def test_the_only_one(found, told):
    assert SUBNET.only({"name": "n"}, found) == told


def test_two_of_one_name_are_refused():
    with pytest.raises(EngineError, match=r"2 of them have this name \(a, b\)"):
        SUBNET.only({"name": "n"}, [{"id": "a"}, {"id": "b"}])


LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable"}
S3 = {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"}
DEFAULT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "Origin": "CreateRoute"}
INSTANCE = {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1", "Origin": "CreateRoute"}
PROPAGATED = {"DestinationCidrBlock": "10.9.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ([LOCAL, S3, PROPAGATED], {}),
        ([LOCAL, DEFAULT], {"0.0.0.0/0": "nat-1"}),
        ([INSTANCE], {"0.0.0.0/0": "eni-1"}),
        ([{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "Origin": "CreateRoute"}], {"::/0": "eigw-1"}),
    ],
)
def test_routes_that_somebody_made(described, expected):
    assert routes({"Routes": described}) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("0.0.0.0/0", "igw-1"), {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}),
        (("0.0.0.0/0", "nat-1"), {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}),
        (("::/0", "eigw-1"), {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}),
        (("pl-1", "tgw-1"), {"DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1"}),
        (("10.0.0.0/8",), {"DestinationCidrBlock": "10.0.0.0/8"}),
    ],
)
def test_a_route_for_the_call(arguments, expected):
    assert route(*arguments) == expected


def test_an_unknown_target_is_refused():
    with pytest.raises(EngineError, match="'somewhere'"):
        route("0.0.0.0/0", "somewhere")


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ([LOCAL, DEFAULT], []),
        ([LOCAL, INSTANCE | {"State": "active"}], []),
        ([INSTANCE | {"State": "blackhole"}, S3 | {"State": "blackhole"}], ["0.0.0.0/0", "pl-1"]),
    ],
)
def test_routes_that_lead_nowhere(described, expected):
    assert blackholes({"Routes": described}) == expected


def table(described, unmanaged=""):
    tags = [{"Key": "Name", "Value": "t"}] + ([{"Key": "UnmanagedRoutes", "Value": unmanaged}] if unmanaged else [])
    return ROUTE_TABLE.live(None, {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": described, "Tags": tags})


@pytest.mark.parametrize(
    ("live", "want", "differs"),
    [
        (table([DEFAULT]), {"routes": {"0.0.0.0/0": "nat-1"}, "unmanaged_routes": []}, set()),
        # A NAT instance took the route over: it is its own, whatever it leads to.
        (table([INSTANCE], "0.0.0.0/0"), {"routes": {}, "unmanaged_routes": ["0.0.0.0/0"]}, set()),
        (table([DEFAULT], "0.0.0.0/0"), {"routes": {}, "unmanaged_routes": ["0.0.0.0/0"]}, set()),
        (table([], "0.0.0.0/0"), {"routes": {}, "unmanaged_routes": ["0.0.0.0/0"]}, set()),
        # Nobody said that it may: somebody's way out of an isolated tier is seen.
        (table([INSTANCE]), {"routes": {}, "unmanaged_routes": []}, {"routes"}),
        (table([INSTANCE]), {"routes": {"0.0.0.0/0": "nat-1"}, "unmanaged_routes": []}, {"routes"}),
        # From an instance to a gateway.
        (table([INSTANCE], "0.0.0.0/0"), {"routes": {"0.0.0.0/0": "nat-1"}, "unmanaged_routes": []}, {"routes", "unmanaged_routes"}),
        (table([DEFAULT]), {"tags": {"Owner": "us"}}, {"tags"}),
    ],
)
def test_whose_the_default_route_is(live, want, differs):
    assert ROUTE_TABLE.compare(live, ROUTE_TABLE.want({"name": "t", **want})) == differs


def test_a_route_of_somebody_else_is_not_recorded():
    live = table([INSTANCE], "0.0.0.0/0")
    assert live["others_routes"] == {"0.0.0.0/0": "eni-1"}
    assert "others_routes" in ROUTE_TABLE.ignored
    assert live["tags"] == {"Name": "t"}


ENDPOINT = {
    "VpcEndpointId": "vpce-1", "VpcId": "vpc-1", "ServiceName": "com.amazonaws.us-east-1.logs",
    "VpcEndpointType": "Interface", "SubnetIds": ["subnet-b", "subnet-a"], "Groups": [{"GroupId": "sg-1"}],
    "PrivateDnsEnabled": True, "State": "Available", "Tags": [{"Key": "Name", "Value": "e"}],
    "PolicyDocument": '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": ["a", "b"], "Resource": "*"}}',
}  # fmt: skip


@pytest.mark.parametrize(
    ("want", "differs"),
    [
        ({"subnet_ids": ["subnet-a", "subnet-b"], "security_group_ids": ["sg-1"], "private_dns_enabled": True}, set()),
        ({"policy": {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": ["b", "a"], "Resource": "*"}]}}, set()),
        ({"policy": {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": ["b", "a"], "Resource": "*"}]}}, {"policy"}),
        ({"subnet_ids": ["subnet-a"]}, {"subnet_ids"}),
        ({"private_dns_enabled": False, "route_table_ids": []}, {"private_dns_enabled"}),
    ],
)
def test_endpoints(want, differs):
    live = VPC_ENDPOINT.live(None, ENDPOINT)
    assert VPC_ENDPOINT.compare(live, VPC_ENDPOINT.want({"name": "e", **want})) == differs


@pytest.mark.parametrize(
    ("kind", "live", "ready", "failed"),
    [
        (VPC_ENDPOINT, {"state": "available", "failure": ""}, True, ""),
        (VPC_ENDPOINT, {"state": "pending", "failure": ""}, False, ""),
        (VPC_ENDPOINT, {"state": "failed", "failure": "no"}, False, "no"),
        (VPC_ENDPOINT, {"state": "rejected", "failure": ""}, False, "its state is rejected"),
        (NAT_GATEWAY, {"state": "available", "failure": ""}, True, ""),
        (NAT_GATEWAY, {"state": "pending", "failure": ""}, False, ""),
        (NAT_GATEWAY, {"state": "failed", "failure": ""}, False, "AWS gave no reason"),
    ],
)
def test_readiness(kind, live, ready, failed):
    assert (kind.ready(live), kind.failed(live)) == (ready, failed)


def test_every_field_of_a_flow_log_replaces_it():
    live = FLOW_LOG.live(None, {"FlowLogId": "fl-1", "ResourceId": "vpc-1", "TrafficType": "ALL"})
    assert set(live) - {"id", "name", "tags"} == set(FLOW_LOG.replaced) | FLOW_LOG.ignored


@pytest.mark.parametrize("kind", [NAT_GATEWAY, VPC_ENDPOINT])
@pytest.mark.parametrize(("state", "changes"), [("available", set()), ("pending", set()), ("failed", {"failed"})])
def test_what_failed_is_replaced(kind, state, changes):
    assert kind.compare({"name": "n", "state": state}, {"name": "n"}) == changes
    assert "failed" in kind.replaced
