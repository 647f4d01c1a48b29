"""What images are built of: a checkout's files, and tags that say which content an image was built of.

The same content, container file, arguments and processor give the same tag on every machine, so the registry knows
whether an image was built already. Only what git knows is built: what it ignores gets into no image.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..engine.errors import EngineError
from ..engine.plain import without_credentials

CONTAINER_FILES = ("Containerfile", "Dockerfile")
IGNORE_FILES = (".containerignore", ".dockerignore")
VERSION = 1
"""Of what a tag says; another number builds everything anew."""


@dataclass(frozen=True)
class Checkout:
    """A folder with an application, and what git says of it."""

    root: Path
    commit: str
    """Empty outside of git."""
    origin: str
    """Where the commit is, without credentials; empty if nobody says so."""
    changed: tuple[str, ...]
    """Files that differ from the commit, or that it lacks."""
    files: tuple[str, ...]
    """All that may be built, by path from the root, sorted."""

    @property
    def revision(self) -> str:
        """Return the commit, with a plus where files differ from it."""
        return self.commit + ("+" if self.commit and self.changed else "")


def checkout(source: str, allow_dirty: bool) -> Checkout:
    """Return the checkout in a folder.

    Raises EngineError where the folder is missing, and where files aren't of a commit although they must be.
    """
    root = Path(source).expanduser()
    if not root.is_dir():
        raise EngineError(f"images_source is {source!r}: there is no such folder; name the application's checkout")
    if not _git(root, "rev-parse", "--is-inside-work-tree"):
        if not allow_dirty:
            raise EngineError(
                f"images_source is {source!r}, which is no git checkout, so nobody could tell what was built; "
                "name a checkout, or insist with images_allow_dirty: true"
            )
        return Checkout(root, "", "", (), tuple(sorted(_walk(root))))
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    said = _git(root, "status", "--porcelain", "-uall", "--", ".").encode("utf-8", "backslashreplace").decode()
    changed = tuple(line[3:] for line in said.splitlines())
    if changed and not allow_dirty:
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        raise EngineError(
            f"images_source is {source!r}, where {', '.join(changed[:3])}{more} differ from the commit; commit them, "
            "or insist with images_allow_dirty: true"
        )
    known = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    files = tuple(sorted({name for name in known if name and os.path.lexists(root / name)}))
    return Checkout(root, commit, without_credentials(_git(root, "remote", "get-url", "origin")), changed, files)


def _git(root: Path, *words: str) -> str:
    try:
        # Names of files are bytes to git, in any encoding or none.
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, check=False, timeout=60)
    except OSError:
        return ""
    told, said = os.fsdecode(done.stdout), os.fsdecode(done.stderr)
    if "dubious ownership" in said:
        raise EngineError(f"git doesn't read {root}, which belongs to somebody else: {said.splitlines()[0]}")
    return told.rstrip("\n") if done.returncode == 0 else ""


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")]
        yield from (str((Path(folder) / name).relative_to(root)) for name in names)


def container_file(source: Checkout, component: str, path: str, wanted: str) -> str:
    """Return a component's container file by its path from the root.

    Raises EngineError where the component's folder or the file is missing.
    """
    variable = f"stack_components.{component}.path"
    if not (source.root / path).is_dir():
        raise EngineError(
            f"{variable} is {path!r}: {source.root} has no such folder; name it, or leave {component} out of "
            "images_components"
        )
    names = [wanted] if wanted else CONTAINER_FILES
    found = [name for name in (str(PurePosixPath(path) / name) for name in names) if name in source.files]
    if not found:
        raise EngineError(
            f"{variable} is {path!r}: there is no {' or '.join(names)} in it that git doesn't ignore; write one, or "
            "name it with images_containerfile"
        )
    return found[0]


def copied(text: str) -> list[str] | None:
    """Return what a container file copies out of its context, None where only a builder could tell."""
    if "<<" in text or re.search(r"--mount|^\s*#\s*escape", text, re.MULTILINE | re.IGNORECASE):
        return None
    lines = re.sub(r"\\[ \t]*\n", " ", re.sub(r"^\s*#.*\n?", "", text, flags=re.MULTILINE)).splitlines()
    found = []
    for words in (line.split() for line in lines):
        if not words or words[0].upper() not in ("COPY", "ADD"):
            continue
        flags = [word for word in words[1:] if word.startswith("--")]
        rest = words[1 + len(flags) :]
        if any(flag.startswith("--from=") for flag in flags):
            continue
        if rest and rest[0].startswith("["):
            try:
                rest = json.loads(" ".join(rest))
            except ValueError:
                return None
        if any(set("$*?[\\") & set(name) or "://" in name or name.startswith("git@") for name in rest[:-1]):
            return None
        found += [os.path.normpath(name.lstrip("/") or ".") for name in rest[:-1]]
    return found


def used(files: tuple[str, ...], context: str, file: str, text: str) -> list[str]:
    """Return the files that a build may read, by path from the root."""
    inside = [name for name in files if context == "." or name.startswith(f"{context}/")]
    names = copied(text)
    if names is None or "." in names:
        return sorted({file, *inside})
    wanted = [os.path.normpath(str(PurePosixPath(context) / name)) for name in [*names, *IGNORE_FILES]]
    return sorted({file, *(one for one in inside if any(one == name or one.startswith(f"{name}/") for name in wanted))})


def tag(source: Checkout, context: str, file: str, more: dict[str, Any]) -> str:
    """Return the tag of an image that is built of these files, and of what else decides what comes out."""
    content = hashlib.sha256(json.dumps([VERSION, context, file, more], sort_keys=True).encode())
    text = (source.root / file).read_text(encoding="utf-8", errors="replace")
    for name in used(source.files, context, file, text):
        path = source.root / name
        if path.is_symlink():
            state: list[object] = ["link", str(path.readlink())]
        elif path.is_file():
            state = [bool(path.stat().st_mode & 0o100), hashlib.sha256(path.read_bytes()).hexdigest()]
        else:
            continue  # a submodule, whose files are listed by nobody
        content.update(json.dumps([name, *state]).encode())
    return f"src-{content.hexdigest()[:20]}"


def copy(root: Path, files: list[str], dest: Path) -> None:
    """Copy files of a checkout, and nothing else of it."""
    for name in files:
        target = dest / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (root / name).is_symlink() or (root / name).is_file():
            shutil.copy2(root / name, target, follow_symlinks=False)
