"""Which operations of AWS we call: ``python -m tests.judges.recorded.operations LOG ...`` writes operations.txt.

LOG is the request log of an embedded AWS (`.emulator/<port>/requests.jsonl`) on which whole runs were done: `make demo`,
drift, history, rollback, destroy. To what was called there comes what stands in the collection's code and in the sample
application's, whether a run came by it or not.
"""

import ast
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import boto3
from botocore import xform_name

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
FILE = HERE / "operations.txt"
CODE = ("plugins", "examples/app")
# What gives a client (aws is the engine's), and what takes a service and the name of an operation of its.
CLIENTS = ("aws", "client", "patient", "connection")
BY_NAME = ("pages", "optional")
# Whether an event matches: rules and pipes of ours depend on it, and nobody asks.
MADE_BY_ITSELF = {"events.test_event_pattern"}


def logged(lines: Iterable[str]) -> set[str]:
    """Return the operations in a request log, as service.method."""
    entries = map(json.loads, lines)
    return {f"{one['service']}.{xform_name(one['operation'])}" for one in entries}


def written() -> set[str]:
    """Return the operations that our code names."""
    return {one for folder in CODE for path in sorted((ROOT / folder).rglob("*.py")) for one in named(path.read_text())}


def named(source: str) -> set[str]:
    """Return the operations that a Python source names."""
    tree = ast.parse(source)
    constants = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def text(node) -> str | None:
        if isinstance(node, ast.Name):
            return constants.get(node.id)
        return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

    def service(node) -> str | None:
        """Return the service of which an expression is a client."""
        if isinstance(node, ast.Name):
            return clients.get(node.id)
        if not isinstance(node, ast.Call) or not node.args:
            return None
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return text(node.args[0]) if called in CLIENTS else None

    clients: dict[str, str | None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = (
                    zip(target.elts, node.value.elts, strict=False)
                    if _both_tuples(target, node.value)
                    else [(target, node.value)]
                )
                clients.update(
                    (one.id, service(value)) for one, value in pairs if isinstance(one, ast.Name) and service(value)
                )
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and service(node.value):
            found.add((service(node.value), node.attr))
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in BY_NAME:
            said = [text(one) for one in node.args]
            found.update((one, other) for one in said if one for other in said if other)
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", "") == "get_paginator"
            and service(node.func.value)
        ):
            found.add((service(node.func.value), text(node.args[0])))
    return {f"{one}.{method}" for one, method in found if method in methods(one)}


def _both_tuples(target, value) -> bool:
    return isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)


_METHODS: dict[str, set[str]] = {}


def methods(service: str) -> set[str]:
    """Return the names of boto3's methods for a service's operations; none where there is no such service."""
    if service not in _METHODS:
        session = boto3.Session()._session
        known = service in session.get_available_services()
        names = session.get_service_model(service).operation_names if known else ()
        _METHODS[service] = {xform_name(name) for name in names}
    return _METHODS[service]


def ours() -> set[str]:
    """Return the committed list."""
    return set(FILE.read_text().split())


def main(logs: list[str]) -> None:
    """Write the list anew."""
    found = (written() | MADE_BY_ITSELF).union(*(logged(Path(log).read_text().splitlines()) for log in logs))
    FILE.write_text("\n".join(sorted(found)) + "\n")
    print(f"{len(found)} operations of {len({one.partition('.')[0] for one in found})} services")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("operations: no request log was given, and what whole runs call stands in none other")
    main(sys.argv[1:])
