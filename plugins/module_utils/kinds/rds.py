"""RDS: what its kinds share."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.kind import Kind

# The account's first subnet group and instance make RDS's own role, which isn't there at once.
SERVICE_ROLE = (("InvalidParameterValue", "service linked role"), ("InvalidParameterValue", "ServiceLinkedRoles"))


class RdsKind(Kind):
    """What RDS's kinds share: tags by ARN."""

    service = "rds"

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("rds").add_tags_to_resource(ResourceName=live["arn"], Tags=tagging.to_list(add))
        if remove:
            aws("rds").remove_tags_from_resource(ResourceName=live["arn"], TagKeys=remove)
