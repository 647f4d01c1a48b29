"""What a change looks like, for people and for records."""

from __future__ import annotations

import json
from collections.abc import Set
from typing import TYPE_CHECKING, Any

from .compare import differences
from .unmodelled import UNMODELLED

if TYPE_CHECKING:
    from .kind import Kind
    from .typed import Resource

MASK = "(secret)"


def mask(kind: Kind, resource: Resource) -> dict:
    """Return a resource without the values of its secrets, and without what no field models.

    That is AWS's own text, in which nobody has looked for secrets; drift alone compares it.
    """
    shown = ((field, value) for field, value in resource.items() if field != UNMODELLED)
    return {field: MASK if field in kind.secret and value else value for field, value in shown}


def show(kind: Kind, resource: Resource | None) -> dict:
    """Return a resource as a diff shows it: without ignored fields, secrets masked."""
    if not resource:
        return {}
    return {
        field: value
        for field, value in sorted(mask(kind, resource).items())
        if field not in kind.ignored and value is not None
    }


def diff(kind: Kind, before: dict | None, after: dict | None) -> dict:
    """Return what one resource was and is, as data that may be shown; ``text`` makes of it what Ansible prints."""
    label = f"{kind.title} {kind.label(after or before or {})}"
    shown = {"before": show(kind, before), "after": show(kind, after)}
    for field in kind.secret:
        # Two masked values look alike: say that they are not.
        if before and after and before.get(field) != after.get(field) and after.get(field):
            shown["after"][field] = f"{MASK} changed"
    return {"before_header": label, "after_header": label, **shown}


def changes(before: Resource, after: Resource, fields: Set[str] = frozenset()) -> list[dict[str, Any]]:
    """Return what differs between the sides of a diff, path by path: in these fields, or in all where none is named."""
    return [
        {"path": one.path, "before": one.recorded, "after": one.live}
        for one in differences(before, after)
        if not fields or one.field in fields
    ]


def text(shown: dict) -> dict:
    """Return a diff with texts on both sides, line by line what Ansible prints; one that has texts is left alone."""

    def lines(side: Any) -> Any:
        if isinstance(side, dict):
            return json.dumps(side, indent=2, sort_keys=True, default=str) + "\n" if side else ""
        return side

    return {**shown, **{side: lines(shown[side]) for side in ("before", "after") if side in shown}}
