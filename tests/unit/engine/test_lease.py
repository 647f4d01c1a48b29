"""The lock as a lease: runs in processes of their own, on an embedded AWS in this one."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.action.stack_lock import take_away
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import (
    between,
    keeper,
    lease,
    lock,
    record,
    stack,
    state,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from botocore.exceptions import ClientError

from tests.soon import soon

ROOT = Path(__file__).resolve().parents[3]
KEYS = {"AWS_ACCESS_KEY_ID": "localaccesskeyid", "AWS_SECRET_ACCESS_KEY": "localsecretaccesskey"}
SECONDS = 6  # of a lease in these tests
# A run and its worker: a fork of it with a session of its own, as ansible-core makes them.
RUN = """
import os, sys, threading, time, traceback
what, stack, url, collections, seconds = sys.argv[1:]
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([collections])
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import keeper, lease
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
def worker():
    os.setsid()
    if "unbound" in what:
        keeper.bind = lambda: None
    aws = Aws.of_arguments({"region": "us-east-1", "endpoint_url": url}, None if "free" in what else stack)
    if "skips" not in what:
        lease.guard(aws, None)
        print(lease.hold(aws, stack, "a test", int(seconds))[1], flush=True)
        lease.guard(aws, None if "free" in what else stack)
    for number in range(1000):
        try:
            aws("sqs").list_queues(QueueNamePrefix="none")
            if "reads" not in what:
                aws("sqs").create_queue(QueueName=f"{stack}-{number}")
        except Exception as error:
            print(f"{type(error).__name__}: {error}", flush=True)
            return
        if not number:
            if "begins" in what:
                lease.begin({"kind": "log_group", "name": "a", "action": "update", "changes": ["retention_in_days"], "before": {}})
            if "records" in what:
                lease.recorded(aws, stack)
            print("first", flush=True)
        time.sleep(0.05)
        if "releases" in what:
            print(*lease.let_go(aws, stack), flush=True)
            time.sleep(1000)
pid = os.fork()
if not pid:
    try:
        worker()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)
