"""Every rule, registered by its import."""

from . import (  # noqa: F401
    components,
    compute,
    database,
    load_balancer,
    monitoring,
    network,
    operations,
    queue,
    release,
    secrets,
    stack,
    ultra,
)
from .registry import RULES, broken

__all__ = ["RULES", "broken"]
