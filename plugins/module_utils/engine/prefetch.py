"""What one look at a whole stack showed, for the tasks that follow it, as long as their run writes nothing.

Beside it stands what references need of each resource, as the look showed it or as a task has said or made it since:
that stays, since ids and addresses of what is there don't change, but by a task that says so.

It lies in memory that the run's parent shares with all its forks: in no file, and gone with the run. A process that
wasn't forked from such a parent, a module at stock speed for example, has none and asks AWS each time.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind

with contextlib.suppress(ImportError):  # not where a fork could share it
    import fcntl

_memory: int | None = None
_one = threading.Lock()
"""The file's lock is a process's: threads need one of their own."""
KNOWN = "known"
"""In place of a stack: what references need."""


def share() -> None:
    """Make the memory, before the first fork."""
    global _memory  # noqa: PLW0603 -- one for a run
    if hasattr(os, "memfd_create") and _memory is None:
        _memory = os.memfd_create("prefetch")


def shared() -> bool:
    """Say whether there is anybody to keep something for."""
    return _memory is not None


def store(aws: Aws, stack: str, resources: dict[str, list[dict]]) -> None:
    """Keep a stack's live resources by kind, in the shape that ``find`` returns too."""
    packed = {(_place(aws), stack, kind): pickle.dumps(lives) for kind, lives in resources.items()}
    _change(lambda kept: {**kept, **packed})


def remember(aws: Aws, kind: Kind, label: str, resource: dict | None) -> None:
    """Keep a resource as a task has made it, or in a check as it would be; None where there is none any more."""
    if _memory is None or not _known(aws):
        return
    shown = None if resource is None else {name: one for name, one in resource.items() if name not in kind.secret}
    packed, key = pickle.dumps(shown), (_place(aws), (KNOWN, label), kind.name)
    if _read().get(key) != packed:
        _change(lambda kept: {**kept, key: packed})


def remembered(aws: Aws, kind: Kind, label: str) -> tuple[bool, dict | None]:
    """Say whether a resource is known, and return it as it was last seen or made."""
    if _memory is None or not _known(aws):
        return False, None
    kept, place = _read(), _place(aws)
    if packed := kept.get((place, (KNOWN, label), kind.name)):
        return True, pickle.loads(packed)  # noqa: S301 -- written by this very run
    here = place, kind.name
    looks = (one for (where, whose, what), one in kept.items() if (where, what) == here and _looked(whose))
    lives: list[dict] = sum(map(pickle.loads, looks), [])
    found = next((live for live in lives if kind.label(live) == label), None)
    return found is not None, found


def _looked(whose: Any) -> bool:
    return isinstance(whose, str) or whose[0] is OLD


OLD = None
"""Before the name of a stack whose look serves no task any more."""


def forget(aws: Aws) -> None:
    """Forget what was seen in an account and region, because something is written there."""
    if _memory is None:
        return
    known = _known(aws)  # an unknown one may be any

    def here(key: Any) -> bool:
        account, *where = key[0]
        ours = where == [aws.region, aws.endpoint] and not (known and account != aws.account)
        return ours and isinstance(key[1], str)

    if any(map(here, _read())):
        _change(lambda kept: {_aged(key) if here(key) else key: packed for key, packed in kept.items()})


def _aged(key: Any) -> Any:
    place, stack, kind = key
    return place, (OLD, stack), kind


def resources(aws: Aws, kind: str, stack: str | None = None) -> list[dict] | None:
    """Return the live resources of a kind, of one stack or of all that were looked at; None if none was."""
    if _memory is None or not _known(aws):
        return None
    place = _place(aws)
    found = [
        pickle.loads(packed)  # noqa: S301 -- written by this very run
        for (where, whose, what), packed in _read().items()
        if where == place and what == kind and isinstance(whose, str) and stack in (None, whose)
    ]
    return sum(found, []) if found else None


def _known(aws: Aws) -> bool:
    """Say whether the account is known; that it isn't is no reason to ask for it."""
    return "account" in getattr(aws, "__dict__", {})


def _place(aws: Aws) -> tuple[str, str, str]:
    return aws.account, aws.region, aws.endpoint


@contextlib.contextmanager
def _locked(how: int) -> Iterator[int]:
    """Keep other forks out of the memory, and give its file; the lock frees itself when its holder dies."""
    if _memory is None:
        raise RuntimeError("nobody has made the memory")
    with _one:
        fcntl.lockf(_memory, how)
        try:
            yield _memory
        finally:
            fcntl.lockf(_memory, fcntl.LOCK_UN)


def _read() -> dict:
    with _locked(fcntl.LOCK_SH) as memory:
        return _content(memory)


def _change(change: Callable[[dict], dict]) -> None:
    with _locked(fcntl.LOCK_EX) as memory:
        content = pickle.dumps(change(_content(memory)))
        os.ftruncate(memory, 0)
        os.pwrite(memory, content, 0)


def _content(memory: int) -> dict:
    content = os.pread(memory, os.fstat(memory).st_size, 0)
    return pickle.loads(content) if content else {}  # noqa: S301 -- written by this very run
