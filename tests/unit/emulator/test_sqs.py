"""SQS as AWS answers it."""

import json

import pytest


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
