"""A stack's status as lines of one screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..engine.plain import plain

if TYPE_CHECKING:
    from .status import Status

WIDTH = 13


def lines(told: Status) -> list[str]:
    """Return the screen: the verdict, what is wrong, then a line for each thing."""
    shown = [f"{told.stack} is {told.verdict}"]
    shown += [f"  problem  {one['component']}: {plain(one['summary'])}" for one in told.problems]
    shown += [f"  unknown  {part}: {plain(why)}" for part, why in sorted(told.unreadable.items())]
    shown += [f"  note     {one['component']}: {plain(one['summary'])}" for one in told.notices]
    for part, lister in PARTS.items():
        if told.facts.get(part) is not None:
            texts = [text for text in lister(told.facts[part], told.facts) if text]
            shown += [f"{part if not number else '':{WIDTH}}{plain(text)}" for number, text in enumerate(texts)]
    return shown


def _release(one: Any, _facts: Any) -> Iterator[str]:
    yield f"{one['name']}, since {one['since']}" if one["name"] else "nothing is released yet"


def _services(many: Any, facts: Any) -> Iterator[str]:
    for one in many:
        yield (
            f"{one['name']}: {one['running']} of {one['desired']} run, {one['pending']} pending"
            f"{', deployment ' + one['deployment'] if one['deployment'] else ''}"
        )


def _tasks(one: Any, _facts: Any) -> Iterator[str]:
    yield f"{one['running']} run, {one['spot']} of them on Spot"


def _queues(many: Any, facts: Any) -> Iterator[str]:
    for one in many:
        age = (facts.get("ages") or {}).get(one["name"])
        old = f", the oldest {age:g} s old" if age and one["waiting"] + one["in_flight"] else ""
        yield f"{one['name']}: {one['waiting']} wait, {one['in_flight']} in flight{old}"


def _database(many: Any, facts: Any) -> Iterator[str]:
    for one in many:
        more = (facts.get("storage") or {}).get(one["name"], {})
        free = "free storage unknown" if more.get("free_gib") is None else f"{more['free_gib']:g} GiB free"
        open_ = "connections unknown" if more.get("connections") is None else f"{more['connections']:g} connections"
        yield (
            f"{one['name']}: {one['state']}, PostgreSQL {one['engine_version']}, {one['allocated_gib']} GiB, {free}, "
            f"{open_}, newest backup {one['backup_age']}"
        )


def _pipes(many: Any, _facts: Any) -> Iterator[str]:
    for one in many:
        yield f"{one['name']}: {one['state']}{': ' + one['reason'] if one['reason'] else ''}"


def _schedules(many: Any, _facts: Any) -> Iterator[str]:
    for one in many:
        yield f"{one['name']}: {one['schedule']}{'' if one['enabled'] else ', disabled'}, last fired {one['ago']}"


def _certificates(many: Any, _facts: Any) -> Iterator[str]:
    for one in many:
        left = "" if one["days"] is None else f", {one['days']} days left"
        yield f"{one['domain']}: {one['status']}{left}"


def _alarms(one: Any, _facts: Any) -> Iterator[str]:
    yield f"{one['count']}, of which {len(one['on'])} are on and {len(one['without_data'])} have no data"


def _drift(one: Any, _facts: Any) -> Iterator[str]:
    when = f" since the apply of {one['time']}" if one["time"] else ""
    yield f"{one['resources']} resources, {one['findings']} findings{when}" if one["compared"] else "not compared"


def _lock(one: Any, _facts: Any) -> Iterator[str]:
    yield one["by"] if one["held"] else "free"


PARTS = {
    "release": _release, "services": _services, "tasks": _tasks, "queues": _queues, "pipes": _pipes,
    "database": _database, "schedules": _schedules, "certificates": _certificates, "alarms": _alarms, "drift": _drift,
    "lock": _lock,
}  # fmt: skip
