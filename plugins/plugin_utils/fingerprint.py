"""A fingerprint of what decides an apply before AWS is asked: variables, the collection's files, versions.

Where a variable is made of what a task will register, its text counts, and the values of all that it is made of.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleError
from ansible.release import __version__

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("roles", "playbooks", "plugins")
PACKAGES = ("jinja2", "boto3", "botocore")
COLLECTIONS = ("amazon.aws", "community.aws")
# What says how a run goes, and nothing of what it makes.
NOT_INPUTS = frozenset(
    ("stack_full_run", "stack_lock_purpose", "stack_lock_seconds", "stack_lock_wait_seconds", "stack_plan")
)
# What gives another answer each time, although no variable has changed.
OPEN = re.compile(r"\b(lookup|query|q|now|hostvars|groups|random|shuffle)\b")


def sources(raw: Any) -> set[str]:
    """Return the names that a variable's untemplated value mentions."""
    return set(re.findall(r"[a-z]\w+", str(raw))) if "{{" in str(raw) else set()


class Inputs:
    """What a play's variables come to, as far as it is known before its first AWS call."""

    def __init__(self, templar: Any, variables: dict, own: dict) -> None:
        """Take what templates variables, all of them, and the collection's own untemplated values by name."""
        self._templar, self._variables, self._own = templar, variables, own
        self.values: dict = {}
        self.open = ""
        """The variable that can't be known to be the same next time; nothing where there is none."""

    def value(self, name: str, *, secret: bool = False) -> Any:
        """Return a variable's value and count it in; of a secret one only whether it is set.

        Raises AnsibleError where it isn't known yet; then its text counts, and what it is made of.
        """
        raw = self._variables[name]
        try:
            value = self._templar.template(raw)
        except AnsibleError:
            self.values[name] = str(raw)
            if OPEN.search(str(raw)) and str(raw) != str(self._own.get(name)):
                self.open = self.open or name
            for one in sorted(sources(raw) & set(self._variables) - set(self.values)):
                with contextlib.suppress(AnsibleError):
                    self.value(one)
            raise
        self.values[name] = bool(value) if secret else value
        return value

    def digest(self, *files: Path) -> str:
        """Return the fingerprint, of some more files too; nothing where not everything can be known."""
        if self.open:
            return ""
        decide = {name: value for name, value in self.values.items() if name not in NOT_INPUTS}
        told = json.dumps([decide, versions()], sort_keys=True, default=str)
        made = hashlib.sha256(told.encode())
        for path in [*files, *_files()]:
            where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
            made.update(f"\0{where}\0".encode())
            made.update(path.read_bytes())
        return made.hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of all whose code decides what a run does."""
    found = {"ansible-core": __version__, "python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    for name in COLLECTIONS:
        spec: Any = importlib.util.find_spec(f"ansible_collections.{name}")
        found[name] = collection_version(Path(next(iter(spec.submodule_search_locations))))
    return found


def collection_version(root: Path) -> str:
    """Return a collection's version: as its galaxy.yml says it, or where it is installed, its manifest."""
    galaxy, manifest = root / "galaxy.yml", root / "MANIFEST.json"
    if manifest.is_file():
        return json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    lines = galaxy.read_text(encoding="utf-8").splitlines() if galaxy.is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("version:")), "")


def _files() -> list[Path]:
    """Return the collection's own files."""
    return sorted(
        path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
