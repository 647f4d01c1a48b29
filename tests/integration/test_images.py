"""Images: real builds of the sample application, pushed to the embedded ECR, pulled by digest and run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.images import builders

from emulator import containers
from emulator.ask import ask

ROOT = Path(__file__).resolve().parents[2]
STACK, BASE = "flow-builder-local", "localhost/flow-builder-base"
COMPONENTS = ["api", "worker", "scheduler", "cleanup"]
TASK = "Images of the checkout"


def sh(*words, **more):
    return subprocess.run([*map(str, words)], text=True, capture_output=True, check=False, **more)


@pytest.fixture(scope="module")
def settings(emulator, tmp_path_factory):
    """The environment of container tools that find the embedded ECR, and Python's image as a base."""
    for name in ("podman", "buildah"):
        if reason := builders.fault(name):
            pytest.skip(f"no image can be built here: {name} {reason}")
    made = containers.write(tmp_path_factory.mktemp("containers"), urlsplit(emulator.url).port)
    based = sh(sys.executable, ROOT / "examples/app/base.py", BASE)
    assert based.returncode == 0, based.stderr
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.items():
            patch.setenv(name, value)
        ran = sh("podman", "run", "--rm", BASE, "python3", "-c", "")
        if ran.returncode == 125:  # podman's own error, none of what it runs
            pytest.skip(f"no container runs here: {ran.stderr.strip().splitlines()[-1]}")
        assert ran.returncode == 0, ran.stderr
        yield made
        ours = urlsplit(emulator.url).netloc
        names = sh("podman", "images", "--format", "{{.Repository}}:{{.Tag}}").stdout.split()
        sh("podman", "rmi", "--force", *(name for name in names if name.startswith(f"{ours}/")))


