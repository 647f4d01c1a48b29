"""Waiting for AWS, with botocore's own waiter machinery where it has a waiter and this where it hasn't."""

from __future__ import annotations

import time

from .errors import EngineError


class TimedOut(EngineError):
    """What was awaited did not happen in time."""


def until(ready, timeout: int, what: str, delay: float = 1.0, longest: float = 15.0):
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
