"""What one look at a whole stack showed, for the tasks that follow it, as long as their run writes nothing.

It lies in memory that the run's parent shares with all its forks: in no file, and gone with the run. A process that
wasn't forked from such a parent, a module at stock speed for example, has none and asks AWS each time.
"""

from __future__ import annotations

import contextlib
import os
import pickle
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .aws import Aws

with contextlib.suppress(ImportError):  # not where a fork could share it
    import fcntl

_memory: int | None = None


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


def forget(aws: Aws) -> None:
    """Forget what was seen in an account and region, because something is written there."""
    if _memory is None:
        return
    known = _known(aws)  # an unknown one may be any

    def here(key: Any) -> bool:
        account, *where = key[0]
        return where == [aws.region, aws.endpoint] and not (known and account != aws.account)

    if any(map(here, _read())):
        _change(lambda kept: {key: packed for key, packed in kept.items() if not here(key)})


def resources(aws: Aws, kind: str, stack: str | None = None) -> list[dict] | None:
    """Return the live resources of a kind, of one stack or of all that were looked at; None if none was."""
    if _memory is None or not _known(aws):
        return None
    place = _place(aws)
    found = [
        pickle.loads(packed)  # noqa: S301 -- written by this very run
        for (where, whose, what), packed in _read().items()
        if where == place and what == kind and stack in (None, whose)
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
