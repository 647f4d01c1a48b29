"""The contract of every kind's module, on the embedded AWS.

Each ``cases/<kind>.yml`` becomes one playbook: check-create, create, again, check-modify, modify, again, a change made
behind our back and its repair, absent, absent again. A check run must say what the real run then does, and write
nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.unmodelled import UNMODELLED
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

CASES = sorted((Path(__file__).parent / "cases").glob("*.yml"))
# What later roles build upon: a check run from nothing must have it.
REFERENCES = {"id", "arn", "url", "address", "dns_name", "name"}

# What an organisation puts on whatever it finds.
MARK = {"OrganisationCentre": "4711"}

PRESENT = (
    ("check-create", "create"),
    ("create", "create"),
    ("create-again", "none"),
    ("check-again", "none"),
)
MODIFIED = (("check-modify", "update"), ("modify", "update"), ("modify-again", "none"))
REPAIRED = (("check-repair", "update"), ("repair", "update"), ("repair-again", "none"))
ABSENT = (("check-absent", "delete"), ("absent", "delete"), ("absent-again", "none"))


class Case:
    """One case file and the playbook that it becomes."""

    def __init__(self, path):
        self.kind = KINDS[path.stem]
        self.data = yaml.safe_load(path.read_text())
        self.modify = self.data.get("modify") or {}
        self.behind = self.data.get("behind") or []
        self.missing = self.data.get("missing_parents") or {}
        ((self.module, self.arguments),) = self.data["task"].items()

    @property
    def steps(self):
        """Return the steps and the action that each must say."""
        return (
            PRESENT
            + ((("missing-parents", "create"),) if self.missing else ())
            + (MODIFIED if self.modify else ())
            + (REPAIRED if self.behind else ())
            + ABSENT
        )

    def task(self, step, *layers, **inner):
        """Return the case's task with arguments laid over; a step called check-something is a dry run."""
        return {
            "name": step,
            self.module: self._arguments(*layers, inner),
            "check_mode": step.startswith("check-") or step == "missing-parents",
            "diff": True,
        }

    def _arguments(self, *layers):
        def laid(arguments):
            for layer in layers:
                arguments = {**arguments, **layer}
            return arguments

        if self.module == "flow_builder.aws.described":
            return {module: laid(arguments) for module, arguments in self.arguments.items()}
        return laid(self.arguments)

    def live(self, step, *layers):
        """Return the task that looks the resource up."""
        return {"name": step, "live": {self.module: self._arguments(*layers)}, "register": f"__{step.replace('-', '_')}"}

    def marked(self, *layers):
        """Return the task, if any, that tags the resource as an organisation does."""
        task = {"task": {self.module: self._arguments(*layers)}, "tags": MARK}
        return [{"name": "marked", "marked": task}] if self.kind.taggable else []

    def playbook(self):
        """Return the case as a play."""
        tasks = list(self.data.get("setup") or [])
        tasks.append(self.task("check-create"))
        if self.missing:
            tasks.append(self.task("missing-parents", self.missing))
        tasks += [self.task(step) for step in ("create", "create-again")]
        tasks += self.marked()
        tasks.append(self.task("check-again"))
        if self.modify:
            tasks += [self.task(step, self.modify) for step in ("check-modify", "modify", "modify-again")]
        tasks.append(self.live("live-before", self.modify))
        for call in self.behind:
            resource = "{{ __live_before.resource }}"
            tasks.append({"name": "behind", "behind": call, "vars": {"resource": resource}})
        if self.behind:
            tasks += self.marked(self.modify)  # whoever replaced all tags took it off
            tasks.append(self.live("live-behind", self.modify))
            tasks += [self.task(step, self.modify) for step in ("check-repair", "repair", "repair-again")]
            tasks.append(self.live("live-after", self.modify))
        tasks += [
            self.task(step, self.modify, state="absent") for step in ("check-absent", "absent", "absent-again")
        ]
        tasks.append(self.live("live-gone", self.modify))
        return [
            {
                "name": self.kind.name,
                "hosts": "localhost",
                "connection": "local",
                "gather_facts": False,
                "module_defaults": {
                    "group/flow_builder.aws.aws": {"region": "us-east-1"},
                    "group/flow_builder.aws.writing": {
                        "ignored_tags": ["Organisation*"], "may_lose": self.data.get("may_lose") or [],
                    },
                },
                "tasks": [*tasks, *(self.data.get("teardown") or [])],
            }
        ]


def marked(case, told):
    """Yield where a tag that somebody else put on the resource is gone."""
    for step in ("check-again", "modify", "repair"):
        resource = told.get(step, {}).get("resource")
        if case.kind.taggable and resource and not MARK.items() <= resource["tags"].items():
            yield f"{step} took off what somebody else had put on: {resource['tags']}"


