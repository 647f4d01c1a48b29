"""IAM as AWS answers it."""

import json

import pytest

TRUST = json.dumps({
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
})  # fmt: skip


@pytest.fixture
def iam(aws):
    return aws("iam")


def test_a_new_role_shows_no_use(iam, name):
    made = iam.create_role(RoleName=name[-64:], AssumeRolePolicyDocument=TRUST)["Role"]
    assert not {"MaxSessionDuration", "RoleLastUsed"} & set(made)
    assert iam.get_role(RoleName=name[-64:])["Role"]["MaxSessionDuration"] == 3600


def test_a_managed_policy_is_worth_its_default_version(iam, name):
    from emulator import permissions

    def says(action):
        return json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}
        )

    iam.create_role(RoleName=name[-64:], AssumeRolePolicyDocument=TRUST)
    arn = iam.create_policy(PolicyName=name, PolicyDocument=says("sqs:SendMessage"))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=name[-64:], PolicyArn=arn)
    role = permissions.find_role(f"arn:aws:iam::123456789012:role/{name[-64:]}")
    assert [one["Action"] for one in permissions.policies_of(role)["Statement"]] == ["sqs:SendMessage"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=says("sqs:ReceiveMessage"), SetAsDefault=True)
    assert [one["Action"] for one in permissions.policies_of(role)["Statement"]] == ["sqs:ReceiveMessage"]
