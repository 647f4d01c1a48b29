"""S3: lifecycles."""

from emulator.strict import MEASURED, RECORDED, Refusal, rule
from emulator.strict.shapes import MALFORMED

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


@rule("s3", WRITE, code="MalformedXML", source=RECORDED)
def lifecycle_rules_are_whole(call):
    """A rule's filter has one part, an expiry either days, a date or delete markers, old versions their days."""
    for one in _rules(call):
        expires = one.get("Expiration") or {}
        old = one.get("NoncurrentVersionExpiration")
        marked = "ExpiredObjectDeleteMarker" in expires and ("Days" in expires or "Date" in expires)
        if len(one.get("Filter") or {}) > 1 or (old is not None and "NoncurrentDays" not in old) or marked:
            return MALFORMED
    return None


@rule("s3", WRITE, code="InvalidRequest", source=RECORDED)
def lifecycle_filters_by_each_tag_once(call):
    """A filter names each tag once."""
    for one in _rules(call):
        keys = [tag["Key"] for tag in ((one.get("Filter") or {}).get("And") or {}).get("Tags") or []]
        if len(keys) != len(set(keys)):
            return "Duplicate Tag Keys are not allowed."
    return None


@rule("s3", WRITE, code="InvalidArgument", source=RECORDED)
def lifecycle_dates_are_midnights(call):
    """What happens at a date happens at midnight."""
    for one in _rules(call):
        dates = [
            action["Date"]
            for action in (one.get("Expiration") or {}, *(one.get("Transitions") or []))
            if "Date" in action
        ]
        for date in dates:
            if (date.hour, date.minute, date.second) != (0, 0, 0):
                members = {"ArgumentName": "Date", "ArgumentValue": f"{date:%Y-%m-%dT%H:%M:%S}.000Z"}
                return Refusal("InvalidArgument", "'Date' must be at midnight GMT", members=members)
    return None


@rule("s3", WRITE, code="InvalidRequest", source=MEASURED + "pf-s3-lifecycle-abort-mpu-with-tag-filter")
def uploads_are_aborted_by_prefix(call):
    """Incomplete uploads have no tags to filter by."""
    for one in _rules(call):
        chosen = one.get("Filter") or {}
        if one.get("AbortIncompleteMultipartUpload") and (chosen.get("Tag") or (chosen.get("And") or {}).get("Tags")):
            return "AbortIncompleteMultipartUpload cannot be specified with Tags."
    return None
