"""The WSGI application: moto's, with our corrections, our errors and some addresses of our own."""

import json
import os
from contextlib import nullcontext
from pathlib import Path
from urllib.parse import parse_qsl

import flask
from moto.core.request import normalize_request
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import NotFound

from emulator import clock, corrections, dataplane, errors, gate, provisioning, registry, strict
from emulator.corrections.ecr import LAYER_PATH, layer
from emulator.lock import LOCK
from emulator.requestlog import RequestLog

ROOT = Path(__file__).resolve().parent.parent
OWN = "/_emulator/"
IDENTITY_PATH = "/_emulator/identity"
UNKNOWN = "unknown:"
RESET_PATH = "/_emulator/reset"
LOG_PATH = "/_emulator/log"
CLOCK_PATH = "/_emulator/clock"


def _backend_app(service: str, log: RequestLog, judged: bool) -> flask.Flask:
    """Build moto's application for one service; what it leaves unanswered becomes an AWS error."""
    if service.startswith(UNKNOWN):
        service = service.removeprefix(UNKNOWN)
        app = flask.Flask("unknown")
        app.request_class = BackendRequest
    else:
        app = create_backend_app(service)
        gate.install(app, service, log, judged)
    app.register_error_handler(NotFound, lambda _: errors.answer(service, normalize_request(flask.request)))
    app.register_error_handler(Exception, lambda error: errors.answer(service, normalize_request(flask.request), error))
    app.wsgi_app = _one_at_a_time(app.wsgi_app)
    return app


def _waits(environ: dict) -> bool:
    """Tell whether a request may wait (for messages, for a function), and so must not hold up the others."""
    receives = environ.get("HTTP_X_AMZ_TARGET", "").endswith(".ReceiveMessage")
    return receives or environ["PATH_INFO"].endswith("/invocations")


def _one_at_a_time(wsgi_app):
    def locked(environ, start_response):
        with nullcontext() if _waits(environ) else LOCK:
            return wsgi_app(environ, start_response)

    return locked


def _reset() -> dict:
    """Empty the account."""
    from moto.moto_api._internal.models import moto_api_backend

    with LOCK:
        dataplane.reset()
        moto_api_backend.reset()
    return {"status": "ok"}


def move_clock(seconds: str = "0", speed: str = "") -> dict:
    """Move the emulator's clock forward, set how fast it runs, and tell its time."""
    clock.move(float(seconds))
    if speed:
        clock.run(float(speed))
    return {"now": clock.now(), "speed": clock.speed}


def identity() -> dict:
    """Say who serves: lets the command line tell its own server from a stranger's."""
    return {"emulator": str(ROOT), "pid": os.getpid()}


def create(log: RequestLog | None = None, judged: bool = True) -> "Application":
    """Build the application with every correction applied; ``judged`` makes it refuse what AWS refuses."""
    corrections.apply_all()
    provisioning.install()
    strict.load()
    log = log or RequestLog()
    made = Application(Dispatcher(lambda service: _backend_app(service, log, judged)), log)
    dataplane.start(made)
    return made


class Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher by service, which answers for services that moto does not know as well."""

    def get_backend_for_host(self, host):
        backend = super().get_backend_for_host(host)
        # None is moto's "look into the request"; a host is what it found there and does not know.
        if backend is None and host:
            return f"{UNKNOWN}{host.split('.')[0]}"
        return backend


def _arguments(environ) -> dict:
    """Return what came with a request to one of our own addresses: in its query, and as JSON in its body."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return dict(parse_qsl(environ.get("QUERY_STRING", ""))) | json.loads(body or b"{}")


class Application:
    """Answers our own addresses and hands everything else to moto."""

    def __init__(self, aws, log):
        self.aws = aws
        self.log = log
        self.own = {
            ("GET", IDENTITY_PATH): identity,
            ("POST", RESET_PATH): self._reset,
            ("GET", LOG_PATH): lambda: list(log.entries),
            ("POST", CLOCK_PATH): move_clock,
        } | {(method, OWN + name): answer for (method, name), answer in dataplane.addresses().items()}

    def _reset(self) -> dict:
        """Empty the account, and begin the log of its requests anew."""
        self.log.clear()
        strict.forget()
        provisioning.forget()
        return _reset()

    def __call__(self, environ, start_response):
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        # moto would take it for a bucket; clients of AWS sign what they ask, and none of its services is there.
        if path.startswith(registry.ROOT) and "AWS4" not in environ.get("HTTP_AUTHORIZATION", ""):
            return registry.serve(environ, start_response)
        if not path.startswith(OWN):
            provisioning.wait()
            return self.aws(environ, start_response)
        if (method, path) in self.own:
            answer = self.own[method, path](**_arguments(environ))
            status, kind, body = "200 OK", "application/json", json.dumps(answer, default=str).encode()
        else:
            blob = layer(path.removeprefix(LAYER_PATH)) if path.startswith(LAYER_PATH) else None
            status, kind, body = (
                ("200 OK" if blob is not None else "404 Not Found"),
                "application/octet-stream",
                blob or b"",
            )
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]
