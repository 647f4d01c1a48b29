"""What a policy permits, and what is kept of the questions."""

import pytest

from emulator import policies

QUEUE = "arn:aws:sqs:us-east-1:123456789012:x"


def document(resource=QUEUE, effect="Allow", **more):
    return {"Statement": [{"Effect": effect, "Action": "sqs:SendMessage", "Resource": resource, **more}]}


@pytest.mark.parametrize(
    ("said", "resource", "permitted"),
    [
        (document(), QUEUE, True),
        (document(), f"{QUEUE}-other", False),
        (document("*"), "*", True),
        # An action that knows no resource is only allowed on all.
        (document(), "*", False),
        (document(f"{QUEUE[:-1]}*"), QUEUE, True),
    ],
)
def test_resources(said, resource, permitted):
    assert policies.permits(said, "sqs:SendMessage", resource) is permitted


@pytest.mark.parametrize(
    ("condition", "context", "leniently", "strictly"),
    [
        ({"ArnEquals": {"aws:SourceArn": "a"}}, {"aws:SourceArn": "a"}, True, True),
        ({"ArnEquals": {"aws:SourceArn": "a"}}, {"aws:SourceArn": "b"}, False, False),
        # What isn't known of a call, and what AWS knows isn't there.
        ({"ArnEquals": {"aws:SourceArn": "a"}}, {}, True, False),
        ({"ArnEqualsIfExists": {"aws:SourceArn": "a"}}, {}, True, True),
        ({"StringNotEquals": {"aws:SourceVpc": "a"}}, {}, True, True),
        # What every call has.
        ({"StringEquals": {"aws:PrincipalAccount": "123456789012"}}, {}, True, True),
        ({"StringEquals": {"aws:ResourceAccount": "123456789012"}}, {"aws:ResourceAccount": "other"}, False, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {}, True, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "false"}, False, False),
    ],
)
def test_conditions(condition, context, leniently, strictly):
    said = document(Condition=condition)
    for known, wanted in ((False, leniently), (True, strictly)):
        assert policies.permits(said, "sqs:SendMessage", QUEUE, context=context, strictly=known) is wanted


@pytest.mark.parametrize(("secure", "denied"), [("true", False), ("false", True)])
def test_what_is_denied_without_tls(secure, denied):
    said = document(effect="Deny", Principal="*", Condition={"Bool": {"aws:SecureTransport": "false"}})
    said["Statement"] += document(Principal="*")["Statement"]
    context, principal = {"aws:SecureTransport": secure}, ("AWS", policies.ROOT)
    assert policies.denies(said, "sqs:SendMessage", QUEUE, principal, context) is denied
    assert policies.permits(said, "sqs:SendMessage", QUEUE, principal, context) is not denied


def test_what_was_asked_is_kept(monkeypatch):
    monkeypatch.setattr(policies, "_asked", {})
    assert policies.ask("me", document(), "sqs:SendMessage", QUEUE, whole=False)
    assert not policies.ask("me", document(), "sqs:SendMessage", "other")
    assert policies.ask("me", document(), "sqs:SendMessage", QUEUE)
    assert policies.ask("me", document(), "sqs:SendMessage", QUEUE, whole=False)
    told = [(one["resource"], one["allowed"], one["whole"]) for one in policies.asked()]
    assert told == [(QUEUE, True, True), ("other", False, True)]
