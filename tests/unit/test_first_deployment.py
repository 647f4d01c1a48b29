"""The page on the first deployment says what the code does."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT)]

import first_deployment  # noqa: E402

import inventories  # noqa: E402

PAGE = (ROOT / "docs/first-deployment.md").read_text()
CODE = "\n".join(
    path.read_text() for folder in ("plugins", "roles") for path in sorted((ROOT / folder).rglob("*")) if path.suffix in (".py", ".yml")
)


def test_its_tables_are_computed():
    assert first_deployment.filled(PAGE) == PAGE


def test_its_variables_are_variables():
    known = set()
    for spec in ROOT.glob("roles/*/meta/argument_specs.yml"):
        known |= set(yaml.safe_load(spec.read_text())["argument_specs"]["main"].get("options") or {})
    roles = "|".join(path.name for path in (ROOT / "roles").iterdir())
    named = set(re.findall(rf"`((?:{roles})_[a-z_]+)(?:: [^`]*)?`", PAGE))
    assert named and named - known == set()


def test_its_files_are_there():
    linked = re.findall(r"\]\(([^)#:]+)\)", PAGE)
    named = re.findall(r"`((?:playbooks|inventories)/[a-z_/.]+)`", PAGE)
    assert linked and named
    assert [one for one in linked if not (ROOT / "docs" / one).exists()] == []
    assert [one for one in named if not (ROOT / one).exists()] == []
    assert "docs/first-deployment.md" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize(
    "words",
    [
        "holds only the placeholder it was made with: set its value",
        "must delegate it to ",
        "not released yet, so there is nothing to run",
    ],
)
def test_the_run_says_what_the_page_says_that_it_says(words):
    assert words in PAGE and words in CODE


def test_an_inventorys_sizes_decide_its_numbers():
    (dev,) = [one for stack, one in inventories.stacks("dev").items() if stack == "flow-builder-dev"]
    assert inventories.value(dev, "stack_all_components.api.cpu") == 256  # the inventory's
    assert inventories.value(dev, "stack_all_components.api.max_count") == 4  # the profile's
    needed = first_deployment._needed(dev)
    # An API of a quarter of a vCPU four times, and half of ten workers of one.
    assert (needed["fargate"], needed["fargate_spot"], needed["lambda_concurrency"]) == (6, 5, 102)
    assert "nat_gateways" not in needed


@pytest.mark.parametrize(
    ("nat", "own", "addresses", "gateways", "paid"),
    [
        ("gateway", False, 1, 1, 1), ("gateway_per_zone", False, 2, 1, 2), ("gateway_regional", False, None, 1, 2),
        ("gateway_regional", True, 2, 1, 2), ("instance", False, 1, None, None), ("none", False, None, None, None),
    ],
)  # fmt: skip
def test_each_way_to_the_internet_takes_its_room_and_its_price(nat, own, addresses, gateways, paid):
    stack = inventories.stacks("dev")["flow-builder-dev"]
    stack.available_variables |= {"network_nat": nat, "network_nat_own_addresses": own}
    needed = first_deployment._needed(stack)
    assert (needed.get("elastic_ips"), needed.get("nat_gateways")) == (addresses, gateways)
    assert first_deployment._standing(stack).get("NAT gateway", (None,))[0] == paid


def test_marks_that_are_gone_are_an_error():
    with pytest.raises(ValueError, match="lacks the marks of services"):
        first_deployment.filled(PAGE.replace("<!-- end of services -->", ""))
