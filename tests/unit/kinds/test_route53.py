"""Zones and records."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.route53 import DNS_RECORD, HOSTED_ZONE, plain


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


def test_own_zone_is_found():
    live = HOSTED_ZONE.find(Aws({"Stack": "s"}), {"zone": "example.com", "tags": {"Stack": "s"}})
    assert (live["id"], live["name_servers"]) == ("Z1", ["ns-1", "ns-2"])
    assert HOSTED_ZONE.pointer(live) == {"dnssec": True}, "the module would take DNSSEC back"


@pytest.mark.parametrize("tags", [{}, {"Stack": "other"}])
def test_a_zone_of_somebody_else_is_never_adopted(tags):
    with pytest.raises(EngineError, match=r"already \(Z1\) which isn't this stack's"):
        HOSTED_ZONE.find(Aws(tags), {"zone": "example.com", "tags": {"Stack": "s"}})


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
