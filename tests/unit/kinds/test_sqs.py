"""Queues."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.sqs import SQS_QUEUE, attributes, document


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("policy", None, {}),
        ("policy", "", {}),
        ("policy", '{"Statement": {"Action": ["sqs:*"]}}', {"Statement": [{"Action": "sqs:*"}]}),
        ("redrive_policy", '{"maxReceiveCount":"5","deadLetterTargetArn":"a"}', {"maxReceiveCount": 5, "deadLetterTargetArn": "a"}),
        ("redrive_policy", {"maxReceiveCount": "5"}, {"maxReceiveCount": 5}),
        ("redrive_allow_policy", {"sourceQueueArns": ["b", "a"]}, {"sourceQueueArns": ["a", "b"]}),
    ],
)
def test_document(field, value, said):
    assert document(field, value) == said


@pytest.mark.parametrize(
    ("want", "said"),
    [
        ({"visibility_timeout": 900}, {"VisibilityTimeout": "900"}),
        ({"delay_seconds": 0}, {"DelaySeconds": "0"}),
        ({"sqs_managed_sse_enabled": False}, {"SqsManagedSseEnabled": "false"}),
        ({"redrive_policy": {"maxReceiveCount": 5}}, {"RedrivePolicy": '{"maxReceiveCount": 5}'}),
        # SQS takes an attribute away when it is set to nothing.
        ({"policy": {}}, {"Policy": ""}),
        ({"name": "q", "tags": {}, "visibility_timeout": None}, {}),
    ],
)
def test_attributes(want, said):
    assert attributes(want, want) == said


@pytest.mark.parametrize(
    ("live", "changes"),
    [
        ({"redrive_policy": {"deadLetterTargetArn": "d", "maxReceiveCount": 5}}, set()),
        ({"redrive_policy": {"deadLetterTargetArn": "d", "maxReceiveCount": 6}}, {"redrive_policy"}),
        ({"redrive_policy": {}}, {"redrive_policy"}),
    ],
)
def test_compare(live, changes):
    want = SQS_QUEUE.want({"name": "q", "redrive_policy": {"maxReceiveCount": "5", "deadLetterTargetArn": "d"}})
    assert SQS_QUEUE.compare(live, want) == changes
