"""S3: bucket names, policies and lifecycles."""

import functools
import ipaddress
import re

import botocore.session

from emulator import ACCOUNT, policies
from emulator.strict import EVERY, MEASURED, RECORDED, Refusal, rule
from emulator.strict.shapes import MALFORMED

GUIDE = "S3 user guide"


@rule("s3", EVERY, code="InvalidBucketOwnerAWSAccountID", source=RECORDED)
def expected_owner_is_an_account(call):
    """The expected bucket owner is an account's id; the bucket must be that account's."""
    owner = call.parameters.get("ExpectedBucketOwner")
    if owner is None or owner == ACCOUNT:
        return None
    if re.fullmatch(r"\d{12}", owner):
        return Refusal("AccessDenied", "Access Denied", 403)
    return f"The value of the expected bucket owner parameter must be an AWS Account ID... [{owner}]"


def bucket_of(call):
    """Return the bucket that a call is about; None where there is none."""
    return call.backend().buckets.get(call.parameters["Bucket"])


# Creation


@rule("s3", "CreateBucket", code="InvalidBucketName", source=MEASURED + "pf-s3-bucket-name-*, " + RECORDED)
def bucket_name_is_valid(call):
    """A bucket's name has 3 to 63 lowercase letters, digits, dots and hyphens, and isn't one of those AWS keeps."""
    name = call.parameters["Bucket"]
    invalid = Refusal("InvalidBucketName", "The specified bucket is not valid.", members={"BucketName": name})
    if name.startswith(("xn--", "sthree-", "amzn-s3-demo-")):
        return "The requested bucket name starts with a reserved prefix"
    kept = name.endswith(("-s3alias", "--ol-s3", ".mrap", "--table-s3"))
    if kept or ".." in name or _is_address(name) or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        return invalid
    return None


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(name))
    except ValueError:
        return False


@functools.cache
def _regions() -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_available_regions("s3"))


