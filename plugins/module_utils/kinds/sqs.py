"""SQS."""

from __future__ import annotations

import json
import time

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.policies import canonical
from ..engine.refusals import Refusal
from ..engine.severity import Severity, opens_to_everybody
from ..engine.unmodelled import watch, with_unmodelled

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
# Our field: SQS's attribute.
NUMBERS = {
    "visibility_timeout": "VisibilityTimeout",
    "message_retention_period": "MessageRetentionPeriod",
    "receive_message_wait_time_seconds": "ReceiveMessageWaitTimeSeconds",
    "delay_seconds": "DelaySeconds",
    "maximum_message_size": "MaximumMessageSize",
}
DOCUMENTS = {
    "policy": "Policy",
    "redrive_policy": "RedrivePolicy",
    "redrive_allow_policy": "RedriveAllowPolicy",
}
# What counts its messages.
COUNTS = (
    "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed", "ApproximateNumberOfMessagesNotVisible",
)  # fmt: skip
OTHERS = {"sqs_managed_sse_enabled": "SqsManagedSseEnabled", "kms_master_key_id": "KmsMasterKeyId"}


def document(field: str, value) -> dict:
    """Return one of a queue's JSON attributes, from text or dict, in one spelling; nothing is an empty dict."""
    if not value:
        return {}
    if field == "policy":
        return canonical(value) or {}
    said = json.loads(value) if isinstance(value, str) else dict(value)
    if "maxReceiveCount" in said:
        said["maxReceiveCount"] = int(said["maxReceiveCount"])
    if "sourceQueueArns" in said:
        said["sourceQueueArns"] = sorted(said["sourceQueueArns"])
    return said


def attributes(want: dict, fields) -> dict[str, str]:
    """Return the named fields as SQS's attributes, which are all text."""
    made = {}
    for field in fields:
        value = want.get(field)
        if value is None:
            continue
        if field in NUMBERS:
            made[NUMBERS[field]] = str(value)
        elif field in DOCUMENTS:
            made[DOCUMENTS[field]] = json.dumps(value) if value else ""
        elif field in OTHERS:
            made[OTHERS[field]] = str(value).lower() if isinstance(value, bool) else value
    return made


class SqsQueue(Kind):
    """A standard queue with its policies and encryption."""

    name = "sqs_queue"
    title = "queue"
    service = "sqs"
    module = "flow_builder.aws.sqs_queue"
    cloudformation = "AWS::SQS::Queue"
    properties = {"QueueName": "name"}
    needs = ("kms_key",)
    writable_as = {"*": "Attributes"}  # by name, which the model does not tell
    ignored = frozenset({*COUNTS, "LastModifiedTimestamp"})
    # A name is free a minute after its queue was deleted; attributes take as long to be seen by all of SQS.
    settling = (("QueueDeletedRecently", ""),)
    settle_seconds = 180
    equal_reads = dict.fromkeys((*NUMBERS, *DOCUMENTS, *OTHERS), 6)
    refusals = (
        Refusal(
            "a queue of this name was deleted less than 60 seconds ago", "QueueDeletedRecently",
            "the run tries again until the name is free",
        ),
    )  # fmt: skip
    severities = (Severity("critical", "policy*", opens_to_everybody),)
    unmanaged = (
        Listing(
            "list_queues", "QueueUrls", parameters={"QueueNamePrefix": "{stack}"},
            delete=("delete_queue", "QueueUrl"),
        ),
    )

    def want(self, arguments):
        """Normalise the JSON attributes."""
        want = super().want(arguments)
        return want | {field: document(field, want[field]) for field in DOCUMENTS if field in want}

    def find(self, aws, want):
        """Return the queue of this name."""
        found = unless(GONE, aws("sqs").get_queue_url, QueueName=want["name"])
        return self._live(aws, found["QueueUrl"]) if found else None

    def stack(self, aws, stack):
        """Return the queues tagged with the stack, among those whose name begins like it."""
        urls = aws.pages("sqs", "list_queues", "QueueUrls", QueueNamePrefix=stack)
        found = (self._live(aws, url) for url in urls)
        return [queue for queue in found if queue and queue["tags"].get("Stack") == stack]

    def _live(self, aws, url):
        sqs = aws("sqs")
        answer = unless(GONE, sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["All"])
        tags = unless(GONE, sqs.list_queue_tags, QueueUrl=url)
        if answer is None or tags is None:  # a deleted queue is listed for a while
            return None
        said = watch(answer["Attributes"])
        live = {
            "name": said["QueueArn"].rsplit(":", 1)[1],
            "url": url,
            "arn": said["QueueArn"],
            **{field: int(said[theirs]) for field, theirs in NUMBERS.items() if theirs in said},
            **{field: document(field, said.get(theirs)) for field, theirs in DOCUMENTS.items()},
            "sqs_managed_sse_enabled": said.get("SqsManagedSseEnabled") == "true",
            "kms_master_key_id": said.get("KmsMasterKeyId", ""),
            "tags": tagging.own(tags.get("Tags")),
        }
        return with_unmodelled(live, said)

    def loses(self, aws, live, want, changes):
        """SQS deletes messages that are older than its queue keeps them, at once; and all with the queue."""
        kept = want["message_retention_period"] if want and "message_retention_period" in changes else None
        if want and (kept is None or kept >= live["message_retention_period"]):
            return ""
        names = [*COUNTS, "CreatedTimestamp"]
        said = unless(
            GONE, aws("sqs").get_queue_attributes, QueueUrl=live["url"], AttributeNames=names, otherwise={}
        ).get("Attributes", {})  # fmt: skip
        messages = sum(int(said.get(name, 0)) for name in COUNTS)
        if not messages or (want and kept and time.time() - float(said.get("CreatedTimestamp", 0)) < kept):
            return ""
        of = f"those of its {messages} messages that are older than {kept} seconds"
        return f"{of if want else f'its {messages} messages'} would be deleted"

    def create(self, aws, want):
        """Create the queue with everything at once, so that it is never without its policy."""
        made = {key: value for key, value in attributes(want, want).items() if value}
        aws("sqs").create_queue(QueueName=want["name"], Attributes=made, tags=want.get("tags", {}))

    def update(self, aws, live, want, changes):
        """Set what differs."""
        aws("sqs").set_queue_attributes(QueueUrl=live["url"], Attributes=attributes(want, changes))

    def tag(self, aws, live, add, remove):
        """Tag by URL."""
        if add:
            aws("sqs").tag_queue(QueueUrl=live["url"], Tags=add)
        if remove:
            aws("sqs").untag_queue(QueueUrl=live["url"], TagKeys=remove)

    def delete(self, aws, live):
        """Delete the queue and the messages in it."""
        unless(GONE, aws("sqs").delete_queue, QueueUrl=live["url"])

    def computed(self, aws, want):
        """A queue's ARN can be computed."""
        return {"arn": aws.arn("sqs", want["name"]), "url": self.unknown(want, "url")}


SQS_QUEUE = SqsQueue()
