"""Kinds in another region than their stack's: ``log_group@us-east-1`` is the kind of log groups there.

Such a name is a kind's name as any other, in plans, records, findings and commands. So what two regions have of one
name never meets, and a record tells which regions a stack has.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from .aws import Aws

if TYPE_CHECKING:
    from .kind import Kind
    from .typed import Kinds

SIGN = "@"


class Catalogue(dict[str, "Kind"]):
    """Kinds by their names: lists those of the stack's own region, and finds those of others, too."""

    def __missing__(self, name: str) -> Kind:
        plain, sign, region = name.partition(SIGN)
        if not sign or not region or SIGN in region or plain not in self:
            raise KeyError(name)
        return elsewhere(self[plain], region)

    def __contains__(self, name: object) -> bool:
        return self.get(name) is not None

    def get(self, name: Any, default: Any = None) -> Any:
        """Return the kind of a name, or the default."""
        try:
            return self[name]
        except KeyError:
            return default


def known(kinds: Kinds, names: Iterable[str]) -> Kinds:
    """Return the kinds, and those in other regions that are among these names: to list them is asked for there only."""
    more = {name: kinds[name] for name in names if SIGN in name and name in kinds}
    return Catalogue({**kinds, **more}) if more else kinds


def plain(name: str) -> str:
    """Return a kind's name without its region."""
    return name.partition(SIGN)[0]


def named(name: str, region: str) -> str:
    """Return a kind's name with its region, if it is another one than the stack's."""
    return f"{name}{SIGN}{region}" if name and region else name


def there(aws: Aws, region: str) -> Aws:
    """Return AWS in a region, or where none is said as it is."""
    return aws.at(region) if region else aws


def of(kind: Kind, aws: Any) -> Kind:
    """Return a kind where an Aws looks: there, if that isn't the stack's region and the kind isn't of all regions."""
    home = getattr(aws, "home", None)
    moved = home and home != aws.region and not kind.region and not kind.worldwide
    return elsewhere(kind, aws.region) if moved else kind


@functools.cache
def elsewhere(kind: Kind, region: str) -> Kind:
    """Return a kind in another region."""
    return cast("Kind", _Elsewhere(kind, region))


class _Elsewhere:
    """A kind that asks AWS in its own region, whichever view of AWS it is given."""

    def __init__(self, kind: Kind, region: str) -> None:
        self._kind = copy.copy(kind)
        self._kind.name, self._kind.region = named(kind.name, region), region
        self._kind.title = f"{region} {kind.title}"

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._kind, name)
        return self._asking(found) if callable(found) else found

    def _asking(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*arguments: Any, **options: Any) -> Any:
            return method(*map(self._moved, arguments), **{key: self._moved(one) for key, one in options.items()})

        return ask

    def _moved(self, argument: Any) -> Any:
        return argument.at(self._kind.region) if isinstance(argument, Aws) else argument
