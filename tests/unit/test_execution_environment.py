"""The execution environment is made of what the checkout is pinned to, and ansible-builder takes it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "execution_environment"


def pins(path):
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", path.read_text(), re.MULTILINE))


def described():
    return yaml.safe_load((HERE / "execution-environment.yml").read_text())


def test_it_is_pinned_to_what_the_checkout_is():
    pinned = pins(ROOT / "requirements/requirements.txt")
    core = described()["dependencies"]["ansible_core"]["package_pip"]
    assert core == f"ansible-core=={pinned['ansible-core']}"
    here = pins(HERE / "requirements.txt")
    assert here == {name: pinned[name] for name in ("boto3", "botocore")}
    assert re.fullmatch(r"\S+:[\w.-]*\d[\w.-]*", described()["images"]["base_image"]["name"])
    least = dict(re.findall(r"^(\w+)>=([\d.]+)$", (ROOT / "meta/ee-requirements.txt").read_text(), re.MULTILINE))
    assert set(least) == set(here) and all(tuple(map(int, least[name].split("."))) <= tuple(map(int, here[name].split("."))) for name in here)


def test_the_same_image_runs_by_hand_and_in_awx():
    by_hand = yaml.safe_load((ROOT / "ansible-navigator.yml").read_text())["ansible-navigator"]["execution-environment"]["image"]
    in_awx = yaml.safe_load((ROOT / "awx/vars/controller_execution_environments.yml").read_text())["controller_execution_environments"][0]["image"]
    assert f"'{by_hand}'" in in_awx and by_hand in (HERE / "execution-environment.yml").read_text()
    assert by_hand.endswith(f":{yaml.safe_load((ROOT / 'galaxy.yml').read_text())['version']}")


def test_ansible_builder_takes_it(tmp_path):
    command = [Path(sys.executable).with_name("ansible-builder"), "create", "-f", HERE / "execution-environment.yml", "-c", tmp_path, "--output-filename", "Containerfile"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    made = (tmp_path / "Containerfile").read_text()
    assert described()["images"]["base_image"]["name"] in made and "apt-get" in made
    assert (tmp_path / "_build/requirements.txt").read_text() == (HERE / "requirements.txt").read_text()
    assert (tmp_path / "_build/requirements.yml").read_text() == (ROOT / "collections/requirements.yml").read_text()


def test_the_collection_says_what_it_needs():
    """ansible-builder reads these files by their paths from the collection."""
    for path in yaml.safe_load((ROOT / "meta/execution-environment.yml").read_text())["dependencies"].values():
        assert (ROOT / path).is_file()
    command = [Path(sys.executable).with_name("ansible-builder"), "introspect", ROOT / "collections"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "boto3>=" in done.stdout and "buildah" in done.stdout, done.stdout + done.stderr
