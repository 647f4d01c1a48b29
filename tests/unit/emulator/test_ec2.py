"""EC2 as AWS answers it."""

import json

import pytest


@pytest.fixture
def ec2(aws):
    return aws("ec2")


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]


@pytest.fixture
def subnets(ec2, vpc):
    return [ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{i}.0/24")["Subnet"]["SubnetId"] for i in range(2)]


@pytest.fixture
def group(ec2, vpc, name):
    return ec2.create_security_group(VpcId=vpc, GroupName=name, Description="d")["GroupId"]


@pytest.fixture
def tables(ec2, vpc):
    return [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]


def tags(kind):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "n"}]}]


def test_nat_gateways_are_searched_by_tag(ec2, subnets):
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "searched"}]}]
    ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address, TagSpecifications=made)
    for name, count in {"searched": 1, "another": 0}.items():
        found = ec2.describe_nat_gateways(Filter=[{"Name": "tag:Name", "Values": [name]}])["NatGateways"]
        assert len(found) == count


def test_nat_gateway_and_address(ec2, refused, vpc, subnets):
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags("elastic-ip"))["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address, TagSpecifications=tags("natgateway"))
    gateway = gateway["NatGateway"]["NatGatewayId"]
    for kind, identifier in (("elastic-ip", address), ("natgateway", gateway)):
        filters = [{"Name": "resource-type", "Values": [kind]}, {"Name": "resource-id", "Values": [identifier]}]
        assert len(ec2.describe_tags(Filters=filters)["Tags"]) == 1
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=address)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[0])
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnets[0])


def test_a_regional_nat_gateway_is_where_something_is(ec2, refused, vpc, subnets):
    def told():
        (one,) = ec2.describe_nat_gateways(NatGatewayIds=[made["NatGatewayId"]])["NatGateways"]
        return one, sorted(each["AvailabilityZone"] for each in one["NatGatewayAddresses"])

    def managed():
        rnat = [one for one in ec2.describe_addresses()["Addresses"] if one.get("ServiceManaged") == "rnat"]
        return [one for one in rnat if one["AllocationId"] not in others]

    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    zones = {one["AvailabilityZone"] for one in ec2.describe_subnets(SubnetIds=subnets)["Subnets"]}
    others = {one["AllocationId"] for one in ec2.describe_addresses()["Addresses"]}
    made = ec2.create_nat_gateway(VpcId=vpc, AvailabilityMode="regional", TagSpecifications=tags("natgateway"))[
        "NatGateway"
    ]
    gateway, there = told()
    assert (gateway["AvailabilityMode"], gateway["AutoProvisionZones"], "SubnetId" in gateway) == (
        "regional",
        "enabled",
        False,
    )
    assert set(there) == zones and len(managed()) == len(zones)
    more = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.99.0/24", AvailabilityZone="us-east-1f")["Subnet"]["SubnetId"]
    assert "us-east-1f" in told()[1]
    ec2.delete_subnet(SubnetId=more)
    assert set(told()[1]) == zones
    (table,) = ec2.describe_route_tables(RouteTableIds=[gateway["RouteTableId"]])["RouteTables"]
    assert internet in [one.get("GatewayId") for one in table["Routes"]]
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=managed()[0]["AllocationId"])
    refused("DependencyViolation", ec2.detach_internet_gateway, InternetGatewayId=internet, VpcId=vpc)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGatewayId"])
    assert not managed()
    refused("InvalidRouteTableID.NotFound", ec2.describe_route_tables, RouteTableIds=[gateway["RouteTableId"]])
    ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)


def test_a_regional_nat_gateway_has_the_addresses_that_it_is_given(ec2, refused, vpc):
    def told():
        (one,) = ec2.describe_nat_gateways(NatGatewayIds=[made])["NatGateways"]
        return (
            one["State"],
            {each["AvailabilityZone"]: each["AllocationId"] for each in one["NatGatewayAddresses"]},
            one,
        )

    def given(zone, address):
        return [{"AvailabilityZone": zone, "AllocationIds": [address]}]

    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)
    first, second = (ec2.allocate_address(Domain="vpc")["AllocationId"] for _ in range(2))
    how = {"VpcId": vpc, "AvailabilityMode": "regional", "AvailabilityZoneAddresses": given("us-east-1a", first)}
    made = ec2.create_nat_gateway(**how)["NatGateway"]["NatGatewayId"]
    assert told()[:2] == ("available", {"us-east-1a": first}) and told()[2]["AutoProvisionZones"] == "disabled"
    ec2.associate_nat_gateway_address(NatGatewayId=made, AllocationIds=[second], AvailabilityZone="us-east-1b")
    assert told()[1] == {"us-east-1a": first, "us-east-1b": second}
    refused("InvalidIPAddress.InUse", ec2.release_address, AllocationId=first)
    association = told()[2]["NatGatewayAddresses"][0]["AssociationId"]
    ec2.disassociate_nat_gateway_address(NatGatewayId=made, AssociationIds=[association])
    assert told()[1] == {"us-east-1b": second}
    ec2.release_address(AllocationId=first)
    # One whose address another one has is made and fails, as a zonal one does.
    taken = ec2.create_nat_gateway(**how | {"AvailabilityZoneAddresses": given("us-east-1a", second)})["NatGateway"]
    (failed,) = ec2.describe_nat_gateways(NatGatewayIds=[taken["NatGatewayId"]])["NatGateways"]
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
    ec2.delete_nat_gateway(NatGatewayId=made)
    ec2.release_address(AllocationId=second)
    ec2.detach_internet_gateway(InternetGatewayId=internet, VpcId=vpc)


