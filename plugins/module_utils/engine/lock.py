"""One writer per stack: an object in the stack's bucket that only one run can make, and that lives only while renewed.

Whether its time is over is judged by AWS's clock alone: the object's age when it is read.
"""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from . import keeper, state
from .errors import EngineError, code

if TYPE_CHECKING:
    from .aws import Aws

KEY = keeper.KEY
SECONDS = 180
"""How long a lease is by default."""
PAUSE = 2
"""Seconds between two looks at somebody else's."""
FRESH_SECONDS = 120
"""How long all of S3 may take to see a bucket that was just made."""


class Locked(EngineError):
    """Somebody else holds the lock."""


def current(aws: Aws, stack: str) -> dict | None:
    """Return the lock, with its age in seconds and, where it is none, what is wrong with it; None if there is none."""
    there = keeper.get(aws("s3"), state.bucket(aws, stack))
    if there is None:
        return None
    answer = there["answer"]
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    now = parsedate_to_datetime(date).timestamp() if date else time.time()
    age = max(0, int(now - answer["LastModified"].timestamp()))
    return {"seconds": SECONDS, **there["lock"], "age": age, "etag": there["etag"], "damage": there["damage"]}


def describe(stack: str, held: dict) -> str:
    """Return who holds a lock, in words."""
    if held["damage"]:
        return f"{stack} has a damaged lock, {KEY} in its bucket ({held['damage']}), written {held['age']} s ago"
    return (
        f"{stack} is locked by {held.get('owner')} on {held.get('host')} since {held.get('time')} "
        f"for {held.get('purpose')}, renewed {held['age']} s ago"
    )


def left(held: dict) -> int:
    """Return for how many seconds a lock still holds if nobody renews it; 0 for one whose run is dead."""
    return max(0, held["seconds"] - held["age"])


def unrecorded(held: dict | None) -> list[dict]:
    """Return what was changed by runs that ended without a record, as the lock tells it: each change, and by whom."""
    if not held or left(held):
        return []
    return changed_by(held, held.get("begun") or [])


def changed_by(holder: dict, changes: list[dict]) -> list[dict]:
    """Return changes that no record has with whose they were, as findings tell it."""
    event = f"{holder.get('purpose')} that ended before its record"
    by = {"who": holder.get("owner", ""), "when": holder.get("time", ""), "event": event}
    return [{"by": by, **one} for one in changes]


def take(aws: Aws, stack: str, holder: dict, wait: int = 0, make: bool = True) -> tuple[str, float, dict | None] | None:
    """Take the lock; return its ETag, when it was asked for by ``keeper.clock``, and the expired one that was there.

    A stack that has no bucket is given one, or where ``make`` is false None is returned. Raises Locked when somebody
    else holds the lock and goes on holding it for ``wait`` seconds.
    """
    s3, bucket, deadline, claimed = aws("s3"), state.bucket(aws, stack), time.monotonic() + wait, None
    while True:
        sent = keeper.clock()
        try:
            etag = keeper.put(s3, bucket, holder, IfNoneMatch="*")
        except Exception as error:
            if code(error) != "NoSuchBucket":
                raise
            if not make:
                return None
            if claimed and time.monotonic() > claimed + FRESH_SECONDS:
                raise
            if claimed:
                time.sleep(PAUSE / 4)
            state.claim(aws, bucket)
            claimed = claimed or time.monotonic()
            continue
        if etag:
            return etag, sent, None
        held = current(aws, stack)
        if held is None:
            continue  # released this very moment
        if not left(held):
            sent = keeper.clock()
            # The same object that we saw, or nothing: of two that find it expired, only one replaces it.
            etag = keeper.put(s3, bucket, {**holder, "begun": unrecorded(held)}, IfMatch=held["etag"])
            if etag:
                return etag, sent, held
        if time.monotonic() + PAUSE > deadline:
            raise Locked(
                f"{describe(stack, held)}; unless it is renewed it is free in {left(held)} s. Wait for it with "
                f"-e stack_lock_wait_seconds=600; a lock can be taken away with playbooks/unlock.yml --limit {stack}"
            )
        time.sleep(PAUSE)


def release(aws: Aws, stack: str, held: dict, begun: list[dict] | None = None) -> bool:
    """Free the very lock that was looked at, and say whether it was still that one; what was begun stays told."""
    lock = {key: value for key, value in held.items() if key not in ("age", "etag", "damage")}
    return keeper.release(aws("s3"), state.bucket(aws, stack), lock, begun or [], held["etag"])
