"""RDS: maintenance that AWS has announced for an instance."""

from typing import Any

from emulator import ACCOUNT, state
from emulator.corrections.rds import API
from emulator.evidence import documented, does, lacks
from emulator.patching import adds

lacks(__name__, "Maintenance", "none is pending unless it is announced on request, and none is ever carried out")

# By region and instance: its pending actions.
_PENDING: dict[tuple[str, str], list[dict[str, Any]]] = state.held({})


def announce(region: str, instance: str, action: str = "system-update", description: str = "") -> dict:
    """Announce maintenance for an instance, and show what is pending of it."""
    told = {"Action": action, **({"Description": description} if description else {})}
    _PENDING.setdefault((region, instance), []).append(told)
    return {"pending": _PENDING[region, instance]}


@adds("rds", "DescribePendingMaintenanceActions", "lists what is announced for instances, by id or ARN")
@does(
    "An instance for which nothing is pending isn't listed; db-instance-id takes ids and ARNs.",
    documented(API + "API_DescribePendingMaintenanceActions.html"),
)
def describe(api, params):
    region = api.backend.region_name
    wanted = {
        value.rpartition(":")[2]
        for one in params.get("Filters") or []
        if one["Name"] == "db-instance-id"
        for value in one["Values"]
    }
    only = params.get("ResourceIdentifier", "").rpartition(":")[2]
    shown = [
        {
            "ResourceIdentifier": f"arn:aws:rds:{region}:{ACCOUNT}:db:{name}",
            "PendingMaintenanceActionDetails": actions,
        }
        for (where, name), actions in _PENDING.items()
        if where == region and (not wanted or name in wanted) and only in ("", name)
    ]
    return {"PendingMaintenanceActions": shown}
