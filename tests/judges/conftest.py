"""The embedded AWS and playbook runs, as the integration tests have them."""

from tests.integration.conftest import emulator, play

__all__ = ["emulator", "play"]
