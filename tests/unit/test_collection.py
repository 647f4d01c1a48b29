"""The collection's parts agree with each other."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
import sys
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import ansible_collections
import pytest
import yaml
from ansible_collections.amazon.aws.plugins.module_utils.modules import aws_argument_spec
from ansible_collections.flow_builder.aws.plugins.module_utils.components import SPECS
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import module as engine
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import NAMES
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.catalogue import RULES
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.registry import ALL_COMPONENTS, OF_TYPES
from ansible_collections.flow_builder.aws.plugins.plugin_utils import batch

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
MODULES = sorted(ROOT.glob("plugins/modules/*.py"))
DESCRIBED = "flow_builder.aws.described"
BATCH = "flow_builder.aws.resources"
# What is made of references, and of as many of them as are known before.
WHOLE = {"__network_address_ids"}
BEGIN = {"name": "flow_builder.aws.stack", "tasks_from": "begin"}
OURS = "flow_builder.aws."
# Actions and modules that never talk to AWS.
LOCAL = {"report", "run_summary", "validate"}


def load(path):
    return yaml.safe_load(path.read_text()) if path.is_file() else None


def options(role):
    spec = load(role / "meta/argument_specs.yml")
    return spec["argument_specs"]["main"].get("options") or {}


def tasks(role):
    """Return every task of a role, those in blocks too, with its file."""

    def walk(items):
        for item in items or []:
            inner = [part for key in ("block", "rescue", "always") for part in item.get(key) or []]
            if inner:
                yield from walk(inner)
            else:
                yield item

    return [(path, task) for path in sorted(role.glob("tasks/**/*.yml")) for task in walk(load(path))]


def yaml_files(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in (".yml", ".yaml", ".j2"))


PLAYBOOKS = sorted(path for path in ROOT.glob("playbooks/**/*.yml") if path.stem != "nothing" and ".meta." not in path.name)

each_role = pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
each_module = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
each_aws_module = pytest.mark.parametrize("path", [path for path in MODULES if path.stem not in LOCAL], ids=lambda path: path.stem)


# Roles


@each_role
def test_every_variable_of_a_role_is_described_and_has_a_default(role):
    described, defaults = options(role), set(load(role / "defaults/main.yml") or {})
    assert defaults - set(described) == set(), "defaults that argument_specs.yml lacks"
    assert {name for name in set(described) - defaults if not described[name].get("required")} == set(), "options without a default"
    assert {name for name in defaults if described[name].get("required")} == set(), "a required option needs no default"
    for name, spec in described.items():
        assert spec.get("description") and spec.get("type"), name
        assert spec["type"] != "list" or spec.get("elements"), f"{name} says nothing of its items"


@each_role
def test_names_of_a_role_say_whose_they_are(role):
    public, internal = f"{role.name}_", f"__{role.name}"
    outputs = set().union(*(load(path) or {} for path in (role / "vars").glob("*.yml")))
    assert all(name.startswith(public) for name in options(role))
    assert all(name.startswith((public, internal)) for name in outputs)
    assert not outputs & set(options(role)), "vars/ would overrule what the user says"
    for path, task in tasks(role):
        if "register" in task:
            assert task["register"].startswith(internal), f"{path.name}: {task['register']}"
        loop_variable = task.get("loop_control", {}).get("loop_var", internal)
        assert loop_variable.startswith(internal), f"{path.name}: {loop_variable}"
        assert not {"ansible.builtin.set_fact", "ansible.builtin.shell", "set_fact", "shell"} & set(task), path.name
        assert not task.get("ignore_errors"), path.name


@each_role
def test_defaults_and_specs_say_the_same(role):
    """A default that the spec repeats as a plain value is the value."""
    defaults = load(role / "defaults/main.yml") or {}
    for name, spec in options(role).items():
        said = spec.get("default")
        if spec["type"] in ("bool", "int", "float") and isinstance(said, (bool, int, float)):
            assert said == defaults[name], name
        if spec.get("choices") and not isinstance(defaults.get(name), (dict, list)) and "{{" not in str(defaults.get(name, "{{")):
            assert defaults[name] in spec["choices"], name


@each_role
def test_registered_results_are_read_in_vars_only(role):
    """Ids are resolved once, in vars/main.yml; a chain through tasks would break each check run from nothing."""
    registered = {task["register"] for _path, task in tasks(role) if "register" in task}
    free = {"when", "loop", "until", "changed_when", "failed_when", "register", "name", "retries", "delay", "loop_control"}
    found = []
    for path, task in tasks(role):
        told = json.dumps({key: value for key, value in task.items() if key not in free})
        found += [f"{path.name}: {task.get('name')}: {name}" for name in registered if re.search(rf"\b{name}\b(?!\w)", told)]
    assert found == []


@each_role
def test_what_is_registered_is_used(role):
    read = "".join(path.read_text() for path in yaml_files(role.relative_to(ROOT)))
    for _path, task in tasks(role):
        if "register" in task:
            assert len(re.findall(rf"\b{task['register']}\b", read)) > 1, task["register"]


@cache
def documentation(modules):
    """Return what ansible-doc says of modules."""
    command = [sys.executable, "-m", "ansible", "doc", "--json", *modules]
    return json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def documented(module):
    """Return the documented options of a module of another collection."""
    others = tuple(sorted({kind.module for kind in KINDS.values() if not kind.ours}))
    return set(documentation(others)[module]["doc"]["options"])


def entries(task):
    """Return the entries of a batch."""
    return task.get(BATCH, {}).get("resources", [])


def described_tasks():
    for role in ROLES:
        for path, task in tasks(role):
            said = [task[DESCRIBED]] if DESCRIBED in task else entries(task)
            for number, one in enumerate(said):
                for module in set(one) - set(batch.KEYWORDS):
                    yield pytest.param(module, one[module], id=f"{role.name}-{path.stem}-{module.rpartition('.')[2]}-{number}")


@pytest.mark.parametrize(("module", "arguments"), list(described_tasks()))
def test_described_modules_have_a_kind_and_know_their_arguments(module, arguments):
    kind = batch.kind_of("it", module)
    if isinstance(arguments, dict):
        known = batch.known(kind) - set(kind.fixed_arguments if not kind.ours else ())
        assert set(arguments) - known == set()


@cache
def made_of_references():
    """Return the role variables whose text is made of references, or of such a variable."""
    texts = [
        (name, value)
        for role in ROLES
        for path in (role / "defaults/main.yml", role / "vars/main.yml")
        for name, value in (load(path) or {}).items()
        if isinstance(value, str)
    ]
    found = {name for name, text in texts if "flow_builder.aws.ref(" in text or "flow_builder.aws.ref'" in text}
    while more := {name for name, text in texts if set(re.findall(r"\w+", text)) & found} - found:
        found |= more
    return found


def speaks(text):
    """Say whether a text is made of references."""
    return "flow_builder.aws.ref" in text or bool(set(re.findall(r"\w+", text)) & (made_of_references() - WHOLE))


@each_role
def test_what_shapes_a_list_is_no_reference(role):
    """Counts, conditions and names must be known before anything is made."""
    assert speaks("{{ network_vpc_id }}") and speaks("load_balancer_vpc_id") and not speaks("queue_name")
    shapes = []
    for path, task in tasks(role):
        shapes += [(path, task["name"], task.get(key)) for key in ("loop", "when", "until", "changed_when")]
        for one in entries(task):
            (module,) = set(one) - set(batch.KEYWORDS)
            kind = batch.kind_of("it", module)
            names = [value for name, value in one[module].items() if kind.field_of(name) == kind.identity[0]]
            shapes += [(path, module, value) for value in (one.get("for_each"), one.get("when"), *names)]
    assert [(path.name, where, said) for path, where, said in shapes if speaks(json.dumps(said))] == []


@pytest.mark.parametrize("path", yaml_files("roles"), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_encoded_holds_no_reference(path):
    """A reference is found in text: encoded, hashed or taken apart it would stay one."""
    for expression in re.findall(r"\{\{.*?\}\}", path.read_text(), re.DOTALL):
        if re.search(r"b64encode|hash\(|split\b|urlsplit", expression):
            files = re.findall(r"template', '([\w./]+\.j2)'", expression)
            told = [expression, *((path.parents[1] / "templates" / name).read_text() for name in files)]
            assert not any(map(speaks, told)), expression


@each_role
def test_our_modules_are_used_by_their_full_names_and_exist(role):
    ours = {path.stem for path in MODULES} | {path.stem for path in ROOT.glob("plugins/action/*.py")}
    for path, task in tasks(role):
        for key in task:
            if key.startswith(OURS):
                assert key.removeprefix(OURS) in ours, f"{path}: {key}"


@each_role
def test_names_come_from_the_map(role):
    used = re.findall(r"flow_builder\.aws\.name\(\s*'([^']*)'", "".join(p.read_text() for p in yaml_files(role.relative_to(ROOT))))
    assert set(used) - set(NAMES) == set()
    for path in yaml_files(role.relative_to(ROOT)):
        made = re.findall(r"\{\{\s*stack_name\s*\}\}[-/]\w[\w-]*", path.read_text())
        assert made == [], f"{path} makes a name by hand"


# Rules


def test_a_community_module_that_waits_is_told_for_how_long():
    """Their own five minutes are less than AWS takes for a snapshot; ``described`` waits by the engine's own time."""
    waits = [
        (f"{path.parent.parent.name}/{path.name}: {task['name']}", arguments)
        for role in ROLES
        for path, task in tasks(role)
        for name, arguments in task.items()
        if name.startswith(("amazon.aws.", "community.aws.")) and arguments.get("wait")
    ]
    assert waits
    assert [where for where, arguments in waits if "wait_timeout" not in arguments] == []


