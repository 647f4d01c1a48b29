"""Who may ask the emulator, and its own addresses, which steer it.

What it's asked can run commands on this machine, and a browser lets any web page send requests to the loopback. So a
request with the marks of a page is refused, whatever it asks for, and so is one for a host that isn't this machine (a
name that somebody else lets point here). Our own addresses take JSON only, which a page can't send unasked, and
whoever changes something shows the token of the state folder: other users of this machine may not.
"""

import inspect
import ipaddress
import json
import logging
import secrets
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from emulator import token
from emulator.validation import Invalid

ROOT = "/_emulator/"
MOTO = "/moto-api"
# What browsers add by themselves to what a page sends; no client of AWS does.
PAGES = {"HTTP_ORIGIN": (), "HTTP_SEC_FETCH_SITE": ("none", "same-origin")}
_TOKEN = "HTTP_" + token.HEADER.upper().replace("-", "_")
log = logging.getLogger("emulator")


class Denied(Exception):
    """A request that isn't answered: the status and why."""

    def __init__(self, status: str, message: str):
        super().__init__(message)
        self.status = status


def admit(environ) -> None:
    """Raise Denied for a request that may come of a web page, or that is meant for another host."""
    if not _loopback(host := environ.get("HTTP_HOST", "")):
        raise Denied("403 Forbidden", f"the host is {host!r}: allowed are localhost and addresses of the loopback")
    for header, allowed in PAGES.items():
        if header in environ and environ[header] not in allowed:
            name = header.removeprefix("HTTP_").replace("_", "-").title()
            raise Denied("403 Forbidden", f"{name} is {environ[header]!r}: web pages may not ask the emulator")
    if environ.get("PATH_INFO", "").startswith(MOTO):
        raise Denied("404 Not Found", f"{MOTO} is closed: what steers the emulator is below {ROOT}")


def _loopback(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or name.endswith(".localhost") or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Control:
    """The addresses under /_emulator/: by method and name, what answers them."""

    def __init__(self, addresses: dict[tuple[str, str], Callable], key: str):
        self.addresses = addresses
        self.key = key

    def answer(self, environ) -> tuple[str, dict | list]:
        """Return the status and the answer, which is a sentence where nothing was done."""
        try:
            return "200 OK", self._call(environ)
        except Denied as denied:
            return denied.status, {"message": str(denied)}
        except ValueError as wrong:  # Invalid, and what isn't JSON, text or a number
            return "400 Bad Request", {"message": str(wrong)}
        except Exception as problem:  # ours, and the server goes on
            log.exception("%s failed", environ["PATH_INFO"])
            return "500 Internal Server Error", {"message": f"{type(problem).__name__}: {problem}"}

    def _call(self, environ):
        method, name = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix(ROOT)
        function = self.addresses.get((method, name))
        if function is None:
            known = ", ".join(f"{verb} {one}" for verb, one in sorted(self.addresses))
            raise Denied("404 Not Found", f"there is no {method} {name}: there are {known}")
        if method != "GET":
            self._may_change(environ)
        given = _arguments(environ)
        taken = inspect.signature(function).parameters
        for argument in given:
            if argument not in taken:
                allowed = ", ".join(taken) or "none"
                raise Invalid(f"{method} {name} has no argument {argument!r}: allowed are {allowed}")
        return function(**given)

    def _may_change(self, environ) -> None:
        kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Denied("415 Unsupported Media Type", f"the content type is {kind!r}: allowed is application/json")
        if not secrets.compare_digest(environ.get(_TOKEN, "").encode(), self.key.encode()):
            raise Denied("403 Forbidden", f"{token.HEADER} isn't the one in .emulator/<port>/token")


def _arguments(environ) -> dict:
    """Return what came with a request: in its query, and as JSON in its body."""
    body = environ["wsgi.input"].read(max(0, int(environ.get("CONTENT_LENGTH") or 0)))
    told = json.loads(body or b"{}")
    if not isinstance(told, dict):
        raise Invalid(f"the body is a {type(told).__name__}: allowed is a mapping")
    return dict(parse_qsl(environ.get("QUERY_STRING", ""))) | told
