"""Checks all variables of a play before its first AWS call.

An action and not a module, because only an action sees all variables.
"""

from __future__ import annotations

import datetime
import difflib
import re
from pathlib import Path
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.playbook.block import Block
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import load_extra_vars
from ansible_collections.flow_builder.aws.plugins.filter.components import plain
from ansible_collections.flow_builder.aws.plugins.module_utils import components
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.catalogue import broken
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.registry import (
    ALL_COMPONENTS,
    Fault,
    Variable,
    first_causes,
)
from ansible_collections.flow_builder.aws.plugins.plugin_utils import core
from ansible_collections.flow_builder.aws.plugins.plugin_utils.fingerprint import Inputs, sources

ROLES = Path(__file__).resolve().parents[2] / "roles"
PLAYBOOKS = ROLES.parent / "playbooks"
PLUGINS = ROLES.parent / "plugins"
PRELOAD, SUMMARY = "flow_builder.aws.preload", "flow_builder.aws.summary"
TYPES = {
    "bool": "true or false",
    "dict": "a mapping",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "str": "text",
}
# What Ansible would convert in its own copy, while the tasks see the text: 'false' is true to a condition.
# By type, with what stands for a value in JSON: -e x=true is text, -e '{"x": true}' is not.
NO_TEXT = {"bool": "true", "dict": "{...}", "list": "[...]"}
TAGS = {"--tags": "ansible_run_tags", "--skip-tags": "ansible_skip_tags"}
ALL = {"--tags": ["all"], "--skip-tags": []}
NO = ("false", "no", "off", "n", "f", "0")


