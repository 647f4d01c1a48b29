"""A community module that failed half way, or that doesn't see what it made, makes no second one."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import ec2_nat, ec2_vpc

from tests.unit.destroy.conftest import tagged


class Module:
    """Stands for a community module: makes its resource at each call, the first of which it says to have failed."""

    def __init__(self, make, told=""):
        self.make, self.told, self.calls = make, told, 0

    def __call__(self, _live, _wanted):
        self.calls += 1
        self.make()
        if self.told and self.calls == 1:
            raise EngineError(self.told)


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def gateway(ec2, name, network):
    """A wanted gateway, and how many there are."""
    tags = {"Name": f"{name}-igw", "Stack": name}
    return (
        {"vpc_id": network["vpc"], "tags": tags},
        lambda: ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", "", **tags)),
        lambda: ec2.describe_internet_gateways(Filters=[{"Name": "tag:Name", "Values": [tags["Name"]]}])["InternetGateways"],
    )


@pytest.mark.parametrize(
    "told",
    [
        "amazon.aws.ec2_vpc_igw: VPC with Id vpc-1 not found, aborting",
        "amazon.aws.ec2_vpc_igw: Unable to attach VPC: An error occurred (InvalidVpcID.NotFound) when calling the "
        "AttachInternetGateway operation: The vpc ID 'vpc-1' does not exist",
    ],
)
def test_a_gateway_that_was_not_attached_is_attached(engine, gateway, told):
    want, make, there = gateway
    module = Module(make, told)
    made = sync(ec2_vpc.INTERNET_GATEWAY, engine, ec2_vpc.INTERNET_GATEWAY.want(want), write=module)
    assert (made.action, made.after["vpc_id"], module.calls) == ("create", want["vpc_id"], 1)
    assert [one["Attachments"][0]["VpcId"] for one in there()] == [want["vpc_id"]]


def test_a_gateway_that_somebody_attached_elsewhere_is_brought_back(ec2, engine, gateway):
    want, make, there = gateway
    make()
    other = ec2.create_vpc(CidrBlock="10.91.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_internet_gateway(InternetGatewayId=there()[0]["InternetGatewayId"], VpcId=other)
    module = Module(make)
    made = sync(ec2_vpc.INTERNET_GATEWAY, engine, ec2_vpc.INTERNET_GATEWAY.want(want), write=module)
    assert (made.action, made.after["vpc_id"], module.calls, len(there())) == ("update", want["vpc_id"], 0, 1)


def test_a_subnet_that_its_module_did_not_see_is_there(ec2, engine, name, network):
    tags = {"Name": f"{name}-new", "Stack": name}
    want = {"vpc_id": network["vpc"], "cidr": "10.90.77.0/24", "az": "us-east-1a", "map_public": False, "tags": tags}
    module = Module(
        lambda: ec2.create_subnet(
            VpcId=want["vpc_id"], CidrBlock=want["cidr"], AvailabilityZone=want["az"],
            TagSpecifications=tagged("subnet", "", **tags),
        ),
        "amazon.aws.ec2_vpc_subnet: Failed to describe newly created subnet",
    )  # fmt: skip
    made = sync(ec2_vpc.SUBNET, engine, ec2_vpc.SUBNET.want(want), write=module)
    assert (made.action, made.after["cidr"], module.calls) == ("create", want["cidr"], 1)


def test_tags_alone_run_no_module_which_would_allocate_another_address(ec2, engine, name):
    tags = {"Name": f"{name}-nat-0", "Stack": name}
    ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", "", **tags))
    module = Module(lambda: ec2.allocate_address(Domain="vpc"))
    want = ec2_nat.ELASTIC_IP.want({"tags": {**tags, "Owner": "me"}})
    made = sync(ec2_nat.ELASTIC_IP, engine, want, write=module)
    assert (made.action, made.after["tags"]["Owner"], module.calls) == ("update", "me", 0)
