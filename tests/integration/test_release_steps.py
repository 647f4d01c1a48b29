"""Releases that are killed at each step: the next run finishes them or takes them back, and the history tells so.

One stack for all. A rollout runs in a process of its own that ends itself, by SIGKILL to its group, at a defined call.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import (
    INTERRUPTED,
    RUNNING,
    SUCCEEDED,
    current,
    rollouts,
    unfinished,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, roll_out

from .conftest import CREDENTIALS, ROOT, Emulator, proof
from .test_release import APP, STACK, Story, playing, release

OPTIONS = Options(timeout=60, pause=0.1, steady=0.3, first_counts={"api": 1, "worker": 1})
# stack, release, kind, address, collections, when (before or after), operation, which of them.
DYING = """
import os, signal, sys, boto3
from ansible.plugins.loader import init_plugin_loader
stack, release, kind, url, collections, when, operation, left = sys.argv[1:]
init_plugin_loader([collections])
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, roll_out
left = int(left)
def die(model, **more):
    global left
    left -= model.name == operation
    if model.name == operation and not left:
        os.killpg(0, signal.SIGKILL)
def connect(service, **more):
    client = boto3.client(service, region_name="us-east-1", endpoint_url=url, config=config(**more))
    client.meta.events.register({"before": "before-call", "after": "after-call"}[when], die)
    return client
roll_out(Aws(connect, "us-east-1"), stack, release, kind, Options(timeout=60, pause=0.1, steady=0.3), print)
"""
STEPS = (
    # what, before or after, operation, which one, whether a rollout is on record afterwards
    ("before the record of its begin", "before", "PutObject", 1, False),
    ("after the record of its begin", "after", "PutObject", 1, True),
    ("when one function has its code", "after", "UpdateFunctionCode", 1, True),
    ("when a revision was registered", "after", "RegisterTaskDefinition", 1, True),
    ("between api and worker", "after", "UpdateService", 1, True),
    ("while waiting", "after", "DescribeServices", 8, True),
    ("between the two aliases", "after", "UpdateAlias", 1, True),
    ("before the record of its end", "before", "PutObject", 2, True),
)


class Killed(Story):
    """The stack, and rollouts that end in the middle."""

    def die(self, name, when, operation, which, kind="rollout"):
        """Roll out until the call, and be killed there."""
        arguments = (STACK, name, kind, self.url, str(ROOT / "collections"), when, operation, str(which))
        done = subprocess.run(
            [sys.executable, "-c", DYING, *arguments], capture_output=True, text=True, check=False, timeout=60,
            start_new_session=True,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, f"it was not killed: {done.stdout[-1500:]}{done.stderr[-1500:]}"

    def go(self, name, kind="rollout"):
        """Roll out in this process."""
        self.said.clear()
        return roll_out(self.aws, STACK, name, kind, OPTIONS, self.said.append)

    def verdicts(self, name):
        return [one["verdict"] for one in self.book.get(name)["rollouts"]]

    def truth(self, name, images):
        """Nothing half: what the history calls current runs, whole, and nothing is left without a verdict."""
        everything = self.book.all()
        assert self.runs() == images
        assert current(everything)["id"] == name
        assert not [one for one in rollouts(everything) if one["verdict"] == RUNNING]


@pytest.fixture(scope="module")
def emulator():
    """An embedded AWS for these tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "EMULATOR_TASK_SECONDS": "0.1"}.items():
            patch.setenv(name, value)
        made = Emulator()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def play(emulator):
    """Run a playbook; tasks that start are trusted soon."""
    run = playing(emulator.url)
    return lambda playbook, *arguments: run(playbook, *arguments, "-e", "release_steady_seconds=0.3")


@pytest.fixture(scope="module")
def story(emulator, play, tmp_path_factory):
    """The stack, deployed and never released."""
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]
    return Killed(emulator.url, tmp_path_factory.mktemp("apps"))


@pytest.fixture
def step(capsys):
    """Say where the test is."""

    def say(text):
        with capsys.disabled():
            print(f"\n{time.strftime('%H:%M:%S')} {text}", end="", flush=True)

    return say


def writes(emulator):
    """Return what was written to AWS since the last call."""
    return [f"{one['service']} {one['operation']}" for one in emulator.requests() if one["writes"]]


