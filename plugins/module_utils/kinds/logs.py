"""CloudWatch Logs."""

from __future__ import annotations

import time

from ..engine import tags as tagging
from ..engine.aws import tags_of, unless
from ..engine.children import Child
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.names import name as named
from ..engine.refusals import Refusal
from ..engine.remains import Remain
from ..engine.severity import Severity, appeared
from ..engine.unmodelled import UNMODELLED, keep_unmodelled

GIB_COST = 0.03
"""What a GiB of logs costs a month, in USD."""

MISSING = "ResourceNotFoundException"


class LogGroup(Kind):
    """A log group with its retention, key and protection."""

    name = "log_group"
    title = "log group"
    service = "logs"
    module = "flow_builder.aws.cloudwatchlogs_log_group"
    cloudformation = "AWS::Logs::LogGroup"
    properties = {"LogGroupName": "name"}
    needs = ("kms_key",)
    lists_all = True
    ignored = frozenset({"stored_bytes", "metricFilterCount", "dataProtectionStatus"})
    children = (
        Child(
            "metric_filters", "describe_metric_filters", {"logGroupName": "name"}, "metricFilters",
            undo=("delete_metric_filter", {"logGroupName": "name", "filterName": ".filterName"}),
        ),
        Child(
            "subscription_filters", "describe_subscription_filters", {"logGroupName": "name"}, "subscriptionFilters",
            undo=("delete_subscription_filter", {"logGroupName": "name", "filterName": ".filterName"}),
        ),
        Child(
            "data_protection_policy", "get_data_protection_policy", {"logGroupIdentifier": "name"}, "policyDocument",
            undo=("delete_data_protection_policy", {"logGroupIdentifier": "name"}),
        ),
    )  # fmt: skip
    # They count what others put beside; the parts say more.
    settling = (
        ("OperationAbortedException", ""),
        # A fresh key, or one whose policy was just written.
        ("AccessDeniedException", "does not exist or is not allowed to be used"),
        ("InvalidParameterException", "could not be found"),
    )
    refusals = (
        Refusal(
            "another call works on the group, above all its deletion", "OperationAbortedException",
            "the run tries again for two minutes",
        ),
    )  # fmt: skip
    immutable = {"log_group_class": "AWS sets the class at creation only"}
    severities = (Severity("high", "subscription_filters*", appeared),)
    unmanaged = (
        Listing(
            "describe_log_groups", "logGroups", "logGroupName", {"logGroupNamePrefix": "/aws/"},
            ("delete_log_group", "logGroupName"),
        ),
    )

    def find(self, aws, want):
        """Return the group of exactly this name."""
        groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=want["name"])
        group = next((group for group in groups if group["logGroupName"] == want["name"]), None)
        return self._live(aws, group) if group else None

    def stack(self, aws, stack):
        """Return the groups tagged with the stack, among those of our prefixes."""
        groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix="/aws/")
        found = (self._live(aws, group) for group in groups if stack in group["logGroupName"])
        return [group for group in found if group["tags"].get("Stack") == stack]

    def scope(self, want):
        """The groups of a stack and service have names that begin in the same way."""
        stack = want.get("tags", {}).get("Stack", "")
        before, found, _after = want["name"].partition(stack) if stack else ("", "", "")
        return before + found if found else ""

    def within(self, aws, want, scope):
        """Return the groups whose names begin so."""
        groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=scope)
        tags = tags_of(aws, want["tags"]["Stack"], "logs:log-group")
        return [self._live(aws, group, tags.get(group["arn"].removesuffix(":*"), {})) for group in groups]

    @keep_unmodelled
    def _live(self, aws, group, tags=None):
        arn = group["arn"].removesuffix(":*")
        if tags is None:
            tags = aws.tags(arn, lambda: aws("logs").list_tags_for_resource(resourceArn=arn)["tags"])
        return {
            "name": group["logGroupName"],
            "arn": arn,
            "retention_in_days": group.get("retentionInDays", 0),
            "kms_key_id": group.get("kmsKeyId", ""),
            "log_group_class": group.get("logGroupClass", "STANDARD"),
            "deletion_protection": group.get("deletionProtectionEnabled", False),
            "stored_bytes": group.get("storedBytes", 0),
            "tags": tagging.own(tags),
        }

    def loses(self, aws, live, want, changes):
        """CloudWatch Logs deletes events that are older than their group keeps them; and all with the group."""
        if want is None:
            streams = unless(
                MISSING, aws("logs").describe_log_streams, logGroupName=live["name"], limit=1, otherwise={}
            ).get("logStreams")  # fmt: skip
            return "its logs would be deleted" if streams else ""
        days, there = want.get("retention_in_days"), live["retention_in_days"]
        if "retention_in_days" not in changes or not days or 0 < there <= days:
            return ""
        age = (time.time() - live.get(UNMODELLED, {}).get("creationTime", 0) / 1000) / 86400
        return f"logs older than {days} days would be deleted" if age > days else ""

    def create(self, aws, want):
        """Create the group."""
        more = {"kmsKeyId": want["kms_key_id"]} if want.get("kms_key_id") else {}
        if want.get("log_group_class"):
            more["logGroupClass"] = want["log_group_class"]
        if want.get("deletion_protection"):
            more["deletionProtectionEnabled"] = True
        if want.get("tags"):
            more["tags"] = want["tags"]
        aws("logs").create_log_group(logGroupName=want["name"], **more)

    def complete(self, aws, want, made):
        """Set the retention."""
        if want.get("retention_in_days"):
            self._retain(aws, want)

    def update(self, aws, live, want, changes):
        """Change retention, key and protection in place."""
        if "retention_in_days" in changes:
            self._retain(aws, want)
        if "kms_key_id" in changes and want["kms_key_id"]:
            aws("logs").associate_kms_key(logGroupName=want["name"], kmsKeyId=want["kms_key_id"])
        elif "kms_key_id" in changes:
            aws("logs").disassociate_kms_key(logGroupName=want["name"])
        if "deletion_protection" in changes:
            self._protect(aws, want["name"], want["deletion_protection"])

    @staticmethod
    def _protect(aws, name, protected):
        aws("logs").put_log_group_deletion_protection(logGroupIdentifier=name, deletionProtectionEnabled=protected)

    def _retain(self, aws, want):
        if want["retention_in_days"]:
            aws("logs").put_retention_policy(
                logGroupName=want["name"], retentionInDays=want["retention_in_days"]
            )
        else:
            aws("logs").delete_retention_policy(logGroupName=want["name"])

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("logs").tag_resource(resourceArn=live["arn"], tags=add)
        if remove:
            aws("logs").untag_resource(resourceArn=live["arn"], tagKeys=remove)

    def protected(self, live):
        """A protected group goes only with its stack."""
        return "its deletion protection is on; turn it off first" if live["deletion_protection"] else ""

    def delete(self, aws, live):
        """Delete the group and all that it holds, lifting its protection."""
        if live["deletion_protection"]:
            unless(MISSING, self._protect, aws, live["name"], False)
        unless(MISSING, aws("logs").delete_log_group, logGroupName=live["name"])

    def remains(self, aws, stack):
        """Return the groups that AWS itself made, or made anew, for what the stack had."""
        return [
            Remain(
                f"the log group {item['logGroupName']}", "since AWS wrote to it when the stack no longer had it",
                f"somebody deletes it (its events: {item.get('retentionInDays', 'no end of')} days)",
                f"{GIB_COST * item.get('storedBytes', 0) / 2**30:.2f} USD",
                f"aws logs delete-log-group --log-group-name {item['logGroupName']}",
            )
            for prefix in (named("insights_log_group", stack), named("database_log_group", stack, ""))
            for item in aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
        ]  # fmt: skip

    def computed(self, aws, want):
        """A log group's ARN can be computed."""
        return {"arn": aws.arn("logs", f"log-group:{want['name']}")}


LOG_GROUP = LogGroup()
