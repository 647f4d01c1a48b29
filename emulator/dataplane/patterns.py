"""Event patterns: moto's comparisons of single values, but AWS's way through lists of objects."""

from moto.events.models import UNDEFINED, EventPattern


def matches(pattern: dict, event) -> bool:
    """Tell whether an event matches; within a list one element must match as a whole."""
    if isinstance(event, list):
        return any(matches(pattern, one) for one in event) or (not event and matches(pattern, UNDEFINED))
    return all(_one(key, wanted, event) for key, wanted in pattern.items())


def _one(key: str, wanted, event) -> bool:
    if key == "$or":
        return any(matches(one, event) for one in wanted)
    value = event.get(key, UNDEFINED) if isinstance(event, dict) else UNDEFINED
    if isinstance(wanted, dict):
        return matches(wanted, value)
    leaf = EventPattern(None, {})
    return leaf._does_item_match_filters(value, wanted)
