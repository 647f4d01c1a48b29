"""A whole stack at once: what it has, in which order it goes, and its end."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from . import deleting, lease, lock, prefetch, state
from .elsewhere import elsewhere, plain
from .errors import EngineError, expected, keep_done, sentence, unless
from .sync import steady
from .waiting import steadily, until

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Kinds, Record, Resource

THREADS = 8
BUCKET_SECONDS = 60


def found(aws: Aws, stack: str, kinds: Iterable[Kind]) -> dict[str, list[dict]]:
    """Return the live resources of a stack by kind, listed in parallel; kinds without any are left out.

    Raises EngineError, with all that could not be looked at, rather than call a partial list the whole.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        listed = pool.map(lambda kind: _listed(kind, aws, stack), kinds)
        answers = dict(zip((kind.name for kind in kinds), listed, strict=True))
    unreadable = [str(answer) for answer in answers.values() if isinstance(answer, EngineError)]
    if unreadable:
        raise EngineError("; ".join(unreadable))
    return {name: resources for name, resources in answers.items() if resources}


def members(kind: Kind, aws: Aws, stack: str) -> list[dict]:
    """Return a stack's resources of a kind, listed anew when one that was listed is gone before it is looked at.

    It may be another stack's: a name's beginning narrows the list down, only the tag decides.
    """
    return steadily(lambda: kind.all(aws, stack), kind.unseen)


def _listed(kind: Kind, aws: Aws, stack: str) -> Any:
    try:
        seen = prefetch.resources(aws, kind.name, stack)
        return members(kind, aws, stack) if seen is None else seen
    except Exception as error:
        if not expected(error):
            raise
        return EngineError(sentence(error, f"the {kind.title}s of {stack} can't be listed"))


def waves(kinds: Kinds) -> list[list[str]]:
    """Return the kinds' names in the order of deletion: each wave needs nothing but later waves.

    Raises EngineError for a circle of needs, and for a need that is no kind.
    """
    left = {name: {one for one in kinds if plain(one) in kind.needs} for name, kind in kinds.items()}
    unknown = {need for kind in kinds.values() for need in kind.needs} - set(kinds)
    if unknown:
        raise EngineError(f"kinds need what is no kind: {', '.join(sorted(unknown))}")
    ordered = []
    while left:
        needed = set().union(*left.values())
        wave = sorted(set(left) - needed)
        if not wave:
            raise EngineError(f"these kinds need each other in a circle: {', '.join(sorted(left))}")
        ordered.append(wave)
        for name in wave:
            del left[name]
    return ordered


def forgotten(aws: Aws, kinds: Kinds, record: Record | None, live: dict[str, list[dict]]) -> dict[str, list[dict]]:
    """Return what a record knows and is there although the stack's list lacks it, because its tag was taken off."""
    lost: dict[str, list[dict]] = {}
    record = record or {"resources": {}}
    for name, recorded in record["resources"].items():
        kind = kinds.get(name)
        if kind is None:
            continue
        known = {kind.label(one) for one in live.get(name, [])}
        for one in recorded:
            there = None if kind.label(one) in known else steady(kind, aws, one)
            if there is None or kind.label(there) in known:
                continue
            # Somebody else's by now: another stack's tags say so.
            tags = there.get("tags", {})
            if tags.get("Stack") in (None, record["stack"]) and tags.get("Region") in (None, aws.home):
                lost.setdefault(name, []).append(there)
    return lost


def destroy(aws: Aws, stack: str, wave: list[str], kinds: Kinds, timeout: int, check: bool = False,
            recorded: Resource | None = None) -> list[dict]:
    """Delete a stack's resources of the kinds of one wave, and return them.

    ``recorded`` are, by kind, resources that only the stack's record knows.

    What was deleted in earlier waves may still be going away: each kind waits just for those that need it, so that
    the slow ends (a database, a NAT gateway) overlap.
    """
    ours = ids((recorded or {}).values())

    done = []

    def end(name: str) -> None:
        kind = kinds[name]
        if not check:
            _wait_for_users(kind, aws, stack, kinds, timeout)
        resources = going(kind, aws, stack, members(kind, aws, stack)) + kind.interrupted(aws, stack)
        known = (steady(kind, aws, one) for one in (recorded or {}).get(name, []))
        resources += (one for one in known if one and not kind.stays(one))
        for resource in resources:
            if not check:
                deleting.delete(kind, aws, resource, timeout, ours)
            done.append({"kind": name, "name": kind.label(resource)})

    try:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(end, wave))
    except Exception as error:
        keep_done(error, {"changed": bool(done), "deleted": done} if not check else None)
        raise
    return sorted(done, key=lambda one: wave.index(one["kind"]))


def going(kind: Kind, aws: Aws, stack: str, resources: list[dict]) -> list[dict]:
    """Return those resources that go in the waves: what others need stays, the bucket with the lock goes after all."""
    those = [one for one in resources if not kind.stays(one)]
    return [one for one in those if kind.service != "s3" or one["name"] != state.bucket(aws, stack)]


def finish(aws: Aws, stack: str, bucket_kind: Any, check: bool = False) -> list[dict]:
    """Delete the stack's bucket, with the record and at the very last the run's lock; return it, if it was there.

    It is known by its name, which only this stack's can have: one that was never finished has no tags.
    """
    bucket = state.bucket(aws, stack)
    if not state.exists(aws, stack):
        return []
    gone = [{"kind": bucket_kind.name, "name": bucket}]
    if check:
        return gone
    lease.before_writes()
    mine = lease.rest(aws, stack)
    bucket_kind.empty(aws, bucket, but=lock.KEY)

    def deleted() -> bool:
        held = lock.current(aws, stack)
        if held and held.get("token") != mine:
            raise lock.Locked(f"{bucket} is not deleted, since somebody else took it: {lock.describe(stack, held)}")
        bucket_kind.empty(aws, bucket)
        return unless("BucketNotEmpty", unless, state.MISSING, aws("s3").delete_bucket, Bucket=bucket, otherwise=True)

    until(lambda: deleted() is not None, BUCKET_SECONDS, f"the end of the bucket {bucket}, which fills again,")
    return gone


def ids(lists: Iterable[list[Resource]]) -> frozenset[str]:
    """Return the ids of the resources in lists of them."""
    return frozenset(one["id"] for resources in lists for one in resources if one.get("id"))


def obstacles(aws: Aws, live: dict[str, list[dict]], kinds: Kinds) -> list[str]:
    """Return what of somebody else's would keep a stack's resources from being deleted, a sentence each."""
    ours = ids(live.values())
    names = [name for name in live if kinds[name].obstacles_of not in live]
    asked = [(kinds[name], one) for name in names for one in live[name]]
    with ThreadPoolExecutor(THREADS) as pool:
        answers = pool.map(lambda each: each[0].obstacles(aws, each[1], ours), asked)
        return sorted({sentence for answer in answers for sentence in answer})


def _wait_for_users(kind: Kind, aws: Aws, stack: str, kinds: Kinds, timeout: int) -> None:
    there = [elsewhere(user, kind.region) for user in kinds.values()] if kind.region else []
    for user in (*kinds.values(), *there):
        if plain(kind.name) in user.needs:
            until(
                functools.partial(_is_gone, user, aws, stack),
                timeout,
                f"the end of the {user.title}s of {stack}, which use the {kind.title},",
            )


def _is_gone(kind: Kind, aws: Aws, stack: str) -> bool:
    return not going(kind, aws, stack, members(kind, aws, stack))
