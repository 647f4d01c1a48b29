"""What is ansible-core's own is taken in versions that are known; in another one all works, and one sentence says so."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.flow_builder.aws.plugins.plugin_utils import core

ROOT = Path(__file__).resolve().parents[2]
INSIDE = ("ansible.executor", "ansible.module_utils.common.json", "ansible.module_utils.common.warnings", "ansible.utils.multiprocessing")
# The same Python that runs it everywhere else, with ansible-core of another version.
RUN = """
import sys
import ansible.release
ansible.release.__version__ = sys.argv.pop(1)
from ansible.cli.playbook import PlaybookCLI
PlaybookCLI.cli_executor(["ansible-playbook", *sys.argv[1:]])
"""
MODULE = """
import sys
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({"said": {}})
module.exit_json(changed=True, said=module.params["said"], fast="ansible.executor.task_queue_manager" in sys.modules)
"""


ACTION = """
from ansible.plugins.action import ActionBase
from ansible_collections.flow_builder.aws.plugins.plugin_utils.core import OwnTemplates, with_variables

class ActionModule(OwnTemplates, ActionBase):
    own_templates = ("them",)
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        made = with_variables(self._templar, {"word": "its own"}).template(self._task.args["them"])
        return {"changed": False, "made": made, "other": self._task.args["other"]}
