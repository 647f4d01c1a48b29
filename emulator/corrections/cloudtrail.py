"""CloudTrail: the events of the last 90 days are the requests that the emulator remembers."""

import json
import uuid

from emulator import requestlog
from emulator.patching import adds

READS = ("Describe", "Get", "Head", "List", "BatchGet", "Lookup", "Filter", "Simulate")


@adds("cloudtrail", "LookupEvents", "tells who changed a resource and when, newest first")
def lookup(api, params):
    wanted = {one["AttributeKey"]: one["AttributeValue"] for one in params.get("LookupAttributes", [])}
    name = wanted.get("ResourceName")
    since, until = (params[key].timestamp() if key in params else default for key, default in _SPAN.items())
    entries = [one for one in list(requestlog.RequestLog.newest.entries) if since <= one["time"] <= until + 1]
    found = [
        {
            "EventId": str(uuid.uuid5(uuid.NAMESPACE_OID, json.dumps(one, default=str, sort_keys=True))),
            "EventName": one["operation"],
            "ReadOnly": "false",
            "EventTime": one["time"],
            "EventSource": f"{one['service']}.amazonaws.com",
            "Username": one["caller"],
        }
        for one in reversed(entries)
        if one["status"] < 400 and not one["operation"].startswith(READS) and _names(one["parameters"], name)
    ]
    return {"Events": found[: params.get("MaxResults", 50)]}


_SPAN = {"StartTime": 0, "EndTime": float("inf")}


def _names(value, name: str | None) -> bool:
    """Say whether a request named a resource, at any depth, by its name or by an ARN or address that ends so."""
    if isinstance(value, dict):
        return any(_names(item, name) for item in value.values())
    if isinstance(value, list):
        return any(_names(item, name) for item in value)
    return name is None or str(value) == name or str(value).endswith((f":{name}", f"/{name}"))
