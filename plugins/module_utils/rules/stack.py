"""What all roles share: names, region, tags."""

from __future__ import annotations

import difflib
import itertools
import re
from fnmatch import fnmatchcase

from ..engine.names import NAMES
from ..engine.regions import regions
from ..kinds.catalogue import KINDS
from .registry import Sentences, Variable, rule

ACCOUNT = "123456789012"
# The longest part that a role adds to names with a part of its own; an alarm may have any that is sensible.
PART = "iam-db-auth-error"
TAGS = 50
PARTITION = "aws"
ELSEWHERE = {
    "aws-cn": "service principals and addresses end in .com.cn",
    "aws-us-gov": "there are no pipes of EventBridge and no public zones of Route 53",
}
# What roles and kinds add to a resource's tags, at most two of them, and what every resource has.
OURS = ("Component", "FinalSnapshot", "KeptFor", "Name", "RecoveryDays", "Stack", "UnmanagedRoutes")
ADDED = 2
STACK_TAGS = ("Application", "Environment", "Stack", "Region", "Profile", "ManagedBy")
OWN_TAGS = {key.lower(): key for key in (*STACK_TAGS, *OURS, "Release")}
LOG_RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
)  # fmt: skip


def longest_stack(region: str) -> tuple[int, str]:
    """Return how long a stack's name may be, and the kind of name that says so."""
    parts = {"state_bucket": (ACCOUNT, region), "dashboard": (region,)}
    return min(
        (limit - len(pattern.format(*parts.get(key, (PART, region)), stack="")), key)
        for key, (pattern, limit) in NAMES.items()
    )


@rule("stack_name", "stack_region")
def stack_name(name: Variable, region: Variable) -> Sentences:
    """All names begin with the stack's."""
    longest, key = longest_stack(region.value)
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name.value):
        yield f"{name}: allowed are lower-case letters, digits and single hyphens between them, a letter first"
    if len(name.value) > longest:
        yield (
            f"{name}, {len(name.value)} characters long: at most {longest} are allowed in {region.value}, "
            f"since AWS takes no longer name for the stack's {key.replace('_', ' ')}"
        )


@rule("stack_region")
def region(region: Variable) -> Sentences:
    """A misspelt region would only be an address that nobody answers; other partitions have names of their own."""
    partition = regions().get(region.value)
    ours = [name for name, of in regions().items() if of == PARTITION]
    if partition is None:
        near = difflib.get_close_matches(region.value, ours, 3, 0)
        yield f"{region}: it must be a region of AWS, for example {', '.join(near)}"
    elif partition != PARTITION:
        why = ELSEWHERE.get(partition, "nobody has tried there what the roles make")
        yield f"{region}, in the partition {partition}, where {why}: allowed are {', '.join(sorted(ours))}"


@rule("stack_lock_seconds")
def lock_seconds(seconds: Variable) -> Sentences:
    """A lease that can't be renewed in time locks nothing, and one of hours outlives a run that was killed."""
    if not 10 <= int(seconds.value) <= 3600:
        yield f"{seconds}: allowed are 10 to 3600 seconds; a run of any length renews its lock"


@rule("stack_lock_wait_seconds")
def lock_wait(seconds: Variable) -> Sentences:
    """A negative time would be none."""
    if int(seconds.value) < 0:
        yield f"{seconds}: allowed are 0, which fails at once, or the seconds to wait"


@rule("stack_recovery_days")
def recovery(days: Variable) -> Sentences:
    """Secrets Manager's and KMS's limits."""
    if days.value != 0 and not 7 <= days.value <= 30:
        yield f"{days}: allowed are 0 (deleted at once) and 7 to 30"


@rule("stack_expected_account")
def account(number: Variable) -> Sentences:
    """Accounts have numbers of twelve digits; YAML takes a leading zero off, where they aren't quoted."""
    if number.value and not re.fullmatch(r"[0-9]{12}", number.value):
        yield f"{number}: it must be the account's number, twelve digits in quotes, or empty for any account"


