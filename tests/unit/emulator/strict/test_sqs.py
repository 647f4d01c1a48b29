"""SQS refuses what AWS's SQS refuses."""

import itertools
import json

import pytest
from rulecases import Case

NUMBER = itertools.count()
VALUE, ATTRIBUTE, NAME = "InvalidParameterValue", "InvalidAttributeValue", "InvalidAttributeName"
HERE = "arn:aws:sqs:us-east-1:123456789012:"


class World:
    """Queues."""

    def __init__(self, aws):
        self.sqs = aws("sqs")

    def name(self, fifo=False):
        return f"plain-{next(NUMBER)}{'.fifo' if fifo else ''}"

    def make(self, name=None, fifo=False, **attributes):
        name = name or self.name(fifo)
        if fifo:
            attributes = {"FifoQueue": "true"} | attributes
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return name

    def set(self, fifo=False, **attributes):
        url = self.sqs.get_queue_url(QueueName=self.make(fifo=fifo))["QueueUrl"]
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)

    def policy(self, **statement):
        given = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"} | statement
        given = {key: value for key, value in given.items() if value is not None}
        return self.make(Policy=json.dumps({"Version": "2012-10-17", "Statement": [given]}))

    def redrive(self, arn=None, count=5, fifo=False, **more):
        arn = arn or HERE + self.make(fifo=fifo)
        given = {"deadLetterTargetArn": arn, "maxReceiveCount": count} | more
        given = {key: value for key, value in given.items() if value is not None}
        return self.make(fifo=fifo, RedrivePolicy=json.dumps(given))

    def allowing(self, permission, *sources, **more):
        given = {"redrivePermission": permission} | ({"sourceQueueArns": list(sources)} if sources else {}) | more
        return HERE + self.make(RedriveAllowPolicy=json.dumps(given))

    def queue(self, fifo=False, **attributes):
        return self.url(self.make(fifo=fifo, **({"ContentBasedDeduplication": "true"} if fifo else {}) | attributes))

    def send(self, body, attributes=None, group=None, fifo=False, MaximumMessageSize=None, **more):
        size = {"MaximumMessageSize": MaximumMessageSize} if MaximumMessageSize else {}
        named = {key: {"DataType": "String", "StringValue": value} for key, value in (attributes or {}).items()}
        more |= {"MessageGroupId": group} if group else {}
        return self.sqs.send_message(QueueUrl=self.queue(fifo, **size), MessageBody=body, MessageAttributes=named, **more)

    def send_batch(self, *ids, body="b", fifo=False, **more):
        entries = [{"Id": one, "MessageBody": body, **more} for one in ids]
        return self.sqs.send_message_batch(QueueUrl=self.queue(fifo), Entries=entries)

    def receive(self, **more):
        return self.sqs.receive_message(QueueUrl=self.queue(), **more)

    def url(self, name):
        return self.sqs.get_queue_url(QueueName=name)["QueueUrl"]


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


