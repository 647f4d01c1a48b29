"""The engine on the embedded AWS in this process, with a network that a stack has, and waits that take no time."""

import itertools
import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import waiting
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws

from tests.unit.emulator.conftest import aws, endpoint, refused  # noqa: F401

NUMBER = itertools.count(1)


@pytest.fixture
def name():
    """A stack's name that no other test has."""
    return f"end-{next(NUMBER)}"


@pytest.fixture
def engine(aws):  # noqa: F811
    """What the kinds call."""
    made = Aws(aws, "us-east-1")
    made.account = "123456789012"
    return made


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """Let time pass on both sides while somebody waits."""
    from emulator import clock as emulators

    class Time:
        now = 0.0

        def monotonic(self):
            return self.now

        def sleep(self, seconds):
            self.now += seconds
            emulators.move(seconds)

    time = Time()
    monkeypatch.setattr(waiting, "time", time)
    return time


def tagged(kind, stack, **more):
    """Return tags as EC2 takes them where something is made."""
    tags = {"Stack": stack, "Name": f"{stack}-{kind}", **more} if stack else more
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


@pytest.fixture
def network(aws, name):  # noqa: F811
    """A stack's VPC with two subnets and a security group."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.90.0.0/16", TagSpecifications=tagged("vpc", name))["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.90.{number}.0/24", AvailabilityZone=f"us-east-1{'ab'[number]}",
            TagSpecifications=tagged("subnet", name, Name=f"{name}-subnet-{number}"),
        )["Subnet"]["SubnetId"]
        for number in range(2)
    ]  # fmt: skip
    group = ec2.create_security_group(
        VpcId=vpc, GroupName=f"{name}-lambda", Description="d", TagSpecifications=tagged("security-group", name)
    )["GroupId"]
    return {"stack": name, "vpc": vpc, "subnets": subnets, "group": group}


@pytest.fixture
def role(aws, name):  # noqa: F811
    """A role that functions in a VPC may take on, with its policy."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    may = {"Effect": "Allow", "Action": ["ec2:*NetworkInterface*"], "Resource": "*"}
    made = aws("iam").create_role(
        RoleName=f"{name}-function", Tags=[{"Key": "Stack", "Value": name}],
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    aws("iam").put_role_policy(RoleName=f"{name}-function", PolicyName="function", PolicyDocument=document)
    return made["Role"]["Arn"]


@pytest.fixture
def function(aws, name, role, network):  # noqa: F811
    """A function in the stack's network."""
    from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_ import archive

    aws("lambda").create_function(
        FunctionName=f"{name}-function", Role=role, Code={"ZipFile": archive(__file__)}, Runtime="python3.13",
        Handler="conftest.handler", Tags={"Stack": name},
        VpcConfig={"SubnetIds": network["subnets"], "SecurityGroupIds": [network["group"]]},
    )  # fmt: skip
    return f"{name}-function"
