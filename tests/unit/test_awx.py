"""What AWX is told is what awx.awx 24.6.1 takes, names only what there is, and asks what the specs say."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.flow_builder.aws.plugins.action.validate import checked
from ansible_collections.flow_builder.aws.plugins.module_utils.rules.catalogue import broken
from dateutil import rrule

from tests.controller.collection import specification
from tests.controller.double import Controller, Refused

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts")]

import awx_vars as awx  # noqa: E402

import inventories  # noqa: E402

# The module that takes the items of each variable.
MODULES = {
    "aap_organizations": "organization", "aap_teams": "team", "controller_credential_types": "credential_type",
    "controller_credentials": "credential", "controller_execution_environments": "execution_environment",
    "controller_inventories": "inventory", "controller_inventory_sources": "inventory_source",
    "controller_notifications": "notification_template", "controller_projects": "project", "controller_roles": "role",
    "controller_schedules": "schedule", "controller_templates": "job_template", "controller_workflows": "workflow_job_template",
}  # fmt: skip
NODE = "workflow_job_template_node"


class Loader(yaml.SafeLoader):
    """Reads what AWX is to template, too."""


Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


@cache
def told():
    """Return all variables, with the defaults of those of people."""
    said = {}
    for path in sorted((ROOT / "awx/vars").glob("*.yml")):
        said |= yaml.load(path.read_text(), Loader)
    return said


def resolved(value):
    """Return a value with what people may set at its default."""
    if isinstance(value, dict):
        return {key: resolved(part) for key, part in value.items()}
    if isinstance(value, list):
        return [resolved(part) for part in value]
    if isinstance(value, str) and "awx_" in value:
        return Templar(loader=DataLoader(), variables={}).template(trust_as_template(value))
    return value


def items(*variables):
    return [(variable, resolved(item)) for variable in variables or MODULES for item in told()[variable]]


def nodes():
    return [(flow["name"], node) for _, flow in items("controller_workflows") for node in flow["simplified_workflow_nodes"]]


def names(variable):
    return {item["name"] for _, item in items(variable)}


def faults(module, item):
    spec = specification(module)
    rules = {key: spec.get(key) for key in ("mutually_exclusive", "required_if")}
    return ArgumentSpecValidator(spec["argument_spec"], **rules).validate(item).error_messages


each_item = pytest.mark.parametrize(("variable", "item"), items(), ids=lambda value: value if isinstance(value, str) else str(value.get("name", value.get("role"))))


@each_item
def test_the_modules_take_each_item(variable, item):
    assert faults(MODULES[variable], {key: value for key, value in item.items() if key != "simplified_workflow_nodes"}) == []


@pytest.mark.parametrize(("flow", "node"), nodes(), ids=lambda value: value if isinstance(value, str) else value["identifier"])
def test_the_module_takes_each_node(flow, node):
    assert faults(NODE, node | {"workflow_job_template": flow, "state": "present"}) == []
    assert ("approval_node" in node) != ("unified_job_template" in node)


def test_a_fault_would_be_seen():
    assert faults("job_template", {"name": "x", "inventroy": "y"}) and faults("job_template", {"name": "x", "job_type": "scan"})
    assert faults("role", {"teams": ["x"], "role": "excecute"}) and faults(NODE, {"identifier": "x", "workflow_job_template": "y", "state": "present"})


def test_all_variables_are_known():
    assert set(told()) == set(MODULES)


def test_every_key_is_handed_on():
    """Each key of an item stands in the task that gives it to the module."""
    (play,) = yaml.safe_load((ROOT / "awx/configure.yml").read_text())
    given = {}
    for task in play["tasks"]:
        for module, arguments in task.items():
            if module.startswith("awx.awx."):
                given.setdefault(module.rpartition(".")[2], set()).update(arguments)
    for variable, item in items():
        assert set(item) - given[MODULES[variable]] <= {"simplified_workflow_nodes"}, variable
    for _flow, node in nodes():
        assert set(node) - given[NODE] == set()


# What they name


def test_every_playbook_has_a_row_and_a_template_in_each_environment():
    rows = awx.source()["playbooks"]
    assert set(rows) == set(awx.playbooks()), "awx/source.yml has a row for each playbook"
    for environment in awx.environments():
        there = {item["playbook"] for _, item in items("controller_templates") if item["inventory"] == awx.inventory(environment)}
        assert there == set(rows)
    assert all((ROOT / playbook).is_file() for playbook in there)


def test_every_reference_resolves():
    organizations = names("aap_organizations")
    jobs = names("controller_templates")
    assert {item["organization"] for _, item in items() if "organization" in item} == organizations
    for _, item in items("controller_templates"):
        assert item["inventory"] in names("controller_inventories") and item["project"] in names("controller_projects")
        assert set(item["credentials"]) <= names("controller_credentials")
    for _, item in items("controller_inventory_sources"):
        assert item["inventory"] in names("controller_inventories") and item["source_project"] in names("controller_projects")
        assert (ROOT / item["source_path"]).is_file() and (ROOT / item["source_path"]).with_name("group_vars").is_dir()
    for _, item in items("controller_inventories"):
        assert set(item.get("input_inventories", [])) <= names("controller_inventories")
    assert {item["credential_type"] for _, item in items("controller_credentials")} == names("controller_credential_types")
    assert {item["unified_job_template"] for _, item in items("controller_schedules")} <= jobs
    for flow, node in nodes():
        there = {other["identifier"] for name, other in nodes() if name == flow}
        assert node.get("unified_job_template", "") in jobs | {""} and {*node["success_nodes"], *node["failure_nodes"]} <= there
    for _, item in items():
        for field in [field for field in item if field.startswith("notification_templates_")]:
            assert set(item[field]) <= names("controller_notifications")
    for _, item in items("controller_roles"):
        assert set(item["teams"]) <= names("aap_teams")
        assert set(item.get("job_templates", [])) <= jobs and set(item.get("workflows", [])) <= names("controller_workflows")
    for _, item in items("aap_organizations"):
        assert item["default_environment"] in names("controller_execution_environments") and item["galaxy_credentials"]


def test_who_may_run_what():
    may = {(team, what) for _, item in items("controller_roles") if item["role"] == "execute"
           for team in item["teams"] for what in item.get("job_templates", []) + item.get("workflows", [])}  # fmt: skip
    assert {what for team, what in may if team == awx.OPERATORS} == names("controller_templates") | names("controller_workflows")
    writing = re.compile("apply|destroy|unlock|build|migrate|rollout|rollback|send jobs|drift action|release$|pause|environment")
    wrong = [what for team, what in may if team == awx.DEVELOPERS and what.startswith("prod: ") and writing.search(what)]
    assert wrong == [] and (awx.DEVELOPERS, "dev: rollout") in may
    assert not any(writing.search(what) for team, what in may if team == awx.APPROVERS)
    approve = {team for _, item in items("controller_roles") if item["role"] == "approval" for team in item["teams"]
               if any(flow.startswith("prod: ") for flow in item["workflows"])}  # fmt: skip
    assert approve == {awx.APPROVERS}


def test_a_protected_environment_is_changed_after_an_approval_only():
    flows = {item["name"]: {node["identifier"]: node for node in item["simplified_workflow_nodes"]} for _, item in items("controller_workflows")}
    assert flows["prod: release"]["build images"]["success_nodes"] == ["approve release"]
    assert flows["prod: release"]["approve release"]["success_nodes"] == ["migrate"]
    assert flows["dev: release"]["build images"]["success_nodes"] == ["migrate"]
    assert flows["prod: environment up"]["plan"]["success_nodes"] == ["approve apply"]
    paused = flows["dev: release with a pause"]["approve continue"]
    assert (paused["success_nodes"], paused["failure_nodes"]) == (["continue rollout"], ["stop rollout"])
    # Where a rollout fails it has gone back itself: a rollback would go one release too far.
    assert flows["prod: release"]["rollout"]["failure_nodes"] == []


@pytest.mark.parametrize("item", [item for _, item in items("controller_schedules")], ids=lambda item: item["name"])
def test_a_schedule_goes_off(item):
    rule = rrule.rrulestr(item["rrule"].replace(" ", "\n"))
    assert rule[1] > rule[0] and "INTERVAL=" in item["rrule"] and "TZID=" in item["rrule"]
    (template,) = [one for _, one in items("controller_templates") if one["name"] == item["unified_job_template"]]
    required = {one["variable"] for one in template.get("survey_spec", {"spec": []})["spec"] if one["required"]}
    assert required <= set(item["extra_data"])


# What they ask


def questions():
    for _, item in items("controller_templates"):
        if item["inventory"] == awx.inventory("prod"):
            for question in item.get("survey_spec", {"spec": []})["spec"]:
                yield item, question


def spec_of(item, question):
    return (awx.of_roles() | awx.of_playbook(item["playbook"]))[question["question_name"]]


@pytest.mark.parametrize(("item", "question"), list(questions()), ids=lambda value: value.get("question_name") or value["name"])
def test_a_question_is_its_variables_spec(item, question):
    spec = spec_of(item, question)
    kinds = {"str": {"text", "multiplechoice", "password"}, "int": {"integer"}, "float": {"float"}, "bool": {"multiplechoice"}, "dict": {"textarea"}, "list": {"textarea"}}
    assert question["type"] in kinds[spec["type"]]
    assert question.get("choices", []) == (["true", "false"] if spec["type"] == "bool" else spec.get("choices", []))
    assert (question["type"] == "password") == bool(spec.get("no_log")) and ("default" not in question or not question["required"] or spec["type"] in awx.FILTERS)
    assert question["question_description"]
    if "default" in question:
        own = awx.of_inventory("prod", question["question_name"]) or [spec["default"]]
        assert yaml.safe_load(question["default"] or "''") == own[0] if spec["type"] != "int" else question["default"] == own[0]


def wrong():
    """Yield what can be answered wrongly: any text is right as a text, and of AWX's own true and false is made a value."""
    bad = {"integer": 0, "multiplechoice": "nosuch", "textarea": "nosuch"}
    for item, question in questions():
        if question["type"] in bad and not (spec_of(item, question)["type"] == "bool" and question["question_name"] in awx.of_roles()):
            yield item["name"], question["question_name"], spec_of(item, question), bad[question["type"]]


