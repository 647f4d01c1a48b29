"""Every kind, in one list: what is deployed, looked for, recorded and destroyed."""

from __future__ import annotations

from ..engine.community import CommunityKind
from ..engine.elsewhere import Catalogue
from ..engine.errors import EngineError
from ..engine.kind import Kind
from . import (
    acm,
    application_autoscaling,
    autoscaling,
    cloudwatch,
    ec2_compute,
    ec2_flow_log,
    ec2_nat,
    ec2_route_table,
    ec2_security,
    ec2_vpc,
    ec2_vpc_endpoint,
    ecr,
    ecr_protected,
    ecs_cluster,
    ecs_service,
    ecs_taskdefinition,
    elbv2_load_balancer,
    elbv2_target_group,
    events,
    iam,
    kms,
    lambda_,
    lambda_alias,
    lambda_event_invoke_config,
    lambda_permission,
    logs,
    pipes,
    rds_groups,
    rds_instance,
    route53,
    s3,
    secretsmanager,
    sns,
    sqs,
)

KINDS = Catalogue({
    kind.name: kind
    for service in (
        acm,
        application_autoscaling,
        autoscaling,
        cloudwatch,
        ec2_compute,
        ec2_security,
        ec2_flow_log,
        ec2_nat,
        ec2_route_table,
        ec2_vpc,
        ec2_vpc_endpoint,
        ecr,
        ecr_protected,
        ecs_cluster,
        ecs_service,
        ecs_taskdefinition,
        elbv2_load_balancer,
        elbv2_target_group,
        events,
        iam,
        kms,
        lambda_,
        lambda_alias,
        lambda_event_invoke_config,
        lambda_permission,
        logs,
        pipes,
        rds_groups,
        rds_instance,
        route53,
        s3,
        secretsmanager,
        sns,
        sqs,
    )
    for kind in vars(service).values()
    if isinstance(kind, Kind)
})  # fmt: skip


def by_module(module: str) -> CommunityKind:
    """Return the kind that a community module writes."""
    theirs = {kind.module: kind for kind in KINDS.values() if isinstance(kind, CommunityKind)}
    if module in theirs:
        return theirs[module]
    known = sorted(theirs)
    raise EngineError(f"no kind describes {module}; these are described: {', '.join(known)}")


def refuse_unknown(names) -> None:
    """Raise EngineError for names that no kind has."""
    unknown = sorted(name for name in set(names) if name not in KINDS)
    if unknown:
        raise EngineError(f"kinds has {', '.join(unknown)}; allowed are {', '.join(sorted(KINDS))}")
