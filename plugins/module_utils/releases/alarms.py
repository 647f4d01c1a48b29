"""CloudWatch alarms that end a rollout."""

from __future__ import annotations

from itertools import batched

from ..engine.aws import Aws
from ..engine.errors import EngineError
from ..engine.names import name
from .context import Say
from .shapes import Json

ALARM = "ALARM"
AT_ONCE = 100  # alarms that CloudWatch looks up in one call


def existing(aws: Aws, names: list[str]) -> dict[str, Json]:
    """Return alarms by name. Raises EngineError for one that doesn't exist: it would never go off."""
    if not names:
        return {}
    found = {
        one["AlarmName"]: one
        for kind in ("MetricAlarm", "CompositeAlarm")
        for some in batched(names, AT_ONCE)
        for one in aws.pages("cloudwatch", "describe_alarms", f"{kind}s", AlarmNames=list(some), AlarmTypes=[kind])
    }
    missing = ", ".join(one for one in names if one not in found)
    if missing:
        raise EngineError(f"there is no alarm {missing}; run site.yml, which makes the alarms, or name others")
    return found


class Watched:
    """Alarms of a stack, named as the monitoring role names them, which must stay silent."""

    def __init__(self, aws: Aws, stack: str, names: list[str]):
        """Take the names; nothing is asked yet."""
        self._aws, self.names = aws, [name("alarm", stack, one) for one in names]
        self._spared: set[str] = set()

    def states(self) -> dict[str, Json]:
        """Return the alarms by name. Raises EngineError for one that doesn't exist."""
        return existing(self._aws, self.names)

    def begin(self, say: Say) -> None:
        """Spare the alarms that are on already, as ECS does: the release may be what puts them right."""
        self._spared = {one for one, alarm in self.states().items() if alarm["StateValue"] == ALARM}
        for one in sorted(self._spared):
            say(f"the alarm {one} is on already and counts for nothing here")

    def check(self, when: str) -> None:
        """Raise EngineError, with the alarm's reason, when one went off."""
        for one, alarm in self.states().items():
            if alarm["StateValue"] == ALARM and one not in self._spared:
                raise EngineError(f"the alarm {one} went off {when}: {alarm.get('StateReason') or 'no reason given'}")
