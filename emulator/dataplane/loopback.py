"""Loopback addresses of our own: what has an address in a VPC has one of these, made from the emulator's port."""

import itertools
from urllib.parse import urlsplit

from emulator import inside

FIRST_TASK = 32  # below are databases
_numbers = itertools.count()


def of(number: int) -> str:
    """Return an address of this emulator's; no other one has it."""
    port = urlsplit(inside.url).port or 1
    return f"127.{port >> 8}.{port & 255}.{number}"


def of_task() -> str:
    """Return an address for another task; they begin anew when all were given away."""
    return of(FIRST_TASK + next(_numbers) % (254 - FIRST_TASK))
