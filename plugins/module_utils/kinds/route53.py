"""Route 53: public hosted zones and their records."""

from __future__ import annotations

import re

from ..engine import tags as tagging
from ..engine.aws import optional, unless
from ..engine.children import Child
from ..engine.community import CommunityKind
from ..engine.errors import EngineError
from ..engine.placeholder import has_placeholder
from ..engine.remains import FREE, Remain
from ..engine.severity import Severity
from ..engine.unmodelled import keep_unmodelled
from .acm import CERTIFICATE
from .elbv2_load_balancer import LOAD_BALANCER

MISSING = "NoSuchHostedZone"
BATCH = 100
"""How many records are deleted at once."""
VALIDATIONS = ".acm-validations.aws"
"""How the values of the records end that validate certificates."""
# The address of a load balancer, known or to be made: its name, and where it is known its region.
BALANCER = re.compile(
    r"(?:dualstack\.)?(?:internal-)?(?P<name>[a-z0-9-]+)-\w+\.(?P<region>[a-z0-9-]+)\.elb\.amazonaws\.com"
    r"|known-after-apply/load_balancer/(?P<later>[^/]+)/dns_name"
)


def plain(name: str) -> str:
    """Return a DNS name in one spelling."""
    return name.lower().rstrip(".").replace("\\052", "*")


class HostedZone(CommunityKind):
    """A public hosted zone of a stack's own domain."""

    name = "hosted_zone"
    worldwide = True
    doubles = True
    title = "hosted zone"
    service = "route53"
    module = "amazon.aws.route53_zone"
    cloudformation = "AWS::Route53::HostedZone"
    properties = {"Name": "zone", "HostedZoneConfig/Comment": "comment", "HostedZoneTags": "tags"}
    identity = ("zone",)
    ignored = frozenset({"ResourceRecordSetCount"})
    children = (
        Child(
            "query_logging", "list_query_logging_configs", {"HostedZoneId": "id"}, "QueryLoggingConfigs",
            undo=("delete_query_logging_config", {"Id": ".Id"}),
        ),
    )  # fmt: skip

    def want(self, arguments):
        """Spell the name in one way."""
        want = super().want(arguments)
        return {**want, "zone": plain(want["zone"])}

    def find(self, aws, want):
        """Return the public zone of this name.

        Raises EngineError when the zone belongs to somebody else: the stack would adopt it, and its end delete it.
        """
        listed = aws("route53").list_hosted_zones_by_name(DNSName=want["zone"])["HostedZones"]
        zones = [zone for zone in listed if plain(zone["Name"]) == want["zone"] and not zone["Config"]["PrivateZone"]]
        lives = [self._live(aws, zone) for zone in zones]
        tags = want.get("tags", {})
        same = ("Stack", "Region") if tags.get("Stack") else ()
        mine = [live for live in lives if all(live["tags"].get(key) == tags.get(key) for key in same)]
        foreign = [live["id"] for live in lives if live not in mine]
        if foreign:
            raise EngineError(
                f"the account has a zone {want['zone']} already ({foreign[0]}) which isn't this stack's: "
                "give its id instead of having the stack make one"
            )
        return mine[0] if mine else None

    def stack(self, aws, stack):
        """Return the zones tagged with the stack and its region: Route 53 has one list of all regions."""
        zones = aws.pages("route53", "list_hosted_zones", "HostedZones")
        lives = (self._live(aws, zone) for zone in zones if not zone["Config"]["PrivateZone"])
        return [live for live in lives if tagging.ours(live["tags"], stack, aws.region)]

    @keep_unmodelled
    def _live(self, aws, zone):
        zone_id = zone["Id"].rpartition("/")[2]
        tags = unless(
            MISSING, aws("route53").list_tags_for_resource, ResourceType="hostedzone", ResourceId=zone_id,
        )  # fmt: skip
        return {
            "id": zone_id,
            "arn": aws.arn("route53", f"hostedzone/{zone_id}", region=False, account=False),
            "zone": plain(zone["Name"]),
            "comment": zone["Config"].get("Comment", ""),
            "name_servers": name_servers(aws, zone_id),
            "dnssec": signing(aws, zone_id),
            "tags": tagging.from_list(tags["ResourceTagSet"]["Tags"]) if tags else {},
        }

    def lookup_arguments(self, live):
        """The module takes DNSSEC back unless it is told to leave it."""
        return {"dnssec": live["dnssec"]}

    def notes(self, live):
        """Say what the parent zone must delegate."""
        if has_placeholder(live["name_servers"]):
            return []
        return [f"The zone above {live['zone']} must delegate it to {', '.join(live['name_servers'])} (NS records)"]

    def tag(self, aws, live, add, remove):
        """Tag by id."""
        aws("route53").change_tags_for_resource(
            ResourceType="hostedzone", ResourceId=live["id"],
            **({"AddTags": tagging.to_list(add)} if add else {}), **({"RemoveTagKeys": remove} if remove else {}),
        )  # fmt: skip

    def leaves(self, live):
        """Return the delegation, which is in a zone that isn't the stack's."""
        return [Remain(
            f"the delegation of {live['zone']} (NS records in the zone above it)",
            "since whoever gets one of its name servers could answer for that name", "somebody takes it away", FREE,
            f"delete the NS records of {live['zone']} that name {', '.join(live['name_servers'])}", outside=True,
        )]  # fmt: skip

    def delete(self, aws, live):
        """Delete the zone with all its records but those that Route 53 keeps itself."""
        kept = {("SOA", live["zone"]), ("NS", live["zone"])}
        pages = unless(
            MISSING, aws.pages, "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=live["id"]
        )
        changes = [
            {"Action": "DELETE", "ResourceRecordSet": record}
            for record in pages or []
            if (record["Type"], plain(record["Name"])) not in kept
        ]
        for start in range(0, len(changes), BATCH):
            aws("route53").change_resource_record_sets(
                HostedZoneId=live["id"], ChangeBatch={"Changes": changes[start : start + BATCH]}
            )
        unless(MISSING, aws("route53").delete_hosted_zone, Id=live["id"])

    def computed(self, aws, want):
        """AWS makes up the id and the name servers."""
        fields = {field: self.unknown(want, field) for field in ("id", "arn")}
        return {**fields, "name_servers": [self.unknown(want, "name_servers")]}


