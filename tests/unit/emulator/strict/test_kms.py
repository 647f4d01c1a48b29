"""KMS refuses what AWS's KMS refuses, and RDS keys that it can't use."""

import itertools
import json

import pytest
from rulecases import Case

ACCOUNT = "arn:aws:iam::123456789012"
OWN = {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def use(service):
    return {"Effect": "Allow", "Principal": {"Service": service}, "Action": "kms:GenerateDataKey*", "Resource": "*"}


class World:
    """KMS, and services that take a key."""

    def __init__(self, aws):
        self.kms, self.rds, self.number = aws("kms"), aws("rds"), itertools.count()

    def key(self, *statements, **more):
        return self.kms.create_key(Policy=policy(*statements or [OWN]), **more)["KeyMetadata"]["Arn"]

    def delete(self, days, key=None):
        self.kms.schedule_key_deletion(KeyId=key or self.key(), PendingWindowInDays=days)

    def doomed(self):
        made = self.key()
        self.delete(7, made)
        return made

    def alias(self, key, prefix="alias"):
        self.kms.create_alias(AliasName=f"{prefix}/strict-{next(self.number)}", TargetKeyId=key)

    def database(self, key):
        self.rds.create_db_instance(
            DBInstanceIdentifier=f"strict-kms-{next(self.number)}", DBInstanceClass="db.t4g.micro", Engine="postgres",
            AllocatedStorage=20, StorageType="gp3", MasterUsername="someone", ManageMasterUserPassword=True,
            StorageEncrypted=True, KmsKeyId=key,
        )  # fmt: skip


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


BAD = "MalformedPolicyDocumentException"
MISSING = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
LOGS = "logs.us-east-1.amazonaws.com"


def tagged(keys):
    return [{"TagKey": key, "TagValue": "v"} for key in keys]


CASES = [
    Case(
        "key_policy_is_a_policy", BAD, "a statement with no principal",
        lambda world: world.key({key: value for key, value in OWN.items() if key != "Principal"}),
        lambda world: world.key(OWN),
    ),
    Case(
        "key_principals_exist", BAD, "one or more invalid principals",
        lambda world: world.key(OWN, use("lamda.amazonaws.com")), lambda world: world.key(OWN, use(LOGS)),
    ),
    Case(
        "key_principals_exist", BAD, "one or more invalid principals",
        lambda world: world.key(OWN, OWN | {"Principal": {"AWS": f"{ACCOUNT}:role/nobody"}}),
        lambda world: world.key(OWN, OWN | {"Principal": {"AWS": "arn:aws:iam::999999999999:role/x"}}),
    ),
    Case(
        "key_can_still_be_managed", BAD, "will not allow you to update the key policy in the future",
        lambda world: world.key(OWN | {"Action": ["kms:Encrypt", "kms:Decrypt"]}),
        lambda world: world.key(OWN | {"Action": ["kms:Put*", "kms:Decrypt"]}),
    ),
    Case(
        "key_can_still_be_managed", BAD, "will not allow you to update the key policy in the future",
        lambda world: world.kms.put_key_policy(KeyId=world.key(), PolicyName="default", Policy=policy(use(LOGS))),
        lambda world: world.kms.put_key_policy(
            KeyId=world.key(), PolicyName="default", Policy=policy(use(LOGS)), BypassPolicyLockoutSafetyCheck=True
        ),
    ),
    Case(
        "key_policy_is_a_policy", BAD, "not syntactically or semantically correct",
        lambda world: world.kms.create_key(Policy="{"), lambda world: world.key(OWN),
    ),
    Case(
        "alias_is_not_an_aws_one", "NotAuthorizedException", "cannot begin with alias/aws/",
        lambda world: world.alias(world.key(), "alias/aws"), lambda world: world.alias(world.key()),
    ),
    Case(
        "alias_has_its_prefix", "ValidationException", 'must start with the prefix "alias/"',
        lambda world: world.kms.delete_alias(AliasName="plain"), lambda world: world.alias(world.key()),
    ),
    Case(
        "asymmetric_keys_say_their_usage", "ValidationException", "must specify a KeyUsage",
        lambda world: world.kms.create_key(KeySpec="HMAC_256"),
        lambda world: world.kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC"),
    ),
    *(
        Case(
            "key_tags_are_ours_and_fifty", "TagException", says,
            lambda world, tags=tags: world.kms.tag_resource(KeyId=world.key(), Tags=tagged(tags)),
            lambda world: world.kms.tag_resource(KeyId=world.key(), Tags=tagged(map(str, range(50)))),
        )
        for says, tags in (
            ("beginning with aws:", ["AWS:a"]), ("Duplicate tag keys", ["a", "a"]), ("Too many tags", [*map(str, range(51))]),
        )
    ),
    Case(
        "pending_window_is_7_to_30_days", "ValidationException", "greater than or equal to 7",
        lambda world: world.delete(6), lambda world: world.delete(7),
    ),
    Case(
        "pending_window_is_7_to_30_days", "ValidationException", "less than or equal to 30",
        lambda world: world.delete(31), lambda world: world.delete(30),
    ),
    Case(
        "key_is_not_being_deleted", "KMSInvalidStateException", "is pending deletion",
        lambda world: world.alias(world.doomed()), lambda world: world.alias(world.key()),
    ),
    Case(
        "database_key_is_accessible", "KMSKeyNotAccessibleFault", "does not exist, is not enabled",
        lambda world: world.database(MISSING), lambda world: world.database(world.key()),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)
