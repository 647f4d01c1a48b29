"""How a community module writes for the engine: with what the kind says of it, and one sentence where it fails."""

from __future__ import annotations

from typing import Any

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import STEERING, Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, NotYet
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.lease import before_writes
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.typed import Resource, Write
from ansible_collections.flow_builder.aws.plugins.plugin_utils.run_module import run_module


def writer(
    action: Any, kind: Any, aws: Aws, arguments: dict, connection: dict, task_vars: dict, result: dict
) -> Write:
    """Return what writes a resource of a kind: a function of the live one, or None, and of what is wanted.

    ``arguments`` and ``connection`` are the module's; what it warns of is added to ``result``.
    """
    want = kind.want({name: value for name, value in arguments.items() if name not in STEERING})

    def write(live: Resource | None, wanted: Resource) -> None:
        given = dict(arguments)
        if live:
            kind.prepare(aws, live, want)
            given.update(kind.lookup_arguments(live))
            given.update(kind.preserved_arguments(live, given))
        stay = {key: tag for key, tag in wanted.get("tags", {}).items() if key not in want.get("tags", {})}
        if stay:
            given["tags"] = kind.tags_argument(live or {}, given.get("tags"), stay)
        reached = {kind.connection.get(key, key): value for key, value in connection.items()}
        before_writes()
        run(action, kind.module, {**reached, **kind.fixed_arguments, **given}, task_vars, result)

    return write


def run(action: Any, module: str, arguments: dict, task_vars: dict, result: dict) -> None:
    """Run a module, and let it fail with a sentence."""
    task = action._task.copy()
    task.action, task.args = module, arguments
    answer = run_module(action, task, task_vars)
    for key in ("warnings", "deprecations"):
        result.setdefault(key, []).extend(answer.get(key) or [])
    if answer.get("failed"):
        # One that died wrote, and a read that was too early had nothing of it: it is run again from what is seen.
        raise (NotYet if died(answer) else EngineError)(f"{module}: {why(answer)}")


def died(answer: dict) -> bool:
    """Say whether a module ended by a fault of its own, so that it could say nothing."""
    return bool(answer.get("failed")) and not answer.get("msg")


def why(answer: dict) -> str:
    """Return why a module failed, in one sentence."""
    if not died(answer):
        return str(answer["msg"])
    event = getattr(answer.get("exception"), "event", None)
    lines = str(answer.get("module_stderr") or answer.get("module_stdout") or "").strip().splitlines()
    said = getattr(event, "msg", "") or (lines[-1] if lines else "it said nothing")
    return f"it died: {said}; run again, which goes on from what is there"
