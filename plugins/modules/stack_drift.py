#!/usr/bin/python
"""A stack against its record."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_drift
short_description: Tell what of a stack is not as it was recorded
version_added: "0.1.0"
description:
  - Compares every field of every resource of a stack with the record of its last apply, and looks for what nobody
    declared, inside its resources and beside them.
  - Puts back, when asked to, what an apply doesn't say, and deletes what nobody declared where it is named.
  - Where it is not allowed to look it says so for each kind, and still tells all the rest.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  trail:
    description: Ask CloudTrail who changed something, and when.
    type: bool
    default: true
  show_owned:
    description: Tell also what the autoscaler, a release or AWS itself has moved, which is no drift.
    type: bool
    default: false
  put_back:
    description: Put fields back that no task sets.
    type: bool
    default: false
  delete:
    description:
      - What nobody declared and is to be deleted, each as V(kind/name), or V(all).
      - What holds messages, objects, images, logs or other data must be named itself.
    type: list
    elements: str
    default: []
  ignored_tags:
    description: Patterns of the keys of tags that somebody else puts on resources; they are no drift, and stay.
    type: list
    elements: str
    default: []
  may_lose:
    description:
      - The resources, each as V(kind/name), of which putting back may destroy what nobody can bring back. For a secret
        it brings the recorded version of its value back, unless that is a placeholder.
    type: list
    elements: str
    default: []
  roles:
    description: The folder of the roles, in which the variable behind a field is looked up.
    type: path
  command:
    description: The command that runs this check, to which the report adds how to revert or accept.
    type: str
    default: ansible-playbook playbooks/drift.yml
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.lock
attributes:
  check_mode:
    description: Looks, and says what it would put back or delete by finding it.
    support: full
"""

EXAMPLES = r"""
- name: Look for drift
  flow_builder.aws.stack_drift:
    stack: flow-builder-dev
  register: drift

- name: Delete two things that nobody declared
  flow_builder.aws.stack_drift:
    stack: flow-builder-dev
    delete: [iam_policy/flow-builder-dev-api-task-us-east-1/backdoor, instance/i-0123456789abcdef0]
"""

RETURN = r"""
locked:
  description: Who is just changing the stack, which was therefore not compared; else nothing.
  returned: success
  type: str
findings:
  description:
    - What is not as it was recorded, the worst first. Each has category (changed, removed, extra), kind, name, path of
      the field, recorded, live, severity, who and when if CloudTrail knows, how to revert or accept it, and what nobody
      could bring back after a revert.
  returned: success
  type: list
  elements: dict
owned:
  description: What somebody moved who may.
  returned: when asked for
  type: list
  elements: dict
blind:
  description: What could not be looked at, and why.
  returned: success
  type: dict
counts:
  description: How many findings of each severity.
  returned: success
  type: dict
table:
  description: The findings, one line each.
  returned: success
  type: list
  elements: str
notes:
  description: What else is to be known.
  returned: success
  type: list
  elements: str
record:
  description: When the record was made, by whom, from which commit.
  returned: success
  type: dict
resources:
  description: How many live resources were compared.
  returned: success
  type: int
requests:
  description: How many questions AWS was asked about the stack's own resources.
  returned: success
  type: int
done:
  description: What was put back or deleted.
  returned: success
  type: list
  elements: str
left:
  description: What could not be put back.
  returned: success
  type: list
  elements: str
"""

import json

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import drift, lease, record
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.accepting import Variables
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import SAID
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.severity import LEVELS
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import result_or_reason
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

LONGEST = 160


def text(value) -> str:
    """Return a value as the table has it."""
    said = "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return plain(said, LONGEST)


def line(finding: dict) -> str:
    """Return a finding as one line."""
    what = f"{finding['kind']} {finding['name']}"
    if finding["path"]:
        what += f" {finding['path']}: {text(finding['recorded'])} -> {text(finding['live'])}"
    elif finding["where"]:
        what += f", {finding['where']}"
    by = f" (by {finding['who']}, {finding['event']}, {finding['when']})" if finding["who"] else ""
    owner = f" (moved by {finding['owner']})" if finding["owner"] else ""
    return f"{finding['severity']:8} {finding['category']:8} {what}{by}{owner}"


def named(names):
    """Return a test whether a finding is to be deleted, and whether it is named itself or as one of all."""
    every = "all" if "all" in names else ""
    return lambda finding: "itself" if f"{finding.kind}/{finding.name}" in names else every


