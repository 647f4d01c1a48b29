"""Every kind, in one list: what is deployed, looked for, recorded and destroyed."""

from __future__ import annotations

from ..engine.errors import EngineError
from ..engine.kind import Kind
from . import (
    acm,
    application_autoscaling,
    autoscaling,
    cloudwatch,
    ec2_compute,
    ec2_security,
    ec2_vpc,
    ecr,
    ecr_protected,
    ecs,
    elbv2,
    events,
    iam,
    kms,
    lambda_,
    logs,
    pipes,
    rds,
    route53,
    s3,
    secretsmanager,
    sns,
    sqs,
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for service in (
        acm,
        application_autoscaling,
        autoscaling,
        cloudwatch,
        ec2_compute,
        ec2_security,
        ec2_vpc,
        ecr,
        ecr_protected,
        ecs,
        elbv2,
        events,
        iam,
        kms,
        lambda_,
        logs,
        pipes,
        rds,
        route53,
        s3,
        secretsmanager,
        sns,
        sqs,
    )
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
