"""The process that keeps a stack's lock: it renews it while the run lives, and releases it when the run has gone.

It runs from the text of this file (``start``), in a session of its own, and so it imports nothing of the collection:
it outlives the worker, and the module's zip, that it was started from. What it shares with the run is a small file of
its own: when that is removed the run has released the lock itself, and the keeper ends. AWS's side of the lock and what
is to be known of processes stand here, too, because it needs both.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

KEY = "lock.json"
BEHIND = 5 / 6
"""The part of a lease in which its run may write: the rest is for what is on its way when it ends."""
GRACE = 2
"""Seconds after the end of a run before its lock is released, for what was on its way."""
GONE = ("NoSuchKey", "NoSuchBucket", "404")
# The last is a race with another conditional write that is under way.
BEATEN = ("PreconditionFailed", "ConditionalRequestConflict", *GONE)
BOOT = "import json, sys; given = json.load(sys.stdin); exec(given.pop('code'), {'__name__': 'keeper', 'given': given})"


def clock() -> float:
    """Return the seconds of a clock that all processes share, nobody sets, and that counts while a machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))  # macOS counts sleep in the second


# Processes


def process(pid: int) -> dict | None:
    """Return a process's parent, start and command; None if there is none any more, or only what wasn't collected."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            return None
        state, parent, started = stat[0], stat[1], stat[19]
    else:
        shown = subprocess.run(
            ["ps", "-o", "stat=,ppid=,lstart=,command=", "-p", str(pid)],
            capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"},
        ).stdout.split(None, 7)  # fmt: skip
        if len(shown) < 8:
            return None
        state, parent, started, command = shown[0], shown[1], " ".join(shown[2:7]), shown[7].strip()
    return None if state.startswith(("Z", "X")) else {"parent": int(parent), "started": started, "command": command}


def run() -> dict | None:
    """Return the run that this process works for, ansible-playbook's own process; None if that has ended.

    Workers lead a process group, in which their modules are. They are forks, so they have their parent's command: what
    adopts them when it dies has another.
    """
    worker = process(os.getpgrp())
    parent = process(worker["parent"]) if worker else None
    if not worker or not parent or parent["command"] != worker["command"]:
        return None
    return {"pid": worker["parent"], "started": parent["started"]}


def alive(run: dict) -> bool:
    """Say whether a run goes on; its number may be another process's by now."""
    found = process(run["pid"])
    return found is not None and found["started"] == run["started"]


_bound = 0


def bind() -> None:
    """Let this worker of Ansible's end with its run, which would otherwise leave it at work: it has its own session.

    The signal is the one by which Ansible ends a worker: it takes the whole group along, all its modules.
    """
    global _bound  # noqa: PLW0603 -- a fork is another process
    if os.getpgrp() != os.getpid() or _bound == os.getpid():
        return
    _bound, parent = os.getpid(), os.getppid()
    if not die_with_parent(signal.SIGTERM):
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def die_with_parent(number: int) -> bool:
    """Ask the kernel for a signal when this process's parent ends; say whether it can do that."""
    if sys.platform != "linux":
        return False
    import ctypes

    return ctypes.CDLL(None).prctl(1, number) == 0  # PR_SET_PDEATHSIG


