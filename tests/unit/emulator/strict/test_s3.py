"""S3 refuses what AWS's S3 refuses."""

import itertools
import json

import pytest
from rulecases import Case


class World:
    """S3 and a bucket."""

    def __init__(self, aws):
        self.s3, self.number = aws("s3"), itertools.count()
        self.bucket = self.make()

    def make(self, name=None):
        name = name or f"strict-{next(self.number)}"
        self.s3.create_bucket(Bucket=name)
        return name

    def policy(self, bucket=None, **statement):
        given = {
            "Effect": "Deny", "Principal": "*", "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{self.bucket}", f"arn:aws:s3:::{self.bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }  # fmt: skip
        kept = {key: value for key, value in (given | statement).items() if value is not None}
        text = json.dumps({"Version": "2012-10-17", "Statement": [kept]})
        self.s3.put_bucket_policy(Bucket=bucket or self.bucket, Policy=text)

    def open_bucket(self):
        made = self.make()
        self.s3.delete_public_access_block(Bucket=made)
        return made

    def lifecycle(self, *rules, **more):
        rules = rules or [more]
        filled = [{"Status": "Enabled", "Filter": {"Prefix": ""}} | rule for rule in rules]
        self.s3.put_bucket_lifecycle_configuration(Bucket=self.bucket, LifecycleConfiguration={"Rules": filled})


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def named(bad, good, says="The specified bucket is not valid"):
    return Case(
        "bucket_name_is_valid", "InvalidBucketName", says,
        lambda world: world.make(bad), lambda world: world.make(good),
    )  # fmt: skip


def written(says, bad, good):
    return Case(
        "bucket_policy_is_a_policy", "MalformedPolicy", says,
        lambda world: world.policy(**bad), lambda world: world.policy(**good),
    )  # fmt: skip


def living(rule, code, says, bad, good):
    return Case(rule, code, says, lambda world: world.lifecycle(*bad), lambda world: world.lifecycle(*good))


OBJECTS = {"Action": ["s3:GetObject"], "Effect": "Deny"}
EXPIRE = {"Expiration": {"Days": 60}}
ABORT = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}


def move(days, kind="GLACIER"):
    return {"Transitions": [{"Days": days, "StorageClass": kind}]}


def both(seldom, archive):
    return {"Transitions": [*move(seldom, "STANDARD_IA")["Transitions"], *move(archive)["Transitions"]]}


CASES = [
    named("Upper-case", "lower-case"),
    named("under_score", "hy-phen"),
    named("two..dots", "one.dot"),
    named("-hyphen", "hyphen-1"),
    named("192.168.1.1", "192.168.1.1a"),
    named("xn--something", "xn-something", "starts with a reserved prefix"),
    named("something-s3alias", "something-alias"),
    written("Missing required field Principal", {"Principal": None}, {}),
    written("Missing required field Resource", {"Resource": None}, {}),
    written("Policy has invalid resource", {"Resource": "arn:aws:s3:::somebody-else/*"}, {}),
    written("Policy has invalid action", {"Action": "sqs:*"}, {"Action": ["s3:PutObject", "s3:ListBucket"]}),
    written("Invalid principal in policy", {"Principal": {"Service": "x.amazonaws.com"}}, {}),
    Case(
        "bucket_policy_is_a_policy", "MalformedPolicy", "Action does not apply to any resource",
        lambda world: world.policy(**OBJECTS, Resource=f"arn:aws:s3:::{world.bucket}"),
        lambda world: world.policy(**OBJECTS, Resource=f"arn:aws:s3:::{world.bucket}/*"),
    ),
    Case(
        "bucket_policy_is_a_policy", "MalformedPolicy", "Policies must be valid JSON",
        lambda world: world.s3.put_bucket_policy(Bucket=world.bucket, Policy="{"), lambda world: world.policy(),
    ),
    Case(
        "public_policies_are_blocked", "AccessDenied", "BlockPublicPolicy",
        lambda world: world.policy(Effect="Allow"),
        lambda world: world.policy(Effect="Allow", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
    ),
    Case(
        "public_policies_are_blocked", "AccessDenied", "BlockPublicPolicy",
        lambda world: world.policy(Effect="Allow", Principal={"AWS": "*"}),
        lambda world: world.policy(Effect="Allow", Principal={"AWS": "123456789012"}),
    ),
    Case(
        "acls_are_off", "AccessControlListNotSupported", "does not allow ACLs",
        lambda world: world.s3.put_bucket_acl(Bucket=world.bucket, ACL="public-read"),
        lambda world: world.s3.put_bucket_acl(Bucket=world.bucket, ACL="private"),
    ),
    living("lifecycle_rules_do_something", "InvalidRequest", "At least one action", [{"ID": "a"}], [EXPIRE]),
    living(
        "lifecycle_ids_are_unique", "InvalidArgument", "must be unique",
        [{"ID": "a"} | EXPIRE, {"ID": "a"} | EXPIRE], [{"ID": "a"} | EXPIRE, {"ID": "b"} | EXPIRE],
    ),
    living(
        "lifecycle_ids_are_unique", "InvalidArgument", "limit of 255",
        [{"ID": "a" * 256} | EXPIRE], [{"ID": "a" * 255} | EXPIRE],
    ),
    living(
        "lifecycle_days_make_sense", "InvalidArgument", "must be a positive integer",
        [{"Expiration": {"Days": 0}}], [{"Expiration": {"Days": 1}}],
    ),
    living(
        "lifecycle_days_make_sense", "InvalidArgument", "must be 30 days more than",
        [both(5, 34)], [both(5, 35)],
    ),
    living(
        "lifecycle_days_make_sense", "InvalidArgument", "must be greater than 'Days' in the Transition",
        [EXPIRE | move(60)], [EXPIRE | move(59)],
    ),
    living(
        "uploads_are_aborted_by_prefix", "InvalidRequest", "cannot be specified with Tags",
        [ABORT | {"Filter": {"Tag": {"Key": "a", "Value": "b"}}}], [ABORT],
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_public_policy_where_it_is_allowed(world):
    bucket = world.open_bucket()
    world.policy(bucket, Effect="Allow", Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*")
