"""Runs in a process of its own: serves one Lambda function's invocations, a line of JSON each.

``python runner.py HANDLER`` in the folder of the function's code. What the function prints goes to stderr.
"""

import importlib
import json
import os
import sys
import time
import traceback


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, told: dict):
        self.__dict__.update(told)
        self._deadline = time.monotonic() + told["timeout"]
        self.identity = self.client_context = None

    def get_remaining_time_in_millis(self) -> int:
        """Return how much time is left."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def error(kind: str, message: str, trace=()) -> dict:
    """Return an error as Lambda answers it."""
    return {"error": {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": list(trace)}}


def answer(handler: str, asked: dict) -> dict:
    """Call the handler."""
    module, _, name = handler.rpartition(".")
    try:
        function = getattr(importlib.import_module(module.replace("/", ".")), name)
    except AttributeError:
        return error("Runtime.HandlerNotFound", f"Handler '{name}' missing on module '{module}'")
    except Exception as problem:
        return error("Runtime.ImportModuleError", f"Unable to import module '{module}': {problem}")
    try:
        return {"payload": json.loads(json.dumps(function(asked["event"], Context(asked["context"]))))}
    except Exception as problem:
        lines = traceback.format_exc()
        sys.stderr.write(f"[ERROR] {lines}")
        return error(type(problem).__name__, str(problem), traceback.format_tb(problem.__traceback__))


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path[0] = os.getcwd()  # noqa: PTH109 -- not this file's folder, and nothing to import for it
    for line in sys.stdin:
        made = answer(sys.argv[1], json.loads(line))
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps(made) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
