"""The stack's own bucket, in which its records and its lock are."""

from __future__ import annotations

import json

from .aws import unless
from .errors import code
from .names import name

MISSING = ("NoSuchKey", "NoSuchBucket", "404")


def bucket(aws, stack: str) -> str:
    """Return the name of a stack's bucket."""
    return name("state_bucket", stack, aws.account, aws.region)


def exists(aws, stack: str) -> bool:
    """Say whether a stack has its bucket."""
    return unless(MISSING, aws("s3").head_bucket, Bucket=bucket(aws, stack)) is not None


def holds(aws, stack: str, key: str) -> bool:
    """Say whether a stack's bucket is there and has an object."""
    return unless(MISSING, aws("s3").head_object, Bucket=bucket(aws, stack), Key=key) is not None


def read(aws, stack: str, key: str) -> dict | None:
    """Return an object's JSON, or None."""
    answer = unless(MISSING, aws("s3").get_object, Bucket=bucket(aws, stack), Key=key)
    return json.loads(answer["Body"].read()) if answer else None


def write(aws, stack: str, key: str, value: dict, **conditions) -> bool:
    """Write an object's JSON, encrypted as the bucket says; say whether the conditions held."""
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


def keys(aws, stack: str, prefix: str) -> list[str]:
    """Return the keys that begin so, in order."""
    listed = unless(
        MISSING, aws.pages, "s3", "list_objects_v2", "Contents", Bucket=bucket(aws, stack), Prefix=prefix, otherwise=[]
    )
    return sorted(item["Key"] for item in listed)
