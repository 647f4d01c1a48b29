"""What hangs on a resource besides its fields and is read by calls of its own: aliases, grants, filters, hooks ...

Only records and drift read them; an apply doesn't need them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .aws import optional, unless
from .inputs import inputs

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Resource


@dataclass(frozen=True)
class Child:
    """One list, or one structure, that a resource has."""

    field: str
    """Its name among the resource's fields."""
    operation: str
    """The boto3 operation that reads it."""
    parameters: dict[str, str]
    """The operation's parameters, each with the field of the resource that has its value; ``=x`` is x itself, and
    ``[x]`` is a list of x alone."""
    key: str = ""
    """The key of the answer; without one it is the whole answer."""
    none: tuple[str, ...] = ()
    """Error codes that say that there is none."""
    service: str = ""
    """The boto3 service, where it isn't the kind's."""
    unset: object = None
    """What AWS answers where nobody has set anything: that counts as nothing, and so it never becomes drift."""
    omit: frozenset[str] = frozenset()
    """Keys of the answer that change by themselves."""
    only: Callable[[dict], bool] | None = None
    """Says of an item whether it counts: services of AWS add some by themselves."""
    where: Callable[[dict], bool] = lambda resource: True
    """Says of a resource whether it can have any: of the others AWS isn't asked."""
    undo: tuple[str, dict[str, str]] = ("", {})
    """The operation that takes one item, or the whole, away, with its parameters: ``.x`` is the item's own x."""

    def read(self, aws: Aws, kind: Kind, resource: Resource) -> Any:
        """Return what there is, or nothing."""
        if not self.where(resource):
            return None
        found = without(self._found(aws, kind, values(self.parameters, resource)) or None, self.omit)
        if self.unset is not None and self._untouched(kind, found):
            return None
        return [item for item in found if self.only(item)] if self.only and found else found

    def _untouched(self, kind: Kind, found: Any) -> bool:
        """Say whether it is as AWS makes it; names that no write takes don't count, AWS may begin to tell more."""
        if isinstance(found, dict):
            found = {key: value for key, value in found.items() if key in inputs(self.service or kind.service)}
        return found == self.unset

    def _found(self, aws: Aws, kind: Kind, parameters: Any) -> Any:
        service = self.service or kind.service
        client = aws(service)
        what = (aws, f"{self.field} of the {kind.title}s", service)
        if self.key and client.can_paginate(self.operation):
            return optional(*what, unless, self.none, aws.pages, service, self.operation, self.key, **parameters)
        answer = optional(*what, unless, self.none, getattr(client, self.operation), **parameters) or {}
        answer.pop("ResponseMetadata", None)
        return answer.get(self.key) if self.key else answer

    def remove(self, aws: Aws, service: str, resource: Resource, item: Any) -> None:
        """Take an item away, or the whole where it has no items."""
        operation, parameters = self.undo
        client = aws(self.service or service)
        unless(self.none, getattr(client, operation), **values(parameters, resource, item))


def values(parameters: dict[str, str], resource: Resource, item: Any = None) -> dict:
    """Return an operation's parameters."""

    def value(source: Any) -> Any:
        if source.startswith("["):
            return [value(source[1:-1])]
        if source.startswith("="):
            return source[1:]
        if source.startswith("."):
            return item[source[1:]]
        return resource[source]

    return {parameter: value(source) for parameter, source in parameters.items()}


def without(value: Any, names: Iterable[str]) -> Any:
    """Return a structure without the named keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(item, names) for key, item in value.items() if key not in names}
    return [without(item, names) for item in value] if isinstance(value, list) else value
