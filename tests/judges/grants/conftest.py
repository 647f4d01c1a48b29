"""An embedded AWS of its own for each module, with a stack of one profile in which everything has happened."""

from __future__ import annotations

import pytest

from tests.integration.conftest import CREDENTIALS, Emulator

pytest.register_assert_rewrite("tests.judges.grants.every")


@pytest.fixture(scope="module")
def emulator():
    """The embedded AWS of one module."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in CREDENTIALS.items():
            patched.setenv(name, value)
        patched.setenv("EMULATOR_TASK_SECONDS", "0.1")
        made = Emulator()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def story(request, emulator, tmp_path_factory):
    """The stack of the module's profile, in which everything has happened."""
    made = request.module.STORY(emulator.url, tmp_path_factory.mktemp("story"))
    made.deploy()
    made.works()
    return made
