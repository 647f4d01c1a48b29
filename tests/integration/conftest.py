"""An embedded AWS per test session, and a way to run playbooks against it."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from emulator.ask import ask  # noqa: E402
from tests.soon import soon  # noqa: E402

# The last story to begin says when the gate ends, so these begin first.
LONGEST = ("release_steps", "cycle", "drift_ultra", "release_ultra", "release", "strategies", "killed", "pauses", "drift", "images", "regions")
# What takes too long for the gate: ``make proofs`` runs it.
PROOFS = os.environ.get("PROOFS") == "all"
proof = pytest.mark.skipif(not PROOFS, reason="make proofs runs it")
# All tasks, also where a run would know that it has nothing to do.
FULL = ("-e", '{"stack_full_run": true}')
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "localaccesskeyid", "AWS_SECRET_ACCESS_KEY": "localsecretaccesskey"}


def pytest_collection_modifyitems(items):
    """Put the longest stories first; all others stay in their order."""
    order = {f"test_{name}.py": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


def configured(name):
    """Return a list of the repository's ansible.cfg, which variables of the environment would replace."""
    config = configparser.ConfigParser()
    config.read(ROOT / "ansible.cfg")
    entries = re.split(r"[,:]", config["defaults"].get(name, ""))
    return [str(ROOT / entry) if name.endswith("plugins") else entry.strip() for entry in entries if entry.strip()]


class Emulator:
    """One embedded AWS in a process of its own, which remembers its requests."""

    def __init__(self):
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "recorder.py"), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.url = self._process.stdout.readline().strip()
        assert self.url, "the embedded AWS did not start: its error stands above"

    def reset(self):
        """Empty the account and the memory."""
        ask(self.url, "reset", {})
        self.requests()

    def requests(self):
        """Return the requests since the last call."""
        request = urllib.request.Request(f"{self.url}/_requests", method="DELETE")
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def saw(self, operation, process):
        """Wait until a process has asked for an operation."""

        def asked():
            assert process.poll() is None, f"it ended before it came to {operation}"
            return any(one["operation"] == operation for one in self.requests())

        soon(asked, operation, 0.02)

    def aws(self, region="us-east-1"):
        """Return the engine's view on it."""
        session = boto3.session.Session(*CREDENTIALS.values(), region_name=region)
        return Aws(lambda service: session.client(service, endpoint_url=self.url), region)

    def stop(self):
        """End the process."""
        self._process.stdin.close()
        self._process.wait(30)


@dataclass
class Run:
    """What a playbook run did."""

    rc: int
    output: str
    results: list[dict]
    requests: list[dict]
    seconds: float
    by_task: dict[str, dict] = field(init=False)

    def __post_init__(self):
        self.by_task = {result["task"]: result["result"] for result in self.results}

    @property
    def failures(self):
        """Return the failed tasks' results."""
        return [result for result in self.results if result["status"] in ("failed", "unreachable")]

    def resources(self, *actions):
        """Return what the engine told of each resource, of these actions or of all."""
        told = []
        for result in self.results:
            items = result["result"].get("results") or [result["result"]]
            told += [item for item in items if "kind" in item and "action" in item]
        return [item for item in told if not actions or item["action"] in actions]

    def changed(self):
        """Return the tasks that changed something, by what they say of it."""
        return [
            f"{result['task']}: {result['result'].get('changes') or result['result'].get('msg', '')}"
            for result in self.results
            if result["status"] == "ok" and result["result"].get("changed")
        ]

    def line(self, title):
        """Sum the run up."""
        calls = Counter("writes" if request["writes"] else "reads" for request in self.requests)
        return (
            f"{title}: {self.seconds:.1f} s, {len(self.results)} tasks, {len(self.resources())} resources, "
            f"{len(self.resources('create'))} created, {len(self.requests)} requests ({calls['writes']} writes)"
        )


@pytest.fixture(scope="session")
def emulator():
    """The embedded AWS of this test session (or of this pytest-xdist worker)."""
    made = Emulator()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def play(emulator, tmp_path_factory):
    """Run ansible-playbook and return a Run; keywords are changes of the environment, None removes a variable."""

    def run(playbook, *arguments, **environment):
        results = tmp_path_factory.mktemp("run") / "results"
        variables = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "ANSIBLE_"))},
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "plugins/callback"),
            "ANSIBLE_ACTION_PLUGINS": os.pathsep.join([str(HERE / "plugins/action"), *configured("action_plugins")]),
            "ANSIBLE_CALLBACKS_ENABLED": ",".join(["harness", *configured("callbacks_enabled")]),
            "HARNESS_RESULTS": str(results),
            "HARNESS_RECORDER": emulator.url,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            **environment,
        }
        command = [sys.executable, "-m", "ansible", "playbook", str(playbook), *map(str, arguments)]
        emulator.requests()
        started = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, text=True, capture_output=True, check=False,
            env={name: str(value) for name, value in variables.items() if value is not None},
        )  # fmt: skip
        return Run(
            rc=done.returncode,
            output=done.stdout + done.stderr,
            results=[json.loads(line) for line in results.read_text().splitlines()] if results.exists() else [],
            requests=emulator.requests(),
            seconds=time.monotonic() - started,
        )

    return run


@pytest.fixture
def whole_file(request):
    """Skip a test that judges what all tests of its file did, where only some of them run."""
    here = {item.function.__name__ for item in request.session.items if item.path == request.path}
    if missing := {name for name in vars(request.module) if name.startswith("test_")} - here:
        pytest.skip(f"it judges what all tests of this file did, and {len(missing)} aren't to run")
