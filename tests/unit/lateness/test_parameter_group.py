"""A parameter group on AWS: the engine's own values keep their source, and a fresh group isn't there for all calls."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_groups import PARAMETER_GROUP

# The role's own: two of them are what PostgreSQL 17 has by itself.
WANTED = {"rds.force_ssl": 1, "log_lock_waits": 1, "log_min_duration_statement": 1000}


@pytest.fixture
def apply(engine, name):
    def run(parameters=WANTED, family="postgres17", **how):
        given = {"name": f"{name}-db", "family": family, "description": "d", "parameters": parameters, "tags": {"Stack": name}}
        return sync(PARAMETER_GROUP, engine, PARAMETER_GROUP.want(given), **how)

    return run


@pytest.fixture
def sources(aws, name):
    def ask():
        pages = aws("rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=f"{name}-db")
        return {one["ParameterName"]: (one.get("ParameterValue"), one["Source"]) for page in pages for one in page["Parameters"]}

    return ask


def set_behind(aws, name, parameter, value):
    given = {"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": "pending-reboot"}
    aws("rds").modify_db_parameter_group(DBParameterGroupName=f"{name}-db", Parameters=[given])


def test_values_that_are_the_engines_own_are_there(engine, name, apply, sources, clock):
    made = apply()
    assert made.action == "create" and clock.now == 0
    assert made.after["parameters"] == PARAMETER_GROUP.want({"parameters": WANTED})["parameters"], "as the plan says"
    assert sources()["rds.force_ssl"] == ("1", "system"), "as AWS has it"
    assert apply().action == "none"
    (live,) = PARAMETER_GROUP.stack(engine, name)
    assert live["parameters"] == {"log_min_duration_statement": "1000"}, "so the look at the stack and its record are the users' own"
    assert PARAMETER_GROUP.compare(live, PARAMETER_GROUP.want({"parameters": WANTED})) == set()


def test_a_default_of_another_family_is_set(apply, sources):
    assert apply(family="postgres14").action == "create"
    assert sources()["rds.force_ssl"] == ("1", "user")
    assert apply(family="postgres14").action == "none"


def test_what_people_turn_off_is_turned_on_and_nothing_else_is_touched(aws, name, apply, sources):
    apply()
    before = sources()
    set_behind(aws, name, "rds.force_ssl", "0")
    set_behind(aws, name, "work_mem", "128")
    outcome = apply()
    assert (outcome.action, outcome.changes) == ("update", {"parameters"})
    assert sources() == before
    assert apply().action == "none"


@pytest.mark.parametrize("seed", range(4))
def test_a_fresh_group_takes_its_parameters_late(apply, sources, late, seed):
    late(seed)
    assert apply().action == "create"
    late(None)
    assert sources()["log_min_duration_statement"] == ("1000", "user")


def test_a_parameter_that_does_not_exist_is_told_at_once(apply, clock):
    with pytest.raises(EngineError, match="the database has no parameter forcessl"):
        apply({"forcessl": 1})
    assert clock.now == 0
