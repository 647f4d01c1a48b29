"""Rules between variables: small functions that say, in sentences, what AWS would refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

SECRET = "(secret)"


class Variable(NamedTuple):
    """A variable as a sentence names it: ``ecs_api_cpu is 300``."""

    name: str
    value: Any
    secret: bool = False

    def __str__(self) -> str:
        """Return how a sentence begins."""
        return f"{self.name} is {SECRET if self.secret else repr(self.value)}"


class Rule(NamedTuple):
    """A function and the variables that it takes."""

    names: tuple[str, ...]
    check: Callable[..., Iterator[str]]


RULES: list[Rule] = []


def rule(*names: str):
    """Register a function for these variables; it is given each as a Variable and yields sentences.

    A name with ``*`` registers it for every variable that the name matches, one at a time. Several decorators on
    one function register it several times.
    """

    def register(check):
        RULES.append(Rule(names, check))
        return check

    return register


def broken(values: dict[str, Any], secret: frozenset[str] = frozenset()) -> list[str]:
    """Return the sentences of all rules whose variables are all among the values."""
    return list(dict.fromkeys(
        sentence
        for names, check in RULES
        for match in _matches(names, values)
        for sentence in check(*(Variable(name, values[name], name in secret) for name in match))
    ))  # fmt: skip


def _matches(names: tuple[str, ...], values: dict[str, Any]) -> list[tuple[str, ...]]:
    if len(names) == 1 and "*" in names[0]:
        return [(name,) for name in sorted(values) if fnmatchcase(name, names[0])]
    return [names] if all(name in values for name in names) else []
