"""Stacks that are released: what plays a playbook, and stories that see a stack from outside and do things to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import boto3
import psycopg
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import Releases, rollouts, unfinished
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, roll_out

from emulator.ask import ask
from emulator.prepared import prepare

from .conftest import CREDENTIALS, ROOT, Emulator

STACK, ULTRA, REGION = "flow-builder-local", "flow-builder-local-ultra", "us-east-1"
APP = ROOT / "examples/app"
# Of both profiles.
COMPONENTS = Components({"api": 1, "worker": 0}, ["scheduler", "cleanup"], "worker")
OPTIONS = Options(COMPONENTS, timeout=120, pause=0.2, steady=2.5)
QUICK = ("-e", "release_pause=0.2", "-e", "release_steady_seconds=2.5")
# Rolls a release out in a process that can be killed: stack, release.
ALONE = """
import sys, boto3
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader([sys.argv[4]])
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, config
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, roll_out
def connect(service, **more):
    return boto3.client(service, region_name="us-east-1", endpoint_url=sys.argv[3], config=config(**more))
aws = Aws(connect, "us-east-1")
roll_out(aws, sys.argv[1], sys.argv[2], "rollout", Options(Components({"api": 1, "worker": 0}, ["scheduler", "cleanup"], "worker"), pause=0.2), print)
"""
OWNER = {"username": "owner", "password": "owner-password"}
LOGIN = {"username": "flow_builder_app", "password": "app-password"}
DATABASE = {"address": "db.example.com", "database": "flow_builder", "user": "owner", "password": OWNER["password"]}


@pytest.fixture(scope="module")
def emulator():
    """An embedded AWS of a file's own, whose tasks take no time: others empty theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "EMULATOR_TASK_SECONDS": "0.1"}.items():
            patch.setenv(name, value)
        made = Emulator()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def play(emulator):
    """Run a playbook on it."""
    return playing(emulator.url)


def playing(url, stack=STACK, *more, inventory="inventories/local"):
    """Return what runs a playbook of the project as people do and returns (rc, output)."""

    def run(playbook, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        done = subprocess.run(
            [
                sys.executable, "-m", "ansible", "playbook", f"playbooks/{playbook}", "-i", inventory, *QUICK,
                "--limit", stack, *more, *arguments,
            ],
            cwd=ROOT, text=True, capture_output=True, check=False,
            env={**environment, **CREDENTIALS, "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"},
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    return run


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

    def secret(self, name):
        """Return the value of one of the stack's secrets."""
        return self.client("secretsmanager").get_secret_value(SecretId=f"{self.stack}/{name}")["SecretString"]

    def instance(self):
        (one,) = self.client("rds").describe_db_instances(DBInstanceIdentifier=f"{self.stack}-db")["DBInstances"]
        return one

    def database(self, secret):
        """Connect as a task would."""
        login = json.loads(self.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
        address = ask(self.url, "dataplane")["databases"][f"{self.stack}-db"]
        return psycopg.connect(
            host="database", hostaddr=address, dbname=self.instance()["DBName"], user=login["username"],
            password=login["password"], sslmode="require", autocommit=True,
        )  # fmt: skip

    def history(self, name, other):
        """Return what the runbook says of the history and of the difference of two releases: each rollout is told."""
        rc, output = self.play("runbooks/release_history.yml", *release(name), "-e", f"release_compare={other}")
        assert rc == 0, output[-3000:]
        for one in rollouts(self.book.all()):
            words = rf"{one['kind']} +{re.escape(one['release'])}  {one['verdict']}"
            assert re.search(words, output), f"{words!r} is not in: {output[-4000:]}"
        return output

    def killed_at(self, operation, name, emulator):
        """Roll out in a process of its own, and kill it as soon as it has asked AWS for something."""
        emulator.requests()
        process = subprocess.Popen(
            [sys.executable, "-c", ALONE, self.stack, name, self.url, str(ROOT / "collections")],
            stdout=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        emulator.saw(operation, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert unfinished(self.book.all())["release"] == name


def release(name, images=None):
    """Return the arguments of a playbook for a release."""
    return "-e", json.dumps({"release_name": name, **({"release_images": images} if images else {})})


def with_migration(folder, name, up, *, contract=False, down="pass", imports=""):
    """Return a copy of the application with one more migration, which does these things."""
    app = folder / name
    shutil.copytree(APP, app)
    (app / "migrations/versions/0003_more.py").write_text(
        f'"""More."""\nfrom alembic import op\n{imports}\nrevision, down_revision, contract = "0003", "0002", {contract}\n'
        f"def upgrade():\n    {up}\ndef downgrade():\n    {down}\n"
    )
    return app


class Ultra(Story):
    """The stack seen from outside, and what can be done to it."""

    stack = ULTRA

    def images(self, note, app=APP):
        return super().images(note, ["worker", "scheduler"], app)

    def behaves(self, image, **behaviour):
        """Let something else run in place of an image, in the folder in which the same image migrates."""
        super().behaves(image, folder=str(APP), **behaviour)

    def login(self, value):
        self.client("secretsmanager").put_secret_value(SecretId=f"{ULTRA}/database", SecretString=json.dumps(value))

    def database(self):
        """Connect as the application does."""
        address = ask(self.url, "dataplane")["databases"][DATABASE["address"]]
        return psycopg.connect(
            host=DATABASE["address"], hostaddr=address, dbname=DATABASE["database"], user=LOGIN["username"],
            password=LOGIN["password"], sslmode="require", autocommit=True,
        )  # fmt: skip

    def kept(self, component):
        """Return the digests of a component's images that ECR never expires."""
        pages = self.client("ecr").get_paginator("describe_images").paginate(repositoryName=f"{ULTRA}-{component}")
        images = [one for page in pages for one in page["imageDetails"]]
        return {one["imageDigest"] for one in images if any(tag.startswith("keep-") for tag in one.get("imageTags", []))}

    def runs(self):
        """Return the image of each component that really runs; the pipe runs, and its family goes on from there."""
        ecs, functions = self.client("ecs"), self.client("lambda")
        pipe = self.client("pipes").describe_pipe(Name=f"{ULTRA}-worker-pipe")
        assert pipe["CurrentState"] == pipe["DesiredState"] == "RUNNING"
        started = pipe["TargetParameters"]["EcsTaskParameters"]["TaskDefinitionArn"]
        newest = ecs.describe_task_definition(taskDefinition=f"{ULTRA}-worker")["taskDefinition"]
        assert newest["taskDefinitionArn"] == started, "the family goes on from another revision than the pipe's"
        found = {"worker": newest["containerDefinitions"][0]["image"]}
        for qualifier in ("live", "$LATEST"):
            told = functions.get_function(FunctionName=f"{ULTRA}-scheduler", Qualifier=qualifier)
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
