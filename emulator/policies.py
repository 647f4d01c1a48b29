"""Policy documents: read, and asked whether they permit something.

Whoever asks says what is known of the call (``context``). A condition on a key that is not known counts as met by an
Allow and as not met by a Deny: the emulator then refuses nothing that AWS might accept. Who knows the whole context of
a call can have it judged ``strictly``, as AWS does: a key that isn't there meets no condition but those that say so.

What AWS itself asks, for what services do in an account, is kept (``ask``, ``asked``), so that each grant of a policy
can be shown to be needed by a call.
"""

import fnmatch
import json
import re

from emulator import ACCOUNT, state
from emulator.principals import known as principal_known

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
# What every call has: it comes of this account, with TLS, for something of this account.
ALWAYS = {"aws:PrincipalAccount": ACCOUNT, "aws:ResourceAccount": ACCOUNT, "aws:SecureTransport": "true"}
_asked: dict[str, dict] = state.held({})
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


def permits(
    document: dict, action: str, resource: str = "*", principal: tuple | None = None, context=None, strictly=False
) -> bool:
    """Tell whether a document allows an action, to a principal where it names principals.

    ``*`` is the resource of actions that know none; only a statement for all resources allows these. A principal is
    ``("AWS", arn)`` or ``("Service", name)``; None doesn't look at principals. ``context`` has condition keys' values.
    """
    return _effects(document, action, resource, principal, context, strictly) == {"Allow"}


def denies(document: dict, action: str, resource: str, principal: tuple, context=None) -> bool:
    """Tell whether a document forbids an action, whatever else allows it."""
    return "Deny" in _effects(document, action, resource, principal, context, False)


def _effects(document, action, resource, principal, context, strictly) -> set:
    known = {key.lower(): value for key, value in {**ALWAYS, **(context or {})}.items()}
    return {
        one.get("Effect")
        for one in statements(document)
        if _names(one, "Action", action.lower(), fold=True)
        and _names(one, "Resource", resource)
        and (principal is None or _to(one, principal))
        and _conditions(one, known, strictly)
    }


def ask(owner: str, document: dict, action: str, resource: str = "*", principal=None, context=None, whole=True) -> bool:
    """Judge a call that AWS makes by a document, and keep it.

    ``owner`` says whose the document is: an ARN, with ``trust of`` before it for a role's trust policy. ``whole`` says
    whether the context is all that AWS knows of the call, or the call is only looked at before it is made.
    """
    allowed = permits(document, action, resource, principal, context)
    call = {"owner": owner, "action": action, "resource": resource, "principal": principal, "context": context or {}}
    key = json.dumps([call, allowed], sort_keys=True)
    _asked[key] = call | {"allowed": allowed, "whole": whole or _asked.get(key, {}).get("whole", False)}
    return allowed


def asked() -> list[dict]:
    """Return what was asked so far: owner, action, resource, principal, context, and whether it was allowed."""
    return [_asked[key] for key in sorted(_asked)]


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


def _conditions(statement: dict, known: dict, strictly: bool) -> bool:
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, wanted in keys.items():
            if key.lower() in known:
                if not _met(operator, known[key.lower()], [str(one) for one in listed(wanted)]):
                    return False
            elif strictly:
                # A missing key meets what is negated, and what says so itself (IAM user guide, condition operators).
                if not re.search("Not|IfExists$|^ForAllValues", operator):
                    return False
            elif statement.get("Effect") == "Deny":
                return False
    return True


def _met(operator: str, value: str, wanted: list[str]) -> bool:
    name = operator.split(":")[-1].removesuffix("IfExists")
    if name == "Bool":
        return str(value).lower() in [one.lower() for one in wanted]
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
        return principal_known(value)
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
