"""Runs inside of moto's tests, as a plugin of pytest's.

It leaves only those that moto's maintainers ran on real AWS, and writes for each what became of it, as a line of JSON to
the file VERIFIED_RESULTS: ``test``, ``calls`` (what it called of boto3 until its cleaning up, as service.method),
``outcome`` (passed, failed, skipped) and ``why``.

With VERIFIED_URL the tests go to the embedded AWS there, which is emptied before each file, and whose clock moves on by what a
test sleeps; without it they go to moto, in this process.
"""

import inspect
import json
import os
import signal
import sys
import time
from pathlib import Path

import boto3
import botocore.client
import pytest

from emulator.ask import ask

URL = os.environ.get("VERIFIED_URL")
SECONDS = 90  # for one test
PAUSE = 5  # what is slept of a pause: the embedded AWS's clock has moved on, that of moto's object locks hasn't
CALLS, WHY, OUTCOME = pytest.StashKey(), pytest.StashKey(), pytest.StashKey()


def _sleep(seconds: float) -> None:
    if URL and seconds > 0:
        ask(URL, "clock", {"seconds": str(seconds)})
    _slept(min(seconds, PAUSE))


_slept, time.sleep = time.sleep, _sleep


def pytest_collection_modifyitems(config, items):
    kept = [item for item in items if verified(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


def verified(item) -> bool:
    """Tell whether a test is marked, or made by one of the decorators, as run on AWS."""
    layer, names = item.function, []
    while hasattr(layer, "__wrapped__"):
        names.append(layer.__code__.co_qualname.partition(".")[0])
        layer = layer.__wrapped__
    return bool(item.get_closest_marker("aws_verified")) or any(name.endswith("aws_verified") for name in names)


# What it calls

_files: list[Path] = []  # whose tests were run
_running: list = []  # the test, its innermost function, and whether that has begun
_call = botocore.client.BaseClient._make_api_call


def _counted(self, operation, parameters):
    if _running:
        item, code, _begun = _running
        inside = _inside(code)
        _running[2] = _running[2] or inside
        if inside or not _running[2]:
            service = self.meta.service_model.service_name
            item.stash[CALLS].add(f"{service}.{botocore.xform_name(operation)}")
    return _call(self, operation, parameters)


botocore.client.BaseClient._make_api_call = _counted


def _inside(code) -> bool:
    frame = sys._getframe()
    while frame:
        if frame.f_code is code:
            return True
        frame = frame.f_back
    return False


def _late(_signal, _frame):
    pytest.fail(f"not done in {SECONDS} s", pytrace=False)  # botocore would try again after an error of time


def _prepare() -> None:
    """Put there what the maintainers' account has: without this key to another service they skip tests of SNS."""
    name = "/moto/tests/ses/firebase_api_key"
    boto3.client("ssm", "us-east-1").put_parameter(Name=name, Value="a-key", Type="String")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    item.stash[CALLS], item.stash[WHY] = set(), []
    if URL and _files[-1:] != [item.path]:
        _files.append(item.path)
        ask(URL, "reset", {})
        _prepare()
    _running[:] = [item, inspect.unwrap(item.function).__code__, False]
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    _running.clear()
    _write(item)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.excinfo is not None:
        item.stash[WHY].append(f"{call.excinfo.typename}: {call.excinfo.value}")
    if call.when == "call" or report.outcome != "passed":
        item.stash[OUTCOME] = report.outcome


def _write(item) -> None:
    path = item.path.relative_to(Path.cwd() / "tests")
    line = {
        "test": f"{path}::{item.nodeid.partition('::')[2]}",
        "calls": sorted(item.stash[CALLS]),
        "outcome": item.stash[OUTCOME],
        "why": "\n".join(item.stash[WHY])[:4000],
    }
    with Path(os.environ["VERIFIED_RESULTS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
