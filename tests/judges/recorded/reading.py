"""What a recorded test calls, and what AWS refused on its record."""

import ast
import functools
from pathlib import Path

# What a test calls

# Their names of clients that boto3 calls otherwise.
CLIENTS = {"lambda_": "lambda", "sqs_query": "sqs"}
# Attributes of a client that are no operations.
NO_OPERATION = {"exceptions", "meta", "get_waiter", "can_paginate"}


@functools.cache
def functions(path: str) -> dict:
    """Return the test functions of a file, by class and name."""
    found = {}
    for node in ast.parse(Path(path).read_text()).body:
        for inner in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(inner, ast.FunctionDef) and inner.name.startswith("test"):
                found[node.name if inner is not node else None, inner.name] = inner
    return found


def calls(function: ast.FunctionDef) -> set[str]:
    """Return what a test function calls of boto3 itself; what fixtures do before and after isn't among it."""
    named, found = {}, set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and (service := _client(node.value, {})):
            named.update((target.id, service) for target in node.targets if isinstance(target, ast.Name))
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_paginator":
            service = _client(node.func.value, named)
            if service and node.args and isinstance(node.args[0], ast.Constant):
                found.add(f"{service}.{node.args[0].value}")
        elif isinstance(node, ast.Attribute) and node.attr not in NO_OPERATION | {"get_paginator"}:
            service = _client(node.value, named)
            if service:
                found.add(f"{service}.{node.attr}")
    return found


def _client(node, named: dict) -> str | None:
    """Return the service of which an expression is the client."""
    if isinstance(node, ast.Name):
        return named.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = node.value.func if isinstance(node.value, ast.Call) else node.value
    if isinstance(owner, ast.Name) and "aws_client" in owner.id:
        return CLIENTS.get(node.attr, node.attr)
    return None


# What AWS refused


def errors(recorded, path: tuple = ()):
    """Yield path and code of each error in a recorded answer."""
    if isinstance(recorded, dict):
        code = _code(recorded)
        if code:
            yield path, code
            return
        for key, value in recorded.items():
            yield from errors(value, (*path, key))
    elif isinstance(recorded, list):
        for index, value in enumerate(recorded):
            yield from errors(value, (*path, index))


def _code(answer) -> str:
    error = answer.get("Error") if isinstance(answer, dict) else None
    told = isinstance(error, dict) and isinstance(error.get("Code"), str) and "ResponseMetadata" in answer
    return error["Code"] if told else ""


def refusals(recorded: dict, observed: dict) -> list:
    """Return [key, AWS's code, our code] of each recorded error."""
    found = []
    for path, code in errors(recorded):
        answer = observed
        try:
            for step in path:
                answer = answer[step]
            ours = _code(answer)
        except (KeyError, IndexError, TypeError):
            ours = None if path[0] not in observed else ""
        found.append(["/".join(map(str, path)), code, ours])
    return found
