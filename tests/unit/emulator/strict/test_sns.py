"""SNS refuses what AWS's SNS refuses."""

import itertools
import json

import pytest
from rulecases import Case


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
        "filter_policy_is_json", "failed to parse JSON",
        ("email", "b@example.com", ("FilterPolicy", "{")), ("email", "b@example.com", ("FilterPolicy", '{"a": ["b"]}')),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)
