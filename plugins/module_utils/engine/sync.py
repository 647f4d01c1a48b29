"""The one path from what is wanted to what is there: plan and apply are the same code."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import deleting, elsewhere, lease, prefetch
from . import tags as tagging
from .diff import MASK, diff, mask
from .errors import EngineError, code, expected, keep_done, not_found, sentence
from .placeholder import has_placeholder, placeholders
from .survey import normal
from .waiting import MISSED_SECONDS, TimedOut, steadily, until

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Resource, Result, Write

UNSEEN_SECONDS = 60
"""How long a write is tried again that names what AWS doesn't see: it may be new, or not be there at all."""
MADE_SECONDS = 6
"""How long what a failed attempt may have made is looked for, where AWS would make a second one."""
THERE = re.compile("already ?exist", re.IGNORECASE)


@dataclass
class Outcome:
    """What happened, or would happen, to one resource."""

    kind: Kind
    action: str = "none"
    """none, create, update, replace or delete."""
    before: dict | None = None
    after: dict | None = None
    changes: set[str] = field(default_factory=set)
    reason: str = ""
    """Why a resource is replaced."""

    def result(self) -> Result:
        """Return the module result."""
        resource = self.after or self.before
        told: Result = {
            "changed": self.action != "none",
            "kind": self.kind.name,
            "name": self.kind.label(resource) if resource else "",
            "action": self.action,
            "resource": mask(self.kind, self.after or {}),
            "notes": self.kind.notes(self.after) if self.after else [],
        }
        if self.action != "none":
            told["diff"] = diff(self.kind, self.before, self.after)
        if self.changes:
            told["changes"] = sorted(self.changes)
        if self.reason:
            told["reason"] = self.reason
        return told


@dataclass
class Decision:
    """What is to be done to one resource, by what AWS shows of it: the same for a check and for an apply."""

    kind: Kind
    want: Resource
    """With the live tags that stay."""
    action: str
    before: Resource | None
    changes: Set[str] = frozenset()
    reason: str = ""

    def at_rest(self, wait: bool) -> bool:
        """Say whether an apply has nothing to write, and nothing to wait for."""
        return self.action == "none" and not (wait and self.before and not self.kind.ready(self.before))


def sync(kind: Kind, aws: Aws, want: Resource, state: str = "present", *, check: bool = False, purge_tags: bool = True,
         wait: bool = True, timeout: int = 1800, write: Write | None = None) -> Outcome:
    """Bring one resource to the wanted state, or say what that would do.

    ``write`` replaces the kind's own create and update: a function that runs a community module with
    the wanted arguments, and gets the live resource or None, and what is wanted.
    """
    if not check:
        known(kind, want)
    decision = decide(kind, aws, want, state, purge_tags)
    return foretell(decision, aws, wait) if check else carry_out(decision, aws, wait, timeout, write)


def known(kind: Kind, want: Resource) -> None:
    """Refuse to write what speaks of something that isn't there."""
    missing = placeholders({key: value for key, value in want.items() if value is not None})
    if missing:
        raise EngineError(
            f"{kind.title} {kind.label(want)}: a value of its arguments is known only after another resource is made: "
            f"{', '.join(missing)}"
        )


def decide(kind: Kind, aws: Aws, want: Resource, state: str = "present", purge_tags: bool = True) -> Decision:
    """Return what is to be done to one resource; refuse what can't be."""
    kind = elsewhere.of(kind, aws)
    want = {key: value for key, value in want.items() if value is not None}
    found_by = {name: want.get(name) for name in kind.identity}
    before = None if has_placeholder(found_by) else _found(kind, aws, want, purge_tags)
    if state == "absent":
        if before:
            _may_go(kind, before)
            _lossless(kind, aws, before, None, set())
        return Decision(kind, want, "delete" if before else "none", before)
    want = _tolerant(kind, aws, before, want, purge_tags)
    if before is None:
        possible(kind, aws, None, want, set(want))
        return Decision(kind, want, "create", None)
    changes = kind.compare(before, want)
    return _changed(kind, aws, before, want, changes) if changes else Decision(kind, want, "none", before)


def foretell(decision: Decision, aws: Aws, wait: bool = True) -> Outcome:
    """Return what an apply would come to, and keep it for those who speak of the resource."""
    kind, want, before, changes = decision.kind, decision.want, decision.before, set(decision.changes)
    if decision.action == "create":
        after = {**want, **kind.computed(aws, want)}
    elif decision.action == "replace":
        after = {**(before or {}), **want, **kind.computed(aws, want)}
    elif decision.action == "update":
        # What is create_only stays as it is, so it is not laid over.
        changed = {name: value for name, value in want.items() if name in changes}
        after = {**(before or {}), **changed, **kind.consequences(want, changes)}
    elif decision.action == "delete" or before is None:
        return _told(aws, Outcome(kind, decision.action, before), want)
    else:
        after = before
        if wait:
            may_come(kind, before)
    return _told(aws, Outcome(kind, decision.action, before, after, changes, decision.reason), want)


