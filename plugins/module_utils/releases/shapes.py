"""What a release, its rollouts and a plan are made of, in the stack's bucket and between the parts of a rollout."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Json = dict[str, Any]
"""What AWS answers, and what it takes."""
Images = dict[str, str]
"""The image of each component, by digest."""


class ServiceBefore(TypedDict):
    """A service before a rollout."""

    task_definition: str
    desired: int


class FunctionBefore(TypedDict):
    """A function before a rollout: the image of its newest code, and the version that its alias shows, or nothing."""

    image: str
    version: str


class PipeState(TypedDict):
    """What a pipe starts, and its state: before a rollout the one that it is to have."""

    task_definition: str
    state: str


class Before(TypedDict):
    """What ran before a rollout, by component, as far as a release changes it."""

    services: dict[str, ServiceBefore]
    functions: dict[str, FunctionBefore]
    pipe: NotRequired[PipeState | None]


class Became(TypedDict):
    """What a rollout brought up: revisions and versions by component, and what the pipe starts."""

    task_definitions: dict[str, str]
    functions: dict[str, str]
    pipe: NotRequired[PipeState]


class Begins(TypedDict):
    """A rollout that is about to begin: V(rollout) or V(rollback), who does it, and what ran before."""

    kind: str
    by: str
    before: Before


class Continued(TypedDict):
    """That somebody continued a rollout which paused."""

    by: str
    at: str
    paused: str


class RolloutRecord(Begins):
    """A rollout as its release records it. Times are UTC, as ``records.now`` writes them."""

    started: str
    verdict: str
    finished: NotRequired[str]
    reason: NotRequired[str]
    paused: NotRequired[dict[str, dict[str, str]]]
    """Where each component's deployment paused last: ``Pause.record``."""
    continued: NotRequired[list[Continued]]
    task_definitions: NotRequired[dict[str, str]]
    functions: NotRequired[dict[str, str]]
    pipe: NotRequired[PipeState]


class NamedRollout(RolloutRecord):
    """A rollout with the name of its release."""

    release: str


class Applied(TypedDict):
    """A migration that was applied, and whether the releases before it can't live with it."""

    revision: str
    contract: bool


class Migration(TypedDict, total=False):
    """What a migration with a release did, as the last line of it says; ``at`` is when, ``after`` are the heads."""

    applied: list[Applied]
    undone: list[Applied]
    before: list[str]
    after: list[str]
    at: str
    snapshot: str


class Release(TypedDict):
    """A release as the stack's bucket keeps it."""

    id: str
    stack: str
    created: str
    by: str
    images: Images
    migration: Migration
    rollouts: list[RolloutRecord]
    commit: NotRequired[str]
    source: NotRequired[str]


class Source(TypedDict, total=False):
    """Where a release comes from."""

    commit: str
    source: str


class Diff(TypedDict):
    """A difference: what there is on both sides, by component."""

    before: dict[str, str]
    after: dict[str, str]


class Plan(TypedDict):
    """What a rollout would change, in the way in which resources tell it."""

    kind: Literal["release"]
    name: str
    action: Literal["update", "none"]
    reason: str
    changed: bool
    diff: Diff
    msg: str
