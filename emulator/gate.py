"""What every request passes on its way to moto: it is parsed, judged and logged."""

import re
import time

import flask
from moto.core.request import normalize_request
from werkzeug.exceptions import HTTPException

from emulator import call, errors, eventual, strict
from emulator.dataplane import faults

_CODE = re.compile(r'"(?:__type|code|Code)":\s*"(?:[^"#]*#)?([^"]+)"|<Code>([^<]+)</Code>')


def install(app: flask.Flask, folder: str, log, judged: bool) -> None:
    """Put the gate in front of moto's application for one service."""

    @app.before_request
    def enter():
        request = normalize_request(flask.request)
        flask.g.started, flask.g.call = time.time(), None
        try:
            flask.g.call = call.read(folder, request)
            faults.judge(flask.g.call)
            if judged:
                strict.judge(flask.g.call)
            eventual.judge(flask.g.call)
        except errors.AWSError as refused:
            return errors.refusal(folder, request, refused)
        except HTTPException:
            return None  # no operation of the service: moto says so

    @app.after_request
    def leave(response):
        one = flask.g.get("call")
        if one is not None:
            code = _error_code(response) if response.status_code >= 400 else ""
            errors.complete(one, code, response)
            log.add(one, response.status_code, code, flask.g.started)
            if judged and response.status_code < 400:
                strict.accepted(one)
            if response.status_code < 400:
                eventual.wrote(one, response)
        return response


def _error_code(response) -> str:
    found = _CODE.search(response.get_data(as_text=True))
    header = response.headers.get("x-amzn-errortype", "").split(":")[0]
    return header or (next(filter(None, found.groups())) if found else str(response.status_code))
