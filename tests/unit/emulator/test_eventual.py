"""AWS that is late: when asked to, as drawn from a seed, and never for long."""

import itertools
import json

import images
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


def test_a_bucket_is_not_new_again_when_an_object_of_it_was_deleted(aws, name, late):
    s3, bucket = aws("s3"), f"objects-{name}"[:40].strip("-")
    late(1)
    s3.create_bucket(Bucket=bucket)
    clock.move(5)
    s3.put_object(Bucket=bucket, Key="lock.json", Body=b"{}")
    s3.delete_object(Bucket=bucket, Key="lock.json")
    told = codes(lambda: s3.put_object(Bucket=bucket, Key="lock.json", Body=b"{}")["ResponseMetadata"]["HTTPStatusCode"])
    assert set(told) == {200}
    s3.delete_object(Bucket=bucket, Key="lock.json")
    s3.delete_bucket(Bucket=bucket)
    clock.move(20)
    s3.create_bucket(Bucket=bucket)
    assert "NoSuchBucket" in codes(lambda: s3.get_bucket_tagging(Bucket=bucket))


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


def test_a_fresh_key_encrypts_no_log_group_yet(aws, name, late):
    late(1)
    key = aws("kms").create_key(Policy=OPEN)["KeyMetadata"]["Arn"]
    told = codes(lambda: aws("logs").create_log_group(logGroupName=f"{name}-{next(NUMBER)}", kmsKeyId=key) and "made")
    assert set(told) == {"AccessDeniedException", "made"}
    clock.move(3)
    assert codes(lambda: aws("logs").create_log_group(logGroupName=f"{name}-{next(NUMBER)}", kmsKeyId=key) and "made", 1) == ["made"]


NUMBER = itertools.count()
OPEN = json.dumps({
    "Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": principal, "Action": "kms:*", "Resource": "*"}
        for principal in ({"AWS": "arn:aws:iam::123456789012:root"}, {"Service": "logs.us-east-1.amazonaws.com"})
    ],
})  # fmt: skip


def test_lifecycle_rules_flap(aws, name, late):
    s3 = aws("s3")
    late(2)
    s3.create_bucket(Bucket=name)
    clock.move(5)
    rule = {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": [rule]})

    def rules():
        return s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"][0]["ID"]

    assert set(codes(rules)) == {"NoSuchLifecycleConfiguration", "a"}
    clock.move(4)
    assert set(codes(rules)) == {"a"}


def test_a_buckets_name_is_not_free_at_once(aws, name, late):
    s3 = aws("s3")
    late(2)
    names = [f"{name}-{number}" for number in range(8)]
    for one in names:
        s3.create_bucket(Bucket=one)
    clock.move(5)
    for one in names:
        s3.delete_bucket(Bucket=one)
    told = [codes(lambda one=one: s3.create_bucket(Bucket=one) and "made", 1)[0] for one in names]
    assert set(told) == {"OperationAborted", "made"}
    clock.move(4)
    assert set(codes(lambda: s3.create_bucket(Bucket=names[told.index("OperationAborted")]) and "made", 1)) == {"made"}


def test_a_fresh_role_shows_its_id_for_its_arn(aws, name, late):
    iam = aws("iam")
    late(4)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.create_instance_profile(InstanceProfileName=name)
    for ask in (
        lambda: iam.get_role(RoleName=name)["Role"]["Arn"][:3],
        lambda: iam.get_instance_profile(InstanceProfileName=name)["InstanceProfile"]["Arn"][:3],
    ):
        assert {"ARO", "AIP", "arn"} & set(codes(ask)) >= {"arn"} and len(set(codes(ask))) == 3
    clock.move(3)
    assert set(codes(lambda: iam.get_role(RoleName=name)["Role"]["Arn"][:3])) == {"arn"}


def test_a_fresh_association_is_associating(aws, late):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.12.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.12.0.0/24")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    late(1)

    def state():
        (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
        return found["Associations"][0]["AssociationState"]["State"]

    assert state() == "associating"
    clock.move(2)
    assert state() == "associated"


def test_a_fresh_function_is_pending_and_refuses_what_touches_it(aws, name, late):
    functions, iam = aws("lambda"), aws("iam")
    trust = TRUST.replace("ecs-tasks", "lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    ecr = aws("ecr")
    uri = ecr.create_repository(repositoryName=name)["repository"]["repositoryUri"]
    images.push(ecr, name, "v1", b"one")
    late(3)
    functions.create_function(FunctionName=name, Role=role, PackageType="Image", Code={"ImageUri": f"{uri}:v1"})
    reserve = {"FunctionName": name, "ReservedConcurrentExecutions": 1}
    assert codes(lambda: functions.put_function_concurrency(**reserve) and "done", 1) == ["ResourceConflictException"]
    assert "Pending" in codes(lambda: functions.get_function(FunctionName=name)["Configuration"]["State"])
    clock.move(3)
    assert codes(lambda: functions.get_function(FunctionName=name)["Configuration"]["State"], 1) == ["Active"]
    assert codes(lambda: functions.put_function_concurrency(**reserve) and "done", 1) == ["done"]


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
