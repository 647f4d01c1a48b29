"""Every rule, registered by its import."""

from . import compute, database, load_balancer, network, queue, stack, ultra  # noqa: F401
from .registry import RULES, broken

__all__ = ["RULES", "broken"]
