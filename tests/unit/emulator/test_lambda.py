"""Lambda as AWS answers it."""

import json

import images
import pytest


@pytest.fixture
def functions(aws):
    return aws("lambda")


@pytest.fixture
def role(aws, name):
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    arn = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    may = {"Effect": "Allow", "Action": ["ec2:*NetworkInterface*", "sqs:SendMessage", "xray:Put*"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    aws("iam").put_role_policy(RoleName=name, PolicyName="works", PolicyDocument=document)
    return arn


@pytest.fixture
def uri(aws, name):
    return aws("ecr").create_repository(repositoryName=f"team/{name}")["repository"]["repositoryUri"]


@pytest.fixture
def digest(aws, name, uri):
    return images.push(aws("ecr"), f"team/{name}", "v1", b"one")


@pytest.fixture
def function(functions, role, uri, digest, name):
    functions.create_function(FunctionName=name, PackageType="Image", Role=role, Code={"ImageUri": f"{uri}:v1"})
    return name


def test_image_must_exist(functions, refused, role, uri, name):
    arguments = {"FunctionName": name, "PackageType": "Image", "Role": role}
    answer = refused(
        "InvalidParameterValueException", functions.create_function, Code={"ImageUri": f"{uri}:v1"}, **arguments
    )
    assert answer["Error"]["Message"] == f"Source image {uri}:v1 does not exist. Provide a valid source image."
    refused("InvalidParameterValueException", functions.create_function, Code={"ImageUri": f"{uri}-no:v1"}, **arguments)


def test_image_function(functions, aws, refused, function, uri, digest):
    answer = functions.get_function(FunctionName=function)
    assert answer["Code"]["ImageUri"] == f"{uri}:v1"
    assert answer["Code"]["ResolvedImageUri"] == f"{uri}@{digest}"
    seen = answer["Configuration"]
    assert (seen["State"], seen["LastUpdateStatus"], seen["CodeSha256"]) == (
        "Active",
        "Successful",
        digest.removeprefix("sha256:"),
    )
    assert "ImageConfigResponse" not in seen
    assert seen["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{function}"}
    other = images.push(aws("ecr"), f"team/{function}", "v2", b"two")
    functions.update_function_code(FunctionName=function, ImageUri=f"{uri}@{other}")
    answer = functions.get_function(FunctionName=function)
    assert answer["Code"]["ResolvedImageUri"] == f"{uri}@{other}"
    assert answer["Configuration"]["RevisionId"] != seen["RevisionId"]
    refused(
        "InvalidParameterValueException", functions.update_function_code, FunctionName=function, ImageUri=f"{uri}:v9"
    )


def test_configuration(functions, function):
    functions.update_function_configuration(
        FunctionName=function, ImageConfig={"Command": ["a.b"]}, EphemeralStorage={"Size": 1024}, TracingConfig={"Mode": "Active"},
        LoggingConfig={"LogFormat": "JSON"}, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:123456789012:q"},
        Environment={"Variables": {"KEY": "b"}},
    )  # fmt: skip
    seen = functions.get_function_configuration(FunctionName=function)
    assert seen["ImageConfigResponse"] == {"ImageConfig": {"Command": ["a.b"]}}
    assert (seen["EphemeralStorage"]["Size"], seen["TracingConfig"]["Mode"], seen["LoggingConfig"]["LogFormat"]) == (
        1024,
        "Active",
        "JSON",
    )
    assert seen["DeadLetterConfig"]["TargetArn"].endswith(":q")


def test_reserved_concurrency(functions, function):
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    assert functions.get_function(FunctionName=function)["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    functions.delete_function_concurrency(FunctionName=function)
    assert "Concurrency" not in functions.get_function(FunctionName=function)


def test_event_invoke_config(functions, refused, function):
    refused("ResourceNotFoundException", functions.get_function_event_invoke_config, FunctionName=function)
    for attempts in (0, 1):
        functions.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=attempts)
    functions.update_function_event_invoke_config(FunctionName=function, MaximumEventAgeInSeconds=60)
    seen = functions.get_function_event_invoke_config(FunctionName=function)
    assert (seen["MaximumRetryAttempts"], seen["MaximumEventAgeInSeconds"]) == (1, 60)
    functions.delete_function_event_invoke_config(FunctionName=function)


def test_network(functions, aws, refused, function, name):
    refused(
        "InvalidParameterValueException",
        functions.update_function_configuration,
        FunctionName=function,
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": []},
    )
    vpc = aws("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.7.0.0/24")["Subnet"]["SubnetId"]
    group = aws("ec2").create_security_group(VpcId=vpc, GroupName=name, Description="d")["GroupId"]
    functions.update_function_configuration(
        FunctionName=function, VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]}
    )
    assert functions.get_function_configuration(FunctionName=function)["VpcConfig"]["VpcId"] == vpc
    refused("DependencyViolation", aws("ec2").delete_subnet, SubnetId=subnet)
    functions.delete_function(FunctionName=function)
    aws("ec2").delete_subnet(SubnetId=subnet)
    aws("ec2").delete_security_group(GroupId=group)


def test_deleting_a_function_deletes_its_policy(functions, refused, role, uri, function):
    functions.add_permission(
        FunctionName=function, StatementId="s", Action="lambda:InvokeFunction", Principal="events.amazonaws.com"
    )
    assert functions.get_policy(FunctionName=function)["Policy"]
    functions.delete_function(FunctionName=function)
    functions.create_function(FunctionName=function, PackageType="Image", Role=role, Code={"ImageUri": f"{uri}:v1"})
    refused("ResourceNotFoundException", functions.get_policy, FunctionName=function)


