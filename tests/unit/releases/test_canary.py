"""Moving an alias: the steps, and what a failed call is put down to."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.canary import Strategy

NAMES = {"stack": "s", "component": "cleanup", "cluster": "c", "repository": "r", "release": "x", "group": "/aws/lambda/s-cleanup"}


@pytest.mark.parametrize(
    ("kind", "percentage", "weights"),
    [
        ("all_at_once", 10, []),
        ("canary", 5, [0.05]),
        ("linear", 25, [0.25, 0.5, 0.75]),
        ("linear", 30, [0.3, 0.6, 0.9]),
        ("linear", 50, [0.5]),
        ("linear", 60, [0.6]),
        ("linear", 99, [0.99]),
    ],
)
def test_steps(kind, percentage, weights):
    assert Strategy(kind, percentage).weights() == weights


@pytest.mark.parametrize(
    ("reason", "lines", "cause", "command"),
    [
        ("Sandbox.Timedout: Task timed out after 3.00 seconds", [], "takes longer than it may", "lambda_cleanup_timeout"),
        ("1 of 2 calls failed", ["Error: Task timed out after 3.00 seconds"], "takes longer than it may", "lambda_cleanup_timeout"),
        ("Runtime.ExitError: signal: killed", [], "too little memory", "lambda_cleanup_memory"),
        ("Runtime.ImportModuleError: no module", [], "isn't there", "image's command"),
        ("1 of 1 calls failed", ["AccessDenied"], "permission", "aws logs tail /aws/lambda/s-cleanup"),
        ("1 of 1 calls failed", ['relation "x" does not exist'], "isn't migrated", "migrate.yml"),
        # What is said of tasks isn't said of a function: neither a crash at the start, nor ECS.
        ("Runtime.ExitError: exit status 1", ["ValueError: boom"], "fails when it is called", "aws logs tail"),
        ("1 of 1 calls failed", [], "fails when it is called", "aws logs tail"),
    ],
)
def test_cause_of_a_failed_call(reason, lines, cause, command):
    told = diagnosis.report([diagnosis.Ended("fn", diagnosis.FUNCTION, reason, lines=lines)], NAMES)
    assert cause in told and command in told
    assert "ECS" not in told and "aws ecs" not in told


def test_own_lines():
    lines = ["START RequestId: 1 Version: 2\n", "mine\n", "END RequestId: 1\n", "REPORT RequestId: 1\n"]
    assert diagnosis.own_lines(lines) == ["mine"]
