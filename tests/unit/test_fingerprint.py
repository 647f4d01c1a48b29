"""Whatever decides an apply changes the fingerprint of its inputs; what only steers it doesn't."""

from __future__ import annotations

import contextlib
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleError

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts")]

from ansible_collections.flow_builder.aws.plugins.plugin_utils import fingerprint  # noqa: E402
from ansible_collections.flow_builder.aws.plugins.plugin_utils.fingerprint import NOT_INPUTS, Inputs  # noqa: E402

import inventories  # noqa: E402

HELPER = "{{ ecs_cluster_arn }}/{{ of_the_inventory }}"  # no run knows it before its cluster


def options(role):
    return yaml.safe_load((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text())["argument_specs"]["main"].get("options") or {}


@pytest.fixture(scope="module")
def stacks():
    found = {}
    for stack, templar in inventories.stacks("local").items():
        roles = {path.name: options(path.name) for path in (ROOT / "roles").iterdir()}
        names = {name: spec for specs in roles.values() for name, spec in specs.items() if name in templar.available_variables}
        found["ultra" if "ultra" in stack else "standard"] = templar, names
    return found


def taken(templar, name, value=None, **more):
    """Return what is counted of one variable, with another value if one is given."""
    own = templar.available_variables
    variables = {**own, **more, **({} if value is None else {name: value})}
    inputs = Inputs(templar.copy_with_new_env(available_variables=variables), variables, own)
    with contextlib.suppress(AnsibleError):  # not known yet, which is counted, too
        inputs.value(name)
    return inputs


@pytest.mark.parametrize("profile", inventories.PROFILES)
def test_each_variable_of_each_role_counts(stacks, profile):
    templar, names = stacks[profile]
    assert len(names) > 150
    silent = {name for name in names if taken(templar, name).values == taken(templar, name, "another").values}
    assert silent == set()


def test_what_only_steers_a_run_does_not_count(stacks):
    templar, names = stacks["ultra"]
    assert set(names) >= NOT_INPUTS
    for name in NOT_INPUTS:
        assert taken(templar, name).digest() == taken(templar, name, "another").digest() != ""


def test_of_a_secret_only_whether_it_is_set_counts(stacks):
    templar, names = stacks["ultra"]

    def of(password):
        inputs = Inputs(templar, {**templar.available_variables, "external_database_password": password}, {})
        inputs.value("external_database_password", secret=True)
        return inputs.values

    assert names["external_database_password"]["no_log"]
    assert of("one") == of("another") != of("") and "one" not in str(of("one"))


def test_what_a_variable_is_made_of_counts_although_it_is_not_known_yet(stacks):
    templar, _names = stacks["ultra"]
    said = {"name": "pipes_cluster_arn", "value": inventories.trust_as_template(HELPER)}
    one, other = (taken(templar, **said, of_the_inventory=word) for word in ("one", "another"))
    assert one.values != other.values and one.digest() != other.digest() != ""


@pytest.mark.parametrize("word", ["lookup('env', 'HOME')", "now()", "hostvars.other.x", "[1, 2] | random"])
def test_what_may_be_another_one_each_time_is_never_the_same(stacks, word):
    templar, _names = stacks["ultra"]
    text = inventories.trust_as_template("{{ ecs_cluster_arn }}{{ " + word + " }}")
    assert taken(templar, "pipes_cluster_arn", text).digest() == ""


@pytest.fixture
def collection(tmp_path, monkeypatch):
    """A copy of the collection's files."""
    for folder in fingerprint.FOLDERS:
        shutil.copytree(ROOT / folder, tmp_path / folder, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)
    return tmp_path


def digest(*files):
    return Inputs(None, {}, {}).digest(*files)


def test_each_file_of_the_collection_counts(collection):
    before, seen = digest(), set()
    assert before == digest()
    for path in sorted(one for folder in fingerprint.FOLDERS for one in (collection / folder).rglob("*") if one.is_file()):
        if (path.suffix, path.parent.name) in seen or path.is_symlink():
            continue
        seen.add((path.suffix, path.parent.name))
        text = path.read_bytes()
        path.write_bytes(text + b"#")
        assert digest() != before, path
        path.write_bytes(text)
    assert {suffix for suffix, _folder in seen} >= {".j2", ".py", ".yml"}
    (collection / "roles/ecs/tasks/new.yml").write_text("---\n")
    assert digest() != before


def test_where_the_collection_lies_does_not_count(collection):
    assert digest() == Inputs(None, {}, {}).digest()
    here = digest()
    fingerprint.ROOT = ROOT
    assert digest() == here


def test_the_play_counts(collection, tmp_path):
    play = tmp_path / "mine.yml"
    play.write_text("one")
    before = digest(play)
    play.write_text("another")
    assert digest(play) != before


@pytest.mark.parametrize("name", [*fingerprint.PACKAGES, *fingerprint.COLLECTIONS, "ansible-core", "python"])
def test_each_version_counts(monkeypatch, name):
    before, versions = digest(), fingerprint.versions()
    assert versions[name]
    monkeypatch.setattr(fingerprint, "versions", lambda: versions | {name: "0"})
    assert digest() != before
