"""What a run holds: the locks of its stacks, and the deadline until which it may write to them.

Each lock that a run takes stands in a small file of the run's own, which its keeper renews. Every request of a process
that works under a lock passes here, the one place where they all pass: once its run has ended nothing is asked of AWS
any more; a write needs the file, looks at its deadline, and so costs no request. Where there is no file, because the
run skipped the task that takes the lock, the first write takes it.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import platform
import stat
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import between, keeper, lock, state
from .errors import EngineError, expected, sentence

if TYPE_CHECKING:
    from .aws import Aws

try:
    from botocore.exceptions import BotoCoreError
    from botocore.handlers import BUILTIN_HANDLERS
except ImportError:  # AnsibleAWSModule says so
    BotoCoreError, BUILTIN_HANDLERS = Exception, []

# How operations begin that change nothing; all others are writes.
READS = (
    "Describe", "List", "Get", "Head", "BatchGet", "BatchCheck", "Search", "Lookup", "Filter", "Simulate", "Select",
    "Query", "Scan", "Decode", "AssumeRole",
)  # fmt: skip
PATIENCE = 10
"""Seconds at the most that a write waits for a lease to be renewed: a machine that slept wakes up with an old one."""
UNNAMED = "writes of a run that skipped the task which takes the lock"


class Unheld(EngineError, BotoCoreError):
    """The run doesn't hold the lock (any more). It is botocore's error as well: modules of others tell those."""

    def __init__(self, told: str) -> None:
        """Take the sentence."""
        Exception.__init__(self, told)


def writes(operation: str) -> bool:
    """Say whether an operation of AWS's changes anything, by its name."""
    return not operation.startswith(READS)


# The file


def folder() -> Path:
    """Return the folder of all leases on this machine, which only this user can look into."""
    made = Path(tempfile.gettempdir()) / f"flow-builder-aws-{os.getuid()}"
    made.mkdir(mode=0o700, exist_ok=True)
    there = made.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.getuid() or stat.S_IMODE(there.st_mode) & 0o077:
        raise EngineError(f"{made} must be a folder of this user's that nobody else may look into; take it away")
    return made


def place(aws: Aws, stack: str, run: dict) -> Path:
    """Return where a run writes down that it holds a stack."""
    which = json.dumps([stack, aws.region, aws.endpoint, run["started"]])
    return folder() / f"{run['pid']}-{stack}-{hashlib.sha256(which.encode()).hexdigest()[:12]}.json"


def of_this_run() -> dict:
    """Return the run that this process works for. Raises Unheld if it has ended."""
    run = keeper.run()
    if run is None:
        raise Unheld("the run that this process worked for has ended, so it does nothing more")
    return run


def token(aws: Aws, stack: str) -> str:
    """Return the token of the lock that this run holds of a stack, or nothing."""
    run = keeper.run()
    held = keeper.read(place(aws, stack, run)) if run else None
    return held["token"] if held else ""


def others(aws: Aws, stack: str) -> tuple[str, list[dict]]:
    """Return who else holds a stack's lock right now, in words, nothing if nobody does; and what no record has.

    That are the changes of runs that ended before their record, each with who made it.
    """
    held = lock.current(aws, stack)
    return _other(aws, stack, held), lock.unrecorded(held)


def _other(aws: Aws, stack: str, held: dict | None) -> str:
    if not held or not lock.left(held) or held.get("token") == token(aws, stack):
        return ""
    return lock.describe(stack, held)


def _tidy() -> None:
    """Forget runs that ended together with their keepers, with their machine for example."""
    for path in folder().glob("*.json"):
        held = keeper.read(path)
        if held and not keeper.alive(held["run"]) and time.time() > path.stat().st_mtime + 2 * held["seconds"]:
            keeper.forget(path)


# What a run has begun


def begin(change: dict) -> None:
    """Note what a write is about to change: should the run be killed before its record, it was no drift."""
    if _guard:
        _guard.check(write=True)
        keeper.note(_guard.path, change)


def changed_by(aws: Aws, stack: str, changes: list[dict]) -> list[dict]:
    """Return changes of this run, whose record they lack, with whose they are."""
    held = keeper.read(place(aws, stack, of_this_run()))
    return lock.changed_by(held["lock"], changes) if held else []


def inherited(aws: Aws, stack: str) -> list[dict]:
    """Return what runs before this one changed that were killed before their record; it is this one's to record."""
    run = keeper.run()
    return [one for one in keeper.begun(place(aws, stack, run)) if "by" in one] if run else []


def recorded(aws: Aws, stack: str) -> None:
    """Forget what this run has begun, and what it inherited, since a record has it now."""
    run = keeper.run()
    if run:
        keeper.recorded(place(aws, stack, run))


# Taking and releasing