def test_a_nat_gateway_that_cannot_work_is_made_and_fails(ec2, subnets):
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    (seen,) = ec2.describe_nat_gateways(NatGatewayIds=[made])["NatGateways"]
    assert (seen["State"], seen["FailureCode"]) == ("failed", "Gateway.NotAttached")
    assert "has no Internet gateway attached" in seen["FailureMessage"]
    ec2.release_address(AllocationId=address)
    ec2.delete_nat_gateway(NatGatewayId=made)


@pytest.mark.parametrize("peer", [("IpRanges", "CidrIp", "10.0.0.0/8"), ("UserIdGroupPairs", "GroupId", None)])
def test_rule_descriptions(ec2, group, refused, peer):
    key, field, value = peer

    def permission(description):
        return {
            "IpProtocol": "tcp",
            "FromPort": 80,
            "ToPort": 80,
            key: [{field: value or group, "Description": description}],
        }

    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission("a")])
    refused(
        "InvalidPermission.Duplicate",
        ec2.authorize_security_group_ingress,
        GroupId=group,
        IpPermissions=[permission("b")],
    )
    assert ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=[permission("b")])["Return"]
    seen = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"][0]
    assert seen[key][0]["Description"] == "b"


def test_the_group_of_every_vpc(ec2, vpc):
    (seen,) = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    (rule,) = seen["IpPermissions"]
    assert rule["IpProtocol"] == "-1" and [one["GroupId"] for one in rule["UserIdGroupPairs"]] == [seen["GroupId"]]
    assert "FromPort" not in rule
    ec2.revoke_security_group_ingress(GroupId=seen["GroupId"], IpPermissions=seen["IpPermissions"])
    assert not ec2.describe_security_groups(GroupIds=[seen["GroupId"]])["SecurityGroups"][0]["IpPermissions"]
    ec2.delete_vpc(VpcId=vpc)


def test_gateway_endpoint(ec2, refused, vpc, tables):
    arguments = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "VpcEndpointType": "Gateway"}
    endpoint = ec2.create_vpc_endpoint(**arguments, RouteTableIds=tables[:1])["VpcEndpoint"]
    assert endpoint["PrivateDnsEnabled"] is False
    refused("RouteAlreadyExists", ec2.create_vpc_endpoint, **arguments, RouteTableIds=tables[:1])
    identifier, policy = endpoint["VpcEndpointId"], json.dumps({"Version": "2012-10-17", "Statement": []})

    def routes(table):
        found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return [route for route in found if route.get("GatewayId") == identifier]

    ec2.modify_vpc_endpoint(
        VpcEndpointId=identifier, AddRouteTableIds=tables[1:], RemoveRouteTableIds=tables[:1], PolicyDocument=policy
    )
    seen = ec2.describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"][0]
    assert (seen["RouteTableIds"], json.loads(seen["PolicyDocument"])) == (tables[1:], json.loads(policy))
    assert [len(routes(table)) for table in tables] == [0, 1]
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[identifier])["Unsuccessful"] == []
    assert ec2.delete_vpc_endpoints(VpcEndpointIds=[identifier])["Unsuccessful"][0]["ResourceId"] == identifier
    refused("InvalidVpcEndpointId.NotFound", ec2.describe_vpc_endpoints, VpcEndpointIds=[identifier])


