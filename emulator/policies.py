"""Policy documents: read, and asked whether they permit something.

Whoever asks says what is known of the call (``context``). A condition on a key that is not known counts as met by an
Allow and as not met by a Deny: the emulator then refuses nothing that AWS might accept.
"""

import fnmatch
import json
import re

from emulator import ACCOUNT

ROLE = "Role"  # the key by which a document of ours says whose it is
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
_used: set[tuple[str, str, str, str]] = set()
_ROLE = re.compile(r"^arn:[^:]+:iam::(\d{12}):(role|user)/(?:.*/)?([^/]+)$")


def read(text: str | None) -> dict | None:
    """Return a document as a dict, or nothing if it isn't JSON's idea of one."""
    try:
        document = json.loads(text or "")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def statements(document: dict) -> list[dict]:
    """Return a document's statements."""
    return [one for one in listed(document.get("Statement")) if isinstance(one, dict)]


def listed(value) -> list:
    """Return what may be one thing or a list of them as a list."""
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def principals(statement: dict) -> list[tuple[str, str]]:
    """Return whom a statement names, as (type, value); ``*`` is ``("AWS", "*")``."""
    named = statement.get("Principal", statement.get("NotPrincipal"))
    if isinstance(named, str):
        return [("AWS", named)]
    return [(kind, str(one)) for kind, values in (named or {}).items() for one in listed(values)]


def matches(pattern: str, value: str) -> bool:
    """Compare as policies do: ``*`` and ``?`` are wild, brackets are not."""
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


def permits(document: dict, action: str, resource: str = "*", principal: tuple | None = None, context=None) -> bool:
    """Tell whether a document allows an action, to a principal where it names principals."""
    applying = [
        one
        for one in statements(document)
        if _names(one, "Action", action.lower(), fold=True)
        and (resource == "*" or _names(one, "Resource", resource))
        and (principal is None or _to(one, principal))
        and _conditions(one, context or {})
    ]
    effects = {one.get("Effect") for one in applying}
    allowed = "Allow" in effects and "Deny" not in effects
    for one in applying if allowed else ():
        named = [str(each) for each in listed(one.get("Resource"))]
        for pattern in named or [""]:
            if resource == "*" or not pattern or matches(pattern, resource):
                _used.add((document.get(ROLE, ""), json.dumps(one, sort_keys=True), action, pattern))
    return allowed


def used() -> list[dict]:
    """Return which statements allowed something so far, with the action, the resource that they name, and the role."""
    return [
        {"role": role, "statement": json.loads(statement), "action": action, "resource": resource}
        for role, statement, action, resource in sorted(_used)
    ]


def forget() -> None:
    """Forget what was allowed."""
    _used.clear()


def _names(statement: dict, element: str, value: str, fold: bool = False) -> bool:
    def any_of(patterns):
        return any(matches(str(one).lower() if fold else str(one), value) for one in listed(patterns))

    if f"Not{element}" in statement:
        return not any_of(statement[f"Not{element}"])
    return element not in statement or any_of(statement[element])


def _to(statement: dict, principal: tuple) -> bool:
    named = principals(statement)
    found = ("AWS", "*") in named or principal in named
    return found if "Principal" in statement else not found


def _conditions(statement: dict, context: dict) -> bool:
    known = {key.lower(): value for key, value in context.items()}
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, wanted in keys.items():
            if key.lower() not in known:
                if statement.get("Effect") == "Deny":
                    return False
            elif not _met(operator, known[key.lower()], [str(one) for one in listed(wanted)]):
                return False
    return True


def _met(operator: str, value: str, wanted: list[str]) -> bool:
    name = operator.split(":")[-1].removesuffix("IfExists")
    if name not in ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "StringNotEquals", "StringNotLike"):
        return True
    exact = name in ("StringEquals", "StringNotEquals")
    found = value in wanted if exact else any(matches(one, value) for one in wanted)
    return found != ("Not" in name)


def account_of(principal: str) -> str | None:
    """Return the account of an ARN or account id, or nothing."""
    if re.fullmatch(r"\d{12}", principal):
        return principal
    parts = principal.split(":")
    return parts[4] if principal.startswith("arn:") and len(parts) >= 6 and re.fullmatch(r"\d{12}", parts[4]) else None


def unknown_principals(document: dict) -> list[tuple[str, str]]:
    """Return the principals of a document that AWS does not find: it looks them up when a policy is stored."""
    return [one for statement in statements(document) for one in principals(statement) if not _exists(*one)]


def _exists(kind: str, value: str) -> bool:
    if kind == "Service":
        from emulator.principals import known

        return known(value)
    if kind != "AWS" or value == "*":
        return True
    if not (account := account_of(value)):
        return bool(re.fullmatch(r"A(?:IDA|ROA)[A-Z0-9]{12,}|arn:[^:]+:iam::cloudfront:user/.+", value))
    found = _ROLE.match(value)
    if account != ACCOUNT or not found:
        return True
    from moto.backends import get_backend

    iam = get_backend("iam")[ACCOUNT]["aws"]
    held = iam.roles if found[2] == "role" else iam.users
    return any(one.name == found[3] and one.arn == value for one in held.values())
