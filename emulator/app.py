"""The WSGI application: moto's, with our corrections, our errors and some addresses of our own."""

import io
import json
import os
import re
from contextlib import nullcontext

import flask
from moto.core.request import normalize_request
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import BackendRequest, DomainDispatcherApplication, create_backend_app
from werkzeug.exceptions import HTTPException, NotFound

from emulator import (
    clock,
    control,
    corrections,
    dataplane,
    errors,
    eventual,
    gate,
    policies,
    provisioning,
    quotas,
    registry,
    state,
    strict,
)  # fmt: skip
from emulator.corrections import ecr_scans
from emulator.corrections.ecr import LAYER_PATH, layer
from emulator.dataplane import agents, images
from emulator.lock import LOCK
from emulator.requestlog import RequestLog
from emulator.token import ROOT

UNKNOWN = "unknown:"
_QUEUE = re.compile(r"/(?:\d{12}/[\w.-]+)?")


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
    app.register_error_handler(HTTPException, lambda error: _own(error, service))
    app.register_error_handler(Exception, lambda error: errors.answer(service, normalize_request(flask.request), error))
    app.wsgi_app = _one_at_a_time(app.wsgi_app)  # type: ignore[method-assign]  # as Flask says to do it
    return app


def _own(error: HTTPException, service: str):
    """Answer with an error that moto raises as an answer, ranges that an object hasn't, and with ours for others."""
    if type(error).__module__.startswith("moto."):
        return error
    return errors.answer(service, normalize_request(flask.request), error)


def _waits(environ: dict) -> bool:
    """Tell whether a request may wait (for messages, for a function), and so must not hold up the others."""
    receives = environ.get("HTTP_X_AMZ_TARGET", "").endswith(".ReceiveMessage")
    return receives or environ["PATH_INFO"].endswith("/invocations") or b"Action=ReceiveMessage" in _form(environ)


def _form(environ: dict) -> bytes:
    """Return the form that is sent to a service or to a queue of its, as old clients of SQS do; empty for all else."""
    if not _QUEUE.fullmatch(environ["PATH_INFO"]) or "form" not in environ.get("CONTENT_TYPE", ""):
        return b""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _one_at_a_time(wsgi_app):
    def locked(environ, start_response):
        with nullcontext() if _waits(environ) else LOCK:
            return wsgi_app(environ, start_response)

    return locked


def move_clock(seconds: str = "0", speed: str = "") -> dict:
    """Move the emulator's clock forward, set how fast it runs, and tell its time."""
    clock.move(float(seconds))
    if speed:
        clock.run(float(speed))
    return {"now": clock.now(), "speed": clock.speed}


def identity() -> dict:
    """Say who serves: lets the command line tell its own server from a stranger's."""
    return {"emulator": str(ROOT), "pid": os.getpid()}


def create(key: str, log: RequestLog | None = None, judged: bool = True) -> "Application":
    """Build the application with every correction applied; ``judged`` makes it refuse what AWS refuses.

    ``key`` is the token by which its own addresses know who may steer it.
    """
    corrections.apply_all()
    provisioning.install()
    eventual.install()
    strict.load()
    log = log or RequestLog()
    made = Application(Dispatcher(lambda service: _backend_app(service, log, judged)), log, key)
    dataplane.start(made)
    return made


class Dispatcher(DomainDispatcherApplication):
    """moto's dispatcher by service, which answers for services that moto does not know as well."""

    def get_backend_for_host(self, host: str | None) -> str | None:
        """Return the service of a host, or ``unknown:`` and its first label; None is moto's "look into the request"."""
        backend = super().get_backend_for_host(host)
        # A host is what moto found in the request and does not know.
        if backend is None and host:
            return f"{UNKNOWN}{host.split('.')[0]}"
        return backend


class Application:
    """Answers our own addresses and hands everything else to moto."""

    def __init__(self, aws, log, key):
        self.aws = aws
        self.log = log
        self.control = control.Control(
            {
                ("GET", "identity"): identity,
                ("POST", "reset"): self._reset,
                ("GET", "log"): lambda: list(log.entries),
                ("POST", "clock"): move_clock,
                ("GET", "eventual"): eventual.show,
                ("POST", "eventual"): eventual.use,
                ("POST", "provisioning"): provisioning.use,
                ("GET", "account"): quotas.use,
                ("POST", "account"): quotas.use,
                ("GET", "scans"): ecr_scans.use,
                ("POST", "scans"): ecr_scans.use,
                ("GET", "grants"): policies.asked,
                **dataplane.addresses(),
            },
            key,
        )

    def _reset(self) -> dict:
        """Empty the account, and begin the log of its requests anew."""
        self.log.clear()
        with LOCK:
            state.reset()
            moto_api_backend.reset()
            images.load()  # those of the environment's file count again
        return {"status": "ok"}

    def __call__(self, environ, start_response):
        """Answer one request, as WSGI has it."""
        path = environ.get("PATH_INFO", "")
        try:
            control.admit(environ)
        except control.Denied as denied:
            return _json(start_response, denied.status, {"message": str(denied)})
        # moto would take it for a bucket; clients of AWS sign what they ask, and none of its services is there.
        if path.startswith(registry.ROOT) and "AWS4" not in environ.get("HTTP_AUTHORIZATION", ""):
            return registry.serve(environ, start_response)
        if path.startswith(agents.ROOT) and "AWS4" not in environ.get("HTTP_AUTHORIZATION", ""):
            return agents.serve(environ, start_response)
        if not path.startswith(control.ROOT):
            provisioning.wait()
            return self.aws(environ, start_response)
        if path.startswith(LAYER_PATH) and (blob := layer(path.removeprefix(LAYER_PATH))) is not None:
            return _answer(start_response, "200 OK", "application/octet-stream", blob)
        return _json(start_response, *self.control.answer(environ))


def _json(start_response, status: str, told) -> list[bytes]:
    return _answer(start_response, status, "application/json", json.dumps(told, default=str).encode())


def _answer(start_response, status: str, kind: str, body: bytes) -> list[bytes]:
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]
