"""EventBridge: patterns are judged by the data plane's own matcher."""

import json

from emulator import patterns
from emulator.patching import answers


@answers("events", "TestEventPattern", "tells whether an event matches a pattern")
def test_event_pattern(_api, params, _moto):
    return {"Result": patterns.matches(json.loads(params["EventPattern"]), json.loads(params["Event"]))}
