"""One emulator for all tests, in this process, on a free port."""

import json
import os
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config

HERE = Path(__file__).resolve().parent
# What strict mode would make tests wait for, or count over all tests; its own tests set these again.
MANY = dict.fromkeys(("L-F678F1CE", "L-A4707A72", "L-FE5A380F", "L-0263D0A3", "L-7B6409FD"), 1000)
os.environ.update(EMULATOR_ROLE_SECONDS="0", EMULATOR_QUOTAS=json.dumps(MANY))
# The emulator itself and the helpers beside this file, however pytest was called.
sys.path[:0] = [path for path in (str(HERE.parents[2]), str(HERE)) if path not in sys.path]


def pytest_collection_modifyitems(items):
    """Silence moto's warning about AWS error codes that botocore's model does not list."""
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore:Exception.*does not match an error shape"))


# For every test: moto's backends that are made before the corrections lack what these add.
@pytest.fixture(scope="session", autouse=True)
def endpoint():
    """The URL of the emulator."""
    from emulator import server

    made = server.make(0)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()


@pytest.fixture(scope="session")
def aws(endpoint):
    """Make boto3 clients; they are kept, because loading a service's model is what takes long."""
    session, clients = (
        boto3.Session("emulator-access-key-id", "emulator-secret-access-key", region_name="us-east-1"),
        {},
    )
    config = Config(retries={"max_attempts": 0}, inject_host_prefix=False)

    def client(service, region="us-east-1"):
        if (service, region) not in clients:
            clients[service, region] = session.client(service, region, endpoint_url=endpoint, config=config)
        return clients[service, region]

    return client


@pytest.fixture
def name(request):
    """A name for this test's resources that no other test uses."""
    return (
        request.node.name.removeprefix("test_")
        .replace("_", "-")
        .replace("[", "-")
        .replace("]", "")
        .lower()[:28]
        .strip("-")
    )


@pytest.fixture
def lossy(aws):
    """Return what makes a client whose answer to one call is lost after AWS did it: what comes back is the second's."""

    def make(service, *operations):
        client = boto3.Session("emulator-access-key-id", "emulator-secret-access-key", region_name="us-east-1").client(
            service, endpoint_url=aws(service).meta.endpoint_url, config=Config(retries={"max_attempts": 0})
        )
        for operation in operations:

            def first(params, context, operation=operation, **_more):
                getattr(aws(service), xform_name(operation))(**context["asked"])

            def keep(params, context, **_more):
                context["asked"] = dict(params)

            client.meta.events.register(f"provide-client-params.{service}.{operation}", keep)
            client.meta.events.register(f"before-call.{service}.{operation}", first)
        return client

    return make


@pytest.fixture
def refused():
    """Assert that a call is refused with an AWS error code."""
    from botocore.exceptions import ClientError

    def check(code, call, *args, **kwargs):
        with pytest.raises(ClientError) as caught:
            call(*args, **kwargs)
        assert caught.value.response["Error"]["Code"] == code, caught.value
        return caught.value.response

    return check


@pytest.fixture
def receiving(monkeypatch):
    """Is set as soon as somebody waits for a message."""
    from emulator import clock
    from emulator.dataplane import queues

    waits = threading.Event()
    told = SimpleNamespace(now=clock.now, until=lambda end: waits.set() or clock.until(end))
    monkeypatch.setattr(queues, "clock", told)
    return waits