os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def url():
    from emulator import server

    sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]
    made = server.make(0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()


@pytest.fixture(scope="module")
def aws(url):
    session = boto3.session.Session(*KEYS.values(), region_name="us-east-1")
    return Aws(lambda service: session.client(service, endpoint_url=url), "us-east-1")


@pytest.fixture
def name(request):
    """The name of a stack that no other test has."""
    return "stack-" + request.node.name.removeprefix("test_").partition("[")[0].replace("_", "-")[:26].strip("-")


class Run:
    """A run in processes of its own."""

    def __init__(self, what, stack, url, folder):
        self.stack, self.folder = stack, folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN, what, stack, url, str(ROOT / "collections"), str(SECONDS)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            env={**os.environ, **KEYS, "TMPDIR": str(folder), "AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(ROOT)},
        )  # fmt: skip

    def line(self):
        """Return the next line that it says."""
        assert select.select([self.process.stdout], [], [], 60)[0], "it says nothing"
        return self.process.stdout.readline().strip()

    def until(self, words):
        """Return the first line with these words."""
        said = []
        while line := self.line():
            said.append(line)
            if words in line:
                return line
        raise AssertionError(f"it never said {words!r}: {said}")

    def renewed(self):
        """Wait until its keeper has renewed the lock once, for which it has loaded what it needs."""
        first = self.file()[1]["until"]
        soon(lambda: self.file()[1]["until"] > first, "a renewal")

    def kill(self):
        """End the run's own process, and nothing else."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def file(self):
        """Return what it holds, by its own file."""
        found = list(self.folder.glob(f"flow-builder-aws-*/*-{self.stack}-*.json"))
        return (found[0], keeper.read(found[0])) if found else (None, None)

    def keepers(self):
        return [pid for pid in processes(self.folder) if "aws: keeper of" in (keeper.process(pid) or {"command": ""})["command"]]


def processes(folder):
    """Return the processes that have a folder of a test in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"TMPDIR={folder}\0".encode() in (entry / "environ").read_bytes()
        except OSError:
            continue
        found += [int(entry.name)] if mine and keeper.process(int(entry.name)) else []
    return found


@pytest.fixture
def begin(name, url, tmp_path):
    """Begin a run, which is ended whatever happens."""
    made = []

    def run(what):
        made.append(Run(what, name, url, tmp_path))
        return made[-1]

    yield run
    for pid in processes(tmp_path):
        os.kill(pid, signal.SIGKILL)
    for one in made:
        one.process.stdout.close()
        one.process.wait()


def queues(aws, name):
    return len(aws("sqs").list_queues(QueueNamePrefix=name, MaxResults=1000).get("QueueUrls", []))


linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@linux
def test_a_killed_run_ends_with_all_its_processes_and_its_lock_is_released(aws, name, begin, tmp_path):
    run = begin("")
    run.until("first")
    assert lock.current(aws, name)["pid"] == run.process.pid
    run.kill()
    soon(lambda: len(processes(tmp_path)) == len(run.keepers()), "the worker's end")
    written = queues(aws, name)
    soon(lambda: lock.current(aws, name) is None, "the release of the lock")
    soon(lambda: not processes(tmp_path), "the keeper's end")
    assert queues(aws, name) == written
    assert run.file() == (None, None)


BEGUN = {"kind": "log_group", "name": "a", "action": "update", "changes": ["retention_in_days"], "before": {}}


def dead(aws, name, run, tmp_path):
    """Return the lock of a run that was killed, as soon as it is free."""
    run.kill()
    soon(lambda: not processes(tmp_path), "the keeper's end")
    assert not list(tmp_path.glob("flow-builder-aws-*/*")), "no file is left"
    return lock.current(aws, name)


@linux
def test_what_a_killed_run_began_is_told_by_its_lock_and_is_the_next_runs_to_record(aws, name, begin, tmp_path):
    run = begin("begins")
    run.until("first")
    held = dead(aws, name, run, tmp_path)
    assert held["begun"] == [BEGUN] and lock.left(held) == 0
    locked, (told,) = lease.others(aws, name)
    assert locked == "" and told == {**BEGUN, "by": {"who": held["owner"], "when": held["time"], "event": "a test that ended before its record"}}
    assert "has no lock any more. The last one tells the next run" in take_away(aws, name, living=False)
    # The next one is killed as well, and the one after it records nothing.
    run = begin("begins")
    run.until("first")
    assert dead(aws, name, run, tmp_path)["begun"] == [told, BEGUN]
    begin("releases").until("an expired lock")
    soon(lambda: lock.left(lock.current(aws, name)) == 0, "its release")
    assert lock.current(aws, name)["begun"][0] == told
    # Recorded, there's nothing more to tell.
    begin("records releases").until("no longer")
    assert lock.current(aws, name) is None


@linux
def test_what_a_run_began_is_told_by_its_lock_when_its_machine_is_gone(aws, name, begin):
    run = begin("begins")
    run.until("first")
    run.renewed()
    for pid in run.keepers():
        os.kill(pid, signal.SIGKILL)
    run.kill()
    _etag, _sent, before = lock.take(aws, name, {"token": "another", "seconds": 60}, wait=SECONDS + 4)
    (told,) = lock.unrecorded(before | {"age": SECONDS})
    assert told["changes"] == BEGUN["changes"] and lock.current(aws, name)["begun"] == [told]


@linux
def test_where_the_kernel_does_not_end_a_worker_its_next_request_does(aws, name, begin):
    run = begin("unbound reads")
    run.until("first")
    run.kill()
    assert run.until("Unheld") == f"Unheld: the run that worked on {name} has ended, so nothing more is done for it"


@linux
def test_what_waits_for_people_keeps_runs_from_writing(aws, name, begin):
    """Also one that skipped the task which takes the lock, and would tell; when the time is over nobody is kept."""
    state.claim(aws, state.bucket(aws, name))
    between.write(aws, name, {"told": "a release waits", "until": "9999-01-01T00:00:00Z"})
    assert between.waiting(aws, name)
    assert begin("skips").until("Locked") == "Locked: a release waits"
    assert queues(aws, name) == 0 and lock.current(aws, name) is None
    between.write(aws, name, {"told": "a release waits", "until": "2026-01-01T00:00:00Z"})
    begin("skips").until("first")
    assert not between.waiting(aws, name)
    between.forget(aws, name)
    assert between.read(aws, name) is None and not between.waiting(aws, name)


@linux
def test_a_lease_is_renewed_while_its_run_lives(aws, name, begin):
    run = begin("")
    run.until("first")
    (path, first), token = run.file(), lock.current(aws, name)["token"]
    assert path.parent.stat().st_mode & 0o777 == 0o700 and path.stat().st_mode & 0o777 == 0o600
    time.sleep(SECONDS + 1)
    held = lock.current(aws, name)
    assert held["token"] == token == first["token"] and lock.left(held) and held["renewed"] > held["time"]
    assert run.file()[1]["until"] > first["until"]
    with pytest.raises(lock.Locked, match=f"{name} is locked by .* for a test, renewed [0-9]+ s ago"):
        lock.take(aws, name, {"token": "another", "seconds": SECONDS})
    command = next(keeper.process(pid) for pid in run.keepers())["command"]
    assert name in command and KEYS["AWS_SECRET_ACCESS_KEY"] not in command


@linux
def test_who_is_not_renewed_stops_before_it_writes_and_the_lock_is_free_in_time(aws, name, begin):
    """The keeper is dead, as when a machine was cut off: the run stops by itself before another one may begin."""
    run = begin("")
    run.until("first")
    for pid in run.keepers():
        os.kill(pid, signal.SIGKILL)
    _etag, _sent, before = lock.take(aws, name, {"token": "another", "seconds": 60}, wait=SECONDS + 4)
    assert before["owner"]
    written = queues(aws, name)
    assert "could not be renewed in time" in run.until("Unheld")
    assert queues(aws, name) == written


@linux
def test_a_refused_renewal_is_told(aws, name, begin):
    from emulator.dataplane import faults

    run = begin("")
    run.until("first")
    run.renewed()
    faults.use(deny=["s3:PutObject"])
    try:
        told = run.until("Unheld")
    finally:
        faults.forget()
    assert "could not be renewed in time: An error occurred (AccessDenied)" in told and "credentials" in told


@linux
def test_a_run_whose_lock_was_taken_away_stops(aws, name, begin):
    run = begin("")
    run.until("first")
    run.renewed()
    with pytest.raises(EngineError, match=f"that run lives.*-e confirm_unlock={name}"):
        take_away(aws, name, living=False)
    told = take_away(aws, name, living=True)
    assert f"{name} is locked by" in told and "released. If that run still lives it stops by itself" in told
    assert run.until("Unheld").endswith("and so it stops before it writes: somebody took the lock away")
    assert take_away(aws, name, living=False) == f"{name} has no lock"


@linux
def test_the_first_write_of_a_run_that_skipped_its_lock_takes_it(aws, name, begin):
    run = begin("skips reads")
    run.until("first")
    assert not state.exists(aws, name) and run.file() == (None, None), "reads take no lock"
    other = begin("skips")
    other.until("first")
    assert lock.current(aws, name)["purpose"] == lease.UNNAMED
    refused = begin("skips")
    assert f"Locked: {name} is locked by" in refused.until("Locked")


@linux
def test_a_released_lock_is_gone_and_so_is_its_keeper(aws, name, begin):
    run = begin("releases")
    assert run.until("no longer") == f"{name} is no longer locked for a test"
    assert lock.current(aws, name) is None and run.file() == (None, None)
    soon(lambda: not run.keepers(), "the keeper's end")


def test_without_a_lock_nothing_is_asked_for(aws, name, url, begin):
    run = begin("free skips")
    run.until("first")
    assert not state.exists(aws, name)


@pytest.mark.parametrize(
    ("operation", "write"),
    [
        ("DescribeVpcs", False), ("GetObject", False), ("ListObjectVersions", False), ("HeadBucket", False),
        ("BatchGetImage", False), ("BatchCheckLayerAvailability", False), ("LookupEvents", False),
        ("FilterLogEvents", False), ("SimulatePrincipalPolicy", False), ("AssumeRoleWithWebIdentity", False),
        ("PutObject", True), ("DeleteDBInstance", True), ("RegisterTaskDefinition", True), ("Invoke", True),
        ("BatchDeleteImage", True), ("TagResource", True), ("CreateTags", True), ("ScheduleKeyDeletion", True),
        ("InitiateLayerUpload", True), ("RunTask", True), ("SendMessageBatch", True), ("CancelKeyDeletion", True),
    ],
)  # fmt: skip
def test_reads_and_writes(operation, write):
    assert lease.writes(operation) is write


# What lies there as a lock


def lay(aws, name, key, body):
    state.claim(aws, state.bucket(aws, name))
    aws("s3").put_object(Bucket=state.bucket(aws, name), Key=key, Body=body)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"seconds": "many"}', b"\xff\xfe", b"null"])
