"""Releases of the ultra profile: a worker that a pipe starts, its function, and a database outside of AWS.

One embedded AWS with a real PostgreSQL and one stack for all tests, as in test_release.py.
"""

from __future__ import annotations

import json
import re

import psycopg
import pytest

from emulator.ask import ask
from tests.judges.grants.replay import nobody_needs
from tests.soon import soon

from .conftest import proof
from .releasing import DATABASE, LOGIN, OWNER, Ultra, playing, release, with_migration
from .releasing import ULTRA as STACK
from .releasing import emulator as emulator


@pytest.fixture(scope="module")
def story(emulator, tmp_path_factory):
    """The stack with a database outside of AWS, deployed and never released."""
    made = Ultra(emulator.url, tmp_path_factory.mktemp("apps"))
    ask(made.url, "databases", {"databases": [DATABASE]})
    secrets = made.client("secretsmanager")
    owner = secrets.create_secret(Name="owner-login", SecretString=json.dumps(OWNER))["ARN"]
    made.play = playing(made.url, STACK, "-e", f"external_database_owner_secret_arn={owner}")
    rc, output = made.play("ultra.yml")
    assert rc == 0, output[-3000:]
    made.login(LOGIN)
    return made


@pytest.fixture(scope="module")
def first(emulator, story):
    """The first release, by its runbook, after a check of it."""
    images = story.images("one")
    emulator.requests()
    rc, output = story.play("runbooks/rollout.yml", *release("one", images), "--check")
    assert rc == 0, output[-3000:]
    written = [one["operation"] for one in emulator.requests() if one["writes"]]
    assert written == [], written
    rc, output = story.play("runbooks/rollout.yml", *release("one", images))
    assert rc == 0, output[-4000:]
    assert "the database is at nothing, the image at 0002" in output
    assert re.search(r"worker: the task of \S+ ended with 0", output), output[-3000:]
    return images


@pytest.fixture(scope="module")
def second(emulator, story, first):
    """The second release: a rollout of it was killed when the pipe was changed, the next one finished it."""
    images = story.images("two")
    story.make("two", images)
    story.killed_at(f"PUT /v1/pipes/{STACK}-worker-pipe", "two", emulator)
    rc, output = story.play("runbooks/rollout.yml", *release("two"))
    assert rc == 0 and "was not finished; this one takes over" in output, output[-3000:]
    return images


@pytest.fixture(scope="module")
def workflow(story, first):
    """The body of a job: a workflow that the application, which may do no more, has put into the database."""
    with story.database() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
        connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('report', 3600)")
    return '{"workflow_id": 1}'


def executions(story):
    """Return what was executed: workflow and result."""
    with story.database() as connection:
        return connection.execute("SELECT workflow_id, result FROM executions").fetchall()


def jobs(story, *bodies):
    """Send jobs by their runbook, and return what it says."""
    rc, output = story.play("runbooks/send_jobs.yml", "-e", json.dumps({"send_jobs_bodies": list(bodies)}))
    assert rc == 0, output[-3000:]
    return output


def test_the_first_release_runs_and_is_recorded(story, first):
    assert story.runs() == first
    told = story.book.get("one")
    assert told["migration"]["after"] == ["0002"]
    assert told["rollouts"][-1]["verdict"] == "succeeded"


def test_jobs_make_rows(story, workflow):
    output = jobs(story, *[workflow] * 4)
    assert "4 of 4 done" in output, output[-3000:]
    assert executions(story) == [(1, "report ran")] * 4


def test_a_job_that_fails_each_time_is_tried_again_and_kept(story, first):
    output = jobs(story, '{"workflow_id": 99}')
    assert "0 of 1 done" in output and "1 in failed jobs" in output, output[-3000:]


def test_a_digest_that_is_not_in_the_registry_is_refused(story, first):
    story.refused("absent", first | {"worker": first["worker"][:-64] + "0" * 64}, "not in the registry")


def test_what_is_sent_while_a_worker_crashes_at_the_start_is_done_by_the_one_before(story, workflow):
    bad, before = story.images("crash"), len(executions(story))
    story.behaves(bad["worker"], run=["python3", "-c", "raise SystemExit('no KeyError: SETTING')"])
    sqs = story.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{STACK}-workflow")["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=queue, MessageBody=workflow)
    story.refused(
        "crash", bad, r"worker: the task that tries \S+ failed", "no KeyError: SETTING", r"exit code 1\)",
        "likely cause: the program crashes", "everything runs as before again",
    )  # fmt: skip
    assert story.book.get("crash")["rollouts"][-1]["verdict"] == "failed"
    soon(lambda: len(executions(story)) >= before + 3, "each message's execution")