@rule("stack_protected", "stack_disposable")
def one_of_both(protected: Variable, disposable: Variable) -> Sentences:
    """What must not be lost isn't thrown away."""
    if protected.value and disposable.value:
        yield f"{protected}, and {disposable}: only one of them may be true"


@rule("stack_protected", "stack_recovery_days")
def recoverable(protected: Variable, days: Variable) -> Sentences:
    """What must not be lost isn't deleted at once."""
    if protected.value and days.value == 0:
        yield f"{protected}, and {days}: keys and secrets of a protected stack must be recoverable, for 7 to 30 days"


@rule("stack_protected", "database_final_snapshot")
def last_snapshot(protected: Variable, snapshot: Variable) -> Sentences:
    """Nor without a copy."""
    if protected.value and not snapshot.value:
        yield f"{protected}, and {snapshot}: the database of a protected stack must leave a final snapshot"


@rule("stack_state_retention_days")
def retention(days: Variable) -> Sentences:
    """S3 counts whole days."""
    if days.value < 1:
        yield f"{days}: at least 1 is allowed"


@rule("*_log_retention_days")
def log_retention(days: Variable) -> Sentences:
    """CloudWatch Logs keeps for certain times only."""
    if days.value not in LOG_RETENTIONS:
        yield f"{days}: CloudWatch Logs allows {', '.join(map(str, LOG_RETENTIONS))}"


@rule("stack_ignored_tags", "stack_tags")
def ignored_tags(ignored: Variable, own: Variable) -> Sentences:
    """What is ignored can't be what everything is found by, nor what the inventory declares."""
    for pattern in ignored.value:
        keys = [key for key in sorted({*own.value, *OURS}) if fnmatchcase(key, pattern)]
        if keys:
            yield f"{ignored}: {pattern!r} is the key of a tag that this code sets ({', '.join(keys)})"


@rule("stack_may_lose")
def may_lose(named: Variable) -> Sentences:
    """Each names one resource: everything at once would be no naming."""
    for one in named.value:
        kind, _slash, label = one.partition("/")
        if kind not in KINDS or not label:
            near = difflib.get_close_matches(kind, KINDS, 1, 0)
            yield f"{named}: {one!r} must be a kind and a name, such as {near[0]}/NAME"


@rule("*_tags")
def tags(tags: Variable) -> Sentences:
    """AWS's limits for tags."""
    if not isinstance(tags.value, dict):  # stack_ignored_tags
        return
    if len(tags.value) > TAGS - ADDED:
        yield (
            f"{tags.name} has {len(tags.value)} tags: at most {TAGS - ADDED} are allowed, "
            f"since AWS takes {TAGS} and {ADDED} are added, such as Component and Name"
        )
    for one, other in itertools.combinations(map(str, tags.value), 2):
        if one.lower() == other.lower():
            yield f"{tags.name} has the tags {one!r} and {other!r}: IAM takes no two that differ only in case"
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
        elif any(text != text.strip() for text in (key, value)):
            yield f"{where} with the value {value!r}: allowed are spaces between other letters only"


@rule("stack_extra_tags")
def extra_tags(tags: Variable) -> Sentences:
    """By our own tags everything is found again."""
    most = TAGS - ADDED - len(STACK_TAGS)
    if len(tags.value) > most:
        yield (
            f"{tags.name} has {len(tags.value)} tags: at most {most} are allowed, since AWS takes {TAGS} and the "
            f"collection adds {TAGS - most}"
        )
    for key in map(str, tags.value):
        if key.lower() in OWN_TAGS:
            yield f"{tags.name} has the tag {key!r}: {OWN_TAGS[key.lower()]} is the collection's; choose another key"


@rule("*_tags", "stack_name")
def whose(tags: Variable, stack: Variable) -> Sentences:
    """What hasn't the tag is found by nothing: neither by a second run nor by a destroy."""
    if tags.name in ("stack_extra_tags", "stack_ignored_tags"):
        return
    if tags.value.get("Stack") != stack.value:
        yield (
            f"{tags.name} has the tag Stack with the value {tags.value.get('Stack')!r}, but stack_name is "
            f"{stack.value!r}: by this tag everything of a stack is found; add tags with stack_extra_tags"
        )
