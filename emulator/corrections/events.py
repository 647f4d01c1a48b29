"""EventBridge: patterns are judged by the data plane's own matcher."""

import json

from emulator.corrections import answers


@answers("events", "TestEventPattern", "tells whether an event matches a pattern")
def test_event_pattern(_api, params, _moto):
    from emulator.dataplane import patterns

    return {"Result": patterns.matches(json.loads(params["EventPattern"]), json.loads(params["Event"]))}
