"""A community module that dies says why in a sentence, and that it may only have read too early."""

from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, NotYet, sentence
from ansible_collections.flow_builder.aws.plugins.plugin_utils import community

MODULE = "amazon.aws.ec2_vpc_subnet"
# As ansible-core tells of a module that ended by an exception: no message, and the whole of it elsewhere.
DEAD = {
    "failed": True, "changed": False, "warnings": [],
    "exception": SimpleNamespace(event=SimpleNamespace(msg="'NoneType' object is not subscriptable")),
}  # fmt: skip
GONE = {"failed": True, "module_stderr": "Traceback (most recent call last):\n  File ...\nKeyError: 'SubnetId'\n"}


def written(answer):
    """Run the module that answers so."""
    action = SimpleNamespace(run=lambda task_vars: answer)
    loader = SimpleNamespace(action_loader=SimpleNamespace(get=lambda *_names, **_more: action))
    it = SimpleNamespace(_task=SimpleNamespace(copy=lambda: SimpleNamespace()), _shared_loader_obj=loader)
    it._connection = it._play_context = it._loader = it._templar = None
    community.run(it, MODULE, {}, {}, {})


def test_what_worked_says_nothing():
    written({"changed": True})


@pytest.mark.parametrize(
    ("answer", "kind", "said"),
    [
        (DEAD, NotYet, f"{MODULE}: it died: 'NoneType' object is not subscriptable; run again, which goes on from what is there"),
        (GONE, NotYet, f"{MODULE}: it died: KeyError: 'SubnetId'; run again, which goes on from what is there"),
        ({"failed": True}, NotYet, f"{MODULE}: it died: it said nothing; run again, which goes on from what is there"),
        # What says why is believed at once.
        ({"failed": True, "msg": "no such VPC"}, EngineError, f"{MODULE}: no such VPC"),
    ],
)
def test_why_it_failed_is_a_sentence(answer, kind, said):
    with pytest.raises(EngineError) as failed:
        written(answer)
    assert (type(failed.value), sentence(failed.value)) == (kind, said)