@rule("s3", "CreateBucket", code="InvalidLocationConstraint", source=RECORDED)
def location_is_the_regions(call):
    """A bucket is made in the region that is asked, which is named but for us-east-1; that one makes it anywhere."""
    where = (call.parameters.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    if call.region != "us-east-1":
        if where in (call.region, "EU" if call.region == "eu-west-1" else call.region):
            return None
        message = f"The {where or 'unspecified'} location constraint is incompatible for the region specific endpoint"
        return Refusal("IllegalLocationConstraintException", f"{message} this request was sent to.")
    if where is None or where == "EU" or where in _regions() - {"us-east-1"}:
        return None
    message = "The specified location-constraint is not valid"
    return Refusal("InvalidLocationConstraint", message, members={"LocationConstraint": where})


@rule("s3", "ListBuckets", code="InvalidArgument", source=RECORDED)
def listed_region_exists(call):
    """Buckets are listed of a region that exists."""
    region = call.parameters.get("BucketRegion")
    if region is None or region in _regions():
        return None
    message = f"Argument value {region} is not a valid AWS Region"
    return Refusal("InvalidArgument", message, members={"ArgumentName": "bucket-region"})


_TAG = re.compile(r"[\w\s+\-=.:/@]*")


@rule("s3", "CreateBucket", "PutBucketTagging", code="InvalidTag", source=RECORDED)
def bucket_tags_are_tags(call):
    """A tag has a key and a value, of letters, digits, blanks and + - = . _ : / @; keys are unique and not AWS's."""
    given = call.parameters
    tags = (
        (given.get("CreateBucketConfiguration") or {}).get("Tags") or (given.get("Tagging") or {}).get("TagSet") or []
    )
    for one in tags:
        key, value = one.get("Key"), one.get("Value")
        if key is None or value is None:
            return Refusal("MalformedXML", MALFORMED)
        if key.startswith("aws:"):
            if "Tagging" in given:
                message = "System tags cannot be added/updated by requester"
                return Refusal("InvalidTag", message, members={"TagKey": key})
            return (
                'User-defined tag keys can\'t start with "aws:". This prefix is reserved for system tags. Remove '
                '"aws:" from your tag keys and try again.'
            )
        if not key or len(key) > 128 or not _TAG.fullmatch(key):
            return Refusal("InvalidTag", "The TagKey you have provided is invalid", members={"TagKey": key})
        if len(value) > 256 or not _TAG.fullmatch(value):
            members = {"TagKey": key, "TagValue": value}
            return Refusal("InvalidTag", "The TagValue you have provided is invalid", members=members)
    keys = [one["Key"] for one in tags]
    return "Cannot provide multiple Tags with the same key" if len(keys) != len(set(keys)) else None


# Versioning and ownership


@rule("s3", "PutBucketVersioning", code="IllegalVersioningConfigurationException", source=RECORDED)
def versioning_has_a_state(call):
    """Versioning is enabled or suspended; with object locks it stays enabled."""
    wanted, bucket = (call.parameters.get("VersioningConfiguration") or {}).get("Status"), bucket_of(call)
    if not wanted:
        return "The Versioning element must be specified"
    if bucket and bucket.object_lock_enabled and wanted != "Enabled":
        message = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
        return Refusal("InvalidBucketState", message, 409)
    return None


@rule("s3", "PutBucketOwnershipControls", code="MalformedXML", source=RECORDED)
def one_rule_of_ownership(call):
    """A bucket's objects are owned by one rule."""
    rules = (call.parameters.get("OwnershipControls") or {}).get("Rules") or []
    return MALFORMED if len(rules) != 1 else None


# Policies


@rule("s3", "PutBucketPolicy", code="MalformedPolicy", source=RECORDED + ", " + MEASURED + "pf-s3-bucket-policy-*")
def bucket_policy_is_a_policy(call):
    """A bucket's policy is a policy, about this bucket, with principals that exist."""
    given = call.parameters
    document = policies.read(_text(call))
    if document is None:
        return "Policies must be valid JSON and the first byte must be '{'"
    found = policies.statements(document)
    if not found:
        return "Missing required field Statement"
    for statement in found:
        for field, other in (
            ("Effect",) * 2,
            ("Principal", "NotPrincipal"),
            ("Action", "NotAction"),
            ("Resource", "NotResource"),
        ):
            if field not in statement and other not in statement:
                return f"Missing required field {field}"
        arn = re.compile(rf"arn:[^:]+:s3:::{re.escape(given['Bucket'])}(?:/.*)?", re.DOTALL)
        resources = policies.listed(statement.get("Resource", statement.get("NotResource")))
        if not all(arn.fullmatch(str(one)) for one in resources):
            return "Policy has invalid resource"
        actions = [str(one).lower() for one in policies.listed(statement.get("Action", statement.get("NotAction")))]
        if not all(one == "*" or one.startswith("s3:") for one in actions):
            return "Policy has invalid action"
        if (
            "Action" in statement
            and all(_OBJECTS.fullmatch(one) for one in actions)
            and all("/" not in str(one) for one in resources)
        ):
            return "Action does not apply to any resource(s) in statement"
    return "Invalid principal in policy" if policies.unknown_principals(document) else None


# Actions on objects only.
_OBJECTS = re.compile(r"s3:(?:get|put|delete|restore)object\w*|s3:abortmultipartupload|s3:listmultipartuploadparts")
# Conditions on one of these with a fixed value make a policy that names everybody a private one.
_FIXED = {
    "aws:principalorgid", "aws:principalorgpaths", "aws:principalarn", "aws:principalaccount", "aws:sourceaccount",
    "aws:sourcearn", "aws:sourceip", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:userid",
    "aws:vpcsourceip", "aws:principalservicename", "aws:principalservicenameslist", "aws:sourceorgid",
    "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "s3:x-amz-server-side-encryption-aws-kms-key-id",
}  # fmt: skip


def _text(call) -> str:
    text = call.parameters.get("Policy") or ""
    return text.decode() if isinstance(text, bytes) else text


def public(document: dict) -> bool:
    """Tell whether a policy lets everybody in."""
    for statement in policies.statements(document):
        keys = {key.lower() for keys in (statement.get("Condition") or {}).values() for key in keys}
        everybody = ("AWS", "*") in policies.principals(statement)
        if statement.get("Effect") == "Allow" and everybody and not keys & _FIXED:
            return True
    return False


@rule("s3", "PutBucketPolicy", code="AccessDenied", source=MEASURED + "pf-s3-policy-public-with-block-public-policy")
def public_policies_are_blocked(call):
    """A bucket that blocks public policies gets none."""
    bucket = call.backend().buckets.get(call.parameters["Bucket"])
    block = bucket.public_access_block if bucket else None
    if block is not None and block.block_public_policy and public(policies.read(_text(call)) or {}):
        resource = f"arn:aws:s3:::{bucket.name}"
        return (
            f'User: {call.caller} is not authorized to perform: s3:PutBucketPolicy on resource: "{resource}" because '
            "public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        )
    return None


@rule("s3", "PutBucketAcl", code="AccessControlListNotSupported", source=f"{GUIDE}, object ownership")
def acls_are_off(call):
    """A bucket whose owner owns everything in it has no ACL but its own."""
    bucket, given = call.backend().buckets.get(call.parameters["Bucket"]), call.parameters
    if bucket and bucket.ownership_rule == "BucketOwnerEnforced" and given.get("ACL", "private") != "private":
        return "The bucket does not allow ACLs"
    return None
