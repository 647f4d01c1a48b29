"""The collection as others use it: its tarball, ansible-core, boto3 and what it declares, in a folder of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import ansible_collections
import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import record, state
from ansible_collections.flow_builder.aws.plugins.plugin_utils import core

from .conftest import CREDENTIALS, PROOFS, ROOT

STACK, ULTRA = "flow-builder-local", "flow-builder-local-ultra"
NO_CHECKOUT = ("tests", "emulator", "bench", "scripts", "molecule", "requirements", "collections/ansible_collections", ".venv", ".cache", "reports")
CORE = os.environ.get("INSTALLED_CORE", version("ansible-core"))
KNOWN = ".".join(CORE.split(".")[:2]) in core.KNOWN
LIMIT = 700_000  # bytes; it is 570 kB


def tool(*command, **options):
    done = subprocess.run(command, text=True, capture_output=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def warnings(output):
    """Return what was warned of, but for what other collections say of their own future, and that a run can't be fast."""
    found = [line for line in re.findall(r"\[WARNING\]: (.*)", output) if not line.startswith("Deprecation warnings can be")]
    slow = [line for line in found if line.startswith("flow_builder.aws runs at stock speed because ansible-core")]
    assert len(slow) == (not KNOWN)
    return [line for line in found if line not in slow]


@pytest.fixture(scope="module")
def tarball(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    tool(sys.executable, "-m", "ansible", "galaxy", "collection", "build", str(ROOT), "--output-path", str(folder))
    (built,) = folder.glob("*.tar.gz")
    return built


@pytest.fixture(scope="module")
def home(tarball, tmp_path_factory):
    """A folder with a Python of its own and the collection, installed with what it declares."""
    folder = tmp_path_factory.mktemp("home")
    uv, python = Path(sys.executable).with_name("uv"), folder / "venv/bin/python"
    tool(uv, "venv", "--quiet", "--python", os.environ.get("INSTALLED_PYTHON", sys.executable), folder / "venv")
    wanted = [f"ansible-core=={CORE}", *(f"{name}=={version(name)}" for name in ("boto3", "botocore"))]
    tool(uv, "pip", "install", "--quiet", "--python", python, *wanted)
    collections = folder / "collections/ansible_collections"
    for name in ("amazon", "community"):
        (there,) = [place for one in ansible_collections.__path__ if (place := Path(one, name, "aws")).is_dir()]
        shutil.copytree(there, collections / name / "aws")
    told = tool(python, "-m", "ansible", "galaxy", "collection", "install", str(tarball), "-p", str(folder / "collections"), "--offline", cwd=folder)
    assert "flow_builder.aws:" in told and "'amazon.aws:11.4.0' is already installed" in told
    return folder


@pytest.fixture(scope="module")
def ours(home, emulator):
    """Run a playbook of the collection there; the folder's ansible.cfg is given in lines."""

    def run(playbook, inventory, *arguments, settings=(), **environment):
        place = home / f"work-{inventory}"
        if not place.exists():
            place.mkdir()
            shutil.copytree(ROOT / "inventories/local/group_vars", place / "inv/group_vars")
            (place / "inv/hosts.yml").write_text(yaml.safe_dump({inventory: {"hosts": {STACK if inventory == "standard" else ULTRA: {}}}}))
            (place / f"inv/group_vars/{'ultra' if inventory == 'standard' else 'standard'}.yml").unlink()
        (place / "ansible.cfg").write_text("\n".join(["[defaults]", f"collections_path = {home}/collections", *settings, ""]))
        variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))} | {
            **CREDENTIALS, "AWS_ENDPOINT_URL": emulator.url, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PATH": f"{home}/venv/bin:{os.environ['PATH']}", **environment,
        }  # fmt: skip
        command = [f"{home}/venv/bin/ansible-playbook", f"flow_builder.aws.{playbook}", "-i", "inv", *arguments]
        done = subprocess.run(command, cwd=place, env=variables, text=True, capture_output=True, check=False)
        return done.returncode, done.stdout + done.stderr

    emulator.reset()
    return run


@pytest.fixture(scope="module")
def fast(home):
    """The lines that a run at stock speed says."""
    there = home / "collections/ansible_collections/flow_builder/aws/plugins/fast"
    return (f"action_plugins = {there}", "callbacks_enabled = flow_builder.aws.preload, flow_builder.aws.summary")


def test_what_is_in_the_tarball(tarball):
    with tarfile.open(tarball) as archive:
        names = archive.getnames()
    assert [name for name in names if name.startswith(NO_CHECKOUT) or "__pycache__" in name] == []
    assert {"site.yml", "playbooks/runbooks/rollout.yml", "playbooks/drift.meta.yml", "plugins/fast/normal.py"} <= set(names)
    assert tarball.stat().st_size < LIMIT


@pytest.mark.parametrize(("profile", "stack"), [("standard", STACK), ("ultra", ULTRA)])
def test_a_whole_life(ours, home, emulator, fast, profile, stack):
    """Applied, recorded, known to be as it is, looked at, found to have drifted, and destroyed; in no folder but one's own."""
    before = {path for path in (home / "collections").rglob("*") if path.suffix not in (".pyc", "") or path.name == "reports"}
    rc, output = ours(profile, profile, settings=fast)
    assert rc == 0 and "goes at stock speed" not in output, output[-3000:]
    assert warnings(output) == []
    assert record.read(emulator.aws(), stack)["count"] > 50
    if profile == "ultra" or PROOFS:
        rc, output = ours(profile, profile, settings=fast)
        assert rc == 0 and "changed=0 " in output, output[-3000:]
    rc, output = ours("drift", profile, "-e", "drift_trail=false", settings=fast)
    assert rc == 0 and "no drift" in output and warnings(output) == [], output[-3000:]
    sqs = emulator.aws()("sqs")
    sqs.set_queue_attributes(QueueUrl=sqs.get_queue_url(QueueName=f"{stack}-workflow")["QueueUrl"], Attributes={"VisibilityTimeout": "1"})
    rc, output = ours("drift", profile, "-e", "drift_trail=false", settings=fast)
    assert rc != 0 and f"{stack} has drifted: 1 findings" in " ".join(output.split())
    (finding,) = json.loads((home / f"work-{profile}/reports/{stack}/drift.json").read_text())["findings"]
    assert finding["revert"].startswith("ansible-playbook flow_builder.aws.drift -i")
    rc, output = ours("destroy", profile, settings=fast)
    # A key is deleted after days only, and told.
    assert rc == 0 and (f"Nothing of {stack} is left." in output) == (profile == "ultra"), output[-3000:]
    assert not state.exists(emulator.aws(), stack)
    after = {path for path in (home / "collections").rglob("*") if path.suffix not in (".pyc", "") or path.name == "reports"}
    assert after == before


def test_with_somebody_elses_settings(ours, emulator):
    """No fast path, another callback, another strategy, a plan: it is said that there is a faster way, and nothing is needed of it."""
    rc, output = ours(
        "plan", "ultra", settings=("stdout_callback = ansible.builtin.minimal", "forks = 1"),
        ANSIBLE_GATHERING="smart", ANSIBLE_INJECT_FACT_VARS="false", ANSIBLE_DEPRECATION_WARNINGS="false", ANSIBLE_JINJA2_NATIVE="true",
    )  # fmt: skip
    assert rc == 0, output[-3000:]
    assert output.count("This run goes at stock speed.") == KNOWN and warnings(output) == [], output[-3000:]
