"""Topics."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.sns import SNS_TOPIC, counts
from botocore.exceptions import ClientError

MAIL = {"protocol": "email", "endpoint": "team@example.com"}
QUEUE = {"protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:q"}


@pytest.mark.parametrize(
    ("item", "wanted", "is_one"),
    [
        (QUEUE | {"pending": False}, [], True),
        (MAIL | {"pending": True}, [MAIL], True),
        (MAIL | {"pending": True}, [], False),
        (MAIL | {"pending": True}, None, True),
    ],
)
def test_what_counts_as_a_subscription(item, wanted, is_one):
    assert counts(item, wanted) is is_one


def test_subscriptions_and_policies_in_one_spelling():
    statement = {"Effect": "Allow", "Action": ["sns:Publish"], "Resource": "*"}
    one = SNS_TOPIC.want({"name": "t", "subscriptions": [QUEUE, MAIL], "policy": {"Statement": [statement]}})
    other = SNS_TOPIC.want({"name": "t", "subscriptions": [MAIL, QUEUE], "policy": {"Statement": statement | {"Action": "sns:Publish"}}})
    assert one == other


def test_who_must_confirm_is_told():
    assert SNS_TOPIC.notes({"name": "t", "unconfirmed": ["team@example.com"]})[0].startswith("team@example.com must confirm")
    assert SNS_TOPIC.notes({"name": "t"}) == []


class Subscribed:
    """A topic with a subscription of its own account and one of another, of which SNS tells that account only."""

    def __call__(self, _service):
        return self

    def pages(self, *_asked, **_given):
        return [
            {"Protocol": "sqs", "Endpoint": f"arn:aws:sqs:us-east-1:{owner}:q", "SubscriptionArn": f"arn:{owner}", "Owner": owner}
            for owner in ("123456789012", "210987654321")
        ]

    def get_subscription_attributes(self, SubscriptionArn):  # noqa: N803 -- as boto3 has it
        if SubscriptionArn != "arn:123456789012":
            raise ClientError({"Error": {"Code": "AuthorizationError", "Message": "not authorized"}}, "GetSubscriptionAttributes")
        return {"Attributes": {"RawMessageDelivery": "true"}}


def test_a_subscription_of_another_account_is_not_asked_for():
    inside = SNS_TOPIC.read_children(Subscribed(), {"arn": "arn:aws:sns:us-east-1:123456789012:t"})
    assert inside == {
        "subscription_details": [{"protocol": "sqs", "endpoint": "arn:aws:sqs:us-east-1:123456789012:q", "RawMessageDelivery": "true"}]
    }
