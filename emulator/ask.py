"""How programs on this machine ask the emulator's own addresses."""

import json
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from emulator import token


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
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=timeout) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            told = json.loads(error.read() or b"{}")
        raise Refused(told["message"] if isinstance(told, dict) and "message" in told else str(error)) from None
