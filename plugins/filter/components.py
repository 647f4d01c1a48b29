"""The components of a stack as a filter: what several variables of an inventory say is merged over a profile's map."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.flow_builder.aws.plugins.module_utils.components import merged, said
from jinja2 import Undefined, pass_context
from jinja2.runtime import missing

DOCUMENTATION = """
name: components
short_description: Merge the components of a stack
version_added: "0.1.0"
description:
  - Lays C(stack_components), each C(stack_components_<word>) in the order of its name and C(stack_components_once)
    over a map of components, and returns it whole, each component with its name and with all keys of its type.
options:
  _input:
    description: What the profile has.
    type: dict
    required: true
"""

EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ {'mailer': {'type': 'function', 'schedule': 'rate(1 hour)'}} | flow_builder.aws.components }}"
"""

RETURN = """
_value:
  description: The components by name.
  type: dict
"""


@pass_context
def _components(context: Any, default: Any) -> dict:
    known = context.get_all()
    parts = {name: context.resolve_or_missing(name) for name in said(known) if name in known}
    try:
        return merged(*(plain(one) for one in (default, *parts.values()) if one is not missing))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"{', '.join(parts)}: no map of components: {error!r}") from error


def plain(value: Any) -> Any:
    """Return maps and lists as Python's own, each value templated."""
    if isinstance(value, Undefined):
        str(value)  # fails, and says what is undefined
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


class FilterModule:
    """The collection's filter of components."""

    def filters(self) -> dict[str, Any]:
        """Return the filter."""
        return {"components": _components}
