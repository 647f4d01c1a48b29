"""Runs that are killed by SIGKILL at a defined write: nothing goes on, the next run starts at once, all ends well.

One stack of the ultra profile. Applies, rollouts and destroys go on where the one before was killed. The gate has some
of the kills, ``make proofs`` all of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import keeper, lock, record, state
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import Releases, current

from emulator.ask import ask
from emulator.prepared import prepare
from tests.soon import soon

from .conftest import CREDENTIALS, PROOFS, ROOT
from .releasing import emulator as emulator
from .test_cycle import Account
from .test_failed_run import applied, drift, recorded

STACK, REGION = "flow-builder-local-ultra", "us-east-1"
LEASE = 10
# After which write, of those that are left, or after which operation. Each run goes on where the one before ended.
APPLY = (1, 2, 3, 5, 8, 11, 14, 17, 20, 23) if PROOFS else (14,)
ROLLOUT = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10) if PROOFS else (6,)
DESTROY = (1, 2, 3, "1/DeregisterTaskDefinition", 2, 5, 8, 11, 14, 4) if PROOFS else (14,)
# A first apply that never came further than this, and is destroyed.
FIRST = (1, 2, 3, 4) if PROOFS else (2, 3)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class Runs:
    """Runs of playbooks that can be killed, and what is left of them."""

    def __init__(self, emulator, folder, say):
        self.emulator, self.folder, self.say = emulator, folder, say
        self.aws, self.account = emulator.aws(), Account(emulator.url)
        self.empty = self.account.holds()
        self.killed = 0

    def play(self, playbook, *arguments, at=None):
        """Run a playbook, to its end or until it is killed, and return (rc, output)."""
        output = self.folder / "output"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment |= {
            **CREDENTIALS, "AWS_ENDPOINT_URL": self.emulator.url, "AWS_EC2_METADATA_DISABLED": "true",
            "TMPDIR": str(self.folder),
        }  # fmt: skip
        command = [
            sys.executable, "-m", "ansible", "playbook", playbook, "-i", "inventories/local", "--limit", STACK,
            "-e", f"stack_lock_seconds={LEASE}", *arguments,
        ]  # fmt: skip
        with output.open("w") as file:
            run = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, env=environment, start_new_session=True)
            if at:
                request = urllib.request.Request(f"{self.emulator.url}/_kill/{run.pid}/{at}", method="POST")
                urllib.request.urlopen(request, timeout=30).close()
            rc = run.wait(300)
        return rc, output.read_text()

    def kill(self, playbook, *arguments, at):
        """Run a playbook until the write, and see that nothing goes on and that the lock is free within the lease."""
        rc, output = self.play(playbook, *arguments, at=at)
        assert rc == -signal.SIGKILL, f"not killed at {at}, but {rc}: {output[-3000:]}"
        died, self.killed = time.monotonic(), self.killed + 1
        self.soon(lambda: not self.processes(workers=True), "the end of its workers")
        time.sleep(0.3)  # what was on its way
        self.emulator.requests()
        self.soon(lambda: not self.processes(), "the end of the keeper")
        # Killed between the lock and its keeper, it is free when its time is over.
        self.soon(lambda: not (held := lock.current(self.aws, STACK)) or not lock.left(held), "a free lock")
        free = time.monotonic() - died
        later = [f"{one['service']} {one['operation']}" for one in self.emulator.requests() if one["writes"]]
        later = [one for one in later if not one.endswith("/lock.json")]
        assert later == [], f"it went on: {later}"
        self.say(f"{Path(playbook).stem} killed at write {at}: its lock was free after {free:.1f} s")

    def whole(self, playbook, *arguments):
        """Run a playbook to a good end."""
        rc, output = self.play(playbook, *arguments)
        assert rc == 0, output[-4000:]
        self.soon(lambda: not self.processes(), "the end of the keeper")
        return output

    def soon(self, true, what):
        soon(true, lambda: f"{what}: {self.processes()}")

    def processes(self, workers=False):
        """Return the processes of this test's runs, the keepers among them or not."""
        found, mine = {}, f"TMPDIR={self.folder}\0".encode()
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                ours = mine in (entry / "environ").read_bytes()
            except OSError:
                continue
            one = keeper.process(int(entry.name)) if ours else None
            if one and not (workers and "keeper of the lock" in one["command"]):
                found[int(entry.name)] = one["command"][-150:]
        return found

    def nothing(self):
        """See that the account is as empty as it was, also of what no list shows."""
        assert self.account.holds() == self.empty
        left = self.account.client("ecs").list_task_definitions(status="INACTIVE")["taskDefinitionArns"]
        assert left == []
        assert list(self.folder.glob("flow-builder-aws-*/*")) == []


