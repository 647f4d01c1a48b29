"""One writer for each stack, for real: runs in processes of their own, at the same moment and killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lock, record, state

from tests.soon import soon

from .conftest import CREDENTIALS, ROOT

STANDARD, ULTRA = "flow-builder-local", "flow-builder-local-ultra"
WHERE = ("-i", "inventories/local", "--limit", ULTRA)


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
    assert lock.current(aws, STANDARD) is None


def test_a_killed_apply_releases_its_lock_and_the_next_ones_converge(aws, start, play):
    """Killed in the middle: its lock is released by itself, and of two runs at once one waits for the other."""
    killed = start(ULTRA)

    def begun():
        assert killed.poll() is None, "it ended before its queues"
        return aws("sqs").list_queues(QueueNamePrefix=ULTRA).get("QueueUrls")

    soon(begun, "its queues", 0.2)
    assert lock.current(aws, ULTRA)
    killed.kill()
    killed.wait()
    assert record.read(aws, ULTRA) is None
    runs = [start(ULTRA, "-e", "stack_lock_wait_seconds=200") for _time in range(2)]
    outputs = ended(*runs)
    assert [run.returncode for run in runs] == [0, 0], outputs[0][-2000:] + outputs[1][-2000:]
    plan = play("playbooks/plan.yml", *WHERE, "-e", "plan_fail_on_changes=true")
    assert plan.rc == 0, plan.output[-2000:]
    clean = play("playbooks/drift.yml", *WHERE)
    assert clean.rc == 0, clean.output[-2000:]


def test_while_somebody_changes_a_stack_others_say_so(aws, play):
    """An apply is refused, drift and status tell why they aren't alarmed, and the lock goes only on purpose."""
    aws("sqs").create_queue(QueueName=f"{ULTRA}-half-made", tags={"Stack": ULTRA})
    lock.take(aws, ULTRA, {"token": "theirs", "owner": "she", "host": "there", "time": "now", "purpose": "apply", "seconds": 300})
    told = f"{ULTRA} is locked by she on there since now for apply"
    refused = play("site.yml", *WHERE)
    assert refused.rc == 2 and told in " ".join(refused.output.split())
    written = [one for one in refused.requests if one["writes"] and not one["operation"].endswith("lock.json")]
    assert written == []
    drift = play("playbooks/drift.yml", *WHERE)
    assert drift.rc == 0, drift.output[-2000:]
    assert told in drift.by_task["Compare with the record"]["locked"] and "half-made" not in drift.output
    assert "Is everything as it was applied?" not in drift.by_task
    accept = play("playbooks/drift.yml", *WHERE, "-e", "drift_action=accept")
    assert accept.rc == 2 and told in " ".join(accept.output.split())
    show = play("playbooks/show.yml", *WHERE)
    assert show.rc == 0 and told in show.by_task["Look for everything that the stack has"]["locked"]
    assert f"It is being changed: {told}" in (ROOT / f"reports/{ULTRA}/show.txt").read_text()

    several = play("playbooks/unlock.yml", "-i", "inventories/local", "--limit", "all")
    assert several.rc == 2 and f"--limit with one of {STANDARD}, {ULTRA}" in " ".join(several.output.split())
    living = play("playbooks/unlock.yml", *WHERE)
    assert living.rc == 2 and told in " ".join(living.output.split()) and f"-e confirm_unlock={ULTRA}" in living.output
    assert lock.current(aws, ULTRA)["token"] == "theirs"
    taken = play("playbooks/unlock.yml", *WHERE, "-e", f"confirm_unlock={ULTRA}")
    assert taken.rc == 0 and told in taken.by_task["Release"]["msg"] and lock.current(aws, ULTRA) is None
    aws("s3").put_object(Bucket=state.bucket(aws, ULTRA), Key=lock.KEY, Body=b"{")
    damaged = play("playbooks/unlock.yml", *WHERE)
    assert damaged.rc == 0 and f"{ULTRA} has a damaged lock" in damaged.by_task["Release"]["msg"]
    drifted = play("playbooks/drift.yml", *WHERE)
    assert drifted.rc == 2 and "half-made" in drifted.output
