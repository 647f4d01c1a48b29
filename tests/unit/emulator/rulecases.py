"""How a rule of strict mode is tested: one call that is refused, and one like it that passes.

A test module lists its rules and tests them all::

    CASES = [Case("rule_name", "ErrorCode", "part of the message", lambda world: ..., lambda world: ...)]

    @pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
    def test_rule(case, world, refused):
        case.check(world, refused)

``world`` is the module's own fixture: what its calls need. A rule that needs more than two calls has a test
``test_<rule>`` of its own, or is named in the module's ``RULES``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

IMAGE = "ami-12c6146b"
"""One of moto's; the list of them all takes seconds."""


@dataclass(frozen=True)
class Case:
    """A rule by name, what it says, a call that it refuses and one that it lets pass."""

    rule: str
    code: str
    says: str
    refused: Callable[[Any], Any]
    accepted: Callable[[Any], Any]

    def check(self, world, refused) -> None:
        """Make both calls."""
        answer = refused(self.code, self.refused, world)
        assert self.says in answer["Error"]["Message"], answer["Error"]["Message"]
        self.accepted(world)
