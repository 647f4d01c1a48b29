"""Limits of an account that can be known before the first write: what a stack needs, may have, and what is used."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Required, TypedDict

from .engine.aws import Aws, tags_of
from .engine.errors import EngineError, code, expected, sentence
from .engine.stack import members
from .kinds.catalogue import KINDS

UNRESERVED = 100
"""How many of an account's concurrent executions Lambda wants to remain without a reservation."""
PROVIDERS = {"FARGATE": "fargate", "FARGATE_SPOT": "fargate_spot"}
THREADS = 12


class Demand(TypedDict, total=False):
    """What a role asks for of one limit: so many of something, and for each an amount (1) of what is counted."""

    limit: Required[str]
    count: Required[int]
    amount: float
    name: str
    """How the name of the resource ends that needs it, where it is one."""
    zone: str
    zones: list[str]
    """In each of them so many."""
    by: dict[str, object]
    """The variables that ask for it, with their values."""
    cpu: int
    """CPU units of each task of a service, with its capacity provider strategy."""
    strategy: list[dict[str, Any]]


@dataclass(frozen=True)
class Limit:
    """One quota of an account in a region."""

    quota: str
    """AWS's name of it."""
    service: str
    """The service's code in Service Quotas."""
    code: str
    default: float
    """What a new account has, by AWS's documentation or by what people met."""
    kind: str
    """The kind whose resources count, so that those that the stack has already need nothing."""
    type: str
    """What the tagging API calls that kind."""
    unit: str = ""
    """What is counted, where it isn't the resources themselves."""


LIMITS = {
    "vpcs": Limit("VPCs per Region", "vpc", "L-F678F1CE", 5, "vpc", "ec2:vpc"),
    "internet_gateways": Limit(
        "Internet gateways per Region", "vpc", "L-A4707A72", 5, "internet_gateway", "ec2:internet-gateway"
    ),
    "elastic_ips": Limit("EC2-VPC Elastic IPs", "ec2", "L-0263D0A3", 5, "elastic_ip", "ec2:elastic-ip"),
    "nat_gateways": Limit(
        "NAT gateways per Availability Zone", "vpc", "L-FE5A380F", 5, "nat_gateway", "ec2:natgateway"
    ),
    "instances": Limit(
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", "ec2", "L-1216C47A", 5,
        "auto_scaling_group", "ec2:instance", "vCPU",
    ),
    "db_instances": Limit("DB instances", "rds", "L-7B6409FD", 40, "rds_instance", "rds:db"),
    "db_storage": Limit(
        "Total storage for all DB instances", "rds", "L-7ADDB58A", 100_000, "rds_instance", "rds:db", "GiB"
    ),
    "lambda_concurrency": Limit(
        "Concurrent executions", "lambda", "L-B99A9384", 10, "lambda_function", "lambda:function",
        "concurrent executions",
    ),
    "fargate": Limit(
        "Fargate On-Demand vCPU resource count", "fargate", "L-3032A538", 6, "ecs_service", "ecs:service", "vCPU"
    ),
    "fargate_spot": Limit(
        "Fargate Spot vCPU resource count", "fargate", "L-36FBB829", 6, "ecs_service", "ecs:service", "vCPU"
    ),
}  # fmt: skip


class Usage(NamedTuple):
    """How much of something an account may have, and has."""

    quota: float
    used: float


ByZone = dict[str, Usage]
"""By zone; what counts for a whole region is under the empty name."""

ASKED = sorted(set(LIMITS) - {"fargate_spot"})
"""What roles may ask for: a service's strategy says what of it is Spot."""


