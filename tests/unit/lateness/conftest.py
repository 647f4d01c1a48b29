"""The engine on the embedded AWS in this process, with time that passes on both sides while somebody waits."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import sync

from emulator import eventual
from tests.unit.destroy.conftest import aws, clock, endpoint, engine, name, network, refused, role, tagged  # noqa: F401


@pytest.fixture(autouse=True)
def both(clock, monkeypatch):  # noqa: F811
    """Let the engine's own pauses take no time either."""
    monkeypatch.setattr(sync, "time", clock)
    return clock


@pytest.fixture
def late():
    """Let AWS be late, as drawn from a seed."""
    yield eventual.use
    eventual.use(None)
