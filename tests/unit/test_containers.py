"""What tasks may write to, and what their images must say for it."""

import json
import re

import pytest
import yaml

from tests.conftest import ROOT

WRITABLE = yaml.safe_load((ROOT / "roles/ecs/defaults/main.yml").read_text())["ecs_writable_paths"]


@pytest.mark.parametrize("component", ["api", "worker"])
def test_images_of_tasks_declare_what_tasks_may_write_to(component):
    """Fargate's volumes belong to root unless the image declares them, before it becomes another user."""
    lines = (ROOT / f"examples/app/{component}/Containerfile").read_text().splitlines()
    declared = [path for line in lines if line.startswith("VOLUME ") for path in json.loads(line.removeprefix("VOLUME "))]
    assert set(WRITABLE) <= set(declared)
    user = next(index for index, line in enumerate(lines) if re.match(r"USER (?!root|0\b)", line))
    volume = next(index for index, line in enumerate(lines) if line.startswith("VOLUME "))
    assert volume < user
    assert not any(line.startswith("RUN") for line in lines[volume:]), "what is written after it is lost"