@pytest.mark.parametrize("path", sorted(ROOT.glob("roles/*/*/*.yml")), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_list_has_another_order_in_each_run(path):
    """Ansible's union is that of two sets."""
    assert not re.search(r"\|\s*(union|symmetric_difference)\b", path.read_text())


def test_rules_are_about_variables_that_exist():
    known = {name for role in ROLES for name in options(role)}
    there = {role.name for role in ROLES}
    for names, check in RULES:
        for name in names:
            kind, _dot, key = name.partition(".")
            if key:
                assert all(key in SPECS[one] for one in OF_TYPES[kind]), f"{check.__name__} is about {name}, which no {kind} has"
            if key or name == ALL_COMPONENTS:
                continue
            if not any(name.startswith(f"{role}_") for role in there) and "*" not in name:
                continue  # a role of another profile
            pattern = re.compile(re.escape(name).replace(r"\*", ".*"))
            assert any(pattern.fullmatch(one) for one in known), f"{check.__name__} is about {name}, which no role has"


@pytest.mark.parametrize("path", sorted(ROOT.glob("inventories/*/group_vars/*.yml")), ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_inventories_set_variables_that_exist(path):
    known = {name for role in ROLES for name in options(role)}
    assert set(load(path) or {}) - known == set()


# Modules


@each_module
def test_a_modules_documentation_is_whole(path):
    told = {
        node.targets[0].id: node.value.value
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }
    assert {"DOCUMENTATION", "EXAMPLES", "RETURN"} <= set(told)
    document = yaml.safe_load(told["DOCUMENTATION"])
    assert document["module"] == path.stem
    assert document["short_description"] and not document["short_description"].endswith(".")
    assert document["description"] and document["version_added"]
    for task in yaml.safe_load(told["EXAMPLES"]):
        assert any(key == f"{OURS}{path.stem}" for key in task), f"an example uses another module: {task}"
    assert yaml.safe_load(told["RETURN"])


class Asked(Exception):
    """The module said what it takes."""


def spec_of(path, monkeypatch):
    """Return the argument spec that a module gives to AnsibleAWSModule."""
    module = import_module(f"ansible_collections.flow_builder.aws.plugins.modules.{path.stem}")
    def ask(*arguments, argument_spec=None, **keywords):
        raise Asked(argument_spec if argument_spec is not None else arguments[0])

    for place in (module, engine):
        if hasattr(place, "AnsibleAWSModule"):
            monkeypatch.setattr(place, "AnsibleAWSModule", ask)
    with pytest.raises(Asked) as asked:
        module.main()
    return asked.value.args[0]


def shape(spec, documented=False):
    """Return what a specification and its documentation must share."""
    return {
        name: {
            "type": told.get("type", "str"),
            "elements": told.get("elements"),
            "choices": [str(choice) for choice in told.get("choices") or []],
            "required": bool(told.get("required", False)),
            "default": told.get("default"),
            "aliases": sorted(told.get("aliases") or []),
            "options": shape(told.get("suboptions" if documented else "options") or {}, documented),
        }
        for name, told in spec.items()
    }


@each_aws_module
def test_a_modules_documentation_is_its_argument_spec(path, monkeypatch):
    ours = tuple(f"{OURS}{path.stem}" for path in MODULES)
    told = documentation(ours)[f"{OURS}{path.stem}"]["doc"]["options"]
    told = {name: option for name, option in told.items() if name not in aws_argument_spec()}
    assert shape(told, documented=True) == shape(spec_of(path, monkeypatch))


def test_module_defaults_reach_every_module_that_talks_to_aws():
    runtime = load(ROOT / "meta/runtime.yml")
    group = [entry for entry in runtime["action_groups"]["aws"] if isinstance(entry, str)]
    assert group == sorted(group)
    assert set(group) == {path.stem for path in MODULES} - LOCAL | {"described"}
    extended = [entry["metadata"]["extend_group"] for entry in runtime["action_groups"]["aws"] if isinstance(entry, dict)]
    assert extended == [["amazon.aws.aws", "community.aws.aws"]]


def test_every_module_that_talks_to_aws_tells_what_it_did():
    """Its action is the one of all, or one of its own on the same base."""
    for entry in load(ROOT / "meta/runtime.yml")["action_groups"]["aws"]:
        if isinstance(entry, str):
            action = ROOT / f"plugins/action/{entry}.py"
            ours = action.is_symlink() and str(action.readlink()) == "../plugin_utils/module_action.py"
            assert ours or re.search(r"run_summary\.finish\(|\bAwsAction\)", action.read_text()), entry


@pytest.mark.parametrize("name", ["CONNECTION", "STEERING", "MASK"])
def test_what_several_files_need_stands_in_one(name):
    """A copy would go on saying what the other one no longer does."""
    said = re.compile(rf"^{name} = ", re.MULTILINE)
    found = [path for path in (ROOT / "plugins").rglob("*.py") if said.search(path.read_text())]
    found = [path for path in found if path.name != "secrets.py"]  # what a connection's text looks like
    assert len(found) == 1, found


def test_the_word_for_a_secret_stands_in_one_file():
    assert [path.name for path in (ROOT / "plugins").rglob("*.py") if '"(secret)"' in path.read_text()] == ["diff.py"]


@each_aws_module
def test_a_module_leaves_arguments_errors_and_exit_to_the_engine(path):
    """So that what can't be done is one sentence, in each of them."""
    text = path.read_text()
    assert len(re.findall(r"^    (?:run|answer|only_as_action)\(", text, re.MULTILINE)) == 1
    assert not re.search(r"AnsibleAWSModule\(|fail_json|exit_json", text)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_kinds_module_exists(kind):
    if kind.module.startswith(OURS):
        assert (ROOT / f"plugins/modules/{kind.module.removeprefix(OURS)}.py").is_file()
    else:
        assert documented(kind.module)


# Playbooks


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_every_play_asks_for_its_stacks_and_begins_with_its_checks(path):
    """Ansible ends a play without hosts, or without tasks of the chosen tags, with success."""
    plays = [play for play in load(path) if "hosts" in play]
    assert plays
    for play in plays:
        assert re.match(r"\{\{ lookup\('flow_builder\.aws\.stacks', ", play["hosts"])
        first = [task for task in play["tasks"] if task.get("tags") == ["always"] or BEGIN in task.values()]
        # What the play before found is judged by another one.
        assert first or path.stem in ("plan", "status")
    (begin,) = {tuple(task["tags"]) for task in load(ROOT / "roles/stack/tasks/begin.yml")}
    assert begin == ("always",)


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_play_works_where_somebody_else_configures(path):
    """Modules run by the playbook's own Python, which has boto3, and not by one that Ansible discovers."""
    for play in load(path):
        if "hosts" in play:
            assert play["vars"]["ansible_python_interpreter"] == "{{ ansible_playbook_python }}", play["name"]


@pytest.mark.parametrize("folder", ["playbooks", "roles"])
def test_reports_are_written_where_a_run_begins(folder):
    """The installed collection may be anybody's, and is replaced by the next one."""
    found = [path for path in (ROOT / folder).rglob("*.yml") if re.search(r"(playbook_dir|role_path)[^\n]*reports", path.read_text())]
    assert found == []


# The repository


@pytest.mark.parametrize("name", ["amazon.aws", "community.aws"])
def test_the_installed_collections_are_the_pinned_ones(name):
    wanted = {entry["name"]: entry["version"] for entry in load(ROOT / "collections/requirements.yml")["collections"]}
    (manifest,) = [
        file for place in ansible_collections.__path__ if (file := Path(place, *name.split("."), "MANIFEST.json")).is_file()
    ]
    assert json.loads(manifest.read_text())["collection_info"]["version"] == wanted[name]


def test_pins_agree():
    pinned = dict(re.findall(r"^([\w.-]+)(?:\[[\w,]+\])?==([\w.]+)", (ROOT / "requirements/requirements.txt").read_text(), re.MULTILINE))
    wanted = {entry["name"]: entry["version"] for entry in load(ROOT / "collections/requirements.yml")["collections"]}
    assert load(ROOT / "galaxy.yml")["dependencies"] == wanted
    assert pinned["ansible"] == version("ansible")


def test_pins_name_no_place():
    for path in (ROOT / "requirements").iterdir():
        assert not re.search(r"https?://|--index|--extra-index|--find-links", path.read_text()), path


@pytest.mark.parametrize("path", sorted(path for folder in ("roles", "playbooks", "plugins", "inventories") for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix in (".py", ".yml", ".yaml", ".j2")), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_but_the_environment_says_which_aws(path):
    # A container may ask itself whether it is healthy.
    itself = r"https?://(?:localhost|127\.0\.0\.1)(?!:\{port\}/health)"
    assert re.findall(rf"(?i)\bmoto\b|emulat\w*|localstack|\b4566\b|{itself}", path.read_text()) == []


def test_ansibles_settings_are_known():
    told = subprocess.run([sys.executable, "-m", "ansible", "config", "validate", "-t", "all"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    config = configparser.ConfigParser()
    config.read(ROOT / "ansible.cfg")
    assert config["defaults"]["collections_path"].split(":")[0] == "collections"
