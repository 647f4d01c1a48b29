"""The emulator's own time, which tests move forward instead of waiting."""

import time

_offset = 0.0


def now() -> float:
    """Return the seconds since the epoch, as the emulator sees them."""
    return time.time() + _offset


def move(seconds: float) -> None:
    """Go forward."""
    global _offset  # noqa: PLW0603 -- one clock for the process
    _offset += seconds
