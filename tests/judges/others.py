"""What the judges share that run others' tests: an export of their repository, an embedded AWS, and known reasons."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from emulator import HOST
from emulator.process import Process


class Missing(Exception):
    """There is nothing to judge by; the text is for the user."""


def export(
    repository: Path, made: Path, wanted: Sequence[str], get: str, finish: Callable, commit: str = "HEAD"
) -> Path:
    """Return ``made``, the export of what is wanted of a commit; new, and finished, where it was another commit's.

    ``get`` is said where the repository hasn't got it.
    """
    head = _git(repository, get, "rev-parse", f"{commit}^{{commit}}").strip().decode()
    stamp = made / "commit"
    if stamp.exists() and stamp.read_text() == head:
        return made
    archive = _git(repository, get, "archive", head, *wanted)
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    subprocess.run(["tar", "x", "-C", made], input=archive, check=True)
    finish(made)
    stamp.write_text(head)
    return made


def _git(repository: Path, get: str, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", repository, *arguments], capture_output=True, check=False)
    if done.returncode:
        raise Missing(f"{repository} isn't what is asked for ({done.stderr.decode().strip()}): {get}")
    return done.stdout


def embedded() -> Process:
    """Start an embedded AWS of our own."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    os.environ["EMULATOR_ROLE_SECONDS"] = "0"  # as in all tests: they don't wait for a fresh role
    process = Process(port)
    process.start()
    return process


def reasons(file: Path) -> dict[str, str]:
    """Return why a test differs, for each of which that is known: lines of ``test  reason``."""
    lines = (line for line in file.read_text().splitlines() if line and not line.startswith("#"))
    return {name: why for name, _, why in (line.partition("  ") for line in lines)}
