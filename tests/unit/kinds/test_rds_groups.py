"""RDS's groups: parameters in one spelling, and what a change of one loses."""


import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_groups import (
    PARAMETER_GROUP,
    SUBNET_GROUP,
    text,
)


@pytest.mark.parametrize(("value", "said"), [(1, "1"), (True, "1"), (False, "0"), ("1000", "1000"), ("on", "on"), (0, "0")])
def test_text(value, said):
    assert text(value) == said


@pytest.mark.parametrize(
    ("kind", "arguments", "said"),
    [
        (SUBNET_GROUP, {"subnets": ["b", "a"]}, {"subnets": ["a", "b"]}),
        (PARAMETER_GROUP, {"parameters": {"rds.force_ssl": 1}}, {"parameters": {"rds.force_ssl": "1"}}),
    ],
)
def test_groups_want(kind, arguments, said):
    assert kind.want(arguments) == said


@pytest.mark.parametrize(
    ("parameter", "before", "after", "lost"),
    [
        ("rds.logical_replication", "1", "0", True),
        ("rds.logical_replication", "1", None, True),
        ("rds.logical_replication", "0", "1", False),
        ("max_replication_slots", "20", "10", True),
        ("max_replication_slots", "20", None, True),
        ("max_replication_slots", "10", "20", False),
        ("max_slot_wal_keep_size", "-1", "1000", True),
        ("max_slot_wal_keep_size", "1000", "-1", False),
        ("rds.log_retention_period", "10080", "1440", True),
        ("max_connections", "100", "50", False),
        ("max_replication_slots", "{formula}", "10", False),
    ],
)
def test_what_a_change_of_a_parameter_loses(parameter, before, after, lost):
    live = {"parameters": {parameter: before}, "defaults": {}}
    want = {"parameters": {parameter: after} if after else {}}
    assert bool(PARAMETER_GROUP.loses(None, live, want, {"parameters"})) is lost


def test_what_the_engine_keeps_by_itself_is_lost_as_well():
    live = {"parameters": {}, "defaults": {"rds.log_retention_period": "4320"}}
    want = {"parameters": {"rds.log_retention_period": "1440"}}
    assert "from 4320 to 1440" in PARAMETER_GROUP.loses(None, live, want, {"parameters"})


@pytest.mark.parametrize(
    ("wanted", "change", "reset"),
    [
        ({"rds.force_ssl": "1", "work_mem": "64"}, {}, []),
        ({"work_mem": "64"}, {}, []),
        ({"rds.force_ssl": "0", "work_mem": "64"}, {"rds.force_ssl": "0"}, []),
        ({"rds.force_ssl": "1"}, {}, ["work_mem"]),
        ({"rds.force_ssl": "1", "work_mem": "64", "log_connections": "1"}, {"log_connections": "1"}, []),
    ],
)
def test_the_engines_own_value_is_as_good_as_a_users(wanted, change, reset):
    live = {"name": "g", "parameters": {"work_mem": "64"}, "defaults": {"rds.force_ssl": "1", "autovacuum": "1"}}
    want = {"name": "g", "parameters": wanted}
    assert PARAMETER_GROUP.compare(live, want) == ({"parameters"} if change or reset else set())
    assert PARAMETER_GROUP._steps(live, want) == (change, reset)
