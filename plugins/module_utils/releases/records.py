"""Releases as the stack's bucket keeps them: an object each, with every rollout of it and what came of that.

A release says what there is: the images by digest, the commit, the migrations. A rollout says what was done with it,
and what ran before. The current release is that of the newest rollout that succeeded; a rollout without a verdict goes
on or was killed.
"""

from __future__ import annotations

import getpass
import platform
import re
import time

from ..engine import state
from ..engine.errors import EngineError

FOLDER = "releases/"
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
SUCCEEDED, FAILED, RUNNING, INTERRUPTED = "succeeded", "failed", "running", "interrupted"


def now() -> str:
    """Return the time as records have it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def me(aws) -> str:
    """Return who is at work: here, and on AWS."""
    return f"{getpass.getuser()}@{platform.node()} ({aws('sts').get_caller_identity()['Arn']})"


class Releases:
    """The releases of one stack."""

    def __init__(self, aws, stack: str):
        """Look into a stack's bucket."""
        self._aws, self.stack = aws, stack

    def read(self, identifier: str) -> dict | None:
        """Return a release, or None."""
        checked(identifier)
        return state.read(self._aws, self.stack, f"{FOLDER}{identifier}.json")

    def get(self, identifier: str) -> dict:
        """Return a release. Raises EngineError, with the names of those there are, if it's unknown."""
        found = self.read(identifier)
        if found is None:
            known = ", ".join(one["id"] for one in self.all()[-8:]) or "none"
            raise EngineError(f"{self.stack} has no release {identifier!r}; there are {known}")
        return found

    def write(self, release: dict) -> None:
        """Store a release."""
        state.write(self._aws, self.stack, f"{FOLDER}{checked(release['id'])}.json", release)

    def all(self) -> list[dict]:
        """Return all releases, the oldest first."""
        found = [state.read(self._aws, self.stack, key) for key in state.keys(self._aws, self.stack, FOLDER)]
        return sorted((one for one in found if one), key=lambda one: one["created"])

    def make(self, identifier: str, images: dict[str, str], more: dict) -> tuple[dict, bool]:
        """Return a release with these images, and whether it is new; a component that isn't named keeps its image.

        Raises EngineError where the release exists already with others, and for images that aren't named by digest.
        """
        for component, image in images.items():
            if not DIGEST.fullmatch(image):
                raise EngineError(f"the image of {component} is {image!r}; name it by digest, repository@sha256:...")
        existing = self.read(identifier)
        if existing:
            for component, image in images.items():
                if existing["images"].get(component) != image:
                    raise EngineError(
                        f"release {identifier} exists with {component} {existing['images'].get(component)}; a release "
                        "is never changed: give another name"
                    )
            return existing, False
        before = current(self.all()) or {"images": {}}
        if not images:
            raise EngineError(f"{self.stack} has no release {identifier!r}, and no images were said to make it of")
        made = {
            "id": checked(identifier),
            "stack": self.stack,
            "created": now(),
            "by": me(self._aws),
            "images": {**before["images"], **images},
            "migration": {},
            "rollouts": [],
            **more,
        }
        self.write(made)
        return made, True


def checked(identifier: str) -> str:
    """Return a release's name if it is fit for one."""
    if not IDENTIFIER.fullmatch(identifier or ""):
        raise EngineError(f"{identifier!r} is no name of a release: letters, digits, dot, dash, up to 64")
    return identifier


def rollouts(releases: list[dict]) -> list[dict]:
    """Return every rollout with its release's name, in the order in which they began."""
    told = [{**one, "release": release["id"]} for release in releases for one in release["rollouts"]]
    return sorted(told, key=lambda one: one["started"])


def current(releases: list[dict]) -> dict | None:
    """Return the release that runs: that of the newest rollout that succeeded."""
    good = [one for one in rollouts(releases) if one["verdict"] == SUCCEEDED]
    return next((one for one in releases if good and one["id"] == good[-1]["release"]), None)


def previous(releases: list[dict]) -> dict | None:
    """Return the release that ran before the current one."""
    good = [one["release"] for one in rollouts(releases) if one["verdict"] == SUCCEEDED]
    others = [name for name in good if name != good[-1]] if good else []
    return next((one for one in releases if others and one["id"] == others[-1]), None)


def unfinished(releases: list[dict]) -> dict | None:
    """Return the newest rollout, if it has no verdict: it was killed, as nobody else holds the stack's lock."""
    newest = rollouts(releases)[-1:]
    return newest[0] if newest and newest[0]["verdict"] == RUNNING else None


def crossed(releases: list[dict], target: dict) -> list[str]:
    """Return the contracting migrations that were applied after a release was made: it can't live with them."""
    return sorted(
        {
            one["revision"]
            for release in releases
            for one in release["migration"].get("applied", [])
            if one["contract"] and release["created"] > target["created"]
        }
    )


def difference(one: dict, other: dict) -> list[str]:
    """Return in words what differs between two releases."""
    told = []
    for component in sorted({*one["images"], *other["images"]}):
        before, after = (side["images"].get(component, "none") for side in (one, other))
        if before != after:
            told.append(f"{component}: {short(before)} -> {short(after)}")
    for field in ("commit", "source"):
        if one.get(field) != other.get(field):
            told.append(f"{field}: {one.get(field) or 'none'} -> {other.get(field) or 'none'}")
    before, after = (", ".join(side["migration"].get("after", [])) or "unknown" for side in (one, other))
    if before != after:
        told.append(f"database: {before} -> {after}")
    return told


def short(image: str) -> str:
    """Return an image as people tell it from others: repository and the digest's beginning."""
    name, _, digest = image.rpartition("/")[2].partition("@sha256:")
    return f"{name}@{digest[:12]}" if digest else image


def line(rollout: dict) -> str:
    """Return a rollout as a line of the history."""
    reason = f": {rollout['reason'].splitlines()[0]}" if rollout.get("reason") else ""
    return (
        f"{rollout['started']}  {rollout['kind']:8}  {rollout['release']}  {rollout['verdict']}{reason}"
        f"  by {rollout['by'].partition(' ')[0]}"
    )
