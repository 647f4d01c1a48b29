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
        ("iam", "create_role", {"RoleName": "a b", "AssumeRolePolicyDocument": "{}"}, "ValidationError", "pattern"),
    ],
)
def test_refused(aws, refused, service, operation, arguments, code, says):
    answer = refused(code, getattr(aws(service), operation), **arguments)
    assert says in answer["Error"]["Message"]


def test_accepted(aws, name):
    aws("logs").create_log_group(logGroupName=name)
    aws("logs").put_retention_policy(logGroupName=name, retentionInDays=7)
