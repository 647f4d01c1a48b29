"""Builds images and pushes them, with whichever builder is there."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TypedDict
from urllib.parse import urlsplit

from ..engine.aws import Aws
from ..engine.errors import EngineError
from ..kinds.ecr import digest_of
from .scans import Finding

TOLD = 15
"""So many of a builder's last lines are told when it fails."""


@dataclass
class Image:
    """A component's image, before and after it lies in its repository."""

    component: str
    repository: str
    file: str
    """The container file, by path from the checkout's root."""
    context: str
    tag: str
    uri: str = ""
    digest: str = ""
    built: bool = False
    bill: str = ""
    findings: list[Finding] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return the image by digest, empty while it has none."""
        return f"{self.uri}@{self.digest}" if self.digest else ""


class Settings(TypedDict):
    """With what images are built: the processor, the build's arguments, and labels; empty ones are left out."""

    architecture: str
    arguments: dict[str, str]
    labels: dict[str, str]


CONFIG = "config.json"
LOGINS = ("auths", "credHelpers", "credsStore")
"""What Docker's configuration says of logins."""


class Registry:
    """The registry's address and, in a folder that only this user reads, the password for it.

    No builder is given the password on its command line, and nothing is left where it was: the folder ends with the
    ``with`` block. For docker it is the user's own configuration but for the logins: its contexts say where the engine
    is, and with which certificates it is reached (Docker Desktop, Colima, a rootless or a remote one).
    """

    def __init__(self, aws: Aws):
        """Ask for a token, which is good for twelve hours."""
        (token,) = aws("ecr").get_authorization_token()["authorizationData"]
        self.address = urlsplit(token["proxyEndpoint"]).netloc
        self._folder = tempfile.TemporaryDirectory(prefix="images-")
        self.file = Path(self._folder.name) / CONFIG
        self.file.touch(mode=0o600)
        settings = self._settings()
        settings["auths"] = {self.address: {"auth": token["authorizationToken"]}}
        self.file.write_text(json.dumps(settings), encoding="ascii")

    def _settings(self) -> dict[str, Any]:
        """Return the user's settings of docker without logins, having laid all that is beside them into the folder."""
        own = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        for one in own.iterdir() if own.is_dir() else ():
            if one.name != CONFIG:
                (Path(self._folder.name) / one.name).symlink_to(one.resolve())
        try:
            config = json.loads((own / CONFIG).read_text(encoding="utf-8"))
        except (OSError, ValueError):  # docker says what is wrong with it
            return {}
        return {key: value for key, value in config.items() if key not in LOGINS} if isinstance(config, dict) else {}

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Remove the password."""
        self._folder.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment with which docker, syft and trivy find the password."""
        return {**os.environ, "DOCKER_CONFIG": self._folder.name}


def build_command(builder: str, image: Image, target: str, settings: Settings) -> list[str]:
    """Return the command that builds an image."""
    labels = {f"org.opencontainers.image.{name}": value for name, value in settings["labels"].items() if value}
    pairs = [("--label", labels), ("--build-arg", settings["arguments"])]
    if builder == "docker":
        # One plain manifest, as Lambda wants it.
        words = ["docker", "buildx", "build", "--load", "--provenance=false"]
    else:
        words = ["buildah", "bud", "--layers"] if builder == "buildah" else ["podman", "build"]
        words += ["--format", "oci"]
        pairs.append(("--annotation", labels))
    words += ["--platform", f"linux/{settings['architecture']}", "--tag", target, "--file", image.file]
    words += [word for flag, values in pairs for name, value in values.items() for word in (flag, f"{name}={value}")]
    return [*words, image.context]


def push_command(builder: str, target: str, registry: Registry) -> list[str]:
    """Return the command that pushes an image."""
    return [builder, "push", *(() if builder == "docker" else ("--authfile", str(registry.file))), target]


def bill_command(writer: str, image: Image, file: str) -> list[str]:
    """Return the command that writes a pushed image's bill of materials."""
    if writer == "syft":
        return ["syft", f"registry:{image.name}", "--output", f"cyclonedx-json={file}"]
    return ["trivy", "image", "--quiet", "--image-src", "remote", "--format", "cyclonedx", "--output", file, image.name]


def run(words: list[str], doing: str, folder: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Run a command; raises EngineError with its last lines if it fails."""
    done = subprocess.run(
        words, cwd=folder, env=environment, text=True, errors="replace", check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        said = "\n".join(done.stdout.strip().splitlines()[-TOLD:])
        raise EngineError(f"{doing} failed with exit code {done.returncode}: {said}")


def make(aws: Aws, builder: str, image: Image, files: Path, registry: Registry, settings: Settings) -> None:
    """Build an image of a folder with the checkout's files, push it, and set its digest."""
    target = f"{registry.address}/{image.repository}:{image.tag}"
    run(build_command(builder, image, target, settings), f"{image.component}: the build", files)
    environment = registry.environment if builder == "docker" else None
    try:
        run(push_command(builder, target, registry), f"{image.component}: the push", environment=environment)
    except EngineError:
        # Somebody else may have pushed the same content meanwhile; tags don't move, so theirs is the one.
        image.digest = digest_of(aws, image.repository, imageTag=image.tag)
        if not image.digest:
            raise
        return
    image.digest, image.built = digest_of(aws, image.repository, imageTag=image.tag), True
    if not image.digest:
        raise EngineError(f"{image.component}: {target} was pushed, and ECR doesn't know its tag")
