"""IAM refuses what AWS's IAM refuses."""

import itertools
import json

import pytest
from rulecases import Case

NUMBER = itertools.count()
ACCOUNT = "arn:aws:iam::123456789012"


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


def trust(principal=None, **statement):
    principal = principal or {"Service": "ec2.amazonaws.com"}
    return document(**{"Principal": principal, "Action": "sts:AssumeRole"} | statement)


def grant(**statement):
    return document(**{"Action": "s3:GetObject", "Resource": "*"} | statement)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws("iam"))


class World:
    """IAM, and what the calls here need."""

    def __init__(self, iam):
        self.iam = iam

    def role(self, policy=None, name=None, **more):
        name = name or f"strict-role-{next(NUMBER)}"
        self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy or trust(), **more)
        return name

    def put(self, policy, role=None, name="p"):
        self.iam.put_role_policy(RoleName=role or self.role(), PolicyName=name, PolicyDocument=policy)

    def put_user(self, policy):
        name = f"strict-user-{next(NUMBER)}"
        self.iam.create_user(UserName=name)
        self.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)

    def policy(self, policy=None, name=None):
        name = name or f"strict-policy-{next(NUMBER)}"
        return self.iam.create_policy(PolicyName=name, PolicyDocument=policy or grant())["Policy"]["Arn"]

    def version(self, arn):
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=grant())

    def attach(self, role, count):
        for _ in range(count):
            self.iam.attach_role_policy(RoleName=role, PolicyArn=self.policy())

    def attached(self):
        arn, role = self.policy(), self.role()
        self.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
        return arn

    def versioned(self, count):
        arn = self.policy()
        for _ in range(count - 1):
            self.version(arn)
        return arn

    def delete(self, arn):
        self.iam.delete_policy(PolicyArn=arn)


