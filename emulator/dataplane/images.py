"""What runs in place of an image: a command on this machine, or a behaviour that needs no process.

The map is a list of entries; the first whose pattern matches the image counts. It comes from the file that
EMULATOR_IMAGES names (JSON or YAML), or from ``POST /_emulator/images``::

    - image: "*/worker*"                 # * and ? are wild; matched with the whole reference
      run: [python, worker.py]           # the arguments of the container's command are added
      folder: /src/app                   # the image's working directory; optional
    - image: "*"
      exits: 0                           # or "stays: true"
      after: 1                           # seconds of the emulator's clock
      says: "a line for the log"

An image that isn't in the map ends with 0 after a moment in a task of its own, and stays in a service.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from emulator import clock, inside, state, validation
from emulator.dataplane import loopback, postgres
from emulator.dataplane.engine import ENGINE
from emulator.evidence import documented, does, inferred, lacks

lacks(
    __name__,
    "Images",
    "that AWS Lambda accepts the bootstrap image, and that an application's image starts on Fargate's own "
    "platform version",
)
lacks(
    __name__,
    "Volumes",
    "that a container may write to its task's volumes: on Fargate they belong to root (mode 0755) unless the "
    "image declares them; what runs here has this machine's own folders",
)

FILE = "EMULATOR_IMAGES"
UNMAPPED: dict = {"exits": 0, "after": 1.0}
FIELDS = {
    "image": validation.text,
    "run": validation.command,
    "folder": validation.text,
    "exits": validation.number(0, 255, whole=True),
    "stays": validation.flag,
    "after": validation.number(),
    "says": validation.words,
    "function": validation.anything,
}
_entries: list[dict] = state.held([])


def use(images: list[dict] | None = None) -> dict:
    """Replace the map, or only show it."""
    if images is not None:
        for one in validation.entries("images", images, FIELDS, ("image",)):
            if not ({"run", "exits", "function"} & one.keys() or one.get("stays")):
                raise validation.Invalid(f"images has {one}: one of run, exits, stays: true and function is needed")
        _entries[:] = images
    return {"images": list(_entries)}


def load() -> None:
    """Read the file that the environment names."""
    if path := os.environ.get(FILE):
        use(yaml.safe_load(Path(path).read_text(encoding="utf-8")))


def entry(image: str) -> dict | None:
    """Return what stands for an image."""
    return next((one for one in _entries if fnmatchcase(image, one["image"])), None)


def environment(region: str, keys: dict, variables: dict[str, str]) -> dict[str, str]:
    """Return the environment of a process that believes to be on AWS.

    HOST is an address that only this process has, as a task has one in its VPC.
    """
    return {
        "HOST": loopback.of_task(),
        **postgres.hosts(region, variables),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "HOME": tempfile.gettempdir(),
        "LANG": "C.UTF-8",
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ENDPOINT_URL": inside.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        **{key.upper(): value for key, value in keys.items()},
        **variables,
    }


@does(
    "A container that SIGKILL ends has the exit code 137.",
    documented("https://docs.aws.amazon.com/AmazonECS/latest/developerguide/docker-diags.html"),
)
@does(
    "A container that another signal ends has 128 and the signal's number as its exit code.",
    inferred("SIGKILL's is 137, and shells count so", "DescribeTasks of a task that SIGTERM ended"),
)
class Running:
    """A container that runs: a process, or the wait for a behaviour to end."""

    def __init__(self, chosen: dict, arguments: list[str], variables: dict, line, ended):
        """``line(text)`` gets what it prints; ``ended(code)`` is called once, on the timer, when it's over."""
        self.line, self.ended, self.life = line, ended, ENGINE.life
        self.process: subprocess.Popen | None = None
        self.over = False
        if chosen.get("says"):
            line(chosen["says"])
        if "run" in chosen:
            self._start(arguments, variables, chosen.get("folder"))
        elif not chosen.get("stays"):
            ENGINE.after(float(chosen.get("after", 0)), self._end, int(chosen["exits"]))

    def _start(self, command: list[str], variables: dict, folder: str | None) -> None:
        try:
            self.process = subprocess.Popen(
                command, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, start_new_session=True, text=True, errors="replace",
            )  # fmt: skip
        except OSError as problem:
            self.line(str(problem))
            ENGINE.after(0, self._end, 127)
            return
        _running.add(self)
        ENGINE.background(self._follow)

    def _follow(self) -> None:
        for line in self.process.stdout:
            self.line(line.rstrip("\n"))
        code = self.process.wait()
        _running.discard(self)
        # A process that a signal ended shows 128 + the signal, as containers do.
        ENGINE.after(0, self._end, code if code >= 0 else 128 - code, life=self.life)

    def _end(self, code: int) -> None:
        if not self.over:
            self.over = True
            self.ended(code)

    def stop(self, grace: float) -> None:
        """Ask it to end; after the grace it's killed."""
        if self.process is None:
            ENGINE.after(0, self._end, 143)
        elif not self.over:
            self.signal(signal.SIGTERM)
            ENGINE.after(grace, self.signal, signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        if self.process is not None and not self.over and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def __repr__(self):
        return f"Running({self.process.args if self.process else 'a behaviour'!r}, at {clock.now():.0f})"


_running: set[Running] = set()


@state.at_reset
def end_all() -> None:
    """Kill every process that stands for a container."""
    for one in list(_running):
        one.signal(signal.SIGKILL)
        one.over = True
    _running.clear()
