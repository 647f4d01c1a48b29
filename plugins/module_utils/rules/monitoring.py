"""What alarms take."""

from __future__ import annotations

from .registry import Sentences, Variable, rule

PERCENTS = ("high-cpu", "high-memory", "worker-memory", "database-cpu")


@rule("monitoring_thresholds")
def thresholds(values: Variable) -> Sentences:
    """A threshold that nothing can ever pass is no alarm."""
    for name, value in values.value.items():
        longest, words = (100, "to 100") if name in PERCENTS else (float("inf"), "and more")
        if value is not None and not 0 <= value <= longest:
            yield f"{values.name} has {name} with {value:g}: allowed are 0 {words}"
