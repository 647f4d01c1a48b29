"""SQS: attributes stay as they were set, errors are AWS's, batches fail in part, and FIFO queues keep their order."""

import copy
import itertools

from moto.core.responses import ActionResult
from moto.core.serialize import BaseJSONSerializer
from moto.sqs import models
from moto.sqs.exceptions import InvalidParameterValue, QueueAlreadyExists, ReceiptHandleIsInvalid
from moto.sqs.models import DEDUPLICATION_TIME_IN_SECONDS, Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

from emulator import messages
from emulator.evidence import does, recorded
from emulator.patching import correction, replacing


@correction("sqs", "SetQueueAttributes changes only what it is given; policies come back as they were written")
def attributes():
    Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
    Queue.redrive_allow_policy = None
    Queue.redrive_policy_text = None

    @replacing(Queue, "_set_attributes")
    def set_attributes(original, self, attributes, now=None):
        attributes = dict(attributes)
        if "Policy" not in attributes:
            attributes["Policy"] = self.policy
        if attributes.get("KmsMasterKeyId"):
            attributes["SqsManagedSseEnabled"] = False
        elif str(attributes.get("SqsManagedSseEnabled")).lower() == "true":
            attributes["KmsMasterKeyId"] = None
        for key in ("Policy", "RedriveAllowPolicy"):  # an empty text removes a policy
            if key in attributes:
                attributes[key] = attributes[key] or None
        original(self, attributes, now)
        if "RedrivePolicy" in attributes:
            self.redrive_policy_text = attributes["RedrivePolicy"] or None
        if not self.redrive_policy:
            self.redrive_policy_text = None

    if not isinstance(Queue.attributes, property):
        raise AttributeError("Queue.attributes is no property")
    shown = Queue.attributes.fget

    def attributes(queue):
        answer = shown(queue)
        if isinstance(queue.redrive_policy_text, str):
            answer["RedrivePolicy"] = queue.redrive_policy_text
        return answer

    Queue.attributes = property(attributes)


# Errors, in AWS's words and codes

# SQS's errors have the codes of its old protocol; over JSON they have a name of their own, too.
NAMES = {
    "InvalidParameterValue": "InvalidParameterValueException",
    "MissingParameter": "MissingRequiredParameterException",
}


@correction("sqs", "an error has its name of today beside the code of the query protocol")
def error_names():
    @replacing(BaseJSONSerializer, "_get_protocol_specific_error_code")
    def code(original, self, error):
        told = original(self, error)
        if self.service_model.service_name != "sqs":
            return told
        prefix, separator, name = told.rpartition("#")
        return f"{prefix}{separator}{NAMES.get(name, name)}"


@correction("sqs", "CreateQueue with other attributes than the queue has names the first that differs")
def queue_exists():
    @replacing(SQSBackend, "create_queue")
    def create(original, self, name, tags=None, **attributes):
        try:
            return original(self, name, tags, **attributes)
        except QueueAlreadyExists:
            there = self.queues[name].attributes
            other = next(
                (key for key in attributes if str(there.get(key)) != str(attributes[key])), next(iter(attributes))
            )
            raise QueueAlreadyExists(
                f"A queue already exists with the same name and a different value for attribute {other}"
            ) from None


@correction("sqs", "a receipt handle that isn't one is named; a deleted message's is no longer taken")
@does(
    "A standard queue deletes by a receipt handle also after its visibility timeout; a FIFO queue refuses that.",
    recorded("sqs/test_sqs", "TestSqsProvider::test_fifo_delete_after_visibility_timeout"),
)
def receipt_handles():
    @replacing(Queue, "delete_message")
    def delete(original, self, receipt_handle):
        if self.fifo_queue and any(receipt_handle == one.receipt_handle and one.visible for one in self._messages):
            raise InvalidParameterValue(
                f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has "
                "expired."
            )
        try:
            original(self, receipt_handle)
        except ReceiptHandleIsInvalid as refused:
            refused.message = f'The input receipt handle "{receipt_handle}" is not a valid receipt handle.'
            raise

    @replacing(SQSBackend, "change_message_visibility")
    def change(original, self, queue_name, receipt_handle, visibility_timeout):
        if receipt_handle in self.get_queue(queue_name).deleted_messages:
            raise InvalidParameterValue(
                f"Value {receipt_handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is "
                "not available for visibility timeout change."
            )
        return original(self, queue_name, receipt_handle, visibility_timeout)


# Messages


@correction("sqs", "an entry of a batch that can't be sent fails by itself, and the others are sent")
def batches():
    @replacing(SQSBackend, "send_message_batch")
    def send(original, self, queue_name, entries):
        longest, failed, good = int(self.get_queue(queue_name).maximum_message_size), [], {}
        for key, entry in entries.items():
            wrong = messages.problem(entry, longest, "cannot be validated")
            if wrong is None:
                good[key] = entry
            else:
                failed.append({"Id": entry["Id"], "SenderFault": True, "Code": wrong.code, "Message": wrong.message})
        sent, others = original(self, queue_name, good) if good else ([], [])
        return sent, failed + others


