"""Where jobs ended, read from the tasks that ran them."""

from __future__ import annotations

import re
from typing import Any, Literal, TypedDict

from .engine.plain import plain

MESSAGE = "SQS_MESSAGE_ID"
UNLUCKY = re.compile(r"^(SpotInterruption|TerminationNotice)|Spot Task was interrupted|apacity is unavailable")
ENDED, EXITED, BY_ITSELF = "STOPPED", "EssentialContainerExited", "Essential container in task exited"

Task = dict[str, Any]
"""A task as ECS describes it."""


class Job(TypedDict):
    """What became of a job: ``task`` is the ARN of its last attempt, ``reason`` why that failed."""

    message_id: str
    body: str
    attempts: int
    task: str
    reason: str
    ended: Literal["waiting", "running", "done", "failed"]


def outcomes(sent: dict[str, str], tasks: list[Task]) -> list[Job]:
    """Return what became of each job.

    ``sent`` has the jobs' bodies by message id, ``tasks`` are ECS's, of which only those of these jobs count. A job's
    last attempt says how it ended; the pipe and what runs jobs again name message and attempt in its environment.
    """
    attempts: dict[str, dict[int, Task]] = {message: {} for message in sent}
    for task in tasks:
        given = _variables(task)
        if given.get(MESSAGE) in attempts:
            attempts[given[MESSAGE]][int(given.get("JOB_ATTEMPT", "1"))] = task
    return [_outcome(message, body, attempts[message]) for message, body in sent.items()]


def _outcome(message: str, body: str, attempts: dict[int, Task]) -> Job:
    job: Job = {
        "message_id": message, "body": body, "attempts": len(attempts), "task": "", "reason": "", "ended": "waiting",
    }  # fmt: skip
    if not attempts:
        return job
    task = attempts[max(attempts)]
    job["task"] = task["taskArn"]
    if task["lastStatus"] != ENDED:
        return {**job, "ended": "running"}
    # AWS may add containers of its own, and may leave the stop code out.
    container: Task = next((one for one in task["containers"] if one["name"] == _override(task)["name"]), {})
    code, stopped, told = container.get("exitCode"), task.get("stopCode"), task.get("stoppedReason") or ""
    by_itself = stopped == EXITED if stopped else BY_ITSELF in told
    if by_itself and code == 0:
        return {**job, "ended": "done"}
    reasons = [stopped, told, f"exit code {code}" if code else "", container.get("reason")]
    return {**job, "ended": "failed", "reason": plain("; ".join(filter(None, reasons)))}


def interrupted(job: Job) -> bool:
    """Say whether a job's last attempt failed through no fault of its own, so that another one may follow."""
    return job["ended"] == "failed" and bool(UNLUCKY.search(job["reason"]))


def summary(jobs: list[Job], queues: dict[str, int]) -> list[str]:
    """Return a line for each job, and one for all."""
    lines = []
    for job in jobs:
        tried = f"{job['attempts']} attempt{'s' if job['attempts'] > 1 else ''}" if job["attempts"] else "no task yet"
        lines.append(f"{job['body']}: {job['ended']} ({tried})" + (f": {job['reason']}" if job["reason"] else ""))
    done = sum(job["ended"] == "done" for job in jobs)
    lying = ", ".join(f"{count} in {key.replace('_', ' ')}" for key, count in queues.items())
    return [*lines, f"{done} of {len(jobs)} done; messages: {lying}"]


def _override(task: Task) -> dict[str, Any]:
    """Return what a task was given for the container that has the job."""
    overrides = task.get("overrides", {}).get("containerOverrides", [])
    return next((one for one in overrides if any(item["name"] == MESSAGE for item in one.get("environment", []))), {})


def _variables(task: Task) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in _override(task).get("environment", [])}
