"""A task is run to its end: what it says is shown as it comes, and what it can't do to who looks on."""

import pytest
from ansible_collections.flow_builder.aws.plugins.action import ecs_run_task
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import errors
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis, tasks

ARN = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef"
OPTIONS = {"awslogs-group": "g", "awslogs-stream-prefix": "p"}


class Account:
    """An ECS with one task, as each look finds it, and its log."""

    def __init__(self, looks, *messages):
        self.looks, self.messages = list(looks), list(messages)

    def __call__(self, _service):
        return self

    def describe_task_definition(self, **_asked):
        return {"taskDefinition": {"containerDefinitions": [{"name": "app", "logConfiguration": {"options": OPTIONS}}]}}

    def run_task(self, **_asked):
        return {"tasks": [{"taskArn": ARN, "lastStatus": "PROVISIONING"}]}

    def describe_tasks(self, **_asked):
        status = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return {"tasks": [{"taskArn": ARN, "lastStatus": status}] if status else []}

    def get_log_events(self, **_asked):
        messages, self.messages = self.messages, []
        return {"events": [{"message": one} for one in messages], "nextForwardToken": "t"}


def run(account, said, timeout=30):
    return tasks.run(account, {"cluster": "c", "taskDefinition": "app:1"}, "app", said.append, timeout, 0)


def test_a_terminal_obeys_no_task():
    said = []
    _task, lines = run(Account(["RUNNING", "STOPPED"], "\x1b]0;mine\x07\x1b[2Jhello\r\nTASK [done]\x07"), said)
    assert lines == ["hello", "TASK [done]\\x07"]
    assert said == ["task 01234567: RUNNING", "  | hello", "  | TASK [done]\\x07", "task 01234567: STOPPED"]


def test_no_task_fills_the_memory_nor_the_record():
    said, huge = [], "x" * 3_000_000
    _task, lines = run(Account(["STOPPED"], huge, *map(str, range(5000)), '{"note": "' + huge + '"}', '{"after": ["0002\\u001b[2J"]}'), said)
    assert sum(map(len, lines)) < 300_000
    assert lines[-1].startswith('{"after"') and len(lines) == tasks.KEPT
    assert ecs_run_task.told(lines) == {"after": ["0002"]}
    ended = diagnosis.Ended(ARN, "", huge + "\x1b[1m", 1, lines=[huge, '{"note": "' + huge])
    why = errors.sentence(EngineError(diagnosis.report([ended], {"group": "g"})))
    assert len(why) < 10_000 and "\x1b" not in why


def test_a_read_may_be_too_early():
    said = []
    task, _lines = run(Account(["", "", "STOPPED"]), said)
    assert task["lastStatus"] == "STOPPED"
    assert said == ["task 01234567: PROVISIONING", "task 01234567: STOPPED"]


def test_a_task_that_nobody_knows(monkeypatch):
    monkeypatch.setattr(tasks, "UNKNOWN_SECONDS", -1)
    with pytest.raises(EngineError, match="ECS doesn't know the task .* is in its log, g"):
        run(Account([""]), [])
