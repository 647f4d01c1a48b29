"""What stays after a stack's end: why, until when, what it costs, and how it is taken away."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import expected, sentence

if TYPE_CHECKING:
    from .aws import Aws
    from .kind import Kind
    from .typed import Kinds

THREADS = 8
FREE = "nothing"


@dataclass(frozen=True)
class Remain:
    """One thing that stays, or will stay."""

    what: str
    why: str
    until: str
    cost: str
    """A month, in us-east-1 in November 2026; other regions differ by up to a third."""
    end: str
    """How it is taken away."""
    outside: bool = False
    """Whether it is where no look at AWS shows it."""

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"{self.what} stays, {self.why}, until {self.until}; it costs {self.cost} a month; {self.end}"


def dollars(amount: float) -> str:
    """Return an amount of money as people read it."""
    return f"about {amount:.2f} USD"


def left(aws: Aws, stack: str, kinds: Iterable[Kind]) -> list[str]:
    """Return what is still there of a stack that was destroyed, or what could not be looked at; a sentence each."""
    def of(kind: Kind) -> list[str]:
        try:
            return [str(one) for one in kind.remains(aws, stack)]
        except Exception as error:
            if not expected(error):
                raise
            return [sentence(error, f"what stays of the {kind.title}s is not known")]

    with ThreadPoolExecutor(THREADS) as pool:
        return [told for answer in pool.map(of, kinds) for told in answer]


def foretold(live: dict[str, list[dict]], kinds: Kinds) -> list[Remain]:
    """Return what the deletion of a stack's live resources will leave."""
    return [remain for name, resources in live.items() for one in resources for remain in kinds[name].leaves(one)]
