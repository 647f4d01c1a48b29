"""The map of a stack's components: what is merged over what, what an entry comes to, and what is refused."""

from __future__ import annotations

import re

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.action.validate import checked
from ansible_collections.flow_builder.aws.plugins.module_utils import components
from ansible_collections.flow_builder.aws.plugins.module_utils.components import (
    FORMER,
    SPECS,
    faults,
    former,
    merged,
    over,
    places,
    said,
)

from tests.conftest import ROOT

DEFAULT = {
    "api": {"type": "service", "cpu": 512, "environment": {"A": "1", "B": "2"}, "alarms": {"cpu": {"name": "high-cpu"}}},
    "worker": {"type": "service", "queue": "workflow", "max_count": 10},
    "cleanup": {"type": "function", "schedule": "rate(1 day)"},
}


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}, {"a": {"b": 3, "c": 2}}),
        ({"a": {"b": 1}}, {"a": None}, {}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({}, {"a": {"b": None, "c": {"d": None}}}, {"a": {"c": {}}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": 2}, {"a": 2}),
        ({"a": 2}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, {}, {"a": 1}),
    ],
)
def test_a_map_over_another_one(below, above, expected):
    before = yaml.safe_dump(below)
    assert over(below, above) == expected
    assert yaml.safe_dump(below) == before


def test_one_changed_value_loses_nothing():
    whole, changed = merged(DEFAULT), merged(DEFAULT, {"api": {"memory": 1024}}, {"api": {"environment": {"C": "3"}}})
    assert changed["api"] == whole["api"] | {"memory": 1024, "environment": {"A": "1", "B": "2", "C": "3"}}
    assert {name: changed[name] for name in ("worker", "cleanup")} == {name: whole[name] for name in ("worker", "cleanup")}


def test_null_takes_out_a_component_a_key_and_a_usual_alarm():
    made = merged(DEFAULT, {"worker": None, "api": {"environment": {"A": None}, "cpu": None, "alarms": {"memory": None}}})
    assert set(made) == {"api", "cleanup"}
    assert made["api"]["environment"] == {"B": "2"} and made["api"]["cpu"] == 256
    assert made["api"]["alarms"] == {"cpu": {"name": "high-cpu"}}


def test_parts_are_merged_in_the_order_of_their_names_and_once_is_last():
    names = ["stack_name", "stack_components_once", "stack_components_b", "stack_components", "stack_components_a"]
    assert said(names) == ["stack_components", "stack_components_a", "stack_components_b", "stack_components_once"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, {"desired_count": 1, "min_count": 1, "first_count": 1, "circuit_breaker_threshold": 2, "health_command": []}),
        ({"desired_count": 3}, {"min_count": 3, "circuit_breaker_threshold": 0}),
        ({"min_count": 2}, {"desired_count": 2}),
        ({"queue": "mails"}, {"desired_count": 0, "min_count": 0, "first_count": 0, "queue_variable": "MAILS_QUEUE_URL"}),
        ({"queue": "mails", "min_count": 1}, {"desired_count": 1}),
        ({"queue": "bulk-mails", "queue_variable": "URL"}, {"queue_variable": "URL"}),
        ({"sends_to": {"bulk-mails": "", "workflow": "SQS_URL"}}, {"sends_to": {"bulk-mails": "BULK_MAILS_QUEUE_URL", "workflow": "SQS_URL"}}),
        ({"cpu": "512"}, {"cpu": 512}),
        ({"queue": "mails"}, {"alarms": {"memory": {"name": "x-memory"}}}),
        ({"alarms": {"cpu": {"threshold": 50.0}}}, {"alarms": {"cpu": {"name": "x-cpu", "threshold": 50.0}, "memory": {"name": "x-memory"}}}),
        ({"type": "function"}, {"memory": 256, "vpc": True, "schedule": "", "alarms": {"errors": {"name": "x-errors"}}}),
    ],
)
def test_what_an_entry_comes_to(entry, expected):
    made = merged({"x": {"type": "service", **entry}})["x"]
    assert {key: made[key] for key in expected} == expected
    assert set(made) == {"name", *SPECS[made["type"]]} | ({"demand"} if made["type"] == "service" else set())


