"""Elastic Load Balancing: what its kinds share."""

from __future__ import annotations

from itertools import batched

from ..engine import tags as tagging
from ..engine.kind import Kind

NO_BALANCER = "LoadBalancerNotFound"
NO_LISTENER = "ListenerNotFound"


class ElbKind(Kind):
    """What load balancers and target groups share: they are tagged and listed alike."""

    service = "elbv2"
    settle_seconds = 300
    key = ""
    """The key of the description's ARN."""

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("elbv2").add_tags(ResourceArns=[live["arn"]], Tags=tagging.to_list(add))
        if remove:
            aws("elbv2").remove_tags(ResourceArns=[live["arn"]], TagKeys=remove)

    def tagged(self, aws, items):
        """Return pairs of description and tags; AWS answers for twenty at a time."""
        pairs = []
        for some in batched(items, 20):
            arns = [item[self.key] for item in some]
            told = aws("elbv2").describe_tags(ResourceArns=arns)["TagDescriptions"]
            tags = {item["ResourceArn"]: tagging.from_list(item["Tags"]) for item in told}
            pairs += [(item, tags.get(item[self.key], {})) for item in some]
        return pairs


def from_attributes(pairs: list[dict], known: dict) -> dict:
    """Return attributes as our fields, and those that have none together, so that drift in them is seen too."""
    told = {pair["Key"]: pair["Value"] for pair in pairs}
    fields = {}
    for field, (key, kind) in known.items():
        value = told.pop(key, None)
        fields[field] = value if value is None else value == "true" if kind is bool else kind(value)
    return {**fields, "other_attributes": dict(sorted(told.items()))}


def to_attributes(fields: dict, known: dict) -> list[dict]:
    """Return our fields as AWS's attributes."""
    return [
        {"Key": known[field][0], "Value": str(value).lower() if known[field][1] is bool else str(value)}
        for field, value in sorted(fields.items())
    ]
