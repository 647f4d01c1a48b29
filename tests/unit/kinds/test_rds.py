"""Databases."""

import datetime
from contextlib import nullcontext

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import rds
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds import (
    PARAMETER_GROUP,
    RDS_INSTANCE,
    SUBNET_GROUP,
    serves,
    text,
)


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ("17.6", "17", True),
        ("17", "17", True),
        ("17.6", "17.6", True),
        # AWS upgraded the minor; numbers and not text decide which is newer.
        ("17.10", "17.9", True),
        ("17.4", "17.6", False),
        ("16.9", "17", False),
        ("17.6", "16", False),
        ("17.6", "1", False),
    ],
)
def test_serves(live, wanted, same):
    assert serves(live, wanted) == same


@pytest.mark.parametrize(("value", "said"), [(1, "1"), (True, "1"), (False, "0"), ("1000", "1000"), ("on", "on"), (0, "0")])
def test_text(value, said):
    assert text(value) == said


LIVE = {
    "db_instance_identifier": "db", "status": "available", "pending": {}, "engine_version": "17.6", "multi_az": False,
    "allocated_storage": 20, "max_allocated_storage": 50, "deletion_protection": False, "publicly_accessible": False, "address": "db.example",
    "tags": {}, "db_instance_class": "db.t3.micro",
}  # fmt: skip
WINDOW = {"apply_immediately": False}


@pytest.mark.parametrize(
    ("live", "want", "changes"),
    [
        ({}, {"multi_az": False, "engine_version": "17"}, set()),
        ({}, {"multi_az": True}, {"multi_az"}),
        # What waits for the window is as good as done, unless it is to be done at once.
        ({"pending": {"multi_az": True}}, {"multi_az": True, **WINDOW}, set()),
        ({"pending": {"multi_az": True}}, {"multi_az": True}, {"multi_az"}),
        # What waits and is no longer wanted is a difference, whatever the instance has now.
        ({"pending": {"multi_az": True}}, {"multi_az": False, **WINDOW}, {"multi_az"}),
        ({"pending": {"multi_az": True}}, {"multi_az": False}, {"multi_az"}),
        # In the middle of a change, what AWS was told counts.
        ({"pending": {"multi_az": True}, "status": "modifying"}, {"multi_az": True}, set()),
        ({"status": "modifying"}, {"multi_az": True}, {"multi_az"}),
        ({"status": "creating", "multi_az": None}, {"multi_az": True, "tags": {"a": "b"}}, {"tags"}),
        # Autoscaling added storage.
        ({"allocated_storage": 40}, {"allocated_storage": 20, "max_allocated_storage": 50}, set()),
        ({"allocated_storage": 40}, {"allocated_storage": 20}, {"allocated_storage"}),
        ({"allocated_storage": 60}, {"allocated_storage": 20, "max_allocated_storage": 50}, {"allocated_storage"}),
        ({}, {"allocated_storage": 40, "max_allocated_storage": 50}, {"allocated_storage"}),
        ({}, {"engine_version": "18"}, {"engine_version"}),
    ],
)
def test_compare(live, want, changes):
    wanted = RDS_INSTANCE.want({"db_instance_identifier": "db", "apply_immediately": True, **want})
    assert RDS_INSTANCE.compare({**LIVE, **live}, wanted) == changes


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"vpc_security_group_ids": ["b", "a"]}, {"vpc_security_group_ids": ["a", "b"]}),
        ({"enable_cloudwatch_logs_exports": ["upgrade", "postgresql"]}, {"enable_cloudwatch_logs_exports": ["postgresql", "upgrade"]}),
        ({"preferred_maintenance_window": "Sun:04:00-Sun:05:00"}, {"preferred_maintenance_window": "sun:04:00-sun:05:00"}),
    ],
)
def test_want(arguments, said):
    assert RDS_INSTANCE.want(arguments) == said


@pytest.mark.parametrize(
    ("want", "refused"),
    [
        ({"engine_version": "16"}, "can't go back"),
        ({"engine_version": "18"}, "only with allow_major_version_upgrade"),
        ({"engine_version": "18", "allow_major_version_upgrade": True}, ""),
        ({"engine_version": "17.9"}, ""),
    ],
)
def test_upgrades(want, refused):
    with pytest.raises(EngineError, match=refused) if refused else nullcontext():
        RDS_INSTANCE._upgradable(LIVE, want)


