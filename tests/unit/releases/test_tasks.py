"""A task is run to its end: what it says is shown as it comes, and what it can't do to who looks on."""

from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.action import ecs_run_task
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import errors
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis, tasks
from botocore.exceptions import ClientError

ARN = "arn:aws:ecs:us-east-1:123456789012:task/c/0123456789abcdef0123456789abcdef"
DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1"
TASK = {"taskArn": ARN, "clusterArn": "c", "taskDefinitionArn": DEFINITION}
OPTIONS = {"awslogs-group": "g", "awslogs-stream-prefix": "p"}


class Account:
    """An ECS with one task, as each look finds it, and its log."""

    def __init__(self, looks, *messages, code=0):
        self.looks, self.messages, self.code, self.asked = list(looks), list(messages), code, []

    def __call__(self, _service):
        return self

    def can_paginate(self, _operation):
        return False

    def describe_task_definition(self, **_asked):
        container = {"name": "app", "image": "r@sha256:1", "logConfiguration": {"options": OPTIONS}}
        return {"taskDefinition": {"taskDefinitionArn": DEFINITION, "family": "app", "containerDefinitions": [container]}}

    def run_task(self, **asked):
        self.asked.append(asked)
        return {"tasks": [TASK | {"lastStatus": "PROVISIONING"}]}

    def stop_task(self, **_asked):
        self.asked.append("stop")
        raise ClientError({"Error": {"Code": "InvalidParameterException", "Message": "The referenced task was not found."}}, "StopTask")

    def describe_tasks(self, **_asked):
        status = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        containers = [{"name": "aws-guardduty-agent", "exitCode": 137}, {"name": "app", "exitCode": self.code}]
        return {"tasks": [TASK | {"lastStatus": status, "containers": containers}] if status else []}

    def get_log_events(self, nextToken=None, **_asked):  # noqa: N803
        if self.messages and isinstance(self.messages[0], list):
            messages = self.messages.pop(0) if nextToken else []  # those of one read
        else:
            messages, self.messages = self.messages, []
        return {"events": [{"message": one} for one in messages], "nextForwardToken": "t"}


def run(account, said, timeout=30):
    return tasks.run(account, {"cluster": "c", "taskDefinition": "app:1"}, "app", said.append, timeout, 1)


def test_a_terminal_obeys_no_task(clock):
    said = []
    _task, lines = run(Account(["RUNNING", "STOPPED"], "\x1b]0;mine\x07\x1b[2Jhello\r\nTASK [done]\x07"), said)
    assert lines == ["hello", "TASK [done]\\x07"]
    assert said == ["task 01234567: RUNNING", "  | hello", "  | TASK [done]\\x07", "task 01234567: STOPPED"]


def test_no_task_fills_the_memory_nor_the_record(clock):
    said, huge = [], "x" * 3_000_000
    _task, lines = run(Account(["STOPPED"], huge, *map(str, range(5000)), '{"note": "' + huge + '"}', '{"after": ["0002\\u001b[2J"]}'), said)
    assert sum(map(len, lines)) < 300_000
    assert lines[-1].startswith('{"after"') and len(lines) == tasks.KEPT
    assert ecs_run_task.last_object(lines) == {"after": ["0002"]}
    ended = diagnosis.Ended(ARN, "", huge + "\x1b[1m", 1, lines=[huge, '{"note": "' + huge])
    why = errors.sentence(EngineError(diagnosis.report([ended], {"group": "g"})))
    assert len(why) < 10_000 and "\x1b" not in why


def test_a_read_may_be_too_early(clock):
    said = []
    task, _lines = run(Account(["", "", "STOPPED"]), said)
    assert task["lastStatus"] == "STOPPED"
    assert said == ["task 01234567: PROVISIONING", "task 01234567: STOPPED"]


def test_a_task_that_nobody_knows(clock):
    with pytest.raises(EngineError, match="ECS doesn't know the task .* is in its log, g"):
        run(Account([""]), [], timeout=100)


def test_a_revision_that_is_not_shown_yet_ends_nothing(clock, monkeypatch):
    account, known, told = Account(["STOPPED"]), Account([]), [True, True, False]

    def describe(**asked):
        if told.pop(0) if told else False:
            raise ClientError({"Error": {"Code": "ClientException", "Message": "Unable to describe task definition."}}, "Describe")
        return known.describe_task_definition(**asked)

    monkeypatch.setattr(account, "describe_task_definition", describe)
    assert run(account, [])[0]["lastStatus"] == "STOPPED"
    told[:] = [True]
    with pytest.raises(EngineError, match="there is no .* app; run site.yml"):
        tasks.definition(account, "app")
    assert clock.now < 5


