"""The stack's own bucket, in which its records and its lock are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .errors import EngineError, code, unless
from .names import name
from .waiting import TimedOut, until

if TYPE_CHECKING:
    from .aws import Aws


class Unreadable(EngineError):
    """An object of the stack's bucket that is damaged."""

    def __init__(self, bucket: str, key: str, why: str) -> None:
        """Say what is wrong with which object, and what to do."""
        super().__init__(
            f"{key} of the bucket {bucket} is damaged ({why}); the bucket keeps its earlier versions: aws s3api "
            f"list-object-versions --bucket {bucket} --prefix {key} tells them, and aws s3api copy-object "
            f"--bucket {bucket} --key {key} --copy-source '{bucket}/{key}?versionId=...' puts one back"
        )


MISSING = ("NoSuchKey", "NoSuchBucket", "404")
CLAIM_SECONDS = 600
"""How long a name is waited for that S3 hasn't freed: it may take an hour, but a run that says nothing for so long
looks like one that hangs."""


def bucket(aws: Aws, stack: str) -> str:
    """Return the name of a stack's bucket."""
    return name("state_bucket", stack, aws.account, aws.region)


def exists(aws: Aws, stack: str) -> bool:
    """Say whether a stack has its bucket."""
    return unless(MISSING, aws("s3").head_bucket, Bucket=bucket(aws, stack)) is not None


def claim(aws: Aws, bucket: str) -> None:
    """Make a bucket with nothing of what makes it one of ours, unless this account has it: for its stack's lock.

    Two runs may do so at the same moment. It has no tags: its name says whose it is.
    """
    # The one region that must not be named.
    where = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
    more = {"CreateBucketConfiguration": where} if where else {}

    def claimed() -> bool:
        try:
            aws("s3").create_bucket(Bucket=bucket, **more)
        except Exception as error:
            if code(error) == "OperationAborted":
                return False
            if code(error) != "BucketAlreadyOwnedByYou":
                raise
        return True

    try:
        until(claimed, CLAIM_SECONDS, "")
    except TimedOut as error:
        raise EngineError(
            f"the bucket {bucket} can't be made yet: for {CLAIM_SECONDS // 60} minutes S3 has answered that the name "
            "is being worked on (OperationAborted), as it does for up to an hour after a bucket of this name was "
            "deleted; run again later"
        ) from error


def holds(aws: Aws, stack: str, key: str) -> bool:
    """Say whether a stack's bucket is there and has an object."""
    return unless(MISSING, aws("s3").head_object, Bucket=bucket(aws, stack), Key=key) is not None


def read(aws: Aws, stack: str, key: str) -> dict | None:
    """Return an object's JSON, or None. Raises Unreadable where it is there and no mapping, or encrypted for ever."""
    where = bucket(aws, stack)
    try:
        answer = unless(MISSING, aws("s3").get_object, Bucket=where, Key=key)
        found = json.loads(answer["Body"].read()) if answer else None
    except Exception as error:
        if not isinstance(error, ValueError) and not code(error).startswith("KMS."):
            raise
        raise Unreadable(where, key, str(error)) from error
    if not isinstance(found, dict | None):
        raise Unreadable(where, key, f"it is a {type(found).__name__} and no mapping")
    return found


def metadata(aws: Aws, stack: str, key: str) -> dict[str, str]:
    """Return what an object was given as metadata; nothing where there is none."""
    return unless(MISSING, aws("s3").head_object, Bucket=bucket(aws, stack), Key=key, otherwise={}).get("Metadata", {})


def forget(aws: Aws, stack: str, key: str) -> None:
    """Delete an object, if it is there."""
    unless(MISSING, aws("s3").delete_object, Bucket=bucket(aws, stack), Key=key)


def write(aws: Aws, stack: str, key: str, value: dict, **conditions: Any) -> bool:
    """Write an object's JSON, encrypted as the bucket says, or with metadata; say whether the conditions held."""
    body = json.dumps(value, sort_keys=True, default=str).encode()
    try:
        aws("s3").put_object(
            Bucket=bucket(aws, stack), Key=key, Body=body, ContentType="application/json", **conditions
        )
    except Exception as error:
        # The second is a race with another conditional write that is under way.
        if conditions and code(error) in ("PreconditionFailed", "ConditionalRequestConflict"):
            return False
        raise
    return True


def keys(aws: Aws, stack: str, prefix: str) -> list[str]:
    """Return the keys that begin so, in order."""
    listed = unless(
        MISSING, aws.pages, "s3", "list_objects_v2", "Contents", Bucket=bucket(aws, stack), Prefix=prefix, otherwise=[]
    )
    return sorted(item["Key"] for item in listed)
