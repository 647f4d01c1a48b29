"""Running a command and measuring it; an embedded AWS of the bench's own."""

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from emulator.ask import ask

ROOT = Path(__file__).resolve().parents[1]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "localaccesskeyid", "AWS_SECRET_ACCESS_KEY": "localsecretaccesskey"}


class Failed(Exception):
    """A measured command failed; the text has its last lines."""


@dataclass
class Measure:
    """What one command cost."""

    seconds: float
    cpu: float
    peak: float
    """MiB, memory that processes share counted once."""
    requests: int = 0
    tasks: int = 0
    """How many tasks a playbook ran."""


def run(command: list[str], environment: dict[str, str], folder: Path = ROOT) -> Measure:
    """Run a command and measure it with all its children."""
    done, peak = threading.Event(), [0]
    started = time.monotonic()
    told_here = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}, **told_here) as process:
        told = []
        reader = threading.Thread(target=lambda: told.append(process.stdout.read()))
        watcher = threading.Thread(target=_watch, args=(process.pid, done, peak))
        reader.start()
        watcher.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        done.set()
        watcher.join()
        reader.join()
    if process.returncode:
        raise Failed(f"{' '.join(command)} ended with {process.returncode}:\n" + "".join(told)[-3000:])
    tasks = "".join(told).count("\nTASK [")
    return Measure(seconds, usage.ru_utime + usage.ru_stime, peak[0] / 1024, tasks=tasks)


def _watch(root: int, done: threading.Event, peak: list[int]) -> None:
    while not done.wait(0.25):
        peak[0] = max(peak[0], sum(map(_memory, _tree(root))))


def _tree(root: int) -> list[int]:
    parents = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it ended meanwhile
                continue
    found = [root]
    for one in found:
        found += [pid for pid, parent in parents.items() if parent == one]
    return found


def _memory(pid: int) -> int:
    """Return a process's proportional share of memory in KiB: what it shares counts once over all that share it."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


class Aws:
    """An embedded AWS on a free port, empty when it starts."""

    def __init__(self, latency: float = 0, provisioning: float = 0):
        """Start it."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._emulator("start", "--latency", str(latency), "--provisioning", str(provisioning))

    def _emulator(self, *arguments):
        command = [sys.executable, "-m", "emulator", *arguments, "--port", str(self.port)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)

    def __enter__(self):
        """Return itself."""
        return self

    def __exit__(self, *_):
        """Stop it."""
        self._emulator("stop")

    def reset(self) -> None:
        """Empty the account."""
        ask(self.url, "reset", {})

    def requests(self) -> list[dict]:
        """Return the requests since the last reset."""
        return ask(self.url, "log")
