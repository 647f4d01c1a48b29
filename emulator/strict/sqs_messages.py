"""SQS: what a message may be, alone or in a batch, and what a receiver may ask for."""

import re

from emulator.messages import problem, size
from emulator.strict import RECORDED, Refusal, rule
from emulator.strict.sqs import RANGES, fifo

BYTES = RANGES["MaximumMessageSize"][1]  # of a whole batch, too
ENTRIES = 10
SENDS = ("SendMessage", "SendMessageBatch")
BATCHES = ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")
PREFIX = "AWS.SimpleQueueService."
_ENTRY = re.compile(r"[A-Za-z0-9_-]{1,80}")


def _longest(call) -> int:
    queue = call.backend().queues.get(call.parameters["QueueUrl"].rstrip("/").split("/")[-1])
    return int(queue.maximum_message_size) if queue else BYTES


@rule("sqs", "SendMessage", code="InvalidParameterValue", source=RECORDED)
def message_is_one(call):
    """A message is 1 MiB or what its queue allows with its attributes, of characters that XML has, rightly named."""
    if call.parameters.get("MessageBody") == "":
        return Refusal("MissingParameter", "The request must contain the parameter MessageBody.")
    return problem(call.parameters, _longest(call))


@rule("sqs", "SendMessage", code="InvalidParameterValue", source=RECORDED)
def fifo_takes_no_delay(call):
    """A message to a FIFO queue has no delay of its own."""
    delay = call.parameters.get("DelaySeconds")
    if not fifo(call) or not delay:
        return None
    return (
        f"Value {delay} for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid "
        "for this queue type."
    )


@rule("sqs", *SENDS, code="MissingParameter", source=RECORDED)
def fifo_has_groups(call):
    """A message to a FIFO queue has a group; in a batch AWS calls the lack an invalid value."""
    batch = call.operation == "SendMessageBatch"
    if not fifo(call) or all(one.get("MessageGroupId") for one in (_entries(call) if batch else [call.parameters])):
        return None
    code = "InvalidParameterValue" if batch else "MissingParameter"
    return Refusal(code, "The request must contain the parameter MessageGroupId.")


def _entries(call) -> list[dict]:
    return call.parameters.get("Entries") or []


@rule("sqs", *BATCHES, code=PREFIX + "InvalidBatchEntryId", source=RECORDED + ", SQS API reference, SendMessageBatch")
def batch_is_one(call):
    """A batch has one to ten entries, each with an id of its own, and one to 1 MiB altogether."""
    ids = [one.get("Id", "") for one in _entries(call)]
    if not ids:
        return Refusal(
            PREFIX + "EmptyBatchRequest", f"There should be at least one {call.operation}RequestEntry in the request."
        )
    if len(ids) > ENTRIES:
        return Refusal(
            PREFIX + "TooManyEntriesInBatchRequest",
            f"Maximum number of entries per request are {ENTRIES}. You have sent {len(ids)}.",
        )
    if not all(map(_ENTRY.fullmatch, ids)):
        return (
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 "
            "letters long."
        )
    twice = next((one for index, one in enumerate(ids) if one in ids[:index]), None)
    if twice is not None:
        return Refusal(PREFIX + "BatchEntryIdsNotDistinct", f"Id {twice} repeated.")
    total = sum(map(size, _entries(call)))
    if total > BYTES:
        return Refusal(
            PREFIX + "BatchRequestTooLong",
            f"Batch requests cannot be longer than {BYTES} bytes. You have sent {total} bytes.",
        )
    return None


@rule("sqs", "ReceiveMessage", code="InvalidParameterValue", source=RECORDED)
def receiver_asks_within_bounds(call):
    """A receiver takes one to ten messages and waits up to 20 seconds."""
    for key, least, most, said in (
        ("MaxNumberOfMessages", 1, 10, "between 1 and 10"), ("WaitTimeSeconds", 0, 20, ">= 0 and <= 20"),
    ):  # fmt: skip
        value = call.parameters.get(key)
        if value is not None and not least <= value <= most:
            return f"Value {value} for parameter {key} is invalid. Reason: Must be {said}, if provided."
    return None
