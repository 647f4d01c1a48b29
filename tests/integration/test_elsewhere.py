"""A stack that has something in another region: planned, recorded, compared, put back and destroyed there."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lock, record, state

from .conftest import ROOT

STACK, HOME, THERE = "flow-builder-local-ultra", "us-east-1", "eu-west-1"
WHERE = ("-i", ROOT / "inventories/local", "--limit", STACK)
TAGS = {"Stack": STACK, "Region": HOME}
GROUP, TOPIC = f"/aws/{STACK}/edge", f"{STACK}-edge"


def group(days, **where):
    return {"flow_builder.aws.cloudwatchlogs_log_group": {"name": GROUP, "retention_in_days": days, "tags": TAGS, **where}}


def site(*tasks, ends=True):
    """Return the play of an apply of these tasks, which ends with a record or not."""
    lock = {"flow_builder.aws.stack_lock": {"stack": STACK}}
    recorded = {
        "stack": STACK, "declared": "{{ summary.declared }}", "changed_resources": "{{ summary.changed_resources }}",
        "run": "{{ summary.run }}",
    }  # fmt: skip
    end = [
        {"flow_builder.aws.run_summary": {}, "register": "summary"},
        {"name": "Record", "flow_builder.aws.stack_record": recorded},
    ]
    return {
        "hosts": STACK, "connection": "local", "gather_facts": False,
        "module_defaults": {
            "group/flow_builder.aws.aws": {"region": HOME},
            "group/flow_builder.aws.writing": {"stack_region": HOME},
            "group/flow_builder.aws.locking": {"lock": STACK},
        },
        "tasks": [{
            "block": [lock, *tasks, *(end if ends else [])],
            "always": [{"flow_builder.aws.stack_lock": {"stack": STACK, "state": "absent"}}],
        }],
    }  # fmt: skip


@pytest.fixture
def story(emulator, play, tmp_path):
    """Play these tasks, or a playbook, on an account that has nothing yet."""
    emulator.reset()
    aws = emulator.aws(HOME)
    state.claim(aws, state.bucket(aws, STACK))

    def run(*tasks, check=False, playbook=None, rc=0, ends=True):
        path = playbook or tmp_path / "site.yml"
        if not playbook:
            path.write_text(yaml.safe_dump([site(*tasks, ends=ends)]))
        done = play(path, *WHERE, *(["--check", "--diff"] if check else []), "-e", f"drift_directory={tmp_path}", "-e", "drift_trail=false")
        assert done.rc == rc, done.output[-4000:]
        return done

    run.aws, run.there = aws, emulator.aws(THERE)
    run.drift = lambda: [
        (one["kind"], one["name"], one["path"], one["live"])
        for one in (run(playbook="playbooks/drift.yml", rc=2), json.loads((tmp_path / "drift.json").read_text()))[1]["findings"]
        if one["kind"] != "s3_bucket"  # no task here made the one of the record
    ]
    return run


def test_it_lives_and_ends_in_two_regions(story):
    topic = {"flow_builder.aws.sns_topic": {"name": TOPIC, "tags": TAGS, "region": THERE}}
    tasks = group(7), group(14, region=THERE), topic
    planned = story(*tasks, check=True)
    assert f"+ create  log_group@{THERE} {GROUP}" in planned.output and f"+ create  log_group {GROUP}" in planned.output
    assert [one["operation"] for one in planned.requests if one["writes"]] == []
    assert {one["kind"] for one in planned.resources("create")} == {"log_group", f"log_group@{THERE}", f"sns_topic@{THERE}"}

    made = story(*tasks)
    assert made.by_task["Record"]["count"] == 3
    kept = record.read(story.aws, STACK)
    assert {kind: [one.get("retention_in_days") for one in lives] for kind, lives in kept["resources"].items()} == {
        "log_group": [7], f"log_group@{THERE}": [14], f"sns_topic@{THERE}": [None],
    }  # fmt: skip
    assert not state.exists(story.there, STACK), "the lock and the record are at home"
    assert story(*tasks).resources("create", "update") == []
    assert story.drift() == []

    # Somebody changes what is there, and adds to it.
    logs, sns = story.there("logs"), story.there("sns")
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=3)
    arn = sns.create_topic(Name=TOPIC)["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:{THERE}:123456789012:elsewhere")
    told = story.drift()
    assert (f"log_group@{THERE}", GROUP, "retention_in_days", 3) in told
    assert any(kind == f"sns_topic@{THERE}" and "subscription" in path for kind, _name, path, _live in told), told
    back = {"stack": STACK, "put_back": True, "delete": [f"sns_topic@{THERE}/{TOPIC}"], "trail": False}
    story({"flow_builder.aws.stack_drift": back}, ends=False)
    assert story.drift() == []
    assert logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"][0]["retentionInDays"] == 14
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"] == []

    shown = story(playbook="playbooks/show.yml")
    assert shown.by_task["Look for everything that the stack has"]["names"][f"log_group@{THERE}"] == [GROUP]
    story(playbook="playbooks/destroy.yml")
    for aws in (story.aws, story.there):
        assert aws("logs").describe_log_groups(logGroupNamePrefix=f"/aws/{STACK}")["logGroups"] == []
        assert aws("sns").list_topics()["Topics"] == []
    assert not state.exists(story.aws, STACK)


def test_a_first_apply_that_ends_early_leaves_nothing_elsewhere_behind_a_destroy(story):
    """No record tells of it, so the lock does."""
    refused = {"flow_builder.aws.cloudwatchlogs_log_group": {"name": "no name, which AWS refuses", "tags": TAGS}}
    story(group(7, region=THERE), refused, rc=2)
    assert record.read(story.aws, STACK) is None
    (begun,) = lock.unrecorded(lock.current(story.aws, STACK))
    assert (begun["kind"], begun["name"]) == (f"log_group@{THERE}", GROUP)
    story(playbook="playbooks/destroy.yml")
    assert story.there("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == []
