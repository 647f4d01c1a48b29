"""What hangs on a resource and only drift and records read: nothing where nobody set it, and seen once it is set."""

import io
import json
import zipfile
from types import SimpleNamespace

import pytest
import rulecases
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

JOURNAL = {"JournalTableConfiguration": {"RecordExpiration": {"Expiration": "DISABLED"}}}


def bucket(aws, name):
    aws("s3").create_bucket(Bucket=name)
    return {"name": name}


def function(aws, name):
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = aws("iam").create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.py", "def b(event, context):\n    return None\n")
    aws("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Handler="a.b", Role=role, Code={"ZipFile": packed.getvalue()}
    )
    return {"name": name, "package_type": "Zip"}


def group(aws, name):
    ec2 = aws("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    data = {"ImageId": rulecases.IMAGE, "InstanceType": "t4g.nano"}
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    aws("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName=name, MinSize=0, MaxSize=1, VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": name, "Version": "$Latest"},
    )  # fmt: skip
    return {"name": name}


def balancer(aws, name):
    own = [{"Name": "default-for-az", "Values": ["true"]}]  # one in each zone, whatever other tests make
    subnets = [one["SubnetId"] for one in aws("ec2").describe_subnets(Filters=own)["Subnets"][:2]]
    made = aws("elbv2").create_load_balancer(Name=name, Subnets=subnets, Scheme="internal")["LoadBalancers"][0]
    return {"name": name, "arn": made["LoadBalancerArn"]}


def topic(aws):
    return aws("sns").create_topic(Name="told")["TopicArn"]


CASES = [
    (
        "s3_bucket", bucket, "abac", {"Status": "Enabled"},
        lambda aws, one: aws("s3").put_bucket_abac(Bucket=one["name"], AbacStatus={"Status": "Enabled"}),
    ),
    (
        "s3_bucket", bucket, "metadata", None,
        lambda aws, one: aws("s3").create_bucket_metadata_configuration(
            Bucket=one["name"], MetadataConfiguration=JOURNAL
        ),
    ),
    (
        "lambda_function", function, "recursive_loop", "Allow",
        lambda aws, one: aws("lambda").put_function_recursion_config(FunctionName=one["name"], RecursiveLoop="Allow"),
    ),
    (
        "lambda_function", function, "runtime_management", {"UpdateRuntimeOn": "FunctionUpdate"},
        lambda aws, one: aws("lambda").put_runtime_management_config(
            FunctionName=one["name"], UpdateRuntimeOn="FunctionUpdate"
        ),
    ),
    (
        "auto_scaling_group", group, "notifications", None,
        lambda aws, one: aws("autoscaling").put_notification_configuration(
            AutoScalingGroupName=one["name"], TopicARN=topic(aws),
            NotificationTypes=["autoscaling:EC2_INSTANCE_LAUNCH"],
        ),
    ),
    (
        "load_balancer", balancer, "reserved_capacity", {"CapacityUnits": 200},
        lambda aws, one: aws("elbv2").modify_capacity_reservation(
            LoadBalancerArn=one["arn"], MinimumLoadBalancerCapacity={"CapacityUnits": 200}
        ),
    ),
]  # fmt: skip
TAKEN_OFF = {"metadata", "notifications"}


@pytest.mark.parametrize(("name", "make", "field", "shown", "put"), CASES, ids=[case[2] for case in CASES])
def test_part(aws, request, name, make, field, shown, put):
    kind, engine = KINDS[name], Aws(aws, "us-east-1")
    one = make(aws, f"part-{field}".replace("_", "-"))
    before = kind.read_children(engine, one)
    assert field not in before
    put(aws, one)
    after = kind.read_children(engine, one)
    found = list(kind.differences({**one, **before}, {**one, **after}))
    assert [each.field for each in found] == [field]
    assert shown in (None, after[field])
    if field in TAKEN_OFF:
        part = next(each for each in kind.children if each.field == field)
        for item in after[field] if isinstance(after[field], list) else [after[field]]:
            part.remove(engine, kind.service, one, item)
        assert field not in kind.read_children(engine, one)


@pytest.mark.parametrize(("told", "found"), [({}, None), ({"BrandNew": 1}, None), ({"RuntimeVersionArn": "a"}, True)])
def test_what_nobody_set_is_nothing_whatever_else_aws_tells_of_it(told, found):
    kind = KINDS["lambda_function"]
    (part,) = (one for one in kind.children if one.field == "runtime_management")
    client = SimpleNamespace(
        can_paginate=lambda _operation: False,
        get_runtime_management_config=lambda **_given: {"UpdateRuntimeOn": "Auto", **told},
    )
    engine = Aws(lambda *_args, **_more: client, "us-east-1")
    read = part.read(engine, kind, {"name": "f", "package_type": "Zip"})
    assert (read is not None) is bool(found)
