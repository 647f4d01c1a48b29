"""Puts back what an apply doesn't say: fields that no task sets, and its children."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import tags as tagging
from .children import values

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Resource


@dataclass(frozen=True)
class Remediation:
    """One operation that changes fields of a kind in place."""

    operation: str
    parameters: dict[str, str]
    """Its parameters that name the resource, as of a child."""
    fields: dict[str, str]
    """The fields that it changes, each with its parameter; ``A.B`` is a structure A with a B."""
    together: bool = False
    """Whether all of its fields must be said at once."""
    each: bool = False
    """Whether it takes one field at a time."""
    empty: dict[str, object] | None = None
    """What a field is when it isn't recorded, because nothing was said of it."""
    otherwise: str = ""
    """The operation that takes the fields away when they aren't recorded, where there is one of its own."""


def remediate(kind: Kind, aws: Aws, live: Resource, recorded: Resource, fields: set[str]) -> set[str]:
    """Put fields of a live resource back to what was recorded, and return those that were."""
    done = set()
    if "tags" in fields and kind.taggable:
        kept = getattr(aws, "ignored_tags", ())
        wanted = tagging.without_foreign(recorded, kept).get("tags", {})
        add, remove = tagging.plan(live.get("tags", {}), wanted, purge=True, kept=kept)
        kind.tag(aws, live, add, remove)
        done.add("tags")
    for remediation in kind.remediations:
        wanted = [field for field in remediation.fields if field in fields]
        if not wanted:
            continue
        said = list(remediation.fields) if remediation.together else wanted
        for some in [[field] for field in said] if remediation.each else [said]:
            parameters: dict = values(remediation.parameters, {**recorded, **live})
            operation = remediation.otherwise if not any(recorded.get(field) for field in some) else ""
            for field in some:
                outer, _, inner = remediation.fields[field].partition(".")
                value = recorded.get(field, (remediation.empty or {}).get(field))
                if value is not None:
                    parameters |= {outer: {inner: value}} if inner else {outer: value}
            getattr(aws(kind.service), operation or remediation.operation)(**parameters)
        done |= set(wanted)
    ours = {
        field for field in fields - done if field in live and field not in kind.immutable and field not in kind.replaced
    }
    if kind.updates and ours:
        empty = {field: type(live[field])() for field in ours if live[field] is not None}
        kind.update(aws, live, {**live, **empty, **recorded}, ours)
        done |= ours
    return done
