"""Rules between variables: small functions that say, in sentences, what AWS would refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from ..components import FUNCTION, SERVICE, SPECS, TASK
from ..engine.diff import MASK

Sentences = Iterator[str]


class Variable(NamedTuple):
    """A variable as a sentence names it: ``queue_max_receive_count is 0``."""

    name: str
    value: Any
    secret: bool = False

    def __str__(self) -> str:
        """Return how a sentence begins."""
        return f"{self.name} is {MASK if self.secret else repr(self.value)}"


Check = Callable[..., Sentences]


# Which types of components a name such as V(service.cpu) is of.
OF_TYPES = {"component": {*SPECS}, "fargate": {SERVICE, TASK}, "service": {SERVICE}, "function": {FUNCTION}}
ALL_COMPONENTS = "stack_all_components"
"""By this name a rule is given all components, by name, each with its keys as variables."""


class Rule(NamedTuple):
    """A function and the variables that it takes."""

    names: tuple[str, ...]
    check: Check


RULES: list[Rule] = []


def rule(*names: str) -> Callable[[Check], Check]:
    """Register a function for these variables; it is given each as a Variable and yields sentences.

    A first name with ``*`` registers it for every variable that the name matches, one at a time; names such as
    V(service.cpu) register it for every component of that type, each with its keys. Several decorators on one function
    register it several times.
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
        Fault(frozenset(one.name for one in match if one.name in sentence), sentence)
        for names, check in RULES
        for match in _matches(names, values, secret)
        for sentence in check(*match)
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


def _matches(names: tuple[str, ...], values: dict[str, Any], secret: frozenset[str]) -> list[list[Variable]]:
    known = {name: Variable(name, value, name in secret) for name, value in values.items()}
    first, *others = names
    if "*" in first:
        sets = [({**known, first: known[name]}) for name in sorted(known) if fnmatchcase(name, first)]
    elif any("." in name for name in names):
        sets = [known | _keys(component) for component in values.get(ALL_COMPONENTS, {}).values()]
    else:
        sets = [known]
    return [[one[name] for name in (first, *others)] for one in sets if all(name in one for name in names)]


def _keys(component: dict[str, Variable]) -> dict[str, Variable]:
    prefixes = [prefix for prefix, types in OF_TYPES.items() if component["type"].value in types]
    return {f"{prefix}.{key}": variable for prefix in prefixes for key, variable in component.items()}