def test_what_is_refused_and_what_a_check_says(emulator, play, story, step):
    def checked(playbook, *arguments, rc=0):
        emulator.requests()
        code, output = play(f"runbooks/{playbook}.yml", "--check", *arguments)
        assert code == rc, output[-3000:]
        assert writes(emulator) == []
        return " ".join(output.split())

    images = story.images("zero")
    elsewhere = images["api"].replace(f"{STACK}-api", f"{STACK}-ultra-worker")
    step("bad input, before anything is written")
    for playbook, arguments, words in (
        ("rollout", release("none"), "has no release 'none', and no images were said to make it of; there are none"),
        ("migrate", release("none"), "has no release 'none'"),
        ("rollback", release("none"), "has no release 'none'; there are none"),
        ("rollback", (), f"{STACK} has no previous release"),
        ("rollout", release("x", {"api": images["api"].partition("@")[0] + ":latest"}), "name it by digest"),
        ("rollout", release("x", {"api": images["worker"]}), f"release_images has api {images['worker']}; its repository"),
        ("rollout", release("x", {"api": elsewhere}), f"release_images has api {elsewhere}; its repository"),
        ("rollout", release("x", {"api": images["api"][:-64] + "0" * 64}), "the image of api is not in the registry"),
    ):
        emulator.requests()
        rc, output = play(f"runbooks/{playbook}.yml", *arguments)
        assert rc == 2 and words in " ".join(output.split()), f"{words}: {output[-2000:]}"
        left = [one for one in writes(emulator) if "lock.json" not in one]
        assert left == [] and story.book.all() == [], left

    step("check mode before the first release")
    output = checked("rollout", *release("zero", images))
    for words in ("+ create release zero", "nothing that is recorded", "a new version with", f"{STACK}-api:2 with", f"{STACK}-migrations:2 would run once"):
        assert words in output, f"{words!r} is not in: {output[-3000:]}"
    assert "nothing was released yet" in checked("release_history")
    assert story.book.all() == []

    step("the first release; check mode after it")
    rc, output = play("runbooks/rollout.yml", *release("zero", images))
    assert rc == 0, output[-3000:]
    story.truth("zero", images)
    other = story.images("other")
    output = checked("rollout", *release("other", other))
    for words in ("the database is at 0002", f"{STACK}-api:2 with", f"{STACK}-api:3 with", "version 2 with", "a new version with"):
        assert words in output, f"{words!r} is not in: {output[-3000:]}"
    assert "0 to change" not in output
    output = checked("migrate", *release("zero"))
    assert "the database is at 0002; zero would bring it to 0002" in output
    assert "zero" in checked("release_history")
    assert f"{STACK} has no previous release" in checked("rollback", rc=2)
    story.truth("zero", images)

    step("rollback, by check")
    story.make("other", other)
    story.go("other")
    output = checked("rollback")
    for words in ("other -> zero", "version 3 with", f"{STACK}-api:3 with", f"{STACK}-api:4 with"):
        assert words in output, f"{words!r} is not in: {output[-3000:]}"
    story.truth("other", other)


@proof
def test_down_by_the_same_path(emulator, play, story, step):
    app = story.folder / "contract"
    shutil.copytree(APP, app)
    (app / "migrations/versions/0003_more.py").write_text(
        '"""More."""\nfrom alembic import op\nimport sqlalchemy as sa\n'
        'revision, down_revision, contract = "0003", "0002", True\n'
        'def upgrade():\n    op.drop_column("executions", "result")\n'
        'def downgrade():\n'
        '    op.add_column("executions", sa.Column("result", sa.Text, nullable=False, server_default=""))\n'
    )
    images = story.images("down.1_2", app=app)
    for name in ("zero", "other"):
        rc, output = play("runbooks/rollout.yml", *release(name, story.images(name)))
        assert rc == 0, output[-3000:]

    def command(*words):
        return "-e", json.dumps({"release_migration_command": ["alembic", *words]})

    def columns():
        with story.database(story.instance()["MasterUserSecret"]["SecretArn"]) as connection:
            found = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'executions'")
            return {one for (one,) in found}

    step("a contracting migration is refused, and done with permission, with a snapshot before")
    rc, output = play("runbooks/migrate.yml", *release("down.1_2", images))
    assert rc == 2 and "can't live with 0003" in output, output[-3000:]
    assert "result" in columns()
    rc, output = play("runbooks/migrate.yml", *release("down.1_2"), "-e", '{"release_contract": true, "release_snapshot": true}')
    assert rc == 0, output[-3000:]
    assert "result" not in columns()
    (snapshot,) = story.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    tags = {one["Key"]: one["Value"] for one in snapshot["TagList"]}
    assert snapshot["DBSnapshotIdentifier"].startswith(f"{STACK}-db-release-down-1-2-")
    assert (tags["Stack"], tags["Release"]) == (STACK, "down.1_2")
    assert snapshot["DBSnapshotIdentifier"] == story.book.get("down.1_2")["migration"]["snapshot"]
    assert "costs" in output and "delete-db-snapshot" in output

    step("no rollback across it; a target that isn't there; down; then a rollback may")
    rc, output = play("runbooks/rollback.yml", *release("zero"))
    assert rc == 2 and "can't live with 0003" in " ".join(output.split()), output[-3000:]
    rc, output = play("runbooks/migrate.yml", *release("down.1_2"), *command("downgrade", "0009"))
    assert rc == 2 and "there is no migration 0009; there are 0001, 0002, 0003" in " ".join(output.split()), output[-3000:]
    assert "release_migration_command is" in output and "result" not in columns()
    rc, output = play("runbooks/migrate.yml", *release("down.1_2"), *command("downgrade", "0002"))
    assert rc == 0, output[-3000:]
    assert "result" in columns()
    assert story.book.get("down.1_2")["migration"]["applied"] == []
    rc, output = play("runbooks/rollback.yml", *release("zero"))
    assert rc == 0, output[-3000:]
    story.truth("zero", story.book.get("zero")["images"])

    step("what a killed run applied is known to the next; a rollback may cross it when told")
    rc, output = play("runbooks/migrate.yml", *release("down.1_2"), "-e", '{"release_contract": true}')
    assert rc == 0, output[-3000:]
    kept = story.book.get("down.1_2")
    story.book.write(kept | {"migration": kept["migration"] | {"applied": [], "after": ["0002"]}})  # as if it were killed
    rc, output = play("runbooks/migrate.yml", *release("down.1_2"))
    assert rc == 0, output[-3000:]
    assert [one["revision"] for one in story.book.get("down.1_2")["migration"]["applied"]] == ["0003"]
    rc, output = play("runbooks/rollback.yml", *release("other"), "-e", '{"release_cross_migrations": true}')
    assert rc == 0, output[-3000:]
    story.truth("other", story.book.get("other")["images"])
    rc, output = play("runbooks/migrate.yml", *release("down.1_2"), *command("downgrade", "0002"))
    assert rc == 0, output[-3000:]
    assert "result" in columns()


