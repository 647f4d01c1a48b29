"""Lambda: permissions, the statements of a function's policy."""

from __future__ import annotations

import json

from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.severity import Severity, opens_to_everybody
from ..engine.unmodelled import watch, with_unmodelled
from .lambda_ import FUNCTION, MISSING, SETTLE_SECONDS


class Permission(Kind):
    """One statement of a function's policy: who may call the function."""

    name = "lambda_permission"
    title = "Lambda permission"
    service = "lambda"
    module = "flow_builder.aws.lambda_policy"
    cloudformation = "AWS::Lambda::Permission"
    identity = ("function_name", "statement_id")
    needs = ("lambda_function", "lambda_alias")
    taggable = False
    writable_as = {"*": "Action"}  # a statement is all that Lambda makes of the arguments
    # It comes while the function is Pending or changes, and where the statement is there already.
    settling = (("ResourceConflictException", ""),)
    settle_seconds = SETTLE_SECONDS
    severities = (Severity("critical", test=opens_to_everybody), Severity("high"))

    def label(self, resource):
        """People know a permission by its function and its name."""
        return f"{resource.get('function_name')}/{resource.get('statement_id')}"

    def event_name(self, label):
        """CloudTrail knows only what comes after the name of what it belongs to."""
        return label.rpartition("/")[2]

    def find(self, aws, want):
        """Return the statement of this name."""
        named = {one["statement_id"]: one for one in self._all(aws, want["function_name"])}
        return named.get(want["statement_id"])

    def stack(self, aws, stack):
        """Return the permissions of the stack's functions."""
        return [one for name in callable_names(aws, stack) for one in self._all(aws, name)]

    @staticmethod
    def _all(aws, function):
        policy = unless(MISSING, aws("lambda").get_policy, FunctionName=function)
        statements = json.loads(policy["Policy"])["Statement"] if policy else []
        return [with_unmodelled({"function_name": function, **permission(one)}, one) for one in watch(statements)]

    def create(self, aws, want):
        """Add the statement."""
        said = {key: want[name] for name, key in PERMISSION_ARGUMENTS.items() if want.get(name)}
        aws("lambda").add_permission(FunctionName=want["function_name"], StatementId=want["statement_id"], **said)

    def update(self, aws, live, want, changes):
        """Lambda can't change a statement: put another one in its place."""
        self.delete(aws, live)
        self.create(aws, {**live, **want})

    def delete(self, aws, live):
        """Remove the statement."""
        unless(
            MISSING, aws("lambda").remove_permission,
            FunctionName=live["function_name"], StatementId=live["statement_id"],
        )  # fmt: skip

    def computed(self, aws, want):
        """AWS adds nothing to it."""
        return {}


def callable_names(aws, stack: str) -> list[str]:
    """Return the names by which a stack's functions are called: their own, and those with an alias."""
    functions = [one["name"] for one in FUNCTION.stack(aws, stack)]
    aliases = [
        f"{name}:{one['Name']}"
        for name in functions
        for one in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=name)
    ]
    return functions + aliases


# The tests that Lambda writes for the arguments below; any other is left for the rest.
KNOWN_TESTS = {"ArnLike", "StringEquals"}
PERMISSION_ARGUMENTS = {
    "action": "Action",
    "principal": "Principal",
    "source_arn": "SourceArn",
    "source_account": "SourceAccount",
    "principal_organization": "PrincipalOrgID",
}


def permission(statement: dict) -> dict:
    """Return a policy's statement as the arguments that made it."""
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = next(iter(principal.values()))
    tests = statement.get("Condition", {})
    conditions = {key.lower(): tests[test][key] for test in KNOWN_TESTS & tests.keys() for key in [*tests[test]]}
    return {
        "statement_id": statement["Sid"],
        "action": statement["Action"],
        "principal": principal,
        "source_arn": conditions.get("aws:sourcearn", ""),
        "source_account": conditions.get("aws:sourceaccount", ""),
        "principal_organization": conditions.get("aws:principalorgid", ""),
    }
PERMISSION = Permission()
