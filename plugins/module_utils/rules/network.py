"""Ranges, zones and ways out."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from itertools import combinations

from .registry import Sentences, Variable, rule


def network(text: str) -> IPv4Network | None:
    """Return a range that AWS takes for a VPC or a subnet, or None."""
    try:
        made = IPv4Network(text)
    except ValueError:
        return None
    return made if "/" in str(text) and 16 <= made.prefixlen <= 28 else None


@rule("network_cidr")
@rule("public_network_cidr")
def vpc_range(cidr: Variable) -> Sentences:
    """A VPC's range is /16 to /28."""
    if network(cidr.value) is None:
        yield (f"{cidr}: it must be an IPv4 range of /16 to /28 whose host bits are zero, for example 10.0.0.0/16")


@rule("network_cidr", "network_public_cidrs", "network_private_cidrs", "network_database_cidrs")
def subnets(cidr: Variable, *groups: Variable) -> Sentences:
    """Subnets lie in the VPC's range and apart from each other."""
    vpc, placed = network(cidr.value), []
    for group in groups:
        for text in group.value:
            subnet = network(text)
            if subnet is None:
                yield f"{group.name} has {text!r}: it must be an IPv4 range of /16 to /28 whose host bits are zero"
            elif vpc and not subnet.subnet_of(vpc):
                yield f"{group.name} has {text}: it must lie in {cidr.name}, {vpc}"
            else:
                placed.append((group.name, subnet))
    for (first, one), (second, other) in combinations(placed, 2):
        if one.overlaps(other):
            yield f"{second} has {other}, which overlaps {one} of {first}: subnets must not share addresses"


@rule("network_availability_zones", "network_public_cidrs")
@rule("network_availability_zones", "network_private_cidrs")
@rule("network_availability_zones", "network_database_cidrs")
def a_subnet_for_each_zone(zones: Variable, cidrs: Variable) -> Sentences:
    """Each zone has one subnet of each sort."""
    if len(zones.value) != len(cidrs.value):
        yield f"{cidrs}: it must have one range for each of the {len(zones.value)} zones of {zones.name}"


@rule("network_availability_zones", "stack_region")
def zones(zones: Variable, region: Variable) -> Sentences:
    """Zones are the region's own, and two at least, for the load balancer and the database want two."""
    for zone in zones.value:
        if not re.fullmatch(re.escape(str(region.value)) + "[a-z]", zone):
            yield f"{zones.name} has {zone!r}: it must be a zone of {region.value}, for example {region.value}a"
    if len(set(zones.value)) < 2 or len(set(zones.value)) < len(zones.value):
        yield f"{zones}: it must be two zones at least, each once, since load balancer and database want two"


@rule("network_zone_count")
def zone_count(count: Variable) -> Sentences:
    """No region has more than six zones."""
    if not 2 <= count.value <= 6:
        yield f"{count}: allowed are 2, which load balancer and database want, to 6"


@rule("network_alb_allowed_cidrs")
@rule("public_network_database_cidrs")
def allowed(ranges: Variable) -> Sentences:
    """Ranges as security groups take them."""
    for text in ranges.value:
        try:
            IPv4Network(text)
        except ValueError:
            yield f"{ranges.name} has {text!r}: it must be an IPv4 range whose host bits are zero, such as 0.0.0.0/0"


@rule("network_nat", "secrets_clerk_secret_key")
def clerk(nat: Variable, key: Variable) -> Sentences:
    """Clerk is on the internet."""
    if nat.value == "none" and key.value:
        yield f"{nat}, and {key.name} is set: Clerk can't be reached without a way to the internet"


@rule("network_nat_instance_type", "network_nat_instance_image")
def nat_instance(kind: Variable, image: Variable) -> Sentences:
    """An image runs on the processors that it is built for."""
    found = re.fullmatch(r"([a-z]+\d+)([a-z-]*)\.[a-z0-9]+", kind.value)
    if not found:
        yield f"{kind}: it must be an EC2 instance type such as t4g.nano"
        return
    built = "arm64" if "g" in found[2] else "x86_64"
    for other in {"arm64", "x86_64"} - {built}:
        if other in image.value:
            yield f"{kind}, a machine for {built}, and {image}: the image must be built for the instance type"
