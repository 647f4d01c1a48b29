"""Who changed something and when, as far as CloudTrail knows."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from .errors import code, expected

if TYPE_CHECKING:
    from .aws import Aws

LOOKUPS = 20
"""How many resources are looked up at the most: CloudTrail takes two questions a second."""
PAUSE_SECONDS = 0.5


def who(aws: Aws, names: list[str], since: str, pause: float = PAUSE_SECONDS) -> tuple[dict[str, dict], str]:
    """Return the last change of each name since a time, and why nothing is known, if so.

    A missing permission is no error: who did it is a help, not the finding.
    """
    found: dict[str, dict] = {}
    start = datetime.strptime(since, "%Y-%m-%dT%H%M%SZ").replace(tzinfo=UTC) if since else None
    for place, name in enumerate(dict.fromkeys(names[:LOOKUPS])):
        if place:
            time.sleep(pause)
        try:
            answer = aws("cloudtrail").lookup_events(
                LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": name}],
                **({"StartTime": start} if start else {}),
            )
        except Exception as error:
            if not expected(error):
                raise
            return found, f"CloudTrail doesn't say who: {code(error) or error}"
        events = [event for event in answer.get("Events", []) if event.get("ReadOnly") != "true"]
        if events:
            event = events[0]
            found[name] = {
                "who": event.get("Username", ""), "when": str(event.get("EventTime", "")),
                "event": event.get("EventName", ""),
            }  # fmt: skip
    return found, ""
