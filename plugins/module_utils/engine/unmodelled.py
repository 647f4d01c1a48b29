"""Nothing of a resource is hidden: what a kind doesn't read of AWS's description is kept beside its fields.

A description is watched while the kind turns it into fields. What was not looked at, at any depth, is the rest: drift
compares it too, under AWS's own names, so a field that AWS adds tomorrow is covered without anybody naming it here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .typed import Resource

UNMODELLED = "unmodelled"
"""The field of a live resource that has what its kind doesn't read."""


class Watched(dict):
    """A dict that remembers which of its keys were looked at."""

    def __init__(self, source: Any) -> None:
        super().__init__({key: watch(value) for key, value in source.items()})
        self.seen: set = set()

    def __getitem__(self, key: Any) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value, and remember that it was looked at."""
        self.seen.add(key)
        return super().get(key, default)

    def __iter__(self) -> Iterator[Any]:  # with this of its own, dict(watched) and {**watched} take keys by __getitem__
        return super().__iter__()

    def items(self) -> Any:
        """Return all, which are then looked at."""
        self.seen.update(self.keys())
        return super().items()

    def values(self) -> Any:
        """Return all, which are then looked at."""
        self.seen.update(self.keys())
        return super().values()


def watch(value: Any) -> Any:
    """Return a description that remembers what is looked at."""
    if isinstance(value, dict):
        return Watched(value)
    return [watch(item) for item in value] if isinstance(value, list) else value


def unwatched(value: Any) -> Any:
    """Return a value as it was; what is returned whole has been looked at."""
    if isinstance(value, dict):
        return {key: unwatched(item) for key, item in value.items()}
    return [unwatched(item) for item in value] if isinstance(value, list) else value


def unmodelled(value: Any) -> Any:
    """Return what nobody looked at."""
    if isinstance(value, Watched):
        left = {key: unmodelled(item) if key in value.seen else unwatched(item) for key, item in dict.items(value)}
        return {key: item for key, item in left.items() if item not in (None, "", [], {})}
    if isinstance(value, list):
        items = [unmodelled(item) for item in value]
        return items if any(items) else []
    return None


def with_unmodelled(live: Resource, *watched: Any) -> dict:
    """Return a live resource with the rest of the descriptions that it was made of."""
    live = unwatched(live)
    left = {key: value for one in watched for key, value in unmodelled(one).items()}
    return {**live, UNMODELLED: left} if left else live


def keep_unmodelled(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method that makes a live resource of a description keep the rest of it."""

    @functools.wraps(method)
    def kept(*arguments: Any, **named: Any) -> Any:
        watched = [watch(one) if isinstance(one, dict) else one for one in arguments]
        live = method(*watched, **named)
        return with_unmodelled(live, *(one for one in watched if isinstance(one, Watched))) if live else live

    return kept
