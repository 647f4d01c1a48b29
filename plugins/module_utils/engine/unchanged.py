"""Whether an apply would do anything: it wouldn't where it has the same inputs as the last one, gets the same answers
from outside the stack, and nothing has drifted.

What the last apply had stands in the stack's bucket beside its record, and holds as long as that record is the last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import drift, lease, record, state

if TYPE_CHECKING:
    from .aws import Aws
    from .drift import Drift
    from .typed import Kinds, Record

KEY = "unchanged.json"
# What a result has besides its answer.
ASIDE = ("changed", "deprecations", "failed", "invocation", "notes", "warnings")


@dataclass
class Verdict:
    """What an apply would do: nothing, or something for a reason."""

    reason: str = ""
    """Why all tasks must run; nothing where none needs to."""
    count: int = 0
    """How many resources are as they were applied."""
    declared: list[list[str]] = field(default_factory=list)
    """The [kind, name] of each resource that the last apply's tasks were about."""
    notes: list[str] = field(default_factory=list)
    record: Record = field(default_factory=dict)
    """When the stack was applied, by whom, from which commit."""


def answer(result: dict) -> str:
    """Return the fingerprint of a module's answer."""
    told = {key: value for key, value in result.items() if key not in ASIDE and not key.startswith("_")}
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def keep(aws: Aws, stack: str, basis: dict, time: str) -> None:
    """Keep what an apply had: its inputs and facts, the resources it was about, its questions and their answers."""
    made = {**basis, "record": time}
    if state.read(aws, stack, KEY) != made:
        state.write(aws, stack, KEY, made)


def judge(
    aws: Aws,
    stack: str,
    kinds: Kinds,
    basis: dict[str, Any],
    wanted: dict[str, list[dict[str, Any]]],
    ask: Callable[[str, dict[str, Any]], dict[str, Any]],
) -> Verdict:
    """Say whether an apply with these inputs and facts would do something; ``ask(action, arguments)`` runs a module.

    ``wanted`` are, by kind, resources as the inventory has them whose values the inputs don't tell: secrets.
    """
    try:
        kept, recorded = state.read(aws, stack, KEY), record.read(aws, stack)
    except state.Unreadable as error:
        return Verdict(str(error))
    if not kept or not recorded:
        return Verdict("no apply of all tasks has kept yet what it was made of")
    locked, unrecorded = lease.others(aws, stack)
    told = _other(kept, record.owing(recorded, kinds, unrecorded), basis) or locked
    if told:
        return Verdict(told)
    found = drift.drift(aws, stack, kinds, recorded, trail=False)
    told = _drifted(kinds, found)
    if told:
        return Verdict(told)
    lives = {(name, kinds[name].label(one)): one for name, many in found.seen.live.items() for one in many}
    for name, arguments in ((name, one) for name, many in wanted.items() for one in many):
        kind = kinds[name]
        want = kind.want(arguments)
        live = kind.find(aws, want)
        if live is None or kind.compare(live, want):
            return Verdict(f"{name} {kind.label(want)} has another value")
        lives[name, kind.label(want)] = live
    declared = [pair for pair in map(tuple, kept["declared"]) if pair in lives]
    notes = [note for pair in declared for note in kinds[pair[0]].notes(lives[pair])]
    for question in kept["questions"]:
        result = ask(question["action"], question["arguments"])
        told = _answered(question, result)
        if told:
            return Verdict(told)
        notes += result.get("notes") or []
    who = {key: recorded.get(key) for key in ("time", "who", "user", "commit")}
    return Verdict("", recorded["count"], kept["declared"], notes, who)


def _other(kept: Record, recorded: Record, basis: dict[str, Any]) -> str:
    if kept["record"] != recorded["time"]:
        return f"the stack was recorded again at {recorded['time']}, by another run than an apply of all tasks"
    if recorded.get("unrecorded"):
        return "a run has changed something and ended without a record"
    differ = [name for name in basis if kept.get(name) != basis[name]]
    return f"since the last apply there are other {' and '.join(sorted(differ))}" if differ else ""


def _drifted(kinds: Kinds, found: Drift) -> str:
    if found.unreadable:
        return "; ".join(f"could not look at {kind}: {told}" for kind, told in sorted(found.unreadable.items()))
    for one in found.findings:
        return f"{one.kind} {one.name} has drifted{': ' if one.path else ''}{one.path}"
    for one in found.externally_managed:  # an apply leaves what it only says at creation, and what is people's to set
        kind = kinds.get(one.kind)
        if kind is None or one.field not in kind.create_only | kind.noted:
            return f"{one.kind} {one.name}: {one.path} was moved by {one.owner}"
    for name, lives in found.seen.live.items():
        for live in lives:
            if not kinds[name].ready(live):
                return f"{name} {kinds[name].label(live)} isn't ready"
    return ""


def _answered(question: Any, result: dict[str, Any]) -> str:
    what = question["action"].rpartition(".")[2]
    if result.get("failed"):
        return f"{what} fails: {result.get('msg', '')}"
    if "action" in result:
        return "" if result["action"] == "none" else f"{result['kind']} {result['name']} would be changed"
    return "" if answer(result) == question["answer"] else f"{what} has another answer than at the last apply"
