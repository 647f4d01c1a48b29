"""The examples of schedules: they parse, and each command, playbook, variable and path in them is there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts")]

import awx_vars as awx  # noqa: E402

EXAMPLES = ROOT / "examples/schedules"
WORKFLOWS = sorted((EXAMPLES / "github").glob("*.yml"))
CRON = next(line.strip() for line in (EXAMPLES / "README.md").read_text().splitlines() if line.startswith("    "))


def workflow(path):
    return yaml.load(path.read_text(), yaml.BaseLoader)  # `on` is a word here


def commands():
    """Yield each call of ansible-playbook, by the file that it is in."""
    for path in sorted(EXAMPLES.rglob("*")):
        if path.is_file():
            for found in re.findall(r"\S*ansible-playbook [^|&>`\n]*", path.read_text()):
                yield path.name, found


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=lambda value: value if value.startswith(("plan", "drift", "flow", "README")) else "")
def test_a_command_names_what_there_is(name, command):
    program, playbook, *rest = shlex.split(command)
    assert program.endswith(".venv/bin/ansible-playbook") and playbook in awx.playbooks()
    inventory = rest[rest.index("-i") + 1]
    assert re.sub(r"%i|\$ENVIRONMENT", "prod", inventory) in {f"inventories/{one.name}" for one in (ROOT / "inventories").iterdir()}
    variables = [one.partition("=")[0] for one in rest if "=" in one]
    assert set(variables) <= set(awx.of_roles()) | set(awx.of_playbook(playbook))


def test_each_example_has_a_command():
    assert {name for name, _ in commands()} == {"README.md", "drift.yml", "plan.yml", "flow-builder-drift@.service"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_the_rights_that_it_needs_and_no_keys(path):
    text, flow = path.read_text(), workflow(path)
    assert flow["permissions"]["id-token"] == "write" and flow["permissions"]["contents"] == "read"
    assert "secrets." not in text and "AWS_SECRET_ACCESS_KEY" not in text
    (job,) = flow["jobs"].values()
    assert set(job["strategy"]["matrix"]["environment"]) == {one.name for one in (ROOT / "inventories").iterdir()} - {"local"}
    # What a request says is never part of a script's text.
    assert [step["run"] for step in job["steps"] if "${{" in step.get("run", "")] == []
    assert all(re.search(r"@v\d+$", step["uses"]) for step in job["steps"] if "uses" in step)
    assert any(step.get("run") == "make setup" for step in job["steps"])


def test_a_plan_is_for_branches_of_this_repository_and_fails_as_ansible_does():
    flow = workflow(EXAMPLES / "github/plan.yml")
    (job,) = flow["jobs"].values()
    assert "head.repo.full_name == github.repository" in job["if"]
    (plan,) = [step["run"] for step in job["steps"] if step.get("name") == "Plan"]
    assert "set -o pipefail" in plan
    for pattern in flow["on"]["pull_request"]["paths"]:
        assert list(ROOT.glob(pattern.replace("/**", "/*"))), pattern


@pytest.mark.parametrize("text", [CRON, yaml.load((EXAMPLES / "github/drift.yml").read_text(), yaml.BaseLoader)["on"]["schedule"][0]["cron"]], ids=["cron", "github"])
def test_a_time_is_one(text):
    assert re.match(r"([0-5]?\d) ([01]?\d|2[0-3]) \* \* \*( |$)", text)


def test_the_units_are_systemds():
    timer, service = (EXAMPLES / "systemd" / f"flow-builder-drift@.{kind}" for kind in ("timer", "service"))
    assert "OnCalendar=*-*-* 06:15:00 Etc/UTC" in timer.read_text() and "ReadWritePaths=/opt/flow-builder/reports" in service.read_text()
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is absent")
    told = subprocess.run(["systemd-analyze", "verify", timer, service], capture_output=True, text=True, check=False)
    # The program lies where the example's checkout does, and not on this machine.
    faults = [line for line in told.stderr.splitlines() if "is not executable" not in line and str(EXAMPLES) in line or "flow-builder" in line and "is not executable" not in line]
    assert faults == []


def test_a_broken_unit_would_be_seen(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is absent")
    (tmp_path / "flow-builder-x.service").write_text("[Service]\nType=sometimes\nExecStart=/bin/true\n")
    told = subprocess.run(["systemd-analyze", "verify", tmp_path / "flow-builder-x.service"], capture_output=True, text=True, check=False)
    assert "flow-builder-x.service" in told.stderr
