"""What AWS refuses because of the state that something is in: told by a plan where it can be seen, else waited out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """One row of a kind's table: a state, AWS's answer to a write in it, and what a run makes of it."""

    state: str
    """When, in words."""
    code: str
    """AWS's error code."""
    then: str
    """What a run does about it, in words."""
    judge: Callable | None = None
    """Given (aws, live or None, want, changes): why the write would be refused, or nothing. Without it, a plan can't
    know, or the run waits until AWS takes the write."""
