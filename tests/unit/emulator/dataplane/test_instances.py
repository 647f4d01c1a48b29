"""A NAT instance boots: what AWS sees of it, and what whoever waits for it is told."""

import base64

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.modules import nat_instance_info as nat

ANYWHERE = "0.0.0.0/0"
MAY = [
    (["ec2:ModifyInstanceAttribute", "ec2:AssociateAddress", "ec2:CreateRoute", "ec2:ReplaceRoute"], "*"),
]


@pytest.fixture
def world(aws, role, name):
    """A VPC with a public subnet, an address and two route tables, and what starts a NAT instance in it."""

    class World:
        group = f"{name}-nat"
        tables = [f"{name}-private-{number}" for number in range(2)]
        engine = Aws(aws, "us-east-1")

        def __init__(self):
            ec2 = aws("ec2")
            vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
            gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
            self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]
            self.address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            self.table_ids = [
                ec2.create_route_table(
                    VpcId=vpc,
                    TagSpecifications=[{"ResourceType": "route-table", "Tags": [{"Key": "Name", "Value": one}]}],
                )["RouteTable"]["RouteTableId"]
                for one in self.tables
            ]

        def start(self, statements=MAY):
            """Start the group with its instance."""
            role(self.group, "ec2.amazonaws.com", *statements)
            iam, ec2 = aws("iam"), aws("ec2")
            iam.create_instance_profile(InstanceProfileName=self.group)
            iam.add_role_to_instance_profile(InstanceProfileName=self.group, RoleName=self.group)
            script = f"#!/bin/bash\n# {self.address} for {' '.join(self.table_ids)}\n"
            tags = [{"Key": "Name", "Value": self.group}, {"Key": "Stack", "Value": name}]
            parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
            ec2.create_launch_template(
                LaunchTemplateName=self.group,
                LaunchTemplateData={
                    "ImageId": aws("ssm").get_parameter(Name=parameter)["Parameter"]["Value"],
                    "InstanceType": "t4g.nano",
                    "IamInstanceProfile": {"Name": self.group},
                    "UserData": base64.b64encode(script.encode()).decode(),
                    "TagSpecifications": [
                        {"ResourceType": kind, "Tags": tags} for kind in ("instance", "network-interface")
                    ],
                },
            )
            aws("autoscaling").create_auto_scaling_group(
                AutoScalingGroupName=self.group, MinSize=1, MaxSize=1, VPCZoneIdentifier=self.subnet,
                LaunchTemplate={"LaunchTemplateName": self.group, "Version": "$Latest"},
            )  # fmt: skip

        def wait(self, seconds=20):
            """Wait as the network's role does."""
            nat.wait(self.engine, self.group, name, self.tables, seconds)

        def routes(self):
            """Return the default routes as (instance, state)."""
            found = aws("ec2").describe_route_tables(RouteTableIds=self.table_ids)["RouteTables"]
            return [
                (one.get("InstanceId"), one["State"])
                for table in found
                for one in table["Routes"]
                if one.get("DestinationCidrBlock") == ANYWHERE
            ]

        def instances(self):
            (group,) = aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[self.group])["AutoScalingGroups"]
            return [one["InstanceId"] for one in group["Instances"]]

    made = World()
    yield made
    aws("autoscaling").delete_auto_scaling_group(AutoScalingGroupName=made.group, ForceDelete=True)


def test_it_takes_over_the_address_and_the_routes(world, aws):
    world.start()
    world.wait()
    (instance,) = world.instances()
    assert world.routes() == [(instance, "active")] * 2
    (address,) = aws("ec2").describe_addresses(AllocationIds=[world.address])["Addresses"]
    assert address["InstanceId"] == instance
    (told,) = aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    assert told["SourceDestCheck"] is False


def test_its_successor_takes_over_and_is_waited_for(world, aws, monkeypatch):
    monkeypatch.setenv("EMULATOR_BOOT_SECONDS", "1.5")
    world.start()
    world.wait()
    (first,) = world.instances()
    aws("autoscaling").start_instance_refresh(AutoScalingGroupName=world.group)
    assert world.routes() == [(first, "blackhole")] * 2
    assert not nat.carries(world.engine, world.group, world.tables)
    world.wait()
    (second,) = world.instances()
    assert second != first and world.routes() == [(second, "active")] * 2


def test_one_that_is_killed_is_a_failure_with_its_console(world, own):
    own("POST", "faults", boot=1.0)
    world.start()
    with pytest.raises(EngineError) as failed:
        world.wait(600)  # which it doesn't take
    told = str(failed.value)
    assert "the private subnets have no way out of the VPC" in told and world.instances()[0] in told
    assert "Killed process 1984 (dnf)" in told and "Failed to run module scripts-user" in told


def test_a_role_that_may_not_take_routes_is_told_when_the_time_is_over(world):
    world.start([(["ec2:ModifyInstanceAttribute", "ec2:AssociateAddress"], "*")])
    with pytest.raises(EngineError) as failed:
        world.wait(4)
    told = str(failed.value)
    assert f"no route to it after 4 s in {world.tables[0]}, {world.tables[1]}" in told
    assert "is not authorized to perform: ec2:CreateRoute on resource" in told
    assert world.routes() == []


def test_a_role_that_may_not_give_the_address_to_its_interface(world, aws, name):
    """Who associates an address with an instance does so with the instance's interface, which has tags of its own."""
    arn = "arn:aws:ec2:us-east-1:123456789012"
    may = ["ec2:ModifyInstanceAttribute", "ec2:CreateRoute", "ec2:ReplaceRoute"]
    world.start([(may, "*"), ("ec2:AssociateAddress", [f"{arn}:elastic-ip/*", f"{arn}:instance/*"])])
    with pytest.raises(EngineError) as failed:
        world.wait(4)
    assert f"is not authorized to perform: ec2:AssociateAddress on resource: {arn}:network-interface/" in str(failed.value)
    (instance,) = world.instances()
    (told,) = aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    (interface,) = told["NetworkInterfaces"]
    (shown,) = aws("ec2").describe_network_interfaces(NetworkInterfaceIds=[interface["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert {one["Key"]: one["Value"] for one in shown["TagSet"]} == {"Name": world.group, "Stack": name}


def test_a_group_without_an_instance_is_told(world, aws):
    world.start()
    aws("autoscaling").set_desired_capacity(AutoScalingGroupName=world.group, DesiredCapacity=1)
    told = nat.reason(world.engine, f"{world.group}-other", "nobody")
    assert told.startswith("its group has started no instance")


@pytest.mark.parametrize(
    ("tables", "carried"),
    [
        ({}, False),
        ({"others_routes": {ANYWHERE: "eni-1"}, "blackholes": []}, True),
        ({"others_routes": {ANYWHERE: "eni-1"}, "blackholes": [ANYWHERE]}, False),
        ({"others_routes": {}, "blackholes": []}, False),
    ],
)
def test_what_a_look_at_the_whole_stack_showed_is_not_asked_again(monkeypatch, tables, carried):
    monkeypatch.setattr(nat, "prefetched", lambda *_: tables)
    assert nat.prefetched_as_wanted(None, ["a", "b"]) is carried


def test_a_console_is_shown_without_what_steers_a_terminal():
    text = "a\r\n\x1b[32mgreen\x1b[0m\x07\r\n\r\n" + "\n".join(f"line {number}" for number in range(14))
    assert nat.last_lines(text).splitlines()[:2] == ["green", "line 0"]


