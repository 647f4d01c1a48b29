"""Rollouts that pause: what stands on record, who may write meanwhile, and what became of one that nobody continued.

The record of a rollout is the truth. Beside it stands an object that every writer reads, so that none has to look
through all releases: the release that is paused, and until when. An object without such a record says nothing.
"""

from __future__ import annotations

from typing import Literal

from ..engine import between
from ..engine.aws import Aws, unless
from ..kinds.ecs_pauses import Pause, pauses
from . import records
from .deployments import BAD, status_of
from .shapes import NamedRollout, RolloutRecord

# What is told of a deployment whose service went with it.
GONE = ("ClusterNotFoundException", "ServiceNotFoundException", "ServiceDeploymentNotFoundException")
ENDED = {
    "TIMED_OUT": "nobody continued it in that time",
    "SUCCEEDED": "somebody continued it on ECS",
    "FAILED": "somebody had it taken back on ECS",
}
CONTINUES = (
    "playbooks/runbooks/continue_rollout.yml continues it, playbooks/runbooks/stop_rollout.yml has it taken back, and "
    "until then nothing else changes the stack"
)
FINISHES = "playbooks/runbooks/continue_rollout.yml finishes its record"
Became = Literal["waits", "bad", "on"]


class Paused(Exception):
    """Deployments wait for somebody to continue them; nothing has failed."""

    def __init__(self, waiting: dict[str, Pause]):
        """Take where each component's deployment waits."""
        super().__init__("; ".join(f"{component} {one.where()}" for component, one in waiting.items()))
        self.waiting = waiting


def mark(aws: Aws, stack: str, release: str, rollout: RolloutRecord, paused: Paused) -> None:
    """Let a rollout's record have where it pauses, and tell other writers; whoever calls this writes the record."""
    told = {component: one.record() for component, one in paused.waiting.items()}
    rollout.update({"verdict": records.PAUSED, "paused": told, "reason": str(paused)})
    until = max(one.until for one in paused.waiting.values())
    between.write(aws, stack, {"release": release, "until": until, "told": _refused(release, str(paused))})


def refusal(aws: Aws, stack: str, *, check: bool = False) -> str:
    """Return why nobody else may write to a stack now, in a sentence; nothing where nothing pauses.

    Where the deployment waits no more, what became of it goes on record, unless this is a ``check``, and others may
    write again.
    """
    marked = between.read(aws, stack)
    if marked is None:
        return ""
    book = records.Releases(aws, stack)
    release = book.read(marked["release"])
    rollout = next((one for one in release["rollouts"] if one["verdict"] == records.PAUSED), None) if release else None
    if release and rollout:
        became, told = look(aws, rollout)
        if became == "waits":
            return _refused(release["id"], told)
        rollout["reason"] = f"{rollout['reason'].partition(';')[0]}; {told}; {FINISHES}"
        if not check:
            book.write(release)
    if not check:
        between.forget(aws, stack)
    return ""


def _refused(release: str, where: str) -> str:
    return f"release {release} is paused, {where}; {CONTINUES}"


def look(aws: Aws, rollout: RolloutRecord | NamedRollout) -> tuple[Became, str]:
    """Return what became of a rollout that paused: it V(waits), went V(bad) or goes V(on); and a sentence on it."""
    worst: tuple[Became, str] = ("on", "ECS goes on with it")
    for component, one in rollout.get("paused", {}).items():
        found = unless(
            GONE, aws("ecs").describe_service_deployments, serviceDeploymentArns=[one["deployment"]], otherwise={}
        ).get("serviceDeployments")
        if not found:
            continue
        waiting = pauses(found[0])
        if waiting:
            return "waits", f"{component} {waiting[0].where()}"
        hooks = {hook["hookId"]: hook["status"] for hook in found[0].get("lifecycleHookDetails", [])}
        ended, status = ENDED.get(hooks.get(one["hook"], ""), ""), status_of(found[0])
        told = status.reason if status.state == BAD else "ECS goes on with it"
        if status.state == BAD or worst[0] == "on":
            worst = "bad" if status.state == BAD else "on", f"{ended}, and {told}" if ended else told
    return worst
