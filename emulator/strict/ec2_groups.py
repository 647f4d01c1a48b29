"""EC2: what AWS refuses of security groups."""

import re

from emulator.strict import MEASURED, rule


def _group(backend, group_id: str):
    return next((held[group_id] for held in backend.groups.values() if group_id in held), None)


# Security groups

_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_SET = (
    "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)
AUTHORIZE = ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
DESCRIBE = ("UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress")


@rule("ec2", "CreateSecurityGroup", code="InvalidParameterValue", source="cds-snc/notification-terraform#561")
def group_description_is_plain(call):
    """A security group's description has up to 255 plain characters."""
    if not _TEXT.fullmatch(call.parameters.get("Description", "")):
        return f"Invalid security group description. {_SET}"
    return None


@rule("ec2", "CreateSecurityGroup", code="InvalidParameterValue", source=MEASURED + "pf-ec2-sg-group-name")
def group_name_is_plain(call):
    """A security group's name has up to 255 plain characters and doesn't begin like an id."""
    name = call.parameters["GroupName"]
    if name.lower().startswith("sg-"):
        return f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
    if not _TEXT.fullmatch(name):
        return f"Value ({name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."
    return None


def _permissions(call) -> list[dict]:
    return call.parameters.get("IpPermissions") or []


@rule("ec2", *AUTHORIZE, *DESCRIBE, code="InvalidParameterValue", source="aws-cloudformation/cfn-lint#173")
def rule_description_is_plain(call):
    """A security group rule's description has up to 255 plain characters."""
    for permission in _permissions(call):
        for kind in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds"):
            if any(not _TEXT.fullmatch(one.get("Description", "")) for one in permission.get(kind) or []):
                return f"Invalid rule description. {_SET}"
    return None


@rule("ec2", *AUTHORIZE, code="InvalidParameterValue", source=MEASURED + "pf-ec2-sg-port-range")
def ports_make_sense(call):
    """A rule for TCP or UDP has ports from 0 to 65535, the first not after the last."""
    for permission in _permissions(call):
        if permission.get("IpProtocol", "").lower() not in ("tcp", "udp", "6", "17"):
            continue
        first, last = permission.get("FromPort"), permission.get("ToPort")
        if first is None or last is None:
            return "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        for end, port in (("from", first), ("to", last)):
            if not 0 <= port <= 65535:
                return f"TCP/UDP ({end}) port ({port}) out of range"
        if first > last:
            return f"Invalid TCP/UDP port range({first}:{last})"
    return None


@rule("ec2", *AUTHORIZE, code="InvalidParameterValue", source="AuthorizeSecurityGroupIngress API reference, IpProtocol")
def protocol_is_known(call):
    """A rule's protocol is tcp, udp, icmp, icmpv6, a number up to 255 or -1."""
    for permission in _permissions(call):
        protocol = permission.get("IpProtocol", "-1").lower()
        number = int(protocol) if re.fullmatch(r"-?\d+", protocol) else None
        if protocol not in ("tcp", "udp", "icmp", "icmpv6", "all") and not (number is not None and -1 <= number <= 255):
            return f"Invalid value '{permission['IpProtocol']}' for IP protocol. Unknown protocol."
    return None


@rule("ec2", *AUTHORIZE, code="InvalidGroup.NotFound", source="kubernetes-sigs/aws-load-balancer-controller#1862")
def group_of_the_same_network(call):
    """A group that a rule names is of the same VPC."""
    backend = call.backend()
    own = _group(backend, call.parameters.get("GroupId"))
    for permission in _permissions(call):
        for pair in permission.get("UserIdGroupPairs") or []:
            other = _group(backend, pair.get("GroupId"))
            if own and other and own.vpc_id != other.vpc_id:
                return "You have specified two resources that belong to different networks."
    return None


@rule("ec2", *AUTHORIZE, code="InvalidPrefixListId.NotFound", source="EC2 API reference, error codes")
def prefix_list_exists(call):
    """A prefix list that a rule names exists."""
    held = call.backend().managed_prefix_lists
    for permission in _permissions(call):
        for one in permission.get("PrefixListIds") or []:
            if one["PrefixListId"] not in held:
                return f"The prefix list ID '{one['PrefixListId']}' does not exist"
    return None


@rule("ec2", "DeleteSecurityGroup", code="DependencyViolation", source="DeleteSecurityGroup API reference")
def group_is_not_referenced(call):
    """A group that another group's rule names is not deleted."""
    wanted, backend = call.parameters.get("GroupId"), call.backend()
    own = _group(backend, wanted)
    for one in backend.groups.get(own.vpc_id, {}).values() if own else ():
        rules = one.ingress_rules + one.egress_rules if one.id != wanted else []
        if any(held.source_group.get("GroupId") == wanted for held in rules):
            return f"resource {wanted} has a dependent object"
    return None


@rule("ec2", "DeleteSecurityGroup", code="CannotDelete", source="EC2 API reference, error codes")
def default_group_stays(call):
    """A VPC's default group is not deleted."""
    found = _group(call.backend(), call.parameters.get("GroupId"))
    if found and found.name == "default":
        return f'the specified group: "{found.id}" name: "default" cannot be deleted by a user'
    return None
