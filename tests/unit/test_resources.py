"""A batch against the embedded AWS in this process: order, results, what is left by a failure, what is said."""

import os
import re
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.flow_builder.aws.plugins.action.resources import ActionModule, Reconciling
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import aws as engine
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import prefetch
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary

from tests.unit.emulator.conftest import aws, endpoint, name  # noqa: F401
from tests.unit.test_batch import trusted


@pytest.fixture(autouse=True)
def _alone(monkeypatch, endpoint):  # noqa: F811
    monkeypatch.setattr(run_summary, "require_shared", lambda: None)
    monkeypatch.setattr(engine, "_kept", {})
    for key, value in {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(key, value)
    for key in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(key, raising=False)


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.setattr(prefetch, "_memory", None)
    prefetch.share()
    yield
    os.close(prefetch._memory)


@pytest.fixture
def batch(name):  # noqa: F811
    """Run a batch for a host of the test's own; what it says as it goes is in ``said``."""

    def run(*entries, check=False, diff=False, **arguments):
        task = Task()
        task.name, task.action, task.check_mode, task.diff = "Batch", "flow_builder.aws.resources", check, diff
        task.args = {"resources": trusted(list(entries)), "region": "us-east-1", **arguments}
        loader = DataLoader()
        action = ActionModule(task, SimpleNamespace(_shell=SimpleNamespace(tmpdir="none")), None, loader, Templar(loader, {}), None)
        action.say = run.said.append
        run.said.clear()
        return action.run(None, {"inventory_hostname": name})

    run.said = []
    return run


def queue(name, **more):  # noqa: F811
    return {"sqs_queue": {"name": name, **more}}


def fed_by(name, other, **more):  # noqa: F811
    arn = f"{{{{ '{other}' | flow_builder.aws.ref('sqs_queue', 'arn') }}}}"
    return queue(name, redrive_policy={"deadLetterTargetArn": arn, "maxReceiveCount": 3}, **more)


def there(aws):  # noqa: F811
    return {url.rpartition("/")[2] for url in aws("sqs").list_queues().get("QueueUrls", [])}


def told(name):  # noqa: F811
    return run_summary.read()[name]


def test_a_check_an_apply_and_an_apply_again(batch, aws, name):  # noqa: F811
    entries = [fed_by(name, f"{name}-dlq"), queue(f"{name}-dlq")]
    plan = batch(*entries, check=True)
    assert [(one["action"], one["kind"], one["name"]) for one in plan["results"]] == [
        ("create", "sqs_queue", name), ("create", "sqs_queue", f"{name}-dlq"),
    ]  # fmt: skip
    assert plan["changed"] and not {name, f"{name}-dlq"} & there(aws)
    # Its ARN is known before it is there, as a task of its own would tell it.
    assert re.fullmatch(rf"arn:aws:sqs:us-east-1:\d+:{name}-dlq", plan["results"][0]["resource"]["redrive_policy"]["deadLetterTargetArn"])

    done = batch(*entries)
    assert [one["action"] for one in done["results"]] == ["create", "create"]
    assert {name, f"{name}-dlq"} <= there(aws)
    assert batch.said == [f"+ create  sqs_queue {name}-dlq", f"+ create  sqs_queue {name}"], "in the order in which it happened"
    assert done["results"][0]["diff"]["after"]["redrive_policy"] == plan["results"][0]["diff"]["after"]["redrive_policy"]

    again = batch(*entries)
    assert not again["changed"] and [one["action"] for one in again["results"]] == ["none", "none"]


def test_each_result_is_in_the_summary_as_a_tasks_own(batch, name):  # noqa: F811
    batch(queue(name), queue(f"{name}-2"))
    assert [(one["action"], one["name"]) for one in told(name).actions] == [("create", name), ("create", f"{name}-2")]
    assert {("sqs_queue", name), ("sqs_queue", f"{name}-2")} <= {*told(name).declared}


def test_a_batch_of_nothing_says_nothing_unknown(batch, name):  # noqa: F811
    batch(queue(name), check=True)
    assert batch({**queue(name), "when": False}, check=True)["results"] == []
    assert told(name).unknown == []


def test_diffs_are_printed_where_they_are_asked_for(batch, name):  # noqa: F811
    done = batch(queue(name), queue(f"{name}-2"), diff=True)
    assert ['"name": "' + one in two["after"] for one, two in zip((name, f"{name}-2"), done["diff"], strict=True)] == [True, True]
    assert done["diff"][0]["before"] == ""
    assert "diff" not in batch(queue(name)), "nobody asked for it"


def failed(batch, *entries, **more):
    with pytest.raises(AnsibleActionFail) as error:
        batch(*entries, **more)
    return str(error.value), error.value.result


def test_a_reference_to_what_nobody_makes_is_refused_before_the_first_write(batch, aws, name):  # noqa: F811
    message, result = failed(batch, queue(name), fed_by(f"{name}-2", f"{name}-nowhere"))
    assert message == (
        f"queue {name}-2: it needs the arn of queue {name}-nowhere, which isn't there; a task that makes it must run before"
    )
    assert result["results"] == [] and name not in there(aws)


@pytest.mark.parametrize("check", [True, False])
def test_what_is_wrong_is_refused_before_aws_is_asked(batch, aws, name, check):  # noqa: F811
    message, _result = failed(batch, queue(name), queue(f"{name}-2", dellay_seconds=1), check=check)
    assert message == "resources[1]: 'dellay_seconds' is no argument of flow_builder.aws.sqs_queue; did you mean delay_seconds?"
    assert name not in there(aws)


def test_after_a_failure_nothing_begins_and_what_was_done_is_told(batch, aws, name):  # noqa: F811
    wrong = fed_by(f"{name}-wrong", name, visibility_timeout=99999)
    after = fed_by(f"{name}-after", f"{name}-wrong")
    message, result = failed(batch, queue(name), wrong, after)
    assert message.startswith(f"queue {name}-wrong: CreateQueue was refused with InvalidAttributeValue")
    assert [(one["action"], one["name"]) for one in result["results"]] == [("create", name)]
    assert name in there(aws) and f"{name}-after" not in there(aws)
    assert [one["name"] for one in told(name).unrecorded] == [name], "the next record must not take it for drift"
    assert batch.said[-1] == f"! {message}"


def test_what_goes_through_a_write_that_is_killed_is_told(batch, name, monkeypatch):  # noqa: F811
    monkeypatch.setattr(Reconciling, "_write", lambda *_: os._exit(9))
    message, _result = failed(batch, queue(name))
    assert message == f"queue {name}: the process that wrote it was killed; run again"


def test_a_fault_of_ours_is_no_sentence_on_aws(batch, name, monkeypatch):  # noqa: F811
    monkeypatch.setattr("ansible_collections.flow_builder.aws.plugins.action.resources.carry_out", lambda *_: 1 / 0)
    with pytest.raises(Exception, match="ZeroDivisionError"):
        batch(queue(name))


@pytest.mark.usefixtures("memory")
def test_what_the_look_shows_as_wanted_costs_no_process(batch, aws, name, monkeypatch):  # noqa: F811
    account = aws("sts").get_caller_identity()["Account"]
    entries = [fed_by(name, f"{name}-dlq"), queue(f"{name}-dlq")]
    seen = [one["resource"] for one in batch(*entries, account_id=account)["results"]]
    prefetch.store(next(iter(engine._kept.values())), "stack", {"sqs_queue": seen})
    monkeypatch.setattr(engine, "_kept", {})
    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", lambda *_: pytest.fail("AWS was asked"))
    monkeypatch.setattr(Reconciling, "_begun", lambda *_: pytest.fail("a process was begun"))
    assert [one["action"] for one in batch(*entries, account_id=account)["results"]] == ["none", "none"]


@pytest.mark.usefixtures("memory")
def test_a_batch_by_itself_finds_what_others_made_in_another_run(batch, aws, name):  # noqa: F811
    """As after --start-at-task: no look, no register, no account's number."""
    aws("sqs").create_queue(QueueName=f"{name}-dlq")
    done = batch(fed_by(name, f"{name}-dlq"))
    assert done["results"][0]["resource"]["redrive_policy"]["deadLetterTargetArn"].endswith(f":{name}-dlq")


def test_secrets_stay_hidden(batch, name):  # noqa: F811
    done = batch({"secretsmanager_secret": {"name": name, "value": {"KEY": "hunter2"}}}, diff=True)
    assert done["results"][0]["action"] == "create" and "hunter2" not in f"{done}{batch.said}"


def test_what_is_to_go_goes_last(batch, aws, name):  # noqa: F811
    aws("sqs").create_queue(QueueName=f"{name}-old")
    done = batch(queue(f"{name}-old", state="absent"), queue(name))
    assert [one["action"] for one in done["results"]] == ["delete", "create"]
    assert name in there(aws) and f"{name}-old" not in there(aws)
