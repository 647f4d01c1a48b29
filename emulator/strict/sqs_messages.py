"""SQS: what a message may be, alone or in a batch, and what a receiver may ask for."""

import re

from emulator.strict import Refusal, rule
from emulator.strict.sqs import RANGES, fifo

RECORDED = "localstack: answers recorded from AWS"
BYTES = RANGES["MaximumMessageSize"][1]  # of a whole batch, too
ENTRIES = 10
SENDS = ("SendMessage", "SendMessageBatch")
BATCHES = ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")
PREFIX = "AWS.SimpleQueueService."
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE = re.compile(r"(?!\.|aws\.|amazon\.)[\w.-]{1,255}(?<!\.)", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]{1,128}")
_ENTRY = re.compile(r"[A-Za-z0-9_-]{1,80}")
_TYPE = re.compile(r"(String|Number|Binary)(\.[\w.-]+)?")


def size(message: dict) -> int:
    """Return a message's bytes: its body, and the name, type and value of each of its attributes."""
    total = len(message.get("MessageBody", "").encode(errors="surrogatepass"))
    for name, one in (message.get("MessageAttributes") or {}).items():
        value = one.get("StringValue") or ""
        total += (
            len(name.encode()) + len(one.get("DataType", "")) + len(value.encode()) + len(one.get("BinaryValue") or b"")
        )
    return total


def problem(message: dict, longest: int | None = None, reason: str = "are invalid") -> Refusal | None:
    """Return why SQS would not take a message; ``longest`` is its queue's MaximumMessageSize."""
    if _FORBIDDEN.search(message.get("MessageBody", "")):
        return Refusal(
            "InvalidMessageContents",
            "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to "
            "#xFFFD | #x10000 to #x10FFFF",
        )
    for name, one in (message.get("MessageAttributes") or {}).items():
        wrong = _attribute(name, one)
        if wrong:
            return Refusal("InvalidParameterValue", wrong)
    for key in ("MessageGroupId", "MessageDeduplicationId"):
        value = message.get(key)
        if value is not None and not _TOKEN.fullmatch(value):
            return Refusal(
                "InvalidParameterValue",
                f"Value {value} for parameter {key} is invalid. Reason: {key} can only include alphanumeric and "
                "punctuation characters. 1 to 128 in length.",
            )
    if longest is not None and size(message) > longest:
        return Refusal(
            "InvalidParameterValue",
            f"One or more parameters {reason}. Reason: Message must be shorter than {longest} bytes.",
        )
    return None


def _attribute(name: str, given: dict) -> str | None:
    kind = given.get("DataType", "")
    if not _ATTRIBUTE.fullmatch(name):
        return f"Invalid value for the message attribute name '{name}'."
    if len(kind) > 256 or not _TYPE.fullmatch(kind):
        return f"Invalid value for the data type of the message attribute '{name}'."
    field = "BinaryValue" if kind.startswith("Binary") else "StringValue"
    if not given.get(field):
        return (
            f"Message (user) attribute '{name}' must contain a non-empty value of type '{field.removesuffix('Value')}'."
        )
    if field == "StringValue" and _FORBIDDEN.search(given[field]):
        return f"Invalid characters found in the message attribute '{name}'."
    return None


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
