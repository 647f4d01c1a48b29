"""A run that is for nothing ends with an error, whoever's callbacks are enabled: a scheduled one would pass for ever."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile

import pytest

from .conftest import PROOFS, ROOT

LOCAL = "inventories/local"
STACK, ULTRA = "flow-builder-local", "flow-builder-local-ultra"
# One of each shape: tests/unit/test_collection.py shows that every play begins as these do; ``make proofs`` runs all.
PLAYBOOKS = ["site.yml", "playbooks/drift.yml", "playbooks/unlock.yml", "playbooks/runbooks/rollout.yml"]
if PROOFS:  # but for what is imported by others, where there is nothing to do
    there = (str(path.relative_to(ROOT)) for path in ROOT.glob("playbooks/**/*.yml") if path.stem != "nothing" and ".meta." not in path.name)
    PLAYBOOKS = ["site.yml", *sorted(there)]
OTHERS = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.timer", "ANSIBLE_STDOUT_CALLBACK": "minimal"}


@pytest.fixture
def inventory(tmp_path):
    """Write an inventory of files and return its folder; the variables are those of the try-out."""

    def write(**files):
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (tmp_path / f"{name}.yml").write_text(text)
        (tmp_path / "group_vars").symlink_to(ROOT / LOCAL / "group_vars")
        return tmp_path

    return write


def hosts(*names):
    return {"hosts": dict.fromkeys(names, {})}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_an_inventory_that_is_not_there(playbook, play):
    run = play(playbook, "-i", "inventories/lokal", **OTHERS)
    assert run.rc != 0 and run.requests == []
    assert "inventories/lokal" in run.output and "another inventory with -i" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_tags_that_match_nothing(playbook, play):
    """Each playbook has a name that it asks for, or none."""
    run = play(playbook, "-i", LOCAL, "--limit", STACK if "standard" in playbook else ULTRA, "--tags", "nosuch", **OTHERS)
    assert run.rc != 0 and run.requests == []
    assert "--tags nosuch leaves no task of the play" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_another_account_than_the_one_that_is_meant(playbook, play):
    """With AWS_ENDPOINT_URL forgotten, or credentials of another environment, nothing is written."""
    said = {"stack_expected_account": "999999999999", "release_name": "x", "drift_action": "accept"}
    run = play(playbook, "-i", LOCAL, "--limit", STACK if "standard" in playbook else ULTRA, "-e", json.dumps(said))
    assert run.rc != 0 and "stack_expected_account is '999999999999'" in run.output, run.output[-2000:]
    assert [(one["service"], one["operation"]) for one in run.requests] == [("sts", "GetCallerIdentity")]


GOOD = {"standard": hosts("a")}
WRONG = {
    "both groups": ({"hosts": {**GOOD, "ultra": hosts("a")}}, [], "a in both groups, standard and ultra", "leave out one"),
    "not YAML": ({"hosts": "standard: {hosts: [a"}, [], "Completely failed to parse inventory source", "see the warnings above"),
    "no inventory": ({"hosts": "[a, b]"}, [], "Completely failed to parse inventory source", "see the warnings above"),
    "half an inventory": ({"good": GOOD, "hosts": "ultra: {hosts: [b"}, [], "hosts.yml: see the warnings above", "mend it"),
    "no checks": ({"hosts": GOOD}, ["--skip-tags", "always"], "--skip-tags has always", "leave it out"),
}


@pytest.mark.parametrize("files, more, said, hint", WRONG.values(), ids=WRONG)
def test_hosts_that_no_run_can_be_for(files, more, said, hint, play, inventory):
    run = play("playbooks/drift.yml", "-i", inventory(**files), *more, **OTHERS)
    assert run.rc != 0 and run.requests == []
    assert said in run.output and hint in run.output, run.output
    assert "Traceback" not in run.output and "PLAY [Drift]" not in run.output


@pytest.mark.parametrize("limit", ["standard:ultra", STACK])
def test_what_a_run_can_be_for(limit, play, inventory):
    folder = inventory(hosts={"standard": hosts(STACK), "web": hosts("www")}, localhost={"all": hosts("localhost")})
    run = play("site.yml", "-i", folder, "--limit", limit, "--list-hosts")
    assert run.rc == 0 and STACK in run.output and "www" not in run.output, run.output


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The collection as its tarball installs it, and an environment that has nothing else of the checkout."""
    folder = tmp_path_factory.mktemp("collections")
    build = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", ROOT, "--output-path", folder]
    subprocess.run(build, check=True, capture_output=True)
    (tarball,) = folder.glob("*.tar.gz")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder / "ansible_collections/flow_builder/aws", filter="data")
    (folder / "ansible.cfg").write_text("[defaults]\n")
    return {**OTHERS, "ANSIBLE_CONFIG": folder / "ansible.cfg", "ANSIBLE_COLLECTIONS_PATH": folder, "ANSIBLE_ACTION_PLUGINS": None}


@pytest.mark.parametrize("playbook", ["standard", "drift", "runbooks.rollout"])
def test_the_installed_collection_does_it_too(playbook, play, tmp_path, installed):
    """No setting of the checkout is there, and none of its callbacks."""
    run = play(f"flow_builder.aws.{playbook}", "-i", tmp_path / "nowhere", **installed)
    assert run.rc != 0 and "Completely failed to parse inventory source" in run.output, run.output
    tags = play(f"flow_builder.aws.{playbook}", "-i", LOCAL, "--limit", STACK, "--tags", "x", **installed)
    assert tags.rc != 0 and "--tags x leaves no task of the play" in tags.output, tags.output
    assert tags.requests == []