def carry_out(
    decision: Decision, aws: Aws, wait: bool = True, timeout: int = 1800, write: Write | None = None
) -> Outcome:
    """Do it, prove it, and keep the outcome for those who speak of the resource."""
    kind, want, before, action = decision.kind, decision.want, decision.before, decision.action
    if action == "none":
        if before and wait:
            may_come(kind, before)
        after = ready(kind, aws, before, timeout) if before and wait else before
        return _told(aws, Outcome(kind, "none", before, after), want)
    prefetch.forget(aws)
    with _accounted(kind, aws, before if before and action == "delete" else want, before, action, decision.changes,
                    decision.reason):
        if before and action in ("delete", "replace"):
            deleting.delete(kind, aws, before, timeout)
            if wait or action == "replace":
                kind.gone(aws, before, timeout)
        if action == "delete":
            return _told(aws, Outcome(kind, "delete", before), want)
        _written(kind, aws, before if action == "update" else None, want, write)
        after = _finished(kind, aws, want, wait, timeout, before if action == "replace" else None)
    return _told(aws, Outcome(kind, action, before, after, set(decision.changes), decision.reason), want)


def _told(aws: Aws, outcome: Outcome, want: Resource) -> Outcome:
    prefetch.remember(aws, outcome.kind, outcome.kind.label(want), outcome.after)
    return outcome


def _tolerant(kind: Kind, aws: Aws, live: Resource | None, want: Resource, purge_tags: bool = True) -> dict:
    """Return what is wanted with the live tags that stay: all, or those that somebody else puts on resources."""
    if not (live and kind.taggable and "tags" in want):
        return want
    there = live.get("tags") or {}
    stay = tagging.foreign(there, getattr(aws, "ignored_tags", ())) if purge_tags else there
    return kind.tolerate(live, want, stay) if stay else want


def _found(kind: Kind, aws: Aws, want: Resource, purge_tags: bool) -> dict | None:
    """Find the resource. What was seen before serves where it shows nothing to do: it may be older than a difference.

    That is the look at the whole stack, or else, from a loop's second item on, one list for all items.
    """
    def as_wanted(live: Resource) -> bool:
        return not kind.compare(live, _tolerant(kind, aws, live, want, purge_tags))

    looked = prefetch.resources(aws, kind.name)
    live = _same(kind, looked or [], want)
    if live and as_wanted(live):
        return live
    scope = kind.scope(want)
    if scope and looked is None and aws.tasks > 1 and not has_placeholder(scope):
        if (kind.name, scope) not in aws.lists:
            aws.lists[kind.name, scope] = steadily(lambda: kind.within(aws, want, scope), kind.unseen)
        live = _same(kind, aws.lists[kind.name, scope], want)
        if kind.lists_all if live is None else as_wanted(live):
            return live
    return steady(kind, aws, want)


def prefetched(kind: Kind, aws: Aws, want: Resource) -> dict | None:
    """Return the resource as the look at the whole stack showed it, if it did, and if nothing was written since."""
    return _same(kind, prefetch.resources(aws, kind.name) or [], want)


def _same(kind: Kind, lives: list[Resource], want: Resource) -> Resource | None:
    of_same_name = (live for live in lives if all(live.get(field) == want.get(field) for field in kind.identity))
    return next(of_same_name, None)


def _changed(kind: Kind, aws: Aws, before: Resource, want: Resource, changes: set[str]) -> Decision:
    """Return how a live resource is changed; refuse it where AWS would, or something would be lost."""
    label = f"{kind.title} {kind.label(want)}"
    for name in sorted(changes & set(kind.immutable)):
        raise EngineError(
            f"{label}: {name} can't be changed from {_said(kind, before, name)} to {_said(kind, want, name)}: "
            f"{kind.immutable[name]}"
        )
    replaced = sorted(changes & set(kind.replaced))
    reason = "; ".join(f"{name}: {kind.replaced[name]}" for name in replaced)
    if replaced:
        _may_go(kind, before)
    possible(kind, aws, before, want, changes)
    _lossless(kind, aws, before, None if replaced else want, changes)
    return Decision(kind, want, "replace" if replaced else "update", before, changes, reason)


