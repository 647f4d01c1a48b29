"""Says at the end, per stack, what was created, changed, replaced and deleted, or in check mode what would be.

A callback, because only a callback sees all results of a run.
"""

from __future__ import annotations

import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: summary
type: aggregate
short_description: Sum up what a run did to each stack
version_added: "0.1.0"
description:
  - Prints one block per stack when the run ends, with what was created, changed, replaced or deleted, and the notes
    that modules gave.
"""

WORDS = {
    "create": ("created", "to create", "green"),
    "update": ("changed", "to change", "yellow"),
    "replace": ("replaced", "to replace", "yellow"),
    "delete": ("deleted", "to delete", "red"),
}


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
        self._check = False
        self._done: dict[str, dict[str, list[dict]]] = {}
        self._seen: dict[str, int] = {}
        self._notes: dict[str, list[str]] = {}

    def v2_runner_on_ok(self, result):
        """Keep what the engine said about each resource."""
        stack, told = result.host.get_name(), result.result
        self._check = self._check or result.task.check_mode
        for item in told.get("results") or [told]:
            for note in item.get("notes") or []:
                self._notes.setdefault(stack, []).append(note)
            if "kind" in item and "action" in item:
                self._seen[stack] = self._seen.get(stack, 0) + 1
                if item["action"] in WORDS:
                    self._done.setdefault(stack, {}).setdefault(item["action"], []).append(item)
            for gone in item.get("deleted") or []:
                self._seen[stack] = self._seen.get(stack, 0) + 1
                self._done.setdefault(stack, {}).setdefault("delete", []).append(gone)

    def v2_playbook_on_stats(self, stats):
        """Print the blocks."""
        for stack in sorted(self._seen):
            done = self._done.get(stack, {})
            counts = ", ".join(
                f"{len(done.get(action, []))} {words[1 if self._check else 0]}" for action, words in WORDS.items()
            )
            self._display.banner(f"SUMMARY {stack}")
            for action, (_past, _plan, colour) in WORDS.items():
                for item in done.get(action, []) if action != "create" or self._check else []:
                    self._display.display(f"  {action:8} {self._line(item)}", color=colour)
            self._display.display(
                f"{self._seen[stack]} resources: {counts}; {time.monotonic() - self._started:.0f} s"
                + (" (check mode: nothing was written)" if self._check else "")
            )
            for note in dict.fromkeys(self._notes.get(stack, [])):
                self._display.display(f"note: {note}", color="cyan")

    @staticmethod
    def _line(item):
        resource = item.get("resource") or {}
        label = item.get("name") or resource.get("name") or resource.get("id") or resource.get("arn") or ""
        fields = ", ".join(item.get("changes") or [])
        reason = f" because {item['reason']}" if item.get("reason") else ""
        return f"{item['kind']} {label}" + (f": {fields}" if fields else "") + reason
