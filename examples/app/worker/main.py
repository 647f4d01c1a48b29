"""The worker: runs workflows.

With POLLING_MODE=true it takes messages from the queue until SIGTERM (standard profile). Otherwise a pipe has started
it for one message, which is in SQS_BODY and SQS_MESSAGE_ID (ultra profile); its exit code is the result. A release is
tried with a message that only says so: then it looks whether it could work, and does nothing.
"""

import contextlib
import json
import os
import signal
import threading
import urllib.request
import uuid

import boto3
import sqlalchemy as sa
from shared.db import engine, executions, workflows
from shared.settings import queue_url
from sqlalchemy.dialects.postgresql import insert

CHECK = "Check of a release"
stopping = threading.Event()


def work(body: str, message: str) -> bool:
    """Run the workflow that a message is about, once; return whether it was new."""
    workflow = int(json.loads(body)["workflow_id"])
    with engine().begin() as connection:
        name = connection.execute(sa.select(workflows.c.name).where(workflows.c.id == workflow)).scalar_one()
        done = connection.execute(
            insert(executions)
            .values(workflow_id=workflow, message_id=message, result=f"{name} ran")
            .on_conflict_do_nothing(index_elements=["message_id"])
        )
    print(f"workflow {workflow} ({name}): {'done' if done.rowcount else 'was done before'}, {message}", flush=True)
    return bool(done.rowcount)


def check() -> None:
    """See that the database lets it in and has the tables."""
    with engine().connect() as connection:
        connection.execute(sa.select(executions.c.result).limit(1))
    print("ready for work", flush=True)


def protect(wanted: bool) -> None:
    """Let ECS spare this task when it scales in, or not any more; the change is made only where it is one."""
    if "ECS_AGENT_URI" not in os.environ:
        return
    address = f"{os.environ['ECS_AGENT_URI']}/task-protection/v1/state"

    def ask(method: str, body: dict | None = None) -> dict:
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["protection"]

    try:
        if ask("GET")["ProtectionEnabled"] != wanted:
            ask("PUT", {"ProtectionEnabled": wanted, **({"ExpiresInMinutes": 60} if wanted else {})})
    except OSError as problem:  # without it the message comes back
        print(f"protection: {problem}", flush=True)


@contextlib.contextmanager
def held(sqs, message: dict, seconds: int):
    """Keep a message from coming back, and this task from being scaled in, for as long as it is worked on."""
    over = threading.Event()

    def hold() -> None:
        while True:
            sqs.change_message_visibility(
                QueueUrl=queue_url(), ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=seconds
            )
            if over.wait(seconds / 2):
                return

    holder = threading.Thread(target=hold, daemon=True)
    protect(True)
    holder.start()
    try:
        yield
    finally:
        over.set()
        holder.join()
        protect(False)


def poll() -> None:
    """Take messages until asked to stop; one that fails comes back when it becomes visible again."""
    sqs = boto3.client("sqs")
    told = sqs.get_queue_attributes(QueueUrl=queue_url(), AttributeNames=["VisibilityTimeout"])["Attributes"]
    print("polling", flush=True)
    while not stopping.is_set():
        found = sqs.receive_message(QueueUrl=queue_url(), MaxNumberOfMessages=1, WaitTimeSeconds=5)
        for message in found.get("Messages", []):
            try:
                with held(sqs, message, int(told["VisibilityTimeout"])):
                    work(message["Body"], message["MessageId"])
            except Exception as problem:  # the queue counts the attempts
                print(f"message {message['MessageId']} failed: {type(problem).__name__}: {problem}", flush=True)
            else:
                sqs.delete_message(QueueUrl=queue_url(), ReceiptHandle=message["ReceiptHandle"])
    print("stopped", flush=True)


def main() -> None:
    """Poll, or do what the pipe asks."""
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    if os.environ.get("POLLING_MODE", "false") == "true":
        poll()
    elif json.loads(os.environ["SQS_BODY"]).get("detail-type") == CHECK:
        check()
    else:
        work(os.environ["SQS_BODY"], os.environ.get("SQS_MESSAGE_ID") or str(uuid.uuid4()))


if __name__ == "__main__":
    main()
