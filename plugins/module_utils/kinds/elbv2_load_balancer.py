"""Elastic Load Balancing: load balancers, with their listeners."""

from __future__ import annotations

import copy

from ..engine.aws import optional, unless
from ..engine.children import Child
from ..engine.community import CommunityKind
from ..engine.errors import EngineError
from ..engine.listings import Listing
from ..engine.severity import Severity, vanished
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until
from .elbv2 import NO_BALANCER, NO_LISTENER, ElbKind, from_attributes

# Our field: (AWS's attribute, its type).
BALANCER_ATTRIBUTES = {
    "access_logs_enabled": ("access_logs.s3.enabled", bool),
    "access_logs_s3_bucket": ("access_logs.s3.bucket", str),
    "access_logs_s3_prefix": ("access_logs.s3.prefix", str),
    "deletion_protection": ("deletion_protection.enabled", bool),
    "http2": ("routing.http2.enabled", bool),
    "http_desync_mitigation_mode": ("routing.http.desync_mitigation_mode", str),
    "http_drop_invalid_header_fields": ("routing.http.drop_invalid_header_fields.enabled", bool),
    "http_x_amzn_tls_version_and_cipher_suite": ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", bool),
    "http_xff_client_port": ("routing.http.xff_client_port.enabled", bool),
    "idle_timeout": ("idle_timeout.timeout_seconds", int),
    "waf_fail_open": ("waf.fail_open.enabled", bool),
}
# What a redirect leaves as it was, unless it says otherwise.
SAME = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}