def test_the_load_balancers_component_is_asked_on_its_port():
    made = merged({"x": {"type": "service", "load_balancer": True, "port": 9000}})["x"]
    assert "http://127.0.0.1:9000/health" in made["health_command"][1]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"stack_components": {"api": {"cpu": 256}, "mailer": {"type": "function"}}}, []),
        ({"stack_components": {"worker": None}}, []),
        ({"stack_components": {"api": {"alarms": {"cpu": None}, "environment": {"A": None}, "memory": None}}}, []),
        ({"stack_components_a": {"api": {"cpu": "many"}}}, ["stack_components_a.api.cpu is 'many': it must be a whole number"]),
        ({"stack_components_once": {"api": {"cpus": 1}}}, ["stack_components_once.api.cpus is no key of a service: did you mean cpu?"]),
        ({"stack_components": {"mailer": {"cpu": 1}}}, ["stack_components.mailer has no type, and there is no such component yet: allowed are service, task, function"]),
        ({"stack_components": {"mailer": {"type": "lambda"}}}, ["stack_components.mailer.type is 'lambda': allowed are service, task, function"]),
        ({"stack_components": {"mailer": None}}, ["stack_components.mailer is null: there is no such component that could be taken out"]),
        ({"stack_components": {"api": 3}}, ["stack_components.api is 3: it must be a mapping, or null, which takes the component out"]),
        ({"stack_components": {"cleanup": {"cpu": 1}}}, ["stack_components.cleanup.cpu is no key of a function: allowed are"]),
        ({"stack_components": {"worker": {"type": "function"}}}, ["stack_components.worker.max_count is no key of a function", "stack_components.worker.queue is no key of a function"]),
        ({"stack_components": {"api": {"alarms": {"disk": {}}}}}, ["disk"]),
        ({"stack_components": {"api": {"deployment_strategy": "blue"}}}, ["stack_components.api.deployment_strategy is 'blue': allowed are ROLLING"]),
        ({"stack_components": {"api": {"migrations": "no"}}}, ["stack_components.api.migrations is 'no', a text: it must be true or false"]),
        ({"stack_components": {"a": {"type": "task"}}, "stack_components_b": {"a": {"port": 1}}}, ["stack_components_b.a.port is no key of a task"]),
    ],
)
def test_what_is_wrong_is_said_of_the_variable_that_says_it(parts, told):
    found = faults(DEFAULT, parts, checked)
    assert len(found) == len(told), found
    for (variable, sentence), words in zip(found, told, strict=True):
        assert variable in parts and words in sentence and "\n" not in sentence


def test_a_value_is_told_with_the_variable_that_says_it_last():
    parts = {"stack_components": {"api": {"cpu": 1, "memory": 2}}, "stack_components_once": {"api": {"cpu": 3}}}
    where, made_of = places(merged(DEFAULT, *parts.values()), parts)
    assert where["api"]["cpu"] == "stack_components_once.api.cpu" and where["api"]["memory"] == "stack_components.api.memory"
    assert where["worker"]["max_count"] == "stack_components.worker.max_count"
    assert places(merged({"x": {"type": "task"}}), {})[1] == {"stack_components.x.health_command": set()}
    assert made_of["stack_components.api.min_count"] == {"stack_components.api.desired_count"}


def test_each_former_variable_is_refused_with_its_place():
    roles = [yaml.safe_load(path.read_text()) or {} for path in ROOT.glob("roles/*/defaults/main.yml")]
    known = set().union(*roles)
    profiles = yaml.safe_load((ROOT / "roles/stack/vars/main.yml").read_text())["__stack_profiles"]
    assert len(FORMER) > 40 and not set(FORMER) & known
    for name, place in FORMER.items():
        sentence = former(name)
        assert sentence.startswith(f"{name} is no variable any more") and "stack_components" in sentence
        for component, key, *_rest in (one.split(".") for one in place.split() if "<" not in one):
            assert key in SPECS[profiles["standard"]["components"][component]["type"]]
    assert former("ecs_api_cpu") == "ecs_api_cpu is no variable any more: say stack_components: {api: {cpu: ...}}"
    assert former("stack_name") == ""


def test_the_profiles_own_components_are_right():
    profiles = yaml.safe_load((ROOT / "roles/stack/vars/main.yml").read_text())["__stack_profiles"]
    for one in profiles.values():
        assert faults({}, {"stack_components": one["components"]}, checked) == []


def test_every_key_is_described():
    for spec in SPECS.values():
        assert all(one["description"].endswith(".") for one in spec.values())
    assert components.__doc__


NAMES = "|".join(sorted({name for profile in yaml.safe_load((ROOT / "roles/stack/vars/main.yml").read_text())["__stack_profiles"].values() for name in profile["components"]}))
PLACES = [
    *sorted(path for path in ROOT.glob("roles/*/*/*") if path.parts[-2] in ("defaults", "vars", "tasks", "templates")),
    *sorted(ROOT.glob("playbooks/**/*.yml")),
    *sorted(path for folder in ("releases", "rules", "images") for path in (ROOT / f"plugins/module_utils/{folder}").glob("*.py")),
]


@pytest.mark.parametrize("path", PLACES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_role_rule_or_runbook_knows_a_components_name(path):
    """As a value, a key or an attribute; sentences for people may speak of the API and of workers."""
    text = re.sub(r"^\s*#.*", "", path.read_text(), flags=re.MULTILINE)
    if path == ROOT / "roles/stack/vars/main.yml":  # the table of profiles says what the four are
        text = re.sub(r"\n    components:\n.*?(?=\n    \w)", "", text, flags=re.DOTALL)
    assert re.findall(rf"""(?:(?<=')(?:{NAMES})(?=')|(?<=")(?:{NAMES})(?=")|^ *(?:- )?(?:{NAMES}):|: (?:{NAMES})$|\b(?!ecr\.)\w+\.(?:{NAMES})\b(?!\())""", text, re.MULTILINE) == []
