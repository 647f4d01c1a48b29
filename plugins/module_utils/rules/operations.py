"""What operations are asked for."""

from __future__ import annotations

from ..engine.errors import EngineError
from ..operations.times import ALLOWED, duration
from .registry import Sentences, Variable, rule


@rule("status_since")
def a_time(since: Variable) -> Sentences:
    """Some time ago, as far back as CloudWatch keeps anything."""
    try:
        duration(since.value or "1h", "")
    except EngineError:
        yield f"{since}: {ALLOWED}"
