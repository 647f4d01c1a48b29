"""EC2: security groups and their rules.

Two kinds, because groups name each other in their rules (the load balancer may reach the tasks, the tasks admit the
load balancer): all groups are made before any rule, and all rules are gone before any group.
"""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.errors import EngineError, NotYet
from ..engine.kind import Kind
from ..engine.severity import Severity, opens
from .ec2 import SEEN_SECONDS, Ec2Kind, in_vpc, named
from .interfaces import freed
from .neighbours import of_group

MISSING = "InvalidGroup.NotFound"
PEERS = {
    "cidr_ip": ("IpRanges", "CidrIp"),
    "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6"),
    "ip_prefix": ("PrefixListIds", "PrefixListId"),
    "group_id": ("UserIdGroupPairs", "GroupId"),
}
"""Where AWS puts each sort of peer, by the argument that names it."""
ANY = {"proto": "-1", "from_port": -1, "to_port": -1}
# What AWS gives every new group.
EVERYWHERE = [{**ANY, "cidr_ip": "0.0.0.0/0", "rule_desc": ""}]
# The group that AWS gives every VPC: its members may reach each other until somebody says otherwise.
DEFAULT = "default"


def flat(permissions):
    """Return AWS's permissions as rules: one for each peer, in a fixed order."""
    rules = []
    for permission in permissions:
        ports = {
            "proto": permission["IpProtocol"],
            "from_port": permission.get("FromPort", -1),
            "to_port": permission.get("ToPort", -1),
        }
        for peer, (key, field) in PEERS.items():
            for one in permission.get(key, []):
                rules.append({**ports, peer: one[field], "rule_desc": one.get("Description", "")})
    return _sorted(rules)


def wanted(rules):
    """Return rules as a task writes them, several ports and peers in each, as single rules."""
    made = []
    for rule in rules:
        peers = [{peer: one} for peer in PEERS for one in rule.get(peer) or []]
        made += [{**port, **peer, "rule_desc": rule.get("rule_desc") or ""} for port in _ports(rule) for peer in peers]
    return _sorted(made)


def _ports(rule):
    """Return protocol and ports of a rule, one for each port or range of ports."""
    proto = rule.get("proto") or "tcp"
    if proto == "all":
        return [ANY]
    if not rule.get("ports"):
        raise EngineError(f"a rule for {proto} says no ports; only one for all protocols needs none")
    made = []
    for ports in rule["ports"]:
        first, _, last = str(ports).partition("-")
        made.append({"proto": proto, "from_port": int(first), "to_port": int(last or first)})
    return made


def _sorted(rules):
    return sorted(rules, key=lambda rule: sorted((key, str(value)) for key, value in rule.items()))


def permission(rule):
    """Return one rule as EC2's calls take it."""
    ports = {} if rule["proto"] == "-1" else {"FromPort": rule["from_port"], "ToPort": rule["to_port"]}
    peer = next(peer for peer in PEERS if peer in rule)
    key, field = PEERS[peer]
    described = {"Description": rule["rule_desc"]} if rule["rule_desc"] else {}
    return {"IpProtocol": rule["proto"], **ports, key: [{field: rule[peer], **described}]}


def without_description(rule):
    """Return what makes a rule the same to AWS."""
    return {key: value for key, value in rule.items() if key != "rule_desc"}


class SecurityGroup(Ec2Kind):
    """A security group, without its rules."""

    name = "security_group"
    title = "security group"
    module = "flow_builder.aws.ec2_security_group"
    cloudformation = "AWS::EC2::SecurityGroup"
    properties = {"GroupName": "name", "GroupDescription": "description"}
    # As for subnets: Lambda's interfaces have the groups, too.
    needs = ("vpc", "iam_policy")
    identity = ("name", "vpc_id")
    describe = "describe_security_groups"
    key = "SecurityGroups"
    tag_type = "security-group"
    ignored = frozenset({"IpPermissions", "IpPermissionsEgress"})  # told by a kind of their own
    immutable = {"description": "AWS fixes a group's description at creation"}
    unmanaged = (
        in_vpc(
            "describe_security_groups", "SecurityGroups", "GroupId", "delete_security_group",
            skip=lambda item: item["GroupName"] == DEFAULT,
        ),
    )  # fmt: skip

    def find(self, aws, want):
        """Return the group of this name in this VPC, where AWS allows only one."""
        where = {"vpc_id": want["vpc_id"]} if "vpc_id" in want else {}  # a reference says only the name
        return self.only(want, self.search(aws, group_name=want["name"], **where))

    def scope(self, want):
        """One call lists a VPC's groups."""
        return want["vpc_id"]

    def within(self, aws, want, scope):
        """Return the groups of the VPC."""
        return self.search(aws, vpc_id=scope)

    def live(self, aws, item):
        """Return the group."""
        return {
            **named(item),
            "id": item["GroupId"],
            "name": item["GroupName"],
            "description": item["Description"],
            "vpc_id": item["VpcId"],
        }

    def create(self, aws, want):
        """Create the group, with the rule that AWS gives every new one."""
        aws("ec2").create_security_group(
            GroupName=want["name"], Description=want["description"], VpcId=want["vpc_id"],
            TagSpecifications=self.specification(want),
        )  # fmt: skip

    def obstacles(self, aws, live, ours):
        """Return who else names the group, or has it."""
        return of_group(aws, live, ours)

    def delete(self, aws, live):
        """Delete the group."""
        freed(aws, aws("ec2").delete_security_group, MISSING, {"group_id": live["id"]}, GroupId=live["id"])


