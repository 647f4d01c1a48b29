"""A stack with a second worker on a queue of its own, a third function and an internal service, by inventory alone.

The gate plans it; ``make proofs`` deploys it, releases it twice, goes back, changes one value and destroys it.
"""

from __future__ import annotations

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import found
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from emulator.prepared import commands
from tests.soon import soon

from . import releasing
from .conftest import proof
from .releasing import Story, playing, release

STACK, INVENTORY = "flow-builder-more", "examples/components"
# What comes with each component that the profile doesn't have.
MORE = {
    "bulk-worker": {
        ("ecr_repository", "-bulk-worker"), ("log_group", "/aws/ecs/{}-bulk-worker"), ("ecs_service", "-bulk-worker"),
        ("ecs_taskdefinition", "-bulk-worker"), ("iam_role", "-bulk-worker-task-us-east-1"),
        ("application_autoscaling_target", "service/{0}-cluster/{0}-bulk-worker"),
        *(("application_autoscaling_policy", f"-bulk-worker-{one}") for one in ("wake", "sleep", "backlog")),
        *(("metric_alarm", f"-bulk-worker-{one}") for one in ("wake", "sleep", "memory")),
        *(("metric_alarm", f"-bulk-{one}") for one in ("queue-backlog", "queue-age", "poison-messages", "dead-letters")),
        ("sqs_queue", "-bulk"), ("sqs_queue", "-bulk-dlq"),
    },
    "digest": {
        ("ecr_repository", "-digest"), ("log_group", "/aws/lambda/{}-digest"), ("lambda_function", "-digest"),
        ("lambda_alias", "-digest:live"), ("event_rule", "-digest"), ("iam_role", "-digest-lambda-us-east-1"),
        ("metric_alarm", "-digest-errors"), ("lambda_permission", "-digest:live/rule"),
    },
    "relay": {
        ("ecr_repository", "-relay"), ("log_group", "/aws/ecs/{}-relay"), ("ecs_service", "-relay"),
        ("ecs_taskdefinition", "-relay"), ("iam_role", "-relay-task-us-east-1"),
        ("application_autoscaling_policy", "-relay-cpu"), ("metric_alarm", "-relay-cpu"), ("metric_alarm", "-relay-memory"),
    },
}  # fmt: skip
STARTS = {
    **commands(),
    "bulk-worker": commands()["worker"],
    "digest": ["python3", "-c", "import json, sys; json.load(sys.stdin); print(json.dumps({'asked': True}))"],
    "relay": ["python3", "-c", "import time; time.sleep(600)"],
}
own = releasing.emulator
ONCE = ("-e", json.dumps({"stack_components_once": {"api": {"cpu": 512, "memory": 1024}}}))


def named(kind, name):
    """Return a resource as a plan names it."""
    return kind, name.format(STACK) if "{" in name else f"{STACK}{name}"


def test_the_plan_has_what_each_component_needs(emulator, play):
    emulator.reset()
    run = play("site.yml", "-i", INVENTORY, "--check")
    assert run.failures == [], run.failures
    made = {(one["kind"], one["name"]) for one in run.resources("create")}
    for component, resources in MORE.items():
        assert {named(*one) for one in resources} - made == set(), component
    role = next(one for one in run.resources("create") if one["name"] == f"{STACK}-relay-task-us-east-1/relay-task")
    assert "cloudwatch:PutMetricData" in json.dumps(role["diff"]["after"])
    assert [one for one in made if one[1].startswith(f"{STACK}-relay-request")] == []


class More(Story):
    """The stack seen from outside."""

    stack = STACK

    def running(self):
        """Return the image of each component that really runs."""
        ecs, functions, images = self.client("ecs"), self.client("lambda"), {}
        for component in ("api", "worker", "bulk-worker", "relay"):
            (service,) = ecs.describe_services(cluster=f"{STACK}-cluster", services=[f"{STACK}-{component}"])["services"]
            task = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
            images[component] = task["containerDefinitions"][0]["image"]
        for component in ("scheduler", "cleanup", "digest"):
            told = functions.get_function(FunctionName=f"{STACK}-{component}", Qualifier="live")
            images[component] = told["Code"]["ResolvedImageUri"]
        return images


@pytest.fixture(scope="module")
def story(own, tmp_path_factory):
    """The stack, deployed."""
    made = More(own.url, tmp_path_factory.mktemp("apps"))
    made.play = playing(own.url, STACK, inventory=INVENTORY)
    rc, output = made.play("standard.yml")
    assert rc == 0, output[-3000:]
    return made


@pytest.fixture(scope="module")
def first(story):
    images = story.images("one", STARTS)
    rc, output = story.play("runbooks/rollout.yml", *release("one", images))
    assert rc == 0, output[-4000:]
    return images


@proof
def test_a_release_of_all_components_runs(story, first):
    assert set(first) == set(STARTS) and story.running() == first


@proof
def test_the_second_worker_takes_from_its_own_queue(story, first):
    ecs, sqs = story.client("ecs"), story.client("sqs")
    ecs.update_service(cluster=f"{STACK}-cluster", service=f"{STACK}-bulk-worker", desiredCount=1)
    url = sqs.get_queue_url(QueueName=f"{STACK}-bulk")["QueueUrl"]
    with story.database(f"{STACK}/database") as connection:
        connection.execute("INSERT INTO workflows (name, every_seconds) VALUES ('bulk', 3600)")
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"workflow_id": 1}))
        rows = soon(lambda: connection.execute("SELECT workflow_id, result FROM executions").fetchall(), "the worker's work")
    assert rows == [(1, "bulk ran")]
    ecs.update_service(cluster=f"{STACK}-cluster", service=f"{STACK}-bulk-worker", desiredCount=0)


@proof
def test_a_second_release_and_the_way_back(story, first):
    images = story.images("two", STARTS)
    rc, output = story.play("runbooks/rollout.yml", *release("two", images))
    assert rc == 0 and story.running() == images, output[-4000:]
    rc, output = story.play("runbooks/rollback.yml")
    assert rc == 0 and story.running() == first, output[-4000:]


@proof
def test_one_value_from_the_command_line_leaves_the_others(story, first):
    rc, output = story.play("standard.yml")
    assert rc == 0, output[-3000:]
    rc, output = story.play("drift.yml")
    assert rc == 0, output[-4000:]
    rc, output = story.play("standard.yml", "--check", *ONCE)
    assert rc == 0, output[-3000:]
    changes = [line.split()[1:] for line in output.splitlines() if line.startswith(("  + ", "  ~ ", "  - ", "  -/+ "))]
    assert {kind for _action, kind, *_rest in changes} == {"ecs_taskdefinition", "ecs_service"}, changes
    assert {name for _action, _kind, name, *_rest in changes} == {f"{STACK}-api"}, changes


@proof
def test_a_destroy_leaves_nothing(story, first):
    rc, output = story.play("destroy.yml", "-e", f"confirm_destroy={STACK}")
    assert rc == 0, output[-3000:]
    assert {kind: left for kind, left in found(story.aws, STACK, list(KINDS.values())).items() if left} == {}
