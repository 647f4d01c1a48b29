"""EC2 refuses what AWS's EC2 refuses."""

import itertools
import json
import os

import pytest
from botocore.exceptions import ClientError
from rulecases import IMAGE, Case

ANY = [{"CidrIp": "0.0.0.0/0"}]


class World:
    """Two VPCs with what the calls here need."""

    def __init__(self, aws):
        self.aws, self.ec2, self.number = aws, aws("ec2"), itertools.count()
        self.vpc, self.other = self.make_vpc("10.80.0.0/16"), self.make_vpc("10.81.0.0/16")
        self.gateway, self.loose = self.make_gateway(self.vpc), self.make_gateway()
        self.subnet, self.second = (
            self.make_subnet(self.vpc, "10.80.0.0/24"),
            self.make_subnet(self.vpc, "10.80.1.0/24"),
        )
        self.elsewhere = self.make_subnet(self.other, "10.81.0.0/24")
        self.group, self.other_group = self.make_group(), self.make_group(self.other)
        self.table = self.make_table()
        self.nat = self.ec2.create_nat_gateway(SubnetId=self.subnet, AllocationId=self.address())["NatGateway"][
            "NatGatewayId"
        ]
        for attribute in ("EnableDnsSupport", "EnableDnsHostnames"):
            self.ec2.modify_vpc_attribute(VpcId=self.vpc, **{attribute: {"Value": True}})
        self.image = IMAGE

    def name(self):
        return f"strict-{next(self.number)}"

    def make_vpc(self, cidr="10.90.0.0/16", **more):
        return self.ec2.create_vpc(CidrBlock=cidr, **more)["Vpc"]["VpcId"]

    def make_subnet(self, vpc, cidr, zone="us-east-1a"):
        return self.ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]

    def next_subnet(self, length=24, zone="us-east-1b"):
        return self.make_subnet(self.vpc, f"10.80.{100 + next(self.number)}.0/{length}", zone)

    def make_gateway(self, vpc=None):
        made = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        if vpc:
            self.attach(made, vpc)
        return made

    def attach(self, gateway, vpc):
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    def detach(self, gateway, vpc):
        self.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)

    def address(self):
        return self.ec2.allocate_address(Domain="vpc")["AllocationId"]

    def associate_address(self, subnet):
        interface = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        self.ec2.associate_address(AllocationId=self.address(), NetworkInterfaceId=interface)

    def nat_gateway(self, **more):
        self.ec2.create_nat_gateway(SubnetId=self.subnet, **more)

    def regional(self, *zones, **more):
        """Make a regional NAT gateway; each zone is (name, addresses)."""
        given = [{"AvailabilityZone": zone, "AllocationIds": ids} for zone, ids in zones]
        more |= {"AvailabilityZoneAddresses": given} if given else {}
        self.ec2.create_nat_gateway(AvailabilityMode="regional", **{"VpcId": self.vpc} | more)

    def make_table(self, vpc=None):
        return self.ec2.create_route_table(VpcId=vpc or self.vpc)["RouteTable"]["RouteTableId"]

    def route(self, **target):
        cidr = f"172.16.{next(self.number)}.0/24"
        self.ec2.create_route(RouteTableId=self.table, DestinationCidrBlock=cidr, **target)

    def associate(self, table, subnet):
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)

    def delete_main_table(self):
        tables = self.ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}])[
            "RouteTables"
        ]
        self.ec2.delete_route_table(RouteTableId=tables[0]["RouteTableId"])

    def make_group(self, vpc=None, name=None, description="d"):
        given = {"GroupName": name or self.name(), "Description": description, "VpcId": vpc or self.vpc}
        return self.ec2.create_security_group(**given)["GroupId"]

    def allow(self, group=None, protocol="tcp", **rule):
        port = 1000 + next(self.number)
        ports = {"FromPort": rule.pop("first", port), "ToPort": rule.pop("last", port)}
        permission = {"IpProtocol": protocol} | {key: value for key, value in ports.items() if value is not None}
        permission |= rule or {"IpRanges": ANY}
        self.ec2.authorize_security_group_ingress(GroupId=group or self.group, IpPermissions=[permission])

    def referenced_group(self):
        made = self.make_group()
        self.allow(UserIdGroupPairs=[{"GroupId": made}])
        return made

    def default_group(self):
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "group-name", "Values": ["default"]}]
        return self.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]

    def delete_group(self, group):
        self.ec2.delete_security_group(GroupId=group)

    def endpoint(self, service, vpc=None, region="us-east-1", kind="Interface", **more):
        name = f"com.amazonaws.{region}.{service}"
        self.ec2.create_vpc_endpoint(VpcId=vpc or self.vpc, ServiceName=name, VpcEndpointType=kind, **more)

    def template(self, name=None, **data):
        data = {"InstanceType": "t4g.nano"} | data
        self.ec2.create_launch_template(LaunchTemplateName=name or self.name(), LaunchTemplateData=data)

    def launch(self, **more):
        given = {"ImageId": self.image, "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1}
        self.ec2.run_instances(**given | more)

    def key(self):
        self.ec2.create_key_pair(KeyName="strict")
        return "strict"

    def tagged(self, *tags, kind="internet-gateway"):
        self.ec2.create_internet_gateway(
            TagSpecifications=[{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags]}]
        )


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


