"""Roles, inline policies and instance profiles: what counts as the same, and whose is what."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.iam import (
    IAM_INSTANCE_PROFILE,
    IAM_POLICY,
    IAM_ROLE,
)
from botocore.exceptions import ClientError

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": ["a", "b"]}, "Action": ["sts:AssumeRole"]}],
}


@pytest.mark.parametrize(
    ("arguments", "differs"),
    [
        ({"assume_role_policy_document": TRUST}, set()),
        (
            {
                "assume_role_policy_document": '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", '
                '"Principal": {"Service": ["b", "a"]}, "Action": "sts:AssumeRole"}}'
            },
            set(),
        ),
        (
            {"assume_role_policy_document": {**TRUST, "Statement": [{**TRUST["Statement"][0], "Effect": "Deny"}]}},
            {"assume_role_policy_document"},
        ),
        ({"managed_policies": ["arn:b", "arn:a"]}, set()),
        ({"managed_policies": []}, {"managed_policies"}),
        ({"description": "other"}, {"description"}),
        ({"create_instance_profile": True, "purge_policies": True}, set()),
    ],
)
def test_roles(arguments, differs):
    live = IAM_ROLE.want(
        {"name": "r", "assume_role_policy_document": TRUST, "managed_policies": ["arn:a", "arn:b"], "description": ""}
    )
    assert IAM_ROLE.compare(live, IAM_ROLE.want({"name": "r", **arguments})) == differs


def test_inline_policies():
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    asked = {"iam_type": "role", "iam_name": "r", "policy_name": "p", "policy_json": document}
    live = {"iam_name": "r", "policy_name": "p", "policy_json": IAM_POLICY.want(asked)["policy_json"]}
    assert IAM_POLICY.compare(live, IAM_POLICY.want(asked)) == set()
    assert IAM_POLICY.label(live) == "r/p"
    document["Statement"][0]["Action"] = "*"
    assert IAM_POLICY.compare(live, IAM_POLICY.want(asked)) == {"policy_json"}


class Aws:
    """An account of roles and profiles, of which one is the stack's own of this region."""

    region = "us-east-1"
    HERE, THERE = {"Region": "us-east-1"}, {"Region": "eu-west-1"}
    TAGS = {
        "fb-api-us-east-1": {"Stack": "fb", **HERE},
        "fb-api-eu-west-1": {"Stack": "fb", **THERE},
        "fb-ultra-api-us-east-1": {"Stack": "fb-ultra", **HERE},
        "fb-untagged-us-east-1": {},
        "fb-theirs-us-east-1": {"Stack": "fb", **THERE},
        "fb-other": {"Stack": "fb", **HERE},
        "other-us-east-1": {"Stack": "fb", **HERE},
    }

    def __init__(self, details=True):
        self.asked, self._details = [], details

    def __call__(self, service):
        return self

    def pages(self, service, operation, key, **_arguments):
        if operation in ("list_attached_role_policies", "list_role_policies"):
            return []
        if operation == "get_account_authorization_details":
            if not self._details:
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
            more = {"AttachedManagedPolicies": [], "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": {}}]}
            return [{**self._role(name), **more} for name in self.TAGS]
        if operation == "list_roles":
            return [{**self._role(name), "Tags": []} for name in self.TAGS]
        return [{"InstanceProfileName": name} for name in self.TAGS]

    def _described(self, name, **more):
        tags = [{"Key": key, "Value": value} for key, value in self.TAGS[name].items()]
        return {"Arn": "arn:aws", "Path": "/", "Tags": tags, **more}

    def _role(self, name):
        return self._described(name, RoleId="id", RoleName=name, AssumeRolePolicyDocument=TRUST)

    def get_role(self, RoleName):
        self.asked.append(RoleName)
        return {"Role": self._role(RoleName)}

    def get_instance_profile(self, InstanceProfileName):
        name = InstanceProfileName
        self.asked.append(name)
        return {"InstanceProfile": self._described(name, InstanceProfileId="id", InstanceProfileName=name, Roles=[])}


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("kind", [IAM_ROLE, IAM_INSTANCE_PROFILE], ids=lambda kind: kind.name)
def test_a_stack_has_what_has_its_tags_and_its_name(kind, details):
    aws = Aws(details)
    assert [resource["name"] for resource in kind.stack(aws, "fb")] == ["fb-api-us-east-1"]
    others = {"other-us-east-1", "fb-other", "fb-api-eu-west-1"}
    assert not others & {*aws.asked}, "a tag costs a call: only names of the stack are asked for theirs"


def test_one_call_tells_all_of_all_roles_the_same_as_their_own():
    aws = Aws()
    assert IAM_ROLE.stack(aws, "fb") == IAM_ROLE.stack(Aws(details=False), "fb")
    assert not aws.asked
    policies = IAM_POLICY.stack(Aws(), "fb")
    assert [(one["iam_name"], one["policy_name"]) for one in policies] == [("fb-api-us-east-1", "p")]
