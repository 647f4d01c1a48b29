"""Which variable says what AWS should have: read from the roles' own tasks, so that nobody has to keep a list."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .kind import Kind

with suppress(ImportError):  # ansible-core brings it
    import yaml

INTERNAL = re.compile(r"\b__\w+")


class Variables:
    """The roles' tasks, by the module that they call."""

    def __init__(self, roles: str) -> None:
        """Read the roles in a folder; without one nothing is known."""
        self._arguments: dict[str, list[tuple[str, dict]]] = {}
        self._inputs: dict[str, set[str]] = {}
        self._internal: dict[str, str] = {}
        for role in sorted(Path(roles).iterdir()) if roles and Path(roles).is_dir() else []:
            self._inputs[role.name] = set(_read(role / "defaults/main.yml") or {})
            self._internal |= {name: str(value) for name, value in (_read(role / "vars/main.yml") or {}).items()}
            for file in sorted((role / "tasks").glob("*.yml")):
                for task in _read(file) or []:
                    self._task(role.name, task)

    def _task(self, role: str, task: dict[str, Any]) -> None:
        for name, arguments in task.items():
            if not isinstance(arguments, dict):
                continue
            if name == "flow_builder.aws.described":
                self._task(role, arguments)
            elif name in ("block", "rescue", "always"):
                continue
            elif name.count(".") == 2:
                self._arguments.setdefault(name, []).append((role, arguments))

    def of(self, kind: Kind, field: str) -> list[str]:
        """Return the variables that the tasks make a field of a kind of."""
        found = set()
        for role, arguments in self._arguments.get(kind.module, []):
            text = " ".join(str(value) for argument, value in arguments.items() if kind.field_of(argument) == field)
            for _depth in range(3):
                text += " ".join(self._internal.get(name, "") for name in set(INTERNAL.findall(text)))
            found |= {name for name in self._inputs[role] if re.search(rf"\b{name}\b", text)}
        return sorted(found)


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
