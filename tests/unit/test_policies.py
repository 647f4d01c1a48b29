"""What the walk over deployed policies finds, as tables."""

import pytest

from tests.integration.policies import arns, astray, mistakes

HERE = "us-east-1:123456789012"
GROUP = f"arn:aws:logs:{HERE}:log-group:/aws/ecs/x-api"
LIVE = {GROUP, f"arn:aws:ecs:{HERE}:cluster/x-cluster", f"arn:aws:sqs:{HERE}:x-workflow"}


def document(resource, **more):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:B", "Resource": resource, **more}]}


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (f"{GROUP}:*", None),
        ("*", None),
        (["arn:aws:s3:::x-state", "arn:aws:s3:::x-state/*"], None),
        ("arn:aws:iam::123456789012:role/x", None),
        (f"arn:aws:ec2:{HERE}:*/*", None),
        (f"arn:aws:logs:{HERE}:log-group:\\1:*", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group:{{{{ name }}}}:*", "not resolved"),
        (f"['{GROUP}:*']", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group:None:*", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group:Undefined", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group://aws/ecs/x", "not resolved"),
        (f"{GROUP} :*", "not resolved"),
        ("known-after-apply/sqs_queue/x/arn", "not resolved"),
        (f"arn:aws:logs:{HERE}:log-group::*", "empty parts"),
        ("arn:aws:logs:us-east-1::log-group:x", "empty parts"),
        ("arn:aws:logs::123456789012:log-group:x", "empty parts"),
        ("arn::logs:us-east-1:123456789012:log-group:x", "empty parts"),
        (f"arn:aws:sqs:{HERE}:", "empty parts"),
        ("arn:aws:iam:us-east-1:123456789012:role/x", "empty parts"),
        ("arn:aws:s3:::/*", "empty parts"),
        ([], "is []"),
        ("", "is ''"),
        ([""], "is ''"),
        ([None], "is None"),
    ],
)
def test_mistakes(resource, words):
    told = list(mistakes(document(resource)))
    assert len(told) == (1 if words else 0), told
    assert not words or words in told[0]


def test_conditions_are_looked_at_too():
    condition = {"ArnLike": {"aws:SourceArn": "arn:aws:events:us-east-1::rule/x-*"}}
    assert len(list(mistakes(document("*", Condition=condition)))) == 1
    condition = {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{HERE}:rule/x-*"}}
    assert len(list(astray(document("*", Condition=condition), LIVE))) == 1


@pytest.mark.parametrize(
    ("resource", "there"),
    [
        (f"{GROUP}:*", True),
        (f"arn:aws:logs:{HERE}:log-group:\\1:*", False),
        (f"{GROUP}-other:*", False),
        (f"arn:aws:sqs:{HERE}:x-*", True),
        (f"arn:aws:sqs:{HERE}:x-workflow", True),
        (f"arn:aws:ecs:{HERE}:task/x-cluster/*", True),
        (f"arn:aws:ecs:{HERE}:cluster/y-cluster", False),
    ],
)
def test_astray(resource, there):
    assert (not list(astray(document(resource), LIVE))) is there


def test_what_is_there():
    resources = {"route_table": [{"id": "rtb-1"}], "sqs_queue": [{"arn": "arn:aws:sqs:x", "url": "https://x"}]}
    assert arns(resources, "us-east-1", "1") == {"arn:aws:sqs:x", "arn:aws:ec2:us-east-1:1:route-table/rtb-1"}
