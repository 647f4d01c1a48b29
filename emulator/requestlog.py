"""What a playbook really did: every request, for people to read and for tests to assert on."""

import json
import threading
import time
from collections import Counter, deque
from pathlib import Path

KEPT = 50_000


class RequestLog:
    """The requests since the last reset, in memory and, given a path, in a file of JSON lines."""

    newest: "RequestLog"
    """The log of the emulator that runs in this process."""

    def __init__(self, path: Path | None = None):
        self.path = path
        self.entries: deque[dict] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        RequestLog.newest = self
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")

    def add(self, call, status: int, code: str, started: float) -> None:
        """Note one answered call; ``code`` is AWS's error code, or nothing."""
        entry = {
            "time": round(started, 3),
            "milliseconds": round((time.time() - started) * 1000, 1),
            "caller": call.caller,
            "region": call.region,
            "service": call.service,
            "operation": call.operation,
            "parameters": call.masked(),
            "status": status,
            "error": code,
        }
        with self._lock:
            self.entries.append(entry)
            if self.path:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry, default=str) + "\n")

    def clear(self) -> None:
        """Begin anew."""
        with self._lock:
            self.entries.clear()
            if self.path:
                self.path.write_text("")


def summary(entries) -> str:
    """Return a table: how often each operation was called, and how often refused."""
    calls: Counter[str] = Counter()
    errors: Counter[str] = Counter()
    for entry in entries:
        name = f"{entry['service']}:{entry['operation']}"
        calls[name] += 1
        errors[name] += entry["status"] >= 400
    lines = [f"{'OPERATION':56} {'CALLS':>6} {'ERRORS':>6}"]
    lines += [f"{name:56} {count:6} {errors[name] or '':>6}" for name, count in calls.most_common()]
    return "\n".join([*lines, f"{'all':56} {sum(calls.values()):6} {sum(errors.values()) or '':>6}"])


def line(entry: dict) -> str:
    """Return one request as one line."""
    answer = entry["error"] or entry["status"]
    shown = json.dumps(entry["parameters"], default=str)
    return f"{entry['service']}:{entry['operation']} {shown} -> {answer} ({entry['milliseconds']} ms)"
