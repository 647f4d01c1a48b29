"""What the engine's functions take and return, for type checkers and readers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from .kind import Kind

Resource = dict[str, Any]
"""A resource, live or wanted: the fields of its kind, which the kind's module documents. No TypedDict, since the engine
reads fields by names that the kinds say, and each kind has others."""
Kinds = dict[str, "Kind"]
"""Kinds by their names."""
Record = dict[str, Any]
"""A record as it lies in the stack's bucket (``record.SHAPE``); what a run adds to it is the run's own."""
Words = tuple[tuple[str, str], ...]
"""Errors of AWS's: codes, each with a part of the message."""
Write = Callable[[Resource | None, Resource], Any]
"""Writes a resource by another module: given the live one or None, and what is wanted."""


class Result(TypedDict):
    """What a module returns of one resource."""

    changed: bool
    kind: str
    name: str
    action: str
    resource: Resource
    notes: list[str]
    diff: NotRequired[dict[str, Any]]
    """What it was and is, as data."""
    changes: NotRequired[list[str]]
    reason: NotRequired[str]


class Change(TypedDict):
    """What a run did to one resource."""

    kind: str
    name: str
    action: str
    changes: NotRequired[list[str] | None]
    """The names of the fields."""
    before: NotRequired[Resource]
    """As records have it."""


class Report(TypedDict):
    """A finding as reports have it."""

    category: str
    kind: str
    name: str
    path: str
    field: str
    recorded: Any
    live: Any
    where: str
    owner: str
    severity: str
    who: str
    when: str
    event: str
    revert: str
    loses: str
    accept: str
    variables: list[str]
