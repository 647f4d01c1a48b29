"""Two stacks of one name in two regions of one account: each lives and ends without touching the other."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import record
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from .conftest import ROOT, proof
from .test_cycle import Account, failed

NAME = "flow-builder-twin"
REGIONS = {"here": "us-east-1", "there": "eu-west-1"}
DRIFT = ("playbooks/drift.yml", "-e", "drift_trail=false")
DESTROY = ("playbooks/destroy.yml", "-e", f"confirm_destroy={NAME}")


class Twins:
    """An inventory of two hosts that differ in nothing but the region."""

    def __init__(self, emulator, play, folder, profile, **variables):
        self._play, self.folder, self._emulator = play, folder, emulator
        emulator.reset()
        self.empty = self.holds()
        shutil.copytree(ROOT / "inventories/local/group_vars", folder / "group_vars")
        self.hosts(profile, {host: {"stack_region": region, **variables} for host, region in REGIONS.items()})

    def hosts(self, profile, hosts):
        """Write the inventory's hosts, all with the one name."""
        hosts = {host: {"stack_name": NAME, **variables} for host, variables in hosts.items()}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump({profile: {"hosts": hosts}}))

    def play(self, playbook, *arguments, host=None):
        limit = ("--limit", host) if host else ()
        return self._play(playbook, "-i", self.folder, *limit, *arguments)

    def well(self, *words, host=None):
        """Run a playbook that must end well."""
        run = self.play(*words, host=host)
        assert not (told := list(failed(run, f"{' '.join(words)} {host or ''}"))), told
        return run

    def aws(self, host):
        return self._emulator.aws(REGIONS[host])

    def holds(self):
        """Return what the account has, in the region here."""
        return Account(self._emulator.url).holds()

    def seen(self, host):
        """Return all that the stack of a host has, and its record."""
        seen = survey(self.aws(host), NAME, KINDS)
        assert not seen.unreadable
        return seen.resources, record.read(self.aws(host), NAME)


@pytest.fixture(scope="module")
def twins(emulator, play, tmp_path_factory):
    """Two stacks of the ultra profile, deployed once."""
    made = Twins(emulator, play, tmp_path_factory.mktemp("twins"), "ultra")
    made.well("site.yml")
    return made


def test_a_change_of_one_is_none_of_the_other(twins):
    other = twins.seen("there")
    changed = twins.well("site.yml", "-e", json.dumps({"stack_log_retention_days": 30}), host="here")
    assert changed.resources("update") and not changed.resources("create", "delete", "replace")
    assert twins.seen("there") == other
    twins.well(*DRIFT)


@pytest.mark.parametrize(
    ("playbook", "profile", "host", "words"),
    [
        (DESTROY, "ultra", "renamed", ("was applied by the inventory's host here", "-e stack_moved_from=here")),
        (("site.yml",), "standard", "here", ("stack_profile is 'standard'", "was applied with the profile 'ultra'")),
    ],
)
def test_another_inventorys_host_of_the_same_name_and_region_is_refused(playbook, profile, host, words, twins, play, tmp_path):
    shutil.copytree(twins.folder, tmp_path, dirs_exist_ok=True)
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({profile: {"hosts": {host: {"stack_name": NAME}}}}))
    before = twins.seen("here")
    run = play(*playbook, "-i", tmp_path)
    (failure,) = run.failures
    assert run.rc and all(word in failure["result"]["msg"] for word in words), failure["result"]["msg"]
    assert not [one for one in run.requests if one["writes"] and "/lock.json" not in one["operation"]]
    assert twins.seen("here") == before


def test_two_hosts_of_an_inventory_that_would_be_one_stack_are_refused_before_the_first_call(play, tmp_path):
    shutil.copytree(ROOT / "inventories/local/group_vars", tmp_path / "group_vars")
    mine, other = {"stack_expected_account": "123456789012"}, {"stack_expected_account": "210987654321"}
    hosts = {"a": {"stack_name": NAME, **mine}, "b": {"stack_name": NAME, "stack_region": "eu-west-1"}, "c": {"stack_region": "us-west-2"}}
    (tmp_path / "hosts.yml").write_text(
        yaml.safe_dump({"standard": {"hosts": hosts}, "ultra": {"hosts": {"d": {"stack_name": NAME}, "e": {"stack_name": NAME, **other}}}})
    )
    run = play("site.yml", "--check", "-i", tmp_path, "--limit", "a", AWS_ENDPOINT_URL="http://127.0.0.1:1")
    (failure,) = run.failures
    _head, *lines = failure["result"]["msg"].splitlines()
    assert len(lines) == 1 and lines[0].startswith(
        f"- stack_name is '{NAME}', and stack_region is 'us-east-1': the inventory's host d has both the same"
    )


def test_the_end_of_one_is_none_of_the_other(twins):
    other = twins.seen("there")
    assert twins.well(*DESTROY, host="here").requests and twins.seen("here") == ({}, None)
    assert twins.seen("there") == other

    role = f"{NAME}-ecs-execution-eu-west-1"
    twins.aws("there")("iam").update_role(RoleName=role, Description="theirs")
    told = twins.play(*DRIFT, host="there")
    (finding,) = told.by_task["Compare with the record"]["findings"]
    assert told.rc and (finding["kind"], finding["name"], finding["path"]) == ("iam_role", role, "description")
    mended = twins.well("site.yml", host="there")
    assert [(one["kind"], one["name"]) for one in mended.resources("create", "update")] == [("iam_role", role)]

    twins.well(*DESTROY, host="there")
    assert twins.seen("there") == ({}, None)
    assert twins.holds() == twins.empty


@proof
def test_neither_are_they_in_the_standard_profile(emulator, play, tmp_path):
    # With all that only an account has once: a dashboard, an instance profile, roles.
    twins = Twins(emulator, play, tmp_path, "standard", network_nat="instance", network_flow_logs=True)
    twins.well("site.yml")
    other = twins.seen("there")
    assert {"dashboard", "iam_instance_profile", "iam_role", "s3_bucket"} <= set(other[0])
    twins.well(*DESTROY, host="here")
    assert twins.seen("here") == ({}, None) and twins.seen("there") == other
