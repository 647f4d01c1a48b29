"""Elastic Load Balancing: target groups."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.listings import Listing
from ..engine.severity import Severity
from ..engine.unmodelled import keep_unmodelled
from .elbv2 import NO_BALANCER, NO_LISTENER, ElbKind, from_attributes, to_attributes

NO_GROUP = "TargetGroupNotFound"
GROUP_ATTRIBUTES = {
    "deregistration_delay_timeout": ("deregistration_delay.timeout_seconds", int),
    "slow_start_duration": ("slow_start.duration_seconds", int),
    "load_balancing_algorithm_type": ("load_balancing.algorithm.type", str),
    "stickiness_enabled": ("stickiness.enabled", bool),
    "stickiness_type": ("stickiness.type", str),
    "stickiness_lb_cookie_duration": ("stickiness.lb_cookie.duration_seconds", int),
    "stickiness_app_cookie_name": ("stickiness.app_cookie.cookie_name", str),
    "stickiness_app_cookie_duration": ("stickiness.app_cookie.duration_seconds", int),
}
# Our field: AWS's key, the same in what it takes and what it answers.
HEALTH_CHECK = {
    "health_check_enabled": "HealthCheckEnabled",
    "health_check_protocol": "HealthCheckProtocol",
    "health_check_port": "HealthCheckPort",
    "health_check_path": "HealthCheckPath",
    "health_check_interval": "HealthCheckIntervalSeconds",
    "health_check_timeout": "HealthCheckTimeoutSeconds",
    "healthy_threshold_count": "HealthyThresholdCount",
    "unhealthy_threshold_count": "UnhealthyThresholdCount",
}
FIXED = {
    "name": "Name",
    "protocol": "Protocol",
    "port": "Port",
    "protocol_version": "ProtocolVersion",
    "target_type": "TargetType",
    "vpc_id": "VpcId",
    "ip_address_type": "IpAddressType",
}


class TargetGroup(ElbKind):
    """A target group: where a load balancer sends requests, and how it sees who is well."""

    name = "target_group"
    title = "target group"
    module = "flow_builder.aws.elb_target_group"
    cloudformation = "AWS::ElasticLoadBalancingV2::TargetGroup"
    properties = {
        "TargetGroupAttributes": "other_attributes",
        "HealthCheckIntervalSeconds": "health_check_interval",
        "HealthCheckTimeoutSeconds": "health_check_timeout",
        "Matcher/HttpCode": "successful_response_codes",
    }
    key = "TargetGroupArn"
    needs = ("vpc",)
    replaced = {field: "AWS fixes it when a target group is made" for field in FIXED if field != "name"}
    ignored = frozenset({"load_balancer_arns"})
    follows = {"targets": ""}
    severities = (Severity("high", "targets*", category="extra"),)
    unmanaged = (Listing("describe_target_groups", "TargetGroups", "TargetGroupName"),)

    def find(self, aws, want):
        """Return the target group of this name."""
        found = unless(NO_GROUP, aws("elbv2").describe_target_groups, Names=[want["name"]])
        pairs = self.tagged(aws, found["TargetGroups"]) if found else []
        return self._live(aws, *pairs[0]) if pairs else None

    def stack(self, aws, stack):
        """Return the target groups tagged with the stack."""
        items = aws.pages("elbv2", "describe_target_groups", "TargetGroups")
        return [self._live(aws, item, tags) for item, tags in self.tagged(aws, items) if tags.get("Stack") == stack]

    @keep_unmodelled
    def _live(self, aws, item, tags):
        arn = item["TargetGroupArn"]
        told = unless(NO_GROUP, aws("elbv2").describe_target_group_attributes, TargetGroupArn=arn)
        matcher = item.get("Matcher") or {}
        return {
            **{field: item.get(key) for field, key in FIXED.items()},
            **{field: item.get(key) for field, key in HEALTH_CHECK.items()},
            "name": item["TargetGroupName"],
            "arn": arn,
            "full_name": arn.rpartition(":")[2],
            "successful_response_codes": matcher.get("HttpCode") or matcher.get("GrpcCode") or "",
            "load_balancer_arns": item.get("LoadBalancerArns") or [],
            "tags": tags,
            **from_attributes(told["Attributes"] if told else [], GROUP_ATTRIBUTES),
        }

    def read_children(self, aws, live):
        """Return the targets that no task of the stack is: ECS registers and takes off those by itself."""
        told = aws("elbv2").describe_target_health(TargetGroupArn=live["arn"])["TargetHealthDescriptions"]
        targets = [item["Target"] for item in told if item.get("TargetHealth", {}).get("State") != "draining"]
        addresses = [item["Id"] for item in targets]
        if not targets or live["target_type"] != "ip":
            return {"targets": targets}
        filters = [{"Name": "addresses.private-ip-address", "Values": addresses}]
        interfaces = aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
        tasks = {
            each["PrivateIpAddress"]
            for item in interfaces
            if ":ecs:" in item.get("Description", "")
            for each in item.get("PrivateIpAddresses", [])
        }
        return {"targets": [item for item in targets if item["Id"] not in tasks]}

    def remove_child(self, aws, live, finding):
        """Deregister a target that no task of the stack is."""
        target = {key: value for key, value in finding.live.items() if key in ("Id", "Port", "AvailabilityZone")}
        aws("elbv2").deregister_targets(TargetGroupArn=live["arn"], Targets=[target])
        return True

    def create(self, aws, want):
        """Make the group with its tags."""
        said = {key: want[field] for field, key in FIXED.items() if field in want}
        more = {"Tags": tagging.to_list(want["tags"])} if want.get("tags") else {}
        made = aws("elbv2").create_target_group(**said, **self._health_check(want, want), **more)
        return made["TargetGroups"][0]["TargetGroupArn"]

    def complete(self, aws, want, made):
        """Set the attributes."""
        self._attributes(aws, made, want, want)

    def update(self, aws, live, want, changes):
        """Change the health check and the attributes."""
        check = self._health_check(want, changes)
        if check:
            aws("elbv2").modify_target_group(TargetGroupArn=live["arn"], **check)
        self._attributes(aws, live["arn"], want, changes)

    @staticmethod
    def _health_check(want, fields):
        said = {key: want[field] for field, key in HEALTH_CHECK.items() if field in fields}
        if "successful_response_codes" in fields:
            code = "GrpcCode" if want.get("protocol_version") == "GRPC" else "HttpCode"
            said["Matcher"] = {code: want["successful_response_codes"]}
        return said

    @staticmethod
    def _attributes(aws, arn, want, fields):
        said = to_attributes({field: want[field] for field in GROUP_ATTRIBUTES if field in fields}, GROUP_ATTRIBUTES)
        if said:
            aws("elbv2").modify_target_group_attributes(TargetGroupArn=arn, Attributes=said)

    def delete(self, aws, live):
        """Delete the group.

        AWS keeps it as long as a listener or a rule sends requests to it, so these go first; when the group is
        replaced, the task of their load balancer makes them anew.
        """
        for arn in live["load_balancer_arns"]:
            listeners = unless(NO_BALANCER, aws.pages, "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
            for item in listeners or []:
                self._released(aws, live["arn"], item)
        unless(NO_GROUP, aws("elbv2").delete_target_group, TargetGroupArn=live["arn"])

    @staticmethod
    def _released(aws, arn, item):
        def uses(acting):
            return arn in str(acting)

        if uses(item["DefaultActions"]):
            unless(NO_LISTENER, aws("elbv2").delete_listener, ListenerArn=item["ListenerArn"])
            return
        for each in aws.pages("elbv2", "describe_rules", "Rules", ListenerArn=item["ListenerArn"]):
            if uses(each["Actions"]):
                unless("RuleNotFound", aws("elbv2").delete_rule, RuleArn=each["RuleArn"])

    def computed(self, aws, want):
        """AWS makes up the names."""
        return {field: self.unknown(want, field) for field in ("arn", "full_name")}
TARGET_GROUP = TargetGroup()
