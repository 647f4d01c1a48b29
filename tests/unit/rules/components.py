"""Rules asked as ``validate`` asks them, where names such as V(api.cpu) are keys of the components that every stack has."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils import components
from ansible_collections.flow_builder.aws.plugins.module_utils.rules import catalogue
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.registry import ALL_COMPONENTS, Variable

USUAL = {
    "api": {"type": "service", "load_balancer": True, "port": 8080, "migrations": True},
    "worker": {"type": "service", "queue": "workflow"},
    "scheduler": {"type": "function", "schedule": "rate(5 minutes)"},
    "cleanup": {"type": "function"},
}


def broken(values, secret=frozenset()):
    """Return the faults of variables and of keys of components."""
    keys = {name: value for name, value in values.items() if "." in name or name in USUAL}
    flat = {name: value for name, value in values.items() if name not in keys}
    if keys or any(name in values for name in NEEDED):
        flat[ALL_COMPONENTS] = variables(components.merged(USUAL, laid(keys)))
    return catalogue.broken(flat, secret)


# Rules on these take the components, too.
NEEDED = ("load_balancer_plain_http",)


def laid(keys):
    """Return a map of components of keys such as V(api.cpu); a component that is null has none."""
    made = {}
    for name, value in keys.items():
        component, _dot, key = name.partition(".")
        made[component] = made.get(component, {}) | {key: value} if key else value
    return made


def variables(entries):
    """Return components as rules are given them."""
    return {
        name: {key: Variable(f"stack_components.{name}.{key}", value) for key, value in entry.items()}
        for name, entry in entries.items()
    }
