"""Secrets Manager refuses what AWS's does."""

import io
import itertools
import json
import zipfile

import pytest
from rulecases import Case

ACCOUNT = "arn:aws:iam::123456789012"


class World:
    """Secrets Manager."""

    def __init__(self, aws):
        self.aws, self.secrets, self.number = aws, aws("secretsmanager"), itertools.count()

    def make(self, name=None):
        name = name or f"strict/{next(self.number)}"
        self.secrets.create_secret(Name=name, SecretString="x")
        return name

    def deleted(self, **more):
        name = self.make()
        self.secrets.delete_secret(SecretId=name, **more or {"RecoveryWindowInDays": 7})
        return name

    def put(self, name):
        self.secrets.put_secret_value(SecretId=name, SecretString="y")

    def tag(self, name):
        self.secrets.tag_resource(SecretId=name, Tags=[{"Key": "a", "Value": "b"}])

    def function(self):
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        role = self.aws("iam").create_role(
            RoleName="strict-rotate",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )["Role"]["Arn"]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.py", "def b(event, context):\n    return None\n")
        code = {"ZipFile": packed.getvalue()}
        given = {"FunctionName": "strict-rotate", "Runtime": "python3.13", "Handler": "a.b", "Role": role, "Code": code}
        return self.aws("lambda").create_function(**given)["FunctionArn"]

    def rotate(self, **more):
        self.secrets.rotate_secret(SecretId=self.make(), **more)

    def policy(self, block=False, **statement):
        given = {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Resource": "*"}
        given |= {"Action": "secretsmanager:GetSecretValue"} | statement
        text = json.dumps({"Version": "2012-10-17", "Statement": [given]})
        self.secrets.put_resource_policy(SecretId=self.make(), ResourcePolicy=text, BlockPublicPolicy=block)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


MARKED = "was marked for deletion"
CASES = [
    Case(
        "secret_name_is_plain", "ValidationException", "Invalid name",
        lambda world: world.make("strict:a"), lambda world: world.make("strict/a_+=.@-!"),
    ),
    Case(
        "secret_name_is_not_being_deleted", "InvalidRequestException", "already scheduled for deletion",
        lambda world: world.make(world.deleted()),
        lambda world: world.make(world.deleted(ForceDeleteWithoutRecovery=True)),
    ),
    Case(
        "secret_is_not_being_deleted", "InvalidRequestException", MARKED,
        lambda world: world.put(world.deleted()), lambda world: world.put(world.make()),
    ),
    Case(
        "secret_is_not_being_deleted", "InvalidRequestException", MARKED,
        lambda world: world.tag(world.deleted()), lambda world: world.tag(world.make()),
    ),
    Case(
        "rotation_has_a_function", "InvalidRequestException", "No Lambda rotation function ARN",
        lambda world: world.rotate(), lambda world: world.rotate(RotationLambdaARN=world.function(), RotateImmediately=False),
    ),
    Case(
        "secret_policy_is_a_policy", "MalformedPolicyDocumentException", "unsupported principal",
        lambda world: world.policy(Principal={"AWS": f"{ACCOUNT}:role/nobody"}), lambda world: world.policy(),
    ),
    Case(
        "secret_policy_is_a_policy", "MalformedPolicyDocumentException", "syntax errors",
        lambda world: world.secrets.put_resource_policy(SecretId=world.make(), ResourcePolicy="{"),
        lambda world: world.policy(),
    ),
    Case(
        "public_secret_policies_are_blocked", "PublicPolicyException", "did not prevent broad access",
        lambda world: world.policy(block=True, Principal="*"), lambda world: world.policy(block=True),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_value_can_be_decrypted(world, refused):
    old, new = (world.aws("kms").create_key()["KeyMetadata"]["KeyId"] for _key in range(2))
    for name in ("strict/late", "strict/in-time"):
        world.secrets.create_secret(Name=name, SecretString="x", KmsKeyId=old)
    world.secrets.update_secret(SecretId="strict/in-time", KmsKeyId=new)
    world.aws("kms").schedule_key_deletion(KeyId=old)
    world.secrets.update_secret(SecretId="strict/late", KmsKeyId=new)
    world.secrets.get_secret_value(SecretId="strict/in-time")
    refused("DecryptionFailure", world.secrets.get_secret_value, SecretId="strict/late")
    world.put("strict/late")
    world.secrets.get_secret_value(SecretId="strict/late")


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("create_secret", "InvalidRequestException"), ("put_secret_value", "InvalidRequestException"),
        ("update_secret", "InvalidRequestException"), ("rotate_secret", "InvalidParameterException"),
    ],
)  # fmt: skip
def test_versions_have_tokens(aws, refused, operation, code):
    """boto3 makes a token where none is given: a client of its own is kept from sending it."""

    def drop(params, **_event):
        sent = json.loads(params["body"])
        assert sent.pop("ClientRequestToken")
        params["body"] = json.dumps(sent).encode()

    client = aws("secretsmanager", "eu-west-3")
    client.meta.events.register("before-call.secretsmanager", drop, unique_id="tokens")
    given = {"Name": "tokens"} if operation == "create_secret" else {"SecretId": "tokens"}
    error = refused(code, getattr(client, operation), **given)
    assert error["Message"] == "You must provide a ClientRequestToken value. We recommend a UUID-type value."


def test_errors_have_the_members_of_the_model(world, refused):
    name = world.make()
    error = refused("ResourceExistsException", world.make, name)
    assert error["Message"] == error["Error"]["Message"]
    assert refused("ResourceNotFoundException", world.put, "absent")["ResponseMetadata"]["HTTPStatusCode"] == 400