def shares(count: int, strategy: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many tasks of a service may run on each capacity provider at the most: bases first, then by weight."""
    given = {one["capacity_provider"]: one for one in strategy}
    made: Counter[str] = Counter()
    left = count
    for name, one in given.items():
        made[name] = min(left, int(one.get("base") or 0))
        left -= made[name]
    weights = {name: int(one.get("weight") or 0) for name, one in given.items()}
    for name, weight in weights.items():
        if weight:
            made[name] += math.ceil(left * weight / sum(weights.values()))
    return {name: tasks for name, tasks in made.items() if tasks}


def demands(asked: list[Demand]) -> list[Demand]:
    """Return what roles ask for as demands of one limit each; what takes nothing is left out.

    A service of ECS, which is asked for with its strategy, becomes demands of Fargate's two limits.
    """
    made: list[Demand] = []
    for one in asked:
        parts: list[Demand] = [{**one, "zone": zone} for zone in one["zones"]] if one.get("zones") else [one]
        if one["limit"] == "fargate":
            parts = [
                {**one, "limit": PROVIDERS[provider], "count": 1, "amount": tasks * int(one["cpu"]) / 1024}
                for provider, tasks in shares(int(one["count"]), one["strategy"]).items()
            ]
        made += [part for part in parts if total([part]) > 0]
    return made


def unmet(wanted: list[Demand], there: dict[str, list[str]]) -> list[Demand]:
    """Return the demands that are left where a stack has these resources, by limit; a demand's name ends theirs."""
    left: list[Demand] = []
    held = {limit: list(names) for limit, names in there.items()}
    for one in wanted:
        names = held.get(one["limit"], [])
        if one.get("name"):
            missing = 0 if any(name.endswith(one["name"]) for name in names) else int(one["count"])
        else:
            had = min(int(one["count"]), len(names))
            missing, held[one["limit"]] = int(one["count"]) - had, names[had:]
        if missing:
            left.append({**one, "count": missing})
    return left


def tagged(aws: Aws, stack: str) -> dict[str, list[str]]:
    """Return what a stack has, by limit, as the tagging API knows it: one call, which may be seconds old."""
    types: dict[str, list[str]] = {limit.type: [] for limit in LIMITS.values()}
    for arn in tags_of(aws, stack, *types):
        _arn, _partition, service, _region, _account, resource = arn.split(":", 5)
        types.setdefault(f"{service}:{re.split('[/:]', resource)[0]}", []).append(arn)
    return {name: types[limit.type] for name, limit in LIMITS.items()}


def listed(aws: Aws, stack: str, limit: str) -> list[str]:
    """Return the names of what a stack has that counts for a limit, as its service knows it."""
    kind = KINDS[LIMITS[limit].kind]
    return [kind.label(one) for one in members(kind, aws, stack)]


# What an account may have, and what of it is used


def quota(aws: Aws, limit: Limit) -> dict[str, Any]:
    """Return a quota as Service Quotas tells it: the account's own value, else AWS's default."""
    asked = {"ServiceCode": limit.service, "QuotaCode": limit.code}
    try:
        return aws("service-quotas").get_service_quota(**asked)["Quota"]
    except Exception as error:
        if code(error) != "NoSuchResourceException":
            raise
        return aws("service-quotas").get_aws_default_service_quota(**asked)["Quota"]


UsageReader = Callable[[Aws, Limit, Iterable[str]], ByZone]
"""Reads the usage of a limit, in the zones in which something of it is needed."""


def counted(operation: str, key: str) -> UsageReader:
    """Return a reader of a quota and of how many EC2 resources there are."""

    def usage(aws: Aws, limit: Limit, _zones: Iterable[str]) -> ByZone:
        return {"": Usage(quota(aws, limit)["Value"], len(aws.pages("ec2", operation, key)))}

    return usage


def addresses(aws: Aws, limit: Limit, _zones: Iterable[str]) -> ByZone:
    """Return the quota of elastic addresses, and how many there are: this call has no pages."""
    return {"": Usage(quota(aws, limit)["Value"], len(aws("ec2").describe_addresses()["Addresses"]))}


def by_zone(aws: Aws, limit: Limit, zones: Iterable[str]) -> ByZone:
    """Return the quota of NAT gateways, and how many there are, in each zone."""
    states = [{"Name": "state", "Values": ["pending", "available", "deleting"]}]
    gateways = aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=states)
    subnets = sorted({one["SubnetId"] for one in gateways if one.get("SubnetId")})
    zone_of = {}
    if subnets:
        for one in aws.pages("ec2", "describe_subnets", "Subnets", Filters=[{"Name": "subnet-id", "Values": subnets}]):
            zone_of[one["SubnetId"]] = one["AvailabilityZone"]
    used = Counter(zone_of[one["SubnetId"]] for one in gateways if one.get("SubnetId") in zone_of)
    for one in gateways:
        if one.get("AvailabilityMode") == "regional":  # it is in all zones where it has addresses
            used.update({each["AvailabilityZone"] for each in one.get("NatGatewayAddresses", [])})
    may = quota(aws, limit)["Value"]
    return {zone: Usage(may, used[zone]) for zone in zones}


def measured(aws: Aws, limit: Limit, _zones: Iterable[str]) -> ByZone:
    """Return a quota and what CloudWatch last saw of its use, which Service Quotas says how to ask for."""
    found = quota(aws, limit)
    metric, used = found.get("UsageMetric") or {}, 0
    if metric.get("MetricName"):
        now = datetime.now(UTC)
        statistic = metric.get("MetricStatisticRecommendation", "Maximum")
        points = aws("cloudwatch").get_metric_statistics(
            Namespace=metric["MetricNamespace"], MetricName=metric["MetricName"], Period=300, Statistics=[statistic],
            Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
            StartTime=now - timedelta(hours=1), EndTime=now,
        )["Datapoints"]  # fmt: skip
        used = max(points, key=lambda one: one["Timestamp"])[statistic] if points else 0
    return {"": Usage(found["Value"], used)}


