"""What the tasks of a run tell of each stack, kept where the run's parent and all its workers find it.

It lies in a file without a name. The parent opens it when it loads the first of our actions, which is before it forks
the task's worker; so no callback has to be enabled, and nothing is left when the run ends.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import CONNECTION
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.compare import differences
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.unchanged import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

ACTIONS = ("create", "update", "replace", "delete")
SIGNS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
AWS = ("amazon.aws.", "community.aws.", "flow_builder.aws.")
OURS = "flow_builder.aws."
# Modules of ours that tell no resource because they make, change and delete none of a stack's.
TELL_NOTHING = frozenset(
    OURS + name
    for name in (
        "report", "stack_drift", "stack_lock", "stack_look", "stack_owner", "stack_record", "stack_unchanged", "told",
        "validate",
    )
)  # fmt: skip
# What only reads, and isn't asked again before an apply that may have nothing to do: the account is known by then, and
# what a stack has is compared with its record.
ASKED_ONCE = frozenset(OURS + name for name in ("account_info", "account_limits_info", "resource_info", "stack_info"))
# How modules and actions say that they can't look ahead; "command" alone says it in its own way.
UNCHECKED = ("does not support check mode", "check mode is not supported", "would have run if not in check mode")


@dataclass
class Told:
    """What the tasks told of one stack."""

    items: list[dict] = field(default_factory=list)
    """What was done, in order: action, kind, name, reason, changes."""
    touched: list[dict] = field(default_factory=list)
    """The same as the engine told it, with what was there before."""
    seen: list[tuple[str, str]] = field(default_factory=list)
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
        return {action: sum(item["action"] == action for item in self.items) for action in ACTIONS}

    def unready(self) -> list[str]:
        """Return what was not ready for its users when a task saw it last."""
        last = {(kind, name): ready for kind, name, ready in self.readiness}
        return sorted(f"{kind} {name}" for (kind, name), ready in last.items() if not ready)


_file = tempfile.TemporaryFile("a+b", buffering=0, dir=C.DEFAULT_LOCAL_TMP)  # noqa: SIM115 -- as long as the run
_opened_by = os.getpid()


def shared() -> None:
    """Fail in a worker whose parent has no such file: what it tells would end with it, and the record would lack it."""
    if os.getpid() == _opened_by:
        raise AnsibleActionFail(
            "nothing that this task tells would be kept: the strategy of the play doesn't load actions before it forks "
            "its workers; use linear or free"
        )


def tell(host: str, task: str, action: str, check: bool, result: dict, arguments: dict | None = None) -> None:
    """Keep what a task's result says of a stack's resources; in one write, so that workers don't disturb each other."""
    told = [kept for one in result.get("results") or [result] if (kept := line_of(task, action, check, one))]
    if told and arguments is not None and (asked := question(action, arguments, result)):
        told[0]["questions"] = [asked]
    if told:
        os.write(_file.fileno(), b"".join(json.dumps([host, one], default=str).encode() + b"\n" for one in told))


def line_of(task: str, action: str, check: bool, item: dict) -> dict:
    """Return what one result adds to a Told, by field; nothing where it says nothing of resources."""
    told = {"notes": list(item.get("notes") or [])}
    reason = str(item.get("msg") or item.get("reason") or item.get("skip_reason") or "")
    if check and any(text in reason for text in UNCHECKED):
        told["unknown"] = [f"{task}: {reason}"]
    elif item.get("skipped") or "skip_reason" in item:
        pass  # a callback's results lack the word "skipped", and so do the items of its loops
    elif "kind" in item and "action" in item:
        told["seen"] = [[item["kind"], item["name"]]]
        told["readiness"] = readiness(item)
        if item["action"] in ACTIONS:
            kept = {key: item.get(key) for key in ("action", "kind", "name", "reason")}
            before = (item.get("diff") or {}).get("before", "")
            told["items"] = [{**kept, "changes": changes(item)}]
            told["touched"] = [{**kept, "changes": item.get("changes") or [], "before": before}]
    elif "kind" in item and "exists" in item:
        told["readiness"] = readiness(item)
    elif action == OURS + "stack_unchanged":
        told["seen"] = item.get("seen")
    elif "deleted" in item:
        told["seen"] = [[gone["kind"], gone["name"]] for gone in item["deleted"]]
        told["items"] = [{"action": "delete", "reason": "", "changes": [], **gone} for gone in item["deleted"]]
    elif check and action.startswith(AWS) and not action.endswith("_info") and action not in TELL_NOTHING:
        told["unknown"] = [f"{task}: {action} doesn't say what it would do"]
    told = {name: values for name, values in told.items() if values}
    return {**told, "check": check} if told or check else {}


def readiness(item: dict) -> list[list]:
    """Return whether the resource of a result was ready for its users."""
    kind, resource = KINDS.get(item["kind"]), item.get("resource")
    return [[item["kind"], kind.label(resource), kind.ready(resource)]] if kind and resource else []


def question(action: str, arguments: dict, item: dict) -> dict:
    """Return what a task asked of what no record has; nothing where a record has it."""
    asks = action.endswith("_info") or ("kind" in item and item["kind"] not in KINDS)
    if not asks or not action.startswith(OURS) or action in ASKED_ONCE:
        return {}
    own = {name: value for name, value in arguments.items() if name not in (*CONNECTION, "account_id", "lock")}
    return {"action": action, "arguments": own, "answer": answer(item)}


def told() -> dict[str, Told]:
    """Return what was told so far, by host."""
    found: dict[str, Told] = {}
    for line in os.pread(_file.fileno(), os.fstat(_file.fileno()).st_size, 0).splitlines():
        host, said = json.loads(line)
        one = found.setdefault(host, Told())
        one.check = said.pop("check") or one.check
        for name, values in said.items():
            getattr(one, name).extend(map(tuple, values) if name in ("readiness", "seen") else values)
    return found


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