@pytest.mark.parametrize(("title", "name", "spec", "bad"), list(wrong()), ids=lambda value: value if isinstance(value, str) else "")
def test_an_answer_out_of_range_is_refused_in_a_sentence(title, name, spec, bad):
    sentences, values = checked(name, spec, bad, texts=True)
    sentences = sentences or [fault.sentence for fault in broken(values | {"release_lambda_strategy": "canary"})]
    assert len(sentences) == 1 and sentences[0].startswith(f"{name} is {bad!r}")


def templated(item, name, **variables):
    variables["inventory_hostname"] = "stack"
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(item["extra_vars"][name]))


def test_answers_become_what_the_roles_take():
    (rollout,) = [item for _, item in items("controller_templates") if item["name"] == "prod: rollout"]
    assert templated(rollout, "release_migrate", survey_release_migrate="false") is False
    images = {"api": "a@sha256:1"}
    assert templated(rollout, "release_images", survey_release_images='{"api": "a@sha256:1"}') == images
    # In a workflow, of what was built for this stack, whatever the survey's defaults say.
    built = {"stack": {"release_name": "r1", "release_images": images, "release_commit": "abc"}, "other": {}}
    assert templated(rollout, "release_images", survey_release_images="{}", built_images=built) == images
    assert templated(rollout, "release_name", built_images=built) == "r1" and templated(rollout, "release_name") == ""


