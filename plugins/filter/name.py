"""The naming map as a filter, so that roles never build a name."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import name

DOCUMENTATION = """
name: name
short_description: Name a resource of a stack
version_added: "0.1.0"
description:
  - Returns the name that the naming map gives a resource of a stack, and refuses one that is longer than AWS takes.
positional: _parts
options:
  _input:
    description: The stack's name.
    type: str
    required: true
  key:
    description: The kind of name, for example V(load_balancer) or V(role).
    type: str
    required: true
  _parts:
    description: What the pattern needs besides the stack, for example V(api-task) and the region for a role.
    type: list
    elements: str
"""

EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ 'flow-builder-dev' | flow_builder.aws.name('role', 'api-task', 'us-east-1') }}"  # ...-api-task-us-east-1
"""

RETURN = """
_value:
  description: The name.
  type: str
"""


def _name(stack: str, key: str, *parts: Any) -> str:
    try:
        return name(key, stack, *parts)
    except EngineError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The collection's filters of names."""

    def filters(self) -> dict[str, Any]:
        """Return the filters."""
        return {"name": _name}
