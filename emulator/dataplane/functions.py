"""Lambda: zip functions in Python really run, in processes that serve one invocation after another, as on AWS.

An image function runs what the image map says for it: ``function: payload`` answers with that, ``run`` is a command
that gets the event as its input; one that isn't in the map answers as moto does. A function's timeout is in real
seconds: the process doesn't know of the emulator's clock.
"""

import base64
import io
import json
import random
import subprocess
import threading
import time
import uuid
import zipfile
from collections import Counter
from dataclasses import dataclass

from moto.awslambda_simple.models import LambdaSimpleBackend

from emulator import clock, inside
from emulator.dataplane import bus, images, metrics, targets
from emulator.dataplane.engine import ENGINE, log
from emulator.dataplane.environments import GUIDE, exited, give, log_group, subnets, take, timed_out
from emulator.errors import AWSError
from emulator.evidence import documented, does, lacks, recorded, unread
from emulator.lock import LOCK
from emulator.patching import replacing
from emulator.permissions import Role

lacks(
    __name__,
    "Functions",
    "none becomes Inactive, a slow start isn't a time-out of its own, and destinations are queues, topics and "
    "functions only",
)
PRINCIPAL = "lambda.amazonaws.com"
PROCESSES = 2  # run at a time on this machine; more wait, without being throttled for it
RETRY_SECONDS = (60.0, 120.0)  # after the first and the second failure of an asynchronous invocation
MAXIMUM_AGE = 21600
# Lambda developer guide, tracing with X-Ray: the permissions of the execution role.
TRACING = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")


@dataclass
class Outcome:
    """What came of an invocation."""

    payload: bytes
    error: str = ""
    log: str = ""
    version: str = "$LATEST"


_active: Counter = Counter()
_counting = threading.Lock()
_slots = threading.Semaphore(PROCESSES)


def running() -> int:
    """Tell how many invocations run."""
    return sum(_active.values())


# Invocation


def runs(function) -> bool:
    """Tell whether the emulator can run a function; else it answers as moto does."""
    if function.package_type == "Image":
        return images.entry(function.code["ImageUri"]) is not None
    return (function.run_time or "").startswith("python") and zipfile.is_zipfile(io.BytesIO(function.code_bytes))


@does(
    'A function whose reserved concurrency is used up is throttled with TooManyRequestsException and "Rate Exceeded."',
    recorded("lambda_/test_lambda", "TestLambdaConcurrency::test_reserved_concurrency_async_queue"),
)
@does(
    "All versions of a function share what is reserved for it.",
    documented("https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html"),
)
def invoke(function, body, request: str = "") -> Outcome:
    """Run moto's function now with a body of JSON, and wait for it; ``request`` is its id (default: a new one).

    Raises TooManyRequestsException if its reserved concurrency is used up.
    """
    name, reserved = (function.region, function.function_name), _reserved(function)
    with _counting:
        if reserved is not None and _active[name] >= reserved:
            raise AWSError("TooManyRequestsException", "Rate Exceeded.")
        _active[name] += 1
    executed, shared = _executed(function)
    started = time.monotonic()
    try:
        with _slots:
            outcome = _run(executed, json.loads(body or "{}"), request or str(uuid.uuid4()))
    finally:
        with _counting:
            _active[name] -= 1
    milliseconds = (time.monotonic() - started) * 1000
    _trace(executed)
    metrics.count_invocation(executed, _qualifier(function), shared, bool(outcome.error), milliseconds)
    return outcome


def _reserved(function) -> int | None:
    """Return the concurrency that is reserved for all versions of a function together."""
    reserved = targets.backend("lambda", function.region).get_function(function.function_name).reserved_concurrency
    return None if reserved is None else int(reserved)


def _qualifier(function) -> str | None:
    """Return the alias or version under which a function was called."""
    version = str(function.version)
    return getattr(function, "alias", None) or (version if version.isdigit() else None)


@does(
    "An alias with weights sends each invocation to one of its two versions by chance.",
    documented(GUIDE + "configuring-alias-routing.html"),
)
def _executed(function) -> tuple:
    """Return the version that a call of a function runs, by the weights of its alias, and whether it has any."""
    backend = targets.backend("lambda", function.region)
    alias = getattr(function, "alias", None)
    routing = backend.get_alias(alias, function.function_name).routing_config if alias else None
    weights = (routing or {}).get("AdditionalVersionWeights") or {}
    for version, weight in weights.items():
        if random.random() < weight:
            return backend.get_function(function.function_name, version), True
    return function, bool(weights)


