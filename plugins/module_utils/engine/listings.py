"""Where something of a stack's may stand that nobody declared: lists of AWS, each named by the kind that it is near."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .elsewhere import named
from .severity import Severity

if TYPE_CHECKING:
    from .kind import Kind
    from .typed import Kinds


@dataclass(frozen=True)
class Listing:
    """One list of AWS in which something of the stack's may stand."""

    operation: str
    """The boto3 operation that lists."""
    key: str
    """The key of the answer; with ``A/B`` each item of A has a list B."""
    name: str = ""
    """The field that names an item; without one the item is its name."""
    parameters: dict = field(default_factory=dict)
    """The operation's parameters; ``{parent}`` and ``{stack}`` are filled in."""
    delete: tuple[str, str] = ("", "")
    """The operation that deletes an item, and the parameter that names it; ``[]`` after that is for a list of names."""
    skip: Callable[[dict], bool] = lambda item: False
    """Says that an item isn't anybody's: AWS makes some by itself."""
    skip_names: Callable[[object, str], set[str]] | None = None
    """Given AWS and the parent's id: the names of the items that AWS makes with something else."""
    parent: str = ""
    """The kind in each of whose resources it lists; without one it lists all that may have one of the stack's names."""
    worldwide: bool = False
    """Whether AWS lists what there is in all regions."""
    kind: str = ""
    """What an item is called, where it is none of the kind's own."""
    field: str = ""
    """The kind's field that is an item's name, where the items are called otherwise."""
    service: str = ""
    """The boto3 service, where it isn't the kind's."""
    region: str = ""
    """The region, where it isn't the stack's."""
    severities: tuple[Severity, ...] = ()
    """How bad it is to find an item, where it is none of the kind's own."""


def of(kind: Kind) -> list[Listing]:
    """Return a kind's listings, with what they leave to the kind."""
    def whole(one: Listing) -> Listing:
        return replace(
            one, kind=named(one.kind, kind.region) or kind.name, parent=named(one.parent, kind.region),
            service=one.service or kind.service, region=kind.region,
        )  # fmt: skip

    # Only in what is the stack's: of names alone nobody knows whether they are those of the stack of this name there.
    return [whole(one) for one in kind.unmanaged if one.parent or not kind.region]


def severities(kinds: Kinds) -> dict[str, tuple[Severity, ...]]:
    """Return what the kinds, and their listings of something else, say of how bad findings are, by the kind's name."""
    others = {one.kind: one.severities for kind in kinds.values() for one in of(kind)}
    return others | {name: kind.severities for name, kind in kinds.items()}
