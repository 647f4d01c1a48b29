"""The end of a log group that is protected: never alone, and with its stack even where the protection was on."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import deleting
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.logs import LOG_GROUP


@pytest.fixture
def group(engine, name):
    want = {"name": f"/aws/ecs/{name}-api", "deletion_protection": True, "tags": {"Stack": name}}
    made = sync(LOG_GROUP, engine, want).after
    assert made["deletion_protection"]
    return made


@pytest.mark.parametrize("check", [True, False])
def test_alone_it_stays(engine, group, check):
    with pytest.raises(EngineError, match="isn't deleted: its deletion protection is on; turn it off first"):
        sync(LOG_GROUP, engine, {"name": group["name"]}, "absent", check=check)
    assert LOG_GROUP.find(engine, group)


def test_its_stack_ends_it(engine, group):
    deleting.delete(LOG_GROUP, engine, group, 60)
    assert LOG_GROUP.find(engine, group) is None
    deleting.delete(LOG_GROUP, engine, group, 60)  # gone already


def test_the_protection_changes_in_place(engine, group):
    lifted = {"name": group["name"], "deletion_protection": False}
    assert sync(LOG_GROUP, engine, lifted, check=True).changes == {"deletion_protection"}
    assert not sync(LOG_GROUP, engine, lifted).after["deletion_protection"]
    assert sync(LOG_GROUP, engine, lifted).action == "none"
    assert sync(LOG_GROUP, engine, {"name": group["name"], "retention_in_days": 7}).changes == {"retention_in_days"}
    assert sync(LOG_GROUP, engine, {"name": group["name"]}, "absent").action == "delete"
