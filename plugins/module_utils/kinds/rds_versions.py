"""RDS: versions of its engines."""

from __future__ import annotations

import datetime

from ..engine.aws import optional, unless
from ..engine.errors import DENIED

_ends: dict[tuple, str] = {}
"""The last day of standard support of a major version, by region, engine and major."""
SOON = datetime.timedelta(days=365)
"""How long before that day people are told of it at each run."""


def standard_support_ends(aws, engine: str, said: str) -> str:
    """Return the last day of AWS's standard support for an engine version, as AWS has it; nothing if it isn't known.

    It is for a note only: a caller who may not ask is told without the date.
    """
    place = aws.region, engine, str(version(said)[0])
    if place not in _ends:
        asked = {"Engine": engine, "MajorEngineVersion": place[2]}
        found = optional(
            aws, "ends of the engines' standard support", "rds", unless, DENIED,
            aws.pages, "rds", "describe_db_major_engine_versions", "DBMajorEngineVersions", **asked,
        )  # fmt: skip
        ends = [
            str(each["LifecycleSupportEndDate"])[:10]
            for one in found or []
            for each in one.get("SupportedEngineLifecycles", [])
            if each["LifecycleSupportName"] == "open-source-rds-standard-support"
        ]
        _ends[place] = ends[0] if ends else ""
    return _ends[place]


def version(said: str) -> tuple[int, ...]:
    """Return an engine version as numbers, so that 17.10 is newer than 17.9."""
    return tuple(int(part) for part in said.split(".") if part.isdigit())


def serves(live: str, wanted: str) -> bool:
    """Say whether a live engine version is the wanted one: of the major, and at least the minor, if one is said.

    AWS upgrades minors by itself and never goes back, so a newer minor is no difference.
    """
    has, wants = version(live), version(wanted)
    return has[:1] == wants[:1] and has >= wants
