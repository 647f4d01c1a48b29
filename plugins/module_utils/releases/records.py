"""Releases as the stack's bucket keeps them: an object each, with every rollout of it and what came of that.

A release says what there is: the images by digest, the commit, the migrations. A rollout says what was done with it,
and what ran before. The current release is that of the newest rollout that succeeded; a rollout without a verdict goes
on or was killed, and one that is paused waits for somebody to continue it.
"""

from __future__ import annotations

import getpass
import platform
import re
from typing import cast

from ..engine import state
from ..engine.aws import Aws, unless
from ..engine.between import now as now  # noqa: PLC0414 -- releases, rollouts and pauses have times of one shape
from ..engine.errors import EngineError
from ..engine.names import name
from ..engine.plain import without_credentials
from ..kinds.ecr import digest_of
from .shapes import Begins, Images, Migration, NamedRollout, Release, Source

FOLDER = "releases/"
WORDS = ("current", "previous")
"""What stands for a release of another name."""
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
NO_REPOSITORY = "RepositoryNotFoundException"
SUCCEEDED, FAILED, RUNNING, INTERRUPTED = "succeeded", "failed", "running", "interrupted"
PAUSED, STOPPED = "paused", "stopped"
UNFINISHED = (RUNNING, PAUSED)


def me(aws: Aws) -> str:
    """Return who is at work: here, and on AWS."""
    return f"{getpass.getuser()}@{platform.node()} ({aws('sts').get_caller_identity()['Arn']})"


class Releases:
    """The releases of one stack."""

    def __init__(self, aws: Aws, stack: str):
        """Look into a stack's bucket."""
        self._aws, self.stack = aws, stack

    def read(self, identifier: str) -> Release | None:
        """Return a release, or None."""
        return self._object(f"{FOLDER}{checked(identifier)}.json")

    def _object(self, key: str) -> Release | None:
        return cast(Release | None, state.read(self._aws, self.stack, key))

    def get(self, identifier: str) -> Release:
        """Return a release. Raises EngineError, with the names of those there are, if it's unknown."""
        found = self.read(identifier)
        if found is None:
            known = ", ".join(one["id"] for one in self.all()[-8:]) or "none"
            raise EngineError(f"{self.stack} has no release {identifier!r}; there are {known}")
        return found

    def write(self, release: Release) -> None:
        """Store a release."""
        state.write(self._aws, self.stack, f"{FOLDER}{checked(release['id'])}.json", {**release})

    def all(self) -> list[Release]:
        """Return all releases, the oldest first."""
        found = [self._object(key) for key in state.keys(self._aws, self.stack, FOLDER)]
        return sorted((one for one in found if one), key=lambda one: one["created"])

    def make(self, identifier: str, images: Images, more: Source, *, check: bool = False) -> tuple[Release, bool]:
        """Return a release with these images, and whether it is new; a component that isn't named keeps its image.

        Raises EngineError where the release exists already with others, and for images that aren't named by digest, or
        aren't in the stack's registry. ``check`` writes nothing.
        """
        existing = self.read(identifier)
        for component, image in images.items():
            if not DIGEST.fullmatch(image):
                raise EngineError(f"the image of {component} is {image!r}; name it by digest, repository@sha256:...")
            if existing and existing["images"].get(component) != image:
                raise EngineError(
                    f"release {identifier} exists with {component} {existing['images'].get(component)}; a release "
                    "is never changed: give another name"
                )
        if existing:
            return existing, False
        if checked(identifier) in WORDS:
            raise EngineError(f"a release can't be called {identifier}, which stands for another: give another name")
        everything = self.all()
        if not images:
            known = ", ".join(one["id"] for one in everything[-8:]) or "none"
            raise EngineError(
                f"{self.stack} has no release {identifier!r}, and no images were said to make it of; there are {known}"
            )
        self._there(images)
        before = current(everything)
        made: Release = {
            "id": identifier,
            "stack": self.stack,
            "created": now(),
            "by": me(self._aws),
            "images": {**(before["images"] if before else {}), **images},
            "migration": {},
            "rollouts": [],
            **more,
            "source": without_credentials(more.get("source", "")),
        }
        if not check:
            self.write(made)
        return made, True

    def _there(self, images: Images) -> None:
        """Raise EngineError for an image of another repository than the stack's, and for one that isn't in it."""
        for component, image in images.items():
            repository = name("repository", self.stack, component)
            made = unless(NO_REPOSITORY, self._aws("ecr").describe_repositories, repositoryNames=[repository])
            address = image.partition("@")[0]
            there = made["repositories"][0]["repositoryUri"] if made else "none; run site.yml, which makes it"
            if address != there:
                raise EngineError(f"release_images has {component} {image}; its repository in this stack is {there}")
            in_registry(self._aws, self.stack, component, image)


def in_registry(aws: Aws, stack: str, component: str, image: str) -> None:
    """Raise EngineError for an image whose digest a component's repository doesn't have."""
    if not digest_of(aws, name("repository", stack, component), imageDigest=image.rpartition("@")[2]):
        raise EngineError(f"the image of {component} is not in the registry: {image}; push it")


def checked(identifier: str) -> str:
    """Return a release's name if it is fit for one."""
    if not IDENTIFIER.fullmatch(identifier or ""):
        raise EngineError(f"{identifier!r} is no name of a release: letters, digits, dot, dash, up to 64")
    return identifier