def name_servers(aws, zone_id: str) -> list[str]:
    """Return the name servers of a zone."""
    zone = unless(MISSING, aws("route53").get_hosted_zone, Id=zone_id) or {}
    return sorted(zone.get("DelegationSet", {}).get("NameServers", []))


def signing(aws, zone_id: str) -> bool:
    """Say whether a zone is signed."""
    answer = optional(
        aws, "DNSSEC of the hosted zones", "route53", unless, MISSING, aws("route53").get_dnssec, HostedZoneId=zone_id
    )
    return (answer or {}).get("Status", {}).get("ServeSignature") == "SIGNING"


class DnsRecord(CommunityKind):
    """A record of a hosted zone, simple or alias.

    Records have no tags. A stack's are all in its own zones, and in other zones those that its certificates and load
    balancers gave rise to.
    """

    name = "dns_record"
    worldwide = True
    title = "DNS record"
    service = "route53"
    module = "amazon.aws.route53"
    cloudformation = "AWS::Route53::RecordSet"
    properties = {"Name": "record", "ResourceRecords": "value"}
    identity = ("record", "hosted_zone_id", "type")
    needs = ("hosted_zone", "certificate", "load_balancer")
    taggable = False
    connection = {"region": "aws_region"}  # the module's own region is that of latency-based routing
    controls = frozenset({"overwrite", "zone", "private_zone"})
    fixed_arguments = {"state": "present", "overwrite": True}
    severities = (Severity("high"),)

    def want(self, arguments):
        """Spell names in one way; the values of a record have no order."""
        want = {"alias": False, **super().want(arguments)}
        want["record"] = plain(want["record"])
        if "value" in want:
            values = [want["value"]] if isinstance(want["value"], str) else want["value"]
            want["value"] = values_of(want["type"], want["alias"], values)
        return want

    def find(self, aws, want):
        """Return the record of this name and type."""
        found = unless(
            MISSING, aws("route53").list_resource_record_sets, HostedZoneId=want["hosted_zone_id"],
            StartRecordName=want["record"], StartRecordType=want["type"], MaxItems="1",
        )  # fmt: skip
        items = [self._live(want["hosted_zone_id"], item) for item in found["ResourceRecordSets"]] if found else []
        live = next((live for live in items if all(live[field] == want[field] for field in self.identity)), None)
        if live and has_placeholder(want.get("value")):
            _refuse_anothers(live, want, aws.region)
        return live

    def compare(self, live, want):
        """Raise EngineError for an alias of another stack's load balancer: the stacks would take it from each other."""
        _refuse_anothers(live, want)
        return super().compare(live, want)

    def stack(self, aws, stack):
        """Return the records that are a stack's."""
        own = {zone["id"]: zone["zone"] for zone in HostedZone().stack(aws, stack)}
        certificates, balancers = CERTIFICATE.stack(aws, stack), LOAD_BALANCER.stack(aws, stack)
        caused = {(record["name"], record["value"]) for item in certificates for record in item["validation_records"]}
        targets = {plain(item["dns_name"]) for item in balancers}
        names = {name for item in certificates for name in (item["domain_name"], *item["subject_alternative_names"])}
        names |= {name for item in balancers for name in certified(aws, item)}

        def ours(zone_id, live):
            if zone_id in own:
                return (live["type"], live["record"]) not in {("SOA", own[zone_id]), ("NS", own[zone_id])}
            value = live["value"][0] if len(live["value"]) == 1 else ""
            return value in targets if live["alias"] else (live["record"], value) in caused

        found = []
        for zone in aws.pages("route53", "list_hosted_zones", "HostedZones"):
            zone_id, above = zone["Id"].rpartition("/")[2], plain(zone["Name"])
            if zone_id in own or any(name == above or name.endswith(f".{above}") for name in names):
                items = unless(
                    MISSING, aws.pages, "route53", "list_resource_record_sets", "ResourceRecordSets",
                    HostedZoneId=zone_id,
                )  # fmt: skip
                lives = (self._live(zone_id, item) for item in items or [])
                found += [live for live in lives if ours(zone_id, live)]
        return found

    @staticmethod
    @keep_unmodelled
    def _live(zone_id, item):
        alias = item.get("AliasTarget")
        values = [alias["DNSName"]] if alias else [each["Value"] for each in item.get("ResourceRecords", [])]
        return {
            "record": plain(item["Name"]),
            "hosted_zone_id": zone_id,
            "type": item["Type"],
            "ttl": item.get("TTL"),
            "value": values_of(item["Type"], bool(alias), values),
            "alias": bool(alias),
            "alias_hosted_zone_id": alias["HostedZoneId"] if alias else None,
            "alias_evaluate_target_health": alias["EvaluateTargetHealth"] if alias else None,
        }

    def loses(self, aws, live, want, changes):
        """An alias takes the place of what people had the name point at, a site that runs elsewhere for example.

        A load balancer of the same name is the stack's own, made anew.
        """
        if not want or not want["alias"] or not changes & {"alias", "value"}:
            return ""
        here, there = ({balancer(one) for one in side["value"]} for side in (want, live))
        names = {one and one[0] for one in here} == {one and one[0] for one in there}
        own = live["alias"] and names and None not in here
        return "" if own else f"what it points at, {', '.join(live['value'])}, would be written over"

    def stays(self, live):
        """What validates a certificate of a name is one and the same for all of the account's, in every region.

        Without it those that others have of this name would not be renewed. From a zone of the stack's own it goes with
        the zone.
        """
        return live["type"] == "CNAME" and live["value"][0].endswith(VALIDATIONS)

    def delete(self, aws, live):
        """Delete the record as it is now."""
        zone_id = live["hosted_zone_id"]
        found = unless(
            MISSING, aws("route53").list_resource_record_sets, HostedZoneId=zone_id,
            StartRecordName=live["record"], StartRecordType=live["type"],
        )  # fmt: skip
        same = [
            item
            for item in (found or {}).get("ResourceRecordSets", [])
            if (plain(item["Name"]), item["Type"]) == (live["record"], live["type"])
        ]
        if same:
            changes = [{"Action": "DELETE", "ResourceRecordSet": item} for item in same]
            aws("route53").change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})

    def computed(self, aws, want):
        """AWS adds nothing to it."""
        return {}


