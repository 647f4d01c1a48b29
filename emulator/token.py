"""The token of a port: whoever may read it may steer the emulator. It lies in the state folder, for its owner only."""

import atexit
import contextlib
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "X-Emulator-Token"


def folder(port: int) -> Path:
    """Return the state folder of a port."""
    return ROOT / ".emulator" / str(port)


def make(port: int) -> str:
    """Make the token of the server that listens on a port from now on."""
    made, path = secrets.token_urlsafe(32), _path(port)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"token.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(made)
    fresh.replace(path)
    atexit.register(_forget, path, made)
    return made


def of(port: int) -> str:
    """Return the token of a port; nothing if there is none that this user may read."""
    try:
        return _path(port).read_text(encoding="ascii")
    except OSError:
        return ""


def _path(port: int) -> Path:
    return folder(port) / "token"


def _forget(path: Path, made: str) -> None:
    """Remove the token, unless another server has the port by now, and the folder if nothing else is there."""
    with contextlib.suppress(OSError):
        if path.read_text(encoding="ascii") == made:
            path.unlink()
            path.parent.rmdir()
