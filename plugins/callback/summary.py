"""Says at the end, per stack, what was created, changed, replaced and deleted, or in check mode what would be.

A callback, because only a callback sees a run's end, and the tasks of others, which may hide what they would do. What
our own tasks did they add to the summary themselves: records and plans need no callback.
"""

from __future__ import annotations

import json
import time

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary

DOCUMENTATION = """
name: summary
type: aggregate
short_description: Sum up what a run did to each stack
version_added: "0.1.0"
description:
  - Prints one block per stack when the run ends, with what was created, changed, replaced or deleted, field by field,
    and the notes that modules gave. In check mode it is the plan.
  - A task that can't be checked makes the plan unknown, and says so. For tasks of other collections this callback must
    be enabled.
"""

WORDS = {
    "create": ("created", "to create", "green"),
    "update": ("changed", "to change", "yellow"),
    "replace": ("replaced", "to replace", "yellow"),
    "delete": ("deleted", "to delete", "red"),
}
LONGEST = 300
MOST = 12


def said(value) -> str:
    """Return a value as a line of a plan has it."""
    text = "(none)" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return plain(text, LONGEST)


class CallbackModule(CallbackBase):
    """The summary of a run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "flow_builder.aws.summary"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        """Start the clock."""
        super().__init__()
        self._started = time.monotonic()
        self._plays_check = False
        self._failed = {}

    def v2_playbook_on_play_start(self, play):
        """Remember whether the play only checks; a play's keyword is still a template here."""
        variables = play.get_variable_manager().get_vars(play=play)
        checks = Templar(loader=play.get_loader(), variables=variables).template(play.check_mode)
        self._plays_check = boolean(checks, strict=False)

    def v2_runner_on_ok(self, result):
        """Keep what tasks of others say, or don't say; what a task has of its play is still a template here."""
        task = result.task
        action = task.resolved_action or task.action
        if not action.startswith(run_summary.OURS):
            check = self._plays_check if isinstance(task.check_mode, str) else bool(task.check_mode)
            run_summary.add(result.host.get_name(), task.get_name(), action, check, result.result)

    v2_runner_on_skipped = v2_runner_on_ok
    """A task that was skipped because it can't be checked leaves a hole in the plan."""

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """After a failure nobody knows what the rest would have done."""
        self._failed[result.host.get_name()] = result.task.get_name()

    def v2_playbook_on_stats(self, stats):
        """Print the blocks."""
        for stack, summary in sorted(run_summary.read().items()):
            if not summary.declared and not summary.unknown:
                continue
            self._display.banner(f"{'PLAN' if summary.check else 'SUMMARY'} {stack}")
            for item in summary.actions:
                color = WORDS[item["action"]][2]
                if item["action"] != "create" or summary.check:
                    self._show(run_summary.line(item), color)
                for change in item["changes"][:MOST]:
                    self._show(f"      {change['path']}: {said(change['before'])} -> {said(change['after'])}", color)
                if len(item["changes"]) > MOST:
                    self._show(f"      ... and {len(item['changes']) - MOST} more")
            for sentence in summary.unknown:
                self._show(f"  ? unknown {sentence}", "red")
            counts = ", ".join(
                f"{count} {WORDS[action][1 if summary.check else 0]}" for action, count in summary.counts().items()
            )
            unknown = f", {len(summary.unknown)} unknown" if summary.unknown else ""
            self._show(
                f"{len({*summary.declared})} resources: {counts}{unknown}; {time.monotonic() - self._started:.0f} s"
                + (" (check mode: nothing was written)" if summary.check else "")
                + (f"; it ended early: {self._failed[stack]} failed" if stack in self._failed else "")
            )
            for note in dict.fromkeys(summary.notes):
                self._show(f"note: {note}", "cyan")

    def _show(self, text, color=None):
        self._display.display(plain(text), color=color)
