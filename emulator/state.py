"""What is remembered of the account beside moto's own state: said where it is made, emptied in one place.

_plans: dict[str, Plan] = state.held({})

@state.at_reset
def end_all(): ...
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable

from emulator.lock import LOCK

HELD: list = []
_RESETS: list[Callable[[], None]] = []


def held[Container: (dict, list, set, deque, Counter, defaultdict)](made: Container) -> Container:
    """Return a dict, list, set, deque or Counter that every reset empties in place."""
    HELD.append(made)
    _RESETS.append(made.clear)
    return made


def at_reset(forget: Callable[[], None]) -> Callable[[], None]:
    """Register what forgets or ends more than a container has, and return it."""
    _RESETS.append(forget)
    return forget


def reset() -> None:
    """Empty everything and end what runs, in the order in which it was registered."""
    with LOCK:
        for forget in _RESETS:
            forget()