@pytest.fixture
def store(settings):
    """Podman with a store of its own, so what it pulls it really pulls; its path has to be short."""
    folder = Path(tempfile.mkdtemp(prefix="store-"))
    words = ["podman", "--root", folder / "root", "--runroot", folder / "run"]
    yield words
    sh(*words, "rmi", "--all", "--force")
    sh("umount", folder / "root/overlay")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A checkout of the sample application."""
    folder = tmp_path_factory.mktemp("checkout") / "app"
    shutil.copytree(ROOT / "examples/app", folder, ignore=shutil.ignore_patterns("__pycache__"))
    assert sh("git", "init", "-q", folder).returncode == 0
    assert sh("git", "-C", folder, "remote", "add", "origin", "https://me:secret@git.example.com/app.git").returncode == 0
    commit(folder)
    return folder


def commit(folder):
    """Commit everything, and return the commit."""
    assert sh("git", "-C", folder, "add", "-A").returncode == 0
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    assert sh("git", "-C", folder, *who, "commit", "-qm", "Change").returncode == 0
    return sh("git", "-C", folder, "rev-parse", "HEAD").stdout.strip()


@pytest.fixture(scope="module")
def build(play, settings, app):
    """Run the runbook on the checkout; keywords are its variables."""

    def run(*arguments, environment=(), **variables):
        given = {"images_source": str(app), "images_arguments": {"BASE": BASE}, "images_scan_pause": 0.1, **variables}
        return play(
            "playbooks/runbooks/build_images.yml", "-i", "inventories/local", "--limit", STACK,
            "-e", json.dumps(given), *arguments, **{**settings, **dict(environment)},
        )  # fmt: skip

    return run


def result(run):
    assert run.rc == 0, run.output
    return run.by_task[TASK]


def refused(run, *texts):
    assert run.rc != 0, run.output
    told = "\n".join(str(one["result"].get("msg")) for one in run.failures)
    assert all(text in told for text in texts), told
    asked = [one for one in run.requests if one["task"] != "Account"]
    assert asked == [], "AWS was asked for more than whose account it is"


def test_images_are_built_pushed_pulled_and_run(build, emulator, app, store, tmp_path):
    emulator.reset()
    revision = sh("git", "-C", app, "rev-parse", "HEAD").stdout.strip()
    first = build("--check")
    assert result(first)["built"] == COMPONENTS and result(first)["images"] == {}
    assert not [one for one in first.requests if one["writes"]] and "rollout.yml" not in first.output

    failed = build()
    assert failed.rc != 0 and "there is no repository flow-builder-local-api; deploy the stack first" in failed.output

    keys = {"aws_access_key_id": "localaccesskeyid", "aws_secret_access_key": "localsecretaccesskey"}
    ecr = boto3.client("ecr", endpoint_url=emulator.url, region_name="us-east-1", **keys)
    for name in COMPONENTS:
        ecr.create_repository(repositoryName=f"{STACK}-{name}", imageTagMutability="IMMUTABLE")

    # Built and pushed
    made = build("-vvv")
    told = result(made)
    assert told["built"] == COMPONENTS
    token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    assert token not in made.output and "me:secret" not in made.output
    assert any(line.strip().startswith("ansible-playbook playbooks/runbooks/rollout.yml") for line in made.output.splitlines())
    for name in COMPONENTS:
        uri, _, digest = told["images"][name].partition("@")
        (there,) = ecr.describe_images(repositoryName=f"{STACK}-{name}")["imageDetails"]
        assert (there["imageDigest"], there["imageTags"]) == (digest, [told["tags"][name]])
        assert uri == f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{STACK}-{name}"

    registry, login = urlsplit(emulator.url).netloc, tmp_path / "auth.json"
    login.write_text(json.dumps({"auths": {registry: {"auth": token}}}))

    # Pulled into an empty store, by digest and the name that it has on AWS, and run
    image = told["images"]["api"]
    pulled = sh(*store, "pull", "--authfile", login, image)
    assert pulled.returncode == 0, pulled.stderr
    words = ["python3", "-c", "import os, sqlalchemy, api.main; print('ran as', os.getuid())"]
    ran = sh(*store, "run", "--rm", image, *words)
    assert (ran.returncode, ran.stdout) == (0, "ran as 1000\n"), ran.stderr
    (config,) = json.loads(sh(*store, "image", "inspect", image).stdout)
    for labels in (config["Labels"], config["Annotations"]):
        assert labels["org.opencontainers.image.revision"] == revision
        assert labels["org.opencontainers.image.source"] == "https://git.example.com/app.git"
        assert labels["org.opencontainers.image.created"].endswith("Z")

    # The same again does nothing
    again = build()
    assert result(again)["built"] == [] and not result(again)["changed"]
    assert result(again)["images"] == told["images"]
    assert not [one for one in again.requests if one["writes"]]

    # A tag never moves
    pushed = sh("podman", "push", "--authfile", login, BASE, f"{registry}/{STACK}-api:{told['tags']['api']}")
    assert pushed.returncode != 0 and "immutable" in pushed.stderr, pushed.stderr
    assert result(build())["images"] == told["images"]

    # The gate of findings, shut and open
    ask(emulator.url, "scans", {"scans": [
        {"image": f"*/{STACK}-worker*", "findings": [{"name": "CVE-2026-1", "severity": "HIGH", "package": "openssl"}]}
    ]})  # fmt: skip
    shut = build(images_scan_severity="HIGH")
    assert shut.rc != 0 and "worker: CVE-2026-1 (HIGH, openssl)" in shut.output and "rollout.yml" not in shut.output
    assert result(build(images_scan_severity="HIGH", images_scan_allowed=["CVE-2026-1"]))["images"] == told["images"]
    assert result(build())["images"] == told["images"], "CRITICAL is the default"

    # A change of one component is one image, by another builder, once it is committed
    (app / "api/main.py").write_text((app / "api/main.py").read_text() + "\n# changed\n")
    refused(build(), "images_source", "api/main.py", "images_allow_dirty")
    assert result(build("--check", images_allow_dirty=True))["built"] == ["api"]
    now = commit(app)
    changed = result(build(images_builder="buildah"))
    assert (changed["built"], changed["commit"], changed["builder"]) == (["api"], now, "buildah")
    assert changed["images"]["worker"] == told["images"]["worker"] and changed["images"]["api"] != image


def test_what_is_refused_before_aws_is_asked(play, app, tmp_path):
    """This needs no builder."""
    (tmp_path / "git").symlink_to(shutil.which("git"))
    alone = f"{Path(sys.executable).parent}:{tmp_path}"

    def build(**variables):
        given = json.dumps({"images_source": str(app), **variables})
        runbook = "playbooks/runbooks/build_images.yml"
        return play(runbook, "-i", "inventories/local", "--limit", STACK, "-e", given, PATH=alone)

    refused(build(images_allow_dirty=True), "images_builder is 'auto'", "podman isn't installed", "docker isn't installed")
    refused(build(images_source="/nowhere"), "images_source is '/nowhere'", "there is no such folder")
    refused(build(stack_components_once={"api": {"path": "web"}}), "stack_components.api.path is 'web'", "has no such folder")
    refused(build(images_components=["web"]), "images_components", "web")