@correction("sqs", "the name of a message's attribute may have letters of every script")
def attribute_names():
    if not hasattr(Message, "validate_attribute_name"):
        raise AttributeError("Message has no validate_attribute_name")
    Message.validate_attribute_name = staticmethod(lambda _name: None)  # strict rules judge it


@correction("sqs", "ReceiveMessage gives all attributes of a message where * is asked for")
def all_attributes():
    @replacing(models, "_filter_message_attributes")
    def keep(original, message, names):
        return original(message, [*names, "All"] if "*" in names else names)


@correction("sqs", "SendMessage says what the system's attributes of a message come to")
def system_attributes():
    @replacing(SQSResponse, "send_message")
    def send(original, self):
        answer, given = original(self), self._get_param("MessageSystemAttributes")
        if given:
            seen = Message("", "")
            seen.message_attributes = given
            answer.result["MD5OfMessageSystemAttributes"] = seen.attribute_md5
        return answer


@correction("sqs", "an answer leaves out the tags, and the successes or failures of a batch, that there aren't")
def nothing_empty():
    for name in ("list_queue_tags", "send_message_batch", "delete_message_batch", "change_message_visibility_batch"):

        @replacing(SQSResponse, name)
        def answer(original, self):
            made = original(self)
            return ActionResult({key: value for key, value in made.result.items() if value})


# FIFO queues


@correction("sqs", "a FIFO queue remembers for five minutes what was sent, within the scope that it was made with")
@does(
    "A FIFO queue takes a message whose deduplication id it has seen within five minutes and doesn't deliver it.",
    recorded("sqs/test_sqs", "TestSqsProvider::test_fifo_deduplication_arrives_once_after_delete"),
)
def deduplication():
    @replacing(Queue, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.sent, self.by_group = {}, self.deduplication_scope == "messageGroup"

    @replacing(Queue, "add_message")
    def add(original, self, message):
        if self.fifo_queue and message.deduplication_id:
            key = (message.group_id if self.by_group else None, message.deduplication_id)
            before = self.sent.get(key)
            if before is not None and message.sent_timestamp - before < DEDUPLICATION_TIME_IN_SECONDS * 1000:
                return
            self.sent[key] = message.sent_timestamp
        original(self, message)

    @replacing(SQSBackend, "purge_queue")
    def purge(original, self, queue_name):
        original(self, queue_name)
        self.get_queue(queue_name).sent.clear()


@correction("sqs", "a FIFO queue's messages have numbers that grow, and the delay of their queue")
def sequence():
    numbers = itertools.count(18_800_000_000_000_000_000, 256)

    @replacing(SQSBackend, "send_message")
    def send(original, self, queue_name, message_body, *args, **kwargs):
        if self.get_queue(queue_name).fifo_queue and not kwargs.get("delay_seconds"):
            kwargs["delay_seconds"] = None
        message = original(self, queue_name, message_body, *args, **kwargs)
        if message.group_id and self.get_queue(queue_name).fifo_queue:
            message.sequence_number = str(next(numbers))
        return message


@correction("sqs", "a FIFO queue gives its groups in turn, each in order up to the first message that is in flight")
@does(
    "A FIFO queue gives no further message of a group while one of it is in flight.",
    recorded("sqs/test_sqs", "TestSqsProvider::test_fifo_group_visibility_extends_with_change_message_visibility"),
)
def groups():
    @replacing(SQSBackend, "receive_message")
    def receive(original, self, queue_name, count, wait, visibility_timeout, message_attribute_names=None):
        queue = self.get_queue(queue_name)
        if not queue.fifo_queue:
            return original(self, queue_name, count, wait, visibility_timeout, message_attribute_names)
        by_group: dict[str, list] = {}
        found: list = []
        for message in queue._messages:
            by_group.setdefault(message.group_id, []).append(message)
        turns = queue.__dict__.setdefault("turns", {})  # when a group was last given
        for group in sorted(by_group, key=lambda one: turns.get(one, 0)):
            for message in by_group[group]:
                if len(found) == count or not message.visible or message.delayed:
                    break
                if _spent(queue, message):
                    queue._messages.remove(message)
                    queue.dead_letter_queue.add_message(message)
                    continue
                message.mark_received(visibility_timeout=visibility_timeout)
                turns[group] = next(_TURNS)
                seen = copy.deepcopy(message)
                models._filter_message_attributes(seen, message_attribute_names or [])
                found.append(seen)
        return found


_TURNS = itertools.count(1)


def _spent(queue, message) -> bool:
    allowed = (queue.redrive_policy or {}).get("maxReceiveCount")
    return queue.dead_letter_queue is not None and allowed is not None and message.approximate_receive_count >= allowed