class ActionModule(ActionBase):
    """Validate the variables of roles."""

    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        """Return one failure with a sentence for each fault."""
        result = super().run(tmp, task_vars)
        _validated, given = self.validate_argument_spec(
            {"roles": {"type": "list", "elements": "str"}, "fingerprint": {"type": "bool", "default": False}}
        )
        self._refuse_to_be_all(task_vars)
        specs: dict[str, dict] = {}
        for role in given["roles"] or task_vars["ansible_play_role_names"]:
            role = role.removeprefix("flow_builder.aws.")
            if self._file(role, "meta/argument_specs.yml") is None:
                raise AnsibleActionFail(f"roles has {role!r}: allowed are {', '.join(self._all_roles())}")
            specs |= self._file(role, "meta/argument_specs.yml")["argument_specs"]["main"].get("options") or {}
        self._stand_in(task_vars)
        faults = self._unknown(task_vars)
        values: dict[str, Any] = {}
        inputs = Inputs(self._templar, task_vars, self._own()) if given["fingerprint"] else None
        for name, spec in specs.items():
            sentences, value = self._value(name, spec, inputs, task_vars)
            faults += [Fault(frozenset({name}), sentence) for sentence in sentences]
            values |= value
        own = self._playbooks_own()
        for name, spec in own.items():
            sentences, value = self._value(name, spec, None, task_vars, texts=True)
            faults += [Fault(frozenset({name}), sentence) for sentence in sentences]
            values |= value
        if "stack_name" in specs and "stack_region" in values:
            faults += self._twins(task_vars, values)
        made_of: dict[str, set[str]] = {}
        if components.VARIABLE in specs and values.get("stack_profile") in task_vars.get("__stack_profiles", {}):
            said, told, its = self._components(specs[components.VARIABLE], values, inputs, task_vars)
            faults, values, made_of = faults + told, values | said, its
        faults += broken(values, frozenset(name for name, spec in (own | specs).items() if secret(spec)))
        errors = first_causes(faults, self._made_of(task_vars) | made_of) if faults else []
        if errors:
            count = f"{len(errors)} faults" if len(errors) > 1 else "1 fault"
            result["failed"] = True
            result["msg"] = f"{count} in the variables of {task_vars['inventory_hostname']}:\n" + "\n".join(
                f"- {error}" for error in errors
            )
        if inputs and task_vars["inventory_hostname"] == task_vars["ansible_play_hosts_all"][0]:
            announce()
        if inputs:
            result["inputs"] = inputs.digest(Path(self._task.get_path().rpartition(":")[0]))
        return result

    def _components(self, spec, values, inputs, task_vars):
        """Return all components, the faults of what says them, and what their keys and the others are made of."""
        parts: dict[str, Any] = {}
        faults, names = [], [name for name in components.said(task_vars) if name in task_vars]
        for name in names:
            sentences, value = self._value(name, spec, inputs, task_vars) if name not in values else ([], values)
            faults += [Fault(frozenset({name}), sentence) for sentence in sentences]
            parts |= {name: plain(value[name])} if value.get(name) else {}
        default = plain(self._templar.template(task_vars["__stack_profiles"][values["stack_profile"]]["components"]))
        faults += [Fault(frozenset({name}), told) for name, told in components.faults(default, parts, checked)]
        made_of = {ALL_COMPONENTS: set(names)}
        if faults:
            return {}, faults, made_of
        entries = components.merged(default, *parts.values())
        if inputs:
            inputs.values[ALL_COMPONENTS] = entries
        where, more = components.places(entries, parts)
        said = {
            name: {key: Variable(where[name][key], value) for key, value in entry.items()}
            for name, entry in entries.items()
        }
        return {ALL_COMPONENTS: said}, [], made_of | more

    def _refuse_to_be_all(self, task_vars):
        """Fail where the run's tags leave nothing of the play but what is always done: Ansible ends so with success."""
        play = self._task.get_play()
        tags = {option: sorted(task_vars.get(name) or ()) for option, name in TAGS.items()}
        if tags != ALL and not any(others(play, play.compile(), task_vars)):
            said = " ".join(f"{option} {','.join(words)}" for option, words in tags.items() if words)
            raise AnsibleActionFail(
                f"{said} leaves no task of the play {play.get_name()!r}: its tasks have no tags of their own"
            )

    def _all_roles(self):
        return sorted(path.name for path in ROLES.iterdir() if (path / "meta/argument_specs.yml").exists())

    def _file(self, role, path):
        file = ROLES / role / path
        return self._loader.load_from_file(str(file), unsafe=True) or {} if file.is_file() else None

    def _playbooks_own(self):
        """Return the options of all playbooks' own variables: one that a run imports is no less for them."""
        options: dict[str, Any] = {}
        for path in sorted(PLAYBOOKS.rglob("*.meta.yml")):
            for play in self._loader.load_from_file(str(path), unsafe=True)["argument_specs"].values():
                options |= play["options"]
        return options

    def _unknown(self, task_vars):
        """Name the variables that look like ours and are none: Ansible itself ignores them."""
        inputs = set(self._playbooks_own())
        known = set(inputs)
        for role in self._all_roles():
            inputs |= set(self._file(role, "meta/argument_specs.yml")["argument_specs"]["main"].get("options") or {})
            known |= inputs | set(self._file(role, "defaults/main.yml") or {})
            for file in sorted((ROLES / role / "vars").glob("*.yml")):
                known |= set(self._loader.load_from_file(str(file), unsafe=True) or {})
        prefixes = tuple(f"{role}_" for role in self._all_roles())
        return [
            Fault(frozenset(), sentence)
            for name in sorted(set(task_vars) - known - {*components.said(task_vars)})
            if (sentence := unknown(name, inputs, prefixes))
        ]

    def _made_of(self, task_vars):
        """Return what each variable of the roles mentions: what they hand on to each other stands in their vars."""
        prefixes = tuple(f"{under}{role}_" for role in self._all_roles() for under in ("", "__"))
        return {name: origins(task_vars[name], task_vars) for name in task_vars if name.startswith(prefixes)}

    def _twins(self, task_vars, values):
        """Name the hosts that would be the same stack: each would take the other's for what it made before."""
        region = self._file("stack", "defaults/main.yml")["stack_region"]
        here = values["stack_name"], values["stack_region"]
        hosts = {*task_vars["groups"].get("standard", []), *task_vars["groups"].get("ultra", [])}
        if {"stack_name", "stack_region"} & set(load_extra_vars(self._loader)):
            hosts &= {*task_vars["ansible_play_hosts_all"]}  # said for this run alone, and true of its hosts only
        for host in sorted(hosts):
            try:
                its = task_vars["hostvars"][host]  # its role defaults aren't among these
                there = its.get("stack_name", host), its.get("stack_region", region)
                accounts = {values.get("stack_expected_account"), its.get("stack_expected_account")} - {None, ""}
            except AnsibleError:
                continue  # told when that host is validated
            if host != task_vars["inventory_hostname"] and there == here and len(accounts) < 2:
                yield Fault(frozenset({"stack_name", "stack_region"}), twin(host, *here))

    def _own(self):
        """Return the collection's own values of all variables, untemplated."""
        found: dict[str, Any] = {}
        for role in self._all_roles():
            found |= self._file(role, "defaults/main.yml") or {}
            found |= self._file(role, "vars/main.yml") or {}
        return found

    def _value(self, name, spec, inputs, task_vars, texts=False):
        """Return the sentences on one variable, and its value where it can be known now and is right."""
        if name not in task_vars:
            return ([missing(name, spec)] if spec.get("required") else []), {}
        try:
            value = inputs.value(name, secret=secret(spec)) if inputs else self._templar.template(task_vars[name])
        except AnsibleError as error:
            undefined = re.findall(r"'(\w+)' is undefined", str(error))
            if undefined and undefined[-1].startswith("__"):
                return [], {}  # made of what a task of this run will register
            return [f"{name} can't be made: {str(error).rpartition(' failed: ')[2]}"], {}
        return checked(name, spec, value, texts)

    def _stand_in(self, task_vars):
        """Let ranges and counts be checked although only AWS knows which zones the region has."""
        try:
            region = self._templar.template(task_vars.get("stack_region"))
        except AnsibleError:
            return  # its own fault is told
        zones = [f"{region}{letter}" for letter in "abcdef"]
        self._templar.available_variables = {**task_vars, "stack_availability_zones": zones}


