"""What was applied: the stack as it was after the last apply, kept in its bucket with all that went before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import state
from .elsewhere import SIGN
from .survey import Survey, normal

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Change, Kinds, Record, Resource

KEY = "record.json"
FOLDER = "records/"
FORMAT = 1
# Whose the stack is, among what a run tells of itself.
OWNER = ("inventory_host", "profile")
SHAPE = {"format": int, "kinds": list, "resources": dict, "undeclared": dict, "stack": str}


def make(
    survey: Survey,
    kinds: Kinds,
    run: dict[str, Any],
    declared: set[tuple[str, str]] | None,
    before: Record | None,
    whole: bool,
    beside: set[tuple[str, str]] | None = None,
) -> Record:
    """Return the record of a survey.

    ``declared`` are the (kind, name) pairs that the run's tasks were about; None declares all that is there. What a
    stack has and nobody declared is kept apart, so that it goes on being told. A run of some tasks only (``whole`` is
    false) declares what it was about, and leaves the rest as it was.
    """
    foreign = set() if declared is None else _undeclared(survey, kinds, declared, before, whole)

    def parted(takes: bool) -> dict[str, list[Resource]]:
        of = {
            name: [one for one in lives if ((name, kinds[name].label(one)) in foreign) == takes]
            for name, lives in survey.resources.items()
        }
        return {name: lives for name, lives in of.items() if lives}

    return {
        **run,
        "format": FORMAT,
        "kinds": sorted(kinds),
        "resources": parted(False),
        "undeclared": parted(True),
        # What stands beside the stack's resources and was accepted.
        "beside": (before or {}).get("beside", []) if beside is None else sorted(list(pair) for pair in beside),
        "count": survey.count() - len(foreign),
    }


def _undeclared(
    survey: Survey, kinds: Kinds, declared: set[tuple[str, str]], before: Record | None, whole: bool
) -> set[tuple[str, str]]:
    """Return what is there and nobody declared, as (kind, name) pairs."""
    there = pairs(survey.resources, kinds)
    foreign = there - declared
    if whole:
        return foreign
    before = before or {}
    return foreign - (pairs(before.get("resources", {}), kinds) - pairs(before.get("undeclared", {}), kinds))


def pairs(resources: dict, kinds: Kinds) -> set[tuple[str, str]]:
    """Return the (kind, name) pairs of resources."""
    return {(name, kinds[name].label(one)) for name, lives in resources.items() if name in kinds for one in lives}


def stands(record: Record, kinds: Kinds, declared: set, whole: bool, run: dict) -> bool:
    """Say whether a record is still the one to be made after a run that changed nothing."""
    if any(record.get(key) != run.get(key) for key in OWNER) or record.get("unrecorded"):
        return False
    ours, foreign = (pairs(record[key], kinds) for key in ("resources", "undeclared"))
    same = record["format"] == FORMAT and record["kinds"] == sorted(kinds) and not foreign & declared
    return same and (not whole or ours <= declared)


def keep(record: Record, before: Record | None, kinds: Kinds, touched: list[Change]) -> list[str]:
    """Leave in a record what drifted before and this run neither made nor undid, so that it goes on being told.

    ``touched`` are the run's changes: kind, name, action, changes and what was there before. Returns what was left.
    """
    left = []
    of = {(one["kind"], one["name"]): one for one in touched}
    for name, lives in record["resources"].items():
        kind = kinds[name]
        old = {identity(kind, one): one for one in (before or {}).get("resources", {}).get(name, [])}
        for place, live in enumerate(lives):
            label = kind.label(live)
            one, done = old.get(identity(kind, live)), of.get((name, label))
            if one is None or live == one or done and done["action"] in ("create", "replace"):
                continue
            fields = {
                item.field
                for item in kind.differences(one, live)
                if item.field in kind.noted or not kind.external_manager(item, one, live)
            }
            fields = {field for field in fields if not _mine(kind, field, live, done)}
            if fields:
                kept = {**live, **{field: one.get(field) for field in fields}}
                lives[place] = {key: value for key, value in kept.items() if value is not None}
            drifted = {
                item.field for item in kind.differences(one, live) if not kind.external_manager(item, one, live)
            } & fields
            if drifted:
                left.append(f"{name} {label}: {', '.join(sorted(drifted))}")
    return left


def _mine(kind: Kind, field: str, live: Resource, done: Change | None) -> bool:
    """Say whether the run itself changed a field, on purpose or as a consequence."""
    if not done:
        return False
    changes = set(done.get("changes") or ())
    if field in changes or kind.follows.get(field) in changes:
        return True
    children = {child.field for child in kind.children} | set(kind.follows)
    # Children aren't read by an apply; of all else it is known what was there before.
    return field not in children and (done.get("before") or {}).get(field) != live.get(field)


def merged(earlier: list[dict], later: list[dict]) -> list[dict]:
    """Return what two runs changed as if one had: each resource as it was before the first, and all that changed."""
    made: dict[tuple, dict] = {}
    for one in [*earlier, *later]:
        first = made.get((one["kind"], one["name"]), one)
        action = first["action"] if first["action"] in ("create", "replace") else one["action"]
        fields = sorted({*(first.get("changes") or ()), *(one.get("changes") or ())})
        made[one["kind"], one["name"]] = {**first, "action": action, "changes": fields}
    return list(made.values())


def normalised(changed: list[dict], kinds: dict, ignored_tags: Iterable[str] = ()) -> list[dict]:
    """Return a run's changes with what was there before as records have it; only of what records have."""
    return [
        {**one, "before": normal(kinds[one["kind"]], one.get("before") or {}, ignored_tags)}
        for one in changed
        if one["kind"] in kinds
    ]


