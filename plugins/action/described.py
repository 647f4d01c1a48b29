"""Lays the engine around a community module, so that it plans, diffs and repairs as our own modules do.

The kind reads the resource before and after; the community's module is run only to write. An action and not a
module, because a module can't run another one.
"""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION, STEERING, TOLD_TO_ALL, Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, NotYet, expected
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.lease import before_writes
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import by_module
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.run_module import run_module


class ActionModule(ActionBase):
    """Run one community module with the engine around it."""

    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        """Return the engine's result, with the module's own beside it."""
        result = super().run(tmp, task_vars)
        run_summary.require_shared()
        host = task_vars["inventory_hostname"]
        connection, module, arguments = self._split(dict(self._task.args))
        play = {key: connection.pop(key) for key in TOLD_TO_ALL if key in connection}
        lock = None if self._task.check_mode else play.get("lock")
        kind = by_module(module)
        described = {key: value for key, value in arguments.items() if key not in STEERING}

        def write(live, wanted):
            if live:
                kind.prepare(aws, live, want)
                arguments.update(kind.lookup_arguments(live))
                arguments.update(kind.preserved_arguments(live, arguments))
            stay = {key: tag for key, tag in wanted.get("tags", {}).items() if key not in want.get("tags", {})}
            if stay:
                arguments["tags"] = kind.tags_argument(live or {}, arguments.get("tags"), stay)
            reached = {kind.connection.get(key, key): value for key, value in connection.items()}
            before_writes()
            self._write(module, {**reached, **kind.fixed_arguments, **arguments}, task_vars, result)

        try:
            aws = Aws.of_arguments({**connection, **play}, lock)
            want = kind.want(described)
            outcome = sync(
                kind,
                aws,
                want,
                arguments.get("state", "present"),
                check=self._task.check_mode,
                purge_tags=arguments.get("purge_tags", True),
                wait=arguments.get("wait", True),
                timeout=arguments.get("wait_timeout", 1800),
                write=write,
            )
        except Exception as error:
            if not expected(error):
                raise
            run_summary.fail(self._task, host, error, f"{kind.title} {kind.label(kind.want(described))}", result)
        result.update(outcome.result())
        run_summary.finish(self._task, host, result)
        return result

    def _split(self, args):
        connection = {key: args.pop(key) for key in list(args) if key in (*CONNECTION, *TOLD_TO_ALL)}
        if len(args) != 1:
            raise AnsibleActionFail(f"described takes one module and its arguments, not {sorted(args) or 'nothing'}")
        module, arguments = args.popitem()
        return connection, module, dict(arguments or {})

    def _write(self, module, arguments, task_vars, result):
        task = self._task.copy()
        task.action, task.args = module, arguments
        answer = run_module(self, task, task_vars)
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