POLICY = json.dumps({"Version": "2012-10-17", "Statement": []})
PROFILE = {"Name": "x", "Arn": "arn:aws:iam::123456789012:instance-profile/x"}
CASES = [
    Case(
        "subnet_has_room", "InvalidSubnet.Range", "is invalid",
        lambda world: world.next_subnet(29), lambda world: world.next_subnet(28),
    ),
    Case(
        "zone_is_of_the_region", "InvalidParameterValue", "availability zones: us-east-1a,",
        lambda world: world.next_subnet(zone="eu-west-1a"), lambda world: world.next_subnet(zone="us-east-1f"),
    ),
    Case(
        "one_internet_gateway_per_vpc", "InvalidParameterValue", "already has an internet gateway",
        lambda world: world.make_gateway(world.vpc), lambda world: world.make_gateway(world.make_vpc()),
    ),
    Case(
        "gateway_is_attached", "Gateway.NotAttached", "is not attached to network",
        lambda world: world.detach(world.loose, world.vpc),
        lambda world: [vpc := world.make_vpc(), world.detach(world.make_gateway(vpc), vpc)],
    ),
    Case(
        "address_needs_an_internet_gateway", "Gateway.NotAttached", "is not attached to any internet gateway",
        lambda world: world.associate_address(world.elsewhere), lambda world: world.associate_address(world.subnet),
    ),
    Case(
        "public_nat_gateway_has_an_address", "MissingParameter", "AllocationId",
        lambda world: world.nat_gateway(), lambda world: world.nat_gateway(ConnectivityType="private"),
    ),
    Case(
        "nat_gateway_has_its_place", "MissingParameter", "SubnetId",
        lambda world: world.ec2.create_nat_gateway(AllocationId=world.address()),
        lambda world: world.nat_gateway(AllocationId=world.address()),
    ),
    Case(
        "nat_gateway_has_its_place", "MissingParameter", "VpcId",
        lambda world: world.ec2.create_nat_gateway(AvailabilityMode="regional"), lambda world: world.regional(),
    ),
    Case(
        "nat_gateway_is_of_one_mode", "InvalidParameterCombination", "SubnetId can't be given",
        lambda world: world.regional(SubnetId=world.subnet, AllocationId=world.address()), lambda world: world.regional(ConnectivityType="public"),
    ),
    Case(
        "nat_gateway_is_of_one_mode", "InvalidParameterCombination", "can't be private",
        lambda world: world.regional(ConnectivityType="private"), lambda world: world.regional(),
    ),
    Case(
        "zone_of_a_nat_gateway_has_addresses", "InvalidParameterValue", "(us-east-1x)",
        lambda world: world.regional(("us-east-1x", [world.address()])),
        lambda world: world.regional(("us-east-1a", [world.address()])),
    ),
    Case(
        "zone_of_a_nat_gateway_has_addresses", "InvalidParameterValue", "No address is given for us-east-1a",
        lambda world: world.regional(("us-east-1a", [])), lambda world: world.regional(("us-east-1a", [world.address()])),
    ),
    Case(
        "zone_of_a_nat_gateway_has_addresses", "InvalidParameterValue", "given twice",
        lambda world: [one := world.address(), world.regional(("us-east-1a", [one]), ("us-east-1b", [one]))],
        lambda world: world.regional(("us-east-1a", [world.address()]), ("us-east-1b", [world.address()])),
    ),
    Case(
        "route_leads_within_its_network", "InvalidParameterValue", "belong to different networks",
        lambda world: world.route(GatewayId=world.loose), lambda world: world.route(GatewayId=world.gateway),
    ),
    Case(
        "route_to_a_nat_gateway_that_exists", "InvalidNatGatewayID.NotFound", "does not exist",
        lambda world: world.route(NatGatewayId="nat-00000000000000000"),
        lambda world: world.route(NatGatewayId=world.nat),
    ),
    Case(
        "route_has_one_target", "MissingParameter", "exactly one of gatewayId",
        lambda world: world.route(), lambda world: world.route(GatewayId=world.gateway),
    ),
    Case(
        "subnet_has_one_route_table", "Resource.AlreadyAssociated", "conflicts with an existing association",
        lambda world: [subnet := world.next_subnet(), world.associate(world.table, subnet),
                       world.associate(world.make_table(), subnet)],
        lambda world: world.associate(world.make_table(), world.next_subnet()),
    ),
    Case(
        "route_table_is_of_the_subnets_vpc", "InvalidParameterValue", "belong to different networks",
        lambda world: world.associate(world.table, world.elsewhere),
        lambda world: world.associate(world.table, world.second),
    ),
    Case(
        "main_route_table_stays", "DependencyViolation", "has dependencies and cannot be deleted",
        lambda world: world.delete_main_table(),
        lambda world: world.ec2.delete_route_table(RouteTableId=world.make_table()),
    ),
    Case(
        "group_description_is_plain", "InvalidParameterValue", "Invalid security group description",
        lambda world: world.make_group(description="the owner's"), lambda world: world.make_group(description="a (b)!"),
    ),
    Case(
        "group_name_is_plain", "InvalidParameterValue", "sg-*",
        lambda world: world.make_group(name="sg-mine"), lambda world: world.make_group(name="my-sg-1"),
    ),
    Case(
        "group_name_is_plain", "InvalidParameterValue", "beyond ASCII",
        lambda world: world.make_group(name="zürich"), lambda world: world.make_group(name="a b [c]"),
    ),
    Case(
        "rule_description_is_plain", "InvalidParameterValue", "Invalid rule description",
        lambda world: world.allow(IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "a -> b"}]),
        lambda world: world.allow(IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "a - b"}]),
    ),
    Case(
        "ports_make_sense", "InvalidParameterValue", "Must specify both from and to ports",
        lambda world: world.allow(first=None, last=None), lambda world: world.allow(first=0, last=65535),
    ),
    Case(
        "ports_make_sense", "InvalidParameterValue", "TCP/UDP (from) port (70000) out of range",
        lambda world: world.allow(first=70000, last=70000), lambda world: world.allow(first=7000, last=7000),
    ),
    Case(
        "ports_make_sense", "InvalidParameterValue", "range(90:80)",
        lambda world: world.allow(first=90, last=80), lambda world: world.allow(first=80, last=90),
    ),
    Case(
        "protocol_is_known", "InvalidParameterValue", "Unknown protocol",
        lambda world: world.allow(protocol="http"), lambda world: world.allow(protocol="udp"),
    ),
    Case(
        "group_of_the_same_network", "InvalidGroup.NotFound", "belong to different networks",
        lambda world: world.allow(UserIdGroupPairs=[{"GroupId": world.other_group}]),
        lambda world: world.allow(UserIdGroupPairs=[{"GroupId": world.make_group()}]),
    ),
    Case(
        "prefix_list_exists", "InvalidPrefixListId.NotFound", "does not exist",
        lambda world: world.allow(PrefixListIds=[{"PrefixListId": "pl-00000000"}]),
        lambda world: world.allow(
            PrefixListIds=[{"PrefixListId": world.ec2.describe_managed_prefix_lists()["PrefixLists"][0]["PrefixListId"]}]
        ),
    ),
    Case(
        "group_is_not_referenced", "DependencyViolation", "has a dependent object",
        lambda world: world.delete_group(world.referenced_group()),
        lambda world: world.delete_group(world.make_group()),
    ),
    Case(
        "default_group_stays", "CannotDelete", "cannot be deleted by a user",
        lambda world: world.delete_group(world.default_group()), lambda world: world.delete_group(world.make_group()),
    ),
    Case(
        "endpoint_service_is_of_the_region", "InvalidServiceName", "com.amazonaws.us-east-1.secretmanager",
        lambda world: world.endpoint("secretmanager"), lambda world: world.endpoint("secretsmanager"),
    ),
    Case(
        "endpoint_service_is_of_the_region", "InvalidServiceName", "com.amazonaws.eu-west-1.sqs",
        lambda world: world.endpoint("sqs", region="eu-west-1"), lambda world: world.endpoint("sqs"),
    ),
    Case(
        "endpoint_type_fits_the_service", "InvalidParameter", "available service types ([Interface])",
        lambda world: world.endpoint("logs", kind="Gateway"), lambda world: world.endpoint("dynamodb", kind="Gateway"),
    ),
    Case(
        "private_dns_needs_dns", "InvalidParameter", "requires both enableDnsSupport and enableDnsHostnames",
        lambda world: world.endpoint("ecr.api", world.other, PrivateDnsEnabled=True),
        lambda world: world.endpoint("ecr.api", world.vpc, PrivateDnsEnabled=True),
    ),
    Case(
        "endpoint_has_one_subnet_per_zone", "DuplicateSubnetsInSameZone", "Found another VPC endpoint subnet",
        lambda world: world.endpoint("ecr.dkr", SubnetIds=[world.subnet, world.second]),
        lambda world: world.endpoint("ecr.dkr", SubnetIds=[world.subnet, world.next_subnet()]),
    ),
    Case(
        "endpoint_policy_is_json", "InvalidPolicyDocument", "Invalid Policy Document",
        lambda world: world.endpoint("kms", PolicyDocument="{"),
        lambda world: world.endpoint("kms", PolicyDocument=POLICY),
    ),
    Case(
        "launch_template_name_is_plain", "InvalidLaunchTemplateName.MalformedException", "between 3 and 128 characters",
        lambda world: world.template("a template"), lambda world: world.template("a-template/(1)"),
    ),
    Case(
        "profile_by_name_or_arn", "InvalidParameterCombination", "may not be used in combination",
        lambda world: world.template(IamInstanceProfile=PROFILE),
        lambda world: world.template(IamInstanceProfile={"Name": "x"}),
    ),
    Case(
        "groups_on_the_instance_or_its_interfaces", "InvalidParameterCombination", "may not be specified on the same",
        lambda world: world.launch(
            SecurityGroupIds=[world.group], NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": world.subnet}]
        ),
        lambda world: world.launch(NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": world.subnet}]),
    ),
    Case(
        "user_data_fits", "InvalidParameterValue", "limited to 16384 bytes",
        lambda world: world.launch(UserData="a" * 16385, SubnetId=world.subnet),
        lambda world: world.launch(UserData="a" * 16384, SubnetId=world.subnet),
    ),
    Case(
        "image_exists", "InvalidAMIID.NotFound", "The image id '[ami-abcd1234]' does not exist",
        lambda world: world.launch(ImageId="ami-abcd1234"), lambda world: world.launch(),
    ),
    Case(
        "key_pair_exists", "InvalidKeyPair.NotFound", "The key pair 'none' does not exist",
        lambda world: world.launch(KeyName="none", SubnetId=world.subnet),
        lambda world: world.launch(KeyName=world.key(), SubnetId=world.subnet),
    ),
    Case(
        "tag_specification_fits", "InvalidParameterValue", "'vpc' is not a valid taggable resource type",
        lambda world: world.tagged(("a", "b"), kind="vpc"), lambda world: world.tagged(("a", "b")),
    ),
    Case(
        "tags_keep_to_their_limits", "InvalidParameterValue", "reserved for internal use",
        lambda world: world.tagged(("aws:a", "b")), lambda world: world.tagged(("awsa", "b")),
    ),
    Case(
        "tags_keep_to_their_limits", "InvalidParameterValue", "maximum length of 128",
        lambda world: world.tagged(("a" * 129, "b")), lambda world: world.tagged(("a" * 128, "b")),
    ),
    Case(
        "tags_keep_to_their_limits", "InvalidParameterValue", "maximum length of 256",
        lambda world: world.tagged(("a", "b" * 257)), lambda world: world.tagged(("a", "b" * 256)),
    ),
    Case(
        "fifty_tags", "TagLimitExceeded", "maximum number of Tags",
        lambda world: world.tagged(*((str(one), "") for one in range(51))),
        lambda world: world.tagged(*((str(one), "") for one in range(50))),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


QUOTAS = {
    "vpcs_per_region": ("L-F678F1CE", "VpcLimitExceeded", World.make_vpc),
    "addresses_per_region": ("L-0263D0A3", "AddressLimitExceeded", World.address),
    "internet_gateways_per_region": (
        "L-A4707A72", "InternetGatewayLimitExceeded", lambda world: world.ec2.create_internet_gateway()
    ),
    "nat_gateways_per_zone": (
        "L-FE5A380F", "NatGatewayLimitExceeded", lambda world: world.nat_gateway(AllocationId=world.address())
    ),
}  # fmt: skip
RULES = set(QUOTAS)


@pytest.mark.parametrize("rule", QUOTAS)
def test_quota(world, rule, monkeypatch):
    code, refused, make = QUOTAS[rule]
    elsewhere = World.__new__(World)
    elsewhere.ec2 = world.aws("ec2", "ap-south-1")
    if rule == "nat_gateways_per_zone":
        elsewhere.vpc = elsewhere.make_vpc()
        elsewhere.subnet = elsewhere.make_subnet(elsewhere.vpc, "10.90.1.0/24", "ap-south-1a")
        gateway = elsewhere.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        elsewhere.ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=elsewhere.vpc)
    many = json.loads(os.environ["EMULATOR_QUOTAS"])
    monkeypatch.setenv("EMULATOR_QUOTAS", json.dumps({one: may for one, may in many.items() if one != code}))
    made, problem = 0, None
    while problem is None and made < 10:
        try:
            make(elsewhere)
            made += 1
        except ClientError as caught:
            problem = caught.response["Error"]["Code"]
    # What other tests made in that region counts, as its default VPC does.
    assert problem == refused and made <= 5
    monkeypatch.setenv("EMULATOR_QUOTAS", json.dumps(many))
    make(elsewhere)