def test_interface_endpoint(ec2, refused, vpc, subnets, group, name):
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    arguments = {
        "VpcId": vpc,
        "ServiceName": "com.amazonaws.us-east-1.logs",
        "VpcEndpointType": "Interface",
        "SubnetIds": subnets[:1],
    }
    other = ec2.create_security_group(VpcId=vpc, GroupName=name + "-2", Description="d")["GroupId"]
    endpoint = ec2.create_vpc_endpoint(**arguments, SecurityGroupIds=[group], PrivateDnsEnabled=True)["VpcEndpoint"]
    refused("InvalidParameter", ec2.create_vpc_endpoint, **arguments, PrivateDnsEnabled=True)
    identifier = endpoint["VpcEndpointId"]
    ec2.modify_vpc_endpoint(
        VpcEndpointId=identifier, AddSubnetIds=subnets[1:], RemoveSubnetIds=subnets[:1], PrivateDnsEnabled=False,
        AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[group],
    )  # fmt: skip
    seen = ec2.describe_vpc_endpoints(VpcEndpointIds=[identifier])["VpcEndpoints"][0]
    assert (seen["SubnetIds"], [one["GroupId"] for one in seen["Groups"]]) == (subnets[1:], [other])
    assert (seen["PrivateDnsEnabled"], len(seen["NetworkInterfaceIds"])) == (False, 1)
    refused("DependencyViolation", ec2.delete_security_group, GroupId=other)
    refused("DependencyViolation", ec2.delete_subnet, SubnetId=subnets[1])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[identifier])
    ec2.delete_security_group(GroupId=other)
    ec2.delete_subnet(SubnetId=subnets[1])


def test_vpc_is_deleted_when_empty(ec2, refused, vpc, group, tables):
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    for undo in (
        lambda: ec2.delete_security_group(GroupId=group),
        lambda: [ec2.delete_route_table(RouteTableId=table) for table in tables],
        lambda: ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc),
    ):
        refused("DependencyViolation", ec2.delete_vpc, VpcId=vpc)
        undo()
    ec2.delete_vpc(VpcId=vpc)


def test_instance(ec2, refused, subnets, group):
    interface = {"DeviceIndex": 0, "SubnetId": subnets[0], "Groups": [group], "AssociatePublicIpAddress": True}
    instance = ec2.run_instances(
        ImageId="ami-12c6146b", MinCount=1, MaxCount=1, NetworkInterfaces=[interface],
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeType": "gp3"}}],
    )["Instances"][0]["InstanceId"]  # fmt: skip
    seen = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    assert [one["GroupId"] for one in seen["SecurityGroups"]] == [group]
    assert seen["PublicIpAddress"]
    volume = seen["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] == 8
    refused("DependencyViolation", ec2.delete_security_group, GroupId=group)
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnets[0])


def test_launch_template_keeps_its_tags_and_data_apart(ec2, name):
    instance = {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "instance"}]}
    template = ec2.create_launch_template(
        LaunchTemplateName=name, TagSpecifications=tags("launch-template"),
        LaunchTemplateData={"TagSpecifications": [instance], "UserData": "QQ=="},
    )["LaunchTemplate"]["LaunchTemplateId"]  # fmt: skip
    ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData={"UserData": "Qg=="})
    ec2.create_tags(Resources=[template], Tags=[{"Key": "Added", "Value": "later"}])
    first, second = ec2.describe_launch_template_versions(LaunchTemplateName=name)["LaunchTemplateVersions"]
    assert first["LaunchTemplateData"] == {"TagSpecifications": [instance], "UserData": "QQ=="}
    assert second["LaunchTemplateData"] == {"UserData": "Qg=="}
    seen = ec2.describe_launch_templates(LaunchTemplateNames=[name])["LaunchTemplates"][0]["Tags"]
    assert {tag["Key"] for tag in seen} == {"Name", "Added"}


def test_launch_template_versions(ec2, refused, name):
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.micro"})
    for size in ("t3.small", "t3.medium"):
        ec2.create_launch_template_version(LaunchTemplateName=name, LaunchTemplateData={"InstanceType": size})
    answer = ec2.delete_launch_template_versions(LaunchTemplateName=name, Versions=["1", "2"])
    assert [one["VersionNumber"] for one in answer["SuccessfullyDeletedLaunchTemplateVersions"]] == [2]
    assert (
        answer["UnsuccessfullyDeletedLaunchTemplateVersions"][0]["ResponseError"]["Code"]
        == "launchTemplateVersionIsDefault"
    )
    version = ec2.create_launch_template_version(
        LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.nano"}
    )
    assert version["LaunchTemplateVersion"]["VersionNumber"] == 4
    seen = ec2.describe_launch_template_versions(LaunchTemplateName=name, Versions=["3"])["LaunchTemplateVersions"][0]
    assert seen["LaunchTemplateData"]["InstanceType"] == "t3.medium"
    answer = refused(
        "InvalidLaunchTemplateId.VersionNotFound",
        ec2.describe_launch_template_versions,
        LaunchTemplateName=name,
        Versions=["7"],
    )
    assert "Could not find the specified version 7 for the launch template" in answer["Error"]["Message"]


def test_amazon_linux_image_can_be_described(aws, ec2):
    parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    image = aws("ssm").get_parameter(Name=parameter)["Parameter"]["Value"]
    assert ec2.describe_images(ImageIds=[image])["Images"][0]["RootDeviceName"] == "/dev/xvda"
