"""Ranges, zones and ways out."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from itertools import combinations

from .registry import rule


def network(text) -> IPv4Network | None:
    """Return a range that AWS takes for a VPC or a subnet, or None."""
    try:
        made = IPv4Network(text)
    except ValueError:
        return None
    return made if "/" in str(text) and 16 <= made.prefixlen <= 28 else None


@rule("network_cidr")
def vpc_range(cidr):
    """A VPC's range is /16 to /28."""
    if network(cidr.value) is None:
        yield (
            f"{cidr}: it must be an IPv4 range of /16 to /28 whose host bits are zero, for example 10.0.0.0/16"
        )


@rule("network_cidr", "network_public_subnets", "network_private_subnets", "network_database_subnets")
def subnets(cidr, *groups):
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


def zone_names(region: str) -> re.Pattern:
    """Return the pattern of a region's availability zones (local zones and wavelength zones are none)."""
    return re.compile(re.escape(region) + "[a-z]")
