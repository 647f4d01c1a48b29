"""The emulator's own time: tests move it forward instead of waiting, and EMULATOR_SPEED makes it run faster."""

import os
import time
from collections.abc import Callable

SPEED = float(os.environ.get("EMULATOR_SPEED", "1"))
_START = time.time()
_offset = 0.0
_moved: list[Callable[[], None]] = []


def now() -> float:
    """Return the seconds since the epoch, as the emulator sees them."""
    return _START + (time.time() - _START) * SPEED + _offset


def until(when: float) -> float:
    """Return for how many real seconds to wait until a time of this clock."""
    return max(0.0, (when - now()) / SPEED)


def move(seconds: float) -> None:
    """Go forward, and wake whoever waits for a time."""
    global _offset  # noqa: PLW0603 -- one clock for the process
    _offset += seconds
    for wake in list(_moved):
        wake()


def when_moved(wake: Callable[[], None]) -> None:
    """Register a function that is called whenever the clock was moved."""
    _moved.append(wake)


def no_more(wake: Callable[[], None]) -> None:
    """Forget a function that was registered."""
    _moved.remove(wake)
