"""What a change looks like, for people and for records."""

from __future__ import annotations

import json

from .unmodelled import UNMODELLED

MASK = "(secret)"


def mask(kind, resource: dict) -> dict:
    """Return a resource without the values of its secrets, and without what no field models.

    That is AWS's own text, in which nobody has looked for secrets; drift alone compares it.
    """
    shown = ((field, value) for field, value in resource.items() if field != UNMODELLED)
    return {field: MASK if field in kind.secret and value else value for field, value in shown}


def show(kind, resource: dict | None) -> dict:
    """Return a resource as a diff shows it: without ignored fields, secrets masked."""
    if not resource:
        return {}
    return {
        field: value
        for field, value in sorted(mask(kind, resource).items())
        if field not in kind.ignored and value is not None
    }


def diff(kind, before: dict | None, after: dict | None) -> dict:
    """Return Ansible's diff of one resource."""
    label = f"{kind.title} {kind.label(after or before or {})}"
    shown = {"before": show(kind, before), "after": show(kind, after)}
    for field in kind.secret:
        # Two masked values look alike: say that they are not.
        if before and after and before.get(field) != after.get(field) and after.get(field):
            shown["after"][field] = f"{MASK} changed"
    return {
        "before_header": label,
        "after_header": label,
        "before": json.dumps(shown["before"], indent=2, sort_keys=True, default=str) + "\n" if before else "",
        "after": json.dumps(shown["after"], indent=2, sort_keys=True, default=str) + "\n" if after else "",
    }
