"""A look at all that a stack has: every field, every child, as it can be recorded and compared."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import tags as tagging
from .cache import CachedAws
from .children import without
from .diff import MASK
from .errors import expected, sentence
from .secrets import named, secret, valued
from .unmodelled import UNMODELLED
from .waiting import steadily

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Kinds, Resource

THREADS = 12


@dataclass
class Survey:
    """What was seen, and where nothing could be seen."""

    resources: dict[str, list[dict]] = field(default_factory=dict)
    """The live resources by kind, normalised."""
    live: dict[str, list[dict]] = field(default_factory=dict)
    """The same as the kinds know them, to act on."""
    unreadable: dict[str, str] = field(default_factory=dict)
    """The kinds that could not be looked at, and why."""
    calls: int = 0

    def count(self) -> int:
        """Return how many resources were seen."""
        return sum(map(len, self.resources.values()))


def survey(aws: Aws, stack: str, kinds: Kinds) -> Survey:
    """Return all that a stack has."""
    seen, cached = Survey(), CachedAws(aws)
    with ThreadPoolExecutor(THREADS) as pool:
        listed = lists(pool, cached, stack, kinds)
        pairs = [(kinds[name], live) for name, (lives, _told) in listed.items() for live in lives or []]
        children = pool.map(lambda pair: _children(cached, *pair), pairs)
        seen.unreadable = {name: told for name, (_lives, told) in listed.items() if told}
        for (kind, live), (more, told) in zip(pairs, children, strict=True):
            if told:
                seen.unreadable.setdefault(kind.name, told)
            seen.live.setdefault(kind.name, []).append(live)
            full = {**live, **ordered(more or {})}
            seen.resources.setdefault(kind.name, []).append(normal(kind, full, aws.ignored_tags))
    seen.calls = cached.calls
    return seen


def _children(aws: CachedAws, kind: Kind, live: Resource) -> tuple:
    return read_or_reason(aws, kind, lambda at: kind.read_children(at, live))


def lists(pool: Executor, aws: CachedAws, stack: str, kinds: Kinds) -> dict[str, tuple]:
    """Return a stack's live resources by kind, or nothing and why they could not be looked at."""
    answers = pool.map(lambda kind: read_or_reason(aws, kind, lambda at: kind.all(at, stack)), kinds.values())
    return dict(zip(kinds, answers, strict=True))


def read_or_reason(aws: CachedAws, kind: Kind, read: Callable[[Aws], Any]) -> tuple:
    """Return what ``read(aws)`` gives and nothing, or nothing and why; asked anew where something isn't seen."""
    views = itertools.chain([aws], (aws.anew() for _ in itertools.count()))
    return result_or_reason(lambda: steadily(lambda: read(next(views)), kind.unseen))


def find_unlisted(aws: Aws, kind: Kind, recorded: Resource) -> tuple:
    """Return a resource that the stack's list lacks, if it is there all the same: without its tag, for example.

    Or nothing and why it could not be looked at.
    """

    def found(at: Aws) -> Resource | None:
        live = kind.find(at, recorded)
        return normal(kind, {**live, **ordered(kind.read_children(at, live))}, aws.ignored_tags) if live else None

    return read_or_reason(CachedAws(aws), kind, found)


def result_or_reason(call: Callable[[], Any]) -> tuple:
    """Return what a call returns and nothing, or nothing and why AWS refused it."""
    try:
        return call(), ""
    except Exception as error:
        if not expected(error):
            raise
        return None, sentence(error)


def normal(kind: Kind, live: Resource, ignored_tags: Iterable[str] = ()) -> dict:
    """Return a live resource as it is recorded: nothing ignored, nothing secret, plain JSON, AWS's own names flat."""
    plain = json.loads(json.dumps(tagging.without_foreign(live, ignored_tags), sort_keys=True, default=str))
    left = ordered(without(plain.pop(UNMODELLED, {}), kind.ignored | {"ResponseMetadata"}))
    for key in kind.wrapped:
        left |= left.pop(key, {})
    fields = {key: value for key, value in plain.items() if key not in kind.ignored | kind.secret}
    return {key: hidden(value) for key, value in {**left, **fields}.items() if value not in (None, "", [], {})}


def ordered(value: Any) -> Any:
    """Return AWS's own answer with its lists in one order: AWS gives them in any."""
    if isinstance(value, dict):
        return {key: ordered(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(ordered, value), key=lambda item: json.dumps(item, sort_keys=True, default=str))
    return value


def hidden(value: Any) -> Any:
    """Return a structure without the values of what is named like a secret, or is one by itself."""
    if isinstance(value, list):
        return [hidden(item) for item in value]
    if not isinstance(value, dict):
        return MASK if valued(value) else value
    pair = isinstance(value.get("name"), str) and secret(value["name"], value.get("value"))
    return {
        key: MASK if item and isinstance(item, str) and (named(key) or (pair and key == "value")) else hidden(item)
        for key, item in value.items()
    }
