"""A community module that dies says why in a sentence, and only after a second try."""

from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.action import described
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, sentence

MODULE = "amazon.aws.ec2_vpc_subnet"
# As ansible-core tells of a module that ended by an exception: no message, and the whole of it elsewhere.
DEAD = {
    "failed": True, "changed": False, "warnings": [],
    "exception": SimpleNamespace(event=SimpleNamespace(msg="'NoneType' object is not subscriptable")),
}  # fmt: skip
GONE = {"failed": True, "module_stderr": "Traceback (most recent call last):\n  File ...\nKeyError: 'SubnetId'\n"}


def written(monkeypatch, *answers):
    """Run the module that answers so, and return how often it was run."""
    monkeypatch.setattr(described, "STALE_SECONDS", 0)
    left = list(answers)
    action = SimpleNamespace(run=lambda task_vars: left.pop(0))
    it = object.__new__(described.ActionModule)
    it._task = SimpleNamespace(copy=lambda: SimpleNamespace())
    it._shared_loader_obj = SimpleNamespace(action_loader=SimpleNamespace(get=lambda *_names, **_more: action))
    it._connection = it._play_context = it._loader = it._templar = None
    it._write(MODULE, {}, {}, {})
    return len(answers) - len(left)


def test_what_dies_of_an_early_read_is_run_again(monkeypatch):
    assert written(monkeypatch, DEAD, {"changed": False}) == 2
    assert written(monkeypatch, {"changed": True}) == 1


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((DEAD, DEAD), f"{MODULE}: it died: 'NoneType' object is not subscriptable; run again, which goes on from what is there"),
        ((GONE, GONE), f"{MODULE}: it died: KeyError: 'SubnetId'; run again, which goes on from what is there"),
        (({"failed": True}, {"failed": True}), f"{MODULE}: it died: it said nothing; run again, which goes on from what is there"),
        # What says why is believed at once.
        (({"failed": True, "msg": "no such VPC"},), f"{MODULE}: no such VPC"),
    ],
)
def test_why_it_failed_is_a_sentence(monkeypatch, answers, said):
    with pytest.raises(EngineError) as failed:
        written(monkeypatch, *answers)
    assert sentence(failed.value) == said
