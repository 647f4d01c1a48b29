"""The background process of one port: start it, find it, end it, and never anybody else's."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from emulator import HOST, token
from emulator.ask import Refused, ask
from emulator.token import ROOT

START_SECONDS = 60
STOP_SECONDS = 10


class Process:
    """The emulator of one port, with its files in ``.emulator/<port>/``."""

    def __init__(self, port: int):
        self.port = port
        self.url = f"http://{HOST}:{port}"
        self.folder = token.folder(port)
        self.pid_file = self.folder / "pid"
        self.log_file = self.folder / "log"
        self.request_file = self.folder / "requests.jsonl"

    def call(self, path: str, body: dict | None = None, timeout: float = 2):
        """Return the server's answer, of JSON, within so many seconds; None where no emulator of ours answers."""
        try:
            return ask(self.url, path, body, timeout=timeout)
        except (OSError, ValueError, Refused):  # no listener, no HTTP, no JSON; another checkout's
            return None

    def pid(self) -> int | None:
        """Return the pid of this checkout's emulator on the port, None when it does not run."""
        identity = self.call("identity")
        if isinstance(identity, dict) and identity.get("emulator") == str(ROOT):
            return identity["pid"]
        return None

    def taken(self) -> bool:
        """Tell whether anything listens on the port."""
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex((HOST, self.port)) == 0

    def start(self, options: tuple[str, ...] = ()) -> str:
        """Start the server in the background, wait until it answers and return what happened."""
        if self.pid():
            return "already running"
        if self.taken():
            raise Refused(f"port {self.port} is taken by another program; choose one with --port")
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log_file.open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "emulator", "run", "--port", str(self.port), *options],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.taken() and self.pid():  # the child's, or that of a start at the same moment that was faster
                return "started"
            if child.poll() is not None and not self.taken():
                raise Refused(
                    f"the emulator ended while starting, see {self._shown(self.log_file)}:\n{self._last_lines()}"
                )
            time.sleep(0.1)
        raise Refused(f"the emulator did not answer within {START_SECONDS} s, see {self._shown(self.log_file)}")

    def stop(self) -> str:
        """End the process that was started for the port; what is not ours is left alone."""
        pid = self.pid() or self._recorded_pid()
        if pid is None:
            return "not running"
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._is_ours(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                break
            time.sleep(0.05)
        self.forget()
        return "stopped"

    def reset(self) -> str:
        """Empty the account."""
        if not self.pid():
            raise Refused(f"no emulator runs on port {self.port}; start it first")
        if self.call("reset", {}, timeout=30) is None:
            raise Refused(f"the reset failed, see {self._shown(self.log_file)}")
        return "reset"

    def record(self) -> None:
        """Note this process as the port's server."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")

    def forget(self) -> None:
        """Remove the note."""
        self.pid_file.unlink(missing_ok=True)

    def _recorded_pid(self) -> int | None:
        """Return the recorded pid if that process still is this emulator (pids are reused)."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        return pid if self._is_ours(pid) else None

    def _is_ours(self, pid: int) -> bool:
        shown = subprocess.run(
            ["ps", "-o", "stat=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        state, _, command = shown.stdout.strip().partition(" ")
        return not state.startswith("Z") and f"-m emulator run --port {self.port}" in command

    def _last_lines(self, count: int = 15) -> str:
        return "\n".join(self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    @staticmethod
    def _shown(path: Path) -> str:
        return str(path.relative_to(ROOT))
