"""References: how one resource speaks of another one, whether that is there, is just being made, or will be.

``known-after-apply<kind/name/field>`` stands for a field of a resource, alone or within a longer text: kinds and fields
have no slash, and names have no ``<`` or ``>``. Where arguments are taken up it becomes the field's value, from what
this run has made or seen, else from AWS; in a check of what isn't there, the placeholder that plans show.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from . import prefetch
from .elsewhere import SIGN, there
from .errors import EngineError
from .placeholder import MARK, has_placeholder, placeholder
from .sync import steady

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Kinds, Resource

REFERENCE = re.compile(rf"{MARK}<(?P<kind>\w+(?:{SIGN}[\w-]+)?)/(?P<name>[^<>]+)/(?P<field>\w+)>")


class Reference(NamedTuple):
    """A field of a resource."""

    kind: str
    name: str
    """What people call the resource: the kind's label."""
    field: str

    def __str__(self) -> str:
        """Return how it stands in an argument."""
        return f"{MARK}<{self.kind}/{self.name}/{self.field}>"


def reference(kinds: Kinds, kind: str, name: str, field: str) -> str:
    """Return a reference. Raises EngineError for an unknown kind, a name that isn't known, and a secret."""
    if kind not in kinds:
        raise EngineError(f"kind {kind!r} is unknown; these are known: {', '.join(sorted(kinds))}")
    if not name or has_placeholder(name) or re.search("[<>]", name):
        raise EngineError(f"a reference to a {kinds[kind].title} needs its name, not {name!r}")
    if field in kinds[kind].secret:
        raise EngineError(f"{field} of a {kinds[kind].title} is a secret, to which there are no references")
    if not re.fullmatch(r"\w+", field):
        raise EngineError(f"{field!r} is no field of a {kinds[kind].title}")
    return str(Reference(kind, name, field))


def references(value: Any) -> set[Reference]:
    """Return the references in a value, at any depth."""
    if isinstance(value, str):
        return {Reference(*found.groups()) for found in REFERENCE.finditer(value)} if MARK in value else set()
    items = [*value, *value.values()] if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return set().union(*map(references, items))


def replaced(value: Any, by: Callable[[Reference], Any]) -> Any:
    """Return a value with what its references stand for: in a longer text for text, alone for anything."""
    if isinstance(value, dict):
        return {replaced(key, by): replaced(item, by) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [replaced(item, by) for item in value]
    if not isinstance(value, str) or MARK not in value:
        return value
    if whole := REFERENCE.fullmatch(value):
        return by(Reference(*whole.groups()))
    return REFERENCE.sub(lambda found: str(by(Reference(*found.groups()))), value)


class Resolver:
    """What references stand for, in one account and region."""

    def __init__(self, aws: Aws, kinds: Kinds, check: bool) -> None:
        """Take all kinds, and whether what isn't there may be missing."""
        self._aws, self._kinds, self._check = aws, kinds, check
        self._found: dict[tuple[str, str], Resource | None] = {}

    def keep(self, kind: Kind, name: str, resource: Resource | None) -> None:
        """Remember what was made, or would be, for those who speak of it."""
        self._found[kind.name, name] = resource

    def resolve(self, value: Any, who: str = "") -> Any:
        """Return a value with what its references stand for; ``who`` needs it.

        Raises EngineError where there is no such thing, and an apply needs it.
        """
        return replaced(value, lambda one: self._value(one, who)) if has_placeholder(value) else value

    def _value(self, one: Reference, who: str) -> Any:
        kind, resource = self._kind(one.kind), self._resource(one)
        value = (resource or {}).get(one.field)
        if value not in (None, "") and not (has_placeholder(value) and not self._check):
            return value
        if self._check:
            return placeholder(one.kind, one.name, one.field)
        needs = f"{who + ': ' if who else ''}it needs the {one.field} of {kind.title} {one.name}"
        if resource is None:
            raise EngineError(f"{needs}, which isn't there; a task that makes it must run before")
        if one.field in resource:
            raise EngineError(f"{needs}, which isn't known yet; it must be waited for before")
        raise EngineError(f"{needs}, which has no such field; it has {', '.join(sorted(resource))}")

    def _resource(self, one: Reference) -> Resource | None:
        place = one.kind, one.name
        if place not in self._found:
            kind = self._kind(one.kind)
            known, seen = prefetch.remembered(there(self._aws, kind.region), kind, one.name)
            if not known or seen and seen.get(one.field) in (None, ""):  # it may have come since
                seen = steady(kind, self._aws, kind.named(one.name))
            self._found[place] = seen
        return self._found[place]

    def _kind(self, name: str) -> Kind:
        if name not in self._kinds:
            raise EngineError(f"kind {name!r} is unknown; these are known: {', '.join(sorted(self._kinds))}")
        return self._kinds[name]