def _end_after(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


# The file


def create(path: Path, held: dict) -> None:
    """Write down what a run holds. Raises FileExistsError if it does so already."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        json.dump(held, file)


def read(path: Path) -> dict | None:
    """Return what a run holds, or None."""
    try:
        with path.open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            text = file.read()
    except FileNotFoundError:
        return None
    return json.loads(text) if text else None


def change(path: Path, token: str, **more: Any) -> bool:
    """Add to what a run holds, and say whether it still holds it; to what rests nothing is added."""
    try:
        with path.open("r+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            held = json.loads(file.read() or "{}")
            if os.fstat(file.fileno()).st_nlink == 0 or held.get("token") != token:
                return False
            if held.get("rests"):
                return True
            file.seek(0)
            file.truncate()
            json.dump({**held, **more}, file)
            return True
    except FileNotFoundError:
        return False


def _journal(path: Path) -> Path:
    return path.with_suffix(".begun")


def note(path: Path, change: dict) -> None:
    """Add what a run is about to change to what it has begun since its last record."""
    with os.fdopen(os.open(_journal(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb", buffering=0) as file:
        file.write(json.dumps(change, default=str).encode() + b"\n")


def begun(path: Path) -> list[dict]:
    """Return what a run has begun to change since its last record: its changes, as a summary has them."""
    try:
        return [json.loads(line) for line in _journal(path).read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        return []


def recorded(path: Path) -> None:
    """Forget what a run has begun, since a record has it."""
    _journal(path).unlink(missing_ok=True)


def forget(path: Path) -> None:
    """Forget a run: from now on nobody renews its lock."""
    path.unlink(missing_ok=True)
    recorded(path)


# The lock on AWS


def code(error: Exception) -> str:
    """Return AWS's error code, or nothing."""
    return getattr(error, "response", {}).get("Error", {}).get("Code", "")


def get(s3: Any, bucket: str) -> dict | None:
    """Return what lies there as the lock: V(lock), or V(damage) where it is none, and S3's answer; None if nothing."""
    try:
        answer = s3.get_object(Bucket=bucket, Key=KEY)
    except Exception as error:
        if code(error) in GONE:
            return None
        raise
    body, told = answer["Body"].read(), {"answer": answer, "etag": answer["ETag"]}
    try:
        lock = json.loads(body)
        lock["seconds"] = int(lock["seconds"])
    except (ValueError, KeyError, TypeError) as error:
        return {**told, "lock": {}, "damage": f"{type(error).__name__}: {error}"}
    return {**told, "lock": lock, "damage": ""}


def put(s3: Any, bucket: str, lock: dict, **conditions: Any) -> str | None:
    """Write the lock, and return its ETag; None where the conditions don't hold.

    With S3's own encryption, so that it can be read and renewed also when the stack's key is gone already.
    """
    body = json.dumps(lock, sort_keys=True).encode()
    more = {"ContentType": "application/json", "ServerSideEncryption": "AES256", **conditions}
    try:
        return s3.put_object(Bucket=bucket, Key=KEY, Body=body, **more)["ETag"]
    except Exception as error:
        if code(error) in BEATEN and not ("IfNoneMatch" in conditions and code(error) in GONE):
            return None
        raise


def delete(s3: Any, bucket: str, etag: str) -> bool:
    """Delete the very lock that was seen, and say whether it was still that one."""
    try:
        s3.delete_object(Bucket=bucket, Key=KEY, IfMatch=etag)
    except Exception as error:
        if code(error) in BEATEN:
            return False
        raise
    return True


def release(s3: Any, bucket: str, lock: dict, begun: list[dict], etag: str) -> bool:
    """Free the very lock that was seen, and say whether it was still that one.

    Where a run ends without a record of what it has begun, its lock stays, free at once, and tells that.
    """
    if not begun:
        return delete(s3, bucket, etag)
    return put(s3, bucket, {**lock, "seconds": 0, "begun": begun}, IfMatch=etag) is not None


# The process


def start(source: str, given: dict) -> None:
    """Start a keeper. What it is given, and so credentials, come through a pipe and never in its command."""
    made = subprocess.Popen(
        [sys.executable, "-c", BOOT, "flow_builder.aws: keeper of the lock of", given["stack"]],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", start_new_session=True,
    )  # fmt: skip
    assert made.stdin  # it is a pipe
    with made.stdin:
        made.stdin.write(json.dumps({"code": source, **given}).encode())
    made.returncode = 0  # it is not waited for


class Keeper:
    """What keeps one lock."""

    def __init__(self, stack: str, path: str, connection: dict, bucket: str, etag: str):
        """Take over a lock that was just written."""
        self.stack, self.path, self.connection, self.bucket, self.etag = stack, Path(path), connection, bucket, etag
        self.held = read(self.path) or {}
        self.every = self.held.get("seconds", 0) / 6
        self._client = None

    @property
    def s3(self) -> Any:
        """The client, made when it is first needed: most runs of no change end before."""
        if self._client is None:
            import boto3
            from botocore.config import Config

            given = dict(self.connection)
            session = boto3.session.Session(
                aws_access_key_id=given.get("access_key"),
                aws_secret_access_key=given.get("secret_key"),
                aws_session_token=given.get("session_token"),
                profile_name=given.get("profile"),
                region_name=given.get("region"),
            )
            quick = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "max_attempts": 2})
            self._client = session.client(
                "s3",
                endpoint_url=given.get("endpoint_url"),
                verify=given.get("aws_ca_bundle") if given.get("validate_certs", True) else False,
                config=Config(**(given.get("aws_config") or {})).merge(quick),
            )
        return self._client

    def keep(self) -> None:
        """Renew the lock until the run releases it or has gone."""
        due = clock() + self.every
        while True:
            time.sleep(min(1.0, self.every / 2))
            now = read(self.path)
            if now is None or now["token"] != self.held["token"]:
                return
            if not alive(self.held["run"]):
                break
            if clock() < due or now.get("rests"):
                continue
            sent = clock()
            try:
                lost = self.renew()
            except Exception as error:  # noqa: BLE001 -- what went wrong is told when the run is stopped by it
                change(self.path, self.held["token"], trouble=str(error) or type(error).__name__)
                due = clock() + self.every / 3
                continue
            if lost:
                change(self.path, self.held["token"], lost=lost)
                return
            change(self.path, self.held["token"], until=sent + self.held["seconds"] * BEHIND, trouble="")
            due = sent + self.every
        self.end()

    def renew(self) -> str:
        """Write the lock anew, and return why that can't be; nothing if it was done."""
        for _time in range(2):
            lock = {**self.held["lock"], "renewed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
            # Should the machine go, and this process with it, the lock tells whose these changes were.
            etag = put(self.s3, self.bucket, {**lock, "begun": begun(self.path)}, IfMatch=self.etag)
            if etag:
                self.etag = etag
                return ""
            there = get(self.s3, self.bucket)
            if there is None:
                return "somebody took the lock away"
            if there["damage"] or there["lock"].get("token") != self.held["token"]:
                return f"somebody else has it: {there['lock'].get('owner', there['damage'])}"
            self.etag = there["etag"]  # ours, of a request whose answer was lost
        return ""

    def end(self) -> None:
        """Release the lock of a run that has gone; where that fails until its time is over, it is free by itself."""
        given_up = clock() + self.held["seconds"]
        time.sleep(GRACE)
        while clock() < given_up:
            try:
                there = get(self.s3, self.bucket)
                if there and there["lock"].get("token") == self.held["token"]:
                    release(self.s3, self.bucket, there["lock"], begun(self.path), there["etag"])
                break
            except Exception:  # noqa: BLE001 -- nobody is there to be told
                time.sleep(self.every)
        forget(self.path)


if __name__ == "keeper":
    Keeper(**globals()["given"]).keep()
