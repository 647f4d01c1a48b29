"""How bad a finding is: the rows of its kind, then those of all kinds; the first one that fits decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .drift import Finding

LEVELS = ("critical", "high", "medium", "low", "info")
WORLD = ("0.0.0.0/0", "::/0")


def opens(finding: Finding) -> bool:
    """Something lets the whole world in that did not."""
    return names_world(finding.live) and not names_world(finding.recorded)


def names_world(value: Any) -> bool:
    """Say whether a value names all addresses."""
    text = json.dumps(value, default=str)
    return any(f'"{address}"' in text for address in WORLD) or value in WORLD


def opens_to_everybody(finding: Finding) -> bool:
    """A policy allows everybody, or everything, what it did not."""
    return allows_everything(finding.live) and not allows_everything(finding.recorded)


def allows_everything(value: Any) -> bool:
    """Say whether a policy, or a part of one, has a star for who, what or on what."""
    if isinstance(value, dict):
        if value.get("Effect") == "Deny":
            return False
        return any(allows_everything(item) for item in value.values())
    if isinstance(value, list):
        return any(allows_everything(item) for item in value)
    return value in ("*", "*:*") or (isinstance(value, str) and value.endswith("AdministratorAccess"))


def became(*values: Any) -> Callable[[Finding], bool]:
    """Return a test of what is live now."""
    return lambda finding: finding.live in values


def appeared(finding: Finding) -> bool:
    """There is something now that was not."""
    return finding.live is not None


def vanished(finding: Finding) -> bool:
    """There is nothing any more."""
    return finding.live is None


@dataclass(frozen=True)
class Severity:
    """One row: the level of the findings that fit it."""

    level: str
    path: str = "*"
    """A pattern as for file names; nothing is the whole resource."""
    test: Callable | None = None
    """Says of a finding whether it fits; without one each does."""
    category: str = "*"

    def fits(self, finding: Finding) -> bool:
        """Say whether a finding fits."""
        path = finding.path == "" if self.path == "" else fnmatchcase(finding.path, self.path)
        return path and fnmatchcase(finding.category, self.category) and (self.test is None or self.test(finding))


# Of all kinds, from the worst down.
ALL = (
    Severity("high", "*policy*"),
    Severity("high", "deletion_protection", became(False)),
    Severity("high", "vpc_security_group_ids*"),
    Severity("high", "security_group*"),
    Severity("high", "*public*", became(True, "ENABLED")),
    Severity("high", "", category="removed"),
    Severity("low", "tags*"),
    Severity("low", "description*"),
    Severity("medium"),
)


def severity(finding: Finding, rows: tuple[Severity, ...] = ()) -> str:
    """Return the level of a finding; ``rows`` are its kind's."""
    return next(row.level for row in (*rows, *ALL) if row.fits(finding))