class LoadBalancer(CommunityKind, ElbKind):
    """An application load balancer with its listeners and their rules. Target groups are named by ARN."""

    name = "load_balancer"
    title = "load balancer"
    module = "amazon.aws.elb_application_lb"
    cloudformation = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    properties = {"LoadBalancerAttributes": "other_attributes"}
    key = "LoadBalancerArn"
    needs = ("target_group", "certificate", "subnet", "security_group", "internet_gateway")
    replaced = {"scheme": "AWS fixes at creation whether a load balancer faces the internet"}
    ignored = frozenset({"rule_arns", "state", "Reason"})
    externally_managed = {
        "listeners[[]*].Rules[[]*].Actions[[]*].TargetGroups.*": "ECS, which moves the traffic of a deployment",
    }
    follows = {"listener_details": "listeners", "web_acl": ""}
    children = (
        Child(
            "reserved_capacity", "describe_capacity_reservation", {"LoadBalancerArn": "arn"},
            "MinimumLoadBalancerCapacity", unset={"CapacityUnits": 0},
        ),
    )  # fmt: skip
    controls = frozenset({"purge_listeners", "purge_rules"})
    severities = (
        Severity("high", "listeners*"), Severity("high", "scheme"), Severity("high", "web_acl", vanished),
    )  # fmt: skip
    unmanaged = (Listing("describe_load_balancers", "LoadBalancers", "LoadBalancerName"),)
    tag_copies = (":listener/", ":listener-rule/")

    def want(self, arguments):
        """Spell listeners in one way; subnets and groups have no order."""
        want = super().want(arguments)
        for field in ("subnets", "security_groups"):
            if field in want:
                want[field] = sorted(want[field])
        if "listeners" in want:
            want["listeners"] = sorted((listener(item) for item in want["listeners"]), key=lambda item: item["Port"])
        return want

    def find(self, aws, want):
        """Return the load balancer of this name."""
        found = unless(NO_BALANCER, aws("elbv2").describe_load_balancers, Names=[want["name"]])
        pairs = self.tagged(aws, found["LoadBalancers"]) if found else []
        return self._live(aws, *pairs[0]) if pairs else None

    def stack(self, aws, stack):
        """Return the load balancers tagged with the stack."""
        items = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
        items = [item for item in items if item["Type"] == "application"]
        return [self._live(aws, item, tags) for item, tags in self.tagged(aws, items) if tags.get("Stack") == stack]

    @keep_unmodelled
    def _live(self, aws, item, tags):
        arn = item["LoadBalancerArn"]
        told = unless(NO_BALANCER, aws("elbv2").describe_load_balancer_attributes, LoadBalancerArn=arn)
        listeners = unless(NO_BALANCER, aws.pages, "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
        listeners = [{**each, "Rules": self._rules(aws, each)} for each in listeners or []]
        return {
            "name": item["LoadBalancerName"],
            "arn": arn,
            "full_name": arn.partition("loadbalancer/")[2],
            "dns_name": item["DNSName"],
            "zone_id": item["CanonicalHostedZoneId"],
            "vpc_id": item["VpcId"],
            "scheme": item["Scheme"],
            "ip_address_type": item["IpAddressType"],
            "subnets": sorted(zone["SubnetId"] for zone in item["AvailabilityZones"]),
            "security_groups": sorted(item.get("SecurityGroups") or []),
            "state": item["State"]["Code"],
            "listeners": sorted((listener(each) for each in listeners), key=lambda each: each["Port"]),
            "rule_arns": {
                f"{each['Port']}/{described['Priority']}": described["RuleArn"]
                for each in listeners
                for described in each["Rules"]
            },
            "tags": tags,
            **from_attributes(told["Attributes"] if told else [], BALANCER_ATTRIBUTES),
        }

    @staticmethod
    def _rules(aws, item):
        rules = unless(NO_LISTENER, aws.pages, "elbv2", "describe_rules", "Rules", ListenerArn=item["ListenerArn"])
        return [rule for rule in rules or [] if not rule["IsDefault"]]

    def read_children(self, aws, live):
        """Return what the listeners have beside what this code says of them, and the firewall before them."""
        found = []
        for item in aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=live["arn"]):
            arn = {"ListenerArn": item["ListenerArn"]}
            told = optional(
                aws, "attributes of the listeners", "elbv2", aws("elbv2").describe_listener_attributes, **arn,
                otherwise={"Attributes": []},
            )["Attributes"]  # fmt: skip
            certificates = aws("elbv2").describe_listener_certificates(**arn)["Certificates"]
            known = ("Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions", "LoadBalancerArn")
            found.append({
                "Port": item["Port"],
                **{key: value for key, value in item.items() if key not in known},
                "attributes": {pair["Key"]: pair["Value"] for pair in told},
                "certificates": sorted(each["CertificateArn"] for each in certificates if not each.get("IsDefault")),
            })  # fmt: skip
        # WAF may not know a load balancer that was just made.
        told = optional(
            aws, "web ACL of the load balancers", "wafv2", unless, "WAFNonexistentItemException",
            aws("wafv2").get_web_acl_for_resource, ResourceArn=live["arn"],
        )  # fmt: skip
        acl = (told or {}).get("WebACL") or {}
        return {"listener_details": found, "web_acl": acl.get("ARN", ""), **super().read_children(aws, live)}

    def compare(self, live, want):
        """How a rule for several target groups weighs them is ECS's, which lets a service's groups take turns.

        Raises EngineError where such a rule is to go while it sends the traffic elsewhere than the listener will.
        """
        changes = super().compare(live, want)
        if "listeners" in changes:
            for port, priority, groups in _shared(live["listeners"]):
                if (port, priority) not in {shared[:2] for shared in _shared(want["listeners"])}:
                    _taken_over(live, want, port, groups)
            if _unweighted(live["listeners"]) == _unweighted(want["listeners"]):
                changes -= {"listeners"}
        return changes

    def preserved_arguments(self, live, arguments):
        """Leave the weights of rules for the same target groups as they are."""
        known = {(port, priority): groups for port, priority, groups in _shared(live["listeners"])}
        listeners = copy.deepcopy(arguments.get("listeners") or [])
        for each in listeners:
            for given in each.get("Rules") or []:
                groups = known.get((int(each["Port"]), int(given["Priority"])), {})
                for action in given["Actions"]:
                    if groups and set(_action(action).get("TargetGroups", {})) == set(groups):
                        action["ForwardConfig"] = {
                            "TargetGroups": [{"TargetGroupArn": arn, "Weight": groups[arn]} for arn in groups],
                            "TargetGroupStickinessConfig": {"Enabled": False},
                        }
        return {"listeners": listeners} if listeners else {}

    def prepare(self, aws, live, want):
        """Delete rules that were given more conditions than they should have: the module doesn't see those."""
        wanted = {(each["Port"], rule["Priority"]): rule for each in want["listeners"] for rule in each["Rules"]}
        for item in aws.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=live["arn"]):
            for described in self._rules(aws, item):
                found = rule(described)
                expected = wanted.get((item["Port"], found["Priority"]))
                if expected and len(found["Conditions"]) > len(expected["Conditions"]):
                    aws("elbv2").delete_rule(RuleArn=described["RuleArn"])

    def ready(self, live):
        """A load balancer is usable when it is active; AWS keeps an impaired one at work."""
        return live["state"] in ("active", "active_impaired")

    def failed(self, live):
        """Say that AWS couldn't set it up."""
        return "AWS could not set it up" if live["state"] == "failed" else ""

    def protected(self, live):
        """Deletion protection is lifted for the end of a stack only."""
        return "its deletion protection is on" if live["deletion_protection"] else ""

    def delete(self, aws, live):
        """Lift the protection and delete it with its listeners."""
        unless(
            NO_BALANCER, aws("elbv2").modify_load_balancer_attributes, LoadBalancerArn=live["arn"],
            Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
        )  # fmt: skip
        unless(NO_BALANCER, aws("elbv2").delete_load_balancer, LoadBalancerArn=live["arn"])

    @staticmethod
    def exists(aws, arn) -> bool:
        """Say whether a load balancer is there, whoever made it."""
        found = unless(NO_BALANCER, aws("elbv2").describe_load_balancers, LoadBalancerArns=[arn])
        return bool(found and found["LoadBalancers"])

    def gone(self, aws, live, timeout):
        """Wait for the end of its network interfaces too, which hold subnets and security groups."""
        interfaces = [{"Name": "description", "Values": [f"ELB {live['full_name']}"]}]
        until(
            lambda: self.seen(aws, live) is None
            and not aws("ec2").describe_network_interfaces(Filters=interfaces)["NetworkInterfaces"],
            timeout,
            f"the end of load balancer {live['name']} and of its network interfaces",
        )

    def computed(self, aws, want):
        """AWS makes up the names."""
        later = {field: self.unknown(want, field) for field in ("arn", "full_name", "dns_name", "zone_id")}
        return {**later, "rule_arns": {}}


