"""One writer for each stack, for real: runs in processes of their own, at the same moment and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lock, record, state

from .conftest import CREDENTIALS, ROOT

STANDARD, ULTRA = "flow-builder-local", "flow-builder-local-ultra"
REGION = "us-east-1"


@pytest.fixture(scope="module")
def aws(emulator):
    emulator.reset()
    return emulator.aws()


@pytest.fixture
def start(emulator):
    """Start an apply of its own process group."""
    started = []

    def apply(stack, *arguments):
        command = [
            sys.executable, "-m", "ansible", "playbook", "site.yml", "-i", "inventories/local", "--limit", stack, *arguments
        ]  # fmt: skip
        run = subprocess.Popen(
            command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **CREDENTIALS, "AWS_ENDPOINT_URL": emulator.url},
        )  # fmt: skip
        started.append(run)
        return run

    yield apply
    for run in started:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)


def ended(*runs):
    """Return the runs' outputs, when all have ended."""
    outputs = [""] * len(runs)

    def read(place, run):
        outputs[place] = run.communicate(timeout=300)[0]

    threads = [threading.Thread(target=read, args=pair) for pair in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outputs


def test_of_two_first_applies_at_once_one_refuses(aws, start):
    """The empty account gets one key and one bucket, and the refused run says who holds the lock."""
    runs = [start(STANDARD), start(STANDARD)]
    outputs = ended(*runs)
    assert sorted(run.returncode == 0 for run in runs) == [False, True], outputs[0][-2000:]
    refused = next(output for run, output in zip(runs, outputs, strict=True) if run.returncode)
    assert f"{STANDARD} is locked by" in refused
    keys = [aws("kms").describe_key(KeyId=one["KeyId"])["KeyMetadata"] for one in aws("kms").list_keys()["Keys"]]
    assert len([one for one in keys if one["KeyManager"] == "CUSTOMER"]) == 1
    assert [one["Name"] for one in aws("s3").list_buckets()["Buckets"] if STANDARD in one["Name"]] == [state.bucket(aws, STANDARD)]
    assert lock.look(aws, STANDARD) is None


def test_a_killed_apply_says_so_and_the_next_ones_converge(aws, start, play):
    """Killed in the middle: who held the lock is told; it goes by hand or by its time, and two more runs converge."""
    killed = start(ULTRA)
    deadline = time.monotonic() + 120
    while not aws("sqs").list_queues(QueueNamePrefix=ULTRA).get("QueueUrls"):
        assert time.monotonic() < deadline and killed.poll() is None, "it never came to its queues"
        time.sleep(0.2)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    held = lock.look(aws, ULTRA)
    assert held and record.read(aws, ULTRA) is None
    where = ("-i", "inventories/local", "--limit", ULTRA)
    refused = play("site.yml", *where)
    assert refused.rc != 0 and f"{ULTRA} is locked by {held['owner']} on {held['host']} since {held['time']}" in refused.output
    released = play("playbooks/unlock.yml", *where)
    assert released.rc == 0 and "released" in released.by_task["Release"]["msg"]
    # Its time is over: two runs, of which one waits for the other.
    assert lock.take(aws, ULTRA, {**held, "seconds": 0}) is None
    runs = [start(ULTRA, "-e", "stack_lock_wait_seconds=200") for _time in range(2)]
    outputs = ended(*runs)
    assert [run.returncode for run in runs] == [0, 0], outputs[0][-2000:] + outputs[1][-2000:]
    plan = play("playbooks/plan.yml", *where, "-e", "plan_fail_on_changes=true")
    assert plan.rc == 0, plan.output[-2000:]
    clean = play("playbooks/drift.yml", *where)
    assert clean.rc == 0, clean.output[-2000:]
