"""What a recorded test calls, and what AWS refused on its record."""

import ast
import functools
import inspect
import re
import textwrap

# What a test calls

# Their names of services that boto3 calls otherwise.
SERVICES = {"lambda_": "lambda", "sqs_query": "sqs"}
# Attributes of a client that are no operations.
NO_OPERATION = {"exceptions", "meta", "get_waiter", "can_paginate", "get_paginator", "test_client_protocol"}
# What makes a request that is no client's of boto3: by a signed URL, by a form, or without any signature.
PRESIGNED = {"generate_presigned_url", "generate_presigned_post"}
# Clients by their names alone: a fixture's, or a helper's argument.
NAMED = re.compile(r"(?:aws_)?(cloudwatch|events|iam|kms|lambda|logs|s3|scheduler|secretsmanager|sns|sqs|sts)_client")
RAW = re.compile(r"(?:aws_)?(cloudwatch|logs|sns|sqs)_http_client")


def of_test(function, helpers: dict) -> set[str]:
    """Return what a test, or a fixture until its cleaning up, calls of boto3, itself or by helpers beside it."""
    seen, waiting, found = set(), [function], set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        called, names = _read(one)
        found |= called
        waiting += [helpers[name] for name in names if inspect.isfunction(helpers.get(name))]
    return found


@functools.cache
def _read(function) -> tuple[frozenset[str], frozenset[str]]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is(node.value, "self")}
    return frozenset(calls(tree)), frozenset(names)


def _is(node, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def calls(function: ast.FunctionDef) -> set[str]:
    """Return what a function calls of boto3 itself; what comes after a yield of its own is cleaning up."""
    named, found, nodes = {}, set(), []
    for statement in function.body:
        nodes += ast.walk(statement)
        if any(isinstance(inner, ast.Yield) for inner in ast.walk(statement)):
            break
    raw = {match[1] for one in function.args.args if (match := RAW.fullmatch(one.arg))}
    for node in nodes:
        if isinstance(node, ast.Assign) and (service := _client(node.value, {})):
            named.update((target.id, service) for target in node.targets if isinstance(target, ast.Name))
    for node in nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = [
                one.value
                for one in (*node.args, *(each.value for each in node.keywords))
                if isinstance(one, ast.Constant)
            ]
            if node.func.attr == "get_paginator" and (service := _client(node.func.value, named)):
                found.update(f"{service}.{name}" for name in given[:1])
            elif node.func.attr in ("post", "post_raw"):
                words = [one for one in given if isinstance(one, str) and re.fullmatch(r"([A-Z][a-z]+)+", one)]
                found.update(f"{service}.{_snake(word)}" for service in raw for word in words)
        if isinstance(node, ast.Attribute) and (node.attr in PRESIGNED or _is(node.value, "requests")):
            found.add(f"http.{node.attr}")
        elif isinstance(node, ast.Attribute) and node.attr not in NO_OPERATION and not node.attr.startswith("_"):
            service = _client(node.value, named)
            if service:
                found.add(f"{service}.{node.attr}")
    return found


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _client(node, named: dict) -> str | None:
    """Return the service of which an expression is the client."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id.removesuffix("_client_for_region") if node.func.id.endswith("_client_for_region") else None
    if isinstance(node, ast.Name):
        match = NAMED.fullmatch(node.id)
        return named.get(node.id) or (match[1] if match else None)
    if not isinstance(node, ast.Attribute):
        return None
    owner = node.value.func if isinstance(node.value, ast.Call) else node.value
    if isinstance(owner, ast.Name) and "aws_client" in owner.id:
        return SERVICES.get(node.attr, node.attr)
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
