"""A plan says what AWS will refuse: in the states of each kind's table, the raw write is refused and so are both runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.modules.resource_info import read
from botocore.exceptions import ClientError

DATABASE = {
    "engine": "postgres", "engine_version": "17", "db_instance_class": "db.t4g.micro", "storage_type": "gp3",
    "allocated_storage": 100, "max_allocated_storage": 300, "master_username": "someone",
    "manage_master_user_password": True, "multi_az": False, "tags": {"Stack": "s"},
}  # fmt: skip


@pytest.fixture
def engine(aws):
    return Aws(aws, "us-east-1")


@pytest.fixture
def database(engine, aws, name, monkeypatch):
    """A function that asks for the database as it was made, with changes; and the backend's own instance."""
    from moto.rds.models import rds_backends

    kind = KINDS["rds_instance"]
    monkeypatch.setattr(type(kind), "settle_seconds", 2)

    def ask(check=False, **changes):
        return sync(kind, engine, kind.want({"db_instance_identifier": name, **DATABASE, **changes}), check=check)

    ask()
    ask.instance = rds_backends["123456789012"]["us-east-1"].databases[name]
    ask.modify = lambda **given: aws("rds").modify_db_instance(DBInstanceIdentifier=name, ApplyImmediately=True, **given)
    yield ask
    ask.instance.status = "available"
    aws("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.mark.parametrize(
    ("state", "changes", "raw", "code", "told"),
    [
        ({"status": "stopped"}, {"multi_az": True}, {"MultiAZ": True}, "InvalidDBInstanceState", "it is stopped: start it"),
        ({"status": "deleting"}, {"multi_az": True}, {"MultiAZ": True}, "InvalidDBInstanceState", "being deleted"),
        ({"status": "storage-optimization"}, {"allocated_storage": 200}, {"AllocatedStorage": 200}, "InvalidParameterCombination", "still optimises its storage"),
        # RDS let it grow to 200.
        ({"allocated_storage": 200}, {"max_allocated_storage": 150}, {"AllocatedStorage": 100}, "InvalidParameterCombination", "can't go back from 200 to 100 GiB"),
        ({"allocated_storage": 200}, {"max_allocated_storage": 0}, {"AllocatedStorage": 100}, "InvalidParameterCombination", "can't go back from 200 to 100 GiB"),
        ({"allocated_storage": 200}, {"allocated_storage": 200, "max_allocated_storage": 210}, {"MaxAllocatedStorage": 210}, "InvalidParameterCombination", "220 or more"),
        ({}, {"engine_version": "16"}, {"EngineVersion": "16"}, "InvalidParameterCombination", "can't go back"),
        ({}, {"engine_version": "18"}, {"EngineVersion": "18"}, "InvalidParameterCombination", "2. aws rds modify-db-instance"),
    ],
)  # fmt: skip
def test_what_rds_refuses(database, refused, state, changes, raw, code, told):
    for field, value in state.items():
        setattr(database.instance, field, value)
    refused(code, database.modify, **raw)
    for check in (True, False):
        with pytest.raises(EngineError, match="database ") as answer:
            database(check=check, **changes)
        assert told in str(answer.value)


def test_growth_is_kept_and_may_end(database):
    database.instance.allocated_storage = 200
    assert database().action == "none"
    assert [database(max_allocated_storage=200).action for _time in range(2)] == ["update", "none"]
    database.instance.max_allocated_storage = 300
    ended = {"allocated_storage": 200, "max_allocated_storage": 0}
    assert database(**ended, check=True).changes == database(**ended).changes == {"max_allocated_storage"}
    assert (database(**ended).action, database.instance.allocated_storage) == ("none", 200)


@pytest.mark.parametrize("size", [101, 109])
def test_storage_that_rds_would_round_is_refused(database, size):
    """RDS makes it 110, which no run would have asked for."""
    for check in (True, False):
        with pytest.raises(EngineError, match="write 110 or more"):
            database(check=check, allocated_storage=size)
    assert database(allocated_storage=110).changes == {"allocated_storage"}


