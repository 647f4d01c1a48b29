"""Writes awx/vars, what AWX is told: of awx/source.yml, of argument specs and of the inventories.

``make docs`` writes it for all inventories. ``python scripts/awx_vars.py --into FOLDER ENVIRONMENT...`` writes
elsewhere, and only of these.
"""

from __future__ import annotations

import argparse
import re
import sys
from functools import cache
from pathlib import Path

import yaml

import inventories

ROOT = Path(__file__).resolve().parent.parent
ORGANIZATION = "Flow Builder"
PROJECT = IMAGE = "Flow Builder on AWS"
KEYS = "Flow Builder AWS"  # the credential type
NOTIFICATION = "Flow Builder notices"
ALL = "Flow Builder all"
TEAMS = {
    "Flow Builder developers": "Read everything, and change what isn't protected.",
    "Flow Builder operators": "Run everything.",
    "Flow Builder approvers": "Approve, and run nothing.",
}
DEVELOPERS, OPERATORS, APPROVERS = TEAMS
# What a survey of AWX calls each type. One that it has not (true or false, a mapping, a list) comes as a text under a
# name of its own, and the template's extra_vars make the variable of it.
QUESTIONS = {"str": "text", "int": "integer", "float": "float", "bool": "multiplechoice"}
BOOLEANS = ["true", "false"]
FILTERS = {"bool": "bool", "dict": "from_json", "list": "from_json"}


class Unsafe(str):
    """A text that is AWX's to template, and not whoever tells AWX."""

    __slots__ = ()


class Dumper(yaml.SafeDumper):
    """Writes YAML as the rest of the repository has it, without anchors."""

    def ignore_aliases(self, data):
        """Write everything where it stands."""
        return True

    def increase_indent(self, flow=False, indentless=False):
        """Indent the items of lists."""
        return super().increase_indent(flow, False)


Dumper.add_representer(Unsafe, lambda dumper, text: dumper.represent_scalar("!unsafe", str(text), style='"'))


def load(path: Path):
    """Return what a YAML file has, nothing if it isn't there."""
    return yaml.safe_load(path.read_text()) if path.exists() else None


@cache
def source() -> dict:
    """Return awx/source.yml."""
    return load(ROOT / "awx/source.yml")


@cache
def stacks(environment: str) -> list:
    """Return what templates the variables of an environment's stacks."""
    return list(inventories.stacks(environment).values())


@cache
def environments() -> dict[str, bool]:
    """Return each environment, and whether it is protected."""
    names = sorted(path.name for path in (ROOT / "inventories").iterdir() if path.is_dir())
    return {
        name: any(inventories.value(stack, "stack_protected") for stack in stacks(name))
        for name in names
        if name not in source()["without"]
    }


def of_inventory(environment: str, name: str) -> list:
    """Return the values that an environment's stacks have of a variable, each once; none where nobody says one."""
    said = [inventories.value(stack, name) for stack in stacks(environment) if name in stack.available_variables]
    return [value for place, value in enumerate(said) if value not in said[:place]]


def playbooks() -> list[str]:
    """Return the playbooks that people run, from the repository."""
    there = [path for path in sorted((ROOT / "playbooks").rglob("*.yml")) if ".meta." not in path.name]
    return ["site.yml", *(str(path.relative_to(ROOT)) for path in there if path.stem != "nothing")]


