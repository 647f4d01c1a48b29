"""Route 53: zones, and records that don't fit each other."""

import ipaddress
import re

from emulator.strict import MEASURED, rule

GUIDE = "Route 53 API reference"
FATAL = "Invalid Resource Record: 'FATAL problem: {} encountered with '{}''"


@rule(
    "route53",
    "CreateHostedZone",
    code="HostedZoneAlreadyExists",
    source="CreateHostedZone API reference, CallerReference",
)
def caller_reference_is_new(call):
    """A caller reference makes one zone."""
    reference = call.parameters["CallerReference"]
    if any(one.caller_reference == reference for one in call.backend().zones.values()):
        return f"A hosted zone has already been created with the specified caller reference: {reference}"
    return None


@rule("route53", "CreateHostedZone", code="InvalidDomainName", source=MEASURED + "pf-route53-hostedzone-name-*")
def zone_name_is_a_domain(call):
    """A zone's name is a domain: labels of 1 to 63 characters, more than one of them."""
    name = call.parameters["Name"].removesuffix(".")
    labels = name.split(".")
    if len(labels) == 1:
        return f"{name}. is reserved by AWS!"
    for label in labels:
        if len(label) > 63:
            return f"FATAL problem: DomainLabelTooLong (Domain label is too long) encountered with '{label}'"
    return "The specified domain name is not valid." if "" in labels else None


@rule("route53", "CreateHostedZone", code="InvalidVPCId", source="localstack: answers recorded from AWS")
def zone_vpc_exists(call):
    """A private zone's VPC exists."""
    vpc = call.parameters.get("VPC") or {}
    if vpc.get("VPCId") and vpc["VPCId"] not in call.backend("ec2", vpc.get("VPCRegion")).vpcs:
        return "The VPC ID is invalid."
    return None


def _changes(call):
    """Yield each change with its action, record set and its values."""
    for change in call.parameters["ChangeBatch"]["Changes"]:
        record = change["ResourceRecordSet"]
        yield change["Action"], record, [one["Value"] for one in record.get("ResourceRecords") or []]


def _zone(call):
    return call.backend().zones.get(call.parameters["HostedZoneId"].split("/")[-1])


def _name(text: str) -> str:
    return text.lower().rstrip(".") + "."


@rule("route53", "ChangeResourceRecordSets", code="InvalidInput", source=f"{GUIDE}, ResourceRecordSet")
def record_has_values_or_an_alias(call):
    """A record has values and a TTL, or is an alias."""
    for action, record, values in _changes(call):
        plain, alias = bool(values) and record.get("TTL") is not None, bool(record.get("AliasTarget"))
        if plain == alias or alias and (values or record.get("TTL") is not None):
            found = "more than one" if alias else "none"
            return (
                "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or "
                f"TrafficPolicyInstanceId], but found {found} in Change with [Action={action}, Name={record['Name']}, "
                f"Type={record['Type']}, SetIdentifier={record.get('SetIdentifier', 'null')}]"
            )
    return None


@rule("route53", "ChangeResourceRecordSets", code="InvalidChangeBatch", source=f"{GUIDE}, ResourceRecord")
def record_values_fit_the_type(call):
    """A record's values are what its type is for: addresses, quoted texts; none of them twice."""
    for action, record, values in _changes(call):
        if action == "DELETE":
            continue
        if len(values) != len(set(values)):
            return f"Duplicate Resource Record: '{next(one for one in values if values.count(one) > 1)}'"
        for value in values:
            if record["Type"] == "A" and not _is_address(value, 4):
                return FATAL.format("ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)", value)
            if record["Type"] == "AAAA" and not _is_address(value, 6):
                return FATAL.format("AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)", value)
            if record["Type"] in ("TXT", "SPF") and not re.fullmatch(r'\s*".*"\s*', value, re.DOTALL):
                return FATAL.format("InvalidCharacterString (Value should be enclosed in quotation marks)", value)
    return None


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False


@rule(
    "route53",
    "ChangeResourceRecordSets",
    code="InvalidChangeBatch",
    source=MEASURED + "pf-route53-cname-name-collision, -apex-cname",
)
def cname_is_alone(call):
    """A CNAME isn't at a zone's apex, and no other record has its name."""
    zone = _zone(call)
    if zone is None:
        return None
    apex = _name(zone.name)
    deleted = {(_name(record["Name"]), record["Type"]) for action, record, _ in _changes(call) if action == "DELETE"}
    held = {(_name(one.name), one.type) for one in zone.rrsets} - deleted
    for action, record, _ in _changes(call):
        name, kind = _name(record["Name"]), record["Type"]
        if action == "DELETE":
            continue
        if kind == "CNAME" and name == apex:
            return f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {apex}"
        others = {other for at, other in held if at == name and other != kind}
        if kind == "CNAME" and others:
            return (
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with "
                f"the same DNS name in zone {apex}"
            )
        if "CNAME" in others:
            return (
                f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type "
                f"CNAME with the same DNS name already exists in zone {apex}"
            )
        held.add((name, kind))
    return None


@rule(
    "route53",
    "ChangeResourceRecordSets",
    code="InvalidChangeBatch",
    source="Route 53 developer guide, NS and SOA records",
)
def apex_keeps_its_records(call):
    """A zone keeps the NS and SOA records at its apex."""
    zone = _zone(call)
    made = {(_name(record["Name"]), record["Type"]) for action, record, _ in _changes(call) if action != "DELETE"}
    for action, record, _ in _changes(call):
        name, kind = _name(record["Name"]), record["Type"]
        if action == "DELETE" and zone and name == _name(zone.name) and (name, kind) not in made:
            if kind == "NS":
                return "A HostedZone must contain at least one NS record for the zone itself."
            if kind == "SOA":
                return "A HostedZone must contain exactly one SOA record."
    return None
