"""Lambda: the processes in which functions run, each of which serves one invocation after another."""

import contextlib
import io
import json
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from pathlib import Path

from emulator import clock, inside, state
from emulator.dataplane import images
from emulator.dataplane.engine import ENGINE
from emulator.evidence import documented, does, recorded

GUIDE = "https://docs.aws.amazon.com/lambda/latest/dg/"

RUNNER = Path(__file__).with_name("runner.py")
IDLE = 300.0  # seconds of the clock until an idle process ends


@does(
    "Lambda keeps an execution environment for the next invocations of the same code and settings, with one "
    "log stream.",
    recorded("lambda_/test_lambda_destinations", "TestLambdaDestinationSqs::test_retries"),
)
class Environment:
    """One process with a function's code, which serves its invocations."""

    def __init__(self, function, key: tuple):
        self.key, self.used = key, clock.now()
        self.folder = Path(tempfile.mkdtemp(prefix="function-"))
        self.stream = f"{time.strftime('%Y/%m/%d')}/[{function.version}]{uuid.uuid4().hex}"
        with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as code:
            code.extractall(self.folder / "code")
        self.printed = (self.folder / "log").open("wb+")
        group = log_group(function)
        variables = {
            **function.environment_vars,
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": str(function.version),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_LOG_GROUP_NAME": group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self.stream,
            "LAMBDA_TASK_ROOT": str(self.folder / "code"),
        }
        keys = inside.credentials(function.role, function.function_name, subnets(function))
        self.process = subprocess.Popen(
            [sys.executable, str(RUNNER), function.handler], cwd=self.folder / "code",
            env=images.environment(function.region, keys, variables), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.printed, start_new_session=True, text=True,
        )  # fmt: skip

    @does(
        "An invocation that takes longer than the timeout ends with Sandbox.Timedout.",
        recorded("lambda_/test_lambda", "TestLambdaBehavior::test_lambda_invoke_with_timeout"),
    )
    @does(
        'A process that exits with 0 ends its invocation with Runtime.ExitError, "Runtime exited without '
        'providing a reason".',
        recorded("lambda_/test_lambda", "TestLambdaErrors::test_lambda_handler_exit"),
    )
    @does(
        'One that exits with another status says "Runtime exited with error: exit status", and which.',
        recorded("lambda_/test_lambda", "TestLambdaErrors::test_lambda_runtime_wrapper_not_found"),
    )
    def invoke(self, event, context: dict) -> tuple[dict, str]:
        """Return the runner's answer, ``{"payload": ...}`` or ``{"error": ...}``, and what was printed meanwhile.

        ``context`` has ``timeout`` in seconds and ``aws_request_id`` beside what the handler sees.
        """
        begin = self.printed.seek(0, 2)
        self.used = clock.now()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"event": event, "context": context}) + "\n")
            self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], context["timeout"])
        line = self.process.stdout.readline() if ready else ""
        if line:
            made = json.loads(line)
        elif ready:
            made = exited(context["aws_request_id"], self.process.wait())
        else:
            made = timed_out(context["aws_request_id"], context["timeout"])
        if not line:
            self.end()
        try:
            printed = (self.folder / "log").read_bytes()[begin:]
        except FileNotFoundError:  # the account was emptied meanwhile
            printed = b""
        return made, printed.decode(errors="replace")

    def end(self) -> None:
        """Kill the process."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    @property
    def alive(self) -> bool:
        """Tell whether it still serves."""
        return self.process.poll() is None

    def remove(self) -> None:
        """Leave nothing behind."""
        with contextlib.suppress(OSError):  # its input may have ended before
            self.end()
        self.printed.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _error(kind: str, message: str) -> dict:
    return {"error": {"errorType": kind, "errorMessage": message}}


_guard = threading.Lock()
_idle: list[Environment] = []
_all: set[Environment] = set()


def log_group(function) -> str:
    """Return where a function's lines go."""
    return getattr(function, "kept", {}).get("LoggingConfig", {}).get("LogGroup") or function.logs_group_name


def subnets(function) -> tuple[str, ...]:
    """Return the subnets that a function's requests come from; none where it is in no VPC of ours."""
    return tuple((function._vpc_config or {}).get("SubnetIds", ()))


def _key(function) -> tuple:
    shown = (function.code_sha_256, function.handler, sorted(function.environment_vars.items()), function.role)
    return function.function_arn, repr(shown), ENGINE.life


def take(function) -> Environment:
    """Return an environment of a function's code and settings that is idle, or a new one; end those of others."""
    key = _key(function)
    with _guard:
        stale = [one for one in _idle if one.key[0] == key[0] and one.key != key]
        for one in stale:
            _idle.remove(one)
            _all.discard(one)
        found = next((one for one in reversed(_idle) if one.key == key), None)
        if found:
            _idle.remove(found)
    for one in stale:
        one.remove()
    if found and found.alive:
        return found
    made = Environment(function, key)
    with _guard:
        _all.add(made)
    return made


def give(environment: Environment) -> None:
    """Keep an environment for the next invocation, if it still serves."""
    with _guard:
        if environment.alive and environment.key[2] == ENGINE.life:
            _idle.append(environment)
            ENGINE.after(IDLE, _tidy)
            return
        _all.discard(environment)
    environment.remove()


@does(
    "An environment that isn't used for a while is ended.",
    documented(GUIDE + "lambda-runtime-environment.html", "Shutdown phase"),
)
def _tidy() -> None:
    with _guard:
        old = [one for one in _idle if one.used + IDLE <= clock.now()]
        for one in old:
            _idle.remove(one)
            _all.discard(one)
    for one in old:
        one.remove()


@state.at_reset
def end_all() -> None:
    """Kill every process."""
    with _guard:
        ended = list(_all)
        _all.clear()
        _idle.clear()
    for one in ended:
        one.remove()


def exited(request: str, status: int) -> dict:
    """Return the answer for a process that ended with a status, by the request's id."""
    how = f"with error: exit status {status}" if status else "without providing a reason"
    return _error("Runtime.ExitError", f"RequestId: {request} Error: Runtime exited {how}")


def timed_out(request: str, timeout: float) -> dict:
    """Return the answer for an invocation that took longer than its timeout in seconds."""
    return _error("Sandbox.Timedout", f"RequestId: {request} Error: Task timed out after {timeout:.2f} seconds")
