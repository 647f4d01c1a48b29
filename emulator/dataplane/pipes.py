"""EventBridge Pipes: a poller per pipe that reads its queue and runs a task per message.

As on AWS a message is deleted as soon as RunTask accepts the task. If it's refused, the message stays in flight until
its visibility timeout is over, and comes again until the queue's own redrive policy lays it aside.
"""

import json
import threading
import time
import uuid

from moto.pipes.models import EventBridgePipesBackend as Backend

from emulator import clock, patterns, state
from emulator.dataplane import functions, paths, queues, targets
from emulator.dataplane.engine import ENGINE, log
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks
from emulator.lock import LOCK
from emulator.patching import replacing
from emulator.permissions import Role, check_key

PIPES = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-"
lacks(
    __name__,
    "Pipes",
    "each message is an invocation of its own, whatever the batch size and window say; no pipe is disabled for "
    "constant errors, and only throttling slows one down",
)

PRINCIPAL = "pipes.amazonaws.com"
FORBIDDEN = (
    "Pipes does not have required permissions to perform Queue operations "
    "(sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes)"
)
AT_ONCE = 10  # messages per receive; each is an invocation of its own
BACKOFF = 1.0  # seconds after a throttled RunTask
_pollers: dict[str, "Poller"] = {}


class Killed(Exception):
    """The poller's process is gone: nothing more is done, and nothing is cleaned up."""