def _shared(listeners: list[dict]) -> list[tuple[int, int, dict]]:
    """Return the rules that send requests to several target groups: port, priority, weights by group."""
    return [
        (each["Port"], described["Priority"], action["TargetGroups"])
        for each in listeners
        for described in each["Rules"]
        for action in described["Actions"]
        if "TargetGroups" in action
    ]


def _unweighted(listeners: list[dict]) -> list[dict]:
    return [
        {
            **each,
            "Rules": [
                {
                    **described,
                    "Actions": [
                        action | ({"TargetGroups": sorted(action["TargetGroups"])} if "TargetGroups" in action else {})
                        for action in described["Actions"]
                    ],
                }
                for described in each["Rules"]
            ],
        }
        for each in listeners
    ]


def _taken_over(live: dict, want: dict, port: int, groups: dict) -> None:
    """Raise EngineError unless what a listener does without its rule sends the traffic where the rule does."""
    rest: list = next((each["DefaultActions"] for each in want["listeners"] if each["Port"] == port), [])
    serving = [arn for arn, weight in groups.items() if weight]
    if len(serving) != 1 or serving[0] not in str(rest):
        raise EngineError(
            f"load balancer {live['name']}: the traffic of port {port} goes to {', '.join(serving) or 'none'}, "
            "and would go elsewhere after this change; roll a release out once more with the strategy that there is, "
            "which lets the other target group serve, then change it"
        )


def listener(item: dict) -> dict:
    """Return a listener, described or wanted, in the one spelling that we compare."""
    secure = item["Protocol"] in ("HTTPS", "TLS")
    if secure and not item.get("SslPolicy"):
        raise EngineError(f"listener {item['Port']} needs an SslPolicy: AWS's default is an old one")
    return {
        "Port": int(item["Port"]),
        "Protocol": item["Protocol"],
        "SslPolicy": item["SslPolicy"] if secure else "",
        "Certificates": [each["CertificateArn"] for each in item.get("Certificates") or []] if secure else [],
        "DefaultActions": actions(item["DefaultActions"]),
        "Rules": sorted((rule(each) for each in item.get("Rules") or []), key=lambda each: each["Priority"]),
    }


def rule(item: dict) -> dict:
    """Return a listener's rule in one spelling."""
    return {
        "Priority": int(item["Priority"]),
        "Conditions": sorted((condition(each) for each in item["Conditions"]), key=str),
        "Actions": actions(item["Actions"]),
    }


def condition(item: dict) -> dict:
    """Return a condition in one spelling: AWS answers some of them in two at once."""
    config: dict = next((value for key, value in item.items() if key.endswith("Config") and value), {})
    values = config.get("Values") or item.get("Values") or []
    told = {"Field": item["Field"], "Values": sorted(values, key=str)}
    return told | ({"HttpHeaderName": config["HttpHeaderName"]} if "HttpHeaderName" in config else {})


def actions(items: list[dict]) -> list[dict]:
    """Return actions in one spelling: in their order, with what AWS fills in."""
    return [_action(item) for item in sorted(items, key=lambda item: item.get("Order", 0))]


def _action(item):
    told = {key: value for key, value in item.items() if key not in ("Order", "ForwardConfig") and value is not None}
    if item["Type"] == "forward":
        config = item.get("ForwardConfig") or {}
        groups = config.get("TargetGroups") or []
        sticky = config.get("TargetGroupStickinessConfig", {}).get("Enabled", False)
        if sticky:
            return {"Type": "forward", "ForwardConfig": config}
        if len(groups) > 1:
            weights = {one["TargetGroupArn"]: int(one.get("Weight", 1)) for one in groups}
            return {"Type": "forward", "TargetGroups": weights}
        return {"Type": "forward", "TargetGroupArn": item.get("TargetGroupArn") or groups[0]["TargetGroupArn"]}
    if item["Type"] == "redirect":
        told["RedirectConfig"] = {**SAME, **item["RedirectConfig"]}
    return told


LOAD_BALANCER = LoadBalancer()
