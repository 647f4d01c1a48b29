"""Runs inside of the recorded tests' own environment, as a plugin of pytest's.

It gives them their fixtures out of the files that were their conftest, without starting anything, leaves only those that
call nothing but the operations in the file RECORDED_OPERATIONS, and writes for each what became of it, as a line of JSON
to the file RECORDED_RESULTS: ``test``, ``calls`` (what it calls of
boto3, as service.method), ``outcome`` (passed, failed), ``why``, and ``refusals``: what AWS refused on the record, each
as [key, AWS's code, our code]. Ours is "" where the call was accepted, None where the test didn't come so far.
"""

import importlib.util
import inspect
import json
import os
import socket
from pathlib import Path

import pytest
from localstack_snapshot.snapshots.report import render_report
from reading import of_test, refusals


def _load(path: str):
    name = "upstream_" + path.replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, Path.cwd() / path / "upstream.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_resolve = socket.getaddrinfo


def _loopback(host, *arguments, **more):
    """Find the embedded AWS under any name that ends with localhost: not every machine does."""
    return _resolve("127.0.0.1" if str(host).endswith(".localhost") else host, *arguments, **more)


socket.getaddrinfo = _loopback
_tests, _aws = _load("tests"), _load("tests/aws")
snapshot = _aws.snapshot
aws_session = _tests.aws_session
aws_client_factory = _tests.aws_client_factory
aws_client = _tests.aws_client


def _calls(item) -> set[str]:
    """Return what a test calls, itself, by fixtures or by helpers in its file."""
    definitions = item._fixtureinfo.name2fixturedefs
    fixtures = [definitions[name][-1].func for name in item.fixturenames if name in definitions]
    module = item.module.__name__
    helpers = {name: one for name, one in vars(item.module).items() if getattr(one, "__module__", "") == module}
    helpers |= {name: inspect.unwrap(getattr(item.cls, name)) for name in dir(item.cls) if not name.startswith("__")}
    found = of_test(item.function, helpers)
    return found.union(*(of_test(one, {}) for one in fixtures))


# Some tests are run once for each protocol of a service. This one boto3 doesn't speak to any of ours.
UNSPOKEN = "[smithy-rpc-v2-cbor]"


def pytest_collection_modifyitems(config, items):
    """Leave only the tests that call nothing but what we call."""
    ours = set(Path(os.environ["RECORDED_OPERATIONS"]).read_text().split())
    kept = [item for item in items if UNSPOKEN not in item.name and (called := _calls(item)) and called <= ours]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


# What became of it

FAILURES, SKIPPED, REFUSALS = pytest.StashKey(), pytest.StashKey(), pytest.StashKey()


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call(item):
    yield
    session = item.funcargs.get("snapshot")  # before it compares, for which it leaves out parts of both sides
    if session is not None:
        item.stash[REFUSALS] = refusals(session.recorded_state or {}, session.observed_state)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.stash.setdefault(FAILURES, []).append(_told(call))
    if report.skipped:
        item.stash[SKIPPED] = True
    if call.when == "teardown" and not item.stash.get(SKIPPED, False):
        _write(item)


def _told(call) -> str:
    differences = getattr(call.excinfo.value, "result", None)
    if isinstance(differences, list):  # of a comparison with the record
        return "\n".join(str(render_report(one)) for one in differences if not one)
    return f"{call.excinfo.typename}: {call.excinfo.value}"


def _write(item) -> None:
    why, found = item.stash.get(FAILURES, []), item.stash.get(REFUSALS, [])
    if any("DID NOT RAISE" in one for one in why):
        unreached = next((one for one in found if one[2] is None), None)
        if unreached:
            unreached[2] = ""
    line = {
        "test": f"{item.path.name}::{item.nodeid.partition('::')[2]}",
        "calls": sorted(_calls(item)),
        "outcome": "failed" if why else "passed",
        "why": "\n".join(why)[:4000],
        "refusals": found,
    }
    with Path(os.environ["RECORDED_RESULTS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