class Poller:
    """The process of one pipe."""

    def __init__(self, pipe):
        self.pipe, self.wake = pipe, threading.Event()
        self.killed = self.left = False
        self.role = Role(pipe.role_arn, PRINCIPAL, pipe.arn)
        self.region = pipe.source.split(":")[3]
        queues.LISTENERS[pipe.source].add(self.wake.set)
        clock.when_moved(self.wake.set)
        ENGINE.background(self._work)

    def leave(self) -> None:
        """Stop after the messages at hand."""
        self.left = True
        self._off()

    def kill(self) -> None:
        """Stop as a crash would: what is in flight stays so."""
        self.killed = True
        self._off()

    def _off(self) -> None:
        queues.LISTENERS.get(self.pipe.source, set()).discard(self.wake.set)
        clock.no_more(self.wake.set)
        self.wake.set()

    def _work(self) -> None:
        try:
            while not (self.killed or self.left):
                self.wake.clear()
                messages, pause = self._receive()
                for message in messages:
                    self._one(message)
                if not messages:
                    self.wake.wait(pause)
        except Killed:
            pass

    def _alive(self) -> None:
        if self.killed:
            raise Killed

    @does("A pipe polls its queue for up to 10 messages at a time.", documented(PIPES + "sqs.html"))
    @does(
        "What a pipe has received stays in the queue, hidden for the queue's visibility timeout.",
        documented(PIPES + "sqs.html"),
    )
    def _receive(self) -> tuple[list, float | None]:
        """Return messages, or for how long there will be none."""
        with LOCK:
            self._alive()
            sqs = targets.backend("sqs", self.region)
            queue = sqs.queues.get(self.pipe.source.split(":")[-1])
            if queue is None or not self._may_poll(queue):
                return [], 5.0
            found = sqs.receive_message(queue.name, AT_ONCE, 0, queue.visibility_timeout, ["All"])
            due = queues.next_visible(queue)
        return found, None if due is None else clock.until(due) + 0.01

    @does(
        "A pipe polls with its role: sqs:ReceiveMessage, sqs:DeleteMessage and sqs:GetQueueAttributes on its queue.",
        documented(PIPES + "error-troubleshooting.html", "Troubleshooting"),
    )
    @does(
        'A pipe whose role may not read its queue has the StateReason "Pipes does not have required permissions to '
        'perform Queue operations".',
        documented(PIPES + "error-troubleshooting.html", "Troubleshooting"),
    )
    def _may_poll(self, queue) -> bool:
        if self.pipe.status in ("CREATE_FAILED", "START_FAILED"):
            return False
        try:
            reason = FORBIDDEN
            for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"):
                self.role.must(action, queue.queue_arn, self.pipe.name)
            reason = ""
            check_key(queue.kms_master_key_id, self.region, self.role, ("kms:Decrypt",), "alias/aws/sqs")
        except AWSError as problem:
            reason = reason or problem.message
            if self.pipe.state_reason != reason:
                log.warning("%s doesn't poll: %s", self.pipe.arn, problem.message)
                self.pipe.state_reason = reason
            return False
        if not self.pipe.status.endswith("FAILED"):
            self.pipe.state_reason = None
        return True

    @does("A pipe deletes a message when it has processed it.", documented(PIPES + "sqs.html"))
    @does(
        "For a target that runs a task, a message is processed when RunTask has taken it, whatever becomes of "
        "the task.",
        inferred(
            "only Lambda and Step Functions can be invoked synchronously (eb-pipes-event-target)",
            "a pipe whose task's image can't be pulled: is its message deleted?",
        ),
    )
    @does(
        "What a target or an enrichment refuses comes again until the queue's maximum receive count, without "
        "the pipe's own limit.",
        documented(PIPES + "error-troubleshooting.html", "Customer invocation errors"),
    )
    @does(
        "After throttled invocations a pipe polls more slowly.",
        documented(PIPES + "error-troubleshooting.html", "Retry behavior and error handling"),
    )
    def _one(self, message) -> None:
        self._alive()
        event, execution = record(message, self.pipe.source), str(uuid.uuid4())
        problem = None
        try:
            if self._wanted(event):
                self._told("INFO", execution, "ExecutionStarted")
                self._invoke(self._enriched(event))
        except AWSError as refused:
            problem = refused
        self._alive()
        if problem is None:
            with LOCK:
                self._delete(message)
            self._told("INFO", execution, "ExecutionSucceeded")
            return
        self._told("ERROR", execution, "ExecutionFailed", event, problem)
        if problem.code in targets.RETRIED:
            time.sleep(clock.until(clock.now() + BACKOFF))

    def _delete(self, message) -> None:
        try:
            targets.backend("sqs", self.region).delete_message(self.pipe.source.split(":")[-1], message.receipt_handle)
        except Exception as gone:  # it was received again meanwhile, or the queue is gone
            log.warning("%s: message not deleted: %s", self.pipe.arn, gone)

    @does("A pipe reads a message's body as JSON for its filters.", documented(PIPES + "event-filtering.html"))
    @does(
        "A message that none of a pipe's filters matches is deleted from the queue.",
        documented(PIPES + "event-filtering.html", "Properly filtering Amazon SQS messages"),
    )
    def _wanted(self, event: dict) -> bool:
        """Tell whether the pipe's filter lets a message through; the others are deleted."""
        filters = ((self.pipe.source_parameters or {}).get("FilterCriteria") or {}).get("Filters") or []
        shown = event | {"body": paths.read(event["body"])}
        return not filters or any(patterns.matches(json.loads(one["Pattern"]), shown) for one in filters)

    @does(
        "An enrichment is called with a JSON array of the records, also of a single one.",
        documented(PIPES + "batching-concurrency.html"),
    )
    def _enriched(self, event: dict) -> dict:
        if not self.pipe.enrichment:
            return event
        if ":lambda:" not in self.pipe.enrichment or not self.role.may("lambda:InvokeFunction", self.pipe.enrichment):
            raise AWSError("EnrichmentFailed", f"{self.pipe.enrichment} can't be invoked")
        function = targets.backend("lambda", self.region).get_function(self.pipe.enrichment)
        template = (self.pipe.enrichment_parameters or {}).get("InputTemplate")
        outcome = functions.invoke(function, f"[{self._template(template, event) if template else json.dumps(event)}]")
        if outcome.error:
            raise AWSError("EnrichmentFailed", outcome.payload.decode())
        made = json.loads(outcome.payload)
        return made[0] if isinstance(made, list) else made

    @does(
        "A function gets a JSON array of the records from a pipe, also of a single one.",
        documented(PIPES + "batching-concurrency.html", "Batching behavior"),
    )
    @does(
        "A pipe's task gets of the message only what the target's parameters name.",
        documented(PIPES + "event-target.html", "Target parameters"),
    )
    def _invoke(self, event: dict) -> None:
        given = self.pipe.target_parameters or {}
        template = given.get("InputTemplate")
        if ":ecs:" not in self.pipe.target:
            body = self._template(template, event) if template else json.dumps(event)
            targets.send(self.pipe.target, f"[{body}]" if ":lambda:" in self.pipe.target else body, [self.role])
            return
        parameters = dynamic(given.get("EcsTaskParameters") or {}, event)
        overrides = targets.lowered(parameters.pop("Overrides", None) or {})
        if template:
            overrides = json.loads(self._template(template, event)) | overrides
        targets.run_task(self.region, self.pipe.role_arn, self.pipe.target, parameters, overrides, self.pipe.name)

    @does(
        "A pipe's input template is filled in with paths into the event and with variables that begin with aws.pipes.",
        documented(PIPES + "input-transformation.html"),
    )
    def _template(self, template: str, event: dict) -> str:
        own = {
            "aws.pipes.pipe-arn": self.pipe.arn,
            "aws.pipes.pipe-name": self.pipe.name,
            "aws.pipes.source-arn": self.pipe.source,
            "aws.pipes.target-arn": self.pipe.target,
            "aws.pipes.event.ingestion-time": int(clock.now() * 1000),
            "aws.pipes.event": event,
            "aws.pipes.event.json": event,
        }
        return paths.fill(template, lambda name: own[name] if name in own else paths.find(name, event))

    @does(
        "A pipe logs its execution's steps, of its level and above, and failures with an error of message and service.",
        documented(PIPES + "logs-schema.html"),
    )
    @does(
        "A pipe's log stream has the pipe's name.",
        inferred("nothing says what streams are called", "the streams of a pipe's log group"),
    )
    def _told(self, level: str, execution: str, kind: str, event=None, problem: AWSError | None = None) -> None:
        """Write to the pipe's log group, if its level says so."""
        settings = self.pipe.log_configuration or {}
        group = (settings.get("CloudwatchLogsLogDestination") or {}).get("LogGroupArn")
        levels = ("OFF", "ERROR", "INFO", "TRACE")
        if not group or levels.index(level) > levels.index(settings.get("Level", "OFF")):
            return
        entry = {
            "resourceArn": self.pipe.arn,
            "timestamp": int(clock.now() * 1000),
            "executionId": execution,
            "messageType": kind,
            "logLevel": level,
        }
        if problem:
            entry["error"] = {
                "httpStatusCode": 400, "message": problem.message, "details": problem.code,
                "awsService": self.pipe.target.split(":")[2], "requestId": execution,
            }  # fmt: skip
            if "ALL" in (settings.get("IncludeExecutionData") or []):
                entry["payload"] = json.dumps([event])[:262144]
        with LOCK:
            name = group.split(":log-group:")[1].removesuffix(":*")
            targets.write(self.region, name, self.pipe.name, [json.dumps(entry)])


