"""Every way to the internet becomes another: the next one stands before the routes go over, and only then the last one goes."""

import json

import boto3
import pytest

from emulator.ask import ask

from .conftest import CREDENTIALS, ROOT, proof

STACK = "flow-builder-local"
# The network alone, in the order in which the profile makes it.
PLAY = f"""
- name: Network
  hosts: {STACK}
  connection: local
  gather_facts: false
  module_defaults:
    group/flow_builder.aws.aws:
      region: us-east-1
    group/flow_builder.aws.engine:
      account_id: "{{{{ stack_account_id | default(omit) }}}}"
  tasks:
    - name: Role stack
      ansible.builtin.import_role: {{name: flow_builder.aws.stack}}
    - name: Role network
      ansible.builtin.import_role: {{name: flow_builder.aws.network}}
    - name: Rules and gateways
      ansible.builtin.import_role: {{name: flow_builder.aws.network, tasks_from: inside}}
    - name: Ways out
      ansible.builtin.import_role: {{name: flow_builder.aws.network, tasks_from: outside}}
    - name: Await
      ansible.builtin.import_role: {{name: flow_builder.aws.network, tasks_from: await}}
    - name: Unlock
      ansible.builtin.import_role: {{name: flow_builder.aws.stack, tasks_from: unlock}}
"""
OWN = {"network_nat": "gateway_regional", "network_nat_own_addresses": True}
ZONES = ["us-east-1a", "us-east-1b"]
# The way, its gateways and its addresses by name.
REGIONAL = ({"network_nat": "gateway_regional"}, ["nat-regional"], [])
PER_ZONE = ({"network_nat": "gateway_per_zone"}, ["nat-0", "nat-1"], ["nat-0", "nat-1"])
WITH_OWN = (OWN, ["nat-regional-own"], ["nat-regional-0", "nat-regional-1"])
NONE = ({"network_nat": "none"}, [], [])
INSTANCE = ({"network_nat": "instance"}, [], ["nat"])


@pytest.fixture
def aws(emulator):
    emulator.reset()
    session = boto3.Session(
        CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1"
    )
    yield lambda service: session.client(service, endpoint_url=emulator.url)
    emulator.reset()


def named(items):
    """Return names without the stack's."""
    tags = ({tag["Key"]: tag["Value"] for tag in one.get("Tags", [])} for one in items)
    return sorted(one["Name"].removeprefix(f"{STACK}-") for one in tags if "Name" in one)


def gateways(aws):
    there = [{"Name": "state", "Values": ["pending", "available"]}]
    return aws("ec2").describe_nat_gateways(Filters=there)["NatGateways"]


def default_routes(aws):
    """Return where each private subnet's default route leads."""
    tables = aws("ec2").describe_route_tables(Filters=[{"Name": "tag:Name", "Values": [f"{STACK}-private-*"]}])[
        "RouteTables"
    ]
    assert len(tables) == len(ZONES)
    return [
        (route.get("NatGatewayId") or route.get("NetworkInterfaceId"), route["State"])
        for table in tables
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]


@pytest.fixture
def run(play, tmp_path):
    """Apply the network's part of the profile."""
    book = tmp_path / "network.yml"
    book.write_text(PLAY)

    def apply(variables, *more):
        done = play(book, "-i", ROOT / "inventories/local", "-e", json.dumps(variables), *more)
        assert done.rc == 0, done.output[-3000:]
        return done

    return apply


def made(done):
    return sorted(
        (one["kind"], one["name"].removeprefix(f"{STACK}-"))
        for one in done.resources("create")
        if one["kind"] in ("nat_gateway", "elastic_ip")
    )


@pytest.mark.parametrize(
    "ways",
    [
        pytest.param([REGIONAL, PER_ZONE, WITH_OWN], marks=proof, id="gateways"),
        pytest.param([INSTANCE, REGIONAL, INSTANCE], id="instance"),
    ],
)
def test_a_way_becomes_another(aws, run, ways):
    for variables, names, addresses in ways:
        planned, done = run(variables, "--check") if (variables, names, addresses) == ways[-1] else None, run(variables)
        assert planned is None or made(planned) == made(done), variables
        assert named(gateways(aws)) == names, variables
        assert named(aws("ec2").describe_addresses()["Addresses"]) == addresses, variables
        targets = {one["NatGatewayId"] for one in gateways(aws)}
        routes = default_routes(aws)
        assert len(routes) == len(ZONES) and {state for _to, state in routes} == {"active"}, variables
        assert not targets or {to for to, _state in routes} == targets, variables
        written = [one["operation"] for one in done.requests if one["writes"]]
        # No private subnet is without a way at any time.
        assert "DeleteRoute" not in written
        if {"ReplaceRoute", "DeleteNatGateway"} <= set(written):
            last = max(place for place, operation in enumerate(written) if operation == "ReplaceRoute")
            assert last < written.index("DeleteNatGateway"), written
    assert run(ways[-1][0]).changed() == []


@pytest.mark.parametrize("way", [PER_ZONE, pytest.param(INSTANCE, marks=proof)], ids=["gateways", "instance"])
def test_what_runs_has_a_way_out_until_the_endpoints_are_ready_and_again_before_they_go(aws, run, emulator, way):
    run(way[0])
    routes = default_routes(aws)
    ask(emulator.url, "provisioning", {"scale": 0.04})
    try:
        ended = run(NONE[0])
    finally:
        ask(emulator.url, "provisioning", {"scale": 0})
    assert default_routes(aws) == [] and len(routes) == len(ZONES)
    order = [one["operation"] for one in ended.requests if one["operation"] in ("CreateVpcEndpoint", "DeleteRoute")]
    assert order == ["CreateVpcEndpoint"] * 6 + ["DeleteRoute"] * len(ZONES)
    # Each of the six takes three seconds here, so it was pending when it was begun, and asked for until it is there.
    cut = next(place for place, one in enumerate(ended.requests) if one["operation"] == "DeleteRoute")
    assert [one["task"] for one in ended.requests[:cut]].count("Interface endpoints that are still being made") >= 6
    back = run(way[0])
    assert len(default_routes(aws)) == len(ZONES)
    ways = {"CreateRoute", "CreateAutoScalingGroup"}
    written = [one["operation"] for one in back.requests]
    assert max(place for place, one in enumerate(written) if one in ways) < written.index("DeleteVpcEndpoints")
    assert run(way[0]).changed() == []


@proof
def test_the_end_of_a_regional_one(aws, run, play):
    done = run(OWN)
    assert made(done) == [
        ("elastic_ip", "nat-regional-0"),
        ("elastic_ip", "nat-regional-1"),
        ("nat_gateway", "nat-regional-own"),
    ]
    (own,) = gateways(aws)
    assert sorted(one["AvailabilityZone"] for one in own["NatGatewayAddresses"]) == ZONES
    # The route table that AWS made with the gateway is nobody's, and in no way of the end.
    inventory = ROOT / "inventories/local"
    gone = play(ROOT / "playbooks/destroy.yml", "-i", inventory, "--limit", STACK, "-e", f"confirm_destroy={STACK}")
    assert gone.rc == 0, gone.output[-3000:]
    assert not aws("ec2").describe_vpcs(Filters=[{"Name": "is-default", "Values": ["false"]}])["Vpcs"]
    assert not aws("ec2").describe_addresses()["Addresses"]
