"""The ultra profile: every grant is needed, and some by runs that fail without them."""

from __future__ import annotations

import re

import pytest

from .every import (  # noqa: F401
    test_aws_knows_all_that_policies_say,
    test_each_call_is_allowed_by_all_that_aws_knows,
    test_each_denial_denies,
    test_each_grant_is_needed,
)
from .stories import Small as STORY  # noqa: F401

PIPE, RESUBMIT = "role .*-pipe-", "role .*-resubmit-lambda-"
DENIED = r"is not authorized to perform: {0} on resource: \S+ because no identity-based policy allows the {0} action"
# A grant that is taken away (whose, which action, on what), what is done then, and how AWS says that it can't be.
BROKEN = [
    (PIPE, "ecs:RunTask", "", lambda s: s.piped(), DENIED.format("ecs:RunTask")),
    (PIPE, "ecs:TagResource", "", lambda s: s.piped(), DENIED.format("ecs:TagResource")),
    (PIPE, "iam:PassRole", "-worker-task-", lambda s: s.piped(), DENIED.format("iam:PassRole")),
    (PIPE, "iam:PassRole", "-ecs-execution-", lambda s: s.piped(), DENIED.format("iam:PassRole")),
    (PIPE, "sqs:ReceiveMessage", "", lambda s: s.unpolled(), "have required permissions to perform Queue operations"),
    (RESUBMIT, "pipes:DescribePipe", "", lambda s: s.looked_after(spot=1.0), DENIED.format("pipes:DescribePipe")),
    (RESUBMIT, "ecs:RunTask", "", lambda s: s.looked_after(spot=1.0), DENIED.format("ecs:RunTask")),
    (RESUBMIT, "sqs:SendMessage", "-failed-jobs$", lambda s: s.looked_after(), DENIED.format("sqs:SendMessage")),
]


@pytest.mark.parametrize(
    ("label", "action", "resource", "doing", "words"), BROKEN, ids=[f"{one[0]} {one[1]} {one[2]}" for one in BROKEN]
)
def test_without_it_a_real_run_fails(story, label, action, resource, doing, words):
    with story.without(label, action, resource):
        said = doing(story)
    assert re.search(words, said, re.DOTALL | re.IGNORECASE), said[-3000:]


def test_without_its_permission_a_rule_calls_nobody(story):
    assert re.search("lambda:InvokeFunction", story.dead_letter("scheduler"))
