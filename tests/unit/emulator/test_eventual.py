"""AWS that is late: when asked to, as drawn from a seed, and never for long."""

import pytest
from botocore.exceptions import ClientError

from emulator import clock, eventual


@pytest.fixture
def late():
    """Be late, with a clock that all but stands, so that how quick this machine is has no say."""
    clock.run(0.0001)
    yield eventual.use
    clock.run(1)
    eventual.use(None)


def codes(ask, count=30):
    """Ask many times, and return what was answered: an error's code, or the answer."""
    told = []
    for _ in range(count):
        try:
            told.append(ask())
        except ClientError as error:
            told.append(error.response["Error"]["Code"])
    return told


def test_a_fresh_role_is_not_seen_by_all_answers_and_soon_by_all(aws, name, late):
    iam = aws("iam")
    late(7)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    told = codes(lambda: iam.get_role(RoleName=name)["Role"]["RoleName"])
    assert {"NoSuchEntity", name} == set(told), "several answers take turns"
    clock.move(3)
    assert set(codes(lambda: iam.get_role(RoleName=name)["Role"]["RoleName"])) == {name}
    assert eventual.show()["met"]["iam GetRole NoSuchEntity"] == told.count("NoSuchEntity")


TRUST = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"},'
    ' "Action": "sts:AssumeRole"}]}'
)


def test_a_list_lacks_what_is_new(aws, late):
    ec2 = aws("ec2")
    late(1)
    made = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    seen = [made in [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]] for _ in range(30)]
    assert {True, False} == set(seen)
    assert "InvalidVpcID.NotFound" in codes(lambda: ec2.describe_vpcs(VpcIds=[made])["Vpcs"][0]["VpcId"])
    clock.move(2)
    assert made in [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"]]


def test_what_was_changed_is_shown_as_it_was(aws, name, late):
    sqs = aws("sqs")
    late(3)
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "30"})["QueueUrl"]

    def timeout():
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]["VisibilityTimeout"]

    clock.move(5)
    assert set(codes(timeout)) == {"30"}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "60"})
    assert set(codes(timeout)) == {"30", "60"}
    clock.move(5)
    assert set(codes(timeout)) == {"60"}


def test_a_fresh_bucket_is_not_there_for_further_writes(aws, name, late):
    s3 = aws("s3")
    late(5)
    s3.create_bucket(Bucket=name)
    put = {"Bucket": name, "VersioningConfiguration": {"Status": "Enabled"}}
    assert "NoSuchBucket" in codes(lambda: s3.put_bucket_versioning(**put) and "done")
    clock.move(2)
    assert set(codes(lambda: s3.put_bucket_versioning(**put) and "done", 5)) == {"done"}


def test_some_deletes_are_refused_at_first(aws, late):
    ec2 = aws("ec2")
    late(2)
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    clock.move(5)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{number}.0/24")["Subnet"]["SubnetId"] for number in range(12)
    ]
    clock.move(5)
    told = codes(lambda: ec2.delete_subnet(SubnetId=subnets.pop()) and "gone", len(subnets))
    assert set(told) == {"DependencyViolation", "gone"}
    assert eventual.show()["met"]["ec2 DeleteSubnet DependencyViolation"] == told.count("DependencyViolation")
    clock.move(5)
    left = [one["SubnetId"] for one in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]]
    assert set(codes(lambda: ec2.delete_subnet(SubnetId=left.pop()) and "gone", len(left))) == {"gone"}


def test_the_same_seed_meets_the_same(aws, name, late):
    iam, stories = aws("iam"), []
    for _ in range(2):
        late(11)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        stories.append(codes(lambda: iam.get_role(RoleName=name)["Role"]["RoleName"]))
        late(None)
        iam.delete_role(RoleName=name)
    assert stories[0] == stories[1]


def test_what_is_not_asked_for_is_never_late(aws, name):
    iam = aws("iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert set(codes(lambda: iam.get_role(RoleName=name)["Role"]["RoleName"])) == {name}
    assert eventual.show() == {"seed": None, "met": {}}