def test_killed_at_every_step(emulator, play, story, step):
    name, images = "zero", story.images("zero")
    rc, output = play("runbooks/rollout.yml", *release(name, images))
    assert rc == 0, output[-3000:]
    story.truth(name, images)

    for number, (what, when, operation, which, recorded) in enumerate(STEPS):
        step(f"killed {what}")
        new, pushed = f"r{number}", story.images(f"r{number}")
        story.make(new, pushed)
        story.die(new, when, operation, which)
        left = unfinished(story.book.all())
        assert (left and left["release"]) == (new if recorded else None)
        assert current(story.book.all())["id"] == name, "it claims to have worked"
        if number % 2:
            story.go(new)
            name, images = new, pushed
            assert story.verdicts(new) == [INTERRUPTED] * recorded + [SUCCEEDED]
        else:  # back to what ran before, as rollback.yml does
            story.go(name, "rollback")
            assert story.verdicts(new) == [INTERRUPTED] * recorded
        story.truth(name, images)

    step("killed while it takes another one over, between the records: nothing of before is forgotten")
    for new in ("s1", "s2"):
        story.make(new, story.images(new))
    before = story.book.get(name)["rollouts"][-1]
    story.die("s1", "after", "UpdateService", 1)
    first = unfinished(story.book.all())["before"]
    story.die("s2", "before", "PutObject", 2)
    left = unfinished(story.book.all())
    assert (left["release"], left["before"]) == ("s2", first)
    assert first["functions"]["scheduler"]["version"] == before["functions"]["scheduler"]
    story.go("s2")
    assert (story.verdicts("s1"), story.verdicts("s2")) == ([INTERRUPTED], [INTERRUPTED, SUCCEEDED])
    story.truth("s2", story.book.get("s2")["images"])

    step("killed, and the next one fails: what ran before the first runs, also for site.yml")
    story.die("s1", "after", "RegisterTaskDefinition", 2)
    bad = story.images("bad")
    story.behaves(bad["cleanup"], run=["python3", "-c", "raise SystemExit('boom')"])
    story.make("bad", bad)
    with pytest.raises(Exception, match="everything runs as before again"):
        story.go("bad")
    assert story.verdicts("bad") == ["failed"]
    story.truth("s2", story.book.get("s2")["images"])

    step("a rollback killed in the middle: the same command finishes it")
    story.die(name, "after", "UpdateService", 1, "rollback")
    began = time.monotonic()
    rc, output = play("runbooks/rollback.yml")
    step(f"(rollback.yml took {time.monotonic() - began:.1f} s)")
    assert rc == 0, output[-3000:]
    assert story.verdicts(name)[-2:] == [INTERRUPTED, SUCCEEDED]
    story.truth(name, images)
    assert time.monotonic() - began < 60, "a rollback is under a minute of work besides AWS's"

    step("a run killed while its migration runs")
    story.make("m", story.images("m"))
    emulator.requests()
    run = subprocess.Popen(
        [sys.executable, "-m", "ansible", "playbook", "playbooks/runbooks/rollout.yml", "-i", "inventories/local",
         "--limit", STACK, *release("m")],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "AWS_ENDPOINT_URL": emulator.url, "AWS_EC2_METADATA_DISABLED": "true"},
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not any(one["operation"] == "RunTask" for one in emulator.requests()):
        assert run.poll() is None and time.monotonic() < deadline, "it never came to its migration"
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert story.verdicts("m") == []
    story.truth(name, images)
    # Its lock ended with it; its migration goes on, and is taken up or has ended by now.
    rc, output = play("runbooks/rollout.yml", *release("m"))
    assert rc == 0, output[-3000:]
    story.truth("m", story.book.get("m")["images"])
