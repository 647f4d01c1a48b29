"""What all roles share: names, region, tags."""

from __future__ import annotations

import difflib
import re
from fnmatch import fnmatchcase
from functools import cache

from ..engine.names import NAMES
from ..kinds.catalogue import KINDS
from .registry import rule

ACCOUNT = "123456789012"
# The longest part that a role adds to names with a part of its own.
PART = "secretsmanager"
TAGS = 50
# What roles and kinds add to a resource's tags.
OURS = ("Component", "FinalSnapshot", "KeptFor", "Name", "RecoveryDays", "Stack", "UnmanagedRoutes")
# Component, and EC2's Name.
OWN_TAGS = 2
LOG_RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
)  # fmt: skip


def longest_stack(region: str) -> tuple[int, str]:
    """Return how long a stack's name may be, and the kind of name that says so."""
    parts = {"state_bucket": (ACCOUNT, region)}
    return min(
        (limit - len(pattern.format(*parts.get(key, (PART,)), stack="")), key)
        for key, (pattern, limit) in NAMES.items()
    )


@rule("stack_name", "stack_region")
def stack_name(name, region):
    """All names begin with the stack's."""
    longest, key = longest_stack(region.value)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name.value):
        yield f"{name}: allowed are lower-case letters, digits and single hyphens between them, a letter first"
    if len(name.value) > longest:
        yield (
            f"{name}, {len(name.value)} characters long: at most {longest} are allowed, "
            f"since AWS takes no longer name for the stack's {key.replace('_', ' ')}"
        )


@cache
def regions() -> frozenset[str]:
    """Return the regions that this release of botocore knows."""
    import boto3

    session = boto3.session.Session()
    return frozenset(
        name
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("ec2", partition_name=partition)
    )


@rule("stack_region")
def region(region):
    """A misspelt region would only be an address that nobody answers."""
    if region.value not in regions():
        near = difflib.get_close_matches(region.value, regions(), 3, 0)
        yield f"{region}: it must be a region of AWS, for example {', '.join(near)}"


@rule("stack_lock_seconds")
def lock_seconds(seconds):
    """A lock that expires while its run goes on locks nothing."""
    if int(seconds.value) < 60:
        yield f"{seconds}: allowed are 60 seconds or more, and more than an apply takes"


@rule("stack_lock_wait_seconds")
def lock_wait(seconds):
    """A negative time would be none."""
    if int(seconds.value) < 0:
        yield f"{seconds}: allowed are 0, which fails at once, or the seconds to wait"


@rule("stack_recovery_days")
def recovery(days):
    """Secrets Manager's and KMS's limits."""
    if days.value != 0 and not 7 <= days.value <= 30:
        yield f"{days}: allowed are 0 (deleted at once) and 7 to 30"


@rule("stack_protected", "stack_recovery_days")
def recoverable(protected, days):
    """What must not be lost isn't deleted at once."""
    if protected.value and days.value == 0:
        yield f"{protected}, and {days}: keys and secrets of a protected stack must be recoverable, for 7 to 30 days"


@rule("stack_protected", "database_final_snapshot")
def last_snapshot(protected, snapshot):
    """Nor without a copy."""
    if protected.value and not snapshot.value:
        yield f"{protected}, and {snapshot}: the database of a protected stack must leave a final snapshot"


@rule("stack_state_retention_days")
def retention(days):
    """S3 counts whole days."""
    if days.value < 1:
        yield f"{days}: at least 1 is allowed"


@rule("*_log_retention_days")
def log_retention(days):
    """CloudWatch Logs keeps for certain times only."""
    if days.value not in LOG_RETENTIONS:
        yield f"{days}: CloudWatch Logs allows {', '.join(map(str, LOG_RETENTIONS))}"


@rule("stack_ignored_tags", "stack_tags")
def ignored_tags(ignored, own):
    """What is ignored can't be what everything is found by, nor what the inventory declares."""
    for pattern in ignored.value:
        keys = [key for key in sorted({*own.value, *OURS}) if fnmatchcase(key, pattern)]
        if keys:
            yield f"{ignored}: {pattern!r} is the key of a tag that this code sets ({', '.join(keys)})"


@rule("stack_may_lose")
def may_lose(named):
    """Each names one resource: everything at once would be no naming."""
    for one in named.value:
        kind, _slash, label = one.partition("/")
        if kind not in KINDS or not label:
            near = difflib.get_close_matches(kind, KINDS, 1, 0)
            yield f"{named}: {one!r} must be a kind and a name, such as {near[0]}/NAME"


@rule("*_tags")
def tags(tags):
    """AWS's limits for tags."""
    if not isinstance(tags.value, dict):  # stack_ignored_tags
        return
    if len(tags.value) > TAGS - OWN_TAGS:
        yield (
            f"{tags.name} has {len(tags.value)} tags: at most {TAGS - OWN_TAGS} are allowed, "
            "since AWS takes 50 and Component and Name are added"
        )
    for key, value in tags.value.items():
        where = f"{tags.name} has the tag {key!r}"
        if not isinstance(key, str) or not isinstance(value, str):
            yield f"{where} with the value {value!r}: both must be text, so write them in quotes"
        elif key.lower().startswith("aws:"):
            yield f"{where}: AWS keeps the prefix aws: for itself"
        elif not 1 <= len(key) <= 128 or len(value) > 256:
            yield f"{where} with the value {value!r}: allowed are keys of 1 to 128 and values of up to 256 characters"
        elif not all(re.fullmatch(r"[\w .:/=+@-]*", text) for text in (key, value)):
            yield f"{where} with the value {value!r}: allowed are letters, digits, spaces and _ . : / = + - @"
