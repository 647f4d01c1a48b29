"""What tasks did to a stack: each result's part of it, kept in a file that workers share."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import action_loader, connection_loader
from ansible.template import Templar
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.plugin_utils import run_summary
from ansible_collections.flow_builder.aws.plugins.plugin_utils.run_summary import part_of

MODULE = "flow_builder.aws.s3_bucket"
SAME = {"kind": "s3_bucket", "name": "a", "action": "none"}
DIFF = {"before": {"versioning": False, "tags": {}}, "after": {"versioning": True, "tags": {"a": "b"}}}
CHANGED = {**SAME, "action": "update", "changes": ["versioning"], "diff": DIFF, "notes": ["mind it"]}


@pytest.mark.parametrize(
    ("action", "check", "result", "told"),
    [
        (MODULE, False, SAME, {"declared": [["s3_bucket", "a"]], "check": False}),
        (MODULE, False, {"changed": True}, {}),
        (MODULE, True, {"changed": True}, {"unknown": [f"Task: {MODULE} doesn't say what it would do"], "check": True}),
        ("flow_builder.aws.image_info", True, {"notes": ["none"]}, {"notes": ["none"], "check": True}),
        ("flow_builder.aws.stack_lock", True, {}, {"check": True}),
        ("community.aws.sns", True, {}, {"unknown": ["Task: community.aws.sns doesn't say what it would do"], "check": True}),
        ("ansible.builtin.debug", False, {"msg": "x"}, {}),
        ("x.y.z", True, {"skipped": True, "msg": "remote module (x) does not support check mode"}, {"unknown": ["Task: remote module (x) does not support check mode"], "check": True}),
        ("x.y.z", True, {"skipped": True, "skip_reason": "Conditional result was False"}, {"check": True}),
        ("amazon.aws.x", True, {"skip_reason": "Conditional result was False"}, {"check": True}),
        ("x.y.z", True, {"msg": "Command would have run if not in check mode"}, {"unknown": ["Task: Command would have run if not in check mode"], "check": True}),
        ("x.y.z", False, {"skipped": True, "msg": "does not support check mode"}, {}),
        ("flow_builder.aws.stack_destroy", False, {"deleted": [{"kind": "vpc", "name": "v"}]}, {
            "declared": [["vpc", "v"]], "check": False,
            "actions": [{"action": "delete", "reason": "", "changes": [], "kind": "vpc", "name": "v"}],
        }),
        (MODULE, False, CHANGED, {
            "declared": [["s3_bucket", "a"]], "notes": ["mind it"], "check": False,
            "actions": [{"action": "update", "kind": "s3_bucket", "name": "a", "reason": None, "changes": [{"path": "versioning", "before": False, "after": True}]}],
            "changed_resources": [{"action": "update", "kind": "s3_bucket", "name": "a", "reason": None, "changes": ["versioning"], "before": DIFF["before"]}],
        }),
        # What failed tells what it did before, and nothing of what it would have done.
        (MODULE, False, {**CHANGED, "failed": True, "msg": "no"}, {
            "declared": [["s3_bucket", "a"]], "notes": ["mind it"], "check": False,
            "actions": [{"action": "update", "kind": "s3_bucket", "name": "a", "reason": None, "changes": [{"path": "versioning", "before": False, "after": True}]}],
            "changed_resources": [{"action": "update", "kind": "s3_bucket", "name": "a", "reason": None, "changes": ["versioning"], "before": DIFF["before"]}],
        }),
        (MODULE, False, {"failed": True, "msg": "no"}, {}),
        (MODULE, True, {"failed": True, "msg": "does not support check mode"}, {"check": True}),
        ("flow_builder.aws.stack_destroy", False, {"failed": True, "deleted": [{"kind": "vpc", "name": "v"}]}, {
            "declared": [["vpc", "v"]], "check": False,
            "actions": [{"action": "delete", "reason": "", "changes": [], "kind": "vpc", "name": "v"}],
        }),
        ("flow_builder.aws.stack_record", False, {"key": "x"}, {"recorded": True, "check": False}),
        ("flow_builder.aws.stack_record", False, {"failed": True}, {}),
    ],
)  # fmt: skip
def test_what_a_result_tells(action, check, result, told):
    assert part_of("Task", action, check, result) == told


def in_fork(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        except AnsibleActionFail:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_workers_tell_it_to_their_parent_and_to_each_other():
    assert in_fork(run_summary.require_shared) == 0
    for name in "ab":
        assert in_fork(lambda name=name: run_summary.add("added-here", "Task", MODULE, name == "b", {"results": [{**SAME, "name": name}, CHANGED]})) == 0
    summary = run_summary.read()["added-here"]
    assert summary.declared == [("s3_bucket", "a"), ("s3_bucket", "a"), ("s3_bucket", "b"), ("s3_bucket", "a")]
    assert summary.check and summary.counts() == {"create": 0, "update": 2, "replace": 0, "delete": 0}
    assert "added-elsewhere" not in run_summary.read()


def test_what_is_recorded_is_owed_to_no_record():
    def tell(action, check, result):
        assert in_fork(lambda: run_summary.add("owing", "Task", action, check, result)) == 0
        return [(one["name"], one["changes"]) for one in run_summary.read()["owing"].unrecorded]

    assert tell(MODULE, False, CHANGED) == [("a", ["versioning"])]
    assert tell("flow_builder.aws.stack_record", False, {"failed": True}) == [("a", ["versioning"])]
    assert tell("flow_builder.aws.stack_record", False, {}) == []
    assert tell(MODULE, False, {**CHANGED, "name": "b", "failed": True}) == [("b", ["versioning"])]


@pytest.mark.parametrize("diff", [True, False])
def test_ansible_prints_texts_and_everybody_else_has_data(diff):
    task = SimpleNamespace(get_name=lambda: "Task", action=MODULE, check_mode=False, diff=diff)
    result = {"results": [{**CHANGED, "diff": dict(DIFF)}]}
    run_summary.finish(task, "printing", result)
    (shown,) = (one["diff"] for one in result["results"])
    assert shown == (DIFF if not diff else {"before": '{\n  "tags": {},\n  "versioning": false\n}\n', "after": shown["after"]})
    assert run_summary.read()["printing"].changed_resources[0]["before"] == DIFF["before"]


def test_what_fails_tells_what_it_did_and_one_sentence():
    task = SimpleNamespace(get_name=lambda: "Task", action=MODULE, check_mode=False, diff=False)
    error = EngineError("it sank")
    error.done = {key: value for key, value in CHANGED.items() if key != "notes"}
    with pytest.raises(AnsibleActionFail, match="^bucket a: it sank$") as failure:
        run_summary.fail(task, "failing", error, "bucket a", {"warnings": ["w"]})
    assert failure.value.result == {**error.done, "failed": True, "warnings": ["w"]}
    assert [one["changes"] for one in run_summary.read()["failing"].unrecorded] == [["versioning"]]


def test_what_would_be_lost_with_its_worker_is_refused():
    """Where the parent doesn't load actions, each worker would open a file of its own."""
    with pytest.raises(AnsibleActionFail, match="nothing that this task tells would be kept"):
        run_summary.require_shared()


@pytest.mark.parametrize(
    ("variables", "profile"),
    [
        ({"group_names": ["ultra", "dev"]}, "ultra"),
        ({"group_names": ["standard"]}, "standard"),
        ({"group_names": ["standard"], "stack_profile": "ultra"}, "ultra"),
    ],
)
def test_a_play_without_a_role_knows_the_profile(variables, profile, monkeypatch):
    monkeypatch.setattr(run_summary, "require_shared", lambda: None)
    variables = {"inventory_hostname": "here", **variables}
    loader = DataLoader()
    action = action_loader.get(
        "flow_builder.aws.run_summary", task=Task.load({"flow_builder.aws.run_summary": {}}), loader=loader,
        connection=connection_loader.get("local", PlayContext()), play_context=None, templar=Templar(loader=loader, variables=variables), shared_loader_obj=None,
    )  # fmt: skip
    assert action.run(task_vars=variables)["run"]["profile"] == profile
