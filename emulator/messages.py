"""What SQS takes as a message: in a call that strict mode judges, and in a batch's entries, which fail one by one."""

import re

from emulator.errors import Refusal

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTRIBUTE = re.compile(r"(?!\.|aws\.|amazon\.)[\w.-]{1,255}(?<!\.)", re.IGNORECASE)
_TOKEN = re.compile(r"[!-~]{1,128}")
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
