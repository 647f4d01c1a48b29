"""What SQS takes."""

from __future__ import annotations

from .registry import Sentences, Variable, rule

LIMITS = {
    "queue_visibility_timeout_seconds": (0, 43200),
    "queue_message_retention_seconds": (60, 1209600),
    "queue_receive_wait_seconds": (0, 20),
    "queue_maximum_message_bytes": (1024, 1048576),
    "queue_max_receive_count": (1, 1000),
    "queue_dead_letter_retention_seconds": (60, 1209600),
}


@rule("queue_*")
def limits(value: Variable) -> Sentences:
    """A queue's attributes have limits."""
    low, high = LIMITS.get(value.name, (0, 0))
    if value.name in LIMITS and not low <= value.value <= high:
        yield f"{value}: SQS allows {low} to {high}"


@rule("queue_message_retention_seconds", "queue_dead_letter_retention_seconds")
def dead_letters(messages: Variable, letters: Variable) -> Sentences:
    """A dead letter's age counts from when the message was sent."""
    if letters.value <= messages.value:
        yield f"{letters}, and {messages}: dead letters must be kept longer than messages, or some are never seen"


@rule("send_jobs_count")
def some_jobs(count: Variable) -> Sentences:
    """A try-out: more than a thousand wait longer than anybody does."""
    if not 1 <= count.value <= 1000:
        yield f"{count}: allowed are 1 to 1000 jobs"
