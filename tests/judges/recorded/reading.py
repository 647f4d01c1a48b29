"""What a recorded test calls, and what AWS refused on its record."""

import ast
import functools
import inspect
import textwrap

# What a test calls

# Their names of clients that boto3 calls otherwise.
CLIENTS = {"lambda_": "lambda", "sqs_query": "sqs"}
# Attributes of a client that are no operations.
NO_OPERATION = {"exceptions", "meta", "get_waiter", "can_paginate"}


@functools.cache
def of_function(function) -> frozenset[str]:
    """Return what a test, or a fixture until its cleaning up, calls of boto3 itself."""
    return frozenset(calls(ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]))


def calls(function: ast.FunctionDef) -> set[str]:
    """Return what a function calls of boto3 itself; what comes after a yield of its own is cleaning up."""
    named, found, nodes = {}, set(), []
    for statement in function.body:
        nodes += ast.walk(statement)
        if any(isinstance(inner, ast.Yield) for inner in ast.walk(statement)):
            break
    for node in nodes:
        if isinstance(node, ast.Assign) and (service := _client(node.value, {})):
            named.update((target.id, service) for target in node.targets if isinstance(target, ast.Name))
    for node in nodes:
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
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id.removesuffix("_client_for_region") if node.func.id.endswith("_client_for_region") else None
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
