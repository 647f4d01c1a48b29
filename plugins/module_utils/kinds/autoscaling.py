"""EC2 Auto Scaling."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.community import CommunityKind
from ..engine.errors import DENIED
from ..engine.listings import Listing
from ..engine.refusals import Refusal
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until

RUNNING = ["pending", "running", "shutting-down", "stopping", "stopped"]
# A launch meets what is fresh, too: the service's own role, which the account's first group makes, and the profile.
LATE = ("assume role", "nstance profile", "nstance Profile")
_looked: dict[tuple, object] = {}
"""When the last launch began before the first look at a group that isn't ready, by region and name: failures up to
then may have been mended since, and AWS itself tries again. None where there was no group."""


GROUP_TAG = "aws:autoscaling:groupName"
"""The tag by which AWS marks what a group makes."""


def _being_deleted(aws, live, want, changes) -> str:
    """Judge the name."""
    found = [] if live else aws.pages(
        "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", AutoScalingGroupNames=[want["name"]]
    )
    return "a group of this name is being deleted: run again when it is gone" if found else ""


class AutoScalingGroup(CommunityKind):
    """An auto scaling group with its launch template. Its instances come and go by themselves."""

    name = "auto_scaling_group"
    title = "auto scaling group"
    service = "autoscaling"
    module = "amazon.aws.autoscaling_group"
    cloudformation = "AWS::AutoScaling::AutoScalingGroup"
    properties = {"AutoScalingGroupName": "name"}
    needs = ("launch_template", "subnet", "elastic_ip", "security_group_rules", "iam_policy")
    ignored = frozenset({"failure", "instances", "in_service", "status", "Instances"})
    writable_as = {"EnabledMetrics": "Metrics", "WarmPool*": "PoolState"}
    children = tuple(
        Child(
            field, operation, {"AutoScalingGroupName": "name"}, key,
            undo=(undo, {"AutoScalingGroupName": "name", own: f".{own}"}),
        )
        for field, operation, key, undo, own in (
            ("policies", "describe_policies", "ScalingPolicies", "delete_policy", "PolicyName"),
            (
                "scheduled_actions", "describe_scheduled_actions", "ScheduledUpdateGroupActions",
                "delete_scheduled_action", "ScheduledActionName",
            ),
            (
                "lifecycle_hooks", "describe_lifecycle_hooks", "LifecycleHooks", "delete_lifecycle_hook",
                "LifecycleHookName",
            ),
        )
    ) + (
        Child(
            "notifications", "describe_notification_configurations", {"AutoScalingGroupNames": "[name]"},
            "NotificationConfigurations",
            undo=("delete_notification_configuration", {"AutoScalingGroupName": "name", "TopicARN": ".TopicARN"}),
        ),
    )  # fmt: skip
    arguments = {"health_check_period": "health_check_grace_period"}
    # The engine waits for the instances, and the module purges no tags unless told.
    fixed_arguments = {"wait_for_instances": False, "purge_tags": True, "metrics_collection": True}
    refusals = (
        Refusal(
            "a group of this name is being deleted, which takes minutes", "AlreadyExists",
            "refused by the plan", _being_deleted,
        ),
    )  # fmt: skip
    settling = (("ValidationError", "nstance profile"), ("ValidationError", "aunch template"))
    unmanaged = (Listing("describe_auto_scaling_groups", "AutoScalingGroups", "AutoScalingGroupName"),)
    tag_copies = (":autoScalingGroup:", ":spot-instances-request/", ":volume/")
    offspring_tag = GROUP_TAG

    def want(self, arguments):
        """Spell lists and tags as ``find`` does: the module takes tags as a list of dicts with a flag in each."""
        want = super().want(arguments)
        if "vpc_zone_identifier" in want:
            want["vpc_zone_identifier"] = sorted(want["vpc_zone_identifier"])
        if "launch_template" in want:
            template = want["launch_template"]
            want["launch_template"] = {
                "launch_template_name": template["launch_template_name"], "version": str(template["version"])
            }  # fmt: skip
        if "tags" in want:
            tags: dict[str, str] = {}
            propagated: list[str] = []
            for one in want["tags"]:
                given = {key: value for key, value in one.items() if key != "propagate_at_launch"}
                tags |= given
                propagated += given if one.get("propagate_at_launch", True) else []
            want["tags"], want["propagated_tags"] = tags, sorted(propagated)
        return want

    def tolerate(self, live, want, tags):
        """What instances get of the tags that stay, they get on."""
        stay = sorted({*want.get("propagated_tags", []), *(tags.keys() & set(live["propagated_tags"]))})
        return super().tolerate(live, want, tags) | {"propagated_tags": stay}

    def tags_argument(self, live, given, stay):
        """The module takes a list."""
        passed = live.get("propagated_tags", ())
        return [*(given or []), *({key: value, "propagate_at_launch": key in passed} for key, value in stay.items())]

    def find(self, aws, want):
        """Return the group of this name, unless it is on its way out."""
        found = aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[want["name"]])
        groups = [self._live(group) for group in found["AutoScalingGroups"]]
        live = next((group for group in groups if not group["status"]), None)
        if live is None:
            _looked[aws.region, want["name"]] = None
        return live if live is None or self.ready(live) else {**live, "failure": self._failure(aws, live["name"])}

    def _failure(self, aws, name) -> str:
        """Return AWS's words for the last launch, if it failed since the first look, and not for want of patience."""
        found = unless(
            DENIED, aws("autoscaling").describe_scaling_activities, AutoScalingGroupName=name, MaxRecords=20
        )
        launches = [one for one in (found or {}).get("Activities", []) if one["Description"].startswith("Launching")]
        launches.sort(key=lambda one: one["StartTime"])
        since = _looked.setdefault((aws.region, name), launches[-1]["StartTime"] if launches else None)
        ours = [one for one in launches if not since or one["StartTime"] > since]
        if not ours or ours[-1]["StatusCode"] != "Failed":
            return ""
        told = ours[-1].get("StatusMessage") or "AWS gave no reason"
        tried = (ours[-1]["StartTime"] - ours[0]["StartTime"]).total_seconds()
        return "" if tried < self.settle_seconds and any(text in told for text in LATE) else told

    def stack(self, aws, stack):
        """Return the groups with the stack's tag."""
        filters = [{"Name": "tag:Stack", "Values": [stack]}]
        groups = aws.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", Filters=filters)
        return [live for live in map(self._live, groups) if not live["status"]]

    @keep_unmodelled
    def _live(self, group):
        template = group.get("LaunchTemplate", {})
        tags = group.get("Tags", [])
        return {
            "name": group["AutoScalingGroupName"],
            "arn": group["AutoScalingGroupARN"],
            "launch_template": {
                "launch_template_name": template.get("LaunchTemplateName", ""), "version": template.get("Version", "")
            },  # fmt: skip
            "min_size": group["MinSize"],
            "max_size": group["MaxSize"],
            "desired_capacity": group["DesiredCapacity"],
            "vpc_zone_identifier": sorted(filter(None, group.get("VPCZoneIdentifier", "").split(","))),
            "health_check_type": group["HealthCheckType"],
            "health_check_grace_period": group.get("HealthCheckGracePeriod", 0),
            "default_cooldown": group["DefaultCooldown"],
            "termination_policies": group.get("TerminationPolicies", []),
            "suspend_processes": sorted(one["ProcessName"] for one in group.get("SuspendedProcesses", [])),
            "propagated_tags": sorted(one["Key"] for one in tags if one.get("PropagateAtLaunch")),
            "tags": tagging.from_list([{"Key": one["Key"], "Value": one["Value"]} for one in tags]),
            "instances": sorted(one["InstanceId"] for one in group.get("Instances", [])),
            "in_service": sum(one["LifecycleState"] == "InService" for one in group.get("Instances", [])),
            "status": group.get("Status", ""),
        }

    def tag(self, aws, live, add, remove):
        """Tag by name; a tag is passed on to instances if it is so already."""
        group = {"ResourceId": live["name"], "ResourceType": "auto-scaling-group"}
        if add:
            passed = live["propagated_tags"]
            tags = [{**group, "Key": key, "Value": add[key], "PropagateAtLaunch": key in passed} for key in add]
            aws("autoscaling").create_or_update_tags(Tags=tags)
        if remove:
            aws("autoscaling").delete_tags(Tags=[{**group, "Key": key} for key in remove])

    def ready(self, live):
        """All instances are in service."""
        return live["in_service"] >= live["desired_capacity"]

    def failed(self, live):
        """AWS says why it can't launch an instance; it would try that again for a day."""
        return live.get("failure", "")

    def delete(self, aws, live):
        """Delete the group with its instances."""
        unless(
            "ValidationError", aws("autoscaling").delete_auto_scaling_group,
            AutoScalingGroupName=live["name"], ForceDelete=True,
        )  # fmt: skip

    def gone(self, aws, live, timeout):
        """Wait until the group is gone and its instances no longer hold anything."""
        def away():
            found = aws("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[live["name"]])
            held = {"instance-id": live["instances"], "instance-state-name": RUNNING}
            filters = [{"Name": name, "Values": values} for name, values in held.items()]
            left = live["instances"] and aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
            return not found["AutoScalingGroups"] and not left

        until(away, timeout, f"{self.title} {live['name']} being deleted")

    def computed(self, aws, want):
        """AWS makes up a part of the ARN."""
        return {"arn": self.unknown(want, "arn")}


AUTO_SCALING_GROUP = AutoScalingGroup()
