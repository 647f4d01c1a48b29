"""One writer per stack: an object in the stack's bucket that only one run can make."""

from __future__ import annotations

import json
import time

from . import state
from .aws import unless
from .errors import EngineError, code

KEY = "lock.json"


class Locked(EngineError):
    """Somebody else holds the lock."""


def look(aws, stack: str) -> dict | None:
    """Return the lock with its age in seconds by AWS's own clock, or None."""
    answer = unless(state.MISSING, aws("s3").get_object, Bucket=state.bucket(aws, stack), Key=KEY)
    if answer is None:
        return None
    held = json.loads(answer["Body"].read())
    now = _date(answer["ResponseMetadata"]["HTTPHeaders"].get("date"))
    age = now - answer["LastModified"].timestamp() if now else time.time() - answer["LastModified"].timestamp()
    return {**held, "age": int(age), "etag": answer["ETag"]}


def _date(header):
    from email.utils import parsedate_to_datetime

    return parsedate_to_datetime(header).timestamp() if header else None


def told(stack: str, held: dict) -> str:
    """Return who holds a lock, in words."""
    return (
        f"{stack} is locked by {held.get('owner')} on {held.get('host')} since {held.get('time')} "
        f"({held['age']} s ago) for {held.get('purpose')}"
    )


def expired(held: dict) -> bool:
    """Say whether a lock's time is over: whoever took it was killed."""
    return held["age"] >= held.get("seconds", 0)


def take(aws, stack: str, holder: dict, wait: int = 0, pause: float = 5.0) -> dict | None:
    """Take the lock, and return what was there: our own lock, an expired one, or None.

    Raises Locked when somebody else holds it and goes on holding it for ``wait`` seconds.
    """
    deadline = time.monotonic() + wait
    while True:
        if state.write(aws, stack, KEY, holder, IfNoneMatch="*"):
            return None
        held = look(aws, stack)
        if held is None:
            continue  # released this very moment
        if held.get("id") == holder["id"]:
            return held
        # The same object that we saw, or nothing: of two that find it expired, only one replaces it.
        if expired(held) and state.write(aws, stack, KEY, holder, IfMatch=held["etag"]):
            return held
        if time.monotonic() + pause > deadline:
            left = held.get("seconds", 0) - held["age"]
            raise Locked(
                f"{told(stack, held)}; it expires in {max(left, 0)} s. Wait with -e stack_lock_wait_seconds=600, or, "
                f"when that run is surely dead, take the lock away with playbooks/unlock.yml --limit {stack}"
            )
        time.sleep(pause)


def release(aws, stack: str, identifier: str) -> dict | None:
    """Release the lock that is ours, or any for ``*``; return what was released."""
    held = look(aws, stack)
    if held is None or identifier not in (held.get("id"), "*"):
        return None
    try:
        aws("s3").delete_object(Bucket=state.bucket(aws, stack), Key=KEY, IfMatch=held["etag"])
    except Exception as error:
        if code(error) in ("PreconditionFailed", *state.MISSING):
            return None  # somebody took it over: it is theirs
        raise
    return held