CASES = [
    Case("queue_has_a_name", VALUE, "alphanumeric", lambda w: w.make("a.b"), lambda w: w.make("a-b_1")),
    Case("queue_has_a_name", VALUE, "1 to 80", lambda w: w.make("a" * 81), lambda w: w.make("a" * 80)),
    Case("queue_has_a_name", VALUE, ".fifo", lambda w: w.make("plain", FifoQueue="true"), lambda w: w.make(fifo=True)),
    Case("queue_has_a_name", VALUE, "alphanumeric", lambda w: w.make("b.fifo"), lambda w: w.make("b.fifo", fifo=True)),
    Case("attribute_is_known", NAME, "only when FifoQueue", lambda w: w.make(DeduplicationScope="queue"), lambda w: w.make(fifo=True, DeduplicationScope="queue")),
    Case("attribute_is_known", NAME, "ContentBasedDeduplication", lambda w: w.set(ContentBasedDeduplication="true"), lambda w: w.make(fifo=True, ContentBasedDeduplication="true")),
    Case("attribute_in_range", ATTRIBUTE, "VisibilityTimeout", lambda w: w.make(VisibilityTimeout="43201"), lambda w: w.make(VisibilityTimeout="43200")),
    Case("attribute_in_range", ATTRIBUTE, "MessageRetentionPeriod", lambda w: w.set(MessageRetentionPeriod="59"), lambda w: w.set(MessageRetentionPeriod="60")),
    Case("attribute_is_known", NAME, "Unknown Attribute FifoQueue", lambda w: w.make(FifoQueue="false"), lambda w: w.make(fifo=True)),
    Case("attribute_is_known", NAME, "Unknown Attribute FifoQueue", lambda w: w.set(FifoQueue="true"), lambda w: w.set(DelaySeconds="0")),
    Case("queue_keeps_its_type", ATTRIBUTE, "Modifying queue type", lambda w: w.set(fifo=True, FifoQueue="false"), lambda w: w.set(fifo=True, FifoQueue="true")),
    Case("queue_policy_is_a_policy", ATTRIBUTE, "parameter Policy", lambda w: w.make(Policy="{"), lambda w: w.policy()),
    Case("queue_policy_is_a_policy", ATTRIBUTE, "parameter Policy", lambda w: w.policy(Principal=None), lambda w: w.policy(Principal={"Service": "events.amazonaws.com"})),
    Case("queue_policy_is_a_policy", ATTRIBUTE, "parameter Policy", lambda w: w.policy(Principal={"AWS": "arn:aws:iam::123456789012:role/none"}), lambda w: w.policy(Principal={"AWS": "123456789012"})),
    Case("queue_policy_is_a_policy", ATTRIBUTE, "Invalid action", lambda w: w.policy(Action="s3:GetObject"), lambda w: w.policy(Action=["SQS:*"])),
    Case("redrive_goes_to_a_queue", VALUE, "Dead letter target does not exist", lambda w: w.redrive(HERE + "none"), lambda w: w.redrive()),
    Case("redrive_goes_to_a_queue", VALUE, "mandatory attribute: maxReceiveCount", lambda w: w.redrive(count=None), lambda w: w.redrive(count="3")),
    Case("redrive_goes_to_a_queue", VALUE, "from 1 to 1000", lambda w: w.redrive(count=1001), lambda w: w.redrive(count=1000)),
    Case("redrive_goes_to_a_queue", VALUE, "same type", lambda w: w.redrive(HERE + w.make(), fifo=True), lambda w: w.redrive(fifo=True)),
    Case("redrive_goes_to_a_queue", VALUE, "Only SQS queues", lambda w: w.redrive("arn:aws:sns:us-east-1:123456789012:t"), lambda w: w.redrive()),
    Case("redrive_goes_to_a_queue", VALUE, "Only following attributes", lambda w: w.redrive(more=1), lambda w: w.redrive()),
    Case("redrive_goes_to_a_queue", VALUE, "not a valid JSON map", lambda w: w.make(RedrivePolicy="[]"), lambda w: w.redrive()),
    Case("redrive_is_allowed", VALUE, "does not allow", lambda w: w.redrive(w.allowing("denyAll")), lambda w: w.redrive(w.allowing("allowAll"))),
    Case("redrive_is_allowed", VALUE, "does not allow", lambda w: w.redrive(w.allowing("byQueue", HERE + "other")), lambda w: w.redrive()),
    Case("redrive_allow_policy_is_one", VALUE, "unsupported format", lambda w: w.allowing("some"), lambda w: w.allowing("denyAll")),
    Case("redrive_allow_policy_is_one", VALUE, "between 1 and 10", lambda w: w.allowing("byQueue"), lambda w: w.allowing("byQueue", HERE + "q")),
    Case("redrive_allow_policy_is_one", VALUE, "only when the permission type is byQueue", lambda w: w.allowing("allowAll", HERE + "q"), lambda w: w.allowing("allowAll")),
    Case("one_encryption_at_a_time", ATTRIBUTE, "one type", lambda w: w.make(KmsMasterKeyId="alias/aws/sqs", SqsManagedSseEnabled="true"), lambda w: w.make(KmsMasterKeyId="alias/aws/sqs", SqsManagedSseEnabled="false")),
    Case("throughput_per_group_dedups_per_group", ATTRIBUTE, "DeduplicationScope must be", lambda w: w.make(fifo=True, FifoThroughputLimit="perMessageGroupId"), lambda w: w.make(fifo=True, FifoThroughputLimit="perMessageGroupId", DeduplicationScope="messageGroup")),
    Case("message_is_one", "MissingParameter", "MessageBody", lambda w: w.send(""), lambda w: w.send("b")),
    Case("message_is_one", VALUE, "shorter than 1024 bytes", lambda w: w.send("é" * 513, MaximumMessageSize="1024"), lambda w: w.send("é" * 512, MaximumMessageSize="1024")),
    Case("message_is_one", VALUE, "shorter than 1048576 bytes", lambda w: w.send("b" * 1048568, attributes={"k": "x"} | {"m": "y"}), lambda w: w.send("b" * 1048568, attributes={"k": "x"})),
    Case("message_is_one", "InvalidMessageContents", "Valid unicode", lambda w: w.send("a\x08"), lambda w: w.send("a\t\U0001f600")),
    Case("message_is_one", VALUE, "non-empty value of type 'String'", lambda w: w.send("b", attributes={"k": ""}), lambda w: w.send("b", attributes={"k.ø": "x"})),
    Case("message_is_one", VALUE, "attribute name", lambda w: w.send("b", attributes={"aWs.k": "x"}), lambda w: w.send("b", attributes={"awsk": "x"})),
    Case("message_is_one", VALUE, "Invalid characters", lambda w: w.send("b", attributes={"k": "\x0b"}), lambda w: w.send("b", attributes={"k": "\n"})),
    Case("message_is_one", VALUE, "MessageGroupId can only include", lambda w: w.send("b", group="a b"), lambda w: w.send("b", group="a-b")),
    Case("fifo_takes_no_delay", VALUE, "not valid for this queue type", lambda w: w.send("b", fifo=True, group="g", DelaySeconds=2), lambda w: w.send("b", fifo=True, group="g", DelaySeconds=0)),
    Case("fifo_has_groups", "MissingParameter", "MessageGroupId", lambda w: w.send("b", fifo=True), lambda w: w.send("b", fifo=True, group="g")),
    Case("fifo_has_groups", VALUE, "MessageGroupId", lambda w: w.send_batch("1", fifo=True), lambda w: w.send_batch("1", fifo=True, MessageGroupId="g")),
    Case("batch_is_one", "AWS.SimpleQueueService.InvalidBatchEntryId", "batch entry id", lambda w: w.send_batch("a:b"), lambda w: w.send_batch("a_b-1")),
    Case("batch_is_one", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", "You have sent 11", lambda w: w.send_batch(*map(str, range(11))), lambda w: w.send_batch(*map(str, range(10)))),
    Case("batch_is_one", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", "Id a repeated", lambda w: w.send_batch("a", "b", "a"), lambda w: w.send_batch("a", "b")),
    Case("batch_is_one", "AWS.SimpleQueueService.BatchRequestTooLong", "You have sent 1048577", lambda w: w.send_batch("a", body="b" * 1048577), lambda w: w.send_batch("a", "b", body="b" * 524288)),
    Case("receiver_asks_within_bounds", VALUE, "between 1 and 10", lambda w: w.receive(MaxNumberOfMessages=11), lambda w: w.receive(MaxNumberOfMessages=10)),
    Case("receiver_asks_within_bounds", VALUE, ">= 0 and <= 20", lambda w: w.receive(WaitTimeSeconds=-1), lambda w: w.receive(WaitTimeSeconds=0)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


@pytest.fixture
def later(monkeypatch):
    """Move the emulator's clock for this test."""
    from emulator import clock

    real, moved = clock.now, [0]
    monkeypatch.setattr(clock, "now", lambda: real() + moved[0])

    def move(seconds):
        moved[0] += seconds

    return move


def test_deleted_name_rests(world, refused, later):
    name = world.make()
    world.sqs.delete_queue(QueueUrl=world.url(name))
    refused("AWS.SimpleQueueService.QueueDeletedRecently", world.make, name)
    later(61)
    world.make(name)
