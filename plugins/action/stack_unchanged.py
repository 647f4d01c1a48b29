"""Says whether an apply would do anything. An action, because it asks again what modules asked in the last apply."""

from __future__ import annotations

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import unchanged
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.modules.stack_unchanged import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction
from ansible_collections.flow_builder.aws.plugins.plugin_utils.run_module import run_module


class ActionModule(AwsAction):
    """Judge whether anything has changed since the last apply."""

    arguments = ARGUMENTS

    def run(self, tmp=None, task_vars=None):
        """Keep the variables, with which modules are run."""
        self._task_vars = task_vars
        return super().run(tmp, task_vars)

    def work(self, aws, asked):
        """Return the verdict, and tell what an apply would tell."""
        told = self._chosen(asked)
        basis = {"inputs": asked["inputs"], "facts": asked["facts"]}
        verdict = (
            unchanged.Verdict(told)
            if told
            else unchanged.judge(aws, asked["stack"], KINDS, basis, {"secret": asked["secrets"]}, self._ask)
        )
        if verdict.reason:
            return {"unchanged": False, "reason": verdict.reason}
        made = verdict.record
        summary = (
            f"{verdict.count} resources as applied on {made['time']} by {made['user'] or made['who']}, nothing has "
            "drifted, and all inputs are the same: no task of the profile ran"
        )
        return {
            "unchanged": True, "reason": "", "count": verdict.count, "record": made, "declared": verdict.declared,
            "notes": [*verdict.notes, summary],
        }  # fmt: skip

    def _chosen(self, asked):
        """Return why all tasks run whatever there is, if they do."""
        if asked["full_run"]:
            return "all tasks are wanted"
        if not run_summary.all_tasks(self._task_vars):
            return "the run is of chosen tasks"
        return "" if asked["inputs"] else "an input can be another one each time"

    def _ask(self, action, arguments):
        """Return a module's answer: what only reads is run, all else only checked."""
        task = self._task.copy()
        task.action = action
        task.check_mode = not action.endswith("_info")
        task.args = {**{name: value for name, value in self._task.args.items() if name in CONNECTION}, **arguments}
        return run_module(self, task, self._task_vars)
