"""The tables of docs/first-deployment.md, computed from the committed inventories."""

from __future__ import annotations

import inspect

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.module_utils.limits import (
    LIMITS,
    UNRESERVED,
    amount,
    demands,
    total,
)

import inventories

SHOWN = ("dev", "staging", "prod")
HOURS = 730
# Dollars in us-east-1 on demand, of 2026-08. By hour where nothing else is said.
PRICES = {
    "NAT gateway": 0.045,
    "t4g.nano with its 8 GiB of gp3": 0.0042 + 8 * 0.08 / HOURS,
    "public IPv4 address": 0.005,
    "Application Load Balancer": 0.0225,
    "interface endpoint in a zone": 0.01,
    "db.t3.micro": 0.018,
    "db.t3.small": 0.036,
    "db.t3.medium": 0.0725,
    "GiB of RDS storage (month)": 0.115,
    "KMS key (month)": 1.0,
    "secret (month)": 0.40,
}
# The application's, its login's and RDS's own.
SECRETS = 3
# What IAM calls the services that boto3 calls otherwise.
PREFIXES = {"elbv2": "elasticloadbalancing"}
# What is asked beside the kinds' own services.
ALSO = ("servicequotas", "ssm", "sts", "tag")


def quotas() -> str:
    """Return what each stack needs of which quota, with what a new account has."""
    needs = {stack: _needed(templar) for name in SHOWN for stack, templar in inventories.stacks(name).items()}
    rows = [
        f"| quota | code | a new account has | {' | '.join(f'`{stack}`' for stack in needs)} |",
        f"|---|---|---|{'---|' * len(needs)}",
    ]
    for name, limit in LIMITS.items():
        cells = [_cell(needed.get(name, 0), limit.default) for needed in needs.values()]
        counted = limit.unit and limit.unit not in limit.quota.lower()
        title = f"{limit.quota}{f', {limit.unit}' if counted else ''}"
        rows.append(f"| {title} | `{limit.service}` {limit.code} | {amount(limit.default)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _needed(templar) -> dict[str, float]:
    asked = [{"count": 1, "amount": 1, **one} for one in inventories.value(templar, "stack_limits")]
    by_zone: dict[str, dict[str, list[dict]]] = {}
    for one in demands(asked):
        by_zone.setdefault(one["limit"], {}).setdefault(one.get("zone", ""), []).append(one)
    needed = {limit: max(map(total, zones.values())) for limit, zones in by_zone.items()}
    if "lambda_concurrency" in needed:
        needed["lambda_concurrency"] += UNRESERVED
    return needed


def _cell(needed: float, default: float) -> str:
    return "" if not needed else f"**{amount(needed)}**" if needed > default else amount(needed)


def costs() -> str:
    """Return what each stack of the standard profile costs a month from its first apply on, before any release."""
    rows, columns = {}, []
    for name in SHOWN:
        for stack, templar in inventories.stacks(name).items():
            if inventories.value(templar, "stack_profile") == "standard":
                columns.append(stack)
                for what, (count, price) in _standing(templar).items():
                    rows.setdefault(what, {})[stack] = (count, price)
    lines = [f"| what stands, dollars a month | {' | '.join(f'`{one}`' for one in columns)} |"]
    lines.append(f"|---|{'---:|' * len(columns)}")
    for what, by_stack in rows.items():
        shown = [f"{by_stack[one][0]} × {by_stack[one][1]:.4g}" if one in by_stack else "" for one in columns]
        lines.append(f"| {what} | {' | '.join(shown)} |")
    sums = [sum(count * price for count, price in (by[one] for by in rows.values() if one in by)) for one in columns]
    lines.append(f"| **sum** | {' | '.join(f'**{one:.0f}**' for one in sums)} |")
    return "\n".join(lines)


def _standing(templar) -> dict[str, tuple[int, float]]:
    """Return how many of what stand, each with its price a month; without those that there are none of."""

    def said(name):
        return inventories.value(templar, name)

    zones, copies = len(said("network_availability_zones")), 2 if said("database_multi_az") else 1
    # A regional one is paid for, and has an address, in each zone.
    gateways = zones if said("__network_regional") else int(said("__network_gateway_count"))
    instance = bool(said("__network_by_instance"))
    counts = {
        "NAT gateway": gateways,
        "t4g.nano with its 8 GiB of gp3": int(instance),
        "Application Load Balancer": 1,
        "public IPv4 address": gateways + int(instance) + (0 if said("load_balancer_internal") else zones),
        "interface endpoint in a zone": zones * len(said("__network_endpoints")),
        said("database_instance_class"): copies,
        "GiB of RDS storage (month)": copies * int(said("database_allocated_storage")),
        "KMS key (month)": int(bool(said("stack_own_key"))),
        "secret (month)": SECRETS,
    }
    return {
        what.removesuffix(" (month)"): (count, PRICES[what] * (1 if what.endswith("(month)") else HOURS))
        for what, count in counts.items()
        if count
    }


def services() -> str:
    """Return the services that a deployer needs, as IAM calls them."""
    named = {PREFIXES.get(kind.service, kind.service) for kind in KINDS.values()} | set(ALSO)
    return ", ".join(f"`{one}`" for one in sorted(named))


# What is waited for, in the order of a run, by what the emulator calls it; and what waits for it.
WAITS = {
    ("rds", "DBInstances"): ("RDS instance", "half as long again, or twice, with a standby in a second zone"),
    ("ec2", "NatGateways"): ("NAT gateway", ""),
    ("elbv2", "LoadBalancers"): ("load balancer", ""),
    ("ec2", "VpcEndpoints"): ("interface endpoint", ""),
    ("lambda", ""): ("function of an image", "its network interfaces, the first time in a subnet, take longest"),
    ("pipes", ""): ("pipe (ultra)", ""),
    ("ecs", "service.deployments"): ("service, steady", "from the first release on: before it there are no tasks"),
}


def waits() -> str:
    """Return how long AWS takes, as the embedded AWS plays it, and for how long a run waits."""
    from emulator import provisioning

    seconds = {
        (kind.service, path): kind.seconds for kind in provisioning.KINDS for path in kind.answers.values()
    }  # fmt: skip
    longest = inspect.signature(sync).parameters["timeout"].default // 60
    lines = ["| what | AWS takes about | a run waits at the most | |", "|---|---|---|---|"]
    for key, (what, note) in WAITS.items():
        taken = seconds[key]
        about = f"{taken / 60:.3g} min" if taken >= 60 else f"{taken:g} s"
        lines.append(f"| {what} | {about} | {longest} min | {note} |")
    return "\n".join(lines)


TABLES = {"services": services, "quotas": quotas, "waits": waits, "costs": costs}


def filled(text: str) -> str:
    """Return the page with what stands between its marks written anew."""
    for name, write in TABLES.items():
        before, begin, rest = text.partition(f"<!-- {name} -->\n")
        _old, end, after = rest.partition(f"<!-- end of {name} -->")
        if not (begin and end):
            raise ValueError(f"docs/first-deployment.md lacks the marks of {name}")
        text = f"{before}{begin}{write()}\n{end}{after}"
    return text
