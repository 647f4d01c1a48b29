"""Subnets of a VPC that isn't ours: which are public, and what is refused in one sentence."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.public_subnets import found, public

OUT = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}


def table(*routes, subnet=None):
    return {"Associations": [{"SubnetId": subnet, "Main": False} if subnet else {"Main": True}], "Routes": [LOCAL, *routes]}


@pytest.mark.parametrize(
    ("tables", "is_public"),
    [
        ([table(OUT, subnet="a")], True),
        ([table(), table(OUT, subnet="a")], True),
        # Without a table of its own, the main one counts.
        ([table(OUT)], True),
        ([table(OUT), table(subnet="b")], True),
        ([table(OUT), table(subnet="a")], False),
        ([table(NAT, subnet="a")], False),
        ([table({**OUT, "State": "blackhole"}, subnet="a")], False),
        ([table({**OUT, "DestinationCidrBlock": "10.1.0.0/16"}, subnet="a")], False),
        ([], False),
    ],
)
def test_public(tables, is_public):
    assert public("a", tables) is is_public


class Aws:
    """A region with one VPC, a public subnet and a private one."""

    region = "us-east-1"

    def __call__(self, _service):
        return self

    def describe_vpcs(self, VpcIds=("vpc-1",), Filters=()):
        known = [{"VpcId": "vpc-1"}, {"VpcId": "vpc-2"}]
        if Filters:
            return {"Vpcs": known if Filters[0]["Values"] == ["both"] else known[:1] if Filters[0]["Values"] == ["one"] else []}
        return {"Vpcs": [one for one in known if one["VpcId"] in VpcIds]}

    def pages(self, _service, operation, _key, Filters):
        if operation == "describe_route_tables":
            return [table(), table(OUT, subnet="public"), table(OUT, subnet="full")]
        subnets = [
            {"SubnetId": name, "VpcId": vpc, "AvailableIpAddressCount": free}
            for name, vpc, free in (("public", "vpc-1", 200), ("private", "vpc-1", 200), ("full", "vpc-1", 3), ("foreign", "vpc-2", 9))
        ]
        wanted = {one["Name"]: one["Values"] for one in Filters}
        return [
            one for one in subnets
            if one["VpcId"] in wanted.get("vpc-id", [one["VpcId"]]) and one["SubnetId"] in wanted.get("subnet-id", [one["SubnetId"]])
        ]  # fmt: skip


def look(vpc=("vpc-1",), tags=None, subnets=(), free=1):
    return found(Aws(), {"ids": list(vpc), "tags": tags or {}}, {"ids": list(subnets), "tags": {}}, free)


@pytest.mark.parametrize(
    ("asked", "subnets"),
    [
        ({}, ["full", "public"]),
        ({"subnets": ["public"], "free": 16}, ["public"]),
        ({"vpc": (), "tags": {"Name": "one"}}, ["full", "public"]),
    ],
)
def test_found(asked, subnets):
    assert look(**asked) == {"vpc_id": "vpc-1", "subnet_ids": subnets}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"vpc": ["vpc-9"]}, "there is no VPC vpc-9 in us-east-1"),
        ({"vpc": (), "tags": {"Name": "none"}}, "there is no VPC with the tags {'Name': 'none'} in us-east-1"),
        ({"vpc": (), "tags": {"Name": "both"}}, "vpc-1, vpc-2 all have the tags"),
        ({"subnets": ["private"]}, "private is private"),
        ({"subnets": ["public", "foreign"]}, "foreign is in vpc-2 and not in vpc-1"),
        ({"subnets": ["subnet-9"]}, "subnet-9 isn't in us-east-1"),
        ({"free": 16}, "full has 3 free addresses, and 16 are wanted"),
        ({"vpc": ["vpc-2"]}, "vpc-2 has no public subnet"),
    ],
)
def test_refused(asked, said):
    with pytest.raises(EngineError) as refused:
        look(**asked)
    assert said in str(refused.value) and "\n" not in str(refused.value)