def test_a_damaged_lock_says_so_and_is_free_in_time(aws, name, body, monkeypatch):
    lay(aws, name, lock.KEY, body)
    with pytest.raises(lock.Locked, match=rf"{name} has a damaged lock, lock.json in its bucket.*free in 1\d\d s"):
        lock.take(aws, name, {"token": "mine", "seconds": 60})
    assert "has a damaged lock" in lease.others(aws, name)[0]
    monkeypatch.setattr(lock, "SECONDS", 0)
    assert lock.take(aws, name, {"token": "mine", "seconds": 60})[2]["damage"]
    lay(aws, name, lock.KEY, body)
    assert "released" in take_away(aws, name, living=False)
    assert lock.current(aws, name) is None


@pytest.mark.parametrize(("unseen", "claims", "seconds"), [(0, 0, 0), (1, 1, 0), (4, 4, 1.5)])
def test_a_bucket_that_was_just_made_is_not_seen_by_all_of_s3(monkeypatch, unseen, claims, seconds):
    s3, now, refused = SimpleNamespace(claims=0, left=unseen), [0.0], {"Error": {"Code": "NoSuchBucket"}}

    def put(*_arguments, **_conditions):
        if s3.left:
            s3.left -= 1
            raise ClientError(refused, "PutObject")
        return "etag"

    monkeypatch.setattr(lock.keeper, "put", put)
    monkeypatch.setattr(lock.state, "bucket", lambda *_: "b")
    monkeypatch.setattr(lock.state, "claim", lambda *_: setattr(s3, "claims", s3.claims + 1))
    monkeypatch.setattr(lock.time, "monotonic", lambda: now[0] + 1)
    monkeypatch.setattr(lock.time, "sleep", lambda pause: now.__setitem__(0, now[0] + pause))
    assert lock.take(lambda _service: s3, "s", {})[0] == "etag"
    assert (s3.claims, now[0]) == (claims, seconds)
    s3.left = 10_000
    with pytest.raises(ClientError, match="NoSuchBucket"):
        lock.take(lambda _service: s3, "s", {})
    assert now[0] < 125