def costs(aws, found, finding, recorded) -> str:
    """Say what putting a finding's field back would destroy that nobody can bring back; nothing if it's harmless."""
    kind = KINDS.get(finding.kind)
    if not kind or not finding.path or finding.category == "extra":
        return ""
    of = [
        [one for one in resources.get(finding.kind, []) if kind.label(one) == finding.name]
        for resources in (found.seen.live, recorded["resources"])
    ]
    if not all(of):
        return ""
    live, want = of[0][0], {**of[0][0], **of[1][0]}  # kinds of other regions ask there
    told, _blind = result_or_reason(lambda: kind.loses(aws, live, want, {finding.field}))
    return told or ""


def advice(aws, found, finding, asked, recorded, variables) -> dict:
    """Return how a finding is reverted and how accepted, and what of it would be lost."""
    command, kind = f"{asked['command']} --limit {asked['stack']} -e drift_action=", KINDS.get(finding.kind)
    what = f"{finding.kind}/{finding.name}"
    names = variables.of(kind, finding.field) if kind and finding.path else []
    loses = costs(aws, found, finding, recorded)
    revert = f"{command}revert" + (f" -e drift_delete={what}" if finding.category == "extra" else "")
    revert += f" -e '{json.dumps({'stack_may_lose': [what]})}'" if loses else ""
    accept = (f"set {', '.join(names)} and apply, or " if names else "") + f"{command}accept"
    return {"variables": names, "revert": revert, "loses": loses, "accept": accept}


def changing(locked: str) -> dict:
    """Return the result on a stack that is just being changed: what is half made is no drift."""
    return {
        "changed": False, "locked": locked, "findings": [], "owned": [], "blind": {},
        "counts": dict.fromkeys(LEVELS[:-1], 0), "table": [f"not compared, since it is being changed: {locked}"],
        "notes": ["run this again when that run has ended"], "record": {}, "resources": 0, "requests": 0, "done": [],
        "left": [],
    }  # fmt: skip


def look(aws, asked, check) -> dict:
    """Compare, put right what is to be put right, and tell; but for a stack that somebody else is just changing."""
    stack = asked["stack"]
    locked, unrecorded = lease.others(aws, stack)
    if locked:
        return changing(locked)
    recorded, damage = record.last(aws, stack)
    if recorded is None:
        none = f"{stack} has no record: one apply makes it, also of a stack that is there already"
        raise EngineError("; ".join([*damage, none]))
    recorded = record.owing(recorded, KINDS, unrecorded)
    writes = not check and (asked["put_back"] or asked["delete"])
    found = drift.drift(aws, stack, KINDS, recorded, trail=asked["trail"] and not writes)
    if found.findings and not writes:
        now = record.last(aws, stack)[0] or {}
        locked, _unrecorded = lease.others(aws, stack)
        if locked:
            return changing(locked)
        if now.get("time") != recorded["time"]:
            return changing(f"{stack} was applied while it was looked at")
    done, left = [], []
    if writes:
        done, left = drift.take_away(aws, KINDS, found, named(asked["delete"]))
        if asked["put_back"]:
            more, by_hand = drift.put_back(aws, KINDS, recorded, found, named(asked["delete"]))
            done, left = done + more, left + by_hand
    variables = Variables(asked["roles"])
    findings = [
        one.as_dict(**found.changed_by.get(id(one), {}), **advice(aws, found, one, asked, recorded, variables))
        for one in found.findings
    ]
    owned = [finding.as_dict() for finding in found.externally_managed] if asked["show_owned"] else []
    told = {
        "changed": bool(done),
        "locked": "",
        "findings": findings,
        "owned": owned,
        "blind": found.unreadable,
        "counts": {level: sum(one["severity"] == level for one in findings) for level in LEVELS[:-1]},
        "table": [line(one) for one in findings + owned]
        + [f"{'unknown':8} could not look at {kind}: {told}" for kind, told in sorted(found.unreadable.items())],
        "notes": damage + found.notes,
        "record": {key: recorded.get(key) for key in ("time", "who", "commit", "collection", "ansible")},
        "resources": found.seen.count(),
        "requests": found.seen.calls,
        "done": done,
        "left": left,
    }
    return json.loads(json.dumps(told, default=str))


def main():
    """Run the module."""
    answer(
        look,
        {
            "stack": {"type": "str", "required": True},
            "lock": {"type": "str"},
            "trail": {"type": "bool", "default": True},
            "show_owned": {"type": "bool", "default": False},
            "put_back": {"type": "bool", "default": False},
            "delete": {"type": "list", "elements": "str", "default": []},
            **SAID,
            "roles": {"type": "path"},
            "command": {"type": "str", "default": "ansible-playbook playbooks/drift.yml"},
        },
    )


if __name__ == "__main__":
    main()
