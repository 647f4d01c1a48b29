"""Lays the engine around a community module, so that it plans, diffs and repairs as our own modules do.

The kind reads the resource before and after; the community's module is run only to write. An action and not a
module, because a module can't run another one.
"""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION, STEERING, TOLD_TO_ALL, Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import Resolver
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS, by_module
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.community import writer
from ansible_collections.flow_builder.aws.plugins.plugin_utils.core import plain_data


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
        try:
            aws = Aws.of_arguments({**connection, **play}, lock)
            arguments = Resolver(aws, KINDS, self._task.check_mode).resolve(arguments)
            outcome = sync(
                kind,
                aws,
                kind.want({key: value for key, value in arguments.items() if key not in STEERING}),
                arguments.get("state", "present"),
                check=self._task.check_mode,
                purge_tags=arguments.get("purge_tags", True),
                wait=arguments.get("wait", True),
                timeout=arguments.get("wait_timeout", 1800),
                write=writer(self, kind, aws, arguments, connection, task_vars, result),
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
        return connection, module, plain_data(dict(arguments or {}))