@contextlib.contextmanager
def _accounted(
    kind: Kind, aws: Aws, want: Resource, before: Resource | None, action: str = "create",
    changes: Set[str] = frozenset(), reason: str = "",
) -> Iterator[None]:
    """Let a failure tell what was done before it, as AWS shows it: the next record must know that it was no drift.

    What ends the run at once tells nothing any more, so it is noted before.
    """
    begun = {"kind": kind.name, "name": kind.label(want), "action": action, "changes": sorted(changes)}
    lease.begin({**begun, "before": normal(kind, before or {}, getattr(aws, "ignored_tags", ()))})
    try:
        yield
    except Exception as error:
        if code(error) or isinstance(error, EngineError):  # else AWS wasn't reached, and wouldn't be now
            with contextlib.suppress(Exception):  # what can't be read is not known
                keep_done(error, _before_failure(kind, want, before, kind.seen(aws, want), action, changes, reason))
        raise


def _before_failure(
    kind: Kind, want: Resource, before: Resource | None, after: Resource | None, action: str, changes: Set[str],
    reason: str,
) -> dict[str, Any]:
    """Return the result of a write that failed; nothing where it left all as it was."""
    done = {name for name in changes if before and after and before.get(name) != after.get(name)}
    if before and after and not done or not before and not after:
        return {}
    if after is None:
        action, reason = "delete", ""
    result = Outcome(kind, action, before, after, done, reason).result()
    return {name: value for name, value in result.items() if name not in ("resource", "notes")}


def _said(kind: Kind, resource: Resource, name: str) -> str:
    return MASK if name in kind.secret else repr(resource.get(name))


def _update(
    kind: Kind, aws: Aws, before: Resource, want: Resource, changes: set[str], write: Write | None = None
) -> None:
    others = changes - {"tags"}
    if others and write and not kind.updates:
        write(before, want)
        return
    # Tags alone need no module, which would look for the resource itself and, where it's fresh, make a second one.
    if others:
        kind.update(aws, before, want, others)
    if "tags" in changes:
        add, remove = tagging.plan(before.get("tags", {}), want["tags"], purge=True)
        kind.tag(aws, before, add, remove)


def _written(kind: Kind, aws: Aws, before: Resource | None, want: Resource, write: Write | None) -> None:
    """Create the resource, or change it; again where AWS is late, from what is there by then: nothing is made twice."""
    tried = created = False
    made = None

    def attempt() -> None:
        nonlocal tried, created, made
        live = (come(kind, aws, want, MADE_SECONDS if kind.doubles else 0) or before) if tried else before
        tried = True
        if live is None:
            made = write(None, want) if write else kind.create(aws, want)
            created = not write
            return
        wanted = _tolerant(kind, aws, live, want) if before is None else want
        changes = kind.compare(live, wanted)
        if changes:
            _update(kind, aws, live, wanted, changes, write)

    # What names it, and what it belongs to: either may have been made a moment ago.
    names = (kind.label(want), *map(want.get, kind.identity), *map((before or {}).get, ("id", "arn")))
    own = re.compile("|".join(rf"(?<![\w-]){re.escape(str(name))}(?![\w-])" for name in names if name))
    _patiently(kind, want, attempt, lambda told: kind.settle_seconds if own.search(told) else UNSEEN_SECONDS)
    if created:
        _patiently(kind, want, lambda: kind.complete(aws, want, made), lambda told: kind.settle_seconds)


def come(kind: Kind, aws: Aws, want: Resource, seconds: int) -> dict | None:
    """Return a resource that AWS may show late, as soon as it is seen; None when it isn't within these seconds."""
    try:
        return until(lambda: kind.seen(aws, want), seconds, "", delay=0.5)
    except TimedOut:
        return None


def steady(kind: Kind, aws: Aws, want: Resource) -> dict | None:
    """Find a resource that may just have come, or be just going."""
    return steadily(lambda: kind.find(aws, want), kind.unseen)


def _patiently(kind: Kind, want: Resource, write: Callable[[], None], patience: Callable[[str], int]) -> None:
    """Write, again and again while AWS doesn't see yet what the write needs, or says that there is what it didn't see.

    ``patience`` returns for how many seconds, given what AWS tells: what isn't found may be the fresh resource itself.
    """
    begun, delay = time.monotonic(), 0.5
    while True:
        try:
            write()
            return
        except Exception as error:
            told = f"{code(error)} {error}"
            if not expected(error):
                raise
            if any(name in told and text in told for name, text in kind.settling):
                seconds = kind.settle_seconds
            elif not_found(error, kind.unseen):
                seconds = patience(told)
            elif THERE.search(told):
                seconds = UNSEEN_SECONDS
            else:
                raise
            if time.monotonic() - begun + delay > seconds:
                raise EngineError(
                    f"{sentence(error, f'{kind.title} {kind.label(want)}')}; it was tried again for {seconds} seconds, "
                    "since AWS may see late what is new"
                ) from error
        time.sleep(delay)
        delay = min(delay * 2, 4)


