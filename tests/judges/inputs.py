"""botocore's models judge the kinds: all that AWS takes for what they write is handled, or left for a reason.

The table is ``inputs.yml``: for each kind the operations by which it, or the community's module, writes, the names of
their inputs that it handles, and the others by the reason for which it leaves them. A name with a dot is of a structure
that is handled in part; one without stands for all that is in it. What AWS answers needs no table: what a kind doesn't
read is kept as unmodelled, which drift compares (``engine/unmodelled.py``). It can't judge whether a reason is a good one.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import botocore.session
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.inputs import READS
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from botocore import xform_name

TABLE = Path(__file__).with_suffix(".yml")
# What takes away, tags, starts or ends says nothing of how a resource is.
ASIDE = (
    *READS, "Abort", "AddTags", "BatchCheck", "BatchDelete", "Cancel", "ChangeTags", "CreateOrUpdateTags", "CreateTags",
    "Delete", "Deregister", "Detach", "Disable", "Disassociate", "ExecuteCommand", "Release", "Remove", "Reset", "Restore",
    "Revoke", "Schedule", "Start", "Stop", "Suspend", "Tag", "Unsubscribe", "Untag",
)  # fmt: skip


@functools.cache
def table() -> dict[str, dict]:
    """Return the table by kind; ``everywhere`` are the names that are left wherever they are."""
    return yaml.safe_load(TABLE.read_text(encoding="utf-8"))


@functools.cache
def model(service: str):
    """Return botocore's model of a service."""
    return botocore.session.get_session().get_service_model(service)


def decided(kind: str) -> tuple[set[str], dict[str, str]]:
    """Return the names that a kind handles, and those that it leaves, with the reason."""
    told = table()[kind]
    left = {name: reason for reason, names in (told.get("left") or {}).items() for name in names.split()}
    return set(told["handled"].split()), left


def asked(kind: str) -> set[str]:
    """Return the names of all that AWS takes for a kind, those of structures that the table opens each by itself."""
    handled, left = decided(kind)
    opened = {name.rpartition(".")[0] for name in (*handled, *left) if "." in name}
    opened |= {name.rpartition(".")[0] for name in opened if "." in name}
    everywhere = set(" ".join(table()["everywhere"].values()).split())
    found = set()

    def walk(shape, prefix=""):
        shape = shape.member if shape.type_name == "list" else shape
        for name, member in shape.members.items():
            path = prefix + name
            if name in everywhere:
                continue
            if path in opened:
                walk(member, f"{path}.")
            else:
                found.add(path)

    for operation in table()[kind]["operations"].split():
        walk(model(KINDS[kind].service).operation_model(operation).input_shape)
    return found


def code(kind: str) -> str:
    """Return the code that writes a kind: the files of its service, and the engine's for what isn't in them."""
    own = Path(inspect.getsourcefile(type(KINDS[kind])))
    service = own.stem.partition("_")[0]
    files = [*own.parent.glob(f"{service}*.py"), *(own.parent.parent / "engine").glob("*.py")]
    return "".join(file.read_text(encoding="utf-8") for file in files)


def problems() -> Iterator[str]:
    """Yield a sentence for each name that nobody has decided, and for each that AWS doesn't take."""
    for kind in KINDS:
        if kind not in table():
            yield f"{kind}: it isn't in the table"
            continue
        handled, left = decided(kind)
        source = code(kind)
        for name in sorted(handled) if KINDS[kind].ours else ():
            last = name.rpartition(".")[2]
            if not re.search(rf"\b({last}|{re.sub('^(Add|Remove)', '', last)})\b", source):
                yield f"{kind}: its code doesn't name {name}, which it is said to handle"
        for name in sorted(handled & set(left)):
            yield f"{kind}: {name} is both handled and left"
        known = asked(kind)
        for name in sorted(known - handled - set(left)):
            yield f"{kind}: AWS takes {name}, of which nobody has decided"
        for name in sorted((handled | set(left)) - known):
            yield f"{kind}: AWS takes no {name}"
    for operation, source in written():
        if not any(operation in told["operations"].split() for kind, told in table().items() if kind != "everywhere"):
            yield f"{source}: {operation} is called, and no kind's line has it"


def written() -> Iterator[tuple[str, str]]:
    """Yield the operations that the kinds' code calls to say how a resource is, each with its file."""
    files: dict[str, set[str]] = {}
    for kind in KINDS.values():
        files.setdefault(inspect.getsourcefile(type(kind)), set()).add(kind.service)
    for file, services in files.items():
        operations = {xform_name(name): name for one in services for name in model(one).operation_names}
        nodes = ast.walk(ast.parse(Path(file).read_text(encoding="utf-8")))
        called = {operations.get(node.attr) for node in nodes if isinstance(node, ast.Attribute)} - {None}
        for operation in sorted(called):
            if not operation.startswith(ASIDE):
                yield operation, Path(file).name


def page() -> str:
    """Return the table as Markdown: what is left, and why."""
    lines = ["| kind | handled | left, and why |", "|---|---|---|"]
    for kind in sorted(KINDS):
        handled, _left = decided(kind)
        reasons = (f"{reason}: {', '.join(names.split())}" for reason, names in (table()[kind].get("left") or {}).items())
        lines.append(f"| {kind} | {len(handled)} | {'; '.join(reasons) or 'nothing'} |")
    return "\n".join(lines)