def of_rds(name: str) -> UsageReader:
    """Return a reader of one of RDS's own account quotas."""

    def usage(aws: Aws, _limit: Limit, _zones: Iterable[str]) -> ByZone:
        quotas = {one["AccountQuotaName"]: one for one in aws("rds").describe_account_attributes()["AccountQuotas"]}
        if name not in quotas:
            raise EngineError(f"RDS doesn't tell the account's {name}")
        return {"": Usage(quotas[name]["Max"], quotas[name]["Used"])}

    return usage


def concurrency(aws: Aws, _limit: Limit, _zones: Iterable[str]) -> ByZone:
    """Return how many concurrent executions an account has, and how many of them functions have reserved."""
    account = aws("lambda").get_account_settings()["AccountLimit"]
    every = account["ConcurrentExecutions"]
    return {"": Usage(every, every - account["UnreservedConcurrentExecutions"])}


USAGES: dict[str, UsageReader] = {
    "vpcs": counted("describe_vpcs", "Vpcs"),
    "internet_gateways": counted("describe_internet_gateways", "InternetGateways"),
    "elastic_ips": addresses,
    "nat_gateways": by_zone,
    "instances": measured,
    "db_instances": of_rds("DBInstances"),
    "db_storage": of_rds("AllocatedStorage"),
    "lambda_concurrency": concurrency,
    "fargate": measured,
    "fargate_spot": measured,
}


# Sentences


def amount(number: float) -> str:
    """Return a number as people write it."""
    return f"{number:g}" if number < 1_000_000 else f"{number:.0f}"


def refusal(name: str, zone: str, wanted: list[Demand], may: float, used: float, region: str) -> str:
    """Return the sentence on a limit that a stack would exceed."""
    limit, needed = LIMITS[name], total(wanted)
    variables = {key: value for one in wanted for key, value in one.get("by", {}).items()}
    said = ", ".join(f"{key} is {value}" for key, value in variables.items())
    unit, kept = f" {limit.unit}" if limit.unit else "", 0
    taken = f"{amount(used)} are used"
    if name == "lambda_concurrency":
        kept, taken = UNRESERVED, f"{amount(used)} are reserved, and AWS keeps {UNRESERVED} unreserved"
    return (
        f"{said}: {amount(needed)}{unit} more are needed in {zone or region}, but the quota {limit.quota!r} "
        f"({limit.service} {limit.code}) is {amount(may)} and {taken}; change {' or '.join(variables)}, delete what "
        f"isn't needed, or raise the quota to {amount(math.ceil(used + needed + kept))}"
    )


def total(wanted: list[Demand]) -> float:
    """Return how much demands of one limit come to."""
    return sum(int(one["count"]) * float(one.get("amount", 1)) for one in wanted)


def judge(aws: Aws, stack: str, asked: list[Demand]) -> tuple[list[str], list[str]]:
    """Return a sentence for each limit that the stack would exceed, and one on what could not be looked at.

    A stack that has all that it wants costs one call.
    """
    wanted = demands(asked)
    if not wanted or _has_all(aws, stack, wanted):
        return [], []
    by_limit: dict[str, list[Demand]] = {}
    for one in wanted:
        by_limit.setdefault(one["limit"], []).append(one)
    with ThreadPoolExecutor(THREADS) as pool:
        judged = list(pool.map(lambda limit: _refusals(aws, stack, limit, by_limit[limit]), by_limit))
    unseen = [(LIMITS[limit].quota, why) for limit, (_refused, why) in zip(by_limit, judged, strict=True) if why]
    return [one for refused, _why in judged for one in refused], [blind(unseen)] if unseen else []


def _has_all(aws: Aws, stack: str, wanted: list[Demand]) -> bool:
    try:
        return not unmet(wanted, tagged(aws, stack))
    except Exception as error:
        if not expected(error):
            raise
        return False  # who may not ask for tags asks the services


def _refusals(aws: Aws, stack: str, limit: str, wanted: list[Demand]) -> tuple[list[str], str]:
    """Return the sentences on one limit and nothing, or none and why it could not be looked at."""
    zones: dict[str, list[Demand]] = {}
    try:
        for one in unmet(wanted, {limit: listed(aws, stack, limit)}):
            zones.setdefault(one.get("zone", ""), []).append(one)
        usages = USAGES[limit](aws, LIMITS[limit], zones) if zones else {}
    except Exception as error:
        if not expected(error):
            raise
        return [], sentence(error)
    kept = UNRESERVED if limit == "lambda_concurrency" else 0
    return [
        refusal(limit, zone, zones[zone], may, used, aws.region)
        for zone, (may, used) in usages.items()
        if used + total(zones[zone]) + kept > may
    ], ""


def blind(unseen: list[tuple[str, str]]) -> str:
    """Return the note on limits that nobody could look at, each with the reason."""
    names, reasons = zip(*unseen, strict=True)
    return (
        f"these limits of the account weren't looked at, and AWS refuses what exceeds them: {', '.join(names)} "
        f"({'; '.join(dict.fromkeys(reasons))})"
    )