def test_a_lock_of_an_earlier_version_is_heeded(aws, name):
    lay(aws, name, lock.KEY, json.dumps({"id": "x", "owner": "me", "host": "here", "time": "then", "purpose": "apply", "seconds": 7200}))
    with pytest.raises(lock.Locked, match="is locked by me on here since then for apply"):
        lock.take(aws, name, {"token": "mine", "seconds": 60})


def test_of_many_that_find_a_dead_lock_one_gets_it(aws, name):
    lay(aws, name, lock.KEY, json.dumps({"token": "dead", "seconds": 0}))
    got = []

    def take(number):
        with contextlib.suppress(lock.Locked):
            got.append(lock.take(aws, name, {"token": str(number), "seconds": 60}))

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1 and got[0][2]["token"] == "dead"


def test_the_lock_can_be_read_when_the_stacks_key_is_gone(aws, name):
    lock.take(aws, name, {"token": "mine", "seconds": 60})
    assert aws("s3").head_object(Bucket=state.bucket(aws, name), Key=lock.KEY)["ServerSideEncryption"] == "AES256"


def test_the_folder_of_leases_is_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert lease.folder().stat().st_mode & 0o777 == 0o700
    lease.folder().chmod(0o755)
    with pytest.raises(EngineError, match="nobody else may look into"):
        lease.folder()
    lease.folder.__globals__["Path"](tmp_path, f"flow-builder-aws-{os.getuid()}").rmdir()
    (tmp_path / f"flow-builder-aws-{os.getuid()}").symlink_to(tmp_path)
    with pytest.raises(EngineError, match="nobody else may look into"):
        lease.folder()


# Records

WHOLE = {"format": 1, "kinds": [], "resources": {}, "undeclared": {}, "stack": "x", "time": "t"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"resources": []}', json.dumps({**WHOLE, "kinds": 1}).encode()])
def test_a_damaged_record_has_a_way_out(aws, name, body):
    lay(aws, name, record.KEY, body)
    if body == b"null":  # nothing was ever written so
        assert record.last(aws, name) == (None, [])
        return
    with pytest.raises(state.Unreadable, match=r"record.json of the bucket .* is damaged .*list-object-versions .*copy-object"):
        record.read(aws, name)
    for key in state.keys(aws, name, record.FOLDER):
        aws("s3").delete_object(Bucket=state.bucket(aws, name), Key=key)
    found, told = record.last(aws, name)
    assert found is None and "no record was left to take in its place; an apply makes one" in told[-1]
    lay(aws, name, f"{record.FOLDER}2026-01-01T000000Z.json", json.dumps(WHOLE))
    lay(aws, name, f"{record.FOLDER}2026-01-02T000000Z.json", body)
    found, told = record.last(aws, name)
    assert found == WHOLE and told[-1].startswith("the record records/2026-01-01T000000Z.json was taken in its place")


def test_a_record_whose_key_is_gone_is_damaged(aws, name, monkeypatch):
    """The stack's key goes before its bucket, and a destroy may be killed between them."""
    lay(aws, name, record.KEY, json.dumps(WHOLE))
    gone = ClientError({"Error": {"Code": "KMS.KMSInvalidStateException", "Message": "is pending deletion"}}, "GetObject")

    def refuse(**_asked):
        raise gone

    monkeypatch.setattr(aws("s3"), "get_object", refuse)
    found, told = record.last(aws, name)
    assert found is None and "is pending deletion" in told[0]


