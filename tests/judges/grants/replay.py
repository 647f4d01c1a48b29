"""Grants, each with the recorded call that is denied without it."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from dataclasses import dataclass

from emulator import policies
from emulator.ask import ask
from tests.integration.policies import policies as policies_of

ROOT = ("AWS", policies.ROOT)
# What AWS needs and no run here makes use of: patterns for "label, statement action on resource"; why, and who says so.
DOCUMENTED = {
    r"-lambda-.* ec2:(AssignPrivateIpAddresses|UnassignPrivateIpAddresses|DescribeSubnets) ": (
        "Lambda developer guide, giving functions access to resources in a VPC: listed as required; when Lambda makes use "
        "of them isn't said"
    ),
    r"^key .* Logs kms:ReEncrypt\* ": (
        "CloudWatch Logs user guide, encrypting log data: in the policy that it asks for; when Logs encrypts anew isn't said"
    ),
}


@dataclass(frozen=True)
class Grant:
    """One action on one resource (nothing in a trust policy) in one statement of a policy."""

    label: str
    owner: str
    sid: str
    action: str
    resource: str

    def __str__(self):
        return f"{self.label}, {self.sid} {self.action} on {self.resource or 'itself'}"


def judged(documents, calls: list[dict]) -> dict[Grant, str]:
    """Return for each grant of an account's policies what needs it: a call, a source, or nothing.

    documents: those of ``tests.integration.policies``; calls: what the embedded AWS tells under ``grants``.
    """
    of_owner, all_of = defaultdict(list), defaultdict(list)
    for call in calls:
        if call["allowed"]:
            of_owner[call["owner"]].append(call)
    documents = list(documents)
    for one in documents:
        all_of[one.owner] += policies.statements(one.document)
    told = {}
    for one in documents:
        for statement in policies.statements(one.document):
            others = [each for each in all_of[one.owner] if each is not statement]
            if statement["Effect"] == "Allow":
                for grant, rest in _grants(one, statement):
                    told[grant] = _needs(of_owner[one.owner], all_of[one.owner], [*others, *rest]) or _documented(grant)
    return told


def _grants(policy, statement: dict):
    """Yield each grant of a statement, with what is left of the statement without it."""
    actions = policies.listed(statement["Action"])
    resources = policies.listed(statement.get("Resource"))
    for action in actions:
        for resource in resources or [""]:
            rest = [statement | {"Action": [one for one in actions if one != action]}]
            if others := [one for one in resources if one != resource]:
                rest.append(statement | {"Action": action, "Resource": others})
            yield Grant(policy.label, policy.owner, statement.get("Sid", "-"), action, resource), rest


def _needs(calls: list[dict], whole: list[dict], without: list[dict]) -> str:
    """Return the call that is allowed by all statements and denied without one grant; those really made come first."""
    for call in sorted(calls, key=lambda one: not one["whole"]):
        if _permits(whole, call) and not _permits(without, call):
            by = f" by {call['principal'][1]}" if call["principal"] else ""
            looked = "" if call["whole"] else ", looked at before"
            return f"{call['action']} on {call['resource']}{by}{looked}"
    return ""


def _permits(statements: list[dict], call: dict, strictly: bool = False) -> bool:
    principal = tuple(call["principal"]) if call["principal"] else None
    return policies.permits(
        {"Statement": statements}, call["action"], call["resource"], principal, call["context"], strictly
    )


def _documented(grant: Grant) -> str:
    found = next((why for words, why in DOCUMENTED.items() if re.search(words, str(grant))), "")
    return f"documented, not run: {found}" if found else ""


def lenient(documents, calls: list[dict]):
    """Yield the calls that were allowed only because not all is known of them: AWS, which knows all, would deny them."""
    all_of = defaultdict(list)
    for one in documents:
        all_of[one.owner] += policies.statements(one.document)
    for call in calls:
        statements = all_of.get(call["owner"])
        known = call["allowed"] and call["whole"] and statements and _permits(statements, call)
        if known and not _permits(statements, call, strictly=True):
            yield f"{call['owner']}: {call['action']} on {call['resource']} with {call['context']}"


def refusals(documents):
    """Yield each statement that denies, and whether it does: what is asked as it says is denied with it, and not without."""
    for one in documents:
        found = policies.statements(one.document)
        for statement in (each for each in found if each["Effect"] == "Deny"):
            (action,), resources = policies.listed(statement["Action"]), policies.listed(statement["Resource"])
            context = {
                key: next(iter(policies.listed(value)))
                for keys in statement["Condition"].values()
                for key, value in keys.items()
            }
            everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
            principal = None
            if "Principal" in statement:
                everything, principal = everything | {"Principal": "*"}, ROOT
            for resource in resources:
                call = {"principal": principal, "context": context, "action": action.replace("*", "Any")}
                call["resource"] = resource.replace("*", "any")
                held = [*found, everything]
                works = not _permits(held, call) and _permits([each for each in held if each is not statement], call)
                harmless = _permits(held, call | {"context": {}})
                yield f"{one.label}, {statement.get('Sid', '-')} {action} on {resource}", works and harmless


def table(told: dict[Grant, str]) -> str:
    """Return a table of grants and what needs each."""
    rows = [
        f"| {one.label} | {one.action} | {one.resource or '-'} | {why or '**nothing**'} |" for one, why in told.items()
    ]
    return "\n".join(["| whose | action | resource | the call that needs it |", "|---|---|---|---|", *sorted(rows)])


def nobody_needs(url: str, client, *excused: str, seconds: float = 40) -> str:
    """Return the grants that nobody needs, line by line, having waited for what goes on by itself."""
    deadline = time.monotonic() + seconds
    while (left := unproven(policies_of(client), ask(url, "grants"), excused)) and time.monotonic() < deadline:
        time.sleep(1)
    return "\n".join(left)


def unproven(documents, calls: list[dict], excused=()) -> list[str]:
    """Return the grants that no call and no documentation needs, apart from those that match a pattern."""
    told = judged(documents, calls)
    return [
        str(one) for one, why in told.items() if not why and not any(re.search(words, str(one)) for words in excused)
    ]
