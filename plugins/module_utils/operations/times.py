"""Times as people say them: how long ago, how long."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from ..engine.errors import EngineError

UNITS = {"m": "minutes", "h": "hours", "d": "days"}
LONGEST = timedelta(days=455)  # as long as CloudWatch keeps a metric
ALLOWED = f"allowed are minutes, hours or days up to {LONGEST.days}d, as 90m, 24h or 7d"


def duration(said: str, name: str) -> timedelta:
    """Return what 90m, 24h or 7d is. Raises EngineError, with the variable's name, for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", said)
    length = timedelta(**{UNITS[found[2]]: int(found[1])}) if found else None
    if length is None or length > LONGEST:
        raise EngineError(
            f"{name} is {said!r}: allowed are minutes, hours or days up to {LONGEST.days}d, as 90m, 24h or 7d"
        )
    return length


def ago(then: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in its largest unit."""
    return "never" if then is None else f"{spoken(now - then)} ago"


def spoken(length: timedelta) -> str:
    """Return a length of time in its largest unit."""
    seconds = max(int(length.total_seconds()), 0)
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{seconds} seconds"
