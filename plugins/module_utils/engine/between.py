"""What keeps writers from a stack between two runs: something that was begun, and waits for people to go on with it.

Whoever begins such a thing says in a sentence what it is and until when it waits; whoever ends it forgets that.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from . import state

if TYPE_CHECKING:
    from .aws import Aws

KEY = "paused.json"


def read(aws: Aws, stack: str) -> dict | None:
    """Return what waits; None where nothing does."""
    return state.read(aws, stack, KEY)


def write(aws: Aws, stack: str, waits: dict) -> None:
    """Let others know what waits: ``told``, a sentence, and ``until``, UTC as ``2026-11-30T18:00:00Z``."""
    state.write(aws, stack, KEY, waits, Metadata={"until": waits["until"]})


def forget(aws: Aws, stack: str) -> None:
    """Nothing waits any more."""
    state.forget(aws, stack, KEY)


def refusal(aws: Aws, stack: str) -> str:
    """Return why nobody may write to a stack now; nothing where nothing waits, or its time is over."""
    waits = read(aws, stack)
    return waits["told"] if waits and now() < waits["until"] else ""


def waiting(aws: Aws, stack: str) -> bool:
    """Say whether something waits, and its time isn't over; for a look at the whole stack, which reads no objects."""
    return now() < state.metadata(aws, stack, KEY).get("until", "")


def now() -> str:
    """Return the time, in UTC, as ``until`` and the records of releases have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
