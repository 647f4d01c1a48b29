"""What happens by itself: actions that are due at a time of the emulator's clock, and work beside them.

Nothing runs while nothing is due. Actions are short and hold the lock; what takes long (a process, a wait) runs in a
daemon thread of its own. A reset forgets everything that was planned.
"""

import heapq
import itertools
import logging
import threading
from collections.abc import Callable

from emulator import clock, state
from emulator.lock import LOCK

log = logging.getLogger("emulator.dataplane")


class Engine:
    """A timer on the emulator's clock."""

    def __init__(self):
        self.life = 0  # counts the resets: what was planned before one is void
        self._due: list = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        clock.when_moved(self._wake)

    def start(self) -> None:
        """Begin, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="dataplane", daemon=True)
            self._thread.start()

    def at(self, when: float, action: Callable, *args, life: int | None = None) -> None:
        """Plan an action for a time of the clock in seconds since the epoch, to be run with the lock held.

        It's dropped when its life is over: ``life`` (default: this one) ends with a reset.
        """
        with self._changed:
            heapq.heappush(self._due, (when, next(self._numbers), self.life if life is None else life, action, args))
            self._changed.notify()

    def after(self, seconds: float, action: Callable, *args, life: int | None = None) -> None:
        """Plan an action for so many seconds of the clock later; the rest is as for ``at``."""
        self.at(clock.now() + seconds, action, *args, life=life)

    def background(self, work: Callable, *args) -> threading.Thread:
        """Do work that takes long in a daemon thread of its own, without the lock; what it raises is logged."""
        thread = threading.Thread(target=_safely, args=(work, *args), daemon=True)
        thread.start()
        return thread

    def reset(self) -> None:
        """Forget what was planned; what runs belongs to a life that is over."""
        with LOCK, self._changed:
            self.life += 1
            self._due.clear()

    @property
    def planned(self) -> int:
        """Tell how many actions are planned."""
        return len(self._due)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > clock.now():
                    # A year is as good as for ever, which a lock doesn't take.
                    self._changed.wait(min(clock.until(self._due[0][0]), 3e7) if self._due else None)
                _when, _number, life, action, args = heapq.heappop(self._due)
            with LOCK:
                if life == self.life:
                    _safely(action, *args)


def _safely(work: Callable, *args) -> None:
    try:
        work(*args)
    except Exception:  # one failure must not end the timer
        log.exception("%s failed", getattr(work, "__qualname__", work))


ENGINE = Engine()
state.at_reset(ENGINE.reset)