def announce() -> None:
    """Say that a run doesn't take the faster way: somebody else's ansible.cfg knows nothing of it, or there is none."""
    fast = str(PLUGINS / "fast")
    taken = any(Path(place).resolve() == Path(fast) for place in C.DEFAULT_ACTION_PLUGIN_PATH)
    if not core.known:
        core.warn()
    elif not taken or PRELOAD not in C.CALLBACKS_ENABLED:
        Display().display(
            "This run goes at stock speed. Several times faster, with the same results, it is with these lines in "
            f"ansible.cfg, below [defaults]:\n  action_plugins = {fast}\n  callbacks_enabled = {PRELOAD}, {SUMMARY}"
        )


def twin(host: str, name: str, region: str) -> str:
    """Return the sentence on another host of the inventory that would be the same stack."""
    return (
        f"stack_name is {name!r}, and stack_region is {region!r}: the inventory's host {host} has both the same, and "
        "two hosts can't be one stack; give one of them another name or another region"
    )


def others(play, tasks, task_vars):
    """Yield the tasks that the run's tags choose, but for those that are always done."""
    for one in tasks:
        if isinstance(one, Block):
            yield from others(play, [*one.block, *one.rescue, *one.always], task_vars)
        elif "always" not in one.tags and not one.implicit:
            yield from [one] * one.evaluate_tags(play.only_tags, play.skip_tags, all_vars=task_vars)


def origins(raw, variables: dict) -> set[str]:
    """Return the names that a variable's untemplated value mentions, by the table of what differs by profile too."""
    found = sources(raw) | set(re.findall(r"\b__[a-z]\w+", str(raw)))
    for key in re.findall(r"\bstack_defaults\.(\w+)", str(raw)) if "stack_defaults" in found else ():
        for said in variables.get("__stack_profiles", {}).values():
            found |= sources(said.get(key))
    return found


def secret(spec: dict) -> bool:
    """Say whether an option, or a part of it, must not be shown."""
    return bool(spec.get("no_log")) or any(map(secret, (spec.get("options") or {}).values()))


