"""What the parts of a rollout are given, with an AWS that a test plays."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.context import Context


@pytest.fixture
def context():
    """Return what makes a context of what connects to services, or of one client for all of them."""

    def make(client, say=lambda line: None, *, timeout=1800, pause=5, steady=15):
        connect = client if callable(client) else lambda _service, **_more: client
        return Context(Aws(connect, "us-east-1"), "s", "r", say, timeout, pause, steady)

    return make