def rollouts(releases: list[Release]) -> list[NamedRollout]:
    """Return every rollout with its release's name, in the order in which they began."""
    named: list[NamedRollout] = [
        {**one, "release": release["id"]} for release in releases for one in release["rollouts"]
    ]
    return sorted(named, key=lambda one: one["started"])


def current(releases: list[Release]) -> Release | None:
    """Return the release that runs: that of the newest rollout that succeeded."""
    good = [one for one in rollouts(releases) if one["verdict"] == SUCCEEDED]
    return next((one for one in releases if good and one["id"] == good[-1]["release"]), None)


def previous(releases: list[Release]) -> Release | None:
    """Return the release that ran before the current one."""
    good = [one["release"] for one in rollouts(releases) if one["verdict"] == SUCCEEDED]
    others = [name for name in good if name != good[-1]] if good else []
    return next((one for one in releases if others and one["id"] == others[-1]), None)


def kept(releases: list[Release], count: int) -> set[str]:
    """Return the images of the release that runs, and of so many before it as a rollback may go to."""
    good = [one["release"] for one in reversed(rollouts(releases)) if one["verdict"] == SUCCEEDED]
    names = list(dict.fromkeys(good))[: count + 1]
    return {image for one in releases if one["id"] in names for image in one["images"].values()}


def unfinished(releases: list[Release]) -> NamedRollout | None:
    """Return the newest rollout, if it isn't finished: it is paused, or was killed, as nobody else holds the lock.

    One that began in the same second as another that ended is the newer of them.
    """
    everything = rollouts(releases)
    left = [one for one in everything if one["verdict"] in UNFINISHED and one["started"] >= everything[-1]["started"]]
    return left[-1] if left else None


def begun(releases: list[Release], release: Release, begins: Begins, reason: str) -> list[Release]:
    """Let a release have a rollout that begins, and return the releases to write, in this order.

    Those without a verdict were killed, or nobody continued them in time. They get theirs after the new one stands
    there, so that what ran before them is never forgotten: whoever is killed between two writes leaves an unfinished
    rollout.
    """
    killed = []
    for one in [release, *(one for one in releases if one["id"] != release["id"])]:
        left = [item for item in one["rollouts"] if item["verdict"] in UNFINISHED]
        for item in left:
            paused = f"{item['reason'].partition('; playbooks/')[0]}; " if item["verdict"] == PAUSED else ""
            item |= {"verdict": INTERRUPTED, "finished": now(), "reason": f"{paused}{reason}"}
        killed += [one] if left and one is not release else []
    release["rollouts"].append({**begins, "started": now(), "verdict": RUNNING})
    return [release, *killed]


def crossed(releases: list[Release], target: Release) -> list[str]:
    """Return the contracting migrations that were applied after a release was made: it can't live with them."""
    return sorted(
        {
            one["revision"]
            for release in releases
            for one in release["migration"].get("applied", [])
            if one["contract"] and release["created"] > target["created"]
        }
    )


def heads(releases: list[Release]) -> list[str] | None:
    """Return where the newest migration left the database; None if none is recorded."""
    done = [one["migration"] for one in releases if one["migration"].get("at")]
    return max(done, key=lambda one: one["at"])["after"] if done else None


def migrated(releases: list[Release], release: Release, result: Migration) -> list[Release]:
    """Let a release have what a migration with it did, and return the releases to write.

    What was undone counts as applied no more, whichever release applied it.
    """
    undone = {one["revision"] for one in result.get("undone", [])}
    written = []
    for one in [release, *(one for one in releases if one["id"] != release["id"])]:
        applied = one["migration"].get("applied", [])
        kept = [item for item in applied if item["revision"] not in undone]
        if one is release:
            known = {item["revision"] for item in kept}
            more = [item for item in result.get("applied", []) if item["revision"] not in known]
            one["migration"] = {**result, "applied": kept + more, "at": now()}
            written.append(one)
        elif kept != applied:
            one["migration"]["applied"] = kept
            written.append(one)
    return written


def difference(one: Release, other: Release) -> list[str]:
    """Return in words what differs between two releases."""
    differences = []
    for component in sorted({*one["images"], *other["images"]}):
        before, after = (side["images"].get(component, "none") for side in (one, other))
        if before != after:
            differences.append(f"{component}: {short(before)} -> {short(after)}")
    for field in ("commit", "source"):
        if one.get(field) != other.get(field):
            differences.append(f"{field}: {one.get(field) or 'none'} -> {other.get(field) or 'none'}")
    before, after = (", ".join(side["migration"].get("after", [])) or "unknown" for side in (one, other))
    if before != after:
        differences.append(f"database: {before} -> {after}")
    return differences


def short(image: str) -> str:
    """Return an image as people tell it from others: repository and the digest's beginning."""
    name, _, digest = image.rpartition("/")[2].partition("@sha256:")
    return f"{name}@{digest[:12]}" if digest else image


def line(rollout: NamedRollout) -> str:
    """Return a rollout as a line of the history."""
    reason = f": {rollout['reason'].splitlines()[0]}" if rollout.get("reason") else ""
    return (
        f"{rollout['started']}  {rollout['kind']:8}  {rollout['release']}  {rollout['verdict']}{reason}"
        f"  by {rollout['by'].partition(' ')[0]}"
    )
