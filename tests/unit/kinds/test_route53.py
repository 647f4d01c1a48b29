"""Zones and records."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.route53 import (
    DNS_RECORD,
    HOSTED_ZONE,
    balancer,
    plain,
)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [("Example.COM.", "example.com"), ("\\052.example.com.", "*.example.com"), ("_a.example.com", "_a.example.com")],
)
def test_plain(name, spelt):
    assert plain(name) == spelt


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"type": "CNAME", "value": ["_B.acm-validations.aws."]}, ["_b.acm-validations.aws"]),
        ({"type": "A", "value": ["LB.elb.amazonaws.com."], "alias": True}, ["lb.elb.amazonaws.com"]),
        ({"type": "TXT", "value": ['"b Kept As It Is."', '"a"']}, ['"a"', '"b Kept As It Is."']),
        ({"type": "A", "value": "10.0.0.1"}, ["10.0.0.1"]),
    ],
)
def test_record_values(arguments, value):
    want = DNS_RECORD.want({"record": "A.example.com.", "hosted_zone_id": "Z", **arguments})
    assert want["value"] == value and want["record"] == "a.example.com"


class Aws:
    """An account with one public zone of somebody."""

    region = "us-east-1"

    def __init__(self, tags):
        self.tags = tags

    def __call__(self, service):
        return self

    def arn(self, *_parts, **_more):
        return "arn:zone"

    def list_hosted_zones_by_name(self, **_arguments):
        private = {"Id": "/hostedzone/ZP", "Name": "example.com.", "Config": {"PrivateZone": True}}
        return {"HostedZones": [private, {"Id": "/hostedzone/Z1", "Name": "example.com.", "Config": {"PrivateZone": False}}]}

    def list_tags_for_resource(self, **_arguments):
        return {"ResourceTagSet": {"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}}

    def get_hosted_zone(self, **_arguments):
        return {"DelegationSet": {"NameServers": ["ns-2", "ns-1"]}}

    def get_dnssec(self, **_arguments):
        return {"Status": {"ServeSignature": "SIGNING"}}


    def pages(self, _service, operation, _key, **_arguments):
        assert operation == "list_hosted_zones"
        return self.list_hosted_zones_by_name()["HostedZones"]


OWN = {"Stack": "s", "Region": "us-east-1"}


def test_own_zone_is_found():
    live = HOSTED_ZONE.find(Aws(OWN), {"zone": "example.com", "tags": OWN})
    assert (live["id"], live["name_servers"]) == ("Z1", ["ns-1", "ns-2"])
    assert HOSTED_ZONE.lookup_arguments(live) == {"dnssec": True}, "the module would take DNSSEC back"


# Also the stack of the same name in another region.
@pytest.mark.parametrize("tags", [{}, {**OWN, "Stack": "other"}, {**OWN, "Region": "eu-west-1"}])
def test_a_zone_of_somebody_else_is_neither_adopted_nor_listed(tags):
    with pytest.raises(EngineError, match=r"already \(Z1\) which isn't this stack's"):
        HOSTED_ZONE.find(Aws(tags), {"zone": "example.com", "tags": OWN})
    assert HOSTED_ZONE.stack(Aws(tags), "s") == []
    assert [live["id"] for live in HOSTED_ZONE.stack(Aws(OWN), "s")] == ["Z1"]


MADE = "s-alb-123.us-east-1.elb.amazonaws.com"
LATER = "known-after-apply/load_balancer/s-alb/dns_name"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (MADE, ("s-alb", "us-east-1")),
        ("dualstack.internal-s-ultra-alb-0af.eu-west-1.elb.amazonaws.com", ("s-ultra-alb", "eu-west-1")),
        (LATER, ("s-alb", "")),
        ("d1.cloudfront.net", None),
        ("10.0.0.1", None),
    ],
)
def test_what_an_address_says_of_its_load_balancer(value, found):
    assert balancer(value) == found


class Records(Aws):
    """A zone with one alias."""

    def __init__(self, target):
        self.target = target

    def list_resource_record_sets(self, **_arguments):
        alias = {"DNSName": f"{self.target}.", "HostedZoneId": "Z2", "EvaluateTargetHealth": False}
        return {"ResourceRecordSets": [{"Name": "app.example.com.", "Type": "A", "AliasTarget": alias}]}


@pytest.mark.parametrize(
    ("live", "wanted", "another"),
    [
        (MADE, MADE, False),
        # The stack's own load balancer was replaced, or is to be.
        ("s-alb-9.us-east-1.elb.amazonaws.com", MADE, False),
        ("s-alb-9.us-east-1.elb.amazonaws.com", LATER, False),
        # What somebody else put there is no other stack's load balancer.
        ("d1.cloudfront.net", MADE, False),
        ("s-alb-9.eu-west-1.elb.amazonaws.com", MADE, True),
        ("s-alb-9.eu-west-1.elb.amazonaws.com", LATER, True),
        ("s-ultra-alb-9.us-east-1.elb.amazonaws.com", MADE, True),
        ("s-ultra-alb-9.us-east-1.elb.amazonaws.com", LATER, True),
    ],
)
def test_a_domain_is_never_taken_from_another_stack(live, wanted, another):
    want = DNS_RECORD.want({"record": "app.example.com", "hosted_zone_id": "Z1", "type": "A", "alias": True, "value": [wanted]})

    def look():
        return DNS_RECORD.compare(DNS_RECORD.find(Records(live), want), want)

    if another:
        with pytest.raises(EngineError, match="another stack's: give this one a load_balancer_domain_name of its own"):
            look()
    else:
        assert look() == ({"value"} if live != wanted else set())

OURS = "dualstack.fb-dev-alb-123456.us-east-1.elb.amazonaws.com"


@pytest.mark.parametrize(
    ("live", "value", "told"),
    [
        ({"alias": False, "value": ["192.0.2.1"]}, OURS, "what it points at, 192.0.2.1, would be written over"),
        ({"alias": True, "value": ["d111.cloudfront.net"]}, OURS, "d111.cloudfront.net"),
        ({"alias": True, "value": ["fb-dev-alb-999.us-east-1.elb.amazonaws.com"]}, OURS, ""),
        ({"alias": True, "value": ["fb-prod-alb-999.us-east-1.elb.amazonaws.com"]}, OURS, "fb-prod-alb"),
        ({"alias": True, "value": [OURS]}, "known-after-apply/load_balancer/fb-dev-alb/dns_name", ""),
        ({"alias": False, "value": ["192.0.2.1"]}, "known-after-apply/load_balancer/fb-dev-alb/dns_name", "192.0.2.1"),
    ],
)
def test_where_a_name_points_is_not_written_over(live, value, told):
    want = {"alias": True, "value": [value]}
    said = DNS_RECORD.loses(None, live, want, {"alias", "value"})
    assert told in said if told else said == ""
    assert DNS_RECORD.loses(None, live, want, {"ttl"}) == ""


@pytest.mark.parametrize(
    ("kind", "value", "stays"),
    [
        ("CNAME", "_b.jkddzztszm.acm-validations.aws", True),
        ("CNAME", "app.example.org", False),
        ("A", MADE, False),
    ],
)
def test_what_validates_a_certificate_stays_for_others_of_its_name(kind, value, stays):
    assert DNS_RECORD.stays({"record": "_a.example.com", "type": kind, "value": [value]}) is stays
