"""HTTPS, or plain HTTP where it is asked for by name."""

from __future__ import annotations

import re

from .registry import rule


@rule("load_balancer_plain_http", "load_balancer_certificate_arn", "load_balancer_domain_name")
def https(plain, certificate, domain):
    """HTTPS needs a certificate, or a domain to request one for."""
    if not plain.value and not certificate.value and not domain.value:
        yield (
            f"{plain}, so HTTPS is asked for: set {certificate.name} to a certificate, or {domain.name} to a domain "
            f"for which one is requested, or {plain.name} to true"
        )


@rule("load_balancer_certificate_arn", "stack_region")
def certificate(arn, region):
    """A load balancer takes certificates of its own region."""
    found = re.fullmatch(r"arn:aws[a-z-]*:acm:([a-z0-9-]+):\d{12}:certificate/[\w-]+", arn.value or "")
    if arn.value and not found:
        yield f"{arn}: it must be the ARN of a certificate of ACM, arn:aws:acm:<region>:<account>:certificate/<id>"
    elif found and found[1] != region.value:
        yield f"{arn}, and {region}: a load balancer takes certificates of its own region only"


@rule("load_balancer_domain_name")
def domain(name):
    """A host name of the public DNS."""
    label = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
    if name.value and not re.fullmatch(rf"({label}\.)+[a-z]{{2,63}}", name.value):
        yield f"{name}: it must be a lower-case host name such as flow-builder.example.com"
