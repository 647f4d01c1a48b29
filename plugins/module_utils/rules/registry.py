"""Rules between variables: small functions that say, in sentences, what AWS would refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ..engine.diff import MASK

Sentences = Iterator[str]


class Variable(NamedTuple):
    """A variable as a sentence names it: ``ecs_api_cpu is 300``."""

    name: str
    value: Any
    secret: bool = False

    def __str__(self) -> str:
        """Return how a sentence begins."""
        return f"{self.name} is {MASK if self.secret else repr(self.value)}"


Check = Callable[..., Sentences]


class Rule(NamedTuple):
    """A function and the variables that it takes."""

    names: tuple[str, ...]
    check: Check


RULES: list[Rule] = []


def rule(*names: str) -> Callable[[Check], Check]:
    """Register a function for these variables; it is given each as a Variable and yields sentences.

    A first name with ``*`` registers it for every variable that the name matches, one at a time. Several decorators
    on one function register it several times.
    """

    def register(check: Check) -> Check:
        RULES.append(Rule(names, check))
        return check

    return register


class Fault(NamedTuple):
    """A sentence and the variables that it is about."""

    names: frozenset[str]
    sentence: str


def broken(values: dict[str, Any], secret: frozenset[str] = frozenset()) -> list[Fault]:
    """Return the faults that the rules find, each with all its variables among the values."""
    return [
        Fault(frozenset(name for name in match if name in sentence), sentence)
        for names, check in RULES
        for match in _matches(names, values)
        for sentence in check(*(Variable(name, values[name], name in secret) for name in match))
    ]


def first_causes(faults: list[Fault], sources: dict[str, set[str]]) -> list[str]:
    """Return the sentences without those on variables that are only made of other faulty ones.

    ``sources`` says from which variables each one is made, directly.
    """

    def ancestors(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        nearest = sources.get(name, set()) - seen
        return nearest.union(*(ancestors(one, seen | nearest | {name}) for one in nearest))

    def follows(fault: Fault) -> bool:
        others = set().union(*(other.names for other in faults if other.sentence != fault.sentence)) - fault.names
        return bool(fault.names) and all(ancestors(name) & others for name in fault.names)

    # Variables made of each other: better to tell both than none.
    told = [fault for fault in faults if not follows(fault)] or faults
    return list(dict.fromkeys(fault.sentence for fault in told))


def _matches(names: tuple[str, ...], values: dict[str, Any]) -> list[tuple[str, ...]]:
    first, *others = names
    found = [name for name in sorted(values) if fnmatchcase(name, first)] if "*" in first else [first]
    return [(name, *others) for name in found if all(one in values for one in (name, *others))]