"""


def load(version, monkeypatch):
    monkeypatch.setattr("ansible.release.__version__", version)
    spec = importlib.util.spec_from_file_location("another_core", ROOT / "plugins/plugin_utils/core.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("version", "known"),
    [("2.21.0", True), ("2.21.9", True), ("2.21.0b1", True), ("2.22.0", False), ("2.20.4", False), ("2.2.1", False), ("3.0", False)],
)  # fmt: skip
def test_which_versions_are_known(monkeypatch, version, known):
    assert load(version, monkeypatch).known is known


def test_a_known_version_whose_inside_is_another_is_not_known(monkeypatch):
    monkeypatch.setitem(sys.modules, "ansible._internal._templating._lazy_containers", None)
    monkeypatch.delattr("ansible._internal._templating._lazy_containers")
    assert load("2.21.5", monkeypatch).known is False


def inside(path):
    """Yield what a file takes of ansible-core's inside, and what it changes of ansible-core."""
    theirs = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [(one.name, one.asname or one.name.partition(".")[0]) for one in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [(f"{node.module}.{one.name}", one.asname or one.name) for one in node.names]
        else:
            continue
        for name, here in names:
            if name.partition(".")[0] == "ansible":
                theirs.add(here)
                private = [part for part in name.split(".") if part.startswith("_") and not part.endswith("__")]
                if private or name.startswith(INSIDE):
                    yield name
    for node in ast.walk(ast.parse(path.read_text())):
        for target in node.targets if isinstance(node, ast.Assign) else []:
            for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                root = one
                while isinstance(root, ast.Attribute):
                    root = root.value
                if isinstance(one, ast.Attribute) and isinstance(root, ast.Name) and root.id in theirs:
                    yield ast.unparse(one)


def test_the_inside_of_ansible_core_is_touched_in_one_place():
    found = {str(path.relative_to(ROOT)): list(inside(path)) for path in (ROOT / "plugins").rglob("*.py")}
    assert len(found.pop("plugins/plugin_utils/core.py")) > 10
    assert {path: names for path, names in found.items() if names} == {}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run tasks, one of them a loop, one with templates of its own, with an ansible-core of some version."""
    base = tmp_path_factory.mktemp("core")
    odd = base / "ansible_collections/community/aws/plugins/modules/odd.py"
    odd.parent.mkdir(parents=True)
    odd.write_text(f"#!/usr/bin/python{MODULE}")
    own = base / "ansible_collections/community/aws/plugins/action/own.py"
    own.parent.mkdir(parents=True)
    own.write_text(ACTION)
    (own.parents[1] / "modules/own.py").write_text("")
    them = {"them": "{{ listed }}", "other": "{{ word }}"}
    say = {"name": "Say", "community.aws.odd": {"said": "{{ word }}"}, "register": "heard"}
    tasks = [
        {**say, "vars": {"word": "one"}},
        {**say, "vars": {"word": "{{ item }}"}, "loop": ["two", "three"]},
        {"name": "Own", "community.aws.own": them, "vars": {"word": "task's", "listed": ["{{ word }}"]}, "register": "made"},
        {"name": "Tell", "ansible.builtin.copy": {"content": "{{ [heard.results, made] | to_json }}", "dest": str(base / "told")}},
    ]
    (base / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))

    def run(version):
        done = subprocess.run(
            [sys.executable, "-c", RUN, version, str(base / "play.yml"), "-i", "stack,", "-c", "local"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
                "ANSIBLE_COLLECTIONS_PATH": f"{base}:{ROOT / 'collections'}", "COLUMNS": "2000",
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            },
        )  # fmt: skip
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        heard, made = json.loads((base / "told").read_text())
        return output, [*((one["said"], one["fast"]) for one in heard), (made["made"], made["other"])]

    return run


def test_another_version_works_at_stock_speed_and_says_so_once(run):
    output, told = run("2.99.0")
    assert told == [("two", False), ("three", False), (["its own"], "task's")]
    sentence = "flow_builder.aws runs at stock speed because ansible-core 2.99.0 isn't known to it, as 2.21 is"
    assert output.count("stock speed") == output.count(sentence) == 1, output


def test_a_known_version_says_nothing(run):
    output, told = run("2.21.5")
    assert told == [("two", True), ("three", True), (["its own"], "task's")]
    assert "stock speed" not in output and "WARNING" not in output, output


@pytest.fixture
def templar():
    return Templar(DataLoader(), {"a": trust_as_template("{{ b }}"), "b": 1, "c": "task's"})


def test_a_value_is_templated_with_more_variables(templar):
    value = {"it": [trust_as_template("{{ each.x + a }}")], "c": trust_as_template("{{ c }}"), "left": trust_as_template("{{ omit }}")}
    more = {"each": {"x": trust_as_template("{{ b + 1 }}")}, "c": "its own"}
    made = core.with_variables(templar, more)
    assert made.template(value) == {"it": [3], "c": "its own"}
    assert made.evaluate_conditional(trust_as_template("each.x == 2")) is True
    assert templar.template(trust_as_template("{{ c }}")) == "task's"
    with pytest.raises(AnsibleError, match="'each' is undefined"):
        templar.template(trust_as_template("{{ each.x }}"))


def test_plain_data_is_nothing_of_ansible_cores():
    Origin = core.Origin
    told = {Origin(path="/x").tag("a"): [Origin(path="/x").tag(1), True, None, 1.5, Origin(path="/x").tag("{{ b }}")]}
    made = core.plain_data(told)
    assert made == {"a": [1, True, None, 1.5, "{{ b }}"]}
    assert [type(one) for one in [*made, *made["a"]]] == [str, int, bool, type(None), float, str]


def test_an_action_templates_what_it_says_itself():
    class Base:
        @classmethod
        def finalize_task_arg(cls, name, value, templar, context):
            return templar.template(value)

    class Action(core.OwnTemplates, Base):
        own_templates = ("them",)

    engine = Templar(DataLoader(), {"all": [{"x": trust_as_template("{{ each }}")}], "word": "w"})._engine
    assert Action.keeps_templates
    later = [{"x": "{{ each }}"}]
    assert Action.finalize_task_arg("them", trust_as_template("{{ all }}"), engine, None) == later
    assert Action.finalize_task_arg("them", [{"x": trust_as_template("{{ each }}")}], engine, None) == later
    assert Action.finalize_task_arg("other", trust_as_template("{{ word }}"), engine, None) == "w"
