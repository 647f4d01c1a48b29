"""What references in the arguments of a task of ours stand for: resolved on the controller, before its module runs."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION, Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import Resolver
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


def resolved(arguments: dict, check: bool) -> dict:
    """Return a task's arguments with what references stand for. Raises EngineError where there is no such thing."""
    if not has_placeholder(arguments):
        return arguments
    aws = Aws.of_arguments({name: arguments[name] for name in (*CONNECTION, "account_id") if arguments.get(name)})
    aws.tasks -= 1  # it serves no item of a loop
    return Resolver(aws, KINDS, check).resolve(arguments)
