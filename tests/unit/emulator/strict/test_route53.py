"""Route 53 refuses what AWS's does."""

import itertools

import pytest
from rulecases import Case

APEX = "strict.example."


class World:
    """Route 53 and a zone."""

    def __init__(self, aws):
        self.route53, self.ec2, self.number = aws("route53"), aws("ec2"), itertools.count()
        self.zone = self.make(APEX)

    def make(self, name="other.example", reference=None, **more):
        reference = reference or f"strict-{next(self.number)}"
        return self.route53.create_hosted_zone(Name=name, CallerReference=reference, **more)["HostedZone"]["Id"]

    def private(self, vpc=None):
        vpc = vpc or self.ec2.create_vpc(CidrBlock="10.84.0.0/16")["Vpc"]["VpcId"]
        self.make(VPC={"VPCRegion": "us-east-1", "VPCId": vpc})

    def change(self, kind, *values, name=None, action="CREATE", ttl=60, **more):
        name = f"r{next(self.number)}.{APEX}" if name is None else name
        record = {"Name": name, "Type": kind} | more
        if ttl is not None:
            record["TTL"] = ttl
        if values:
            record["ResourceRecords"] = [{"Value": one} for one in values]
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        self.route53.change_resource_record_sets(HostedZoneId=self.zone, ChangeBatch=batch)
        return name

    def name_servers(self):
        records = self.route53.list_resource_record_sets(HostedZoneId=self.zone)["ResourceRecordSets"]
        [found] = [one for one in records if one["Type"] == "NS"]
        return [one["Value"] for one in found["ResourceRecords"]], found["TTL"]

    def delete_name_servers(self):
        values, ttl = self.name_servers()
        self.change("NS", *values, name=APEX, action="DELETE", ttl=ttl)

    def delete(self):
        self.change("A", "1.2.3.4", name=self.change("A", "1.2.3.4"), action="DELETE")


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


ALIAS = {"HostedZoneId": "Z2P70J7EXAMPLE", "DNSName": "x.elb.amazonaws.com", "EvaluateTargetHealth": True}


def valued(says, kind, bad, good):
    return Case(
        "record_values_fit_the_type", "InvalidChangeBatch", says,
        lambda world: world.change(kind, *bad), lambda world: world.change(kind, *good),
    )  # fmt: skip


CASES = [
    Case(
        "caller_reference_is_new", "HostedZoneAlreadyExists", "specified caller reference",
        lambda world: [world.make(reference="strict"), world.make(reference="strict")], lambda world: world.make(),
    ),
    Case(
        "zone_name_is_a_domain", "InvalidDomainName", "DomainLabelTooLong",
        lambda world: world.make("a" * 64 + ".example"), lambda world: world.make("a" * 63 + ".example"),
    ),
    Case(
        "zone_name_is_a_domain", "InvalidDomainName", "com. is reserved by AWS!",
        lambda world: world.make("com."), lambda world: world.make("strict.com."),
    ),
    Case(
        "zone_vpc_exists", "InvalidVPCId", "The VPC ID is invalid",
        lambda world: world.private("vpc-00000000000000000"), lambda world: world.private(),
    ),
    Case(
        "record_has_values_or_an_alias", "InvalidInput", "but found none",
        lambda world: world.change("A", "1.2.3.4", ttl=None), lambda world: world.change("A", "1.2.3.4"),
    ),
    Case(
        "record_has_values_or_an_alias", "InvalidInput", "but found more than one",
        lambda world: world.change("A", AliasTarget=ALIAS), lambda world: world.change("A", ttl=None, AliasTarget=ALIAS),
    ),
    valued("Duplicate Resource Record: '1.2.3.4'", "A", ("1.2.3.4", "1.2.3.4"), ("1.2.3.4", "1.2.3.5")),
    valued("not a valid IPv4 address", "A", ("1.2.3",), ("1.2.3.4",)),
    valued("not a valid IPv6 address", "AAAA", ("1.2.3.4",), ("::1",)),
    valued("enclosed in quotation marks", "TXT", ("text",), ('"text"',)),
    Case(
        "cname_is_alone", "InvalidChangeBatch", "not permitted at apex",
        lambda world: world.change("CNAME", "x.example", name=APEX), lambda world: world.change("CNAME", "x.example"),
    ),
    Case(
        "cname_is_alone", "InvalidChangeBatch", "conflicts with other records",
        lambda world: world.change("CNAME", "x.example", name=world.change("A", "1.2.3.4")),
        lambda world: world.change("AAAA", "::1", name=world.change("A", "1.2.3.4")),
    ),
    Case(
        "cname_is_alone", "InvalidChangeBatch", "a conflicting RRSet of type CNAME",
        lambda world: world.change("A", "1.2.3.4", name=world.change("CNAME", "x.example")),
        lambda world: world.change("CNAME", "y.example", name=world.change("CNAME", "x.example"), action="UPSERT"),
    ),
    Case(
        "apex_keeps_its_records", "InvalidChangeBatch", "must contain at least one NS record",
        lambda world: world.delete_name_servers(), lambda world: world.delete(),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)
