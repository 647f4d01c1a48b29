"""Drift cannot hide: changes behind our back on a deployed stack of prod's size are found, told rightly, and healed."""

from __future__ import annotations

import json
import threading

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lock, record
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from .drifting import deployed, drifted, found_and_healed, told
from .mutations import ALSO, ROWS, S

WHERE = ("-i", "inventories/prod", "-e", "drift_trail=false")


@pytest.fixture(scope="module")
def aws(emulator):
    return emulator.aws()


@pytest.fixture(scope="module")
def stack(emulator, play):
    return deployed(emulator, play, WHERE)


def test_ten_clean_runs(stack, aws, play):
    """Nothing false, the first time by the playbook, then by its engine."""
    run = play("playbooks/drift.yml", *WHERE)
    assert (run.rc, told(drifted(run))) == (0, []), run.output[-2000:]
    from ansible_collections.flow_builder.aws.plugins.module_utils.engine.drift import drift

    recorded = record.read(aws, S)
    for _time in range(9):
        found = drift(aws, S, KINDS, recorded, trail=False)
        assert (found.findings, found.externally_managed, found.unreadable) == ([], [], {})


def test_a_check_says_what_an_apply_would_refuse(stack, aws, play):
    """Before anything is written: another major, storage that would shrink, a database that somebody stopped."""
    database = f"{S}-db"
    cases = (
        ({"database_engine_version": "18"}, "by a runbook of its own and not by an apply"),
        ({"database_allocated_storage": 20, "database_max_allocated_storage": 0}, "can't go back from"),
    )
    for variables, why in cases:
        for check in (["--check"], []):
            run = play("site.yml", *WHERE, *check, "-e", json.dumps(variables))
            assert run.rc != 0 and why in run.output, run.output[-2000:]
            assert [one for one in run.requests if one["writes"] and one["service"] == "rds"] == []
    aws("rds").stop_db_instance(DBInstanceIdentifier=database)
    stopped = play("site.yml", *WHERE, "--check")
    assert stopped.rc != 0 and "it is stopped: start it" in stopped.output
    aws("rds").start_db_instance(DBInstanceIdentifier=database)
    assert play("site.yml", *WHERE, "--check").rc == 0


@pytest.mark.parametrize("batch", sorted({row[0] for row in ROWS}))
def test_found_and_healed(stack, aws, play, batch):
    found_and_healed(aws, play, S, [row for row in ROWS if row[0] == batch], WHERE, ALSO)


def test_history_and_accept(stack, aws, play):
    """What is accepted is the record from then on, and records can be compared."""
    name = f"/aws/ecs/{S}-api"
    aws("logs").put_retention_policy(logGroupName=name, retentionInDays=3)
    accepted = play("playbooks/drift.yml", *WHERE, "-e", "drift_action=accept")
    assert accepted.rc == 0, accepted.output[-2000:]
    assert drifted(play("playbooks/drift.yml", *WHERE)) == []
    times = play("playbooks/history.yml", *WHERE).by_task["Read the records"]["times"]
    assert len(times) >= 2
    compared = play("playbooks/history.yml", *WHERE, "-e", f"history_compare={times[-2]},last")
    assert {"name": f"log_group {name}", "path": "retention_in_days", "category": "changed", "before": 30, "after": 3} in (
        compared.by_task["Read the records"]["differences"]
    )


def test_plan_never_writes(stack, play):
    """Without --check too; it fails when changes are not wanted."""
    run = play("playbooks/plan.yml", *WHERE, "-e", "plan_fail_on_changes=true")
    written = [request for request in run.requests if request["writes"]]
    assert written == []
    items = run.by_task["What would be done"]["actions"]
    assert (run.rc != 0) == bool(items)
    assert [(item["name"], item["changes"]) for item in items] == [
        (f"/aws/ecs/{S}-api", [{"path": "retention_in_days", "before": 3, "after": 30}])
    ]


def test_concurrent_applies(stack, aws, play):
    """One holds the lock, the other refuses with a sentence; a killed run's lock tells of it and expires."""
    holder = {"token": "other", "owner": "somebody", "host": "elsewhere", "purpose": "apply", "time": "now", "seconds": 600}
    assert lock.take(aws, S, holder)[2] is None
    refused = play("site.yml", *WHERE)
    assert refused.rc != 0
    assert f"{S} is locked by somebody on elsewhere" in refused.output
    assert [one for one in refused.requests if one["writes"] and one["service"] not in ("s3", "sts")] == []
    assert lock.current(aws, S)["token"] == "other", "a refused run released another's lock"
    lock.release(aws, S, lock.current(aws, S))
    lock.take(aws, S, {**holder, "seconds": 0})
    runs: list = []
    threads = [threading.Thread(target=lambda place=place: runs.append(race(aws, str(place)))) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(runs) == [False, False, False, True], "of four that find an expired lock one takes it over"
    lock.release(aws, S, lock.current(aws, S))


def race(aws, identifier):
    try:
        lock.take(aws, S, {"token": identifier, "seconds": 600}, wait=0)
    except lock.Locked:
        return False
    return True
