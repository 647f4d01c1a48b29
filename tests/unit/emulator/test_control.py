"""Who may ask the emulator, and what its own addresses take."""

import http.client
import json
import os
import stat
from urllib.parse import urlsplit

import pytest

from emulator import token
from emulator.ask import Refused, ask

RUNS = {"images": [{"image": "*", "run": ["touch", "/tmp/anybody-was-here"]}]}
JSON = "application/json"


@pytest.fixture
def send(endpoint):
    """Send a request as it stands, and return the status and the sentence; None takes a header away."""
    at = urlsplit(endpoint)

    def send(method, path, body=None, **headers):
        given = {"Host": at.netloc, "Content-Type": JSON, token.HEADER: token.of(at.port)}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=10)
        connection.putrequest(method, path, skip_host=True)
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        for name, value in {**given, "Content-Length": str(len(data))}.items():
            if value is not None:
                connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(told).get("message", "")
        except ValueError:
            return answer.status, told.decode(errors="replace")

    return send


@pytest.fixture(autouse=True)
def as_before(endpoint):
    """Whatever a test sends, nothing is kept of it."""

    def kept():
        told = {name: ask(endpoint, name) for name in ("images", "scans", "databases", "faults")}
        del told["faults"]["met"]  # counts what other tests' tasks meet
        return told

    before = kept()
    yield
    assert kept() == before


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"Origin": "https://example.com"}, 403, "Origin is 'https://example.com'"),
        ({"Origin": "null"}, 403, "Origin"),
        ({"Origin": "http://127.0.0.1:4566"}, 403, "Origin"),  # a page of another program of this machine
        ({"Sec_Fetch_Site": "cross-site"}, 403, "Sec-Fetch-Site"),
        ({"Host": "evil.example.com:4566"}, 403, "the host is 'evil.example.com:4566'"),
        ({"Host": "127.0.0.1.example.com"}, 403, "the host is"),
        ({"Host": "localhost.example.com"}, 403, "the host is"),
        ({"Host": ""}, 403, "the host is ''"),
        ({"Content_Type": "text/plain"}, 415, "the content type is 'text/plain'"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "allowed is application/json"),
        ({"Content_Type": None}, 415, "the content type is ''"),
        ({token.HEADER: None}, 403, token.HEADER),
        ({token.HEADER: "x"}, 403, token.HEADER),
        ({token.HEADER: "\u00e9"}, 403, token.HEADER),
    ],
)
@pytest.mark.parametrize("path", ["images", "reset", "clock", "databases", "scans", "faults", "pipes/restart"])
def test_only_programs_of_this_user_steer_it(send, path, headers, status, said):
    told = send("POST", f"/_emulator/{path}", RUNS if path == "images" else {}, **headers)
    assert told[0] == status and said in told[1], told


def test_every_address_that_is_posted_to_is_guarded(send):
    known = send("GET", "/_emulator/nothing")[1].partition("there are ")[2].split(", ")
    posts = [one.removeprefix("POST ") for one in known if one.startswith("POST ")]
    assert {"images", "reset", "clock"} <= set(posts)
    assert {send("POST", f"/_emulator/{path}", {}, **{token.HEADER: "x"})[0] for path in posts} == {403}


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        # As a page's form sends it: a function of a zip runs on this machine.
        ("POST", "/2015-03-31/functions", {"Content_Type": "text/plain", "Origin": "https://example.com"}),
        ("POST", "/", {"Content_Type": "application/x-www-form-urlencoded", "Origin": "https://example.com"}),
        ("GET", "/?Action=DescribeVpcs&Version=2016-11-15", {"Sec_Fetch_Site": "cross-site"}),  # as an image's address
        ("GET", "/_emulator/log", {"Host": "evil.example.com"}),
        ("GET", "/v2/", {"Origin": "https://example.com"}),
    ],
)
def test_pages_reach_nothing_of_aws_either(send, method, path, headers):
    assert send(method, path, **headers)[0] == 403


@pytest.mark.parametrize("host", ["localhost:4566", "127.0.0.1", "127.0.0.9:80", "[::1]:4566", "bucket.localhost:4566"])
def test_this_machine_has_several_names(send, host):
    assert send("GET", "/_emulator/identity", Host=host)[0] == 200


def test_motos_own_addresses_are_closed(send):
    for path in ("/moto-api/reset", "/moto-api/config", "/moto-api/proxy/passthrough"):
        assert send("POST", path, {})[0] == 404
    assert send("GET", "/moto-api/data.json")[0] == 404


def test_the_token_is_its_owners(endpoint):
    path = token.folder(urlsplit(endpoint).port) / "token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_uid == os.geteuid()
    assert len(token.of(urlsplit(endpoint).port)) >= 32


def test_a_token_goes_with_its_server_and_not_with_another_ones(monkeypatch, tmp_path):
    monkeypatch.setattr(token, "ROOT", tmp_path)
    ends = []
    monkeypatch.setattr(token.atexit, "register", lambda *call: ends.append(call))
    first, second = token.make(1), token.make(1)
    assert first != second and token.of(1) == second
    (forget, *arguments), (_, *others) = ends
    forget(*arguments)
    assert token.of(1) == second
    forget(*others)
    assert token.of(1) == "" and not token.folder(1).exists()