def balancer(value: str, region: str = "") -> tuple[str, str] | None:
    """Return the name and the region of the load balancer that has an address; a region may have to be given."""
    found = BALANCER.fullmatch(value)
    return (found["later"] or found["name"], found["region"] or region) if found else None


def _refuse_anothers(live: dict, want: dict, region: str = "") -> None:
    if not (live["alias"] and want["alias"] and want.get("value")):
        return
    here, there = balancer(want["value"][0], region), balancer(live["value"][0])
    if here and there and here[1] and here != there:
        raise EngineError(
            f"the record {live['record']} in the zone {live['hosted_zone_id']} leads to the load balancer {there[0]} "
            f"in {there[1]}, another stack's: give this one a load_balancer_domain_name of its own, or, where the "
            f"domain is to move here, let the record lead to {here[0]} by hand first"
        )


def values_of(kind: str, alias: bool, values: list[str]) -> list[str]:
    """Return a record's values in one spelling: names are names, other values are kept as they are."""
    names = alias or kind in ("CNAME", "NS")
    return sorted(plain(value) if names else value for value in values)


def certified(aws, balancer: dict) -> list[str]:
    """Return the names that a load balancer's certificates certify."""
    arns = {arn for listener in balancer["listeners"] for arn in listener["Certificates"]}
    found = (unless("ResourceNotFoundException", aws("acm").describe_certificate, CertificateArn=arn) for arn in arns)
    return [name for item in found if item for name in item["Certificate"].get("SubjectAlternativeNames", [])]


HOSTED_ZONE = HostedZone()
DNS_RECORD = DnsRecord()