@proof
def test_a_command_that_is_not_in_the_image(story, first):
    bad = story.images("command")
    story.behaves(bad["worker"], run=["/no/such/command"])
    story.refused("command", bad, r"worker: the task that tries \S+ failed", "isn't in the image|exit code 127")


@proof
def test_a_secret_without_its_keys(story, first):
    images = story.images("secret")
    story.login({"username": LOGIN["username"]})
    try:
        story.refused("secret", images, "a secret can't be read|a secret", "next: ")
    finally:
        story.login(LOGIN)


def test_a_role_that_may_not_read_the_secret(story, first):
    iam, role = story.client("iam"), {"RoleName": f"{STACK}-ecs-execution-us-east-1", "PolicyName": "deny"}
    denied = {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    images = story.images("permission")
    iam.put_role_policy(**role, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    try:
        story.refused(
            "permission", images, r"not\s+authorized\s+to\s+perform:\s+secretsmanager:GetSecretValue",
            r"the\s+execution\s+role\s+may\s+not",
        )  # fmt: skip
    finally:
        iam.delete_role_policy(**role)


@proof
def test_a_function_that_fails_when_it_is_called(story, first):
    bad = story.images("function")
    story.behaves(bad["scheduler"], run=["python3", "-c", "raise SystemExit('boom')"])
    story.refused("function", bad, "scheduler: a call of version", "boom")


def test_a_failing_migration(story, first):
    app = with_migration(story.folder, "failing", "op.execute('SELECT 1/0')")
    story.refused("failing", story.images("failing", app), "division by zero")


def test_a_rollout_that_was_killed_is_finished_by_the_next_one(story, second):
    assert story.runs() == second
    assert [one["verdict"] for one in story.book.get("two")["rollouts"]] == ["interrupted", "succeeded"]


def test_a_rollout_that_was_killed_is_undone_by_a_rollback(emulator, story, second):
    story.make("three", story.images("three"))
    story.killed_at("RegisterTaskDefinition", "three", emulator)
    rc, output = story.play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second


def test_back_and_forward_again(story, first, second):
    rc, output = story.play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == first
    # Nothing is left of the later release, not in the family of the migrations either, in which it had run.
    rc, output = story.play("ultra.yml", "--check")
    assert rc == 0 and "PLAN" in output and "ecs_taskdefinition" not in output.partition("PLAN")[2], output[-3000:]
    # What runs, and what a rollback may go to, is never expired.
    for component, image in (first | second).items():
        assert story.kept(component) >= {image.rpartition("@")[2] for image in (first[component], second[component])}
    rc, output = story.play("runbooks/rollout.yml", *release("two"))
    assert rc == 0, output[-3000:]
    assert story.runs() == second


def test_a_job_whose_capacity_is_taken_away_each_time_is_done_on_demand_in_the_end(story, second, workflow):
    ask(story.url, "faults", {"seed": 1, "spot": 1.0})
    try:
        output = jobs(story, workflow)
    finally:
        ask(story.url, "faults", {})
    assert re.search(r"done \([2-9] attempts\)", output) and "1 of 1 done" in output, output[-3000:]


def test_the_history_tells_every_rollout_and_what_differs(story, second):
    output = story.history("one", "two")
    assert re.search("worker: .* -> ", output), output[-4000:]
    assert LOGIN["password"] not in output and OWNER["password"] not in output


def test_the_whole_play_goes_on_from_the_release(story, second):
    rc, output = story.play("ultra.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second
    rc, output = story.play("ultra.yml", "--check")
    assert rc == 0 and "0 to create, 0 to change, 0 to replace, 0 to delete" in output, output[-3000:]


@pytest.mark.usefixtures("whole_file")
def test_every_grant_is_needed_by_somebody(story, second):
    story.client("cloudwatch").set_alarm_state(
        AlarmName=f"{STACK}-dead-letters", StateValue="ALARM", StateReason="tried"
    )
    ask(story.url, "clock", {"seconds": 300})  # the schedule calls the scheduler
    nobody = nobody_needs(story.url, story.client, "^queue .*Rules?")  # what isn't delivered: make judges shows it
    assert not nobody, nobody
