"""Releases of the sample application: good ones, and bad ones, after each of which the one before runs.

One embedded AWS with a real PostgreSQL and one stack for all tests, since deploying it takes longer than each of them.
"""

from __future__ import annotations

import json
import re

import psycopg
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError

from emulator.ask import ask
from tests.judges.grants.replay import nobody_needs
from tests.soon import soon

from .conftest import ROOT, proof
from .releasing import STACK, Story, release, with_migration
from .releasing import emulator as emulator
from .releasing import play as play

FOREVER = ["python3", "-c", "import time; time.sleep(600)"]


@pytest.fixture(scope="module")
def story(emulator, play, tmp_path_factory):
    """The stack, deployed and never released."""
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]
    made = Story(emulator.url, tmp_path_factory.mktemp("apps"))
    made.play = play
    return made


@pytest.fixture(scope="module")
def first(play, story):
    """The first release, by its runbook."""
    images = story.images("one")
    rc, output = play("runbooks/rollout.yml", *release("one", images))
    assert rc == 0, output[-4000:]
    assert "the database is at nothing, the image at 0002" in output
    return images


@pytest.fixture(scope="module")
def contract(story):
    """The images of a release whose migration takes away what those before it need."""
    return story.images(
        "contract",
        app=with_migration(story.folder, "contract", "op.drop_column('executions', 'result')", contract=True),
    )


@pytest.fixture(scope="module")
def second(emulator, story, first):
    """The second release: a rollout of it was killed when a service was updated, the next one finished it."""
    images = story.images("two")
    story.make("two", images)
    story.killed_at("UpdateService", "two", emulator)
    story.roll_out("two")
    assert "was not finished; this one takes over" in story.said[0]
    return images


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "release_name is not set"),
        (release("none"), "has no release 'none', and no images"),
        (release("a b", {"api": "x@sha256:" + "0" * 64}), "release_name is 'a b': allowed are"),
        (release("tag", {"api": "repository:latest"}), "name it by digest"),
    ],
    ids=["nothing", "unknown", "no name", "a tag"],
)
def test_bad_input_is_refused(arguments, words, play, story):
    rc, output = play("runbooks/rollout.yml", *arguments)
    assert rc == 2 and words in output, output[-2000:]


def test_the_first_release_runs_and_is_recorded(story, first):
    assert story.runs() == first
    assert story.book.get("one")["migration"]["after"] == ["0002"]
    report = json.loads((ROOT / f"reports/{STACK}/releases/one.json").read_text())
    assert report["rollouts"][-1]["verdict"] == "succeeded"


def test_it_works_from_a_workflow_in_the_database_to_its_execution(story, first):
    story.client("ecs").update_service(cluster=f"{STACK}-cluster", service=f"{STACK}-worker", desiredCount=1)
    with story.database(f"{STACK}/database") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")  # data is the application's, the schema isn't
        connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('report', 3600)")
        answer = story.client("lambda").invoke(FunctionName=f"{STACK}-scheduler", Qualifier="live", Payload=b"{}")
        assert json.load(answer["Payload"]) == {"queued": [1]}
        done = "SELECT workflow_id, result FROM executions"
        rows = soon(lambda: connection.execute(done).fetchall(), "a worker that takes the message")
    assert rows == [(1, "report ran")]


def test_the_same_release_again_changes_nothing(story, first):
    def revisions():
        return len(story.client("ecs").list_task_definitions()["taskDefinitionArns"])

    before = revisions()
    story.roll_out("one")
    assert story.runs() == first
    assert revisions() == before


def test_a_digest_that_is_not_in_the_registry_any_more_is_refused(story, first):
    before = len(story.book.get("one")["rollouts"])
    story.book.write(story.book.get("one") | {"id": "absent", "images": first | {"api": first["api"][:-64] + "0" * 64}})
    with pytest.raises(EngineError, match="the image of api is not in the registry"):
        story.roll_out("absent")
    assert len(story.book.get("absent")["rollouts"]) == before


def test_a_crash_at_the_start_ends_the_runbook_with_the_cause_and_everything_back(play, story, first):
    bad = story.images("crash")
    story.behaves(bad["worker"], run=["python3", "-c", "raise SystemExit('no KeyError: SETTING')"])
    rc, output = play("runbooks/rollout.yml", *release("crash", bad))
    assert rc == 2
    for word in (
        "worker: (ECS deployment circuit breaker|PRIMARY is)", r"exit code 1\)", "no KeyError: SETTING",
        "likely cause: the program crashes", "next: aws logs tail", "everything runs as before again",
    ):  # fmt: skip
        assert re.search(word, output), f"{word!r} is not in: {output[-4000:]}"
    assert story.runs() == first