def test_an_inventorys_value_is_the_default_that_is_shown(tmp_path, monkeypatch):
    """An answer is stronger than an inventory, and AWX answers with defaults."""
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"ultra": {"hosts": {"a": {"stack_environment": "x", "release_timeout": 99, "release_migrate": False}}}}))
    monkeypatch.setattr(awx, "stacks", lambda _environment: list(inventories.stacks(tmp_path).values()))
    asked = awx.asked("x", "playbooks/runbooks/rollout.yml", awx.source()["playbooks"]["playbooks/runbooks/rollout.yml"])
    assert asked["release_timeout"]["default"] == 99 and asked["release_migrate"]["default"] is False
    hosts = {name: {"stack_environment": "x", "release_timeout": seconds} for name, seconds in (("a", 1), ("b", 2))}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"ultra": {"hosts": hosts}}))
    asked = awx.asked("x", "playbooks/runbooks/rollout.yml", awx.source()["playbooks"]["playbooks/runbooks/rollout.yml"])
    assert "release_timeout" not in asked and "release_migrate" in asked


# The double


@pytest.fixture
def controller():
    made = Controller()
    made.organization = made.add("organizations", {"name": "o"})["id"]
    made.project = made.add("projects", {"name": "p", "organization": made.organization})["id"]
    made.inventory = made.add("inventories", {"name": "i", "organization": made.organization})["id"]
    made.template = made.add("job_templates", {"name": "t", "project": made.project, "inventory": made.inventory, "playbook": "site.yml", "survey_enabled": True})["id"]
    return made


