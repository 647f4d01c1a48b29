"""Every kind, in one list: what is deployed, looked for, recorded and destroyed."""

from __future__ import annotations

from ..engine.errors import EngineError
from ..engine.kind import Kind
from . import autoscaling, cloudwatch, ec2_compute, ec2_security, ec2_vpc, ecr, events, iam, kms, lambda_, logs, s3

KINDS: dict[str, Kind] = {
    kind.name: kind
    for service in (autoscaling, cloudwatch, ec2_compute, ec2_security, ec2_vpc, ecr, events, iam, kms, lambda_, logs, s3)
    for kind in vars(service).values()
    if isinstance(kind, Kind)
}


def by_module(module: str) -> Kind:
    """Return the kind that a community module writes."""
    for kind in KINDS.values():
        if kind.module == module and not kind.ours:
            return kind
    known = sorted(kind.module for kind in KINDS.values() if not kind.ours)
    raise EngineError(f"no kind describes {module}; these are described: {', '.join(known)}")