# The end of a stack


def test_the_bucket_goes_last_and_in_no_wave(aws, name):
    bucket = state.bucket(aws, name)
    tags = {"TagSet": [{"Key": "Stack", "Value": name}, {"Key": "Region", "Value": "us-east-1"}]}
    state.claim(aws, bucket)
    aws("s3").put_bucket_tagging(Bucket=bucket, Tagging=tags)
    other = f"{name}-files"
    aws("s3").create_bucket(Bucket=other)
    aws("s3").put_bucket_tagging(Bucket=other, Tagging=tags)
    lay(aws, name, record.KEY, json.dumps(WHOLE))
    gone = stack.destroy(aws, name, ["s3_bucket"], {"s3_bucket": KINDS["s3_bucket"]}, 5)
    assert [one["name"] for one in gone] == [other] and state.holds(aws, name, record.KEY)
    assert stack.finish(aws, name, KINDS["s3_bucket"], check=True) == [{"kind": "s3_bucket", "name": bucket}]
    assert state.exists(aws, name)
    assert stack.finish(aws, name, KINDS["s3_bucket"]) == [{"kind": "s3_bucket", "name": bucket}]
    assert not state.exists(aws, name) and stack.finish(aws, name, KINDS["s3_bucket"]) == []


@pytest.mark.parametrize("writes", [1, 2])
def test_a_first_apply_that_was_killed_after_a_write_or_two_leaves_nothing(aws, name, writes):
    state.claim(aws, state.bucket(aws, name))
    if writes == 2:
        lay(aws, name, lock.KEY, json.dumps({"token": "dead", "seconds": 0}))
        lock.release(aws, name, lock.current(aws, name))
    assert stack.finish(aws, name, KINDS["s3_bucket"])
    assert not state.exists(aws, name)


def test_a_bucket_that_somebody_took_meanwhile_stays(aws, name):
    lock.take(aws, name, {"token": "theirs", "owner": "they", "seconds": 60})
    with pytest.raises(lock.Locked, match="is not deleted, since somebody else took it: .* is locked by they"):
        stack.finish(aws, name, KINDS["s3_bucket"])
    assert lock.current(aws, name)["token"] == "theirs"


def test_revisions_that_were_only_deregistered_go(aws, name):
    ecs, kind = aws("ecs"), KINDS["ecs_taskdefinition"]
    for family, whose in ((f"{name}-worker", name), (f"{name}-other", f"{name}-b"), (f"{name}-live", name)):
        made = ecs.register_task_definition(
            family=family, containerDefinitions=[{"name": "a", "image": "b", "memory": 128}],
            tags=[{"key": "Stack", "value": whose}],
        )  # fmt: skip
        if not family.endswith("live"):
            ecs.deregister_task_definition(taskDefinition=made["taskDefinition"]["taskDefinitionArn"])
    assert [one["family"] for one in kind.interrupted(aws, name)] == [f"{name}-worker"]
    gone = stack.destroy(aws, name, [kind.name], {kind.name: kind}, 5)
    assert sorted(one["name"] for one in gone) == [f"{name}-live", f"{name}-worker"]
    assert kind.interrupted(aws, name) == [] and kind.stack(aws, name) == []
    assert [one["family"] for one in kind.interrupted(aws, f"{name}-b")] == [], "its name begins otherwise"
    left = ecs.list_task_definitions(status="INACTIVE", familyPrefix=f"{name}-other")["taskDefinitionArns"]
    assert [arn.rpartition("/")[2] for arn in left] == [f"{name}-other:1"]


def test_a_revision_that_goes_while_its_family_is_looked_at_is_nobodys(aws, name, monkeypatch):
    ecs, kind = aws("ecs"), KINDS["ecs_taskdefinition"]
    container = {"name": "a", "image": "b", "memory": 128}
    made = ecs.register_task_definition(family=f"{name}-b-worker", containerDefinitions=[container])
    arn = made["taskDefinition"]["taskDefinitionArn"]
    ecs.deregister_task_definition(taskDefinition=arn)

    def listed(family):
        ecs.delete_task_definitions(taskDefinitions=[arn])  # the other stack's destroy does so
        return [f"{arn[:-1]}9"]

    monkeypatch.setattr(kind, "_revisions", lambda _aws, family, _status: listed(family))
    assert kind.interrupted(aws, name) == []
