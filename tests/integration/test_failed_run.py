"""What a run did before it failed is in its summary and in the next record: it was no drift."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lock, record, state
from ansible_collections.flow_builder.aws.plugins.modules import stack_drift

from .conftest import ROOT

STACK, REGION = "fb-failed-run", "eu-north-1"
NAMES = [f"/aws/{STACK}/{name}" for name in ("a", "b", "no name, which AWS refuses")]


def group(name, days):
    return {"name": name, "days": days}


def applied(stack, region, groups):
    """Return the play of an apply: log groups in one loop, and the record."""
    lock = {"stack": stack, "wait_seconds": 0}
    defaults = {"group/flow_builder.aws.aws": {"region": region}, "group/flow_builder.aws.locking": {"lock": stack}}
    tasks = {
        "name": "Under the lock",
        "block": [
            {"name": "Lock", "flow_builder.aws.stack_lock": lock},
            {
                "name": "Log groups",
                "flow_builder.aws.cloudwatchlogs_log_group": {
                    "name": "{{ item.name }}", "retention_in_days": "{{ item.days }}", "tags": {"Stack": stack},
                },
                "loop": groups,
            },
            {"name": "Summary", "flow_builder.aws.run_summary": {}, "register": "summary"},
            {
                "name": "Record",
                "flow_builder.aws.stack_record": {
                    "stack": stack, "declared": "{{ summary.declared }}", "run": "{{ summary.run }}",
                    "changed_resources": "{{ summary.changed_resources }}",
                },
            },
        ],
        "always": [{"name": "Unlock", "flow_builder.aws.stack_lock": {"stack": stack, "state": "absent"}}],
    }  # fmt: skip
    return {
        "hosts": "all", "connection": "local", "gather_facts": False, "module_defaults": defaults, "tasks": [tasks],
    }  # fmt: skip


def drift(aws, stack):
    """Return what a drift check tells of a stack's log groups: the bucket is none that a task made."""
    asked = {"stack": stack, "trail": False, "show_owned": True, "put_back": False, "delete": [], "command": "drift.yml"}
    told = stack_drift.look(aws, {**asked, "roles": str(ROOT / "roles")}, True)
    return [one for one in told["findings"] if one["kind"] == "log_group"], told


@pytest.fixture
def apply(play, emulator, tmp_path):
    """Apply log groups of some days."""
    aws = emulator.aws(REGION)
    state.claim(aws, state.bucket(aws, STACK))

    def apply(*groups):
        path = tmp_path / "site.yml"
        path.write_text(yaml.safe_dump([applied(STACK, REGION, list(groups))]))
        return play(path, "-i", f"{STACK},", "-e", "stack_profile=standard")

    apply.aws = aws
    return apply


def recorded(aws, stack=STACK):
    """Return the days of each recorded log group."""
    kept = record.read(aws, stack)
    return {one["name"]: one["retention_in_days"] for one in kept["resources"]["log_group"]}, kept.get("unrecorded")


def test_what_a_loop_did_before_its_third_item_failed_is_told_and_recorded(apply):
    first = apply(group(NAMES[0], 7), group(NAMES[1], 7))
    assert first.rc == 0, first.output
    assert recorded(apply.aws) == ({NAMES[0]: 7, NAMES[1]: 7}, None)

    failed = apply(*(group(name, 14) for name in NAMES))
    assert failed.rc != 0
    for name in NAMES[:2]:
        assert f"~ update  log_group {name}" in failed.output
    assert failed.output.count("retention_in_days: 7 -> 14") == 2
    assert "2 changed" in failed.output and "it ended early: Log groups failed" in failed.output
    days, owed = recorded(apply.aws)
    assert days == {NAMES[0]: 7, NAMES[1]: 7}
    assert [(one["name"], one["changes"], one["before"]["retention_in_days"]) for one in owed] == [
        (name, ["retention_in_days"], 7) for name in NAMES[:2]
    ]

    # Until the next run, drift tells of it, each finding whole, and whose it was.
    groups, told = drift(apply.aws, STACK)
    way = f"drift.yml --limit {STACK} -e drift_action="
    assert groups == [
        {
            "category": "changed", "kind": "log_group", "name": name, "path": "retention_in_days",
            "field": "retention_in_days", "recorded": 7, "live": 14, "where": "", "owner": "", "severity": "medium",
            **owed[0]["by"], "loses": "", "revert": f"{way}revert", "accept": found["accept"],
            "variables": found["variables"],
        }
        for name, found in zip(NAMES, groups, strict=False)
    ]  # fmt: skip
    assert all(one["variables"] and one["accept"].endswith(f"{way}accept") for one in groups)
    assert owed[0]["by"]["who"] and owed[0]["by"]["event"] == "apply that ended before its record"
    assert sum("the next apply records what was changed by" in note for note in told["notes"]) == 1
    assert len(groups) == 2 and told["counts"]["medium"] == len(told["table"]) == 3

    # There's nothing left to do, and yet there's something to record.
    after = apply(group(NAMES[0], 14), group(NAMES[1], 14))
    assert after.rc == 0 and after.resources("create", "update") == []
    assert recorded(apply.aws) == ({NAMES[0]: 14, NAMES[1]: 14}, None)
    assert after.by_task["Record"]["left"] == []

    # What AWS refused wasn't done, so nothing of it is told to anybody.
    refused = apply(group(NAMES[2], 7))
    assert refused.rc != 0 and lock.current(apply.aws, STACK) is None
