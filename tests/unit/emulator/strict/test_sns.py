"""SNS refuses what AWS's SNS refuses."""

import itertools
import json

import pytest
from rulecases import Case

from emulator import filters


class World:
    """SNS and a topic."""

    def __init__(self, aws):
        self.sns, self.number = aws("sns"), itertools.count()
        self.topic = self.make("strict", Attributes={"DisplayName": "a"}, Tags=[{"Key": "a", "Value": "b"}])

    def make(self, name=None, **more):
        return self.sns.create_topic(Name=name or f"strict-{next(self.number)}", **more)["TopicArn"]

    def set(self, name, value):
        self.sns.set_topic_attributes(TopicArn=self.topic, AttributeName=name, AttributeValue=value)

    def policy(self, **statement):
        given = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}
        given |= {"Resource": self.topic} | statement
        self.set("Policy", json.dumps({"Version": "2012-10-17", "Statement": [given]}))

    def subscribe(self, protocol, endpoint, **attributes):
        self.sns.subscribe(TopicArn=self.topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def subscribing(rule, says, bad, good):
    return Case(
        rule, "InvalidParameter", says,
        lambda world: world.subscribe(*bad[:2], **dict(bad[2:])),
        lambda world: world.subscribe(*good[:2], **dict(good[2:])),
    )  # fmt: skip


SAME = "Topic already exists with different"
SQS = ("sqs", "arn:aws:sqs:us-east-1:123456789012:strict")
OTHER = ("sqs", "arn:aws:sqs:us-east-1:123456789012:strict-other")

CASES = [
    Case(
        "topic_attributes_are_known", "InvalidParameter", "Unknown attribute Colour",
        lambda world: world.make(Attributes={"Colour": "red"}),
        lambda world: world.make(Attributes={"DisplayName": "red"}),
    ),
    Case(
        "topic_attributes_are_known", "InvalidParameter", "AttributeName",
        lambda world: world.set("Colour", "red"), lambda world: world.set("SignatureVersion", "2"),
    ),
    Case(
        "topic_attributes_have_their_values", "InvalidParameter", "Attributes Reason: DisplayName",
        lambda world: world.make(Attributes={"DisplayName": "a" * 101}),
        lambda world: world.make(Attributes={"DisplayName": "a" * 100}),
    ),
    Case(
        "topic_attributes_have_their_values", "InvalidParameter", "SignatureVersion",
        lambda world: world.set("SignatureVersion", "3"), lambda world: world.set("SignatureVersion", "1"),
    ),
    Case(
        "topic_arn_is_of_this_region", "InvalidParameter", "at least 6 elements, not 1",
        lambda world: world.sns.get_topic_attributes(TopicArn="topic"),
        lambda world: world.sns.get_topic_attributes(TopicArn=world.topic),
    ),
    Case(
        "topic_arn_is_of_this_region", "InvalidParameter", "Invalid parameter: TopicArn",
        lambda world: world.sns.get_topic_attributes(TopicArn=world.topic.replace("us-east-1", "us-west-2")),
        lambda world: world.sns.get_topic_attributes(TopicArn=world.topic),
    ),
    Case(
        "subscription_arn_is_one", "InvalidParameter", "SubscriptionId",
        lambda world: world.sns.unsubscribe(SubscriptionArn=world.topic),
        lambda world: world.sns.unsubscribe(SubscriptionArn=f"{world.topic}:00000000-0000-0000-0000-000000000000"),
    ),
    Case(
        "topic_name_is_valid", "InvalidParameter", "Topic Name",
        lambda world: world.make("a.fifo"), lambda world: world.make("a.fifo", Attributes={"FifoTopic": "true"}),
    ),
    Case(
        "tag_keys_are_unique", "InvalidParameter", "Duplicated keys are not allowed",
        lambda world: world.make(Tags=[{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]),
        lambda world: world.make(Tags=[{"Key": "a", "Value": "b"}]),
    ),
    Case(
        "topic_attributes_are_known", "InvalidParameter", "AttributeName",
        lambda world: world.set("FifoTopic", "false"), lambda world: world.set("DisplayName", "a"),
    ),
    Case(
        "topic_that_exists_is_the_same", "InvalidParameter", f"{SAME} tags",
        lambda world: world.make("strict", Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d"}]),
        lambda world: world.make("strict"),
    ),
    subscribing("subscription_attributes_are_known", "Unknown attribute: Colour", (*SQS, ("Colour", "red")), SQS),
    subscribing(
        "subscription_attributes_are_known", "Must be true or false", (*SQS, ("RawMessageDelivery", "1")),
        (*OTHER, ("RawMessageDelivery", "True")),
    ),
    subscribing(
        "subscription_that_exists_is_the_same", "already exists with different attributes",
        (*OTHER, ("RawMessageDelivery", "false")), (*OTHER, ("FilterPolicyScope", "MessageAttributes")),
    ),
    Case(
        "topic_that_exists_is_the_same", "InvalidParameter", f"{SAME} attributes",
        lambda world: world.make("strict", Attributes={"DisplayName": "b"}),
        lambda world: world.make("strict", Attributes={"DisplayName": "a"}),
    ),
    Case(
        "topic_that_exists_is_the_same", "InvalidParameter", f"{SAME} tags",
        lambda world: world.make("strict", Tags=[{"Key": "a", "Value": "c"}]),
        lambda world: world.make("strict", Tags=[{"Key": "a", "Value": "b"}]),
    ),
    Case(
        "topic_policy_is_a_policy", "InvalidParameter", "Policy Error: null",
        lambda world: world.set("Policy", "{"), lambda world: world.policy(),
    ),
    Case(
        "topic_policy_is_a_policy", "InvalidParameter", "action out of service scope",
        lambda world: world.policy(Action="sqs:SendMessage"), lambda world: world.policy(Action="SNS:Publish"),
    ),
    Case(
        "topic_policy_is_a_policy", "InvalidParameter", "PrincipalNotFound",
        lambda world: world.policy(Principal={"AWS": "arn:aws:iam::123456789012:role/nobody"}),
        lambda world: world.policy(Principal={"AWS": "123456789012"}),
    ),
    subscribing(
        "endpoint_fits_the_protocol", "does not support this protocol string: pigeon",
        ("pigeon", "x"), ("sqs", "arn:aws:sqs:us-east-1:123456789012:q"),
    ),
    subscribing("endpoint_fits_the_protocol", "Email address", ("email", "someone"), ("email", "someone@example.com")),
    subscribing(
        "endpoint_fits_the_protocol", "must match the specified protocol",
        ("https", "http://example.com"), ("https", "https://example.com"),
    ),
    subscribing(
        "filter_policy_is_one", "failed to parse JSON",
        ("email", "b@example.com", ("FilterPolicy", "{")), ("email", "b@example.com", ("FilterPolicy", '{"a": ["b"]}')),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"a": ["b", {"prefix": "c"}, {"numeric": [">", 1, "<=", 2]}, {"exists": False}, None, 1]}, None),
        ({"a": {"b": ["c"]}}, "does not support nested"),
        ({"a": "b"}, '"a" must be an object or an array'),
        ({"a": {"suffix": "b"}}, '"suffix" must be an object or an array'),
        ({"a": []}, "Empty arrays are not allowed"),
        ({"a": [["b"]]}, "Match value must be String"),
        ({"a": [{"wrong": True}]}, "Unrecognized match type wrong"),
        ({"a": [{"suffix": "b", "prefix": "c"}]}, "Only one key allowed"),
        ({"a": [{"suffix": 1}]}, "suffix match pattern must be a string"),
        ({"a": [{"exists": None}]}, "must be either true or false"),
        ({"a": [{"cidr": "10.0.0.0/8"}, {"cidr": "2001:db8::/32"}]}, None),
        ({"a": [{"cidr": ["b"]}]}, "prefix match pattern must be a string"),
        ({"a": [{"cidr": "b"}]}, "one '/' required"),
        ({"a": [{"cidr": "b/c"}]}, "mask bits must be an integer"),
        ({"a": [{"cidr": "b/64"}]}, "Nonstandard IP address: b"),
        ({"a": [{"numeric": []}]}, "Invalid member in numeric match: ]"),
        ({"a": [{"numeric": [1, "<="]}]}, "Invalid member in numeric match: 1"),
        ({"a": [{"numeric": ["operator"]}]}, "Unrecognized numeric range operator"),
        ({"a": [{"numeric": ["=", "000"]}]}, "Value of equals must be numeric"),
        ({"a": [{"numeric": [">="]}]}, "Value of >= must be numeric"),
        ({"a": [{"numeric": ["<", 100, ">", 10]}]}, "Too many elements"),
        ({"a": [{"numeric": [">", 20, 30]}]}, "Bad value in numeric range: 30"),
        ({"a": [{"numeric": [">=", 1, ">", 2]}]}, "Bad numeric range operator: >"),
        ({"a": [{"numeric": [">", 20, "<="]}]}, "Value of <= must be numeric"),
        ({"a": [{"numeric": [">", 3, "<", 1]}]}, "Bottom must be less than top"),
        ({"a": [{"numeric": [">", 20, "<", 30, "<", 50]}]}, "Too many terms"),
        ({str(number): ["a"] for number in range(5)}, None),
        ({str(number): ["a"] for number in range(6)}, "more than 5 keys"),
        ({"a": [*range(15)], "b": [*range(10)]}, None),
        ({"a": [*range(16)], "b": [*range(10)]}, "too complex"),
        ({"a": [*range(3)], "$or": [{"b": [*range(6)]}, {"c": [*range(4)], "d": [*range(11)]}]}, None),
        ({"a": [*range(3)], "$or": [{"b": [*range(7)]}, {"c": [*range(4)], "d": [*range(11)]}]}, "too complex"),
    ],
)  # fmt: skip
def test_filter_policies(policy, says):
    refused = filters.refusal(policy)
    assert refused is None if says is None else says in refused


def test_fields_of_a_body_count_by_their_depth():
    assert filters.refusal({"a": {"b": [*range(75)]}}, "MessageBody") is None
    assert filters.refusal({"a": {"b": [*range(76)]}}, "MessageBody") == "Filter policy is too complex"
