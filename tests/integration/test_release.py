"""Releases of the sample application: good ones, and bad ones, after each of which the one before runs.

One embedded AWS with a real PostgreSQL, one stack, one story: deploying the stack takes longer than all the rest.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import boto3
import psycopg
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import Releases, unfinished
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, roll_out

from emulator.ask import ask
from emulator.prepared import prepare
from tests.judges.grants.replay import nobody_needs

from .conftest import CREDENTIALS, ROOT, Emulator

STACK, REGION = "flow-builder-local", "us-east-1"
APP = ROOT / "examples/app"
OPTIONS = Options(timeout=120, pause=0.2, steady=2.5, first_counts={"api": 1, "worker": 0})
QUICK = ("-i", "inventories/local", "-e", "release_pause=0.2", "-e", "release_steady_seconds=2.5")
FOREVER = ["python3", "-c", "import time; time.sleep(600)"]
# Rolls a release out in a process that can be killed: stack, release.
ALONE = """
import sys, boto3
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[4]])
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, roll_out
def connect(service, **more):
    return boto3.client(service, region_name="us-east-1", endpoint_url=sys.argv[3], config=config(**more))
aws = Aws(connect, "us-east-1")
roll_out(aws, sys.argv[1], sys.argv[2], "rollout", Options(pause=0.2), print)
"""


@pytest.fixture
def emulator(monkeypatch):
    """An embedded AWS for this story alone: others empty theirs."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("EMULATOR_TASK_SECONDS", "0.1")
    made = Emulator()
    yield made
    made.stop()


