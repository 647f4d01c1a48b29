"""What differs between two normalised resources: field by field, item by item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# What tells the items of a list apart, the first that all of them have and that differs in all of them.
KEYS = (
    "id", "Id", "ID", "name", "Name", "key", "Key", "Sid", "statement_id", "Port", "Priority", "rulePriority", "port",
    "NetworkAclId", "AliasName", "GrantId", "UUID", "filterName", "PolicyName", "ScheduledActionName", "policy_name",
    "containerPort", "capacity_provider", "target_group_arn", "resource_type", "endpoint", "InstanceProfileName",
    "DeviceName", "device_name", "VpcPeeringConnectionId", "LifecycleHookName", "SubnetId", "SubnetIdentifier",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One difference: something changed, was removed, or is extra."""

    category: str
    path: str
    recorded: object = None
    live: object = None

    @property
    def field(self) -> str:
        """The field of the resource in which the difference is."""
        return self.path.partition(".")[0].partition("[")[0]

    def leaves(self) -> Iterator[str]:
        """Yield the paths of all that differs: a structure that comes or goes as a whole has several."""

        def walk(value: Any, path: str) -> Iterator[str]:
            if isinstance(value, dict) and value:
                for key, item in value.items():
                    yield from walk(item, f"{path}.{key}")
            else:
                yield path

        both = self.recorded is not None and self.live is not None
        yield from walk(None if both else self.live or self.recorded, self.path)


def differences(recorded: Any, live: Any, path: str = "") -> Iterator[Difference]:
    """Yield what differs. Items of lists and keys that are the user's come and go; anything else is changed."""
    if recorded == live:
        return
    if isinstance(recorded, dict) and isinstance(live, dict):
        for key in sorted({**recorded, **live}):
            yield from _of(recorded.get(key), live.get(key), f"{path}.{key}" if path else key, top=not path)
    elif isinstance(recorded, list) and isinstance(live, list):
        yield from _lists(recorded, live, path)
    else:
        yield Difference("changed", path, recorded, live)


def _of(recorded: Any, live: Any, path: str, top: bool = False) -> Iterator[Difference]:
    if recorded is not None and live is not None:
        yield from differences(recorded, live, path)
    elif isinstance(live, list):  # there was none, so it was empty
        yield from _lists([], live, path)
    elif isinstance(recorded, list):
        yield from _lists(recorded, [], path)
    elif top and path in MAPS:
        yield from differences(recorded or {}, live or {}, path)
    else:
        # A structure of the resource itself, or a key that is the user's, comes and goes.
        comes = isinstance(live if recorded is None else recorded, dict) if top else _mapped(path)
        category = "changed" if not comes else "extra" if recorded is None else "removed"
        yield Difference(category, path, recorded, live)


def _mapped(path: str) -> bool:
    return any(part in MAPS for part in path.split(".")[:-1])


# Fields whose keys are the user's.
MAPS = frozenset({"tags", "routes", "parameters", "environment_variables", "dimensions"})


def _lists(recorded: list[Any], live: list[Any], path: str) -> Iterator[Difference]:
    gone = _minus(recorded, live)
    new = _minus(live, recorded)
    if not gone and not new:
        yield Difference("changed", path, recorded, live)  # the order
        return
    structures = all(isinstance(item, dict) for item in gone + new)
    if not structures and gone and new and not _set_like(recorded + live):
        yield Difference("changed", path, recorded, live)
        return
    pairs = _pairs(gone, new) if structures else []
    key = next((key for key in KEYS if all(isinstance(one, dict) and key in one for one in recorded + live)), None)
    for one, other in pairs:
        gone.remove(one)
        new.remove(other)
        yield from differences(one, other, f"{path}[{_label(one, key)}]")
    for item in gone:
        yield Difference("removed", f"{path}[{_label(item, key)}]", item, None)
    for item in new:
        yield Difference("extra", f"{path}[{_label(item, key)}]", None, item)


def _set_like(items: list[Any]) -> bool:
    """Say whether a list's items are names of things, of which one more or less counts, and not words of a command."""
    return all(isinstance(item, str) and (item.startswith("arn:") or "-" in item or ":" in item) for item in items)


def _minus(some: list[Any], others: list[Any]) -> list[Any]:
    left, rest = list(others), []
    for item in some:
        if item in left:
            left.remove(item)
        else:
            rest.append(item)
    return rest


def _pairs(gone: list[Any], new: list[Any]) -> list[tuple[Any, Any]]:
    """Return the items that are the same ones, changed: by what tells items apart, else by all but one value."""
    pairs, free = [], list(new)
    key = next((key for key in KEYS if gone and new and all(key in one for one in gone + new)), None)
    if not key and len(gone) == len(new) == 1:
        return [(gone[0], new[0])]
    for one in gone:
        other = next((item for item in free if key and item[key] == one[key]), None)
        if other is None and not key:
            other = next((item for item in free if _close(one, item)), None)
        if other is not None:
            free.remove(other)
            pairs.append((one, other))
    return pairs


def _close(one: Any, other: Any) -> bool:
    return sum(one.get(key) != other.get(key) for key in {**one, **other}) == 1


def _label(item: Any, key: str | None) -> str:
    if not isinstance(item, dict):
        return str(item)
    if key:
        return str(item[key])
    told = json.dumps({name: value for name, value in item.items() if value not in ("", [], {})}, sort_keys=True)
    return told.replace('"', "").strip("{}")[:80]
