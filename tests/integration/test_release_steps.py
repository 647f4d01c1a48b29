"""Releases that are killed at each step: the next run finishes them or takes them back, and the history tells so.

One stack for all tests, since deploying it takes longer than each of them; each begins with what the one before left.
A rollout runs in a process of its own that ends itself, by SIGKILL to its group, at a defined call.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import (
    INTERRUPTED,
    RUNNING,
    SUCCEEDED,
    current,
    previous,
    rollouts,
    unfinished,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, roll_out

from .conftest import ROOT, proof
from .releasing import COMPONENTS, STACK, Story, playing, release, with_migration
from .releasing import emulator as emulator

OPTIONS = Options(Components({"api": 1, "worker": 1}, COMPONENTS.functions), timeout=60, pause=0.1, steady=0.3)
# stack, release, kind, address, collections, when (before or after), operation, which of them.
DYING = """
import os, signal, sys, boto3
from ansible.plugins.loader import init_plugin_loader
stack, release, kind, url, collections, when, operation, left = sys.argv[1:]
init_plugin_loader([collections])
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, roll_out
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
roll_out(Aws(connect, "us-east-1"), stack, release, kind, Options(
    Components({"api": 1, "worker": 1}, ["scheduler", "cleanup"]), timeout=60, pause=0.1, steady=0.3,
), print)
"""
STEPS = (
    # what, before or after, operation, which one, whether a rollout is on record afterwards, whether the next finishes it
    ("before the record of its begin", "before", "PutObject", 1, False, False),
    ("after the record of its begin", "after", "PutObject", 1, True, True),
    ("when one function has its code", "after", "UpdateFunctionCode", 1, True, False),
    ("when a revision was registered", "after", "RegisterTaskDefinition", 1, True, True),
    ("between api and worker", "after", "UpdateService", 1, True, False),
    ("while waiting", "after", "DescribeServices", 8, True, True),
    ("between the two aliases", "after", "UpdateAlias", 1, True, False),
    ("before the record of its end", "before", "PutObject", 2, True, True),
)
# The others are for ``make proofs``.
GATE = ("before the record of its begin", "between api and worker", "before the record of its end")
# A rollback by its runbook makes about 160, of which a part are looks; one that waits for what never comes makes far more.
REQUESTS = 400


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

    def current(self):
        """Return the release that runs, as the history tells it."""
        return current(self.book.all())["id"]

    def truth(self, name):
        """Nothing half: what the history calls current runs, whole, and nothing is left without a verdict."""
        everything = self.book.all()
        assert self.runs() == self.book.get(name)["images"]
        assert current(everything)["id"] == name
        assert not [one for one in rollouts(everything) if one["verdict"] == RUNNING]


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


@pytest.fixture(scope="module")
def zero(emulator, play, story):
    """The first release: its images, and what a check said of it before."""
    images = story.images("zero")
    emulator.requests()
    rc, foretold = play("runbooks/rollout.yml", "--check", *release("zero", images))
    assert rc == 0 and writes(emulator) == [], foretold[-3000:]
    assert story.book.all() == []
    rc, output = play("runbooks/rollout.yml", *release("zero", images))
    assert rc == 0, output[-3000:]
    story.truth("zero")
    return images, flat(foretold)


def writes(emulator):
    """Return what was written to AWS since the last call."""
    return [f"{one['service']} {one['operation']}" for one in emulator.requests() if one["writes"]]


def flat(output):
    """Return output without its ends of lines."""
    return " ".join(output.split())


@pytest.fixture
def checked(emulator, play):
    """Return what says what a runbook would do, having seen that it writes nothing."""

    def check(playbook, *arguments, rc=0):
        emulator.requests()
        code, output = play(f"runbooks/{playbook}.yml", "--check", *arguments)
        assert code == rc, output[-3000:]
        assert writes(emulator) == []
        return flat(output)

    return check


def has(output, *words):
    """See that output has all these words."""
    for word in words:
        assert word in output, f"{word!r} is not in: {output[-3000:]}"


# What is refused, and what a check says


@pytest.mark.parametrize(
    ("playbook", "name", "image", "words"),
    [
        ("rollout", "none", None, "has no release 'none', and no images were said to make it of; there are none"),
        ("migrate", "none", None, "has no release 'none'"),
        ("rollback", "none", None, "has no release 'none'; there are none"),
        ("rollback", None, None, f"{STACK} has no previous release"),
        ("rollout", "x", lambda images: images["api"].partition("@")[0] + ":latest", "name it by digest"),
        ("rollout", "x", lambda images: images["worker"], "release_images has api {image}; its repository"),
        (
            "rollout", "x", lambda images: images["api"].replace(f"{STACK}-api", f"{STACK}-ultra-worker"),
            "release_images has api {image}; its repository",
        ),
        ("rollout", "x", lambda images: images["api"][:-64] + "0" * 64, "the image of api is not in the registry"),
    ],
    ids=[
        "rollout of nothing", "migration of nothing", "rollback to nothing", "rollback before the first release",
        "a tag", "another component's image", "another stack's image", "an unknown digest",
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_anything_is_written(playbook, name, image, words, emulator, play, story):
    made = image and image(story.images("zero"))
    emulator.requests()
    rc, output = play(f"runbooks/{playbook}.yml", *(release(name, made and {"api": made}) if name else ()))
    assert rc == 2 and words.format(image=made) in flat(output), output[-2000:]
    left = [one for one in writes(emulator) if "lock.json" not in one]
    assert left == [] and story.book.all() == [], left


def test_a_check_before_the_first_release(checked, story):
    assert "nothing was released yet" in checked("release_history")
    assert story.book.all() == []


def test_a_check_of_the_first_release(zero):
    _images, foretold = zero
    has(foretold, "+ create release zero", "nothing that is recorded", "a new version with", f"{STACK}-api:2 with")
    has(foretold, f"{STACK}-migrations:2 would run once")


def test_a_check_of_the_second_release(checked, story, zero):
    output = checked("rollout", *release("other", story.images("other")))
    has(output, "the database is at 0002", f"{STACK}-api:2 with", f"{STACK}-api:3 with", "version 2 with")
    has(output, "a new version with")
    assert "0 to change" not in output
    has(checked("migrate", *release("zero")), "the database is at 0002; zero would bring it to 0002")
    has(checked("release_history"), "zero")
    has(checked("rollback", rc=2), f"{STACK} has no previous release")
    story.truth("zero")


def test_a_check_of_a_rollback(checked, story, zero):
    story.make("other", story.images("other"))
    story.go("other")
    has(checked("rollback"), "other -> zero", "version 3 with", f"{STACK}-api:3 with", f"{STACK}-api:4 with")
    story.truth("other")


# A migration, down again by the same path


def columns(story):
    """Return the columns of a table that a migration changes."""
    with story.database(story.instance()["MasterUserSecret"]["SecretArn"]) as connection:
        found = connection.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'executions'")
        return {one for (one,) in found}


@pytest.fixture(scope="module")
def contract(play, story, zero):
    """A release whose migration takes away what those before it need, refused; before it two were rolled out."""
    app = with_migration(
        story.folder, "contract", 'op.drop_column("executions", "result")', contract=True, imports="import sqlalchemy as sa",
        down='op.add_column("executions", sa.Column("result", sa.Text, nullable=False, server_default=""))',
    )  # fmt: skip
    images = story.images("down.1_2", app=app)
    for name in ("zero", "other"):
        rc, output = play("runbooks/rollout.yml", *release(name, story.images(name)))
        assert rc == 0, output[-3000:]
    rc, output = play("runbooks/migrate.yml", *release("down.1_2", images))
    assert rc == 2 and "can't live with 0003" in output, output[-3000:]
    assert "result" in columns(story)
    return "down.1_2"


@pytest.fixture
def migrate(play, contract):
    """Migrate with the contracting release, and return (rc, output)."""

    def run(*command, **variables):
        if command:
            variables["release_migration_command"] = ["alembic", *command]
        rc, output = play("runbooks/migrate.yml", *release(contract), "-e", json.dumps(variables))
        return rc, flat(output)

    return run


@proof
def test_a_contracting_migration_with_permission_is_done_with_a_snapshot_before(migrate, story, contract):
    rc, output = migrate(release_contract=True, release_snapshot=True)
    assert rc == 0, output[-3000:]
    assert "result" not in columns(story)
    (snapshot,) = story.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    tags = {one["Key"]: one["Value"] for one in snapshot["TagList"]}
    assert snapshot["DBSnapshotIdentifier"].startswith(f"{STACK}-db-release-down-1-2-")
    assert (tags["Stack"], tags["Release"]) == (STACK, contract)
    assert snapshot["DBSnapshotIdentifier"] == story.book.get(contract)["migration"]["snapshot"]
    assert "costs" in output and "delete-db-snapshot" in output


@proof
def test_a_rollback_may_once_the_migration_is_down_again(migrate, play, story, contract):
    rc, output = migrate(release_contract=True)
    assert rc == 0, output[-3000:]
    rc, output = play("runbooks/rollback.yml", *release("zero"))
    assert rc == 2 and "can't live with 0003" in flat(output), output[-3000:]
    rc, output = migrate("downgrade", "0009")
    assert rc == 2 and "there is no migration 0009; there are 0001, 0002, 0003" in output, output[-3000:]
    assert "release_migration_command is" in output and "result" not in columns(story)
    rc, output = migrate("downgrade", "0002")
    assert rc == 0, output[-3000:]
    assert "result" in columns(story)
    assert story.book.get(contract)["migration"]["applied"] == []
    rc, output = play("runbooks/rollback.yml", *release("zero"))
    assert rc == 0, output[-3000:]
    story.truth("zero")


@proof
def test_what_a_killed_run_applied_is_known_to_the_next_and_crossed_when_told(migrate, play, story, contract):
    rc, output = migrate(release_contract=True)
    assert rc == 0, output[-3000:]
    kept = story.book.get(contract)
    story.book.write(
        kept | {"migration": kept["migration"] | {"applied": [], "after": ["0002"]}}
    )  # as if it were killed
    rc, output = migrate()
    assert rc == 0, output[-3000:]
    assert [one["revision"] for one in story.book.get(contract)["migration"]["applied"]] == ["0003"]
    rc, output = play("runbooks/rollback.yml", *release("other"), "-e", '{"release_cross_migrations": true}')
    assert rc == 0, output[-3000:]
    story.truth("other")
    rc, output = migrate("downgrade", "0002")
    assert rc == 0, output[-3000:]
    assert "result" in columns(story)


# Killed


@pytest.mark.parametrize(
    ("when", "operation", "which", "recorded", "forward"),
    [pytest.param(*step[1:], id=step[0], marks=() if step[0] in GATE else proof) for step in STEPS],
)
def test_killed(when, operation, which, recorded, forward, story, zero):
    ran, new = story.current(), f"{when}-{operation}-{which}"
    story.make(new, story.images(new))
    story.die(new, when, operation, which)
    left = unfinished(story.book.all())
    assert (left and left["release"]) == (new if recorded else None)
    assert story.current() == ran, "it claims to have worked"
    if forward:
        story.go(new)
        assert story.verdicts(new) == [INTERRUPTED] * recorded + [SUCCEEDED]
    else:  # back to what ran before, as rollback.yml does
        story.go(ran, "rollback")
        assert story.verdicts(new) == [INTERRUPTED] * recorded
    story.truth(new if forward else ran)


def test_killed_while_it_takes_another_one_over_between_the_records_nothing_of_before_is_forgotten(story, zero):
    before = story.book.get(story.current())["rollouts"][-1]
    for new in ("s1", "s2"):
        story.make(new, story.images(new))
    story.die("s1", "after", "UpdateService", 1)
    first = unfinished(story.book.all())["before"]
    story.die("s2", "before", "PutObject", 2)
    left = unfinished(story.book.all())
    assert (left["release"], left["before"]) == ("s2", first)
    assert first["functions"]["scheduler"]["version"] == before["functions"]["scheduler"]
    story.go("s2")
    assert (story.verdicts("s1"), story.verdicts("s2")) == ([INTERRUPTED], [INTERRUPTED, SUCCEEDED])
    story.truth("s2")


def test_killed_and_the_next_one_fails_what_ran_before_the_first_runs(story, zero):
    ran = story.current()
    story.make("t1", story.images("t1"))
    story.die("t1", "after", "RegisterTaskDefinition", 2)
    bad = story.images("bad")
    story.behaves(bad["cleanup"], run=["python3", "-c", "raise SystemExit('boom')"])
    story.make("bad", bad)
    with pytest.raises(Exception, match="everything runs as before again"):
        story.go("bad")
    assert story.verdicts("bad") == ["failed"]
    story.truth(ran)  # also for site.yml


def test_a_rollback_that_was_killed_is_finished_by_the_same_command(emulator, play, story, zero):
    if story.current() == "zero":
        story.make("later", story.images("later"))
        story.go("later")
    before = previous(story.book.all())["id"]
    story.die(before, "after", "UpdateService", 1, "rollback")
    emulator.requests()
    rc, output = play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert len(emulator.requests()) < REQUESTS
    assert story.verdicts(before)[-2:] == [INTERRUPTED, SUCCEEDED]
    story.truth(before)


def test_a_run_that_was_killed_while_its_migration_ran_is_gone_on_with(emulator, play, story, zero):
    ran = story.current()
    story.make("m", story.images("m"))
    emulator.requests()
    run = subprocess.Popen(
        [sys.executable, "-m", "ansible", "playbook", "playbooks/runbooks/rollout.yml", "-i", "inventories/local",
         "--limit", STACK, *release("m")],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={**os.environ, "AWS_ENDPOINT_URL": emulator.url, "AWS_EC2_METADATA_DISABLED": "true"},
    )  # fmt: skip
    emulator.saw("RunTask", run)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert story.verdicts("m") == []
    story.truth(ran)
    # Its lock ended with it; its migration goes on, and is taken up or has ended by now.
    rc, output = play("runbooks/rollout.yml", *release("m"))
    assert rc == 0, output[-3000:]
    story.truth("m")
