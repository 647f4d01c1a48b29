"""Event patterns: which are ones, and which events match, as event-ruler (which AWS published) and records have it."""

import ipaddress
import json
import operator
import re
from collections import defaultdict

from emulator.evidence import does, inferred, recorded

OPERATORS = {"<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt}
NUMBERS = 5e9
WILDCARDS = 5  # more are "too complex"; AWS counts states and doesn't tell the limit


class Bad(ValueError):
    """A text is no event pattern; the reason is in AWS's words."""


# Which patterns are ones


@does(
    "A pattern that is none is refused with the reason.",
    recorded("events/test_events_patterns", "TestEventPattern::test_event_pattern"),
)
def read(text: str) -> dict:
    """Return the pattern that a text is; raises Bad."""
    try:
        pattern = json.loads(text)
    except ValueError:
        raise Bad("Invalid JSON") from None
    if not isinstance(pattern, dict):
        raise Bad("Filter is not an object")
    _check(pattern)
    return pattern


def _check(pattern: dict) -> None:
    if not pattern:
        raise Bad("Empty objects are not allowed")
    for key, wanted in pattern.items():
        if key == "$or" and _alternatives(wanted):
            for one in wanted:
                _check(one)
        elif isinstance(wanted, dict):
            _check(wanted)
        elif not isinstance(wanted, list):
            raise Bad(f'"{key}" must be an object or an array')
        elif not wanted:
            raise Bad("Empty arrays are not allowed")
        else:
            for one in wanted:
                _check_value(one)


def _alternatives(wanted) -> bool:
    return isinstance(wanted, list) and len(wanted) > 1 and all(isinstance(one, dict) for one in wanted)


def _check_value(wanted) -> None:
    if isinstance(wanted, list):
        raise Bad("Match value must be String, number, true, false, or null")
    if not isinstance(wanted, dict):
        return
    if len(wanted) != 1:
        raise Bad("Only one key allowed in match expression")
    [(name, value)] = wanted.items()
    if name not in CHECKS:
        raise Bad(f"Unrecognized match type {name}")
    CHECKS[name](value)


def check_exists(value) -> None:
    """Refuse what says neither that a field exists nor that it doesn't; raises Bad."""
    if not isinstance(value, bool):
        raise Bad("exists match pattern must be either true or false.")


def _check_end(name: str):
    def check(value) -> None:
        if isinstance(value, dict) and set(value) == {"equals-ignore-case"}:
            value = value["equals-ignore-case"]
        check_text(name)(value)

    return check


def check_text(name: str):
    """Return what refuses a condition that is no text; raises Bad."""

    def check(value) -> None:
        if not isinstance(value, str):
            raise Bad(f"{name} match pattern must be a string")

    return check


@does(
    "A pattern with many wildcards is too complex.",
    inferred(
        "AWS counts states and doesn't tell its limit; here five are too many",
        "TestEventPattern with one to ten wildcards",
    ),
)
def _check_wildcard(value) -> None:
    check_text("wildcard")(value)
    stars, before = 0, ""
    for found in re.finditer(r"\\.?|[^\\]", value, re.DOTALL):
        token = found[0]
        if token.startswith("\\") and token not in (r"\*", "\\\\"):
            raise Bad(f"Invalid escape character at pos {found.start()}")
        if token == before == "*":
            raise Bad(f"Consecutive wildcard characters at pos {found.start()}")
        stars, before = stars + (token == "*"), token
        if stars > WILDCARDS:
            raise Bad(
                "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences "
                "after a wildcard character"
            )


def check_address(value) -> tuple[int, int]:
    """Return the bits of a range of addresses, and the most that there may be; raises Bad."""
    if not isinstance(value, str):
        raise Bad("prefix match pattern must be a string")
    address, *mask = value.split("/")
    if len(mask) != 1:
        raise Bad("Malformed CIDR, one '/' required")
    if not mask[0].isdigit():
        raise Bad("Malformed CIDR, mask bits must be an integer")
    try:
        bits = ipaddress.ip_address(address).max_prefixlen
    except ValueError:
        raise Bad(f"Nonstandard IP address: {address}") from None
    return int(mask[0]), bits


def _check_cidr(value) -> None:
    mask, bits = check_address(value)
    if mask > bits:
        raise Bad(f"Malformed CIDR, mask bits must not exceed {bits}")


def _check_numeric(value) -> None:
    if not isinstance(value, list):
        raise Bad("Value of numeric must be an array.")
    for index in range(0, max(len(value), 1), 2):
        name = value[index] if index < len(value) else None
        if not isinstance(name, str) or name not in OPERATORS:
            raise Bad(f"Invalid member in numeric match: {name}")
        if index and (index > 2 or value[0] not in (">", ">=")):
            raise Bad("Too many elements in numeric expression")
        if index and name not in ("<", "<="):
            raise Bad(f"Bad numeric range operator: {name}")
        if index + 1 == len(value) or not _number(value[index + 1]):
            raise Bad(f"Value of {name} must be numeric")
        if abs(value[index + 1]) > NUMBERS:
            raise Bad("Value must be between -5.0E9 and 5.0E9, inclusive")
    if len(value) == 4 and value[1] >= value[3]:
        raise Bad("Bottom must be less than top")


def _number(value) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _check_anything_but(value) -> None:
    single = "Value of anything-but must be an array or single string/number value."
    if isinstance(value, list):
        if not value:
            raise Bad("Empty arrays are not allowed")
        if not all(isinstance(one, str) or _number(one) for one in value):
            raise Bad("Inside anything but list, start|null|boolean is not supported.")
    elif isinstance(value, dict):
        name, inside = next(iter(value.items()), ("", None))
        if len(value) != 1 or name not in ("prefix", "suffix", "equals-ignore-case", "wildcard"):
            raise Bad(f"Unsupported anything-but pattern: {name}")
        if isinstance(inside, dict):
            raise Bad(single)
        for one in inside if isinstance(inside, list) else [inside]:
            _check_inside(name, one)
    elif not isinstance(value, str) and not _number(value):
        raise Bad(single)


def _check_inside(name: str, value) -> None:
    if name == "wildcard":
        _check_wildcard(value)
    elif not isinstance(value, str):
        if name == "equals-ignore-case":
            raise Bad("Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.")
        raise Bad("prefix/suffix match pattern must be a string")
    elif not value and name != "equals-ignore-case":
        raise Bad("Null prefix/suffix not allowed")


CHECKS = {
    "exists": check_exists, "prefix": _check_end("prefix"), "suffix": _check_end("suffix"), "cidr": _check_cidr,
    "equals-ignore-case": check_text("equals-ignore-case"), "wildcard": _check_wildcard, "numeric": _check_numeric,
    "anything-but": _check_anything_but,
}  # fmt: skip


# Which events match


@does(
    "Which events match a pattern: prefix, suffix, wildcard, anything-but, numeric, cidr, exists, "
    "equals-ignore-case, $or.",
    recorded("events/test_events_patterns", "TestEventPattern::test_event_pattern"),
)
def matches(pattern: dict, event) -> bool:
    """Tell whether an event matches.

    As event-ruler does it: fields by their whole names in the order of these, where all that is found in one list
    must be of one and the same element; what must not exist must be nowhere but in elements already ruled out.
    """
    fields = defaultdict(list)
    for name, value, places in _fields(event, "", {}):
        fields[name].append((value, places))
    return any(_met(sorted(rule, key=lambda one: one[0]), fields, {}) for rule in _rules(pattern, ""))


def _fields(value, name: str, places: dict):
    """Yield each value that is neither object nor list, with its name and the elements of lists that it is in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, f"{name}.{key}" if name else key, places)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _fields(inner, name, {**places, id(value): index} if isinstance(inner, dict) else places)
    else:
        yield name, value, places


def _rules(pattern: dict, name: str) -> list[list[tuple[str, list]]]:
    """Return the alternatives of a pattern, each as pairs of a field's name and its wanted values."""
    made: list[list[tuple[str, list]]] = [[]]
    for key, wanted in pattern.items():
        whole = f"{name}.{key}" if name else key
        if key == "$or" and _alternatives(wanted):
            more = [rule for one in wanted for rule in _rules(one, name)]
        elif isinstance(wanted, dict):
            more = _rules(wanted, whole)
        else:
            more = [[(whole, wanted)]]
        made = [[*before, *after] for before in made for after in more]
    return made


def _met(rule: list, fields: dict, places: dict) -> bool:
    if not rule:
        return True
    (name, wanted), *rest = rule
    here = [(value, found) for value, found in fields.get(name, ()) if _agree(places, found)]
    for one in wanted:
        if not isinstance(one, dict) or "exists" not in one:
            fit = [found for value, found in here if _equals(one, value)]
        elif one["exists"]:
            fit = [found for _value, found in here]
        else:
            fit = [] if here else [{}]
        if any(_met(rest, fields, {**places, **found}) for found in fit):
            return True
    return False


def _agree(places: dict, others: dict) -> bool:
    return all(places.get(array, index) == index for array, index in others.items())


def _equals(wanted, value) -> bool:
    if not isinstance(wanted, dict):
        return _same(wanted, value)
    [(name, given)] = wanted.items()
    return TESTS[name](given, value)


def _same(one, other) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return one == other


def _text(test):
    return lambda given, value: isinstance(value, str) and test(given, value)


def _end(test):
    def tell(given, value: str) -> bool:
        if isinstance(given, dict):
            return test(value.lower(), given["equals-ignore-case"].lower())
        return test(value, given)

    return _text(tell)


def _wildcard(given: str, value: str) -> bool:
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", given)
    kinds = {"*": ".*", r"\*": r"\*", "\\\\": r"\\"}
    return re.fullmatch("".join(kinds.get(one) or re.escape(one) for one in parts), value, re.DOTALL) is not None


def _numeric(given: list, value) -> bool:
    pairs = zip(given[::2], given[1::2], strict=True)
    return _number(value) and all(OPERATORS[name](value, limit) for name, limit in pairs)


def _cidr(given: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(given, strict=False)
    except ValueError:
        return False


def _anything_but(given, value) -> bool:
    if not isinstance(given, dict):
        return not any(_same(one, value) for one in (given if isinstance(given, list) else [given]))
    [(name, inside)] = given.items()
    return not any(TESTS[name](one, value) for one in (inside if isinstance(inside, list) else [inside]))


TESTS = {
    "prefix": _end(str.startswith), "suffix": _end(str.endswith), "wildcard": _text(_wildcard), "numeric": _numeric,
    "equals-ignore-case": _text(lambda given, value: given.lower() == value.lower()), "cidr": _text(_cidr),
    "anything-but": _anything_but,
}  # fmt: skip
