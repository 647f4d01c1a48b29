"""S3 refuses what AWS's S3 refuses."""

import base64
import datetime
import itertools
import json

import pytest
from rulecases import Case


class World:
    """S3 and a bucket."""

    def __init__(self, aws):
        self.aws, self.s3, self.number = aws, aws("s3"), itertools.count()
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

    def locked(self):
        made = f"locked-{next(self.number)}"
        self.s3.create_bucket(Bucket=made, ObjectLockEnabledForBucket=True)
        return made

    def ownership(self, *owners):
        rules = [{"ObjectOwnership": one} for one in owners]
        self.s3.put_bucket_ownership_controls(Bucket=self.bucket, OwnershipControls={"Rules": rules})

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


DAY = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)
TAGS = [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]
HASH = "MIcJ2F3LtGbZ1pG41xzL8g=="  # any 16 bytes


def owned(code, says, owner):
    return Case(
        "expected_owner_is_an_account", code, says,
        lambda world: world.s3.list_objects_v2(Bucket=world.bucket, ExpectedBucketOwner=owner),
        lambda world: world.s3.list_objects_v2(Bucket=world.bucket, ExpectedBucketOwner="123456789012"),
    )  # fmt: skip


def located(region, where, good, code, says):
    def make(world, constraint):
        world.aws("s3", region).create_bucket(
            Bucket=f"located-{next(world.number)}", CreateBucketConfiguration={"LocationConstraint": constraint}
        )

    return Case(
        "location_is_the_regions", code, says, lambda world: make(world, where), lambda world: make(world, good)
    )


def tagged(code, says, *tags):
    def put(world, *tags):
        world.s3.put_bucket_tagging(Bucket=world.bucket, Tagging={"TagSet": [*tags]})

    return Case(
        "bucket_tags_are_tags", code, says, lambda world: put(world, *tags), lambda world: put(world, *TAGS[:1])
    )


def put(rule, code, says, good=None, **bad):
    def write(world, given):
        world.s3.put_object(**{"Bucket": world.bucket, "Key": "k", "Body": b"x"} | given)

    return Case(rule, code, says, lambda world: write(world, bad), lambda world: write(world, good or {}))


def customers(code, says, **bad):
    """A key that the caller brings along: boto3 encodes it, and adds its hash where that isn't given."""
    good = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
    return put("customers_keys_are_whole", code, says, good, **bad)


def versioned(world, bucket, status):
    world.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status} if status else {})


