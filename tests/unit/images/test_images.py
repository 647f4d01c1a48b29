"""Images: what a build reads, what its tag says, which findings stand in the way, which commands are run."""

import base64
import http.server
import json
import os
import shutil
import socketserver
import subprocess
import threading
from pathlib import Path

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import without_credentials
from ansible_collections.flow_builder.aws.plugins.module_utils.images import builds, scans, source


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nCOPY shared shared\nCOPY --chown=1 ./api \\\n  x/ /app/\n", ["shared", "api", "x"]),
        ('FROM a\n# COPY no no\nCOPY --from=a /b /c\nADD ["one two", "/x"]\n', ["one two"]),
        ("COPY . .\n", ["."]),
        ("COPY *.py .\n", None),
        ("RUN --mount=type=bind,source=a cat a\n", None),
        ("COPY <<EOF /x\nEOF\n", None),
    ],
)
def test_what_a_container_file_copies(text, expected):
    assert source.copied(text) == expected


def test_a_tag_changes_with_what_is_copied_and_with_nothing_else(tmp_path):
    files = {"api/Containerfile": "FROM a\nCOPY api api\n", "api/main.py": "1", "worker/main.py": "1"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    checkout = source.Checkout(tmp_path, "c", "", (), tuple(sorted(files)))

    def tag(**more):
        return source.tag(checkout, ".", "api/Containerfile", more)

    first = tag()
    (tmp_path / "worker/main.py").write_text("2")
    assert tag() == first and tag(arguments={"BASE": "b"}) != first
    (tmp_path / "api/main.py").write_text("2")
    assert tag() != first


def test_a_files_name_may_be_of_any_encoding(tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=n", "-c", "user.email=e", *words], check=True, capture_output=True)

    (tmp_path / "api").mkdir()
    (tmp_path / "api/Containerfile").write_text("FROM a\nCOPY api api\n")
    odd = os.fsencode(tmp_path / "api") + b"/caf\xe9"
    Path(os.fsdecode(odd)).write_text("1")
    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "one")
    checkout = source.checkout(str(tmp_path), allow_dirty=False)
    assert os.fsdecode(b"api/caf\xe9") in checkout.files
    first = source.tag(checkout, ".", "api/Containerfile", {})
    source.copy(checkout.root, list(checkout.files), tmp_path / "to")
    assert (tmp_path / "to/api" / os.fsdecode(b"caf\xe9")).read_text() == "1"
    Path(os.fsdecode(odd)).write_text("2")
    assert source.tag(checkout, ".", "api/Containerfile", {}) != first
    git("config", "core.quotePath", "false")
    with pytest.raises(EngineError, match="differ from the commit") as told:
        source.checkout(str(tmp_path), allow_dirty=False)
    str(told.value).encode()


def test_origins_have_no_credentials():
    assert without_credentials("https://me:secret@git.example.com/a.git") == "https://git.example.com/a.git"
    assert without_credentials("git@git.example.com:a.git") == "git@git.example.com:a.git"


def test_findings_of_a_severity_and_above_count_but_for_those_that_are_allowed():
    found = [{"name": f"CVE-{one}", "severity": one, "package": ""} for one in ("LOW", "HIGH", "CRITICAL")]
    assert [one["name"] for one in scans.blocking(found, "HIGH", [])] == ["CVE-CRITICAL", "CVE-HIGH"]
    assert [one["name"] for one in scans.blocking(found, "HIGH", ["CVE-CRITICAL"])] == ["CVE-HIGH"]
    assert scans.sentence("api", found[:1]) == "api: CVE-LOW (LOW)"


@pytest.mark.parametrize("builder", ["podman", "buildah", "docker"])
def test_every_builder_is_told_the_file_the_labels_the_arguments_and_the_processor(builder):
    image = builds.Image("api", "r", "api/Containerfile", ".", "t")
    given = {"architecture": "arm64", "arguments": {"BASE": "b"}, "labels": {"revision": "c", "source": ""}}
    words = builds.build_command(builder, image, "host/r:t", given)
    pairs = list(zip(words, words[1:], strict=False))
    label = "org.opencontainers.image.revision=c"
    for pair in [("--file", image.file), ("--label", label), ("--build-arg", "BASE=b"), ("--platform", "linux/arm64")]:
        assert pair in pairs
    assert (("--annotation", label) in pairs) == (builder != "docker")
    assert not any("source=" in word for word in words) and words[-1] == "."


# Docker's own configuration


class Ecr:
    """A registry's login."""

    def get_authorization_token(self):
        token = base64.b64encode(b"AWS:ours").decode()
        return {"authorizationData": [{"proxyEndpoint": "https://registry.example.com", "authorizationToken": token}]}


class Engine(socketserver.ThreadingUnixStreamServer):
    """An engine of Docker's, as far as a push sees it."""

    def __init__(self, path):
        self.pushed = []
        super().__init__(str(path), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    """Its answers."""

    protocol_version = "HTTP/1.1"

    def address_string(self):
        return ""

    def log_message(self, *_words):
        pass

    def do_POST(self):
        """Take an image."""
        self.server.pushed.append((self.path, json.loads(base64.urlsafe_b64decode(self.headers["X-Registry-Auth"]))))
        self.do_GET()

    def do_HEAD(self):
        """Be there."""
        self.do_GET()

    def do_GET(self):
        """Say yes."""
        self.send_response(200)
        self.send_header("Api-Version", "1.44")
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A user's configuration of docker, with a login and a credential helper of his own."""
    folder = tmp_path / "docker"
    folder.mkdir()
    own = {"auths": {"other.example.com": {"auth": "dGhlaXJz"}}, "credsStore": "desktop", "HttpHeaders": {"X": "y"}}
    (folder / "config.json").write_text(json.dumps(own))
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.mark.skipif(not shutil.which("docker"), reason="docker's client is absent")
def test_a_push_goes_to_the_engine_of_the_users_context(config, tmp_path):
    """Docker Desktop, Colima and rootless engines are contexts: without it the client asks a socket that isn't there."""
    engine = Engine(tmp_path / "engine.sock")
    for words in (["create", "mine", "--docker", f"host=unix://{tmp_path}/engine.sock"], ["use", "mine"]):
        subprocess.run(["docker", "context", *words], check=True, capture_output=True)
    before = {path: path.read_bytes() for path in config.rglob("*") if path.is_file()}
    with builds.Registry(lambda _service: Ecr()) as registry:
        folder = registry.file.parent
        builds.run(builds.push_command("docker", "registry.example.com/api:1", registry), "push", environment=registry.environment)
    engine.shutdown()
    engine.server_close()
    ((path, login),) = engine.pushed
    assert path.endswith("/images/registry.example.com/api/push?tag=1")
    assert (login["username"], login["password"]) == ("AWS", "ours")
    assert not folder.exists()
    assert {path: path.read_bytes() for path in config.rglob("*") if path.is_file()} == before


def test_the_users_logins_stay_his_and_nothing_else_is_lost(config):
    (config / "contexts").mkdir()
    (config / "ca.pem").write_text("certificate")
    with builds.Registry(lambda _service: Ecr()) as registry:
        told = json.loads(registry.file.read_text())
        assert list(told["auths"]) == ["registry.example.com"]
        assert told["HttpHeaders"] == {"X": "y"} and "credsStore" not in told
        assert registry.file.stat().st_mode & 0o777 == 0o600
        folder = registry.file.parent
        assert (folder / "contexts").is_dir() and (folder / "ca.pem").read_text() == "certificate"
    assert not folder.exists() and (config / "ca.pem").exists()


@pytest.mark.parametrize("written", [None, "no JSON", "[]"])
def test_without_a_configuration_there_is_a_login_all_the_same(written, config):
    shutil.rmtree(config) if written is None else (config / "config.json").write_text(written)
    with builds.Registry(lambda _service: Ecr()) as registry:
        assert list(json.loads(registry.file.read_text())) == ["auths"]
