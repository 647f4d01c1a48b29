"""SQS as AWS answers it."""

import json
import re
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from tests.soon import SECONDS


@pytest.fixture
def sqs(aws):
    return aws("sqs")


def test_attributes_stay(sqs, name):
    dead = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "3"}, separators=(",", ":"))
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    source = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = json.dumps({"redrivePermission": "byQueue", "sourceQueueArns": [source]})
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": source}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=dead, Attributes={"RedriveAllowPolicy": allow})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "60"})
    seen = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert (seen["Policy"], seen["RedrivePolicy"], seen["VisibilityTimeout"]) == (policy, redrive, "60")
    assert seen["SqsManagedSseEnabled"] == "true"
    assert sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["RedriveAllowPolicy"])["Attributes"] == {
        "RedriveAllowPolicy": allow
    }
    sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": "", "RedrivePolicy": "", "KmsMasterKeyId": "alias/aws/sqs"}
    )
    seen = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert not {"Policy", "RedrivePolicy"} & set(seen)
    assert seen["SqsManagedSseEnabled"] == "false"


def test_dead_letters_still_work(sqs, name):
    dead = sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})[
        "QueueUrl"
    ]
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    for _ in range(3):
        sqs.receive_message(QueueUrl=queue)
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == "m"


@pytest.mark.parametrize("path", ["123456789012/{}", ""])
def test_a_receiver_over_the_old_protocol_holds_up_nobody(endpoint, sqs, name, path, receiving):
    name = re.sub(r"[^\w-]", "-", name)[:80]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    asked = urllib.request.Request(
        f"{endpoint}/{path.format(name)}",
        urlencode(
            {"Action": "ReceiveMessage", "Version": "2012-11-05", "WaitTimeSeconds": 10, "QueueUrl": queue}
        ).encode(),
        {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/sqs/aws4_request"},
    )
    with ThreadPoolExecutor(1) as pool:
        receives = pool.submit(lambda: urllib.request.urlopen(asked).read())
        assert receiving.wait(SECONDS)
        # Held up until nobody waits any more, it would come too late for the receiver.
        sqs.send_message(QueueUrl=queue, MessageBody="while it waits")
        assert b"while it waits" in receives.result()


def test_errors_have_both_names(sqs, name):
    with pytest.raises(ClientError) as caught:
        sqs.receive_message(QueueUrl=sqs.create_queue(QueueName=name)["QueueUrl"], MaxNumberOfMessages=11)
    error = caught.value.response["Error"]
    assert (error["Code"], error["QueryErrorCode"]) == ("InvalidParameterValue", "InvalidParameterValueException")


def test_another_queue_of_a_name_is_told_by_its_attribute(sqs, name):
    sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1", "DelaySeconds": "2"})
    with pytest.raises(sqs.exceptions.QueueNameExists, match="different value for attribute DelaySeconds"):
        sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "1", "DelaySeconds": "3"})


def test_receipt_handles(sqs, name):
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    with pytest.raises(ClientError, match='The input receipt handle "x" is not a valid receipt handle'):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle="x")
    sqs.send_message(QueueUrl=queue, MessageBody="m")
    handle = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    with pytest.raises(ClientError, match="does not exist or is not available"):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=1)


def test_a_batch_fails_in_part(sqs, name):
    queue = sqs.create_queue(QueueName=name, Attributes={"MaximumMessageSize": "1024"})["QueueUrl"]
    bodies = {"good": "b" * 1024, "long": "b" * 1025, "odd": "\x01"}
    entries = [{"Id": key, "MessageBody": body} for key, body in bodies.items()]
    answer = sqs.send_message_batch(QueueUrl=queue, Entries=entries)
    assert [one["Id"] for one in answer["Successful"]] == ["good"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in answer["Failed"]] == [
        ("long", "InvalidParameterValue", True), ("odd", "InvalidMessageContents", True),
    ]  # fmt: skip
    assert "cannot be validated" in answer["Failed"][0]["Message"]
    assert "Failed" not in sqs.send_message_batch(QueueUrl=queue, Entries=entries[:1])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=queue)


def test_attributes_of_messages(sqs, name):
    queue = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    given = {"name.ø": {"DataType": "String", "StringValue": "v"}}
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}
    sent = sqs.send_message(
        QueueUrl=queue, MessageBody="m", MessageAttributes=given, MessageSystemAttributes=trace
    )  # fmt: skip
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32
    seen = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["*"], AttributeNames=["SenderId"])["Messages"][0]
    assert (seen["MessageAttributes"], list(seen["Attributes"])) == (given, ["SenderId"])


@pytest.fixture
def fifo(sqs, name):
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    queue = sqs.create_queue(QueueName=f"{name}.fifo"[-80:], Attributes=attributes)["QueueUrl"]

    class Fifo:
        url = queue

        def send(self, *bodies):
            """Send messages to the groups that their first letters name."""
            return [
                sqs.send_message(QueueUrl=queue, MessageBody=one, MessageGroupId=one[0])["SequenceNumber"]
                for one in bodies
            ]

        def receive(self, count=10, **more):
            found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=count, **more).get("Messages", [])
            self.handles = [one["ReceiptHandle"] for one in found]
            return [one["Body"] for one in found]

    return Fifo()


def test_groups_take_turns(fifo):
    numbers = fifo.send("a1", "b1", "b2", "c1", "a2")
    assert numbers == sorted(numbers, key=int)
    assert fifo.receive(3, VisibilityTimeout=0) == ["a1", "a2", "b1"]
    assert fifo.receive(VisibilityTimeout=0) == ["c1", "a1", "a2", "b1", "b2"]


def test_a_group_stops_at_a_message_in_flight(sqs, fifo):
    fifo.send("a1", "a2", "b1")
    assert fifo.receive(2) == ["a1", "a2"]
    sqs.change_message_visibility(QueueUrl=fifo.url, ReceiptHandle=fifo.handles[0], VisibilityTimeout=0)
    assert fifo.receive() == ["b1", "a1"]
    sqs.change_message_visibility(QueueUrl=fifo.url, ReceiptHandle=fifo.handles[1], VisibilityTimeout=0)
    with pytest.raises(ClientError, match="receipt handle has expired"):
        sqs.delete_message(QueueUrl=fifo.url, ReceiptHandle=fifo.handles[1])


def test_a_deleted_message_is_not_sent_again(sqs, fifo):
    fifo.send("a1")
    fifo.receive()
    sqs.delete_message(QueueUrl=fifo.url, ReceiptHandle=fifo.handles[0])
    fifo.send("a1")
    assert fifo.receive() == []
    sqs.purge_queue(QueueUrl=fifo.url)
    fifo.send("a1")
    assert fifo.receive() == ["a1"]


def test_the_old_protocol_has_all_of_an_answer(endpoint, sqs, name):
    queue = sqs.create_queue(QueueName=name, tags={"k": "v"})["QueueUrl"]

    def ask(**more):
        form = urlencode({"Version": "2012-11-05", "QueueUrl": queue, **more}).encode()
        signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/sqs/aws4_request"}
        return urllib.request.urlopen(urllib.request.Request(queue, form, signed), timeout=20).read()

    assert b"<Value>v</Value>" in ask(Action="ListQueueTags")
    entry = {"SendMessageBatchRequestEntry.1.Id": "a", "SendMessageBatchRequestEntry.1.MessageBody": "b"}
    assert b"<Id>a</Id>" in ask(Action="SendMessageBatch", **entry)
