"""AWS's nested structures in Ansible's spelling and back, without loss, because botocore's model has both names."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says so
    from botocore import xform_name

from .errors import EngineError


def shape(client: Any, operation: str, *path: str) -> Any:
    """Return the shape of a part of an operation's input; lists on the way are stepped into."""
    found = client.meta.service_model.operation_model(operation).input_shape
    for name in path:
        found = found.members[name]
        found = found.member if found.type_name == "list" else found
    return found


def snake(shape: Any, value: Any) -> Any:
    """Return what AWS says with names like ``retry_policy``; the keys of maps are the user's and stay."""
    if shape.type_name == "list":
        return [snake(shape.member, item) for item in value]
    if shape.type_name != "structure":
        return value
    return {xform_name(name): snake(shape.members[name], item) for name, item in value.items() if name in shape.members}


def camel(shape: Any, value: Any) -> Any:
    """Return what is said with names like ``retry_policy`` as AWS takes it."""
    if shape.type_name == "list":
        return [camel(shape.member, item) for item in value]
    if shape.type_name != "structure":
        return value
    names = {xform_name(name): name for name in shape.members}
    unknown = sorted(set(value) - set(names))
    if unknown:
        raise EngineError(f"{', '.join(unknown)} is not known here; these are: {', '.join(sorted(names))}")
    return {names[name]: camel(shape.members[names[name]], item) for name, item in value.items()}
