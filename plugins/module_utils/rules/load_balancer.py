"""HTTPS, or plain HTTP where it is asked for by name."""

from __future__ import annotations

import re

from .registry import ALL_COMPONENTS, Sentences, Variable, rule

LONGEST_DOMAIN = 64
BLOCKED_PATHS = 5


@rule("load_balancer_plain_http", "load_balancer_certificate_arn", "load_balancer_domain_name", ALL_COMPONENTS)
def https(plain: Variable, certificate: Variable, domain: Variable, components: Variable) -> Sentences:
    """HTTPS needs a certificate, or a domain to request one for."""
    if not any(one["load_balancer"].value for one in components.value.values() if "load_balancer" in one):
        return
    if not plain.value and not certificate.value and not domain.value:
        yield (
            f"{plain}, so HTTPS is asked for: set {certificate.name} to a certificate, or {domain.name} to a domain "
            f"for which one is requested, or {plain.name} to true"
        )
    elif not plain.value and not certificate.value and len(domain.value) > LONGEST_DOMAIN:
        yield f"{domain}: ACM issues certificates for up to {LONGEST_DOMAIN} characters"


@rule("load_balancer_certificate_arn", "stack_region")
def certificate(arn: Variable, region: Variable) -> Sentences:
    """A load balancer takes certificates of its own region."""
    found = re.fullmatch(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate/[\w-]+", arn.value or "")
    if arn.value and not found:
        yield f"{arn}: it must be the ARN of a certificate of ACM, arn:aws:acm:<region>:<account>:certificate/<id>"
    elif found and found[1] != region.value:
        yield f"{arn}, and {region}: a load balancer takes certificates of its own region only"


LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
HOST = re.compile(rf"({LABEL}\.)+[a-z]{{2,63}}")


@rule("load_balancer_domain_name")
def domain(name: Variable) -> Sentences:
    """A host name of the public DNS."""
    if name.value and not HOST.fullmatch(name.value):
        yield f"{name}: it must be a lower-case host name such as flow-builder.example.com"


@rule("load_balancer_alternative_names")
def alternatives(names: Variable) -> Sentences:
    """Host names, or all of a domain."""
    for name in names.value:
        if not HOST.fullmatch(name.removeprefix("*.")):
            yield f"{names.name} has {name!r}: it must be a lower-case host name, or *. before one"


@rule("load_balancer_alternative_names", "load_balancer_domain_name", "load_balancer_manage_zone")
def other_names(names: Variable, domain: Variable, manage: Variable) -> Sentences:
    """More names come beside the first, and the stack's own zone holds only what lies under it."""
    if names.value and not domain.value:
        yield f"{names}, and {domain}: other names need a first one"
    for name in names.value if manage.value and domain.value else []:
        if not f".{name.removeprefix('*.')}".endswith(f".{domain.value}"):
            yield (
                f"{names.name} has {name!r}: with {manage.name} it must lie under {domain.name}, {domain.value}, "
                "whose zone the stack makes"
            )


@rule("load_balancer_manage_zone", "load_balancer_zone_id")
def one_zone(manage: Variable, zone: Variable) -> Sentences:
    """A zone is made or there already."""
    if manage.value and zone.value:
        yield f"{manage}, and {zone}: the stack makes a zone or uses one that exists, not both"


@rule("load_balancer_blocked_paths")
def blocked(paths: Variable) -> Sentences:
    """What the conditions of one rule of a listener take."""
    if len(paths.value) > BLOCKED_PATHS:
        yield f"{paths}: at most {BLOCKED_PATHS} are allowed, since a load balancer's rule takes no more"
    for path in paths.value:
        if not re.fullmatch(r"[/*?][\w.$/~\"'@:+&*?-]{0,127}", path, re.ASCII):
            yield f"{paths.name} has {path!r}: it must be a path's pattern of up to 128 characters, such as /internal/*"


@rule("load_balancer_manage_zone", "load_balancer_domain_name")
def zone(manage: Variable, domain: Variable) -> Sentences:
    """A zone is made for a domain."""
    if manage.value and not domain.value:
        yield f"{manage}, and {domain}: a zone can be made for a domain only"


@rule("load_balancer_wait_for_certificate", "load_balancer_two_groups")
def certificate_first(wait: Variable, two: Variable) -> Sentences:
    """ECS moves traffic by a rule of the listener that serves, which there must be from the start."""
    if not wait.value and two.value:
        yield (
            f"{wait}, and {two}: ECS moves traffic by a rule of the HTTPS listener, which needs the certificate; wait "
            "for it, or let the first runs have deployment_strategy ROLLING in stack_components"
        )


@rule("load_balancer_idle_timeout")
def idle(seconds: Variable) -> Sentences:
    """How long a silent connection lives."""
    if not 1 <= seconds.value <= 4000:
        yield f"{seconds}: a load balancer allows 1 to 4000 seconds"


@rule("load_balancer_deregistration_delay", "service.capacity_providers", "service.load_balancer")
def draining(delay: Variable, providers: Variable, balanced: Variable) -> Sentences:
    """A target drains before its task is killed, and a Spot task gets two minutes."""
    if balanced.value and not 0 <= delay.value <= 3600:
        yield f"{delay}: a load balancer allows 0 to 3600 seconds"
    spot = [one for one in providers.value if one.get("capacity_provider") == "FARGATE_SPOT" and one.get("weight")]
    if balanced.value and spot and 120 <= delay.value <= 3600:
        yield f"{delay}: at most 119 seconds are allowed, since {providers.name} has FARGATE_SPOT, which gives 120"


@rule(
    "service.stop_timeout", "load_balancer_deregistration_delay", "service.capacity_providers", "service.load_balancer"
)
def end(timeout: Variable, delay: Variable, providers: Variable, balanced: Variable) -> Sentences:
    """A Spot task is told to end while the load balancer still lets it finish requests; others are told after that."""
    spot = any(one.get("capacity_provider") == "FARGATE_SPOT" and one.get("weight") for one in providers.value)
    if balanced.value and spot and timeout.value < delay.value:
        yield (
            f"{timeout}, and {delay}: with FARGATE_SPOT in {providers.name} the first must not be less than the "
            "second, or requests are cut off"
        )


@rule("load_balancer_slow_start", "load_balancer_algorithm")
def slow_start(seconds: Variable, algorithm: Variable) -> Sentences:
    """New targets may get their share slowly, if shares are even."""
    if seconds.value and not 30 <= seconds.value <= 900:
        yield f"{seconds}: a load balancer allows 0 (off) and 30 to 900 seconds"
    elif seconds.value and algorithm.value != "round_robin":
        yield f"{seconds}, and {algorithm}: a slow start goes with round_robin only"


@rule("load_balancer_health_check_path")
def path(path: Variable) -> Sentences:
    """A path begins with a slash."""
    if not re.fullmatch(r"/[!-~]{0,1023}", path.value):
        yield f"{path}: it must be a path such as /health"
