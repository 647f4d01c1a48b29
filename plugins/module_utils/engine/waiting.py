"""Waiting for AWS, with botocore's own waiter machinery where it has a waiter and this where it hasn't."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from .errors import EngineError, not_found

MISSED_SECONDS = 30
"""How long a resource that is there may be missing from AWS's answers, wholly or in parts."""


class TimedOut(EngineError):
    """What was awaited did not happen in time."""


def until[T](ready: Callable[[], T | None], timeout: float, what: str, delay: float = 1.0, longest: float = 15.0) -> T:
    """Call ``ready`` until it returns something true, and return that; waits grow up to ``longest`` seconds.

    Raises TimedOut when ``timeout`` seconds have passed.
    """
    deadline = time.monotonic() + timeout
    while True:
        result = ready()
        if result:
            return result
        if time.monotonic() + delay > deadline:
            raise TimedOut(f"{what} did not happen within {timeout} seconds; look at it on AWS, then run again")
        time.sleep(delay)
        delay = min(delay * 1.5, longest)


def steadily[T](read: Callable[[], T], unseen: Iterable[tuple[str, str]] = ()) -> T:
    """Return what a read returns, asked again while AWS shows something and doesn't find all of it.

    It has just come, or is just going. ``unseen`` are a kind's words for that.
    """
    deadline, delay = time.monotonic() + MISSED_SECONDS, 0.5
    while True:
        try:
            return read()
        except Exception as error:
            if not not_found(error, unseen) or time.monotonic() > deadline:
                raise
        time.sleep(delay)
        delay = min(delay * 2, 4)
