"""Patterns, lengths, ranges and enums of botocore's models are enforced in AWS's words."""

import pytest


@pytest.mark.parametrize(
    ("service", "operation", "arguments", "code", "says"),
    [
        ("logs", "create_log_group", {"logGroupName": "with spaces"}, "InvalidParameterException", "pattern"),
        (
            "logs",
            "put_retention_policy",
            {"logGroupName": "x" * 513, "retentionInDays": 7},
            "InvalidParameterException",
            "length less",
        ),
        (
            "lambda",
            "update_function_configuration",
            {"FunctionName": "f", "MemorySize": 999999},
            "ValidationException",
            "value less",
        ),
        (
            "ecr",
            "put_image_tag_mutability",
            {"repositoryName": "abc", "imageTagMutability": "SOMETIMES"},
            "InvalidParameterException",
            "enum",
        ),
        ("kms", "encrypt", {"KeyId": "k", "Plaintext": b""}, "ValidationException", ": Value at 'plaintext' failed"),
        (
            "logs",
            "get_log_events",
            {"logGroupIdentifier": "arn:aws:logs:us-east-1:123456789012:log-group:g:*", "logStreamName": "s"},
            "InvalidParameterException",
            ": Value at 'logGroupIdentifier' failed",
        ),
        (
            "pipes",
            "tag_resource",
            {
                "resourceArn": "arn:aws:pipes:us-east-1:123456789012:pipe/p",
                "tags": {f"k{number}": "a secret to pipes" for number in range(51)},
            },
            "ValidationException",
            ": Value at 'tags' failed",
        ),
        ("iam", "create_role", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, "ValidationError", "pattern"),
    ],
)
def test_refused(aws, refused, service, operation, arguments, code, says):
    answer = refused(code, getattr(aws(service), operation), **arguments)
    assert says in answer["Error"]["Message"]


def test_accepted(aws, name):
    aws("logs").create_log_group(logGroupName=name)
    aws("logs").put_retention_policy(logGroupName=name, retentionInDays=7)


def test_what_a_service_takes_though_its_model_lacks_it(aws, name):
    ec2 = aws("ec2")
    template = ec2.create_launch_template(
        LaunchTemplateName=name, LaunchTemplateData={"InstanceType": "t3.nano", "ImageId": "ami-12c6146b"}
    )
    answer = ec2.create_fleet(
        LaunchTemplateConfigs=[
            {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"],
                    "Version": "1",
                }
            }
        ],
        TargetCapacitySpecification={"TotalTargetCapacity": 0, "DefaultTargetCapacityType": "spot"},
        SpotOptions={"AllocationStrategy": "lowestPrice"},
        ExcessCapacityTerminationPolicy="terminate",
    )
    assert answer["FleetId"]
