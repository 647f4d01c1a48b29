"""Values that will exist only after apply: ids, ARNs and addresses that AWS makes up."""

from __future__ import annotations

from typing import Any

MARK = "known-after-apply"


def placeholder(kind: str, name: str, field: str = "id") -> str:
    """Return the stand-in for a value of a resource that a check run has not made."""
    return f"{MARK}/{kind}/{name}/{field}"


def placeholders(value: Any) -> list[str]:
    """Return what stands in a value, at any depth, for what doesn't exist yet: each text once, in order."""
    if isinstance(value, str):
        return [value] if MARK in value else []
    items = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return list(dict.fromkeys(one for item in items for one in placeholders(item)))


def has_placeholder(value: Any) -> bool:
    """Say whether a value, at any depth, depends on something that doesn't exist yet."""
    if isinstance(value, str):
        return MARK in value
    if isinstance(value, dict):
        return any(has_placeholder(key) or has_placeholder(item) for key, item in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(has_placeholder(item) for item in value)
    return False
