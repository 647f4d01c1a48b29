"""ECS: what its kinds share."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.names import tail

# The first cluster and service of an account make ECS's own role, which isn't there at once.
SERVICE_ROLE = ("InvalidParameterException", "service linked role")
MISSING = ("ClusterNotFoundException", "ServiceNotFoundException")


def to_aws(names: dict[str, str], source: dict) -> dict:
    """Return the fields of ``source`` that are said, under AWS's names."""
    return {key: source[field] for field, key in names.items() if source.get(field) is not None}


def strategy(entries: list[dict] | None) -> list[dict]:
    """Return a capacity provider strategy in one spelling; its order means nothing."""
    return sorted(
        (
            {
                "capacity_provider": entry["capacity_provider"],
                "weight": entry.get("weight") or 0,
                "base": entry.get("base") or 0,
            }
            for entry in entries or []
        ),
        key=lambda entry: entry["capacity_provider"],
    )


def strategy_from_aws(entries: list[dict] | None) -> list[dict]:
    """Return AWS's capacity provider strategy as ours."""
    return strategy([{**entry, "capacity_provider": entry["capacityProvider"]} for entry in entries or []])


def strategy_to_aws(entries: list[dict]) -> list[dict]:
    """Return our capacity provider strategy as AWS's."""
    return [
        {"capacityProvider": entry["capacity_provider"], "weight": entry["weight"], "base": entry["base"]}
        for entry in entries
    ]


def described_service(aws, cluster: str, name: str) -> dict | None:
    """Return AWS's description of a service, also of one that is draining; None if there is none."""
    answer = unless(MISSING, aws("ecs").describe_services, cluster=cluster, services=[name], include=["TAGS"])
    return next((one for one in (answer or {}).get("services", []) if one["status"] != "INACTIVE"), None)


def described_services(aws, cluster: str) -> list[dict]:
    """Return AWS's descriptions of the services in a cluster."""
    arns = unless(MISSING, aws.pages, "ecs", "list_services", "serviceArns", cluster=cluster, otherwise=[])
    return [found for arn in arns if (found := described_service(aws, cluster, tail(arn)))]


def service_tags(described: dict) -> dict[str, str]:
    """Return the tags of a described service."""
    return tagging.from_list(described.get("tags"), "key", "value")


class EcsKind(Kind):
    """What ECS's kinds share: they are tagged by ARN."""

    service = "ecs"

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("ecs").tag_resource(resourceArn=live["arn"], tags=tagging.to_list(add, "key", "value"))
        if remove:
            aws("ecs").untag_resource(resourceArn=live["arn"], tagKeys=remove)
