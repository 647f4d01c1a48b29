"""Says at the end, per stack, what was created, changed, replaced and deleted, or in check mode what would be.

A callback, because only a callback sees all results of a run. It keeps them for the action ``told``, which runs in a
fork of this process and so finds them here.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.callback import CallbackBase
from ansible.template import Templar
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.compare import differences
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain

DOCUMENTATION = """
name: summary
type: aggregate
short_description: Sum up what a run did to each stack
version_added: "0.1.0"
description:
  - Prints one block per stack when the run ends, with what was created, changed, replaced or deleted, field by field,
    and the notes that modules gave. In check mode it is the plan.
  - A task that can't be checked makes the plan unknown, and says so.
"""

WORDS = {
    "create": ("created", "to create", "green"),
    "update": ("changed", "to change", "yellow"),
    "replace": ("replaced", "to replace", "yellow"),
    "delete": ("deleted", "to delete", "red"),
}
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
AWS = ("amazon.aws.", "community.aws.", "flow_builder.aws.")
# Modules of ours that tell no resource because they make, change and delete none of a stack's.
TELL_NOTHING = frozenset(
    f"flow_builder.aws.{name}"
    for name in (
        "report", "stack_drift", "stack_lock", "stack_look", "stack_owner", "stack_record", "told", "validate",
    )
)
# How modules and actions say that they can't look ahead; "command" alone says it in its own way.
UNCHECKED = ("does not support check mode", "check mode is not supported", "would have run if not in check mode")
LONGEST = 300
MOST = 12


@dataclass
class Told:
    """What the tasks told of one stack."""

    items: list[dict] = field(default_factory=list)
    """What was done, in order: action, kind, name, reason, changes."""
    touched: list[dict] = field(default_factory=list)
    """The same as the engine told it, with what was there before."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """The (kind, name) of each resource that a task was about."""
    unknown: list[str] = field(default_factory=list)
    """The tasks that could not be checked, and why."""
    notes: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    check: bool = False

    def counts(self) -> dict[str, int]:
        """Return how many of each action."""
        return {action: sum(item["action"] == action for item in self.items) for action in WORDS}


TOLD: dict[str, Told] = {}


def line(item: dict) -> str:
    """Return the first line on an item."""
    reason = f", because {item['reason']}" if item.get("reason") else ""
    return f"  {SIGNS[item['action']]} {item['action']:8}{item['kind']} {item['name']}{reason}"


def changes(item: dict) -> list[dict]:
    """Return what differs before and after, field by field; secrets come masked from the engine."""
    texts = item.get("diff") or {}
    before, after = (json.loads(texts.get(side) or "{}") for side in ("before", "after"))
    if item["action"] not in ("update", "replace"):
        return []
    named = set(item.get("changes") or ())
    return [
        {"path": one.path, "before": one.recorded, "after": one.live}
        for one in differences(before, after)
        if not named or one.field in named
    ]


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
        TOLD.clear()

    def v2_playbook_on_play_start(self, play):
        """Remember whether the play only checks; a play's keyword is still a template here."""
        variables = play.get_variable_manager().get_vars(play=play)
        told = Templar(loader=play.get_loader(), variables=variables).template(play.check_mode)
        self._plays_check = boolean(told, strict=False)

    def _checks(self, task) -> bool:
        """Say whether a task was only checked; what it has of its play is still a template here."""
        return self._plays_check if isinstance(task.check_mode, str) else bool(task.check_mode)

    def v2_runner_on_ok(self, result):
        """Keep what the engine said about each resource."""
        told = TOLD.setdefault(result.host.get_name(), Told())
        check = self._checks(result.task)
        told.check = told.check or check
        for item in result.result.get("results") or [result.result]:
            told.notes += item.get("notes") or []
            if item.get("skipped"):
                self._unchecked(told, result, item)
            elif "kind" in item and "action" in item:
                told.seen.append((item["kind"], item["name"]))
                if item["action"] in WORDS:
                    kept = {key: item.get(key) for key in ("action", "kind", "name", "reason")}
                    told.items.append({**kept, "changes": changes(item)})
                    before = (item.get("diff") or {}).get("before", "")
                    told.touched.append({**kept, "changes": item.get("changes") or [], "before": before})
            elif "deleted" in item:
                told.seen += [(gone["kind"], gone["name"]) for gone in item["deleted"]]
                told.items += [{"action": "delete", "reason": "", "changes": [], **gone} for gone in item["deleted"]]
            elif check and self._writes(result.task):
                told.unknown.append(f"{result.task.get_name()}: {result.task.action} doesn't say what it would do")

    def v2_runner_on_skipped(self, result):
        """A task that was skipped because it can't be checked leaves a hole in the plan."""
        told = TOLD.setdefault(result.host.get_name(), Told())
        for item in result.result.get("results") or [result.result]:
            self._unchecked(told, result, item)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        """After a failure nobody knows what the rest would have done."""
        told = TOLD.setdefault(result.host.get_name(), Told())
        told.failed.append(result.task.get_name())

    def _unchecked(self, told, result, item):
        reason = str(item.get("msg") or item.get("reason") or "")
        if self._checks(result.task) and any(text in reason for text in UNCHECKED):
            told.check = True
            told.unknown.append(f"{result.task.get_name()}: {reason}")

    @staticmethod
    def _writes(task):
        name = task.resolved_action or task.action
        return name.startswith(AWS) and not name.endswith("_info") and name not in TELL_NOTHING

    def v2_playbook_on_stats(self, stats):
        """Print the blocks."""
        for stack, told in sorted(TOLD.items()):
            if not told.seen and not told.unknown:
                continue
            self._display.banner(f"{'PLAN' if told.check else 'SUMMARY'} {stack}")
            for item in told.items:
                if item["action"] != "create" or told.check:
                    self._show(line(item), color=WORDS[item["action"]][2])
                for change in item["changes"][:MOST]:
                    self._show(
                        f"      {change['path']}: {said(change['before'])} -> {said(change['after'])}",
                        color=WORDS[item["action"]][2],
                    )
                if len(item["changes"]) > MOST:
                    self._show(f"      ... and {len(item['changes']) - MOST} more")
            for sentence in told.unknown:
                self._show(f"  ? unknown {sentence}", color="red")
            counts = ", ".join(
                f"{count} {WORDS[action][1 if told.check else 0]}" for action, count in told.counts().items()
            )
            unknown = f", {len(told.unknown)} unknown" if told.unknown else ""
            self._show(
                f"{len(told.seen)} resources: {counts}{unknown}; {time.monotonic() - self._started:.0f} s"
                + (" (check mode: nothing was written)" if told.check else "")
                + (f"; it ended early: {told.failed[-1]} failed" if told.failed else "")
            )
            for note in dict.fromkeys(told.notes):
                self._show(f"note: {note}", color="cyan")

    def _show(self, text, color=None):
        self._display.display(plain(text), color=color)