def test_storage_that_never_grows_can_be_made(engine, aws, name):
    kind, want = KINDS["rds_instance"], {"db_instance_identifier": name, **DATABASE, "max_allocated_storage": 0}
    assert [sync(kind, engine, kind.want(want)).action for _time in range(2)] == ["create", "none"]
    aws("rds").delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_a_full_storage_can_be_enlarged(database):
    database.instance.status = "storage-full"
    with pytest.raises(EngineError, match="its storage is full: raise its allocated storage"):
        database(check=True, multi_az=True)
    for later in (False, True):
        # What is full waits for no window, also where an earlier run has left it to one.
        database.instance.status, database.instance.pending_modified_values = "storage-full", {}
        size = database.instance.allocated_storage + 50
        if later:
            database.modify(AllocatedStorage=size)
            database.instance.status, database.instance.allocated_storage = "storage-full", size - 50
            database.instance.pending_modified_values = {"AllocatedStorage": size}
        want = {"allocated_storage": size, "apply_immediately": False}
        assert database(check=True, **want).changes == {"allocated_storage"}
        assert database(**want).after["status"] == "available"
        assert database.instance.allocated_storage == size and database(**want).action == "none"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("InvalidParameterCombination", "You can't currently modify the storage of this DB instance because the previous storage change is being optimized."),
        ("InvalidParameterValue", "We can't process it now. Try your request later."),
        ("InternalFailure", "An internal error has occurred. Please try your request later."),
        ("InvalidDBInstanceState", "Database instance is not in available state."),
    ],
)  # fmt: skip
def test_what_rds_takes_later_is_asked_again(database, engine, monkeypatch, code, message):
    client, told = engine("rds"), [1, 1]
    modify = client.modify_db_instance

    def late(**given):
        if told:
            told.pop()
            raise ClientError({"Error": {"Code": code, "Message": message}}, "ModifyDBInstance")
        return modify(**given)

    monkeypatch.setattr(client, "modify_db_instance", late)
    assert database(allocated_storage=150).action == "update" and not told


@pytest.mark.parametrize("check", [True, False])
def test_waiting_for_what_never_comes_is_refused_in_a_check_too(engine, database, check):
    """A task that only waits: without a change of its own, a check of a stopped database was green."""
    database.instance.status = "stopped"
    identity = {"db_instance_identifier": database.instance.db_instance_identifier}
    with pytest.raises(EngineError, match="it is stopped: start it"):
        read(KINDS["rds_instance"], engine, identity, wanted={}, wait=True, timeout=1, check=check)


@pytest.mark.parametrize("check", [True, False])
def test_what_a_later_task_will_want_is_judged_before(engine, database, check):
    identity = {"db_instance_identifier": database.instance.db_instance_identifier}
    for wanted, told in (({"engine_version": "18"}, "by a runbook of its own"), ({"allocated_storage": 20}, "can't go back")):
        with pytest.raises(EngineError, match=told):
            read(KINDS["rds_instance"], engine, identity, wanted={"max_allocated_storage": 0, **wanted}, wait=False, timeout=1, check=check)
    there, live = read(KINDS["rds_instance"], engine, identity, wanted=DATABASE, wait=False, timeout=1, check=check)
    assert there and live["status"] == "available"


def test_a_group_whose_name_is_still_being_deleted(engine, name):
    class Scaling:
        """A group goes away for minutes; the embedded AWS's are gone at once."""

        can_paginate = staticmethod(lambda _operation: True)

        def get_paginator(self, _operation):
            return self

        def paginate(self, **_given):
            return [self.describe_auto_scaling_groups()]

        def describe_auto_scaling_groups(self, **_given):
            group = {
                "AutoScalingGroupName": name, "AutoScalingGroupARN": "arn", "MinSize": 0, "MaxSize": 0,
                "DesiredCapacity": 0, "HealthCheckType": "EC2", "DefaultCooldown": 300, "Status": "Delete in progress",
                "CreatedTime": datetime.now(UTC),
            }  # fmt: skip
            return {"AutoScalingGroups": [group]}

    kind, aws = KINDS["auto_scaling_group"], Aws(lambda _service: Scaling(), "us-east-1")
    for check in (True, False):
        with pytest.raises(EngineError, match="is being deleted: run again when it is gone"):
            sync(kind, aws, kind.want({"name": name, "min_size": 1}), check=check, write=lambda *_given: None)


def test_every_row_says_what_happens():
    rows = [(kind, row) for kind in KINDS.values() for row in kind.refusals]
    assert len(rows) > 12
    for kind, row in rows:
        told = json.dumps([row.state, row.code, row.then])
        assert all((row.state, row.code, row.then)), f"{kind.name}: {told}"
        assert bool(row.judge) == row.then.startswith("refused"), f"{kind.name}: {told}"
