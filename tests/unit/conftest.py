"""Time for what waits."""

import time as clock

import pytest


@pytest.fixture
def time(monkeypatch):
    """Let time pass without taking any; its only item is the time."""
    now = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: now[0])
    monkeypatch.setattr(clock, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    return now
