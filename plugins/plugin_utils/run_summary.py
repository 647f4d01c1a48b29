"""What the tasks of a run did to each stack, or would do, kept where the run's parent and all its workers find it.

It lies in a file without a name. The parent opens it when it loads the first of our actions, which is before it forks
the task's worker; so no callback has to be enabled, and nothing is left when the run ends.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleActionFail
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.diff import changes, text
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import done_before, sentence
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.unchanged import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

ACTIONS = ("create", "update", "replace", "delete")
IN_PLACE = ("update", "replace")  # what has a before and an after
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
AWS = ("amazon.aws.", "community.aws.", "flow_builder.aws.")
OURS = "flow_builder.aws."
# Modules of ours that make, change and delete no resource of a stack.
WITHOUT_RESOURCES = frozenset(
    OURS + name
    for name in (
        "report", "run_summary", "stack_drift", "stack_lock", "stack_look", "stack_owner", "stack_record",
        "stack_unchanged", "validate",
    )
)  # fmt: skip
# What only reads, and isn't asked again before an apply that may have nothing to do: the account is known by then, and
# what a stack has is compared with its record.
ASKED_ONCE = frozenset(OURS + name for name in ("account_info", "account_limits_info", "resource_info", "stack_info"))
# How modules and actions say that they can't look ahead; "command" alone says it in its own way.
UNCHECKED = ("does not support check mode", "check mode is not supported", "would have run if not in check mode")


@dataclass
class RunSummary:
    """What the tasks of a run did to one stack, or would do."""

    actions: list[dict] = field(default_factory=list)
    """What was done, in order: action, kind, name, reason, changes."""
    changed_resources: list[dict] = field(default_factory=list)
    """The same as the engine has it, with what was there before."""
    unrecorded: list[dict] = field(default_factory=list)
    """Those of them that no record has yet."""
    declared: list[tuple[str, str]] = field(default_factory=list)
    """The (kind, name) of each resource that a task was about."""
    questions: list[dict] = field(default_factory=list)
    """What was asked of what no record has: action, arguments, and the fingerprint of the answer."""
    readiness: list[tuple[str, str, bool]] = field(default_factory=list)
    """The (kind, name) of each resource, and whether it was ready for its users then; the last one counts."""
    unknown: list[str] = field(default_factory=list)
    """The tasks that could not be checked, and why."""
    notes: list[str] = field(default_factory=list)
    check: bool = False

    def counts(self) -> dict[str, int]:
        """Return how many of each action."""
        return {action: sum(item["action"] == action for item in self.actions) for action in ACTIONS}

    def unready(self) -> list[str]:
        """Return what was not ready for its users when a task saw it last."""
        last = {(kind, name): ready for kind, name, ready in self.readiness}
        return sorted(f"{kind} {name}" for (kind, name), ready in last.items() if not ready)


_file = tempfile.TemporaryFile("a+b", buffering=0, dir=C.DEFAULT_LOCAL_TMP)  # noqa: SIM115 -- as long as the run
_opened_by = os.getpid()


def require_shared() -> None:
    """Fail in a worker whose parent has no such file: what it adds would end with it, and the record would lack it."""
    if os.getpid() == _opened_by:
        raise AnsibleActionFail(
            "nothing that this task tells would be kept: the strategy of the play doesn't load actions before it forks "
            "its workers; use linear or free"
        )


def all_tasks(variables: dict) -> bool:
    """Say whether the run has all its tasks: no tags, no task to start at, no steps were chosen."""
    chosen = context.CLIARGS.get("start_at_task") or context.CLIARGS.get("step")
    every = list(variables.get("ansible_run_tags") or ["all"]) == ["all"]
    return every and not variables.get("ansible_skip_tags") and not chosen


def add(host: str, task: str, action: str, check: bool, result: dict, arguments: dict | None = None) -> None:
    """Add what a task's result says of a stack's resources; in one write, so that workers don't disturb each other."""
    results = result.get("results", [result])
    parts = [part for one in results if (part := part_of(task, action, check, one))]
    answered = arguments is not None and not check and not result.get("failed")
    if answered and (asked := question(action, arguments or {}, result)):
        parts.append({"questions": [asked], "check": False})
    if parts:
        os.write(_file.fileno(), b"".join(json.dumps([host, one], default=str).encode() + b"\n" for one in parts))


