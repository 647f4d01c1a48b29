"""What our own addresses are given, judged before anything is kept of it."""

import math


class Invalid(ValueError):
    """What was given can't be taken; the text says what is allowed."""


def entries(name: str, value, fields: dict, needed: tuple[str, ...] = ()) -> list[dict]:
    """Return a list of mappings whose fields are right, each judged by a function ``(name, value)``."""
    if not isinstance(value, list):
        raise Invalid(f"{name} is {value!r}: allowed is a list")
    for number, one in enumerate(value):
        where = f"{name}[{number}]"
        if not isinstance(one, dict):
            raise Invalid(f"{where} is {one!r}: allowed is a mapping")
        for field in [*(field for field in needed if field not in one), *(one.keys() - fields.keys())]:
            raise Invalid(
                f"{where} {'has' if field in one else 'lacks'} {field!r}: allowed are {', '.join(fields)}"
                + (f", needed are {', '.join(needed)}" if needed else "")
            )
        for field, told in one.items():
            fields[field](f"{where}.{field}", told)
    return value


def text(name: str, value) -> str:
    """Return a text that can be a name, an argument of a process or a pattern."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise Invalid(f"{name} is {value!r}: allowed is a text")
    return value


def words(name: str, value) -> str:
    """Return a text, which may be empty."""
    return value if value == "" else text(name, value)


def texts(name: str, value) -> list[str]:
    """Return a list of texts."""
    if not isinstance(value, (list, tuple)):
        raise Invalid(f"{name} is {value!r}: allowed is a list of texts")
    return [text(f"{name}[{number}]", one) for number, one in enumerate(value)]


def command(name: str, value) -> list[str]:
    """Return a command and its arguments."""
    if not texts(name, value):
        raise Invalid(f"{name} is empty: allowed is a command with its arguments")
    return list(value)


def flag(name: str, value) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise Invalid(f"{name} is {value!r}: allowed are true and false")
    return value


def number(least: float = 0, most: float = math.inf, whole: bool = False):
    """Return the judge of a number."""
    kind = "whole number" if whole else "number"
    allowed = f"a {kind} from {least:g}" + ("" if most == math.inf else f" to {most:g}")

    def judge(name: str, value):
        right = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        if not right or not math.isfinite(value) or not least <= value <= most:
            raise Invalid(f"{name} is {value!r}: allowed is {allowed}")
        return value

    return judge


def one_of(*allowed: str):
    """Return the judge of a choice."""

    def judge(name: str, value) -> str:
        if value not in allowed:
            raise Invalid(f"{name} is {value!r}: allowed are {', '.join(allowed)}")
        return value

    return judge


def anything(_name: str, value):
    """Return whatever it is."""
    return value
