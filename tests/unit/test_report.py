"""Reports: what anybody wrote into AWS or a variable is text in them, and nobody but their owner reads them."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from xml.etree import ElementTree

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar

ROOT = Path(__file__).resolve().parents[2]
BAD = "<script>alert('x')</script>\" onmouseover=\"alert(1) &amp; ü"


def variables():
    item = {"tags": {"Component": BAD}, "name": BAD, "list": [BAD], BAD: BAD}
    finding = dict.fromkeys(("category", "kind", "name", "path", "where", "recorded", "live", "who", "event", "when", "revert", "accept", "loses"), BAD)
    item_told = {"action": "create", "kind": BAD, "name": BAD, "reason": BAD, "changes": [{"path": BAD, "before": BAD, "after": [BAD]}]}
    run = {"commit": BAD, "collection": BAD, "ansible": BAD}
    problem = {"component": BAD, "summary": BAD}
    series = {"component": BAD, "title": BAD, "statistic": BAD, "period": 60, "points": [[BAD, 1.0]], "places": [50.0]}
    status = {
        "verdict": BAD, "time": BAD, "problems": [problem], "notices": [problem], "unreadable": {BAD: BAD},
        "facts": {
            "release": {"name": BAD, "since": BAD}, "tasks": {"running": 1, "spot": 0}, "lock": {"by": BAD},
            "services": [{"name": BAD, "running": 0, "desired": 1, "pending": 0, "deployment": BAD}],
            "queues": [{"name": BAD, "waiting": 1, "in_flight": 0}], "ages": {BAD: None},
            "database": [{"name": BAD, "state": BAD, "engine_version": BAD, "allocated_gib": 1, "backup_age": BAD, "maintenance": [BAD]}],
            "storage": {BAD: {"free_gib": 1, "connections": None}}, "pipes": [{"name": BAD, "state": BAD, "reason": BAD}],
            "schedules": [{"name": BAD, "schedule": BAD, "enabled": True, "ago": BAD}],
            "alarms": {"count": 1, "on": [BAD], "unevaluated": [BAD], "without_data": [BAD]},
            "certificates": [{"domain": BAD, "status": BAD, "days": 1}], "series": [series],
            "drift": {"resources": 1, "findings": 0, "compared": True, "time": BAD, "who": BAD, "commit": BAD},
        },
    }
    return {
        "inventory_hostname": BAD,
        "stack_name": BAD,
        "stack_region": BAD,
        "stack_profile": BAD,
        "show_found": {"count": 1, "locked": BAD, "notes": [BAD], "resources": {BAD: [item]}, "names": {BAD: [BAD]}},
        "plan_summary": {"counts": {BAD: 1}, "declared": [1], "run": run, "unknown": [BAD], "actions": [item_told], "notes": [BAD]},
        "drift_found": {
            "resources": 1, "locked": "", "record": {"time": BAD, "commit": BAD, "who": BAD}, "blind": {BAD: BAD}, "notes": [BAD],
            "findings": [{**finding, "severity": BAD, "owner": ""}], "owned": [{**finding, "severity": BAD, "owner": BAD}],
        },
        "status_found": status,
        "status_stacks": [{"inventory_hostname": BAD, "status_found": status}],
        "status_unseen": [BAD],
        "drift_found_count": 1,
        "drift_pending_items": [item_told],
        "drift_unknown": [BAD],
    }  # fmt: skip


@pytest.fixture
def written(tmp_path):
    """Write a report of bad texts and return its pages by ending."""

    def write(name, *formats):
        loader = DataLoader()
        loader.set_basedir(str(ROOT / "playbooks"))
        templar = Templar(loader=loader, variables=variables())
        task = Task.load({"flow_builder.aws.report": {"directory": str(tmp_path / "reports/stack"), "name": name, "formats": list(formats)}})
        action = action_loader.get(
            "flow_builder.aws.report", task=task, connection=connection_loader.get("local", PlayContext()), play_context=None,
            loader=loader, templar=templar, shared_loader_obj=None,
        )  # fmt: skip
        action.run(task_vars=variables())
        return {one: tmp_path / f"reports/stack/{name}.{one}" for one in formats}

    return write


@pytest.mark.parametrize(("name", "ending"), [(path.name.split(".")[0], path.name.split(".")[1]) for path in sorted((ROOT / "playbooks/templates").glob("*.*.j2")) if path.name.split(".")[1] in ("html", "xml") and not path.name.startswith("page.")])
def test_every_value_is_text(name, ending, written):
    text = written(name, ending)[ending].read_text()
    assert "script" in text and "<script" not in text and "<scr" not in text.lower()
    assert not re.search(r"\"[^<>\"]*\" onmouseover", text), "it ends an attribute"
    assert "&amp;lt;" not in text, "escaped twice"
    if ending == "xml":
        assert ElementTree.fromstring(text).get("name") == "drift"


def test_a_stack_that_has_nothing_yet_is_shown(written):
    """Nothing of what the table has a row for."""
    *_head, last = written("show", "txt")["txt"].read_text().splitlines()
    assert last.split() == ["COMPONENT", "RESOURCE", "ADDRESS"]


def test_only_the_owner_reads_a_report(tmp_path, written):
    pages = written("drift", "json", "html", "xml")
    for page in pages.values():
        assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "reports/stack").stat().st_mode) == 0o700
    pages["html"].chmod(0o644)  # as earlier versions left it
    assert stat.S_IMODE(written("drift", "html")["html"].stat().st_mode) == 0o600
