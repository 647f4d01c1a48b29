"""Releases of the ultra profile: a worker that a pipe starts, its function, and a database outside of AWS.

One embedded AWS with a real PostgreSQL, one stack, one story, as in test_release.py.
"""

from __future__ import annotations

import json
import re
import shutil
import time

import psycopg
import pytest

from emulator.ask import ask
from tests.judges.grants.replay import nobody_needs

from .test_release import APP, Story, emulator, playing, release  # noqa: F401 -- a fixture

STACK = "flow-builder-local-ultra"
OWNER = {"username": "owner", "password": "owner-password"}
LOGIN = {"username": "flow_builder_app", "password": "app-password"}
DATABASE = {"address": "db.example.com", "database": "flow_builder", "user": "owner", "password": OWNER["password"]}


class Ultra(Story):
    """The stack seen from outside, and what can be done to it."""

    stack = STACK

    def images(self, note, app=APP):
        return super().images(note, ["worker", "scheduler"], app)

    def behaves(self, image, **behaviour):
        """Let something else run in place of an image, in the folder in which the same image migrates."""
        super().behaves(image, folder=str(APP), **behaviour)

    def login(self, value):
        self.client("secretsmanager").put_secret_value(SecretId=f"{STACK}/database", SecretString=json.dumps(value))

    def database(self):
        """Connect as the application does."""
        address = ask(self.url, "dataplane")["databases"][DATABASE["address"]]
        return psycopg.connect(
            host=DATABASE["address"], hostaddr=address, dbname=DATABASE["database"], user=LOGIN["username"],
            password=LOGIN["password"], sslmode="require", autocommit=True,
        )  # fmt: skip

    def kept(self, component):
        """Return the digests of a component's images that ECR never expires."""
        pages = self.client("ecr").get_paginator("describe_images").paginate(repositoryName=f"{STACK}-{component}")
        images = [one for page in pages for one in page["imageDetails"]]
        return {one["imageDigest"] for one in images if any(tag.startswith("keep-") for tag in one.get("imageTags", []))}

    def runs(self):
        """Return the image of each component that really runs; the pipe runs, and its family goes on from there."""
        ecs, functions = self.client("ecs"), self.client("lambda")
        pipe = self.client("pipes").describe_pipe(Name=f"{STACK}-worker-pipe")
        assert pipe["CurrentState"] == pipe["DesiredState"] == "RUNNING"
        started = pipe["TargetParameters"]["EcsTaskParameters"]["TaskDefinitionArn"]
        newest = ecs.describe_task_definition(taskDefinition=f"{STACK}-worker")["taskDefinition"]
        assert newest["taskDefinitionArn"] == started, "the family goes on from another revision than the pipe's"
        found = {"worker": newest["containerDefinitions"][0]["image"]}
        for qualifier in ("live", "$LATEST"):
            told = functions.get_function(FunctionName=f"{STACK}-scheduler", Qualifier=qualifier)
            assert found.setdefault("scheduler", told["Code"]["ResolvedImageUri"]) == told["Code"]["ResolvedImageUri"]
        return found

    def refused(self, name, images, *words):
        """Roll a release out that must fail, having seen that these words say why, and that all is as before."""
        before = self.runs()
        rc, output = self.play("runbooks/rollout.yml", *release(name, images))
        assert rc == 2, output[-3000:]
        for word in words:
            assert re.search(word, output), f"{word!r} is not in: {output[-4000:]}"
        assert self.runs() == before


