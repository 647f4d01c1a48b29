"""What SNS refuses of a subscription's filter policy, in its words (recorded: localstack, tests/aws/services/sns)."""

import math

from emulator import patterns

OPERATORS = {"anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"}
KEYS, COMBINATIONS = 5, 150
ALTERNATIVES = "$or"


def refusal(policy: dict, scope: str = "MessageAttributes") -> str | None:
    """Say why SNS refuses a filter policy, or nothing."""
    try:
        _fields(policy, scope)
    except ValueError as wrong:
        return str(wrong)
    paths = _keys(policy)
    if len(paths) > KEYS and ALTERNATIVES not in policy:
        return f"Filter policy can not have more than {KEYS} keys"
    if sum(map(math.prod, _combinations(policy, 1))) > COMBINATIONS:
        return "Filter policy is too complex"
    return None


def _fields(policy: dict, scope: str, depth: int = 1) -> None:
    for name, value in policy.items():
        if name == ALTERNATIVES and isinstance(value, list) and all(isinstance(one, dict) for one in value):
            for one in value:
                _fields(one, scope, depth)
        elif isinstance(value, dict):
            _fields(value, scope, depth + 1)
            if scope == "MessageAttributes":
                raise ValueError("Filter policy scope MessageAttributes does not support nested filter policy")
        elif not isinstance(value, list):
            raise ValueError(f'"{name}" must be an object or an array')
        elif not value:
            raise ValueError("Empty arrays are not allowed")
        else:
            for one in value:
                _condition(one)


def _condition(one) -> None:
    if isinstance(one, list):
        raise ValueError("Match value must be String, number, true, false, or null")
    if not isinstance(one, dict):
        return
    operator, given = next(iter(one.items()), ("", None))
    if operator not in OPERATORS:
        raise ValueError(f"Unrecognized match type {operator}")
    if operator in ("prefix", "suffix", "equals-ignore-case"):
        patterns.check_text(operator)(given)
    if operator == "exists":
        patterns.check_exists(given)
    if operator == "cidr":
        patterns.check_address(given)
    if operator == "numeric":
        _numeric(given)
    if len(one) > 1:
        raise ValueError("Only one key allowed in match expression")


def _numeric(given) -> None:
    if not isinstance(given, list) or not given or not isinstance(given[0], str):
        told = given[0] if isinstance(given, list) and given else "]"
        raise ValueError(f"Invalid member in numeric match: {told}")
    operator, *rest = given
    if operator not in ("=", "<", "<=", ">", ">="):
        raise ValueError(f"Unrecognized numeric range operator: {operator}")
    _number("equals" if operator == "=" else operator, rest[:1])
    if len(rest) == 1:
        return
    if operator not in (">", ">="):
        raise ValueError("Too many elements in numeric expression")
    if not isinstance(rest[1], str):
        raise ValueError(f"Bad value in numeric range: {rest[1]}")
    if rest[1] not in ("<", "<="):
        raise ValueError(f"Bad numeric range operator: {rest[1]}")
    _number(rest[1], rest[2:3])
    if rest[2] <= rest[0]:
        raise ValueError("Bottom must be less than top")
    if len(rest) > 3:
        raise ValueError("Too many terms in numeric range expression")


def _number(of: str, given: list) -> None:
    if not given or isinstance(given[0], bool) or not isinstance(given[0], (int, float)):
        raise ValueError(f"Value of {of} must be numeric")


def _keys(policy: dict) -> set[str]:
    """Return the names on the first level; an alternative's count as well."""
    found = set()
    for name, value in policy.items():
        found |= set().union(*map(_keys, value)) if name == ALTERNATIVES and isinstance(value, list) else {name}
    return found


def _combinations(policy: dict, depth: int) -> list[list[int]]:
    """Return, for each way through the alternatives, how much each of its fields counts: values by depth."""
    ways: list[list[int]] = [[]]
    for name, value in policy.items():
        if name == ALTERNATIVES and all(isinstance(one, dict) for one in value):
            more = [way for one in value for way in _combinations(one, depth)]
        elif isinstance(value, dict):
            more = _combinations(value, depth + 1)
        else:
            more = [[len(value) * depth]]
        ways = [way + other for way in ways for other in more]
    return ways