@cache
def of_roles() -> dict[str, dict]:
    """Return the argument specs of all variables of roles."""
    specs = [load(path) for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml"))]
    return {
        name: option for spec in specs for name, option in (spec["argument_specs"]["main"].get("options") or {}).items()
    }


@cache
def of_playbook(playbook: str) -> dict[str, dict]:
    """Return the argument specs of a playbook's own variables."""
    plays = load((ROOT / playbook).with_suffix(".meta.yml")) or {"argument_specs": {}}
    return {name: option for play in plays["argument_specs"].values() for name, option in play["options"].items()}


def asked(environment: str, playbook: str, row: dict) -> dict[str, dict]:
    """Return the specs of what a template asks, by variable.

    The default is what the environment's inventory says, since an answer is stronger than it. What its stacks have
    different values of isn't asked.
    """
    own, roles = of_playbook(playbook), of_roles()
    names = [name for name in own if name not in row.get("leaves", ())] + row.get("asks", [])
    specs = {name: own.get(name) or roles[name] for name in names}
    said = {name: of_inventory(environment, name) for name in specs}
    return {
        name: spec | ({"default": said[name][0]} if said[name] else {})
        for name, spec in specs.items()
        if len(said[name]) < 2
    }


def answer(name: str, spec: dict) -> str:
    """Return the variable in which an answer comes."""
    return f"survey_{name}" if spec["type"] in FILTERS else name


def question(name: str, spec: dict, required: bool) -> dict:
    """Return a survey's question."""
    kind, default = spec["type"], spec.get("default")
    made = {
        "question_name": name,
        "question_description": described(spec),
        "required": required,
        "type": "textarea" if kind in ("dict", "list") else QUESTIONS[kind],
        "variable": answer(name, spec),
    }
    if kind == "bool" or spec.get("choices"):
        made |= {"type": "multiplechoice", "choices": BOOLEANS if kind == "bool" else spec["choices"]}
    if spec.get("no_log"):
        return made | {"type": "password"}
    if required and kind not in FILTERS:
        return made  # somebody is to say it
    if kind == "bool":
        default = str(default).lower()
    elif kind in FILTERS:
        default = yaml.safe_dump(default, default_flow_style=True).strip()
    plain = {"int": int, "float": (int, float)}.get(kind, str)
    if not isinstance(default, plain) or "{{" in str(default):
        raise SystemExit(f"awx/source.yml asks {name}, whose default is no plain value: make it required, or don't ask")
    return made | {"default": default}


def described(spec: dict) -> str:
    """Return what a variable is, in plain words on one line."""
    import document

    return document.plain(spec["description"]).replace("`", "").replace("\\|", "|")


def survey(title: str, specs: dict[str, dict], required: list[str]) -> dict:
    """Return the fields of a template that ask these variables."""
    if not specs:
        return {"survey_enabled": False}
    questions = [question(name, spec, name in required) for name, spec in specs.items()]
    return {"survey_enabled": True, "survey_spec": {"name": title, "description": "", "spec": questions}}


def variables(specs: dict[str, dict], row: dict) -> dict:
    """Return a template's extra_vars: variables of answers that AWX has no type for, and of what was built before."""
    made = {}
    for name in [name for name in specs if specs[name]["type"] in FILTERS] + row.get("built", []):
        makes = FILTERS.get(specs[name]["type"]) if name in specs else None
        said = f"survey_{name} | {makes}" if makes else "''"
        built = f"built_images[inventory_hostname].{name} | default({said})" if name in row.get("built", ()) else said
        made[name] = Unsafe(f"{{{{ {built} }}}}")
    return {"extra_vars": made} if made else {}


def title(environment: str, name: str) -> str:
    """Return a template's name."""
    return f"{environment}: {name}"


def inventory(environment: str) -> str:
    """Return an inventory's name."""
    return f"Flow Builder {environment}"


def keys(environment: str) -> str:
    """Return the name of an environment's credential."""
    return f"Flow Builder AWS {environment}"


def variable(environment: str, what: str) -> str:
    """Return the lookup of a secret in the environment of whoever tells AWX."""
    return f"{{{{ lookup('env', '{secret(environment, what)}') }}}}"


def secret(environment: str, what: str) -> str:
    """Return the name of that variable of the environment."""
    return re.sub(r"\W+", "_", f"{keys(environment)}_{what}").upper()


def rows() -> list[tuple[str, str, dict]]:
    """Return each template's name, playbook and row."""
    said = source()
    made = [(row["name"], playbook, row) for playbook, row in said["playbooks"].items()]
    return made + [(name, row["playbook"], row) for name, row in said["variants"].items()]


def template(environment: str, name: str, playbook: str, row: dict) -> dict:
    """Return a job template."""
    specs = asked(environment, playbook, row)
    return {
        "name": title(environment, name),
        "description": row["description"],
        "organization": ORGANIZATION,
        "job_type": "check" if row.get("check") else "run",
        "inventory": inventory(environment),
        "project": PROJECT,
        "playbook": playbook,
        "credentials": [keys(environment)],
        "instance_groups": "{{ awx_instance_groups | default([]) }}",
        "job_slice_count": "{{ awx_slices | default(1) }}",
        # One writer for each template; of several templates the stack's lock lets one.
        "allow_simultaneous": bool(row.get("reads")),
        "ask_limit_on_launch": True,
        "ask_diff_mode_on_launch": True,
        "ask_job_slice_count_on_launch": True,
        "ask_scm_branch_on_launch": bool(row.get("check")),
        "notification_templates_error": [NOTIFICATION],
        **variables(specs, row),
        **survey(title(environment, name), specs, row.get("required", [])),
    }


def nodes(environment: str, protected: bool, row: dict) -> list[dict]:
    """Return a workflow's nodes: chains of steps, each after the one before it ended well."""

    def chain(steps, start=None):
        before = start
        for step in steps:
            if isinstance(step, dict) and step.get("where") == "protected" and not protected:
                continue
            if isinstance(step, dict):
                name = f"approve {step['approve'].lower()}"
                node = {"identifier": name, "approval_node": {
                    "name": step["approve"], "description": step["text"], "timeout": 86400}}  # fmt: skip
            else:
                name = step
                node = {"identifier": name, "unified_job_template": title(environment, step)}
            made[name] = node | {"success_nodes": [], "failure_nodes": []}
            if before:
                made[before[0]][f"{before[1]}_nodes"].append(name)
            before = (name, "success")

    made: dict[str, dict] = {}
    chain(row["steps"])
    for failed, steps in row.get("failure", {}).items():
        chain(steps, (failed, "failure"))
    return list(made.values())


def workflow(environment: str, protected: bool, name: str, row: dict) -> dict:
    """Return a workflow job template."""
    by_name = {row["name"]: (playbook, row) for playbook, row in source()["playbooks"].items()}
    specs = {}
    for step in row["steps"]:
        if isinstance(step, str) and step in by_name:
            specs |= asked(environment, *by_name[step])
    specs = {name: specs[name] for name in row.get("asks", ())}
    return {
        "name": title(environment, name),
        "description": row["description"],
        "organization": ORGANIZATION,
        "inventory": inventory(environment),
        "allow_simultaneous": False,
        "ask_limit_on_launch": True,
        "extra_vars": row.get("extra_vars", {}),
        **({"webhook_service": "github"} if row.get("webhook") and not protected else {}),
        "notification_templates_error": [NOTIFICATION],
        "notification_templates_success": [NOTIFICATION],
        "notification_templates_approvals": [NOTIFICATION],
        **survey(title(environment, name), specs, row.get("required", [])),
        "simplified_workflow_nodes": nodes(environment, protected, row),
    }


def schedule(environment: str, protected: bool, row: dict) -> dict:
    """Return a schedule."""
    every = row.get("protected", row["every"]) if protected else row["every"]
    return {
        "name": f"{environment}: {row['name']}",
        "description": f"Runs {title(environment, row['template'])}.",
        "organization": ORGANIZATION,
        "unified_job_template": title(environment, row["template"]),
        "rrule": f"DTSTART;TZID={{{{ awx_time_zone | default('Etc/UTC') }}}}:20260101T{row['at']} RRULE:{every}",
        "extra_data": row.get("answers", {}),
        "enabled": True,
    }


def rights(there: dict[str, bool]) -> list[dict]:
    """Return who may do what."""
    said, everybody = source(), [DEVELOPERS, OPERATORS, APPROVERS]
    free = [name for name, protected in there.items() if not protected]
    reading = [title(one, name) for one in there for name, _playbook, row in rows() if row.get("reads")]
    writing = {one: [title(one, name) for name, _playbook, row in rows() if not row.get("reads")] for one in there}
    flows = {one: [title(one, name) for name in said["workflows"]] for one in there}
    made = [
        {"teams": everybody, "organizations": [ORGANIZATION], "role": "read"},
        {"teams": everybody, "job_templates": reading, "role": "execute"},
        {"teams": [OPERATORS], "job_templates": sum(writing.values(), []), "role": "execute"},
        {"teams": [OPERATORS], "workflows": sum(flows.values(), []), "role": "execute"},
        {"teams": [APPROVERS], "workflows": sum(flows.values(), []), "role": "approval"},
        {"teams": [DEVELOPERS], "job_templates": sum((writing[one] for one in free), []), "role": "execute"},
        {"teams": [DEVELOPERS], "workflows": sum((flows[one] for one in free), []), "role": "execute"},
        {"teams": [DEVELOPERS], "workflows": sum((flows[one] for one in free), []), "role": "approval"},
    ]
    return [row for row in made if all(row.values())]


def told(there: dict[str, bool]) -> dict[str, object]:
    """Return every variable that is made here."""
    said = source()
    order = [inventory(name) for name in there]
    fields = ["access_key_id", "secret_access_key", "session_token", "role_arn", "external_id"]
    return {
        "aap_teams": [
            {"name": name, "description": words, "organization": ORGANIZATION} for name, words in TEAMS.items()
        ],
        "controller_credentials": [
            {
                "name": keys(name),
                "description": f"What runs for {name} are allowed on AWS.",
                "organization": ORGANIZATION,
                "credential_type": KEYS,
                "update_secrets": False,
                "inputs": {field: variable(name, field) for field in fields},
            }
            for name in there
        ],
        "controller_inventories": [
            *(
                {"name": inventory(name), "description": f"The stacks of {name}.", "organization": ORGANIZATION}
                for name in there
            ),
            {
                "name": ALL,
                "description": "All stacks, to look at.",
                "organization": ORGANIZATION,
                "kind": "constructed",
                "input_inventories": order,
            },
        ],
        "controller_inventory_sources": [
            {
                "name": f"inventories/{name}",
                "inventory": inventory(name),
                "organization": ORGANIZATION,
                "source": "scm",
                "source_project": PROJECT,
                # Its group_vars lie beside it.
                "source_path": f"inventories/{name}/hosts.yml",
                "overwrite": True,
                "overwrite_vars": True,
                "update_on_launch": True,
                "update_cache_timeout": 60,
            }
            for name in there
        ],
        "controller_templates": [
            template(environment, name, playbook, row) for environment in there for name, playbook, row in rows()
        ],
        "controller_workflows": [
            workflow(environment, protected, name, row)
            for environment, protected in there.items()
            for name, row in said["workflows"].items()
        ],
        "controller_schedules": [
            schedule(environment, protected, row)
            for environment, protected in there.items()
            for row in said["schedules"]
        ],
        "controller_roles": rights(there),
    }


def documents(into: Path = ROOT / "awx/vars", only: list[str] | None = None) -> dict[Path, str]:
    """Return each file with its text, of all environments or of some."""
    there = environments()
    for name in only or ():
        if name not in there:
            raise SystemExit(
                f"{name} is no environment: allowed are {', '.join(there)}, which are folders of inventories/"
            )
    there = {name: protected for name, protected in there.items() if not only or name in only}
    head = "---\n# Written by `make docs` of awx/source.yml, argument specs and inventories.\n"
    return {
        into / f"{name}.yml": head
        + yaml.dump({name: value}, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=True)
        for name, value in told(there).items()
    }


def main() -> int:
    """Write the files of some environments into another folder, beside those that people wrote."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environments", nargs="+")
    parser.add_argument("--into", type=Path, required=True)
    said = parser.parse_args()
    inventories.load()
    made = documents(said.into, said.environments)
    said.into.mkdir(parents=True, exist_ok=True)
    for path in (ROOT / "awx/vars").glob("*.yml"):
        (said.into / path.name).write_text(path.read_text())
    for path, text in made.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
