"""What a profile is stands below what an inventory says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.action import validate
from ansible_collections.flow_builder.aws.plugins.plugin_utils.fingerprint import Inputs

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts")]

import inventories  # noqa: E402

# What a play is, and not what a stack has.
OF_THE_PLAY = {"stack_lock_purpose", "stack_plan"}
SAID = {
    "ecs_database_sslmode": "verify-full",
    "lambda_subnet_ids": ["subnet-1"],
    "monitoring_parts": ["queue"],
    "stack_own_key": True,
}


def stack(tmp_path, profile, **said):
    """Return what templates the variables of a stack of whose inventory these are."""
    hosts = {profile: {"hosts": {"s": {"stack_environment": "test", **said}}}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(hosts))
    return inventories.stacks(tmp_path)["s"]


def test_no_play_sets_a_variable_of_a_role():
    inputs = set()
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        inputs |= set(yaml.safe_load(path.read_text())["argument_specs"]["main"].get("options") or ())
    plays = [(path, play) for path in sorted(ROOT.glob("playbooks/**/*.yml")) if ".meta." not in path.name for play in yaml.safe_load(path.read_text())]
    assert len(plays) > 10
    assert {(path.name, name) for path, play in plays for name in inputs - OF_THE_PLAY & set(play.get("vars") or ())} == set()


@pytest.mark.parametrize("name", SAID)
def test_an_inventory_says_otherwise_than_the_profile(tmp_path, name):
    assert inventories.value(stack(tmp_path, "ultra"), name) != SAID[name]
    assert inventories.value(stack(tmp_path, "ultra", **{name: SAID[name]}), name) == SAID[name]


@pytest.mark.parametrize(("profile", "mode"), [("standard", {}), ("ultra", {"EVENTBRIDGE_PIPES_MODE": "true", "EXIT_AFTER_COMPLETION": "true"})])
def test_the_workers_own_environment_comes_to_its_profiles(tmp_path, profile, mode):
    here = stack(tmp_path, profile, stack_components={"worker": {"environment": {"MINE": "1", "CLERK_FRONTEND_URL": None}}})
    environment = inventories.value(here, "stack_all_components.worker.environment")
    assert environment == {"MINE": "1", "POLLING_MODE": str(profile == "standard").lower(), **mode}


def test_groups_of_an_inventory_each_say_a_part(tmp_path):
    here = stack(
        tmp_path, "standard", stack_components={"api": {"cpu": 1024}}, stack_components_b={"api": {"memory": 4096}, "worker": None},
        stack_components_a={"api": {"memory": 2048}, "mailer": {"type": "function"}},
        stack_components_once={"api": {"max_count": 2}},
    )  # fmt: skip
    api = inventories.value(here, "stack_all_components.api")
    assert (api["cpu"], api["memory"], api["max_count"], api["port"]) == (1024, 4096, 2, 8080)
    assert inventories.value(here, "stack_all_components | list") == ["api", "scheduler", "cleanup", "mailer"]
    assert inventories.value(here, "stack_queues") == ["workflow"]


def judged(here, **extra):
    """Return what ``validate`` says of the components of a stack, and what counts for the fingerprint."""
    variables = here.available_variables | extra
    templar = here.copy_with_new_env(available_variables=variables)
    action = object.__new__(validate.ActionModule)
    action._templar = templar
    inputs = Inputs(templar, variables, {})
    said, faults, made_of = action._components({"type": "dict"}, {"stack_profile": "standard"}, inputs, variables)
    return said.get("stack_all_components"), [one.sentence for one in faults], made_of, inputs.values.get("stack_all_components")


def test_each_part_counts_for_the_fingerprint(tmp_path):
    here = stack(tmp_path, "standard", stack_components={"api": {"cpu": 1024}})
    (*_rest, before), (*_rest, word), (*_rest, once) = (
        judged(here), judged(here, stack_components_a={"api": {"memory": 4096}}), judged(here, stack_components_once={"api": {"cpu": 2048}})
    )  # fmt: skip
    assert before["api"]["cpu"] == 1024 and word["api"]["memory"] == 4096 and once["api"]["cpu"] == 2048
    assert before != word != once != before


def test_a_fault_is_told_of_the_part_that_has_it(tmp_path):
    here = stack(tmp_path, "standard", stack_components={"api": {"cpu": 1024}})
    components, faults, made_of, counted = judged(here, stack_components_a={"api": {"cpus": 1}}, stack_components_b=["api"])
    assert (components, counted) == (None, None)
    assert faults == [
        "stack_components_b is ['api']: it must be a mapping",
        "stack_components_a.api.cpus is no key of a service: did you mean cpu?",
    ]
    assert made_of["stack_all_components"] >= {"stack_components_a", "stack_components_b"}


def test_both_profiles_say_the_same_things():
    profiles = yaml.safe_load((ROOT / "roles/stack/vars/main.yml").read_text())["__stack_profiles"]
    assert set(profiles["standard"]) == set(profiles["ultra"])


def test_all_that_a_profile_says_is_read():
    profiles = yaml.safe_load((ROOT / "roles/stack/vars/main.yml").read_text())["__stack_profiles"]
    text = "".join(path.read_text() for path in (ROOT / "roles").rglob("*.yml"))
    assert {name for name in profiles["ultra"] if f"stack_defaults.{name} " not in text and f"stack_defaults.{name}]" not in text} == set()