def test_releases_of_the_ultra_profile(emulator, tmp_path, capsys):  # noqa: F811
    def step(text):
        with capsys.disabled():
            print(f"\n{time.strftime('%H:%M:%S')} {text}", end="", flush=True)

    story = Ultra(emulator.url, tmp_path)
    step("a database outside of AWS, and the stack")
    ask(story.url, "databases", {"databases": [DATABASE]})
    secrets = story.client("secretsmanager")
    owner = secrets.create_secret(Name="owner-login", SecretString=json.dumps(OWNER))["ARN"]
    story.play = playing(story.url, STACK, "-e", f"external_database_owner_secret_arn={owner}")
    rc, output = story.play("ultra.yml")
    assert rc == 0, output[-3000:]
    story.login(LOGIN)

    step("check mode of the first rollout changes nothing")
    first = story.images("one")
    emulator.requests()
    rc, output = story.play("runbooks/rollout.yml", *release("one", first), "--check")
    assert rc == 0, output[-3000:]
    written = [one["operation"] for one in emulator.requests() if one["writes"]]
    assert written == [], written

    step("the first release, by its runbook")
    rc, output = story.play("runbooks/rollout.yml", *release("one", first))
    assert rc == 0, output[-4000:]
    assert "the database is at nothing, the image at 0002" in output
    assert re.search(r"worker: the task of \S+ ended with 0", output), output[-3000:]
    assert story.runs() == first
    told = story.book.get("one")
    assert told["migration"]["after"] == ["0002"]
    assert told["rollouts"][-1]["verdict"] == "succeeded"

    step("jobs make rows")
    with story.database() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")
        connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('report', 3600)")
    bodies = json.dumps({"send_jobs_bodies": ['{"workflow_id": 1}'] * 4})
    rc, output = story.play("runbooks/send_jobs.yml", "-e", bodies)
    assert rc == 0 and "4 of 4 done" in output, output[-3000:]
    with story.database() as connection:
        assert connection.execute("SELECT workflow_id, result FROM executions").fetchall() == [(1, "report ran")] * 4

    step("a job that fails each time is tried again, and kept")
    rc, output = story.play("runbooks/send_jobs.yml", "-e", json.dumps({"send_jobs_bodies": ['{"workflow_id": 99}']}))
    assert rc == 0 and "0 of 1 done" in output and "1 in failed jobs" in output, output[-3000:]

    step("a digest that isn't in the registry")
    story.refused("absent", first | {"worker": first["worker"][:-64] + "0" * 64}, "not in the registry")

    step("a worker that crashes at the start; what is sent meanwhile is done by the one before")
    bad = story.images("crash")
    story.behaves(bad["worker"], run=["python3", "-c", "raise SystemExit('no KeyError: SETTING')"])
    queue = story.client("sqs").get_queue_url(QueueName=f"{STACK}-workflow")["QueueUrl"]
    for _ in range(3):
        story.client("sqs").send_message(QueueUrl=queue, MessageBody='{"workflow_id": 1}')
    story.refused(
        "crash", bad, r"worker: the task that tries \S+ failed", "no KeyError: SETTING", r"exit code 1\)",
        "likely cause: the program crashes", "everything runs as before again",
    )  # fmt: skip
    assert story.book.get("crash")["rollouts"][-1]["verdict"] == "failed"
    deadline = time.monotonic() + 60
    with story.database() as connection:
        while connection.execute("SELECT count(*) FROM executions").fetchone() != (7,):
            assert time.monotonic() < deadline, "a message was lost"
            time.sleep(0.3)

    step("a command that isn't in the image")
    bad = story.images("command")
    story.behaves(bad["worker"], run=["/no/such/command"])
    story.refused("command", bad, r"worker: the task that tries \S+ failed", "isn't in the image|exit code 127")

    step("a secret without its keys")
    story.login({"username": LOGIN["username"]})
    story.refused("secret", story.images("secret"), "a secret can't be read|a secret", "next: ")
    story.login(LOGIN)

    step("a role that may not read the secret")
    iam, role = story.client("iam"), {"RoleName": f"{STACK}-ecs-execution-us-east-1", "PolicyName": "deny"}
    denied = {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    iam.put_role_policy(**role, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    story.refused(
        "permission", story.images("permission"), r"not\s+authorized\s+to\s+perform:\s+secretsmanager:GetSecretValue",
        r"the\s+execution\s+role\s+may\s+not",
    )  # fmt: skip
    iam.delete_role_policy(**role)

    step("a function that fails when it's called")
    bad = story.images("function")
    story.behaves(bad["scheduler"], run=["python3", "-c", "raise SystemExit('boom')"])
    story.refused("function", bad, "scheduler: a call of version", "boom")

    step("a failing migration")
    app = tmp_path / "failing"
    shutil.copytree(APP, app)
    (app / "migrations/versions/0003_more.py").write_text(
        '"""More."""\nfrom alembic import op\nrevision, down_revision, contract = "0003", "0002", False\n'
        "def upgrade():\n    op.execute('SELECT 1/0')\ndef downgrade():\n    pass\n"
    )
    story.refused("failing", story.images("failing", app), "division by zero")

    step("killed when the pipe was changed: the next rollout finishes it")
    second = story.images("two")
    story.book.make("two", second, {})
    story.killed_at(f"PUT /v1/pipes/{STACK}-worker-pipe", "two", emulator)
    rc, output = story.play("runbooks/rollout.yml", *release("two"))
    assert rc == 0 and "was not finished; this one takes over" in output, output[-3000:]
    assert story.runs() == second
    assert [one["verdict"] for one in story.book.get("two")["rollouts"]] == ["interrupted", "succeeded"]

    step("killed when a revision was registered: a rollback undoes it")
    story.book.make("three", story.images("three"), {})
    story.killed_at("RegisterTaskDefinition", "three", emulator)
    rc, output = story.play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second

    step("back, and forward again")
    started = time.monotonic()
    rc, output = story.play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == first
    step(f"(the rollback took {time.monotonic() - started:.0f} s)")
    # Nothing is left of the later release, not in the family of the migrations either, in which it had run.
    rc, output = story.play("ultra.yml", "--check")
    assert rc == 0 and "PLAN" in output and "ecs_taskdefinition" not in output.partition("PLAN")[2], output[-3000:]
    # What runs, and what a rollback may go to, is never expired.
    for component, image in (first | second).items():
        assert story.kept(component) >= {image.rpartition("@")[2] for image in (first[component], second[component])}
    rc, output = story.play("runbooks/rollout.yml", *release("two"))
    assert rc == 0, output[-3000:]
    assert story.runs() == second

    step("a job whose capacity is taken away each time is done on demand in the end")
    ask(story.url, "faults", {"seed": 1, "spot": 1.0})
    rc, output = story.play("runbooks/send_jobs.yml", "-e", json.dumps({"send_jobs_bodies": ['{"workflow_id": 1}']}))
    ask(story.url, "faults", {})
    assert rc == 0 and re.search(r"done \([2-9] attempts\)", output) and "1 of 1 done" in output, output[-3000:]

    step("the history")
    rc, output = story.play("runbooks/release_history.yml", *release("one"), "-e", "release_compare=two")
    assert rc == 0, output[-3000:]
    for word in ("rollout   crash  failed: ", "rollback  one  succeeded", "rollout   two  interrupted", "worker: .* -> "):
        assert re.search(word, output), f"{word!r} is not in: {output[-4000:]}"
    assert LOGIN["password"] not in output and OWNER["password"] not in output

    step("site.yml goes on from the release")
    rc, output = story.play("ultra.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second
    rc, output = story.play("ultra.yml", "--check")
    assert rc == 0 and "0 to create, 0 to change, 0 to replace, 0 to delete" in output, output[-3000:]

    step("every grant is needed by somebody")
    story.client("cloudwatch").set_alarm_state(AlarmName=f"{STACK}-dead-letters", StateValue="ALARM", StateReason="tried")
    ask(story.url, "clock", {"seconds": 300})  # the schedule calls the scheduler
    nobody = nobody_needs(story.url, story.client, "^queue .*Rules?")  # what isn't delivered: make judges shows it
    assert not nobody, nobody
