"""Where jobs ended, as a table."""

from __future__ import annotations

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.jobs import outcomes, summary
from ansible_collections.flow_builder.aws.plugins.modules import jobs_run


def task(message, status="STOPPED", attempt=None, code=None, **more):
    given = {"SQS_MESSAGE_ID": message} | ({"JOB_ATTEMPT": str(attempt)} if attempt else {})
    environment = [{"name": name, "value": value} for name, value in given.items()]
    return {
        "taskArn": f"task-{attempt or 1}",
        "lastStatus": status,
        "containers": [{"name": "worker"} | ({} if code is None else {"exitCode": code})],
        "overrides": {"containerOverrides": [{"name": "worker", "environment": environment}]},
    } | more


EXITED = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
SPOT = {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."}
AGENT = {"name": "aws-guardduty-agent-8XbGz2", "exitCode": 137, "reason": "OutOfMemoryError"}
PULL = {"stopCode": "TaskFailedToStart", "stoppedReason": "CannotPullContainerError"}
TABLE = [
    ([], "waiting", 0, ""),
    ([task("other", code=0, **EXITED)], "waiting", 0, ""),
    ([{**task("m"), "overrides": {}}], "waiting", 0, ""),
    ([task("m", "RUNNING")], "running", 1, ""),
    ([task("m", code=0, **EXITED)], "done", 1, ""),
    (
        [task("m", code=1, **EXITED)],
        "failed",
        1,
        "EssentialContainerExited; Essential container in task exited; exit code 1",
    ),
    # Exit code 0 after a stop from outside is no success.
    ([task("m", code=0, **SPOT)], "failed", 1, "SpotInterruption; Your Spot Task was interrupted."),
    # AWS leaves the stop code out, or adds a container of its own (GuardDuty's agent).
    ([task("m", code=0, stoppedReason=EXITED["stoppedReason"])], "done", 1, ""),
    ([task("m", code=0, stoppedReason=SPOT["stoppedReason"])], "failed", 1, "Your Spot Task was interrupted."),
    ([task("m", **EXITED, containers=[AGENT, {"name": "worker", "exitCode": 0}])], "done", 1, ""),
    (
        [task("m", containers=[{"name": "worker", "exitCode": 1}, AGENT | {"exitCode": 0}], **EXITED)],
        "failed",
        1,
        "EssentialContainerExited; Essential container in task exited; exit code 1",
    ),
    ([task("m", **PULL)], "failed", 1, "TaskFailedToStart; CannotPullContainerError"),
    ([task("m", attempt=2, code=0, **EXITED), task("m", attempt=1, **SPOT)], "done", 2, ""),
    ([task("m", "PENDING", attempt=2), task("m", attempt=1, **SPOT)], "running", 2, ""),
    ([task("m", "PENDING", attempt=10), task("m", attempt=9, **SPOT)], "running", 2, ""),
]


@pytest.mark.parametrize(("tasks", "ended", "attempts", "reason"), TABLE)
def test_outcome(tasks, ended, attempts, reason):
    (job,) = outcomes({"m": "body"}, tasks)
    assert (job["ended"], job["attempts"], job["reason"], job["body"]) == (ended, attempts, reason, "body")


def test_summary():
    jobs = outcomes(
        {"m": "a", "n": "b", "o": "c"}, [task("m", code=0, **EXITED), task("n", attempt=2, **PULL), task("n", **SPOT)]
    )
    assert summary(jobs, {"queue": 1, "failed_jobs": 0}) == [
        "a: done (1 attempt)",
        "b: failed (2 attempts): TaskFailedToStart; CannotPullContainerError",
        "c: waiting (no task yet)",
        "1 of 3 done; messages: 1 in queue, 0 in failed jobs",
    ]


@pytest.mark.parametrize(
    ("first", "seconds", "ended"),
    [(task("m", **SPOT), 33, "done"), (task("m", stoppedReason=SPOT["stoppedReason"]), 33, "done"), (task("m", code=1, **EXITED), 3, "failed")],
)  # fmt: skip
def test_a_job_that_is_run_again_is_not_given_up_before(first, seconds, ended, monkeypatch):
    """The event of its end and the function that runs it again take their time."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    again = task("m", attempt=2, code=0, **EXITED)
    monkeypatch.setattr(jobs_run, "of_family", lambda *_names: [first, *([again] if now[0] >= 30 else [])])
    (job,) = jobs_run.watch(None, "s", "worker", {"m": "body"}, 600)
    assert (job["ended"], now[0]) == (ended, seconds)


def test_a_job_that_nobody_runs_again_is_told_in_the_end(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(jobs_run, "of_family", lambda *_names: [task("m", **SPOT)])
    (job,) = jobs_run.watch(None, "s", "worker", {"m": "body"}, 600)
    assert (job["ended"], now[0]) == ("failed", 60)
