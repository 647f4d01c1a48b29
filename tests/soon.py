"""How tests wait for what comes by itself: until it is there, however slow the machine is."""

import time
from collections.abc import Callable
from typing import Any

SECONDS = 60
"""When a test gives up. It is the end of a hang and measures nothing: what is awaited comes long before."""


def soon(found: Callable[[], Any], what: str | Callable[[], Any] = "it", pause: float = 0.05) -> Any:
    """Return what ``found`` returns as soon as that is true; fail where that never comes, saying what was awaited."""
    end = time.monotonic() + SECONDS
    while not (there := found()):
        assert time.monotonic() < end, f"it never came: {what() if callable(what) else what}"
        time.sleep(pause)
    return there
