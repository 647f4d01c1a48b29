"""Alarms: whom a changed state tells.

No metric is evaluated here; a state changes by SetAlarmState, which on AWS does what the alarm's actions say, too
(CloudWatch API reference, SetAlarmState). CloudWatch publishes in its own name: the topic's policy must let it, and for
an encrypted topic the key's (SNS developer guide, compatibility between event sources from AWS services and encrypted
topics).
"""

import json

from moto.cloudwatch.models import CloudWatchBackend

from emulator.dataplane import targets
from emulator.dataplane.engine import log
from emulator.evidence import documented, does, lacks
from emulator.patching import replacing
from emulator.permissions import Service

lacks(
    __name__, "Alarms", "none is evaluated, so they stay without data, unless somebody sets one, which tells its topic"
)

PRINCIPAL = "cloudwatch.amazonaws.com"
ACTIONS = {"ALARM": "alarm_actions", "OK": "ok_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}


@does(
    "SetAlarmState does what the alarm's actions say if the state differs from the one before.",
    documented("https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html"),
)
def install() -> None:
    """Let alarms tell their topics."""

    @replacing(CloudWatchBackend, "set_alarm_state")
    def set_state(original, self, alarm_name, reason, reason_data, state_value):
        before = getattr(self.alarms.get(alarm_name), "state_value", None)
        original(self, alarm_name, reason, reason_data, state_value)
        alarm = self.alarms[alarm_name]
        if state_value != before and alarm.actions_enabled:
            for arn in getattr(alarm, ACTIONS[state_value]) or ():
                _tell(alarm, arn, before, reason)


@does(
    "CloudWatch publishes to a topic in its own name, by the topic's policy and its key's.",
    documented(
        "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
        "Enable compatibility between event sources",
    ),
)
def _tell(alarm, arn: str, before: str, reason: str) -> None:
    told = {
        "AlarmName": alarm.name, "NewStateValue": alarm.state_value, "OldStateValue": before, "NewStateReason": reason,
    }  # fmt: skip
    try:
        targets.send(arn, json.dumps(told), [Service(PRINCIPAL, alarm.alarm_arn)])
    except Exception as problem:
        log.warning("%s told %s nothing: %s", alarm.name, arn, problem)
