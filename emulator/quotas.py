"""What the account may have, which depends on its age: ``EMULATOR_ACCOUNT``, or ``POST /_emulator/account``.

``established`` is what Service Quotas calls AWS's defaults; ``young`` is what people find in accounts of their first
weeks. ``EMULATOR_QUOTAS`` (JSON) and the address set single quotas by their codes, as AWS's support does.
"""

import json
import os
from dataclasses import dataclass

from emulator import state, validation
from emulator.evidence import inferred, lacks, tabled

AGE, OWN = "EMULATOR_ACCOUNT", "EMULATOR_QUOTAS"
AGES = ("established", "young")


@dataclass(frozen=True)
class Quota:
    """One of AWS's quotas."""

    code: str
    service: str
    name: str
    established: float
    young: float
    usage: tuple[str, str, str] | None = None
    """Service, resource and class of the metric in AWS/Usage that tells its use."""


VPCS = Quota("L-F678F1CE", "vpc", "VPCs per Region", 5, 5)
INTERNET_GATEWAYS = Quota("L-A4707A72", "vpc", "Internet gateways per Region", 5, 5)
NAT_GATEWAYS = Quota("L-FE5A380F", "vpc", "NAT gateways per Availability Zone", 5, 5)
ADDRESSES = Quota("L-0263D0A3", "ec2", "EC2-VPC Elastic IPs", 5, 5)
INSTANCES = Quota(
    "L-1216C47A", "ec2", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 1152, 5,
    ("EC2", "vCPU", "Standard/OnDemand"),
)  # fmt: skip
DATABASES = Quota("L-7B6409FD", "rds", "DB instances", 40, 40)
STORAGE = Quota("L-7ADDB58A", "rds", "Total storage for all DB instances", 100_000, 100_000)
CONCURRENCY = Quota("L-B99A9384", "lambda", "Concurrent executions", 1000, 10)
FARGATE = Quota(
    "L-3032A538", "fargate", "Fargate On-Demand vCPU resource count", 4000, 6, ("Fargate", "vCPU", "Standard/OnDemand")
)
FARGATE_SPOT = Quota(
    "L-36FBB829", "fargate", "Fargate Spot vCPU resource count", 4000, 6, ("Fargate", "vCPU", "Standard/Spot")
)
QUOTAS = {
    one.code: one
    for one in (
        VPCS, INTERNET_GATEWAYS, NAT_GATEWAYS, ADDRESSES, INSTANCES, DATABASES, STORAGE, CONCURRENCY, FARGATE,
        FARGATE_SPOT,
    )
}  # fmt: skip
tabled(
    __name__, "An account of its first weeks has less of Fargate, of instances and of Lambda's concurrency.",
    inferred("what people find in young accounts", "ListServiceQuotas beside AWS's defaults, in a young account"),
)  # fmt: skip
lacks(__name__, "Quotas", "only those of this table are known, and those in the table of rules")
_said: dict = state.held({})


def use(age: str | None = None, quotas: dict | None = None) -> dict:
    """Set the account's age and single quotas by code, and tell what it may have."""
    if age is not None:
        validation.one_of(*AGES)("age", age)
    if quotas is not None:
        if not isinstance(quotas, dict):
            raise validation.Invalid(f"quotas is {quotas!r}: allowed is a mapping of codes to numbers")
        for code, may in quotas.items():
            validation.one_of(*QUOTAS)("quotas", code)
            validation.number()(f"quotas.{code}", may)
    if age is not None or quotas is not None:
        _said.update(age=age or _age(), quotas=quotas or {})
    return {"age": _age(), "quotas": {code: value(one) for code, one in QUOTAS.items()}}


def value(quota: Quota) -> float:
    """Return what the account may have."""
    own = _said["quotas"] if "quotas" in _said else json.loads(os.environ.get(OWN, "{}"))
    return own.get(quota.code, getattr(quota, _age()))


def _age() -> str:
    return _said.get("age") or os.environ.get(AGE, AGES[0])
