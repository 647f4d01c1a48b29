"""Every rule, registered by its import."""

from . import components, compute, database, load_balancer, monitoring, network, queue, release, secrets, stack, ultra  # noqa: F401
from .registry import RULES, broken

__all__ = ["RULES", "broken"]