@does(
    "A pipe's record has a message's id, receipt handle, body, attributes and MD5, eventSource, eventSourceARN "
    "and awsRegion.",
    documented(
        "https://repost.aws/knowledge-center/eventbridge-filter-events-with-pipes",
        "the event that the pipe received",
    ),
)
def record(message, source: str) -> dict:
    """Return moto's message as a pipe's filters, templates and targets see it; ``source`` is the queue's ARN."""
    attributes = {}
    for name, one in message.message_attributes.items():
        kind = "binaryValue" if one["DataType"].startswith("Binary") else "stringValue"
        attributes[name] = {kind: one[kind[0].upper() + kind[1:]], "dataType": one["DataType"]}
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": message.sender_id,
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": attributes,
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": source.split(":")[3],
    }


@does(
    "A target parameter that is a JSON path as a whole is replaced by what it leads to, in a body that is JSON "
    "as well.",
    documented(PIPES + "event-target.html", "Dynamic path parameters"),
)
@does(
    "An event without what such a path names is a failed invocation.",
    inferred(
        "nothing else is possible for a parameter that is required",
        "a message without a field that an override names",
    ),
)
def dynamic(value, event: dict):
    """Replace every text that is a path as a whole by what it leads to."""
    if isinstance(value, dict):
        return {key: dynamic(item, event) for key, item in value.items()}
    if isinstance(value, list):
        return [dynamic(item, event) for item in value]
    if not isinstance(value, str) or not value.startswith("$."):
        return value
    found = paths.find(value, event)
    if found is paths.MISSING:
        raise AWSError("TargetParameterPathNotFound", f"the event has no {value}")
    return paths.text(found)


# The pollers


@does(
    "A pipe polls while its desired state is RUNNING; one that is stopped finishes what it has at hand.",
    inferred("StopPipe only says that it stops", "messages in flight as a pipe is stopped"),
)
def _sync(pipe) -> None:
    """Start or stop a pipe's poller as the pipe wants it."""
    wanted = pipe.desired_state == "RUNNING" and ":sqs:" in pipe.source
    running = _pollers.get(pipe.arn)
    if running and (not wanted or running.pipe is not pipe or running.role.arn != pipe.role_arn):
        _pollers.pop(pipe.arn).leave()
        running = None
    if wanted and not running:
        _pollers[pipe.arn] = Poller(pipe)


def restart() -> dict:
    """Crash every poller in the middle of its work, and start new ones."""
    with LOCK:
        crashed = [*_pollers.values()]
        for one in crashed:
            one.kill()
        _pollers.clear()
        for one in crashed:
            _sync(one.pipe)
    return {"restarted": [one.pipe.arn for one in crashed]}


@state.at_reset
def end_all() -> None:
    """End every poller."""
    for one in _pollers.values():
        one.kill()
    _pollers.clear()


def polling() -> list[str]:
    """Name the pipes that poll."""
    return sorted(_pollers)


def install() -> None:
    """Let pipes poll."""
    for name in ("create_pipe", "update_pipe", "start_pipe", "stop_pipe", "delete_pipe"):
        _follow(name)


def _follow(name: str) -> None:
    @replacing(Backend, name)
    def changed(original, self, *args, **kwargs):
        pipe = original(self, *args, **kwargs)
        _sync(pipe)
        return pipe
