"""What builds images on this machine: the first of podman, buildah and docker that works."""

from __future__ import annotations

import shutil
import subprocess

from ..engine.errors import EngineError

PROBES = {
    "podman": (["info"],),
    "buildah": (["info"],),
    "docker": (["info"], ["buildx", "version"]),
}
"""What each must be able to answer. Docker's client answers without its engine, so it's asked for that, too."""
BILLS = ("syft", "trivy")
SECONDS = 60


def fault(name: str) -> str:
    """Return why a builder doesn't work here; nothing if it does."""
    path = shutil.which(name)
    if not path:
        return "isn't installed"
    for words in PROBES[name]:
        try:
            done = subprocess.run(
                [path, *words], capture_output=True, text=True, errors="replace", check=False, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return f"didn't answer to '{name} {' '.join(words)}' within {SECONDS} seconds"
        except OSError as problem:
            return f"can't be started: {problem.strerror}"
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
            return f"'{name} {' '.join(words)}' says: {said}"
    return ""


def builder(wanted: str) -> str:
    """Return what builds: what is wanted, or with ``auto`` the first that works.

    Raises EngineError, with the reason for each, if none does.
    """
    names = list(PROBES) if wanted == "auto" else [wanted]
    faults = {}
    for name in names:
        faults[name] = fault(name)
        if not faults[name]:
            return name
    told = "; ".join(f"{name} {reason}" for name, reason in faults.items())
    raise EngineError(f"images_builder is {wanted!r}, and nothing builds images here: {told}")


def bill() -> str:
    """Return what writes a bill of materials here; nothing if nothing does."""
    return next((name for name in BILLS if shutil.which(name)), "")
