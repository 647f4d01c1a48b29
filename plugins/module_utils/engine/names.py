"""The naming map: every name of every resource of a stack is made here and nowhere else."""

from __future__ import annotations

from typing import Any

from .errors import EngineError
from .placeholder import has_placeholder
from .regions import regions

# key: (pattern, longest name that AWS takes). {stack} is the stack's name; {0}, {1} are the caller's parts. What an
# account has only once for all regions ends with the region: there the stack of this name may be another one.
NAMES: dict[str, tuple[str, int]] = {
    "vpc": ("{stack}-vpc", 255),
    "internet_gateway": ("{stack}-igw", 255),
    "subnet": ("{stack}-{0}", 255),
    "route_table": ("{stack}-{0}", 255),
    "nat": ("{stack}-nat-{0}", 255),
    "nat_instance": ("{stack}-nat", 64),
    "vpc_endpoint": ("{stack}-{0}", 255),
    "flow_log": ("{stack}-flow-logs", 255),
    "security_group": ("{stack}-{0}", 255),
    "database": ("{stack}-db", 63),
    # With the family, which AWS fixes at creation: another major version takes another group.
    "database_parameter_group": ("{stack}-db-{0}", 255),
    "database_final_snapshot": ("{stack}-db-final-{0}", 255),
    "database_release_snapshot": ("{stack}-db-release-{0}", 255),
    "key_alias": ("alias/{stack}-data", 256),
    "secret": ("{stack}/{0}", 512),
    "cluster": ("{stack}-cluster", 255),
    "service": ("{stack}-{0}", 255),
    "repository": ("{stack}-{0}", 256),
    "queue": ("{stack}-{0}", 80),
    "dead_letter_queue": ("{stack}-{0}-dlq", 80),
    "lambda_failures_queue": ("{stack}-lambda-failures", 80),
    "failed_jobs_queue": ("{stack}-failed-jobs", 80),
    "load_balancer": ("{stack}-alb", 32),
    "target_group": ("{stack}-api", 32),
    "alternate_target_group": ("{stack}-alt", 32),
    "function": ("{stack}-{0}", 64),
    "rule": ("{stack}-{0}", 64),
    "pipe": ("{stack}-worker-pipe", 64),
    "role": ("{stack}-{0}-{1}", 64),
    "policy": ("{stack}-{0}-{1}", 128),
    "instance_profile": ("{stack}-{0}-{1}", 128),
    "ecs_log_group": ("/aws/ecs/{stack}-{0}", 512),
    "exec_log_group": ("/aws/ecs/exec/{stack}", 512),
    # AWS's own name for it, and made by AWS where it is missing.
    "insights_log_group": ("/aws/ecs/containerinsights/{stack}-cluster/performance", 512),
    # Of this prefix AWS lets its own services write without a policy of the account's for each group.
    "pipe_log_group": ("/aws/vendedlogs/pipes/{stack}-worker-pipe", 512),
    "lambda_log_group": ("/aws/lambda/{stack}-{0}", 512),
    "database_log_group": ("/aws/rds/instance/{stack}-db/{0}", 512),
    "vpc_log_group": ("/aws/vpc/{stack}-flow-logs", 512),
    "dashboard": ("{stack}-dashboard-{0}", 255),
    "alarm": ("{stack}-{0}", 255),
    "topic": ("{stack}-alarms", 256),
    "scaling_policy": ("{stack}-{0}", 256),
    "state_bucket": ("{stack}-state-{0}-{1}", 63),
}


def elsewhere(name: str, region: str) -> bool:
    """Say whether a name ends with another region than this one."""
    return any(name.endswith(f"-{other}") for other in regions().keys() - {region})


def name(key: str, stack: str, *parts: Any) -> str:
    """Return the name of a resource of a stack.

    Raises EngineError for a key that the map lacks and for a name longer than AWS takes.
    """
    try:
        pattern, longest = NAMES[key]
        made = pattern.format(*parts, stack=stack)
    except (KeyError, IndexError):
        known = ", ".join(sorted(NAMES))
        raise EngineError(f"{key!r} with {len(parts)} parts is not in the naming map: {known}") from None
    if len(made) > longest:
        raise EngineError(
            f"the name {made!r} has {len(made)} characters: AWS takes at most {longest}, so shorten the stack's name"
        )
    return made


def tail(reference: str) -> str:
    """Return the last part of an ARN or address, by which people and services know it; any other name stays whole."""
    if has_placeholder(reference) or not reference.startswith(("arn:", "https://", "http://")):
        return reference
    return reference.rpartition("/" if "/" in reference else ":")[2]
