"""No job is lost: 300 of them, while tasks crash, are interrupted and never start, and the pipe's process dies."""

from __future__ import annotations

import functools
import json
import time
from dataclasses import dataclass

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import name

from emulator.ask import ask

JOBS = 300
FAT = (7, 123, 256)  # jobs whose bodies are too long for a task's overrides
FAULTS = {"seed": 20, "crash": 0.20, "spot": 0.15, "start": 0.05}
SPEED = 20
SECONDS = 60
STACK = "flow-builder-local-ultra"


@dataclass(frozen=True)
class Account:
    """A client for each service, and the emulator's own addresses."""

    url: str

    @functools.cache  # noqa: B019 -- there is one for the module
    def __call__(self, service):
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", aws_access_key_id="localaccesskeyid",
            aws_secret_access_key="localsecretaccesskey",
        )  # fmt: skip

    def own(self, method, path, **body):
        """Ask one of the emulator's own addresses."""
        return ask(self.url, path, body, method, timeout=30)


@pytest.fixture(scope="module")
def aws(emulator):
    emulator.reset()
    yield Account(emulator.url)
    Account(emulator.url).own("POST", "clock?speed=1")
    emulator.reset()


@dataclass
class Stack:
    """Where jobs go in and where they can end."""

    queue: str
    dead_letters: str
    failed_jobs: str
    worker_log: str
    pipe_log: str


@pytest.fixture(scope="module")
def stack(aws, play):
    """The stack of the ultra profile, whose pipe runs although no worker was released."""
    made = play("playbooks/ultra.yml", "-i", "inventories/local", "--limit", STACK, "-e", '{"pipes_running": true}')
    assert made.rc == 0, made.output
    queues = (("queue", "workflow"), ("dead_letter_queue", "workflow"), ("failed_jobs_queue",))
    urls = [aws("sqs").get_queue_url(QueueName=name(key, STACK, *parts))["QueueUrl"] for key, *parts in queues]
    return Stack(*urls, name("ecs_log_group", STACK, "worker"), name("pipe_log_group", STACK))


def body(number):
    return json.dumps({"job": number, **({"filling": "x" * 8192} if number in FAT else {})})


def lines(aws, group):
    pages = aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


def drain(sqs, queue):
    """Take all messages out of a queue."""
    taken = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        taken += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return taken


def test_no_job_is_lost(aws, stack, capsys):
    sqs, started = aws("sqs"), time.monotonic()
    aws.own("POST", f"clock?speed={SPEED}")
    # The worker says that it did its job, after a moment in which it can be interrupted.
    aws.own("POST", "images", images=[{"image": "*worker*", "run": ["sh", "-c", 'sleep 0.2; echo "done $SQS_BODY"']}])
    aws.own("POST", "faults", **FAULTS)

    def send(numbers):
        for first in range(0, len(numbers), 10):
            entries = [{"Id": str(one), "MessageBody": body(one)} for one in numbers[first : first + 10]]
            assert not sqs.send_message_batch(QueueUrl=stack.queue, Entries=entries).get("Failed")

    crashes = 0
    for share in range(3):
        send(range(share * JOBS // 3, (share + 1) * JOBS // 3))
        crashes += len(aws.own("POST", "pipes/restart")["restarted"])

    done, failed, dead, did = set(), {}, set(), []
    while len(done | failed.keys() | dead) < JOBS and time.monotonic() - started < SECONDS:
        time.sleep(0.5)
        state = aws.own("GET", "dataplane")
        if state["functions"] or any(count for status, count in state["tasks"].items() if status != "STOPPED"):
            continue
        aws.own("POST", "clock?seconds=301")  # only messages in flight and retries are waited for
        for told in drain(sqs, stack.failed_jobs):
            assert told["reason"], told
            failed[json.loads(told["body"])["job"]] = told["reason"]
        dead |= {told["job"] for told in drain(sqs, stack.dead_letters)}
        did = [json.loads(line.removeprefix("done "))["job"] for line in lines(aws, stack.worker_log)]
        done = set(did)

    met = aws.own("GET", "faults")["met"]
    refusals = lines(aws, stack.pipe_log)
    lost = set(range(JOBS)) - done - failed.keys() - dead
    with capsys.disabled():
        print(
            f"\n{JOBS} jobs, {sum(met.values())} tasks ({', '.join(f'{count} {what}' for what, count in sorted(met.items()))}), "
            f"{crashes} crashes of the pipe: {len(done)} done ({len(did) - len(done)} of them more than once), "
            f"{len(failed)} in failed-jobs, {len(dead)} in dead letters, {len(lost)} lost; "
            f"{time.monotonic() - started:.0f} s"
        )
    assert not lost, f"{state}, {met}"
    assert dead == set(FAT)
    assert sum("8192" in line for line in refusals) >= len(FAT), "the pipe's log doesn't say why"
    # The faults were really met, and what was interrupted or found no capacity was run again.
    assert crashes >= 2
    assert all(met[what] > 0 for what in ("crash", "spot", "start"))
    assert sum(met.values()) > JOBS
    assert not any("SpotInterruption" in reason and "attempt 1" in reason for reason in failed.values())
    assert {job for job in failed if job in FAT} == set()
