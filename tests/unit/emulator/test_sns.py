"""SNS as AWS answers it, and our topics on it."""

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.sns import SnsTopic

from emulator.corrections.sns import confirm


@pytest.fixture
def topic(aws, name):
    return aws("sns").create_topic(Name=name)["TopicArn"]


def test_topics_tell_what_they_have(aws, topic):
    sns = aws("sns")
    told = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert "DeliveryPolicy" not in told and "SignatureVersion" not in told
    assert json.loads(told["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]["numRetries"] == 3
    policy = json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}})
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DeliveryPolicy", AttributeValue=policy)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue="2")
    told = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert told["DeliveryPolicy"] == policy and told["SignatureVersion"] == "2"
    retry = json.loads(told["EffectiveDeliveryPolicy"])["http"]["defaultHealthyRetryPolicy"]
    assert retry["numRetries"] == 5 and retry["minDelayTarget"] == 20


def test_who_must_confirm_has_no_arn_yet(aws, topic):
    sns = aws("sns")
    asked = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}
    assert sns.subscribe(**asked)["SubscriptionArn"] == "pending confirmation"
    assert sns.subscribe(**asked, ReturnSubscriptionArn=True)["SubscriptionArn"].startswith(topic)
    queue = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:q")
    assert queue["SubscriptionArn"].startswith(topic)

    def listed():
        return {one["Protocol"]: one["SubscriptionArn"] for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]}

    assert listed() == {"email": "PendingConfirmation", "sqs": queue["SubscriptionArn"]}
    confirm("us-east-1", "a@example.com")
    assert listed()["email"].startswith(topic)


def test_messages_are_signed_by_the_topics_version_and_name_their_subscription(aws, topic, name):
    sns, sqs = aws("sns"), aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{name}")
    sns.publish(TopicArn=topic, Message="m")
    body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body["SignatureVersion"] == "1" and body["UnsubscribeURL"].endswith(
        f"SubscriptionArn={made['SubscriptionArn']}"
    )


def test_errors_have_one_text(aws, topic, refused):
    answer = refused("NotFound", aws("sns").get_topic_attributes, TopicArn=f"{topic}-absent")
    assert "message" not in answer and "message" not in answer["Error"]


def test_who_subscribed_is_no_part_of_a_record(aws, topic, name):
    """SNS tells it of each subscription; it is nobody's to change."""
    arn = "arn:aws:sqs:us-east-1:123456789012:q"
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    made = aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    told = aws("sns").get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert told["SubscriptionPrincipal"].startswith("arn:aws:iam::123456789012:user/")
    from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws

    assert SnsTopic().read_children(Aws(aws, "us-east-1"), {"arn": topic}) == {"subscription_details": []}
