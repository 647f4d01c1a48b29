"""What the NAT instance runs when it boots."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import jinja2
import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.integration.policies import listed, mistakes

TEMPLATE = Path(__file__).resolve().parents[2] / "roles/network/templates/nat.sh.j2"
PRIVATE = ["10.0.10.0/24", "10.0.11.0/24"]
TABLES = ["rtb-0", "rtb-1"]
LONGEST = 16384  # bytes of user data that EC2 takes


@pytest.fixture(scope="module")
def script():
    """The script, rendered as Ansible's template lookup renders it, and nothing in it undefined."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text()).render(
        stack_name="flow-builder-dev",
        stack_region="us-east-1",
        network_cidr="10.0.0.0/16",
        network_private_cidrs=PRIVATE,
        __network_nat_address_id="eipalloc-0",
        __network_private_table_ids=TABLES,
    )


@pytest.fixture(scope="module")
def rules(script):
    """The firewall's rules, which the script writes to a file."""
    return re.search(r"<<'RULES'\n(.*?)^RULES$", script, re.DOTALL | re.MULTILINE)[1]


def chains(rules):
    """Return the statements of each chain, by the table's and the chain's name."""
    found = {}
    for table, inside in re.findall(r"^table ip (\w+) \{\n(.*?)^\}", rules, re.DOTALL | re.MULTILINE):
        for chain, statements in re.findall(r"^  chain (\w+) \{\n(.*?)^  \}", inside, re.DOTALL | re.MULTILINE):
            found[table, chain] = [line.strip() for line in statements.splitlines()]
    return found


def test_bash_takes_the_script(script):
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert len(script.encode()) < LONGEST


def test_only_private_subnets_leave_and_only_answers_come_back(rules):
    private = f"ip saddr {{ {', '.join(PRIVATE)} }}"
    assert rules.startswith("flush ruleset\n") and rules.count("{") == rules.count("}")
    assert chains(rules) == {
        ("nat", "postrouting"): [
            "type nat hook postrouting priority srcnat",
            "policy accept",
            f"{private} ip daddr != 10.0.0.0/16 masquerade",
        ],
        ("filter", "forward"): [
            "type filter hook forward priority filter",
            "policy drop",
            "ct state established,related accept",
            f"{private} accept",
        ],
    }


@pytest.mark.skipif(not shutil.which("nft"), reason="nft is not installed")
def test_nft_takes_the_rules(rules):
    alone = [] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    subprocess.run([*alone, "nft", "--check", "--file", "-"], input=rules, text=True, check=True)


def test_it_takes_over_address_and_routes(script):
    assert "--allocation-id eipalloc-0 --allow-reassociation" in script
    assert f"for table in {' '.join(TABLES)}; do" in script
    assert "--no-source-dest-check" in script


def test_its_role_may_do_what_it_does_and_nothing_more(script):
    """No instance boots here, so this is the only one who makes use of what the role may."""
    loader = DataLoader()
    known = loader.load_from_file(str(TEMPLATE.parents[1] / "vars/main.yml"), trusted_as_template=True)
    given = {
        "stack_partition": "aws", "stack_region": "us-east-1", "stack_account_id": "123456789012", "stack_name": "x",
        "__network_nat_address_id": "eipalloc-0", "__network_private_table_ids": TABLES,
    }  # fmt: skip
    policy = Templar(loader, variables={**known, **given}).template(trust_as_template("{{ __network_nat_policy }}"))
    allowed = {action for one in policy["Statement"] for action in listed(one["Action"])}
    verbs = set(re.findall(r"aws ec2 ([a-z$-]+)", script))
    assert "$verb-route" in verbs, "the script changed: this test has to know its verbs"
    verbs = (verbs - {"$verb-route"}) | {"replace-route", "create-route"}
    assert allowed == {"ec2:" + "".join(part.title() for part in verb.split("-")) for verb in verbs}
    assert not [told for one in policy["Statement"] for told in mistakes({"Resource": one["Resource"]})]
