"""Whose a stack is: the inventory's host that applied it, and the profile that it was applied with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import record, state
from . import tags as tagging
from .aws import unless

if TYPE_CHECKING:
    from .aws import Aws

UNTAGGED = ("NoSuchTagSet", *state.MISSING)


def owner(aws: Aws, stack: str) -> dict[str, str]:
    """Return the ``host`` and the ``profile`` that applied a stack, as far as they are known.

    Where nothing is recorded yet, a first apply that was interrupted has tagged the stack's bucket.
    """
    recorded, _damage = record.last(aws, stack)
    if recorded:
        host, profile = (recorded.get(key) or "" for key in record.OWNER)
        return {"host": host, "profile": profile}
    told = unless(UNTAGGED, aws("s3").get_bucket_tagging, Bucket=state.bucket(aws, stack), otherwise={})
    return {"host": "", "profile": tagging.from_list(told.get("TagSet")).get("Profile", "")}


def refusal(where: str, found: dict[str, str], host: str, profile: str, moved_from: str) -> str:
    """Return why a host may not have a stack, in a sentence; nothing if it may. ``where`` names stack and region."""
    another = "give this host another stack_name or stack_region"
    if found["profile"] not in ("", profile):
        return (
            f"stack_profile is {profile!r}, but {where} was applied with the profile {found['profile']!r}, and a stack "
            f"keeps its profile: {another}, or destroy that stack first, as its own host"
        )
    if found["host"] not in ("", host, moved_from):
        return (
            f"the host {host} has the stack {where}, but that was applied by the inventory's host {found['host']}, and "
            f"two hosts can't be one stack: {another}; where the host was only renamed, say so once with "
            f"-e stack_moved_from={found['host']}"
        )
    return ""