@does(
    "Each invocation writes START, what is printed, END and REPORT to the function's log group.",
    recorded("lambda_/test_lambda", "TestLambdaFeatures::test_invocation_with_logs"),
)
@does("Lambda makes a missing log group if the role lets it.", unread(GUIDE + "monitoring-cloudwatchlogs.html"))
def _run(function, event, request: str) -> Outcome:
    started = time.monotonic()
    version = str(function.version)
    if function.package_type == "Image":
        stream = f"{time.strftime('%Y/%m/%d')}/[{version}]image"
        made, printed = _run_image(function, event, request)
    else:
        environment = take(function)
        stream = environment.stream
        made, printed = environment.invoke(event, _context(function, request, stream))
        give(environment)
    took = (time.monotonic() - started) * 1000
    lines = [
        f"START RequestId: {request} Version: {version}",
        *printed.splitlines(),
        *([made["error"]["errorMessage"]] if "error" in made else []),
        f"END RequestId: {request}",
        f"REPORT RequestId: {request}\tDuration: {took:.2f} ms\tMemory Size: {function.memory_size} MB",
    ]
    with LOCK:
        logs = targets.backend("logs", function.region)
        if log_group(function) not in logs.groups and Role(function.role, PRINCIPAL).may(
            "logs:CreateLogGroup",
            f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{log_group(function)}",
        ):
            logs.create_log_group(log_group(function), {})
        if _may_log(function, stream):
            targets.write(function.region, log_group(function), stream, lines)
    error = "error" in made
    payload = json.dumps(made["error"] if error else made["payload"]).encode()
    return Outcome(payload, "Unhandled" if error else "", "\n".join(lines), version)


@does(
    "A function whose calls are traced sends segments with its role, and runs also where it may not.",
    documented(GUIDE + "services-xray.html", "Execution role permissions"),
)
def _trace(function) -> None:
    """Let Lambda send the segments of a call that is traced; what it may not send is lost."""
    if (function.tracing_config or {}).get("Mode") == "Active":
        for action in TRACING:
            Role(function.role, PRINCIPAL).may(action, "*")


@does(
    "Lines that a function's role may not write are lost, and it runs.",
    unread(GUIDE + "monitoring-cloudwatchlogs.html"),
)
def _may_log(function, stream: str) -> bool:
    """Tell whether the function's role lets Lambda write its lines; without that they are lost, and it runs on."""
    role = Role(function.role, PRINCIPAL)
    arn = f"arn:aws:logs:{function.region}:{function.account_id}:log-group:{log_group(function)}:log-stream:{stream}"
    return all(role.may(action, arn) for action in ("logs:CreateLogStream", "logs:PutLogEvents"))


def _context(function, request: str, stream: str) -> dict:
    return {
        "function_name": function.function_name,
        "function_version": str(function.version),
        "invoked_function_arn": function.function_arn,
        "memory_limit_in_mb": str(function.memory_size),
        "aws_request_id": request,
        "log_group_name": log_group(function),
        "log_stream_name": stream,
        "timeout": float(function.timeout),
    }