def finish(task: Any, host: str, result: dict, arguments: dict | None = None) -> None:
    """Add what one of our tasks did, as its result or its failure says it, and make texts of what Ansible prints.

    ``arguments`` are those of a task whose answer may decide the next apply.
    """
    add(host, task.get_name(), task.action, task.check_mode, result, arguments)
    for one in [result, *(result.get("results") or [])] if task.diff else []:
        if one.get("diff"):
            one["diff"] = text(one["diff"])


def fail(task: Any, host: str, error: Exception, doing: str = "", result: dict | None = None) -> NoReturn:
    """Add what one of our tasks did before an error, and let it fail with that and one sentence."""
    failed = {**(result or {}), "failed": True, **done_before(error)}
    finish(task, host, failed)
    raise AnsibleActionFail(sentence(error, doing), result=failed) from error


def part_of(task: str, action: str, check: bool, result: dict) -> dict:
    """Return what one result adds to a RunSummary, by field; nothing where it says nothing of resources."""
    part: dict[str, Any] = {"notes": list(result.get("notes") or [])}
    foretold = check and not result.get("failed")
    reason = str(result.get("msg") or result.get("reason") or result.get("skip_reason") or "")
    if foretold and any(words in reason for words in UNCHECKED):
        part["unknown"] = [f"{task}: {reason}"]
    elif result.get("skipped") or "skip_reason" in result:
        pass  # a callback's results lack the word "skipped", and so do the items of its loops
    elif "kind" in result and "action" in result:
        part["declared"] = [[result["kind"], result["name"]]]
        part["readiness"] = [] if check else readiness(result)  # what is only planned isn't there
        if result["action"] in ACTIONS:
            done = {key: result.get(key) for key in ("action", "kind", "name", "reason")}
            shown, fields = {"before": {}, "after": {}, **(result.get("diff") or {})}, result.get("changes") or []
            paths = changes(shown["before"], shown["after"], set(fields)) if result["action"] in IN_PLACE else []
            part["actions"] = [{**done, "changes": paths}]
            part["changed_resources"] = [{**done, "changes": fields, "before": shown["before"]}]
    elif "kind" in result and "exists" in result:
        part["readiness"] = readiness(result) if result["exists"] else []
    elif action == OURS + "stack_unchanged":
        part["declared"] = result.get("declared")
    elif "deleted" in result:
        part["declared"] = [[gone["kind"], gone["name"]] for gone in result["deleted"]]
        part["actions"] = [{"action": "delete", "reason": "", "changes": [], **gone} for gone in result["deleted"]]
    elif foretold and action.startswith(AWS) and not action.endswith("_info") and action not in WITHOUT_RESOURCES:
        part["unknown"] = [f"{task}: {action} doesn't say what it would do"]
    if action == f"{OURS}stack_record" and not check and not result.get("failed"):
        part["recorded"] = True
    part = {name: values for name, values in part.items() if values}
    return {**part, "check": check} if part or check else {}


def readiness(result: dict) -> list[list]:
    """Return whether the resource of a result was ready for its users."""
    kind, resource = KINDS.get(result["kind"]), result.get("resource")
    return [[result["kind"], kind.label(resource), kind.ready(resource)]] if kind and resource else []


def question(action: str, arguments: dict, result: dict) -> dict:
    """Return what a task asked of what no record has; nothing where a record has it."""
    asks = action.endswith("_info") or ("kind" in result and result["kind"] not in KINDS)
    if not asks or not action.startswith(OURS) or action in ASKED_ONCE:
        return {}
    aside = {*CONNECTION, "account_id", "lock"} - {"region"}
    own = {name: value for name, value in arguments.items() if name not in aside}
    return {"action": action, "arguments": own, "answer": answer(result)}


def read() -> dict[str, RunSummary]:
    """Return what was added so far, by host."""
    found: dict[str, RunSummary] = {}
    for line in os.pread(_file.fileno(), os.fstat(_file.fileno()).st_size, 0).splitlines():
        host, part = json.loads(line)
        one = found.setdefault(host, RunSummary())
        one.check = part.pop("check") or one.check
        if part.pop("recorded", False):
            one.unrecorded.clear()
        one.unrecorded += [] if one.check else part.get("changed_resources", [])
        for name, values in part.items():
            getattr(one, name).extend(map(tuple, values) if name in ("readiness", "declared") else values)
    return found


def line(item: dict) -> str:
    """Return the first line on an action."""
    reason = f", because {item['reason']}" if item.get("reason") else ""
    return f"  {SIGNS[item['action']]} {item['action']:8}{item['kind']} {item['name']}{reason}"
