"""The emulator's own time: tests move it forward, or let it run faster, instead of waiting."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

speed = float(os.environ.get("EMULATOR_SPEED", "1"))
_time = _since = time.time()  # what this clock showed, and when it showed it
_moved: list[Callable[[], None]] = []


def now() -> float:
    """Return the seconds since the epoch, as the emulator sees them."""
    return _time + (time.time() - _since) * speed


def utc() -> datetime:
    """Return the time in UTC without a zone, as moto keeps times."""
    return datetime.fromtimestamp(now(), UTC).replace(tzinfo=None)


def until(when: float) -> float:
    """Return for how many real seconds to wait until a time of this clock."""
    return max(0.0, (when - now()) / speed)


def move(seconds: float) -> None:
    """Go forward, and wake whoever waits for a time."""
    _go_on(seconds, speed)


def run(times: float) -> None:
    """Go so many times as fast as real time from now on."""
    _go_on(0.0, times)


def _go_on(seconds: float, times: float) -> None:
    global _time, _since, speed  # noqa: PLW0603 -- one clock for the process
    _time, _since, speed = now() + seconds, time.time(), times
    for wake in list(_moved):
        wake()


def when_moved(wake: Callable[[], None]) -> None:
    """Register a function that is called whenever the clock was moved."""
    _moved.append(wake)


def no_more(wake: Callable[[], None]) -> None:
    """Forget a function that was registered."""
    _moved.remove(wake)
