"""The NAT instance's rules carry packets: three network namespaces stand for private subnet, instance and internet."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import jinja2
import pytest

from .conftest import ROOT

# Addresses of documentation networks: nothing of this machine's is reached.
INTERNET, OUTSIDE, ELSEWHERE = "203.0.113.1", "203.0.113.2", "10.0.20.2"
SERVE = (
    "import socket; s = socket.create_server(('', 8000)); print('ready', flush=True)\n"
    "while True:\n    c, a = s.accept(); c.sendall(a[0].encode()); c.close()"
)
ASK = "import socket, sys; c = socket.create_connection((sys.argv[1], 8000), 2); print(c.recv(99).decode())"


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def spaces():
    """Namespaces: a private subnet, the instance, the internet, and a subnet that isn't private."""
    if os.geteuid() or not shutil.which("ip") or not shutil.which("nft"):
        pytest.skip("needs root, ip and nft")
    names = {name: f"nat-{os.getpid()}-{name}" for name in ("private", "nat", "internet", "database")}
    try:
        try:
            for name in names.values():
                ip("netns", "add", name)
        except subprocess.CalledProcessError as refused:
            pytest.skip(f"no network namespaces here: {refused.stderr.decode().strip()}")
        links = {
            "private": ("10.0.10.1", "10.0.10.2", "10.0.10.1"),
            "database": ("10.0.20.1", ELSEWHERE, "10.0.20.1"),
            # The internet knows no way back to private addresses.
            "internet": (OUTSIDE, INTERNET, None),
        }
        for name, (near, far, gateway) in links.items():
            ip("link", "add", f"n-{name}", "netns", names["nat"], "type", "veth", "peer", "name", "e", "netns", names[name])
            ip("-n", names["nat"], "addr", "add", f"{near}/24", "dev", f"n-{name}")
            ip("-n", names[name], "addr", "add", f"{far}/24", "dev", "e")
            for space, device in ((names["nat"], f"n-{name}"), (names[name], "e"), (names[name], "lo")):
                ip("-n", space, "link", "set", device, "up")
            if gateway:
                ip("-n", names[name], "route", "add", "default", "via", gateway)
        yield names
    finally:
        for name in names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture
def serving(spaces):
    """A server in the internet and one in the private subnet, which tell who asks."""
    servers = [
        subprocess.Popen(["ip", "netns", "exec", spaces[name], sys.executable, "-c", SERVE], stdout=subprocess.PIPE)
        for name in ("internet", "private")
    ]
    for one in servers:
        assert one.stdout.readline() == b"ready\n"
    yield
    for one in servers:
        one.kill()
        one.wait()


def asks(space, address):
    """Return who a server sees, or nothing if it isn't reached."""
    done = subprocess.run(
        ["ip", "netns", "exec", space, sys.executable, "-c", ASK, address], capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_packets_leave_by_the_instance_and_only_answers_come_in(spaces, serving):
    template = jinja2.Environment(undefined=jinja2.ChainableUndefined).from_string(
        (ROOT / "roles/network/templates/nat.sh.j2").read_text()
    )
    script = template.render(
        network_private_cidrs=["10.0.10.0/24", "10.0.11.0/24"], network_cidr="10.0.0.0/16", __network_nat_ids=[]
    )
    (forwards,) = re.findall(r"^echo (net\.\S+) >/etc/sysctl", script, re.MULTILINE)
    (rules,) = re.findall(r"<<'RULES'\n(.*?)^RULES$", script, re.DOTALL | re.MULTILINE)
    inside = ["ip", "netns", "exec", spaces["nat"]]

    assert asks(spaces["private"], INTERNET) == "", "without the instance's set-up nothing leaves"
    subprocess.run([*inside, "sysctl", "-q", "-w", forwards], check=True)
    subprocess.run([*inside, "nft", "-f", "-"], input=rules, text=True, check=True)

    assert asks(spaces["private"], INTERNET) == OUTSIDE, "the internet sees the instance's address"
    ip("-n", spaces["internet"], "route", "add", "10.0.0.0/16", "via", OUTSIDE)
    assert asks(spaces["internet"], "10.0.10.2") == "", "nobody gets in, even who knows the way"
    assert asks(spaces["database"], INTERNET) == "", "other subnets don't leave"
