#!/usr/bin/python
"""The account and region that a run talks to."""

from __future__ import annotations

DOCUMENTATION = r"""
module: account_info
short_description: Say which account and region a run talks to
version_added: "0.1.0"
description:
  - Returns the account, the partition and the availability zones of the region that need no opting in.
  - The first call of a run, so that missing credentials, a wrong region, an unreachable endpoint and zones that the
    region lacks are each one sentence before anything is written.
author: The Flow Builder on AWS project (@flow-builder)
options:
  availability_zones:
    description: Zones that the region must have.
    type: list
    elements: str
    default: []
  zone_count:
    description: How many zones the region must have at least.
    type: int
    default: 0
  expected:
    description: The account that is meant. With credentials of another one it fails, before anything is written.
    type: str
    default: ""
  zones:
    description: Whether to look at the region's zones.
    type: bool
    default: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Only reads.
    support: full
"""

EXAMPLES = r"""
- name: Look at the account
  flow_builder.aws.account_info:
    region: us-east-1
    availability_zones: [us-east-1a, us-east-1b]
  register: account
"""

RETURN = r"""
account:
  description: The account's id.
  returned: success
  type: str
  sample: "123456789012"
partition:
  description: The region's partition.
  returned: success
  type: str
  sample: aws
region:
  description: The region.
  returned: success
  type: str
  sample: us-east-1
availability_zones:
  description: The names of the region's zones, sorted.
  returned: when O(zones)
  type: list
  elements: str
  sample: [us-east-1a, us-east-1b]
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.regions import regions


def known(region: str) -> None:
    """Raise EngineError for a region that boto3 doesn't know: its address would lead nowhere."""
    import boto3  # here, because AnsibleAWSModule is to say first when it is missing

    if region and region not in regions():
        allowed = ", ".join(sorted(regions()))
        raise EngineError(f"there is no region {region!r}; boto3 {boto3.__version__} knows {allowed}")


def meant(aws, expected: str) -> None:
    """Raise EngineError where the credentials are another account's than the one that is meant."""
    if expected and aws.account != expected:
        raise EngineError(
            f"stack_expected_account is {expected!r}, but these credentials are of account {aws.account} at "
            f"{aws.endpoint or 'AWS itself'}: nothing was written; use that account's credentials, another "
            "AWS_ENDPOINT_URL, or another inventory"
        )


def zones(aws, needed: list[str], count: int) -> list[str]:
    """Return the region's zones. Raises EngineError for a region or zone that the account can't use."""
    listed = aws("ec2").describe_regions(AllRegions=True)["Regions"]
    regions = {item["RegionName"]: item["OptInStatus"] for item in listed}
    if regions.get(aws.region, "not-opted-in") == "not-opted-in":
        usable = sorted(region for region, status in regions.items() if status != "not-opted-in")
        raise EngineError(f"the region {aws.region!r} can't be used by this account; allowed are {', '.join(usable)}")
    filters = {"state": "available", "zone-type": "availability-zone", "opt-in-status": "opt-in-not-required"}
    listed = aws("ec2").describe_availability_zones(
        Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()]
    )["AvailabilityZones"]
    names = sorted(zone["ZoneName"] for zone in listed)
    missing = sorted(set(needed) - set(names))
    if missing:
        raise EngineError(f"{aws.region} has no availability zone {', '.join(missing)}; it has {', '.join(names)}")
    if len(names) < count:
        raise EngineError(f"{aws.region} has no {count} availability zones; it has {', '.join(names)}")
    return names


def account(aws, asked, check) -> dict:
    """Return the account, and its zones where they are asked for."""
    known(aws.region)
    meant(aws, asked["expected"])
    found = {"account": aws.account, "partition": aws.partition, "region": aws.region}
    if asked["zones"]:
        found["availability_zones"] = zones(aws, asked["availability_zones"], asked["zone_count"])
    return found


def main():
    """Run the module."""
    answer(
        account,
        {
            "availability_zones": {"type": "list", "elements": "str", "default": []},
            "zone_count": {"type": "int", "default": 0},
            "expected": {"type": "str", "default": ""},
            "zones": {"type": "bool", "default": True},
        },
    )


if __name__ == "__main__":
    main()
