"""SQS on the emulator's clock, safe to threads, and telling pipes of new messages."""

from collections import defaultdict
from collections.abc import Callable

from moto.sqs import models

from emulator import clock, state
from emulator.evidence import documented, does
from emulator.lock import LOCK
from emulator.patching import replacing

API = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/"

# By queue ARN: who wants to know that a message came.
LISTENERS: dict[str, set[Callable[[], None]]] = state.held(defaultdict(set))


@does(
    "A message that wasn't deleted can be received again when its visibility timeout is over.",
    documented(API + "API_ReceiveMessage.html"),
)
def next_visible(queue) -> float | None:
    """Return when the next message that is in flight or delayed can be received; None when there is none."""
    times = [max(one.visible_at, one.delayed_until) / 1000 for one in queue._messages]
    return min(times, default=None)


@does(
    "A pipe, like Lambda, sees a new message at once: it polls all the time.",
    documented("https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-sqs.html", "long polling"),
)
@does(
    "ReceiveMessage waits as long as WaitTimeSeconds says for a message, and no longer than until one comes.",
    documented(API + "API_ReceiveMessage.html", "WaitTimeSeconds"),
)
@does(
    "A message that was received more often than maxReceiveCount goes to the dead-letter queue.",
    documented(API + "API_SetQueueAttributes.html", "RedrivePolicy"),
)
def install() -> None:
    """Put queues on the clock."""
    models.unix_time = clock.now
    models.unix_time_millis = lambda: clock.now() * 1000

    @replacing(models.Queue, "add_message")
    def add(original, self, message):
        original(self, message)
        for told in list(LISTENERS.get(self.queue_arn, ())):
            told()

    @replacing(models.SQSBackend, "receive_message")
    def receive(original, self, queue_name, count, wait_seconds_timeout, *args, **kwargs):
        # moto waits with everybody's state in its hands; here only the looks hold the lock.
        end = clock.now() + wait_seconds_timeout
        while True:
            with LOCK:
                found = original(self, queue_name, count, 0, *args, **kwargs)
                queue = self.get_queue(queue_name)
            if found or clock.now() >= end:
                return found
            with queue._messages_lock:
                if not any(one.visible and not one.delayed for one in queue._messages):
                    queue._messages_lock.wait(min(0.2, clock.until(end)))