IMAGE = {"image": "x", "exits": 0}
FINDING = {"name": "CVE-1", "severity": "HIGH"}
DATABASE = {"address": "a", "database": "d", "user": "u", "password": "p"}


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("images", b"{", "Expecting"),
        ("images", b'{"images": "\xe9"}', "codec"),
        ("images", [1], "the body is a list"),
        ("images", {"image": []}, "has no argument 'image': allowed are images"),
        ("images", {"images": "x"}, "images is 'x': allowed is a list"),
        ("images", {"images": {"image": "x"}}, "allowed is a list"),
        ("images", {"images": ["x"]}, "images[0] is 'x': allowed is a mapping"),
        ("images", {"images": [{"exits": 0}]}, "images[0] lacks 'image'"),
        ("images", {"images": [{"image": "x"}]}, "is needed"),
        ("images", {"images": [{"image": "x", "stays": False}]}, "is needed"),
        ("images", {"images": [{"image": "x", "stays": "no"}]}, "images[0].stays is 'no'"),
        ("images", {"images": [IMAGE | {"typo": 1}]}, "has 'typo'"),
        ("images", {"images": [IMAGE | {"image": 5}]}, "images[0].image is 5"),
        ("images", {"images": [IMAGE | {"exits": "x"}]}, "images[0].exits is 'x'"),
        ("images", {"images": [IMAGE | {"exits": True}]}, "exits is True"),
        ("images", {"images": [IMAGE | {"exits": 256}]}, "from 0 to 255"),
        ("images", {"images": [IMAGE | {"after": -1}]}, "after is -1"),
        ("images", b'{"images": [{"image": "x", "exits": 0, "after": NaN}]}', "after is nan"),
        ("images", b'{"images": [{"image": "x", "exits": 0, "after": Infinity}]}', "after is inf"),
        ("images", {"images": [IMAGE | {"says": 1}]}, "says is 1"),
        ("images", {"images": [{"image": "x", "run": "sh -c x"}]}, "run is 'sh -c x': allowed is a list"),
        ("images", {"images": [{"image": "x", "run": []}]}, "is empty"),
        ("images", {"images": [{"image": "x", "run": ["a\0b"]}]}, "run[0]"),
        ("images", {"images": [{"image": "x", "run": ["sh"], "folder": 1}]}, "folder is 1"),
        ("scans", {"scans": [{"image": "x"}]}, "findings or status is needed"),
        ("scans", {"scans": [{"image": "x", "status": "GOOD"}]}, "allowed are IN_PROGRESS"),
        ("scans", {"scans": [{"image": "x", "findings": ["CVE"]}]}, "findings[0] is 'CVE'"),
        ("scans", {"scans": [{"image": "x", "findings": [{"name": "CVE"}]}]}, "lacks 'severity'"),
        ("scans", {"scans": [{"image": "x", "findings": [FINDING | {"severity": "BAD"}]}]}, "severity is 'BAD'"),
        ("faults", {"crash": "x"}, "crash is 'x': allowed is a number from 0 to 1"),
        ("faults", {"crash": 2}, "crash is 2"),
        ("faults", {"crash": 0.6, "spot": 0.6}, "allowed is a sum up to 1"),
        ("faults", b'{"spot": NaN}', "spot is nan"),
        ("faults", {"family": 1}, "family is 1"),
        ("faults", {"seed": "x"}, "seed is 'x'"),
        ("faults", {"deny": "pipes:*"}, "deny is 'pipes:*': allowed is a list of texts"),
        ("faults", {"deny": [1]}, "deny[0] is 1"),
        ("databases", {"databases": [{"address": "a"}]}, "lacks 'database'"),
        ("databases", {"databases": [DATABASE | {"password": 1}]}, "password is 1"),
        ("databases", {"databases": [DATABASE, DATABASE]}, "an address twice"),
        ("pipes/restart", {"now": True}, "allowed are none"),
        ("reset", {"all": True}, "allowed are none"),
    ],
)  # fmt: skip
def test_bad_input_is_a_sentence_and_nothing_is_kept(send, path, body, said):
    told = send("POST", f"/_emulator/{path}", body)
    assert told[0] == 400 and said in told[1], told


def test_a_database_that_cannot_be_made_is_forgotten(send, monkeypatch):
    from emulator.dataplane import postgres

    made = postgres._server

    def only(key, *rest):
        if key == "bad":
            raise RuntimeError("initdb: no space left")
        postgres._servers[key] = type("Server", (), {"end": lambda _: None, "address": "127.0.0.9"})()
        return postgres._servers[key]

    monkeypatch.setattr(postgres, "_server", only)
    told = send("POST", "/_emulator/databases", {"databases": [DATABASE, DATABASE | {"address": "bad"}]})
    assert told == (500, "RuntimeError: initdb: no space left")
    assert "a" not in postgres._servers and made


def test_refusals_reach_whoever_asks(endpoint):
    with pytest.raises(Refused, match="allowed is a list"):
        ask(endpoint, "images", {"images": 1})
