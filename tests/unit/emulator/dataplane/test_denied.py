"""Calls that nobody may make, on request."""

import pytest
from botocore.exceptions import ClientError


@pytest.mark.parametrize(
    ("denied", "service", "operation", "code"),
    [
        ("logs:DescribeLogGroups", "logs", "describe_log_groups", "AccessDeniedException"),
        ("pipes:*", "pipes", "list_pipes", "AccessDeniedException"),
        ("ec2:Describe*", "ec2", "describe_vpcs", "UnauthorizedOperation"),
        ("iam:ListRoles", "iam", "list_roles", "AccessDenied"),
    ],
)
def test_what_is_denied_is_refused_until_nothing_is(aws, own, denied, service, operation, code):
    own("POST", "faults", deny=[denied])
    with pytest.raises(ClientError, match="not authorized to perform") as refused:
        getattr(aws(service), operation)()
    assert refused.value.response["Error"]["Code"] == code
    aws("sqs").list_queues()
    own("POST", "faults")
    getattr(aws(service), operation)()
