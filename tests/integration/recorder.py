"""The embedded AWS with a memory: which requests came, and during which task.

``python tests/integration/recorder.py PORT``; apart from AWS it answers GET and DELETE /_requests, POST /_task/NAME, and
POST /_kill/PID/N or /_kill/PID/N/OPERATION, which ends a process by SIGKILL when the Nth write from then on, or the Nth
of this operation, was done and before that is answered.
"""

import io
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from urllib.parse import parse_qs, unquote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from emulator import server

PLACEHOLDER = b"known-after-apply"
READS = ("Describe", "List", "Get", "Head", "BatchGet", "BatchCheck", "Search", "Lookup", "Filter", "Simulate")


class Recorder:
    """A WSGI application around another one."""

    def __init__(self, app):
        self.app = app
        self.requests = []
        self.task = ""
        self.counting = threading.Lock()
        self.deadly = None  # whom to kill, after how many more, of which operation

    def __call__(self, environ, start_response):
        """Answer our own addresses, record and hand on everything else."""
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if path.startswith("/_requests"):
            told, self.requests = json.dumps(self.requests), [] if method == "DELETE" else self.requests
            return self._answer(start_response, told)
        if path.startswith("/_task/"):
            self.task = unquote(path.removeprefix("/_task/"))
            return self._answer(start_response, "{}")
        if path.startswith("/_kill/"):
            pid, left, *operation = path.removeprefix("/_kill/").split("/")
            self.deadly = [int(pid), int(left), *operation]
            return self._answer(start_response, "{}")
        if path.startswith("/_emulator"):
            return self.app(environ, start_response)
        request = {"task": self.task, **self._read(environ)}
        self.requests.append(request)
        answer = self.app(environ, start_response)
        self._kill(request)
        return answer

    def _kill(self, request):
        with self.counting:
            if self.deadly and request["writes"] and self.deadly[2:] in ([], [request["operation"]]):
                self.deadly[1] -= 1
                if not self.deadly[1]:
                    os.kill(self.deadly[0], signal.SIGKILL)
                    self.deadly = None

    @staticmethod
    def _answer(start_response, text):
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(text.encode())))])
        return [text.encode()]

    @staticmethod
    def _read(environ):
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        body = b""
        if environ.get("CONTENT_LENGTH"):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
        scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split(",")[0].split("/")
        target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
        form = parse_qs(body.decode(errors="replace")) if not target and b"Action=" in body else {}
        operation = target or form.get("Action", [""])[0]
        return {
            "service": scope[3] if len(scope) > 3 else "",
            "operation": operation or f"{method} {path}",
            "writes": not operation.startswith(READS) if operation else method not in ("GET", "HEAD"),
            "placeholder": PLACEHOLDER in body + (path + "?" + environ.get("QUERY_STRING", "")).encode(),
        }


def main():
    """Serve until the process is ended, or the one that started it is: its end of our input closes then."""
    logging.basicConfig(level=logging.WARNING)
    served = server.make(int(sys.argv[1]))
    served.app = Recorder(served.app)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{served.server_port}", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
