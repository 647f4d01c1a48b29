"""Text that YAML took for a whole number, and numbers that the command line gave as text, are what they were meant to be."""

from __future__ import annotations

import json

import yaml

from .conftest import ROOT

WHERE = ("-i", "inventories/local", "--check", "--diff")
TEXTS = {
    "stack_environment": "7",
    "stack_application": "8",
    "database_engine_version": "17",
    "ecs_user": "1000",
    "external_database_name": "9",
    "external_database_username": "10",
    "migrations_command": ["alembic", "upgrade", "11"],
    "migrations_config": "12",
    "stack_lock_purpose": "13",
    "stack_components": {"worker": {"health_command": ["CMD", "test", "14"]}},
}
# Each role's own numbers, where they stand in its defaults as such.
NUMBERS = {
    name: value
    for path in ROOT.glob("roles/*/defaults/main.yml")
    for name, value in (yaml.safe_load(path.read_text()) or {}).items()
    if type(value) in (int, float)
}


def whole(value):
    """Return a value with whole numbers in the place of texts that are one."""
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else int(value) if value.isdigit() else value


def test_they_plan_the_same(emulator, play):
    emulator.reset()
    meant = play("site.yml", *WHERE, "-e", json.dumps({**TEXTS, **NUMBERS}))
    assert meant.rc == 0, meant.output[-2000:]
    turned = {name: whole(value) for name, value in TEXTS.items()} | {name: str(value) for name, value in NUMBERS.items()}
    given = play("site.yml", *WHERE, "-e", json.dumps(turned))
    assert given.rc == 0, given.output[-2000:]
    first, second = ({(one["kind"], one["name"]): one["diff"]["after"] for one in run.resources("create")} for run in (meant, given))
    assert first.keys() == second.keys() and len(first) > 90
    assert [key for key in first if first[key] != second[key]] == []


def test_a_release_of_that_name_is_looked_for(emulator, play):
    """A number as the command line's JSON says it."""
    emulator.reset()
    run = play("playbooks/runbooks/release_history.yml", *WHERE[:2], "-e", '{"release_name": 20261129, "release_compare": 20261128}')
    assert run.rc != 0 and "has no release '20261129'; there are none" in run.output, run.output[-2000:]
    assert "Traceback" not in run.output