QUESTION = {"question_name": "n", "variable": "v", "type": "text", "required": True}


@pytest.mark.parametrize(
    ("kind", "said", "word"),
    [
        ("teams", {"name": "x"}, "organization"),
        ("teams", {"name": "x", "organization": 99}, "does not exist"),
        ("organizations", {"name": "o"}, "already exists"),
        ("organizations", {"name": "x", "nonsense": 1}, "nonsense"),
        ("job_templates", {"name": "x", "project": 5, "inventory": 6, "playbook": "nosuch.yml"}, "Playbook not found"),
        ("job_templates", {"name": "x", "project": 5, "playbook": "site.yml"}, "ask to prompt"),
        ("inventory_sources", {"name": "x", "inventory": 6, "source": "scm", "source_path": "inventories/dev/hosts.yml"}, "Project required"),
        ("schedules", {"name": "x", "unified_job_template": 7, "rrule": "RRULE:FREQ=DAILY;INTERVAL=1"}, "DTSTART"),
        ("schedules", {"name": "x", "unified_job_template": 7, "rrule": "DTSTART:20260101T000000Z RRULE:FREQ=DAILY"}, "INTERVAL"),
        ("schedules", {"name": "x", "unified_job_template": 7, "rrule": "DTSTART:20260101T000000Z RRULE:FREQ=MOONLY;INTERVAL=1"}, "failed validation"),
        ("schedules", {"name": "x", "unified_job_template": 7, "rrule": "DTSTART:20260101T000000Z RRULE:FREQ=DAILY;INTERVAL=1"}, "'v' value missing"),
        ("credential_types", {"name": "x", "kind": "cloud", "inputs": {"fields": [{"id": "a"}]}, "injectors": {"env": {"A": "{{ b }}"}}}, "undefined"),
    ],
)
def test_the_double_refuses(controller, kind, said, word):
    controller.surveys[controller.template] = {"name": "", "description": "", "spec": [QUESTION]}
    controller.objects["projects"][5] = controller.objects["inventories"][6] = {"kind": "", "id": 5}
    controller.objects["job_templates"][7] = {**controller.objects["job_templates"][controller.template]}
    controller.objects["job_templates"][7]["id"] = controller.template
    with pytest.raises(Refused, match=re.escape(word)):
        controller.add(kind, said)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"type": "boolean"}, "not allowed"),
        ({"required": "yes"}, "missing"),
        ({"type": "multiplechoice"}, "must specify choices"),
        ({"type": "multiplechoice", "choices": ["a"], "default": "b"}, "from the choices listed"),
        ({"type": "integer", "default": "3"}, "expected to be integer"),
    ],
)
def test_the_double_refuses_surveys(controller, change, word):
    with pytest.raises(Refused, match=word):
        controller.survey({"name": "", "description": "", "spec": [QUESTION | change]})


def test_the_double_keeps_what_is_in_use(controller):
    with pytest.raises(Refused, match="still has"):
        controller.delete("organizations", controller.organization)
    with pytest.raises(Refused, match="in use"):
        controller.delete("credential_types", 1)
