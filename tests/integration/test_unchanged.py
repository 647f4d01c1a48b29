"""A run that knows that nothing has changed ends at once, with the same words as one of all tasks."""

from __future__ import annotations

import json
import re

from .conftest import FULL
from .drifting import deployed, mutated
from .mutations_ultra import ROWS, S

WHERE = ("-i", "inventories/local", "--limit", S)


def verdict(run):
    """Return why all tasks ran, or nothing where the run knew that it had nothing to do."""
    assert run.rc == 0, run.output[-2000:]
    return run.by_task["Would an apply do anything?"]["reason"]


def test_a_run_knows_that_nothing_has_changed_and_never_where_a_full_run_would_do_something(emulator, play):
    aws = emulator.aws("us-east-1")
    deployed(emulator, play, WHERE)

    def check(*more):
        run = play("site.yml", *WHERE, "--check", *more)
        assert not [one for one in run.requests if one["writes"]]
        return run

    same = check()
    assert verdict(same) == "" and re.search(r"\n[1-9]\d* resources: 0 to create, 0 to change, 0 to replace, 0 to delete", same.output), same.output[-2000:]
    assert verdict(check(*FULL)) == "all tasks are wanted"
    longer = check("-e", json.dumps({"queue_visibility_timeout_seconds": 301}))
    assert verdict(longer) == "since the last apply there are other inputs" and longer.resources("update")

    url = aws("sqs").get_queue_url(QueueName=f"{S}-workflow")["QueueUrl"]
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "77"})
    drifting = check()
    assert verdict(drifting) == f"sqs_queue {S}-workflow has drifted: visibility_timeout" and drifting.resources("update")
    assert play("playbooks/drift.yml", *WHERE, "-e", "drift_action=accept").rc == 0
    accepted = check()
    assert "recorded again" in verdict(accepted) and accepted.resources("update"), "an apply undoes what was accepted"
    assert verdict(play("site.yml", *WHERE)) and verdict(check()) == ""

    mutated(aws, S, [row for row in ROWS if row[1] == "quiet"])
    assert verdict(check()) or check(*FULL).changed() == []

    # The secret's value is people's by now; the inventory's, which is another one, is told of and not put over it.
    given = ("-e", json.dumps({"external_database_password": "of-the-inventory"}))
    applied, knowing = play("site.yml", *WHERE, *given, *FULL), check(*given)
    kept = "keeps the value that people set"
    assert verdict(knowing) == "" and kept in applied.output and kept in knowing.output
    assert "of-the-inventory" not in knowing.output + json.dumps(knowing.results)
