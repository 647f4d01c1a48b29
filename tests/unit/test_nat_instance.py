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
        __network_nat_ids=["eipalloc-0", *TABLES],
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


# What the script does when it's run, with this machine's commands in the places of those that would change it.
STUBS = {
    "dnf": 'echo "dnf $*" >>$CALLS; n=$(($(cat $STATE 2>/dev/null || echo 0) + 1)); echo $n >$STATE; '
    'if (($n <= $FAIL)); then echo "Out of memory: Killed process (dnf)"; exit 137; fi; '
    'printf "#!/bin/sh\\n" >$BIN/nft; chmod +x $BIN/nft',
    "aws": 'echo "aws $*" >>$CALLS; [[ "$*" != *"$REFUSED"* ]] || { echo "UnauthorizedOperation: $*"; exit 254; }',
    "curl": 'case "$*" in *instance-id) echo i-0;; *) echo token;; esac',
    **{one: f'echo "{one} $*" >>$CALLS' for one in ("mkswap", "swapon", "sysctl", "systemctl", "shutdown", "sleep", "dd")},
}  # fmt: skip


@pytest.fixture
def run(script, tmp_path):
    """Run the script: so many times dnf is killed, calls with a word are refused; return (rc, console, calls)."""

    def run(memory=500000, killed=0, refused="nothing", nft=False):
        folders = {name: tmp_path / name for name in ("bin", "etc", "var", "dev", "proc")}
        for path in folders.values():
            path.mkdir()
        for name in ("sysctl.d", "sysconfig"):
            (folders["etc"] / name).mkdir()
        (folders["var"] / "log").mkdir()
        (folders["proc"] / "meminfo").write_text(f"MemTotal:         {memory} kB\n")
        for name, text in STUBS.items():
            (folders["bin"] / name).write_text(f"#!/bin/bash\n{text}\n")
        if nft:
            (folders["bin"] / "nft").write_text("#!/bin/sh\n")
        for path in folders["bin"].iterdir():
            path.chmod(0o755)
        for name in ("awk", "tee", "install", "timeout", "cat", "chmod", "bash", "sh"):
            (folders["bin"] / name).symlink_to(shutil.which(name))
        here = re.sub(r"(?<![\w.])/(etc/|var/|proc/|dev/console)", lambda found: f"{tmp_path}/{found[1]}", script)
        calls, console = tmp_path / "calls", folders["dev"] / "console"
        calls.touch()
        done = subprocess.run(
            ["/bin/bash", "-c", here], check=False, timeout=60, capture_output=True, text=True,
            env={
                "PATH": str(folders["bin"]), "BIN": str(folders["bin"]), "CALLS": str(calls), "FAIL": str(killed),
                "STATE": str(tmp_path / "state"), "REFUSED": refused,
            },
        )  # fmt: skip
        return done.returncode, console.read_text() if console.exists() else "", calls.read_text().splitlines()

    return run


def test_a_small_instance_gets_swap_before_it_installs(run):
    rc, console, calls = run()
    assert rc == 0, console
    assert [call.split()[0] for call in calls[:3]] == ["dd", "mkswap", "swapon"]
    (installed,) = [call for call in calls if call.startswith("dnf")]
    assert "--disablerepo=* --enablerepo=amazonlinux" in installed and installed.endswith("nftables")
    assert calls.index(installed) > 2
    assert "NAT: the private subnets leave the VPC through this instance" in console


def test_a_larger_one_needs_none(run):
    rc, _console, calls = run(memory=1_900_000)
    assert rc == 0 and not [call for call in calls if call.split()[0] in ("dd", "mkswap", "swapon")]


def test_an_image_that_has_nft_installs_nothing(run):
    rc, _console, calls = run(nft=True)
    assert rc == 0 and not [call for call in calls if call.startswith("dnf")]


def test_what_is_killed_is_tried_again(run):
    rc, console, calls = run(killed=3)
    assert rc == 0, console
    assert len([call for call in calls if call.startswith("dnf")]) == 4
    assert "NAT: attempt 3 to install nftables ended with 137" in console


def test_it_ends_and_says_why_where_nothing_helps(run):
    rc, console, calls = run(killed=1000)
    assert rc == 1
    assert len([call for call in calls if call.startswith("dnf")]) == 8
    assert "Killed process (dnf)" in console and "NAT: nftables can't be installed" in console
    assert not [call for call in calls if call.startswith("aws")], "what can't forward takes no routes"
    # Its group starts another one in its place.
    assert calls[-1] == "shutdown -h +5"


def test_a_table_without_a_default_route_is_given_one(run):
    rc, _console, calls = run(refused="replace-route")
    assert rc == 0
    assert "aws ec2 create-route --route-table-id rtb-1 --destination-cidr-block 0.0.0.0/0 --instance-id i-0" in calls


def test_it_ends_where_it_may_take_over_nothing(run):
    rc, console, calls = run(refused="associate-address")
    assert rc == 1 and "UnauthorizedOperation" in console
    assert "NAT: the address and the routes can't be taken over" in console
    assert len([call for call in calls if "associate-address" in call]) == 60
    assert calls[-1] == "shutdown -h +5"


def test_whatever_else_fails_is_said_with_its_line(run, script, monkeypatch):
    monkeypatch.setitem(STUBS, "systemctl", "exit 3")
    rc, console, _calls = run()
    assert rc == 1 and re.search(r"NAT: line \d+ ended with 3: systemctl enable --now nftables", console)
