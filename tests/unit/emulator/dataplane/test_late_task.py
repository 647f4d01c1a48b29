"""A task that is run to its end on an AWS that is late: its result is found, and one that goes on is taken up."""

import json
import time
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.action.ecs_run_task import ActionModule
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError

from emulator import clock, eventual


@pytest.fixture
def act(aws, own, worker, network, name, monkeypatch):
    """Run a task of the test's family, and return its result and what was said."""
    worker()
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.1)))
    clock.run(5)

    def run(shell, timeout=60, says=lambda line: None, **environment):
        if shell:
            own("POST", "images", images=[{"image": name, "run": ["sh", "-c", shell]}])
        action, said = ActionModule.__new__(ActionModule), []
        action._task, action.say = SimpleNamespace(check_mode=False), lambda line: says(line) or said.append(line)
        asked = {
            "cluster": name, "family": name, "container": "worker", "image": None, "subnet_ids": network["subnets"],
            "security_group_ids": network["securityGroups"], "assign_public_ip": False, "environment": environment,
            "timeout": timeout, "pause": 0.05, "result": "migration", "ask": {"ASK": "true"},
        }  # fmt: skip
        return action.work(Aws(lambda service, **_more: aws(service), "us-east-1"), asked)["result"], said

    yield run
    clock.run(1)
    eventual.use(None)


RESULT = """echo begin; echo '{"migration": 1}'"""


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_result_comes_late(act, seed):
    eventual.use(seed)
    assert act(RESULT)[0] == {"migration": 1}


def test_a_result_that_is_lost_is_asked_for(act, monkeypatch):
    monkeypatch.setattr("ansible_collections.flow_builder.aws.plugins.module_utils.releases.tasks.LINES_SECONDS", 0.3)
    result, said = act("""[ "$ASK" = true ] && echo '{"migration": "asked"}'; true""")
    assert result == {"migration": "asked"}
    assert any("a second task asks" in one for one in said)


def test_a_task_that_goes_on_is_taken_up(act, aws, name, tmp_path):
    end = tmp_path / "end"
    eventual.use(2)
    shell = f"until [ -e {end} ]; do sleep 0.1; done; {RESULT}"
    with pytest.raises(EngineError, match="goes on"):
        act(shell, timeout=1, SINCE="1")
    eventual.use(None)
    result, said = act(None, SINCE="1", says=lambda _line: end.touch())
    assert result == {"migration": 1}
    tasks = [aws("ecs").list_tasks(cluster=name, family=name, desiredStatus=one)["taskArns"] for one in ("RUNNING", "STOPPED")]
    assert len(tasks[0] + tasks[1]) == 1, "no second one was run"
    assert json.dumps(said).count("still runs: it is watched") == 1
