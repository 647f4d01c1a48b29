"""References as a filter: how one resource speaks of another one that may not be there yet."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import reference
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

DOCUMENTATION = """
name: ref
short_description: Speak of a field of a resource
version_added: "0.1.0"
description:
  - Returns a reference to a field of a resource, by the resource's name. The modules of this collection, and those of
    others that P(flow_builder.aws.resources#module) or C(described) runs, take it for the field's value, alone or in a
    longer text. The resource may be made before or by the same task, or be there since another run.
  - In a check of a resource that isn't there it is a placeholder; in an apply the task fails before it writes.
  - Conditions, loops and names can't be made of references, since nothing is known of the value when they are.
positional: kind, field
options:
  _input:
    description: The resource's name.
    type: str
    required: true
  kind:
    description: Its kind, as plans and records call it, for example V(vpc) or V(iam_role).
    type: str
    required: true
  field:
    description: The field.
    type: str
    default: id
"""

EXAMPLES = """
- flow_builder.aws.ec2_security_group:
    name: flow-builder-dev-tasks
    description: Tasks
    vpc_id: "{{ 'flow-builder-dev-vpc' | flow_builder.aws.ref('vpc') }}"
"""

RETURN = """
_value:
  description: The reference.
  type: str
"""


def _reference(name: str, kind: str, field: str = "id") -> str:
    try:
        return reference(KINDS, kind, str(name), field)
    except EngineError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The collection's filter of references."""

    def filters(self) -> dict[str, Any]:
        """Return the filter."""
        return {"ref": _reference}