SYNTAX = "Syntax errors in policy."
CASES = [
    Case(
        "trust_is_a_policy", "MalformedPolicyDocument", "This policy contains invalid Json",
        lambda world: world.role("{"), lambda world: world.role(trust().replace("2012", "2008")),
    ),
    Case(
        "trust_is_a_policy", "MalformedPolicyDocument", SYNTAX,
        lambda world: world.role(trust(Condition={"StringEqual": {"aws:SourceAccount": "1"}})),
        lambda world: world.role(trust(Condition={"StringEquals": {"aws:SourceAccount": "1"}})),
    ),
    Case(
        "trust_is_a_policy", "MalformedPolicyDocument", "Has prohibited field Resource",
        lambda world: world.role(trust(Resource="*")), lambda world: world.role(trust(Sid="One")),
    ),
    Case(
        "trust_is_about_assuming", "MalformedPolicyDocument", "may only specify STS AssumeRole actions",
        lambda world: world.role(trust(Action="s3:GetObject")),
        lambda world: world.role(trust(Action=["sts:AssumeRole", "sts:TagSession"])),
    ),
    Case(
        "trust_is_about_assuming", "MalformedPolicyDocument", "may only specify STS AssumeRole actions",
        lambda world: world.role(trust(Action="sts:*")), lambda world: world.role(),
    ),
    Case(
        "trusted_principals_have_a_type", "MalformedPolicyDocument", "contained an invalid principal",
        lambda world: world.role(trust("*")), lambda world: world.role(trust({"AWS": "*"})),
    ),
    Case(
        "trust_principals_exist", "MalformedPolicyDocument", "assumed-role/x/y",
        lambda world: world.role(trust({"AWS": "arn:aws:sts::123456789012:assumed-role/x/y"})),
        lambda world: world.role(trust({"AWS": f"{ACCOUNT}:root"})),
    ),
    Case(
        "null_has_no_ifexists", "MalformedPolicyDocument", "Syntax errors in policy",
        lambda world: world.put(grant(Condition={"NullIfExists": {"aws:TokenIssueTime": "true"}})),
        lambda world: world.put(grant(Condition={"Null": {"aws:TokenIssueTime": "true"}})),
    ),
    Case(
        "arn_conditions_have_arns", "MalformedPolicyDocument", "failed legacy parsing",
        lambda world: world.put(grant(Condition={"ArnLike": {"aws:SourceArn": "arn:aws:s3:b"}})),
        lambda world: world.put(grant(Condition={"ArnLike": {"aws:SourceArn": ["arn:*:s3:::b", "*"]}})),
    ),
    Case(
        "services_have_no_wildcard", "MalformedPolicyDocument", "must not contain wildcards",
        lambda world: world.put(grant(Action="s3*:GetObject")), lambda world: world.put(grant(Action=["s3:Get*", "*"])),
    ),
    Case(
        "inline_policies_fit", "LimitExceeded", "2048 bytes exceeded for user",
        lambda world: world.put_user(grant(Resource=["arn:aws:s3:::" + "b" * 60] * 40)),
        lambda world: world.put_user(grant(Resource=["arn:aws:s3:::" + "b" * 60] * 20)),
    ),
    Case(
        "trust_names_principals", "MalformedPolicyDocument", "Missing required field Principal",
        lambda world: world.role(document(Action="sts:AssumeRole")), lambda world: world.role(),
    ),
    Case(
        "trust_principals_exist", "MalformedPolicyDocument", '"SERVICE":"lamda.amazonaws.com"',
        lambda world: world.role(trust({"Service": "lamda.amazonaws.com"})),
        lambda world: world.role(trust({"Service": ["lambda.amazonaws.com", "monitoring.rds.amazonaws.com"]})),
    ),
    Case(
        "trust_principals_exist", "MalformedPolicyDocument", f'"AWS":"{ACCOUNT}:role/nobody"',
        lambda world: world.role(trust({"AWS": f"{ACCOUNT}:role/nobody"})),
        lambda world: world.role(trust({"AWS": f"{ACCOUNT}:role/{world.role()}"})),
    ),
    Case(
        "trust_principals_exist", "MalformedPolicyDocument", '"AWS":"1234"',
        lambda world: world.role(trust({"AWS": "1234"})),
        lambda world: world.role(trust({"AWS": ["123456789012", f"{ACCOUNT}:root", "arn:aws:iam::999999999999:role/x"]})),
    ),
    Case(
        "trust_fits", "LimitExceeded", "ACLSizePerRole: 2048",
        lambda world: world.role(trust(Condition={"StringEquals": {"aws:SourceAccount": ["1" * 12] * 200}})),
        lambda world: world.role(trust() + " " * 4000),
    ),
    Case(
        "grant_names_no_principal", "MalformedPolicyDocument", "should not specify a principal",
        lambda world: world.put(grant(Principal="*")), lambda world: world.put(grant()),
    ),
    Case(
        "sids_are_alphanumeric", "MalformedPolicyDocument", "must be alpha-numeric",
        lambda world: world.put(grant(Sid="read-it")), lambda world: world.put(grant(Sid="ReadIt2")),
    ),
    Case(
        "resources_have_account_ids", "MalformedPolicyDocument", "failed legacy parsing",
        lambda world: world.put(grant(Resource="arn:aws:sqs:us-east-1:myself:queue")),
        lambda world: world.put(
            grant(Resource=["arn:aws:sqs:us-east-1:*:q", "arn:aws:s3:::b/*", "arn:aws:iam::aws:policy/x", "*"])
        ),
    ),
    Case(
        "managed_policy_fits", "LimitExceeded", "PolicySize: 6144",
        lambda world: world.policy(grant(Resource=["arn:aws:s3:::" + "b" * 60] * 100)),
        lambda world: world.policy(grant(Resource=["arn:aws:s3:::" + "b" * 60] * 70)),
    ),
    Case(
        "inline_policies_fit", "LimitExceeded", "10240 bytes exceeded for role",
        lambda world: world.put(grant(Resource=["arn:aws:s3:::" + "b" * 60] * 140)),
        lambda world: world.put(grant(Resource=["arn:aws:s3:::" + "b" * 60] * 120)),
    ),
    Case(
        "twenty_policies_per_role", "LimitExceeded", "PoliciesPerRole: 20",
        lambda world: world.attach(world.role(), 21), lambda world: world.attach(world.role(), 20),
    ),
    Case(
        "names_differ_by_more_than_case", "EntityAlreadyExists", "Role with name STRICT",
        lambda world: world.role(name=world.role().upper()), lambda world: world.role(),
    ),
    Case(
        "names_differ_by_more_than_case", "EntityAlreadyExists", "Policy with name STRICT",
        lambda world: world.policy(name=world.policy().split("/")[1].upper()), lambda world: world.policy(),
    ),
    Case(
        "boundary_exists", "NoSuchEntity", "does not exist or is not attachable",
        lambda world: world.role(PermissionsBoundary=f"{ACCOUNT}:policy/none"),
        lambda world: world.role(PermissionsBoundary=world.policy()),
    ),
    Case(
        "policy_is_free", "DeleteConflict", "attached to entities",
        lambda world: world.delete(world.attached()), lambda world: world.delete(world.policy()),
    ),
    Case(
        "policy_is_free", "DeleteConflict", "more than one version",
        lambda world: world.delete(world.versioned(2)), lambda world: world.delete(world.policy()),
    ),
    Case(
        "five_versions_per_policy", "LimitExceeded", "up to 5 versions",
        lambda world: world.versioned(6), lambda world: world.versioned(5),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)
