"""What can be written at all: the names that a service's writes take, by botocore's own model of the service.

AWS adds fields to its answers when it likes. One that no write takes tells of what AWS does by itself, or follows from
fields that are told already: it is no drift, whoever it is new to.
"""

from __future__ import annotations

import functools
from typing import Any

try:
    import botocore.session
except ImportError:  # AnsibleAWSModule says so
    botocore = None

READS = ("BatchGet", "Describe", "Get", "Head", "List", "Lookup", "Query", "Search", "Select")


def inputs(service: str) -> frozenset[str]:
    """Return the names, at any depth, of all that a service's writes take.

    All of the service's, and not a kind's own alone: what hangs on a resource is written by operations of others.
    """
    return _taken(service)[0]


def maps(service: str) -> frozenset[str]:
    """Return those of them whose values are maps: the keys in these are people's own."""
    return _taken(service)[1]


@functools.cache
def _taken(service: str) -> tuple[frozenset[str], frozenset[str]]:
    model = botocore.session.get_session().get_service_model(service)
    found: set[str] = set()
    keyed: set[str] = set()
    seen: set[str] = set()

    def walk(shape: Any) -> None:
        if shape is None or shape.name in seen:
            return
        seen.add(shape.name)
        if shape.type_name == "structure":
            found.update(shape.members)
            keyed.update(name for name, member in shape.members.items() if member.type_name == "map")
            for member in shape.members.values():
                walk(member)
        elif shape.type_name == "list":
            walk(shape.member)
        elif shape.type_name == "map":
            walk(shape.value)

    for operation in model.operation_names:
        if not operation.startswith(READS):
            walk(model.operation_model(operation).input_shape)
    return frozenset(found), frozenset(keyed)