def differing(told):
    """Return the fields that a result's diff shows as different."""
    shown = told.get("diff") or {"before": "", "after": ""}  # a step that failed shows none
    before, after = (json.loads(shown[side] or "{}") for side in ("before", "after"))
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def compared(kind, fields):
    """Return the fields that the contract compares: not what changes by itself, nor what the kind doesn't read."""
    return set(fields) - kind.ignored - {UNMODELLED}


def problems(case, run):
    """Yield a sentence for each line of the contract that the run broke."""
    for failure in run.failures:
        yield f"{failure['task']} failed: {failure['result'].get('msg') or failure['result']}"
    if not run.failures and run.rc:
        yield f"ansible-playbook ended with {run.rc}: {run.output[-3000:]}"
    told = run.by_task
    replacing = told.get("modify", {}).get("action") == "replace"
    for step, action in case.steps:
        if step not in told or told[step].get("failed"):
            continue
        said = told[step].get("action")
        if said != action and not (replacing and {said, action} == {"replace", "update"}):
            yield f"{step} says {said} instead of {action}: {told[step].get('changes') or told[step].get('diff', '')}"
        if told[step].get("changed") != (said != "none"):
            yield f"{step} says {said} and changed={told[step].get('changed')}"
        if told[step].get("changed") and not differing(told[step]):
            yield f"{step} changed something and its diff shows nothing"
    for request in run.requests:
        step = request["task"]
        if step in told and (step.startswith(("check-", "missing-")) or step.endswith("-again")) and request["writes"]:
            yield f"{step} wrote: {request['service']} {request['operation']}"
        if request["placeholder"]:
            yield f"{step} called {request['service']} {request['operation']} with a placeholder"
    yield from marked(case, told)
    yield from planned(case.kind, told, "check-create", "create")
    yield from planned(case.kind, told, "check-modify", "modify")
    yield from planned(case.kind, told, "check-repair", "repair")
    if case.behind and all("resource" in told.get(step, {}) for step in ("live-before", "live-behind", "live-after")):
        yield from repaired(case.kind, told)
    if told.get("live-gone", {}).get("resource"):
        yield f"after absent it is still there: {told['live-gone']['resource']}"


def planned(kind, told, check, real):
    """Yield where a check run told something else than the real run then did."""
    if not {check, real} <= told.keys() or told[check].get("failed") or told[real].get("failed"):
        return
    plan, done = told[check], told[real]
    if plan.get("changes") != done.get("changes"):
        yield f"{check} foretold changes of {plan.get('changes')}, {real} changed {done.get('changes')}"
    unchanged = set(done.get("changes") or []) - differing(done)
    if unchanged:
        yield f"{real} says that it changed {sorted(unchanged)}, and its diff does not show that"
    foreseen, made = plan.get("resource") or {}, done.get("resource") or {}
    for name in sorted(REFERENCES & made.keys() - foreseen.keys()):
        if made[name]:
            yield f"{check} has no {name}, {real} has {made[name]!r}"
    for name in sorted(compared(kind, foreseen.keys() & made.keys())):
        if foreseen[name] != made[name] and not has_placeholder(foreseen[name]) and name not in kind.create_only:
            yield f"{check} foretold {name} as {foreseen[name]!r}, {real} made it {made[name]!r}"


def repaired(kind, told):
    """Yield where a change made behind our back was not seen, or not undone."""
    before, behind, after = (
        {name: (told[step]["resource"] or {})[name] for name in compared(kind, told[step]["resource"] or {})}
        for step in ("live-before", "live-behind", "live-after")
    )
    if before == behind:
        yield "the calls behind our back changed nothing that the kind sees"
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name) and (
            name in told.get("repair", {}).get("changes", []) or behind.get(name) == after.get(name)
        ):
            yield f"repair left {name} as {after.get(name)!r}; it was {before.get(name)!r}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_contract(path, emulator, play, tmp_path):
    case = Case(path)
    playbook = tmp_path / f"{path.stem}.yml"
    playbook.write_text(yaml.safe_dump(case.playbook(), sort_keys=False))
    emulator.reset()
    run = play(playbook, "-i", "localhost,")
    broken = list(dict.fromkeys(problems(case, run)))
    if broken:
        pytest.fail(f"{case.kind.title}, module {case.kind.module}:\n- " + "\n- ".join(broken), pytrace=False)


def test_every_kind_has_a_case():
    cases = {path.stem for path in CASES}
    assert cases == set(KINDS), (
        f"kinds without a contract case: {sorted(set(KINDS) - cases)}; cases without a kind: {sorted(cases - set(KINDS))}"
    )
