"""Where jobs ended, read from the tasks that ran them."""

from __future__ import annotations

from .engine.plain import plain

ENDED = "STOPPED"


def outcomes(sent: dict[str, str], tasks: list[dict]) -> list[dict]:
    """Return what became of each job.

    ``sent`` has the jobs' bodies by message id, ``tasks`` are ECS's, of which only those of these jobs count. A job's
    last attempt says how it ended; the pipe and what runs jobs again name message and attempt in its environment.
    """
    attempts: dict[str, dict[int, dict]] = {message: {} for message in sent}
    for task in tasks:
        given = _variables(task)
        if given.get("SQS_MESSAGE_ID") in attempts:
            attempts[given["SQS_MESSAGE_ID"]][int(given.get("JOB_ATTEMPT", "1"))] = task
    return [_outcome(message, body, attempts[message]) for message, body in sent.items()]


def _outcome(message: str, body: str, attempts: dict[int, dict]) -> dict:
    job = {"message_id": message, "body": body, "attempts": len(attempts), "task": "", "reason": ""}
    if not attempts:
        return {**job, "ended": "waiting"}
    task = attempts[max(attempts)]
    job["task"] = task["taskArn"]
    if task["lastStatus"] != ENDED:
        return {**job, "ended": "running"}
    codes = [container.get("exitCode") for container in task["containers"]]
    if task.get("stopCode") == "EssentialContainerExited" and all(code == 0 for code in codes):
        return {**job, "ended": "done"}
    exits = [f"exit code {code}" for code in codes if code]
    reasons = [task.get("stopCode"), task.get("stoppedReason"), *exits]
    reasons += [container.get("reason") for container in task["containers"]]
    return {**job, "ended": "failed", "reason": plain("; ".join(filter(None, reasons)))}


def summary(jobs: list[dict], queues: dict[str, int]) -> list[str]:
    """Return a line for each job, and one for all."""
    lines = []
    for job in jobs:
        tried = f"{job['attempts']} attempt{'s' if job['attempts'] > 1 else ''}" if job["attempts"] else "no task yet"
        lines.append(f"{job['body']}: {job['ended']} ({tried})" + (f": {job['reason']}" if job["reason"] else ""))
    done = sum(job["ended"] == "done" for job in jobs)
    lying = ", ".join(f"{count} in {key.replace('_', ' ')}" for key, count in queues.items())
    return [*lines, f"{done} of {len(jobs)} done; messages: {lying}"]


def _variables(task: dict) -> dict[str, str]:
    overrides = task.get("overrides", {}).get("containerOverrides", [])
    return {one["name"]: one.get("value", "") for override in overrides for one in override.get("environment", [])}