@pytest.fixture
def runs(emulator, tmp_path, capsys):
    def say(text):
        with capsys.disabled():
            print(f"\n{time.strftime('%H:%M:%S')} {text}", end="", flush=True)

    made = Runs(emulator, tmp_path, say)
    yield made
    for pid in made.processes():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("at", FIRST)
def test_of_a_first_apply_that_hardly_began_destroy_leaves_nothing(runs, at):
    runs.kill("site.yml", at=at)
    runs.whole("playbooks/destroy.yml")
    runs.nothing()


def test_killed_runs_end_and_the_next_ones_go_on(emulator, runs):
    for at in APPLY:
        runs.kill("site.yml", at=at)
    # The machine is gone, and the keeper with it: the next run waits for the end of the lease.
    rc, _output = runs.play("site.yml", at=6)
    for pid in runs.processes():
        os.kill(pid, signal.SIGKILL)
    assert rc == -signal.SIGKILL and lock.current(runs.aws, STACK)
    began = time.monotonic()
    runs.whole("site.yml", "-e", f"stack_lock_wait_seconds={LEASE + 5}")
    runs.say(f"the apply after them: {time.monotonic() - began:.0f} s, with the end of a lease")
    assert record.read(runs.aws, STACK)

    book = Releases(runs.aws, STACK)
    rollout = ("playbooks/runbooks/rollout.yml", "-e", "release_pause=0.2", "-e", "release_steady_seconds=0.5")
    rollout += ("-e", '{"release_migrate": false}')
    for name in ("one", "two"):
        book.make(name, prepare(emulator.url, STACK, ROOT / "examples/app", REGION, name, ["worker", "scheduler"]), {})
    ask(emulator.url, "images", {"images": [{"image": "*", "exits": 0, "function": {}}]})
    runs.whole(*rollout, "-e", "release_name=one")
    for number, at in enumerate(ROLLOUT):
        runs.kill(*rollout, "-e", f"release_name={('two', 'one')[number % 2]}", at=at)
    runs.whole(*rollout, "-e", "release_name=two")
    assert current(book.all())["id"] == "two"

    runs.whole("site.yml")
    runs.whole("playbooks/drift.yml")
    for at in DESTROY:
        runs.kill("playbooks/destroy.yml", at=at)
    runs.whole("playbooks/destroy.yml")
    runs.nothing()
    runs.say(f"{runs.killed + 1} runs were killed")


def test_what_a_killed_run_changed_is_no_drift_of_somebodys(runs, tmp_path):
    """Killed after an update and before its record: drift tells whose it was, and the next record has it."""
    a, b = f"/aws/{STACK}/a", f"/aws/{STACK}/b"

    def site(days):
        path = tmp_path / "groups.yml"
        path.write_text(yaml.safe_dump([applied(STACK, REGION, [{"name": one, "days": days} for one in (a, b)])]))
        return path

    state.claim(runs.aws, state.bucket(runs.aws, STACK))
    runs.whole(site(7))
    runs.kill(site(14), at="1/PutRetentionPolicy")
    (found,), told = drift(runs.aws, STACK)
    assert (found["name"], found["recorded"], found["live"]) == (a, 7, 14)
    assert found["who"] and found["event"] == "apply that ended before its record"
    assert f"the next apply records what was changed by {found['who']}" in " ".join(told["notes"])
    assert recorded(runs.aws, STACK)[0] == {a: 7, b: 7}
    # What somebody else changed meanwhile goes on being told.
    runs.aws("logs").put_retention_policy(logGroupName=b, retentionInDays=3)
    assert [(one["name"], bool(one["who"])) for one in drift(runs.aws, STACK)[0]] == [(a, True), (b, False)]
    runs.aws("logs").put_retention_policy(logGroupName=b, retentionInDays=14)
    runs.whole(site(14))
    assert recorded(runs.aws, STACK) == ({a: 14, b: 7}, None), "b was somebody else's, and is as it should be by chance"
    assert [(one["name"], bool(one["who"])) for one in drift(runs.aws, STACK)[0]] == [(b, False)]
    assert lock.current(runs.aws, STACK) is None
