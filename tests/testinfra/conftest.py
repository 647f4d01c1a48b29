"""What the verification of a deployed stack shares: clients of the AWS under test, and the stack's name."""

import os

import boto3
import pytest

STACK = os.environ.get("FLOW_BUILDER_STACK", "flow-builder-local")
# A scenario deploys one of the two profiles.
collect_ignore = ["test_standard.py" if STACK.endswith("-ultra") else "test_ultra.py"]


@pytest.fixture(scope="session")
def stack():
    """Return the stack's name."""
    return STACK


@pytest.fixture(scope="session")
def aws():
    """Return a function from service name to client."""
    session = boto3.session.Session(region_name=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"))
    return lambda service: session.client(service)


@pytest.fixture(scope="session")
def vpc(aws, stack):
    """Return the stack's VPC."""
    found = aws("ec2").describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [f"{stack}-vpc"]}])["Vpcs"]
    assert len(found) == 1
    return found[0]