def ready(kind: Kind, aws: Aws, live: Resource, timeout: int) -> dict:
    """Wait until a live resource is ready for its users, and return it as it is then."""
    if kind.ready(live):
        return live
    label, seen_at = f"{kind.title} {kind.label(live)}", time.monotonic()

    def now() -> Resource | None:
        nonlocal seen_at
        seen = kind.seen(aws, live)
        if seen is None:
            if time.monotonic() - seen_at > MISSED_SECONDS:
                raise EngineError(f"{label} was deleted while its readiness was awaited")
            return None
        seen_at = time.monotonic()
        if kind.failed(seen):
            raise EngineError(f"{label} failed: {kind.failed(seen)}")
        if kind.halted(seen):
            raise EngineError(f"{label} isn't waited for: {kind.halted(seen)}")
        return seen if kind.ready(seen) else None

    return until(now, timeout, f"{label} becoming ready")


def _finished(kind: Kind, aws: Aws, want: Resource, wait: bool, timeout: int, old: Resource | None = None) -> dict:
    after = _proven(kind, aws, want, old)
    if not wait or kind.ready(after):
        return after
    ready(kind, aws, after, timeout)
    # What AWS did while it was awaited counts, too.
    return _proven(kind, aws, want)


def _proven(kind: Kind, aws: Aws, want: Resource, old: Resource | None = None) -> dict:
    """Read the resource back until it is as wanted: a write that didn't take is a failure, not a success.

    ``old`` is what it was made in place of, which AWS may go on showing.
    """
    seen: dict = {"needed": 1, "equal": 0}

    def as_wanted() -> bool:
        after = kind.seen(aws, want)
        left = kind.compare(after, want) if after else set(want)
        seen["after"], seen["equal"] = after, 0 if left else seen["equal"] + 1
        if after and left and left <= set(kind.replaced) and after.get("id") not in (None, (old or {}).get("id")):
            may_come(kind, after)  # no waiting mends it
        if left:
            seen["old"], seen["left"] = after, left
            seen["needed"] = max(seen["needed"], *(kind.equal_reads.get(field, 1) for field in left))
        return seen["equal"] >= seen["needed"]

    try:
        until(as_wanted, kind.settle_seconds, "", delay=0.5, longest=4)
    except TimedOut:
        after = seen["old"]
        if after is None:
            raise EngineError(f"{kind.title} {kind.label(want)} was written, but AWS doesn't show it") from None
        left = ", ".join(
            f"{name} is {_said(kind, after, name)} and not {_said(kind, want, name)}"
            for name in sorted(seen["left"])
        )
        raise EngineError(f"{kind.title} {kind.label(want)} was written, but AWS still answers that {left}") from None
    return seen["after"]


def _may_go(kind: Kind, live: Resource) -> None:
    if kind.protected(live):
        raise EngineError(f"{kind.title} {kind.label(live)} isn't deleted: {kind.protected(live)}")


def may_come(kind: Kind, live: Resource) -> None:
    """Refuse to wait for what will never be ready, in a check too: an apply would."""
    if not kind.ready(live) and kind.failed(live):
        raise EngineError(f"{kind.title} {kind.label(live)} failed: {kind.failed(live)}")


def possible(kind: Kind, aws: Aws, live: Resource | None, want: Resource, changes: set[str]) -> None:
    """Refuse what AWS would refuse; without a live resource it is a creation."""
    told = kind.refused(aws, live, want, changes)
    if told:
        raise EngineError(f"{kind.title} {kind.label(want)}: {told}")


def _lossless(kind: Kind, aws: Aws, live: Resource, want: Resource | None, changes: set[str]) -> None:
    told = unnamed_loss(kind, aws, live, want, changes)
    if told:
        raise EngineError(f"{kind.title} {kind.label(live)}: {told}")


def unnamed_loss(kind: Kind, aws: Aws, live: Resource, want: Resource | None, changes: set[str]) -> str:
    """Say what a write would destroy that nobody can bring back, and how to name it; nothing where it is named."""
    name = f"{kind.name}/{kind.label(live)}"
    told = "" if name in getattr(aws, "may_lose", ()) else kind.loses(aws, live, want, changes)
    if not told:
        return ""
    how = json.dumps({"stack_may_lose": [name]})
    return f"{told}, so it is done only where it is named: -e '{how}'"
