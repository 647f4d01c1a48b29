"""Which regions there are."""

from __future__ import annotations

from contextlib import suppress
from functools import cache

with suppress(ImportError):  # AnsibleAWSModule says so
    import boto3


@cache
def regions() -> dict[str, str]:
    """Return the partition of each region that this release of botocore knows."""
    session = boto3.session.Session()
    return {
        name: partition
        for partition in session.get_available_partitions()
        for name in session.get_available_regions("ec2", partition_name=partition)
    }
