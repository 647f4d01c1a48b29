"""S3: bucket names, policies and lifecycles."""

import ipaddress
import re

from emulator import policies
from emulator.strict import rule

GUIDE = "S3 user guide"
MEASURED = "badmintoncryer/cdk-preflight "
RECORDED = "localstack: answers recorded from AWS"


@rule("s3", "CreateBucket", code="InvalidBucketName", source=MEASURED + "pf-s3-bucket-name-*, " + RECORDED)
def bucket_name_is_valid(call):
    """A bucket's name has 3 to 63 lowercase letters, digits, dots and hyphens, and isn't one of those AWS keeps."""
    name = call.parameters["Bucket"]
    if name.startswith(("xn--", "sthree-", "amzn-s3-demo-")):
        return "The requested bucket name starts with a reserved prefix"
    kept = name.endswith(("-s3alias", "--ol-s3", ".mrap", "--table-s3"))
    if kept or ".." in name or _is_address(name) or not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        return "The specified bucket is not valid."
    return None


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(name))
    except ValueError:
        return False


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


# Lifecycles

ACTIONS = (
    "Expiration", "Transitions", "NoncurrentVersionTransitions", "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
)  # fmt: skip
WRITE = "PutBucketLifecycleConfiguration"


def _rules(call) -> list[dict]:
    return (call.parameters.get("LifecycleConfiguration") or {}).get("Rules") or []


@rule("s3", WRITE, code="InvalidRequest", source=MEASURED + "pf-s3-lifecycle-rule-no-action")
def lifecycle_rules_do_something(call):
    """Each lifecycle rule has an action."""
    if any(not any(one.get(action) for action in ACTIONS) for one in _rules(call)):
        return "At least one action needs to be specified in a rule"
    return None


@rule("s3", WRITE, code="InvalidArgument", source=MEASURED + "pf-s3-lifecycle-rule-id-duplicate")
def lifecycle_ids_are_unique(call):
    """Each lifecycle rule has an id of its own, of up to 255 characters."""
    ids = [one["ID"] for one in _rules(call) if one.get("ID")]
    if len(ids) != len(set(ids)):
        return "Rule ID must be unique. Found same ID for more than one rule"
    if any(len(one) > 255 for one in ids):
        return "ID length should not exceed allowed limit of 255"
    return None


@rule("s3", WRITE, code="InvalidArgument", source=MEASURED + "pf-s3-lifecycle-days-order, -expiration-positive")
def lifecycle_days_make_sense(call):
    """Days are positive; archives come 30 days after infrequent access, and expiry after every transition."""
    for one in _rules(call):
        expires = (one.get("Expiration") or {}).get("Days")
        if expires is not None and expires < 1:
            return "'Days' for Expiration action must be a positive integer"
        moves = {move.get("StorageClass"): move["Days"] for move in one.get("Transitions") or [] if "Days" in move}
        seldom = moves.get("STANDARD_IA", moves.get("ONEZONE_IA"))
        for kind, days in moves.items():
            if seldom is not None and kind in ("GLACIER", "DEEP_ARCHIVE") and days < seldom + 30:
                return (
                    f"'Days' in the 'Transition' action for StorageClass '{kind}' must be 30 days more than the "
                    "'Transition' action for StorageClass 'STANDARD_IA'"
                )
            if expires is not None and expires <= days:
                prefix = (one.get("Filter") or {}).get("Prefix") or one.get("Prefix") or ""
                return (
                    f"'Days' in the Expiration action for filter '(prefix={prefix})' must be greater than 'Days' in "
                    "the Transition action"
                )
    return None


@rule("s3", WRITE, code="InvalidRequest", source=MEASURED + "pf-s3-lifecycle-abort-mpu-with-tag-filter")
def uploads_are_aborted_by_prefix(call):
    """Incomplete uploads have no tags to filter by."""
    for one in _rules(call):
        chosen = one.get("Filter") or {}
        if one.get("AbortIncompleteMultipartUpload") and (chosen.get("Tag") or (chosen.get("And") or {}).get("Tags")):
            return "AbortIncompleteMultipartUpload cannot be specified with Tags."
    return None