CASES = [
    owned("InvalidBucketOwnerAWSAccountID", "must be an AWS Account ID... [abc]", "abc"),
    owned("AccessDenied", "Access Denied", "210987654321"),
    located("us-east-1", "us-east-1", "us-west-2", "InvalidLocationConstraint", "constraint is not valid"),
    located("us-east-1", "moon", "eu-west-1", "InvalidLocationConstraint", "constraint is not valid"),
    located("eu-west-1", "us-west-2", "eu-west-1", "IllegalLocationConstraintException", "The us-west-2 location"),
    Case(
        "listed_region_exists", "InvalidArgument", "eu-east-1 is not a valid AWS Region",
        lambda world: world.s3.list_buckets(BucketRegion="eu-east-1"),
        lambda world: world.s3.list_buckets(BucketRegion="eu-west-1"),
    ),
    tagged("InvalidTag", "System tags cannot be", {"Key": "aws:a", "Value": "b"}),
    Case(
        "bucket_tags_are_tags", "InvalidTag", "can't start with",
        lambda world: world.s3.create_bucket(
            Bucket=f"tagged-{next(world.number)}", CreateBucketConfiguration={"Tags": [{"Key": "aws:a", "Value": "b"}]}
        ),
        lambda world: world.s3.create_bucket(
            Bucket=f"tagged-{next(world.number)}", CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]}
        ),
    ),
    tagged("InvalidTag", "TagKey you have provided", {"Key": "a,b", "Value": "b"}),
    tagged("InvalidTag", "TagValue you have provided", {"Key": "a", "Value": "b,c"}),
    tagged("InvalidTag", "multiple Tags with the same key", *TAGS),
    Case(
        "versioning_has_a_state", "IllegalVersioningConfigurationException", "must be specified",
        lambda world: versioned(world, world.bucket, None), lambda world: versioned(world, world.bucket, "Suspended"),
    ),
    Case(
        "versioning_has_a_state", "InvalidBucketState", "An Object Lock configuration is present",
        lambda world: versioned(world, world.locked(), "Suspended"),
        lambda world: versioned(world, world.locked(), "Enabled"),
    ),
    Case(
        "one_rule_of_ownership", "MalformedXML", "not well-formed",
        lambda world: world.ownership("BucketOwnerEnforced", "ObjectWriter"),
        lambda world: world.ownership("BucketOwnerEnforced"),
    ),
    living(
        "lifecycle_rules_are_whole", "MalformedXML", "not well-formed",
        [EXPIRE | {"NoncurrentVersionExpiration": {}}], [EXPIRE | {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}],
    ),
    living(
        "lifecycle_rules_are_whole", "MalformedXML", "not well-formed",
        [EXPIRE | {"Filter": {"Prefix": "", "ObjectSizeGreaterThan": 5}}], [EXPIRE | {"Filter": {"Prefix": ""}}],
    ),
    living(
        "lifecycle_rules_are_whole", "MalformedXML", "not well-formed",
        [{"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}],
        [{"Expiration": {"ExpiredObjectDeleteMarker": True}}],
    ),
    living(
        "lifecycle_filters_by_each_tag_once", "InvalidRequest", "Duplicate Tag Keys",
        [EXPIRE | {"Filter": {"And": {"Tags": TAGS}}}], [EXPIRE | {"Filter": {"Tag": TAGS[0]}}],
    ),
    living(
        "lifecycle_dates_are_midnights", "InvalidArgument", "must be at midnight GMT",
        [{"Expiration": {"Date": DAY.replace(minute=1)}}], [{"Expiration": {"Date": DAY}}],
    ),
    put("writes_have_one_condition", "NotImplemented", "not implemented", IfNoneMatch="abc"),
    put("writes_have_one_condition", "NotImplemented", "not implemented", IfMatch="*"),
    put("writes_have_one_condition", "NotImplemented", "not implemented", IfMatch="abc", IfNoneMatch="*"),
    put("one_checksum_of_its_size", "InvalidRequest", "sha256 header is invalid", ChecksumSHA256="abc"),
    put("one_checksum_of_its_size", "InvalidRequest", "single x-amz-checksum-", ChecksumSHA256="a", ChecksumCRC32="b"),
    customers("InvalidArgument", "valid encryption algorithm", SSECustomerKey="k" * 32),
    customers("InvalidArgument", "secret key was invalid", SSECustomerKey="k" * 10, SSECustomerAlgorithm="AES256"),
    customers("InvalidArgument", "appropriate secret key", SSECustomerKeyMD5=HASH, SSECustomerAlgorithm="AES256"),
    customers(
        "InvalidArgument", "did not match the hash",
        SSECustomerKey=base64.b64encode(b"k" * 32).decode(), SSECustomerKeyMD5=HASH, SSECustomerAlgorithm="AES256",
    ),
    customers(
        "InvalidEncryptionAlgorithmError", "Supported value: AES256", SSECustomerKey="k" * 32, SSECustomerAlgorithm="KMS"
    ),
    customers(
        "InvalidArgument", "incompatible with the encryption method",
        SSECustomerKey="k" * 32, SSECustomerAlgorithm="AES256", ServerSideEncryption="AES256",
    ),
    Case(
        "locks_are_bypassed_where_they_are", "InvalidArgument", "only applicable to Object Lock enabled buckets",
        lambda world: world.s3.delete_object(Bucket=world.bucket, Key="k", BypassGovernanceRetention=True),
        lambda world: world.s3.delete_object(Bucket=world.locked(), Key="k", BypassGovernanceRetention=True),
    ),
    Case(
        "versions_are_marked_with_their_key", "InvalidArgument", "cannot be specified without a key marker",
        lambda world: world.s3.list_object_versions(Bucket=world.bucket, VersionIdMarker="v"),
        lambda world: world.s3.list_object_versions(Bucket=world.bucket, VersionIdMarker="v", KeyMarker="k"),
    ),
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