def owe(aws: Aws, stack: str, kinds: dict, changed: list[dict]) -> bool:
    """Keep with the last record what a run changed that ends without one of its own; say whether all is known then.

    The next one would take it for drift that a run didn't undo, and go on telling of the state before. Without a record
    there is nothing to compare with, but what other regions have only it would tell.
    """
    last = read(aws, stack)
    if last and normalised(changed, kinds):
        state.write(aws, stack, KEY, owing(last, kinds, changed))
    return bool(last) or not any(SIGN in one["kind"] for one in changed)


def owing(record: Record, kinds: dict, changed: list[dict]) -> Record:
    """Return a record with more that was changed since by runs which ended without one."""
    return {**record, "unrecorded": merged(record.get("unrecorded", []), normalised(changed, kinds))}


def unrecorded(record: Record, kind: Kind, live: Resource | None, name: str, field: str) -> dict[str, str]:
    """Return who changed a resource's field, or the whole one, since the record: who, when, event; nothing if nobody.

    It was a run that ended before its record.
    """
    for done in record.get("unrecorded", ()):
        if (done["kind"], done["name"]) == (kind.name, name) and (
            done["action"] != "update" or live and field and _mine(kind, field, live, done)
        ):
            return done.get("by", {})
    return {}


def kinds_of(record: Record | None) -> set[str]:
    """Return the names of the kinds of which a record, or what was changed since, has resources."""
    record = record or {}
    changed = {one["kind"] for one in record.get("unrecorded", ())}
    return changed.union(record.get("resources", ()), record.get("undeclared", ()))


def identity(kind: Kind, resource: dict) -> tuple:
    """Return what makes a resource the same one by name."""
    return tuple(str(resource.get(field, "")) for field in kind.identity)


def read(aws: Aws, stack: str, key: str = KEY) -> dict | None:
    """Return a record, the last one or the one of a key. Raises Unreadable for a damaged one."""
    found = state.read(aws, stack, key)
    if found is not None and not all(isinstance(found.get(field), of) for field, of in SHAPE.items()):
        lacks = ", ".join(field for field, of in SHAPE.items() if not isinstance(found.get(field), of))
        raise state.Unreadable(state.bucket(aws, stack), key, f"it has no {lacks}, as every record has")
    return found


def last(aws: Aws, stack: str) -> tuple[dict | None, list[str]]:
    """Return the last record, or where that is damaged the newest one that isn't, and sentences on that."""
    told: list[str] = []
    try:
        return read(aws, stack), told
    except state.Unreadable as error:
        told.append(str(error))
    for key in reversed(state.keys(aws, stack, FOLDER)):
        try:
            return read(aws, stack, key), [*told, f"the record {key} was taken in its place; an apply writes it anew"]
        except state.Unreadable as error:
            told.append(str(error))
    return None, [*told, "no record was left to take in its place; an apply makes one"]


def write(aws: Aws, stack: str, record: Record) -> str:
    """Store a record as the last one and among all, and return its key."""
    key = f"{FOLDER}{record['time']}.json"
    state.write(aws, stack, key, record)
    state.write(aws, stack, KEY, record)
    return key


def between(before: Record, after: Record, kinds: Kinds) -> list[dict[str, Any]]:
    """Return what differs between two records, field by field."""
    told: list[dict[str, Any]] = []
    for name in sorted(name for name in {*before["resources"], *after["resources"]} if name in kinds):
        kind = kinds[name]
        old, new = (
            {identity(kind, one): one for one in record["resources"].get(name, [])} for record in (before, after)
        )
        for key in sorted({**old, **new}):
            one, other = old.get(key), new.get(key)
            label = f"{name} {kind.label(one or other or {})}"
            if not one or not other:
                told.append({"name": label, "path": "", "category": "removed" if one else "added"})
                continue
            told += [
                {"name": label, "path": item.path, "category": "changed", "before": item.recorded, "after": item.live}
                for item in kind.differences(one, other)
            ]
    return told