def allowed(spec: dict) -> str:
    """Return what an option's values must be, in words."""
    if spec.get("choices"):
        return "allowed are " + ", ".join(map(str, spec["choices"]))
    words = str(TYPES.get(spec.get("type", "str"), spec.get("type")))
    if spec.get("type") == "list" and spec.get("elements"):
        words += f", each item {TYPES.get(spec['elements'], spec['elements'])}"
    return f"it must be {words}"


def no_texts(where: str, spec: dict, value, hidden: bool = False):
    """Yield a sentence for each value, at any depth of a variable, that YAML took for something else than text.

    Whole numbers pass, and whoever uses them makes texts of them: but for secrets, and for those of other digits.
    """
    hidden, kind = hidden or bool(spec.get("no_log")), spec.get("type", "str")
    if kind == "str" and isinstance(value, (bool, int, float, datetime.date)):
        whole = isinstance(value, int) and not isinstance(value, bool)
        if hidden or not whole or rewritten(value):
            yield f"{Variable(where, value, hidden)}, no text to YAML, which may have changed it: put it in quotes"
    elif kind == "list" and isinstance(value, list):
        for place, item in enumerate(value):
            yield from no_texts(f"{where}[{place}]", {**spec, "type": spec.get("elements", "raw")}, item, hidden)
    elif kind == "dict" and isinstance(value, dict):
        for key in set(spec.get("options") or ()) & set(value):
            yield from no_texts(f"{where}.{key}", spec["options"][key], value[key], hidden)


def rewritten(number: Any) -> bool:
    """Say whether a whole number stands in its file with other digits, such as 0012, which YAML takes for 10."""
    written = core.where_written(number)
    if not written:
        return False
    path, row, column = written
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    line = lines[row - 1][column - 1 :]
    return not lines[0].startswith("$ANSIBLE_VAULT") and not re.match(rf"{number}(?![\w:.])", line)


def missing(name: str, spec: dict) -> str:
    """Return the sentence on a variable that has no value."""
    return f"{name} is not set: {allowed(spec)}"


def unknown(name: str, inputs: set[str], prefixes: tuple[str, ...]) -> str:
    """Return the sentence on a variable that is not ours but looks so; nothing if it doesn't."""
    if told := components.former(name):
        return told
    ours = name.startswith(prefixes)
    near = difflib.get_close_matches(name, inputs, 1, 0.6 if ours else 0.9)
    if near and not name.startswith(("__", "ansible_")):
        return f"{name} is no variable of a role or playbook: did you mean {near[0]}?"
    return (
        f"{name} is no variable of a role or playbook, though it is named like one: rename or remove it" if ours else ""
    )


def checked(name: str, spec: Any, value: Any, texts: bool = False) -> tuple[list[str], dict]:
    """Return the sentences on a value, and the value, converted, if there are none.

    ``texts`` says that whoever uses a bool converts it, so that it may be a text, as ``-e name=true`` is.
    """
    shown = Variable(name, value, secret(spec))
    kind = spec.get("type", "str")
    if value is None:
        if spec.get("required"):
            return [missing(name, spec)], {}
        return [], {name: ""} if kind == "str" else {}  # rules take no text for empty text
    if isinstance(value, str) and kind == "bool" and texts:
        try:
            return [], {name: boolean(value)}
        except TypeError:
            return [f"{shown}: {allowed(spec)}"], {}
    if isinstance(value, str) and kind in NO_TEXT:
        form = "false" if kind == "bool" and value.lower() in NO else NO_TEXT[kind]
        return [f"{shown}, a text: {allowed(spec)}; on the command line: -e '{{\"{name}\": {form}}}'"], {}
    if isinstance(value, (dict, list)) and kind == "str":
        return [f"{shown}: {allowed(spec)}"], {}
    if faults := list(no_texts(name, spec, value)):
        return faults, {}
    validated = ArgumentSpecValidator({name: spec}).validate({name: value})
    # Ansible's own words only for what they alone know: which part of a nested value is wrong.
    ours = shown.secret or not spec.get("options")
    sentences = [f"{shown}: {allowed(spec) if ours else error.msg}" for error in validated.errors.errors]
    known = not sentences and not has_placeholder(value)  # a rule can't judge what a reference stands for
    return list(dict.fromkeys(sentences)), {name: validated.validated_parameters[name]} if known else {}
