"""How programs on this machine ask the emulator's own addresses."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from emulator import token

# Loopback only: no proxy, and no TLS, whose certificates cost 50 ms to load each time.
_opener = urllib.request.OpenerDirector()
for _handler in (urllib.request.HTTPHandler, urllib.request.HTTPErrorProcessor, urllib.request.HTTPDefaultErrorHandler):
    _opener.add_handler(_handler())


class Refused(Exception):
    """What was asked for cannot be done; the text is for the user."""


def ask(url: str, path: str, body: dict | None = None, method: str = "", timeout: float = 60):
    """Return what one of the addresses under /_emulator/ answers; a body is posted.

    Raises Refused with the emulator's own sentence, OSError where nobody listens, ValueError where a stranger does.
    """
    method = method or ("POST" if body is not None else "GET")
    headers = {"Content-Type": "application/json", token.HEADER: token.of(urlsplit(url).port or 80)}
    data = json.dumps(body or {}).encode() if method == "POST" else None
    request = urllib.request.Request(f"{url}/_emulator/{path}", data, headers, method=method)
    try:
        with _opener.open(request, timeout=timeout) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            told = json.loads(error.read() or b"{}")
        raise Refused(told["message"] if isinstance(told, dict) and "message" in told else str(error)) from None