@pytest.mark.parametrize(
    ("name", "component", "run", "words"),
    [
        pytest.param(
            "command",
            "api",
            ["/no/such/command"],
            ("api: (ECS deployment circuit breaker|PRIMARY is)", "isn't in the image|exit code 127"),
            marks=proof,
        ),
        ("health", "api", FOREVER, ("failed container health checks", "the health check fails")),
        pytest.param(
            "function",
            "cleanup",
            ["python3", "-c", "raise SystemExit('boom')"],
            ("cleanup: a call of version", "boom"),
            marks=proof,
        ),
    ],
    ids=["a command that isn't in the image", "a failing health check", "a function that fails when it's called"],
)
def test_what_does_not_come_up_is_taken_back(name, component, run, words, story, first):
    bad = story.images(name)
    story.behaves(bad[component], run=run)
    story.make(name, bad)
    story.refused(name, *words)


def test_a_missing_secret_is_named(story, first):
    secrets, kept = story.client("secretsmanager"), story.secret("app")
    story.make("secret", story.images("secret"))
    secrets.put_secret_value(SecretId=f"{STACK}/app", SecretString="{}")
    try:
        story.refused("secret", "a secret can't be read", "list-secrets")
    finally:
        secrets.put_secret_value(SecretId=f"{STACK}/app", SecretString=kept)


def test_a_failing_migration_ends_a_rollout_before_it_begins(play, story, first):
    images = story.images("failing", app=with_migration(story.folder, "failing", "op.execute('SELECT 1/0')"))
    rc, output = play("runbooks/rollout.yml", *release("failing", images))
    assert rc == 2 and "division by zero" in output, output[-3000:]
    assert story.runs() == first
    assert story.book.get("failing")["rollouts"] == []


def test_a_migration_that_the_running_release_can_not_live_with_is_refused(play, story, first, contract):
    rc, output = play("runbooks/rollout.yml", *release("contract", contract))
    assert rc == 2 and "can't live with 0003" in output, output[-3000:]
    assert story.runs() == first
    assert story.book.get("contract")["rollouts"] == []


def test_no_migration_runs_while_another_one_holds_the_lock(play, story, first):
    with story.database(story.instance()["MasterUserSecret"]["SecretArn"]) as connection:
        connection.execute("SELECT pg_advisory_lock(7235460198346121)")
        rc, output = play("runbooks/migrate.yml", *release("one"))
        assert rc == 2 and "another migration of this database is running" in output, output[-3000:]


def test_a_rollout_that_was_killed_is_finished_by_the_next_one(story, second):
    assert story.runs() == second
    assert [one["verdict"] for one in story.book.get("two")["rollouts"]] == ["interrupted", "succeeded"]


def test_a_rollout_that_was_killed_is_undone_by_a_rollback(emulator, play, story, second):
    story.make("three", story.images("three"))
    story.killed_at("RegisterTaskDefinition", "three", emulator)
    rc, output = play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second


def test_back_and_forward_again(play, story, first, second):
    rc, output = play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == first
    story.roll_out("two")
    assert story.runs() == second


def test_no_rollback_across_a_contracting_migration(play, story, second, contract):
    rc, output = play("runbooks/migrate.yml", *release("contract", contract), "-e", '{"release_contract": true}')
    assert rc == 0, output[-3000:]
    rc, output = play("runbooks/rollback.yml", *release("one"))
    assert rc == 2 and re.search(r"can't\s+live\s+with\s+0003", output), output[-3000:]
    assert story.runs() == second


def test_the_history_tells_every_rollout_and_what_differs(story, second):
    output = story.history("one", "two")
    assert re.search("api: .* -> ", output), output[-4000:]
    assert story.secret("app") not in output


def test_the_whole_play_goes_on_from_the_release(play, story, second):
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second


@pytest.mark.usefixtures("whole_file")
def test_every_grant_is_needed_by_somebody(story, second):
    story.client("cloudwatch").set_alarm_state(
        AlarmName=f"{STACK}-dead-letters", StateValue="ALARM", StateReason="tried"
    )
    ask(story.url, "clock", {"seconds": 300})  # the schedule calls the scheduler; the cleanup's has a day to go
    nobody = nobody_needs(  # apart from what doesn't happen in this story; make judges shows it
        story.url, story.client, "^function .*-cleanup", "^queue .*Rules", r"-api-task.*Send ",
        r"-task-.*(ssmmessages:\w+DataChannel|FindSessionLogs|SessionLogs)",
    )  # fmt: skip
    assert not nobody, nobody