def playing(url, stack=STACK, *more):
    """Return what runs a playbook of the project as people do and returns (rc, output)."""

    def run(playbook, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        done = subprocess.run(
            [
                sys.executable, "-m", "ansible", "playbook", f"playbooks/{playbook}", *QUICK, "--limit", stack, *more,
                *arguments,
            ],
            cwd=ROOT, text=True, capture_output=True, check=False,
            env={**environment, **CREDENTIALS, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def play(emulator):
    """Run a playbook."""
    return playing(emulator.url)


class Story:
    """The stack seen from outside, and what can be done to it."""

    stack = STACK

    def __init__(self, url, folder):
        self.url, self.folder = url, folder
        self.aws = Aws(self.client, REGION)
        self.book = Releases(self.aws, self.stack)
        self.said = []

    def client(self, service, **more):
        return boto3.client(service, region_name=REGION, endpoint_url=self.url, config=config(**more))

    def images(self, note, components=None, app=APP):
        return prepare(self.url, self.stack, app, REGION, note, components)

    def behaves(self, image, **behaviour):
        """Let something else run in place of an image."""
        known = ask(self.url, "images")["images"]
        ask(self.url, "images", {"images": [{"image": image, **behaviour}, *known]})

    def make(self, name, images):
        self.book.make(name, images, {})

    def roll_out(self, name, kind="rollout"):
        self.said.clear()
        return roll_out(self.aws, self.stack, name, kind, OPTIONS, self.said.append)

    def runs(self):
        """Return the image of each component that really runs, and whether all is steady."""
        found, steady = {}, True
        ecs, functions = self.client("ecs"), self.client("lambda")
        for component in ("api", "worker"):
            (service,) = ecs.describe_services(cluster=f"{STACK}-cluster", services=[f"{STACK}-{component}"])["services"]
            definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            found[component] = definition["containerDefinitions"][0]["image"]
            newest = ecs.describe_task_definition(taskDefinition=definition["family"])["taskDefinition"]
            assert newest["containerDefinitions"][0]["image"] == found[component], "the family goes on from another image"
            (deployment,) = service["deployments"]
            steady = steady and deployment["rolloutState"] == "COMPLETED"
            tasks = ecs.list_tasks(cluster=f"{STACK}-cluster", serviceName=service["serviceName"])["taskArns"]
            assert len(tasks) == service["desiredCount"]
            for task in ecs.describe_tasks(cluster=f"{STACK}-cluster", tasks=tasks)["tasks"] if tasks else []:
                assert task["containers"][0]["image"] == found[component]
                assert task["lastStatus"] == "RUNNING"
        for component in ("scheduler", "cleanup"):
            for qualifier in ("live", "$LATEST"):
                told = functions.get_function(FunctionName=f"{STACK}-{component}", Qualifier=qualifier)
                assert found.setdefault(component, told["Code"]["ResolvedImageUri"]) == told["Code"]["ResolvedImageUri"]
        assert steady
        return found

    def refused(self, name, *words):
        """Roll a release out that must fail; return why, having seen that these words say so."""
        before = self.runs()
        with pytest.raises(EngineError) as caught:
            self.roll_out(name)
        for word in words:
            assert re.search(word, str(caught.value)), f"{word!r} is not in: {caught.value}"
        assert self.runs() == before
        assert self.book.get(name)["rollouts"][-1]["verdict"] == "failed"
        return str(caught.value)

    def instance(self):
        (one,) = self.client("rds").describe_db_instances(DBInstanceIdentifier=f"{STACK}-db")["DBInstances"]
        return one

    def database(self, secret):
        """Connect as a task would."""
        secrets = self.client("secretsmanager")
        login = json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
        address = ask(self.url, "dataplane")["databases"][f"{STACK}-db"]
        return psycopg.connect(
            host="database", hostaddr=address, dbname=self.instance()["DBName"], user=login["username"],
            password=login["password"], sslmode="require", autocommit=True,
        )  # fmt: skip

    def killed_at(self, operation, name, emulator):
        """Roll out in a process of its own, and kill it as soon as it has asked AWS for something."""
        emulator.requests()
        process = subprocess.Popen(
            [sys.executable, "-c", ALONE, self.stack, name, self.url, str(ROOT / "collections")],
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while not any(one["operation"] == operation for one in emulator.requests()):
            assert process.poll() is None, "it ended before it could be killed"
            assert time.monotonic() < deadline, f"it never came to {operation}"
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert unfinished(self.book.all())["release"] == name


def release(name, images=None):
    """Return the arguments of a playbook for a release."""
    return "-e", json.dumps({"release_name": name, **({"release_images": images} if images else {})})


def test_releases(emulator, play, tmp_path, capsys):
    def step(text):
        with capsys.disabled():
            print(f"\n{time.strftime('%H:%M:%S')} {text}", end="", flush=True)

    story = Story(emulator.url, tmp_path)
    step("deploy the stack")
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]

    step("bad input")
    for arguments, words in (
        ((), "release_name is not set"),
        (release("none"), "has no release 'none', and no images"),
        (release("a b", {"api": "x@sha256:" + "0" * 64}), "release_name is 'a b': allowed are"),
        (release("tag", {"api": "repository:latest"}), "name it by digest"),
    ):
        rc, output = play("runbooks/rollout.yml", *arguments)
        assert rc == 2 and words in output, f"{words}: {output[-2000:]}"

    step("the first release, by its runbook")
    first = story.images("one")
    rc, output = play("runbooks/rollout.yml", *release("one", first))
    assert rc == 0, output[-4000:]
    assert "the database is at nothing, the image at 0002" in output
    assert story.runs() == first
    assert story.book.get("one")["migration"]["after"] == ["0002"]
    assert json.loads((ROOT / f"reports/{STACK}/releases/one.json").read_text())["rollouts"][-1]["verdict"] == "succeeded"

    step("it works: from a workflow in the database to its execution")
    story.client("ecs").update_service(cluster=f"{STACK}-cluster", service=f"{STACK}-worker", desiredCount=1)
    with story.database(f"{STACK}/database") as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")  # data is the application's, the schema isn't
        connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('report', 3600)")
        answer = story.client("lambda").invoke(FunctionName=f"{STACK}-scheduler", Qualifier="live", Payload=b"{}")
        assert json.load(answer["Payload"]) == {"queued": [1]}
        deadline = time.monotonic() + 60
        while not (rows := connection.execute("SELECT workflow_id, result FROM executions").fetchall()):
            assert time.monotonic() < deadline, "no worker took the message"
            time.sleep(0.3)
    assert rows == [(1, "report ran")]

    step("the same release again: nothing to do")
    revisions = len(story.client("ecs").list_task_definitions()["taskDefinitionArns"])
    story.roll_out("one")
    assert story.runs() == first
    assert len(story.client("ecs").list_task_definitions()["taskDefinitionArns"]) == revisions

    step("a digest that isn't in the registry any more")
    story.book.write(story.book.get("one") | {"id": "absent", "images": first | {"api": first["api"][:-64] + "0" * 64}})
    with pytest.raises(EngineError, match="the image of api is not in the registry"):
        story.roll_out("absent")
    assert len(story.book.get("absent")["rollouts"]) == len(story.book.get("one")["rollouts"])

    step("a crash at the start, by its runbook: rc, cause, everything back")
    bad = story.images("crash")
    story.behaves(bad["worker"], run=["python3", "-c", "raise SystemExit('no KeyError: SETTING')"])
    rc, output = play("runbooks/rollout.yml", *release("crash", bad))
    assert rc == 2
    for word in ("worker: (ECS deployment circuit breaker|PRIMARY is)", r"exit code 1\)", "no KeyError: SETTING", "likely cause: the program crashes", "next: aws logs tail", "everything runs as before again"):
        assert re.search(word, output), f"{word!r} is not in: {output[-4000:]}"
    assert story.runs() == first

    step("a command that isn't in the image")
    bad = story.images("command")
    story.behaves(bad["api"], run=["/no/such/command"])
    story.make("command", bad)
    story.refused("command", "api: (ECS deployment circuit breaker|PRIMARY is)", "isn't in the image|exit code 127")

    step("a failing health check")
    bad = story.images("health")
    story.behaves(bad["api"], run=FOREVER)
    story.make("health", bad)
    story.refused("health", "failed container health checks", "the health check fails")

    step("a missing secret")
    secrets = story.client("secretsmanager")
    kept = secrets.get_secret_value(SecretId=f"{STACK}/app")["SecretString"]
    secrets.put_secret_value(SecretId=f"{STACK}/app", SecretString="{}")
    story.make("secret", story.images("secret"))
    story.refused("secret", "a secret can't be read", "list-secrets")
    secrets.put_secret_value(SecretId=f"{STACK}/app", SecretString=kept)

    step("a function that fails when it's called")
    bad = story.images("function")
    story.behaves(bad["cleanup"], run=["python3", "-c", "raise SystemExit('boom')"])
    story.make("function", bad)
    story.refused("function", "cleanup: a call of version", "boom")

    step("a failing migration, and one that the running release can't live with")
    for name, body, contract, words in (
        ("failing", "op.execute('SELECT 1/0')", False, "division by zero"),
        ("contract", "op.drop_column('executions', 'result')", True, "can't live with 0003"),
    ):
        app = story.folder / name
        shutil.copytree(APP, app)
        (app / "migrations/versions/0003_more.py").write_text(
            f'"""More."""\nfrom alembic import op\nrevision, down_revision, contract = "0003", "0002", {contract}\n'
            f"def upgrade():\n    {body}\ndef downgrade():\n    pass\n"
        )
        rc, output = play("runbooks/rollout.yml", *release(name, story.images(name, app=app)))
        assert rc == 2 and words in output, output[-3000:]
        assert story.runs() == first
        assert story.book.get(name)["rollouts"] == []

    step("a migration while another one holds the lock")
    with story.database(story.instance()["MasterUserSecret"]["SecretArn"]) as connection:
        connection.execute("SELECT pg_advisory_lock(7235460198346121)")
        rc, output = play("runbooks/migrate.yml", *release("one"))
        assert rc == 2 and "another migration of this database is running" in output, output[-3000:]

    step("killed when a service was updated: the next rollout finishes it")
    second = story.images("two")
    story.make("two", second)
    story.killed_at("UpdateService", "two", emulator)
    story.roll_out("two")
    assert "was not finished; this one takes over" in story.said[0]
    assert story.runs() == second
    assert [one["verdict"] for one in story.book.get("two")["rollouts"]] == ["interrupted", "succeeded"]

    step("killed when a revision was registered: a rollback undoes it")
    third = story.images("three")
    story.make("three", third)
    story.killed_at("RegisterTaskDefinition", "three", emulator)
    rc, output = play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second

    step("back, and forward again")
    started = time.monotonic()
    rc, output = play("runbooks/rollback.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == first
    step(f"(the rollback took {time.monotonic() - started:.0f} s)")
    story.roll_out("two")
    assert story.runs() == second

    step("a contracting migration with permission; then no rollback across it without")
    rc, output = play("runbooks/migrate.yml", *release("contract"), "-e", '{"release_contract": true}')
    assert rc == 0, output[-3000:]
    rc, output = play("runbooks/rollback.yml", *release("one"))
    assert rc == 2 and re.search(r"can't\s+live\s+with\s+0003", output), output[-3000:]
    assert story.runs() == second

    step("the history, and what differs")
    rc, output = play("runbooks/release_history.yml", *release("one"), "-e", "release_compare=two")
    assert rc == 0, output[-3000:]
    for word in ("rollout   crash  failed: ", "rollback  one  succeeded", "rollout   two  interrupted", "api: .* -> "):
        assert re.search(word, output), f"{word!r} is not in: {output[-4000:]}"
    assert kept not in output

    step("site.yml goes on from the release")
    rc, output = play("standard.yml")
    assert rc == 0, output[-3000:]
    assert story.runs() == second

    step("every grant is needed by somebody")
    story.client("cloudwatch").set_alarm_state(AlarmName=f"{STACK}-dead-letters", StateValue="ALARM", StateReason="tried")
    ask(story.url, "clock", {"seconds": 300})  # the schedule calls the scheduler; the cleanup's has a day to go
    nobody = nobody_needs(  # apart from what doesn't happen in this story; make judges shows it
        story.url, story.client, "^function .*-cleanup", "^queue .*Rules", r"-api-task.*Send ",
        r"-task-.*(ssmmessages:\w+DataChannel|FindSessionLogs|SessionLogs)",
    )  # fmt: skip
    assert not nobody, nobody