class SecurityGroupRules(Kind):
    """All rules of a security group. A group that still has what AWS gives every new one has none of ours.

    The VPC's own group may have none at all: that is what closes it.
    """

    name = "security_group_rules"
    title = "rules of security group"
    service = "ec2"
    module = "flow_builder.aws.ec2_security_group_rules"
    # What was read was old: it lacks a rule that is there.
    settling = (("InvalidPermission.Duplicate", ""),)
    settle_seconds = SEEN_SECONDS
    needs = ("security_group",)
    identity = ("name", "vpc_id")
    taggable = False
    severities = (Severity("critical", "rules*", opens), Severity("critical", "", opens, "extra"))

    def want(self, arguments):
        """Spell rules as AWS does, one for each port and peer."""
        want = super().want(arguments)
        want["rules"], want["rules_egress"] = wanted(want.get("rules", [])), wanted(want.get("rules_egress", []))
        return want

    def scope(self, want):
        """One call lists a VPC's groups with their rules."""
        return want["vpc_id"]

    def within(self, aws, want, scope):
        """Return the rules of the VPC's groups."""
        found = (self._live(item) for item in SECURITY_GROUP.items(aws, vpc_id=scope))
        return [live for live in found if self._touched(live)]

    def find(self, aws, want):
        """Return the rules of the group of this name."""
        found = SECURITY_GROUP.items(aws, group_name=want["name"], vpc_id=want["vpc_id"])
        live = self._live(found[0]) if found else None
        return live if live and self._touched(live) else None

    def stack(self, aws, stack):
        """Return the rules of the stack's groups."""
        found = [self._live(item) for item in SECURITY_GROUP.items(aws, tag_Stack=stack)]
        return [live for live in found if self._touched(live)]

    def _live(self, item):
        return {
            "id": item["GroupId"],
            "name": item["GroupName"],
            "vpc_id": item["VpcId"],
            "rules": flat(item.get("IpPermissions", [])),
            "rules_egress": flat(item.get("IpPermissionsEgress", [])),
        }

    def protected(self, live):
        """The VPC's own group lives as long as the VPC."""
        return "AWS makes this group with its VPC; say which rules it has" if live["name"] == DEFAULT else ""

    def _touched(self, live):
        if live["name"] == DEFAULT:
            members = [{**ANY, "group_id": live.get("id"), "rule_desc": ""}]
            return (live["rules"], live["rules_egress"]) != (members, EVERYWHERE)
        return live["rules"] or live["rules_egress"] not in ([], EVERYWHERE)

    def create(self, aws, want):
        """Give the group its rules, instead of what AWS gives every new one."""
        if not self._touched(want):
            raise EngineError("say at least one rule; a group without any is state=absent")
        item = next(iter(SECURITY_GROUP.items(aws, group_name=want["name"], vpc_id=want["vpc_id"])), None)
        if not item:
            raise NotYet("the group does not exist")
        self.update(aws, self._live(item), want, {"rules", "rules_egress"})

    def update(self, aws, live, want, changes):
        """Add what is missing before removing what is too much, so that nothing is cut off meanwhile."""
        ec2, group = aws("ec2"), {"GroupId": live["id"]}
        calls = {
            "rules": (
                ec2.authorize_security_group_ingress,
                ec2.update_security_group_rule_descriptions_ingress,
                ec2.revoke_security_group_ingress,
            ),
            "rules_egress": (
                ec2.authorize_security_group_egress,
                ec2.update_security_group_rule_descriptions_egress,
                ec2.revoke_security_group_egress,
            ),
        }
        for field in sorted(changes):
            for call, rules in zip(calls[field], steps(live[field], want[field]), strict=True):
                if rules:
                    call(**group, IpPermissions=[permission(rule) for rule in rules])

    def delete(self, aws, live):
        """Remove every rule."""
        unless(MISSING, self.update, aws, live, {"rules": [], "rules_egress": []}, {"rules", "rules_egress"})

    def computed(self, aws, want):
        """The rules have the group's id."""
        return {"id": SECURITY_GROUP.unknown(want, "id")}


def steps(live, want):
    """Return the rules to add, to describe anew and to remove."""
    there = [without_description(rule) for rule in live]
    asked = [without_description(rule) for rule in want]
    add = [rule for rule in want if without_description(rule) not in there]
    describe = [rule for rule in want if without_description(rule) in there and rule not in live]
    return add, describe, [rule for rule in live if without_description(rule) not in asked]


SECURITY_GROUP = SecurityGroup()
SECURITY_GROUP_RULES = SecurityGroupRules()
