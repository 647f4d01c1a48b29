"""EC2 Auto Scaling refuses what AWS's does."""

import base64
import itertools

import pytest
from rulecases import IMAGE, Case


class World:
    """A subnet and a launch template."""

    def __init__(self, aws):
        self.groups, self.ec2, self.number = aws("autoscaling"), aws("ec2"), itertools.count()
        vpc = self.ec2.create_vpc(CidrBlock="10.85.0.0/16")["Vpc"]["VpcId"]
        self.subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.85.0.0/24")["Subnet"]["SubnetId"]
        self.image = IMAGE
        self.launch = self.template()

    def template(self, **data):
        data = {"ImageId": self.image, "InstanceType": "t3.nano"} | data
        name = f"strict-asg-{next(self.number)}"
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "$Latest"}

    def make(self, name=None, **more):
        name = name or f"strict-{next(self.number)}"
        given = {"MinSize": 0, "MaxSize": 1, "LaunchTemplate": self.launch, "VPCZoneIdentifier": self.subnet} | more
        self.groups.create_auto_scaling_group(AutoScalingGroupName=name, **given)
        return name

    def update(self, **more):
        self.groups.update_auto_scaling_group(AutoScalingGroupName=self.make(), **more)

    def desire(self, capacity):
        self.groups.set_desired_capacity(AutoScalingGroupName=self.make(), DesiredCapacity=capacity)

    def delete(self, capacity, **more):
        name = self.make(DesiredCapacity=capacity)
        self.groups.delete_auto_scaling_group(AutoScalingGroupName=name, **more)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def data(size):
    return base64.b64encode(b"a" * size).decode()


FORM = "valid fully-formed launch template. "
CASES = [
    Case(
        "group_name_is_free", "AlreadyExists", "already exists",
        lambda world: world.make(world.make()), lambda world: world.make(),
    ),
    Case(
        "sizes_fit", "ValidationError", "Max bound, 1, must be greater than or equal to min bound, 2",
        lambda world: world.make(MinSize=2), lambda world: world.make(MinSize=1),
    ),
    Case(
        "sizes_fit", "ValidationError", "Max bound, 1, must be greater than or equal to min bound, 2",
        lambda world: world.update(MinSize=2), lambda world: world.update(MinSize=2, MaxSize=2),
    ),
    Case(
        "sizes_fit", "ValidationError", "Desired capacity:2 must be between",
        lambda world: world.make(DesiredCapacity=2), lambda world: world.make(DesiredCapacity=1),
    ),
    Case(
        "desired_capacity_fits", "ValidationError", "is above max value 1",
        lambda world: world.desire(2), lambda world: world.desire(1),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", f"{FORM}The specified launch template, with template ID lt-0",
        lambda world: world.make(LaunchTemplate={"LaunchTemplateId": "lt-00000000000000000"}),
        lambda world: world.make(LaunchTemplate=world.template()),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", "Valid requests must contain either launchTemplateId or Launch",
        lambda world: world.make(LaunchTemplate={"Version": "1"}),
        lambda world: world.make(LaunchTemplate=world.launch | {"Version": "1"}),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", f"{FORM}Could not find the specified version 2",
        lambda world: world.make(LaunchTemplate=world.launch | {"Version": "2"}),
        lambda world: world.make(LaunchTemplate=world.launch | {"Version": "1"}),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", f"{FORM}The image id '[ami-abcd1234]' does not exist",
        lambda world: world.make(LaunchTemplate=world.template(ImageId="ami-abcd1234")),
        lambda world: world.make(LaunchTemplate=world.template(ImageId="resolve:ssm:/aws/service/some")),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", f"{FORM}Value (none) for parameter iamInstanceProfile.name",
        lambda world: world.make(LaunchTemplate=world.template(IamInstanceProfile={"Name": "none"})),
        lambda world: world.make(),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", f"{FORM}Network interfaces and an instance-level",
        lambda world: world.make(
            LaunchTemplate=world.template(SecurityGroupIds=["sg-1"], NetworkInterfaces=[{"DeviceIndex": 0}])
        ),
        lambda world: world.make(LaunchTemplate=world.template(NetworkInterfaces=[{"DeviceIndex": 0}])),
    ),
    Case(
        "launch_template_can_launch", "ValidationError", f"{FORM}User data is limited to 16384 bytes",
        lambda world: world.make(LaunchTemplate=world.template(UserData=data(16385))),
        lambda world: world.make(LaunchTemplate=world.template(UserData=data(16384))),
    ),
    Case(
        "group_is_empty", "ResourceInUse", "while there are instances",
        lambda world: world.delete(1), lambda world: [world.delete(0), world.delete(1, ForceDelete=True)],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)
