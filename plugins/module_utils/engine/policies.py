"""Policy documents mean the same in many spellings; these functions compare what they mean."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote


def canonical(document: dict | str | None) -> dict | None:
    """Return a policy document in one spelling: lists sorted, single items unwrapped, no ids of AWS's own."""
    if not document:
        return None
    if isinstance(document, str):
        found: dict = json.loads(document if document.lstrip().startswith("{") else unquote(document))
    else:
        found = document
    statements = found.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    result = {key: value for key, value in found.items() if key != "Statement"}
    # The order of statements never changes a policy's meaning.
    result["Statement"] = sorted((_plain(statement) for statement in statements), key=str)
    return result


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        items = sorted((_plain(item) for item in value), key=str)
        return items[0] if len(items) == 1 else items
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else str(value)