def hold(
    aws: Aws, stack: str, purpose: str, seconds: int = lock.SECONDS, wait: int = 0, make: bool = True,
    refusal: Callable[[Aws, str], str] = between.refusal,
) -> tuple[bool, str]:
    """Take a stack's lock for this run, and let it be renewed as long as the run lives.

    Returns whether it is held, and words on it: a stack without a bucket has no lock unless ``make`` gives it one.
    Raises Locked when somebody else holds it, or ``refusal`` says under it why nobody may write; Unheld when this run
    has lost it.
    """
    run = of_this_run()
    keeper.bind()
    path = place(aws, stack, run)
    if keeper.read(path):
        _still_held(path, stack)
        return True, f"{stack} is locked by this run already"
    _tidy()
    now = between.now()
    holder = {
        "token": uuid.uuid4().hex,
        "owner": f"{getpass.getuser()} ({aws('sts').get_caller_identity()['Arn']})",
        "host": platform.node(),
        "pid": run["pid"],
        "purpose": purpose,
        "time": now,
        "renewed": now,
        "seconds": seconds,
    }
    taken = lock.take(aws, stack, holder, wait, make)
    if taken is None:
        return False, f"{stack} has no bucket yet, and so no lock"
    etag, sent, before = taken
    held = {"token": holder["token"], "lock": holder, "run": run, "seconds": seconds, "lost": "", "trouble": ""}
    keeper.create(path, {**held, "until": sent + seconds * keeper.BEHIND})
    for change in lock.unrecorded(before):
        keeper.note(path, change)
    spec: Any = sys.modules[keeper.__name__].__spec__
    source = spec.loader.get_source(keeper.__name__)
    keeper.start(
        source if isinstance(source, str) else source.decode(),
        {
            "stack": stack, "path": str(path), "connection": aws.connection, "bucket": state.bucket(aws, stack),
            "etag": etag,
        },
    )  # fmt: skip
    told = refusal(aws, stack)
    if told:
        let_go(aws, stack)
        raise lock.Locked(told)
    if before:
        return True, f"an expired lock was taken over: {lock.describe(stack, before)}; its run was killed, it seems"
    return True, f"{stack} is locked for {purpose}"


def let_go(aws: Aws, stack: str) -> tuple[str, str]:
    """Release a stack's lock if this run holds it; return what was done, and what couldn't be, in words."""
    path = place(aws, stack, of_this_run())
    mine = keeper.read(path)
    if mine is None:
        return f"this run holds no lock of {stack}", ""
    begun = keeper.begun(path)
    # From now on nobody renews it, and this process doesn't work under it.
    keeper.forget(path)
    guard(aws, None)
    try:
        held = lock.current(aws, stack)
        if held and held.get("token") == mine["token"] and lock.release(aws, stack, held, begun):
            return f"{stack} is no longer locked for {mine['lock']['purpose']}", ""
    except Exception as error:
        if not expected(error):
            raise
        later = f"it is free by itself in {mine['seconds']} s"
        told = f"the lock of {stack} couldn't be released: {sentence(error)}; {later}"
        return told, told
    return f"{stack} has no lock of this run any more", ""


def rest(aws: Aws, stack: str) -> str:
    """Let this run's lock be renewed no more, since it is deleted with all that is left; return its token."""
    mine = token(aws, stack)
    if mine:
        keeper.change(place(aws, stack, of_this_run()), mine, rests=True)
    return mine


# Before each request


def _still_held(path: Path, stack: str) -> None:
    """Raise Unheld unless the run may write now; a lease that is just being renewed is waited for."""
    began = keeper.clock()
    while True:
        held = keeper.read(path) or {"lost": "its file is gone"}
        if held["lost"]:
            raise Unheld(f"this run has lost the lock of {stack}, and so it stops before it writes: {held['lost']}")
        if keeper.clock() < held["until"]:
            return
        if keeper.clock() > began + min(PATIENCE, held["seconds"] / 6):
            why = f": {held['trouble']}" if held["trouble"] else ""
            raise Unheld(
                f"the lock of {stack} could not be renewed in time{why}. So this run stops before it writes; run it "
                "again, with credentials that last as long as it does"
            )
        time.sleep(0.5)


class Guard:
    """What stands before the requests of a process that works for a stack under its lock."""

    def __init__(self, aws: Aws, stack: str) -> None:
        """Find the run."""
        self.aws, self.stack, self.run = aws, stack, of_this_run()
        self.path = place(aws, stack, self.run)
        self._one = threading.Lock()
        self._taking = threading.local()

    def check(self, write: bool) -> None:
        """Raise Unheld where the process must not go on."""
        if getattr(self._taking, "now", False):
            return
        if not keeper.alive(self.run):
            raise Unheld(f"the run that worked on {self.stack} has ended, so nothing more is done for it")
        if not write:
            return
        with self._one:
            if keeper.read(self.path) is None:
                self._take()
        _still_held(self.path, self.stack)

    def _take(self) -> None:
        self._taking.now = True
        try:
            hold(self.aws, self.stack, UNNAMED)
        finally:
            self._taking.now = False


_guard: Guard | None = None


def guard(aws: Aws, stack: str | None) -> None:
    """Let this process work under a stack's lock from now on, or without one."""
    global _guard  # noqa: PLW0603 -- a process works on one task, of one stack
    if not stack:
        _guard = None
    elif _guard is None or (_guard.aws, _guard.stack) != (aws, stack):
        keeper.bind()
        _guard = Guard(aws, stack)


def before_writes() -> None:
    """Be sure of the lock before something else writes, which may be a process in which nothing of ours is."""
    if _guard:
        _guard.check(write=True)


def _before_send(event_name: str = "", **_more: Any) -> None:
    """Look at each attempt of each request, in every client that this process or a fork of it makes."""
    if _guard:
        _guard.check(writes(event_name.rpartition(".")[2]))


BUILTIN_HANDLERS.append(("before-send", _before_send))