def test_a_try_is_stopped_in_the_end_and_may_have_ended_meanwhile(clock):
    account = Account(["RUNNING"])
    with pytest.raises(EngineError, match="not done after 30 seconds and was stopped"):
        run(account, [])
    assert account.asked[-1] == "stop"


@pytest.mark.parametrize(
    ("code", "reads", "last", "seconds"),
    [
        (1, [["a"], ["b"], [], ["too late"]], "b", 2),  # until no more come
        (1, [[], [], ["late"], []], "late", 3),
        (137, [], None, 10),  # nothing to say
        (None, [], None, 0),  # it never ran
        (0, [["a"], [], ["b"]], "a", 0),  # nobody wants its result
    ],
)
def test_the_last_lines_of_a_failure_come_late(code, reads, last, seconds, clock):
    _task, lines = run(Account(["STOPPED"], *reads, code=code), [])
    assert (lines[-1] if lines else None, clock.now) == (last, seconds)


# The action: a migration


RESULT = '{"migration": {"after": ["0002"]}}'
ASKED = {
    "cluster": "c", "family": "app", "container": "app", "image": None, "subnet_ids": ["s"], "security_group_ids": ["g"],
    "assign_public_ip": False, "environment": {"SINCE": "1"}, "timeout": 30, "pause": 1, "result": "migration",
    "ask": {"ASK": "true"},
}  # fmt: skip


class Going(Account):
    """An ECS in which a task of the family may run already."""

    def __init__(self, looks, *messages, running=(), **more):
        super().__init__(looks, *messages, **more)
        self.running, self.found = list(running), False

    def list_tasks(self, **_asked):
        return {"taskArns": [one["taskArn"] for one in self.running]}

    def describe_tasks(self, **asked):
        found, self.found = self.found, True
        return super().describe_tasks(**asked) if found or not self.running else {"tasks": self.running}


def act(account, check=False, **more):
    action, said = ecs_run_task.ActionModule.__new__(ecs_run_task.ActionModule), []
    action._task = SimpleNamespace(check_mode=check)
    action.say = said.append
    return action.work(Aws(lambda _service: account, "us-east-1"), ASKED | more), said


def given(account):
    (one,) = account.asked[-1]["overrides"]["containerOverrides"]
    return {item["name"]: item["value"] for item in one["environment"]}


def test_the_result_is_waited_for(clock):
    """It is the last line, and lines come when the task has ended; one that is no result doesn't pass for it."""
    account = Going(["STOPPED"], ["begin"], [], ['{"level": "info"}'], [], [RESULT, '{"level": "bye"}'])
    answer, _said = act(account)
    assert answer["result"] == {"migration": {"after": ["0002"]}}
    assert (clock.now, len(account.asked)) == (4, 1)


def test_a_result_that_is_lost_is_asked_for(clock):
    account = Going(["STOPPED"], *[[]] * 61, [RESULT])
    answer, said = act(account)
    assert answer["result"] == {"migration": {"after": ["0002"]}}
    assert given(account) == {"SINCE": "1", "ASK": "true"}
    assert any("a second task asks" in one for one in said)
    with pytest.raises(EngineError, match="neither its log nor a second task tells what it did"):
        act(Going(["STOPPED"]))


def test_what_outlasts_the_time_goes_on_and_is_watched_by_the_next_run(clock):
    account = Going(["RUNNING"])
    with pytest.raises(EngineError, match=f"{ARN} was not done after 30 seconds and goes on, .* run it again"):
        act(account)
    assert "stop" not in account.asked
    environment = [{"name": "SINCE", "value": "1"}]
    mine = TASK | {"lastStatus": "RUNNING", "overrides": {"containerOverrides": [{"name": "app", "environment": environment}]}}
    account = Going(["STOPPED"], RESULT, running=[mine])
    answer, _said = act(account, check=True)
    assert answer["msg"] == "task 01234567 of app:1 still runs and would be watched"
    account = Going(["RUNNING", "STOPPED"], RESULT, running=[mine])
    answer, said = act(account)
    assert account.asked == [] and answer["result"] == {"migration": {"after": ["0002"]}}
    assert said[0] == "task 01234567 of app:1 still runs: it is watched to its end, and no other is run"
    for more in ({"environment": {"SINCE": "1", "COMMAND": "down"}}, {"image": "r@sha256:2"}):
        for check in (True, False):
            with pytest.raises(EngineError, match="task 01234567 of app:1 still runs, with .* wait for its end"):
                act(Going(["RUNNING"], running=[mine]), check=check, **more)

