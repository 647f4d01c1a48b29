"""What the parts of a rollout are given: where it is, how long things may take, whom to tell, and what it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..engine.aws import Aws, unless
from ..engine.errors import EngineError, code
from ..engine.names import name

Say = Callable[[str], None]
STALE_SECONDS = 60  # for which AWS may answer as if a change had not been made


class Failed(EngineError):
    """What was asked for does not run."""


class Writes:
    """What of which component a rollout changed: a read that is late would show it as it is to be again."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._made: set[tuple[str, str]] = set()

    def __contains__(self, written: tuple[str, str]) -> bool:
        """Say whether something of a component was changed."""
        return written in self._made

    def make(self, what: str, component: str, call: Callable[..., Any], codes: tuple[str, ...], **asked: Any) -> Any:
        """Change something, remember it unless AWS refused, and return the answer; None for one of the error codes."""
        try:
            answer = unless(codes, call, **asked)
        except Exception as error:
            if not code(error):  # no answer, so it may have been done
                self._made.add((what, component))
            raise
        if answer is not None:
            self._made.add((what, component))
        return answer


@dataclass(frozen=True)
class Context:
    """One rollout of one release of one stack."""

    aws: Aws
    stack: str
    release: str
    say: Say
    timeout: int
    """Seconds that the services, and a task that tries a revision, may take."""
    pause: float
    """Seconds between two looks."""
    steady: float
    """Seconds that something must go on running before it counts as good."""
    writes: Writes = field(default_factory=Writes)

    @property
    def cluster(self) -> str:
        """Return the name of the stack's cluster."""
        return name("cluster", self.stack)

    def names(self, component: str, group: str) -> dict[str, str]:
        """Return what the next command of a diagnosis is made of."""
        return {
            "stack": self.stack,
            "component": component,
            "cluster": self.cluster,
            "repository": name("repository", self.stack, component),
            "release": self.release,
            "group": group,
            "execution_role": name("role", self.stack, "ecs-execution", self.aws.region),
            "pipe_role": name("role", self.stack, "pipe", self.aws.region),
        }