def test_invoke(functions, function):
    assert functions.invoke(FunctionName=function)["StatusCode"] == 200


def test_an_alias_has_permissions_of_its_own(functions, refused, function):
    functions.publish_version(FunctionName=function)
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    said = {"StatementId": "rule", "Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}

    def statements(**more):
        return [
            one["Sid"] for one in json.loads(functions.get_policy(FunctionName=function, **more)["Policy"])["Statement"]
        ]

    functions.add_permission(FunctionName=function, **said)
    functions.add_permission(FunctionName=function, Qualifier="live", **said)
    refused("ResourceConflictException", functions.add_permission, FunctionName=function, Qualifier="live", **said)
    functions.add_permission(FunctionName=f"{function}:live", **(said | {"StatementId": "other"}))
    assert (statements(), statements(Qualifier="live")) == (["rule"], ["rule", "other"])
    for statement in json.loads(functions.get_policy(FunctionName=f"{function}:live")["Policy"])["Statement"]:
        assert statement["Resource"].endswith(f":function:{function}:live"), "else no rule can call the alias"
    functions.remove_permission(FunctionName=function, StatementId="rule", Qualifier="live")
    assert (statements(), statements(Qualifier="live")) == (["rule"], ["other"])
    refused(
        "ResourceNotFoundException",
        functions.remove_permission,
        FunctionName=function,
        StatementId="rule",
        Qualifier="live",
    )
    functions.remove_permission(FunctionName=f"{function}:live", StatementId="other")
    functions.remove_permission(FunctionName=function, StatementId="rule")
    refused("ResourceNotFoundException", functions.remove_permission, FunctionName=function, StatementId="rule")


def test_each_update_makes_a_version_and_nothing_else_does(functions, function, uri):
    def published(**more):
        return functions.publish_version(FunctionName=function, **more)["Version"]

    assert (published(), published(), published(Description="else")) == ("1", "1", "1")
    functions.update_function_configuration(FunctionName=function, Description="of the function")
    assert (published(), published()) == ("2", "2")
    functions.update_function_code(FunctionName=function, ImageUri=f"{uri}:v1", DryRun=True)
    assert published() == "2"
    functions.update_function_code(FunctionName=function, ImageUri=f"{uri}:v1")
    assert (published(), published()) == ("3", "3"), "the same code is an update, too"
    assert functions.update_function_code(FunctionName=function, ImageUri=f"{uri}:v1", Publish=True)["Version"] == "4"


def test_rules_count_for_an_alias_too(aws, functions, refused, function, name):
    functions.publish_version(FunctionName=function)
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    aws("sqs").create_queue(QueueName=name)
    aws("iam").delete_role_policy(RoleName=name, PolicyName="works")
    sent = {"DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:sqs:us-east-1:123456789012:{name}"}}}
    for named in (
        {"FunctionName": function},
        {"FunctionName": f"{function}:live"},
        {"FunctionName": function, "Qualifier": "live"},
    ):
        refused("InvalidParameterValueException", functions.put_function_event_invoke_config, **named, **sent)


@pytest.mark.parametrize("function", ["{name}", "other"], ids=["own", "other"])
def test_fetching_an_image(aws, functions, role, uri, digest, name, function):
    given = {
        "Sid": "Function", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:lambda:*:*:function:{function.format(name=name)}"}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [given]})
    aws("ecr").set_repository_policy(repositoryName=f"team/{name}", policyText=policy)
    functions.create_function(FunctionName=name, PackageType="Image", Role=role, Code={"ImageUri": f"{uri}@{digest}"})
    left = json.loads(aws("ecr").get_repository_policy(repositoryName=f"team/{name}")["policyText"])["Statement"]
    added = [one["Sid"] for one in left if one["Sid"] != "Function"]
    assert added == ([] if function == "{name}" else ["LambdaECRImageRetrievalPolicy"]), "who may, lets Lambda add it"


# What AWS's recordings show


@pytest.fixture
def zipped(functions, role, name):
    def make(**more):
        return functions.create_function(**{
            "FunctionName": name[-64:], "Runtime": "python3.13", "Handler": "a.b", "Role": role,
            "Code": {"ZipFile": EMPTY},
        } | more)  # fmt: skip

    return make


EMPTY = b"PK\x05\x06" + b"\0" * 18


def test_errors_say_whose_fault_it_is(functions, refused):
    answer = refused("ResourceNotFoundException", functions.get_function, FunctionName="nobody")
    told = "Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody"
    assert (answer["Type"], answer["Message"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("User", told, 404)
    answer = refused("InvalidParameterValueException", functions.get_function, FunctionName="nobody:1", Qualifier="2")
    assert (answer["Type"], answer["message"]) == ("User", answer["Error"]["Message"])


def test_an_update_is_answered_before_it_is_done(functions, zipped):
    made = zipped()
    assert "Layers" not in made
    assert made["RuntimeVersionConfig"]["RuntimeVersionArn"].startswith("arn:aws:lambda:us-east-1::runtime:")
    answer = functions.update_function_configuration(FunctionName=made["FunctionName"], Timeout=9)
    assert (answer["LastUpdateStatus"], answer["LastUpdateStatusReasonCode"]) == ("InProgress", "Creating")
    seen = functions.get_function_configuration(FunctionName=made["FunctionName"])
    assert (seen["LastUpdateStatus"], seen["Timeout"]) == ("Successful", 9)
    assert seen["RevisionId"] != answer["RevisionId"] != made["RevisionId"]
    listed = next(
        one
        for page in functions.get_paginator("list_functions").paginate()
        for one in page["Functions"]
        if one["FunctionName"] == made["FunctionName"]
    )
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & set(listed)