def _run_image(function, event, request: str) -> tuple[dict, str]:
    chosen = images.entry(function.code["ImageUri"])
    if "run" not in chosen:
        return {"payload": chosen.get("function")}, chosen.get("says", "")
    keys = inside.credentials(function.role, function.function_name, subnets(function))
    try:
        done = subprocess.run(
            chosen["run"], input=json.dumps(event), capture_output=True, text=True, timeout=float(function.timeout),
            env=images.environment(function.region, keys, function.environment_vars), check=False,
            cwd=chosen.get("folder"),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return timed_out(request, float(function.timeout)), ""
    if done.returncode:
        return exited(request, done.returncode), done.stderr
    try:
        return {"payload": json.loads(done.stdout or "null")}, done.stderr
    except ValueError:
        return {"payload": done.stdout}, done.stderr


@does(
    "Lambda tries an asynchronous invocation that fails twice more, after one minute and two.",
    recorded("lambda_/test_lambda_destinations", "TestLambdaDestinationSqs::test_retries"),
)
@does(
    "An asynchronous invocation has the same request id at every attempt, and for its destination.",
    recorded("lambda_/test_lambda_destinations", "TestLambdaDestinationSqs::test_retries"),
)
class Later:
    """An asynchronous invocation: tried up to three times, then handed to the function's destination."""

    def __init__(self, function, body):
        self.function, self.body, self.request = function, body or "{}", str(uuid.uuid4())
        self.born, self.failures, self.throttled = clock.now(), 0, 0
        config = function.event_invoke_config[0].config if function.event_invoke_config else {}
        self.retries = config.get("MaximumRetryAttempts", 2)
        self.age = config.get("MaximumEventAgeInSeconds", MAXIMUM_AGE)
        self.destinations = config.get("DestinationConfig") or {}

    def attempt(self) -> None:
        """Try once, beside."""
        ENGINE.background(self._try, ENGINE.life)

    @does(
        "Throttled asynchronous invocations are tried again for up to 6 hours, after 1 second at first and at "
        "most 5 minutes.",
        documented(GUIDE + "invocation-async-error-handling.html"),
    )
    @does(
        "A retry that would come after MaximumEventAgeInSeconds isn't made: the condition is EventAgeExceeded.",
        recorded("lambda_/test_lambda_destinations", "TestLambdaDestinationSqs::test_maxeventage"),
    )
    @does(
        "With a reserved concurrency of 0 an asynchronous invocation goes to its destination at once, with "
        "ZeroReservedConcurrency.",
        recorded("lambda_/test_lambda", "TestLambdaConcurrency::test_reserved_concurrency"),
    )
    def _try(self, life: int) -> None:
        if life != ENGINE.life:
            return
        if _reserved(self.function) == 0:
            ENGINE.after(0, self._over, "ZeroReservedConcurrency", None, life=life)
            return
        try:
            outcome = invoke(self.function, self.body, self.request)
        except AWSError:
            self._again(min(300.0, 2.0**self.throttled), None, life)
            self.throttled += 1
            return
        if not outcome.error:
            ENGINE.after(0, self._over, "Success", outcome, life=life)
            return
        self.failures += 1
        if self.failures > self.retries:
            ENGINE.after(0, self._over, "RetriesExhausted", outcome, life=life)
        else:
            self._again(RETRY_SECONDS[min(self.failures, 2) - 1], outcome, life)

    def _again(self, wait: float, outcome: Outcome | None, life: int) -> None:
        """Try once more after a wait, if the event isn't too old by then."""
        if clock.now() + wait > self.born + self.age:
            ENGINE.after(0, self._over, "EventAgeExceeded", outcome, life=life)
        else:
            ENGINE.after(wait, self.attempt, life=life)

    @does(
        "A destination gets version, timestamp, requestContext, requestPayload, responseContext and responsePayload.",
        recorded(
            "lambda_/test_lambda_destinations",
            "TestLambdaDestinationSqs::test_assess_lambda_destination_invocation",
        ),
    )
    @does(
        "A dead-letter queue gets the event itself, with RequestID, ErrorCode, a number, and ErrorMessage as "
        "attributes.",
        recorded("lambda_/test_lambda_destinations", "TestLambdaDLQ::test_dead_letter_queue"),
    )
    def _over(self, condition: str, outcome: Outcome | None) -> None:
        good = condition == "Success"
        arn = (self.destinations.get("OnSuccess" if good else "OnFailure") or {}).get("Destination")
        told = {
            "version": "1.0",
            "timestamp": bus.iso(clock.now()),
            "requestContext": {
                "requestId": self.request,
                "functionArn": f"{self.function.function_arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": self.failures + good,
            },
            "requestPayload": json.loads(self.body),
        }
        if outcome:
            told["responseContext"] = {"statusCode": 200, "executedVersion": outcome.version}
            told["responsePayload"] = json.loads(outcome.payload)
            if outcome.error:
                told["responseContext"]["functionError"] = outcome.error
        if arn:
            self._send(arn, json.dumps(told), {})
        letters = (getattr(self.function, "kept", {}).get("DeadLetterConfig") or {}).get("TargetArn")
        if letters and not good:
            message = json.loads(outcome.payload).get("errorMessage", "") if outcome else condition
            self._send(letters, text(self.body), {"RequestID": self.request, "ErrorCode": 200, "ErrorMessage": message})

    @does(
        "What can't be delivered to a destination or a dead-letter queue is lost.",
        documented(GUIDE + "invocation-async-retain-records.html"),
    )
    def _send(self, arn: str, body: str, attributes: dict) -> None:
        try:
            targets.send(arn, body, [Role(self.function.role, PRINCIPAL)], attributes=attributes)
        except Exception as problem:
            log.warning("%s: nothing reached %s: %s", self.function.function_name, arn, problem)


def text(body) -> str:
    """Return a body as text."""
    return body.decode() if isinstance(body, bytes) else body


def invoke_later(function, body) -> None:
    """Take an asynchronous invocation."""
    if runs(function):
        Later(function, text(body)).attempt()


@does(
    "An invocation as Event is answered with 202 at once, before it has run.",
    recorded("lambda_/test_lambda", "TestLambdaFeatures::test_invocation_type_event"),
)
def install() -> None:
    """Let Lambda run functions."""
    targets.invoke_later.around(lambda _nobody, function, body: invoke_later(function, body))

    @replacing(LambdaSimpleBackend, "invoke")
    def invoked(original, self, function_name, qualifier, body, headers, response_headers):
        with LOCK:
            function = self.get_function(function_name, qualifier)
        kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        if not runs(function) or kind == "DryRun":
            return original(self, function_name, qualifier, body, headers, response_headers)
        if kind == "Event":
            invoke_later(function, body)
            return b""
        outcome = invoke(function, body)
        if outcome.error:
            response_headers["x-amz-function-error"] = outcome.error
        response_headers["x-amz-executed-version"] = outcome.version
        response_headers["x-amz-log-result"] = base64.b64encode(outcome.log.encode()[-4096:]).decode()
        return outcome.payload
