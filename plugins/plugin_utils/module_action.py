"""The action of each AWS module of ours: runs the module as any is run, and keeps what it tells of its resource.

Each has a link to this file under its own name in plugins/action. With one action for all of them, the
``module_defaults`` of one would be those of all.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import keeper
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.references import resolved
from ansible_collections.flow_builder.aws.plugins.plugin_utils.run_module import run_module


class ActionModule(ActionBase):
    """Run a module."""

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict:
        """Return the module's own result; the worker is not to outlive its run."""
        run_summary.require_shared()
        keeper.bind()
        host = task_vars["inventory_hostname"]
        try:
            self._task.args = resolved(self._task.args, self._task.check_mode)
        except Exception as error:
            if not expected(error):
                raise
            run_summary.fail(self._task, host, error)
        result = run_module(self, self._task, task_vars)
        run_summary.finish(self._task, host, result, dict(self._task.args))
        return result