@pytest.mark.parametrize(
    ("item", "fields"),
    [
        ({}, {"manage_master_user_password": False, "address": None, "enable_performance_insights": False}),
        (
            {"MasterUserSecret": {"SecretArn": "arn", "KmsKeyId": "key"}, "Endpoint": {"Address": "a", "Port": 5433}},
            {"manage_master_user_password": True, "master_user_secret_arn": "arn", "address": "a", "port": 5433},
        ),
        (
            {"VpcSecurityGroups": [
                {"VpcSecurityGroupId": "b", "Status": "active"}, {"VpcSecurityGroupId": "a", "Status": "adding"},
                {"VpcSecurityGroupId": "c", "Status": "removing"},
            ]},
            {"vpc_security_group_ids": ["a", "b"]},
        ),
        (
            {
                "EnabledCloudwatchLogsExports": ["upgrade"],
                "PendingModifiedValues": {
                    "MultiAZ": True, "MasterUserPassword": "****",
                    "PendingCloudwatchLogsExports": {"LogTypesToEnable": ["postgresql"], "LogTypesToDisable": ["upgrade"]},
                },
            },
            {"pending": {"multi_az": True, "enable_cloudwatch_logs_exports": ["postgresql"]}},
        ),
    ],
)  # fmt: skip
def test_live(item, fields):
    live = RDS_INSTANCE._live({"DBInstanceArn": "arn", "DBInstanceStatus": "available", **item})
    assert {field: live[field] for field in fields} == fields


@pytest.mark.parametrize(
    ("live", "ready", "failed"),
    [
        ({}, True, ""),
        ({"status": "backing-up"}, True, ""),
        ({"status": "creating", "address": None}, False, ""),
        ({"status": "modifying"}, False, ""),
        ({"address": None}, False, ""),
        ({"status": "incompatible-network"}, False, "its network can't take it"),
        ({"status": "stopped"}, False, "it is stopped"),
    ],
)
def test_ready(live, ready, failed):
    live = {**LIVE, **live}
    assert RDS_INSTANCE.ready(live) == ready
    assert RDS_INSTANCE.failed(live).startswith(failed) and bool(RDS_INSTANCE.failed(live)) == bool(failed)


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ({}, []),
        ({"pending": {"multi_az": True}}, ["the database db changes in its maintenance window: multi_az True"]),
        ({"parameters_applied": False}, ["the database db takes its new parameters at its next restart"]),
    ],
)
def test_notes(live, said):
    assert RDS_INSTANCE.notes({**LIVE, **live}) == said


class Aws:
    """Remembers the calls of RDS."""

    def __init__(self):
        self.calls = {}

    def __call__(self, service):
        return self

    def __getattr__(self, operation):
        return lambda **arguments: self.calls.update({operation: arguments})


@pytest.mark.parametrize(
    ("live", "said"),
    [
        ({}, {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}),
        ({"tags": {"FinalSnapshot": "false"}}, {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}),
        ({"tags": {"FinalSnapshot": "true", "Stack": "s"}}, {"SkipFinalSnapshot": False, "DeleteAutomatedBackups": False}),
    ],
)
@pytest.mark.parametrize("protected", [True, False])
def test_delete(protected, live, said):
    aws = Aws()
    RDS_INSTANCE.delete(aws, {**LIVE, "deletion_protection": protected, **live})
    told = aws.calls["delete_db_instance"]
    assert {field: told[field] for field in said} == said
    assert told.get("FinalDBSnapshotIdentifier", "").startswith("s-db-final-") == (not said["SkipFinalSnapshot"])
    assert ("modify_db_instance" in aws.calls) == protected
    assert bool(RDS_INSTANCE.protected({**LIVE, "deletion_protection": protected})) == protected


def test_what_is_being_deleted_is_left_alone():
    aws = Aws()
    RDS_INSTANCE.delete(aws, {**LIVE, "status": "deleting"})
    assert not aws.calls


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
    ("support", "ends", "status", "words"),
    [
        ("-disabled", "2030-02-28", "creating", "by itself at the end of its standard support, 2030-02-28"),
        ("-disabled", "2030-02-28", "available", None),
        ("-disabled", "2026-12-24", "available", "upgrades postgres 17 to a newer major version by itself"),
        ("-disabled", "", "creating", "by itself at the end of its standard support; upgrade"),
        ("-disabled", "", "available", None),
        ("", "2026-12-24", "available", "bills Extended Support for postgres 17"),
        ("", "2036-12-24", "available", None),
    ],
)
def test_the_end_of_standard_support_is_told_in_time(support, ends, status, words, monkeypatch):
    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 29, tzinfo=tz)

    monkeypatch.setattr(rds.datetime, "datetime", Now)
    live = {
        "db_instance_identifier": "db", "engine": "postgres", "engine_version": "17.6", "status": status,
        "engine_lifecycle_support": f"open-source-rds-extended-support{support}", "standard_support_ends": ends,
    }  # fmt: skip
    told = RDS_INSTANCE.notes(live)
    assert len(told) == (1 if words else 0), told
    assert not words or words in told[0]


def test_where_aws_has_no_lifecycle_support_none_is_wanted():
    wanted = {"db_instance_identifier": "db", "engine_lifecycle_support": "open-source-rds-extended-support-disabled"}
    live = {**LIVE, "status": "available", "pending": {}}
    assert RDS_INSTANCE.compare({**live, "engine_lifecycle_support": None}, wanted) == set()
    on = {**live, "engine_lifecycle_support": "open-source-rds-extended-support"}
    assert RDS_INSTANCE.compare(on, wanted) == {"engine_lifecycle_support"}
