"""The standard profile: every grant is needed, and some by runs that fail without them."""

from __future__ import annotations

import re

import pytest

from .every import (  # noqa: F401
    test_aws_knows_all_that_policies_say,
    test_each_call_is_allowed_by_all_that_aws_knows,
    test_each_denial_denies,
    test_each_grant_is_needed,
)
from .stories import Standard as STORY  # noqa: F401

EXECUTION, WORKER, SCHEDULER = "role .*-ecs-execution-", "role .*-worker-task-", "role .*-scheduler-lambda-"
DENIED = r"is not authorized to perform: {0} on resource: \S+ because no {1} policy allows the {0} action"
# A grant that is taken away (whose, which action, on what), what is done then, and how AWS says that it can't be.
BROKEN = [
    (EXECUTION, "ecr:GetAuthorizationToken", "", lambda s: s.starts("api"), DENIED.format("ecr:GetAuthorizationToken", "identity-based")),
    (EXECUTION, "ecr:BatchGetImage", "-api$", lambda s: s.starts("api"), r"CannotPullContainerError: .*manifests sha256:\S+\]?: 403 Forbidden"),
    (EXECUTION, "ecr:GetDownloadUrlForLayer", "-api$", lambda s: s.starts("api"), r"CannotPullContainerError: .*403 Forbidden"),
    (EXECUTION, "logs:CreateLogStream", "-api:", lambda s: s.starts("api"), "failed to create Cloudwatch log stream: .*" + DENIED.format("logs:CreateLogStream", "identity-based")),
    (EXECUTION, "secretsmanager:GetSecretValue", "/database-", lambda s: s.starts("api"), "unable to retrieve secret from asm: .*" + DENIED.format("secretsmanager:GetSecretValue", "identity-based")),
    (EXECUTION, "kms:Decrypt", "", lambda s: s.starts("api"), "unable to retrieve secret from asm: .*Access to KMS is not allowed"),
    ("^key", "kms:*", "", lambda s: s.starts("api"), "unable to retrieve secret from asm: .*Access to KMS is not allowed"),
    ("^endpoint .*s3$", "s3:GetObject", "", lambda s: s.starts("api"), "CannotPullContainerError: .*starport-layer-bucket.*403 Forbidden"),
    ("^endpoint .*secretsmanager$", "*", "", lambda s: s.starts("api"), DENIED.format("secretsmanager:GetSecretValue", "VPC endpoint")),
    ("role .*-migrations-", "secretsmanager:GetSecretValue", "rds!", lambda s: s.migrated(), "secretsmanager:GetSecretValue"),
    ("role .*-api-task-", "sqs:SendMessage", "", lambda s: s.refused_run(), DENIED.format("sqs:sendmessage", "identity-based")),
    (WORKER, "sqs:ReceiveMessage", "", lambda s: s.starts("worker"), DENIED.format("sqs:receivemessage", "identity-based")),
    (WORKER, "sqs:GetQueueAttributes", "", lambda s: s.starts("worker"), DENIED.format("sqs:getqueueattributes", "identity-based")),
    (WORKER, "ecs:UpdateTaskProtection", "", lambda s: s.worked(), "protection: HTTP Error 400"),
    (WORKER, "ssmmessages:OpenDataChannel", "", lambda s: s.unentered(), r"\(TargetNotConnectedException\)"),
    (SCHEDULER, "secretsmanager:GetSecretValue", "/database-", lambda s: s.invoked("scheduler"), DENIED.format("secretsmanager:GetSecretValue", "identity-based")),
    (SCHEDULER, "kms:Decrypt", "", lambda s: s.invoked("scheduler"), DENIED.format("kms:Decrypt", "identity-based")),
    (SCHEDULER, "sqs:SendMessage", "-workflow$", lambda s: s.invoked("scheduler"), DENIED.format("sqs:SendMessage", "identity-based")),
    ("role .*-cleanup-lambda-", "logs:PutLogEvents", "", lambda s: s.unlogged(), "nothing was written"),
    ("role .*-flow-logs-", "logs:PutLogEvents", "", lambda s: s.flows(), "FAILED Access error"),
    ("role .*-nat-", "ec2:ReplaceRoute", "", lambda s: s.replaced("error"), r"\(UnauthorizedOperation\).*ec2:ReplaceRoute"),
    ("role .*-ecs-traffic-", "elasticloadbalancing:ModifyRule", "", lambda s: s.moved(), DENIED.format("elasticloadbalancing:ModifyRule", "identity-based")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "action", "resource", "doing", "words"), BROKEN, ids=[f"{one[0]} {one[1]}" for one in BROKEN]
)
def test_without_it_a_real_run_fails(story, label, action, resource, doing, words):
    with story.without(label, action, resource):
        said = doing(story)
    assert re.search(words, said, re.DOTALL | re.IGNORECASE), said[-3000:]


def test_without_its_permission_a_rule_calls_nobody(story):
    assert re.search("lambda:InvokeFunction", story.dead_letter("scheduler"))
