"""The life of a background emulator, once through the command line."""

import shutil
import socket

from emulator.cli import main
from emulator.process import Process


def test_life(capsys):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    said = []
    for command, code in [
        ("status", 3),
        ("reset", 1),
        ("start", 0),
        ("start", 0),
        ("status", 0),
        ("reset", 0),
        ("stop", 0),
        ("stop", 0),
    ]:
        assert main([command, "--port", port]) == code, command
        said.append("".join(capsys.readouterr()))
    shutil.rmtree(Process(int(port)).folder)
    assert "already running" in said[3]
    assert "stopped" in said[6]
    assert "not running" in said[7]
