"""RDS's instances: compared, changed and awaited."""

import datetime

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.compare import Difference
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import rds_versions
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_instance import RDS_INSTANCE
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_versions import serves

LONG_AGO, NOW = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC), datetime.datetime.now(datetime.UTC)


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


SIZES = {"allocated_storage": 200, "max_allocated_storage": 300, "engine": "postgres"}


@pytest.mark.parametrize(
    ("live", "want", "told"),
    [
        # RDS let it grow: no difference, as long as the inventory lets it be so large.
        (SIZES, {"allocated_storage": 100, "max_allocated_storage": 300}, ""),
        (SIZES, {"allocated_storage": 100, "max_allocated_storage": 200}, ""),
        (SIZES, {"allocated_storage": 100, "max_allocated_storage": 100}, "can't go back from 200 to 100 GiB"),
        (SIZES, {"allocated_storage": 100, "max_allocated_storage": 0}, "can't go back from 200 to 100 GiB"),
        (SIZES, {"allocated_storage": 100, "max_allocated_storage": 150}, "write 200, or a max_allocated_storage of 200 or more"),
        ({**SIZES, "pending": {"allocated_storage": 250}}, {"allocated_storage": 200}, "can't go back from 250 to 200 GiB"),
        (SIZES, {"allocated_storage": 210, "max_allocated_storage": 300}, "a tenth larger at least: write 220 or more"),
        (SIZES, {"allocated_storage": 220, "max_allocated_storage": 300}, ""),
        (SIZES, {"allocated_storage": 200, "max_allocated_storage": 210}, "can't be 210 GiB, since the database has 200: allowed are 0, which lets it grow no more, and 220 or more"),
        (SIZES, {"allocated_storage": 200, "max_allocated_storage": 0}, ""),
        (SIZES, {"allocated_storage": 280, "max_allocated_storage": 300}, ""),
        ({**SIZES, "allocated_storage": 300}, {"allocated_storage": 20, "max_allocated_storage": 300}, ""),
        # States.
        ({**SIZES, "status": "stopped"}, {"multi_az": True}, "it is stopped: start it"),
        ({**SIZES, "status": "stopped"}, {"tags": {"a": "b"}}, ""),
        ({**SIZES, "status": "stopped"}, {"multi_az": False}, ""),
        ({**SIZES, "status": "deleting"}, {"multi_az": True}, "being deleted"),
        ({**SIZES, "status": "modifying"}, {"multi_az": True}, ""),
        ({**SIZES, "status": "storage-full"}, {"multi_az": True}, "its storage is full"),
        ({**SIZES, "status": "storage-full"}, {"allocated_storage": 400}, ""),
        ({**SIZES, "status": "storage-optimization"}, {"allocated_storage": 400}, "still optimises its storage"),
        ({**SIZES, "status": "storage-optimization"}, {"multi_az": True}, ""),
        # Versions.
        (SIZES, {"engine_version": "16"}, "can't go back"),
        (SIZES, {"engine_version": "18"}, "aws rds modify-db-instance --db-instance-identifier db --engine-version 18 --allow-major-version-upgrade --db-parameter-group-name default.postgres18"),
        (SIZES, {"engine_version": "18", "allow_major_version_upgrade": True}, ""),
        (SIZES, {"engine_version": "17.9"}, ""),
        (SIZES, {"engine_version": "17.99"}, "RDS upgrades 17.6 to 17.9, 18.1, and not to 17.99"),
    ],
)  # fmt: skip
def test_what_rds_would_refuse_is_told(live, want, told):
    class Aws:
        def pages(self, *_names, **_given):
            return [{"ValidUpgradeTarget": [{"EngineVersion": "17.9"}, {"EngineVersion": "18.1"}]}]

    live = {**LIVE, **live}
    want = RDS_INSTANCE.want({"db_instance_identifier": "db", "apply_immediately": True, **want})
    said = RDS_INSTANCE.refused(Aws(), live, want, RDS_INSTANCE.compare(live, want))
    assert told in said if told else said == ""


@pytest.mark.parametrize(
    ("live", "want", "changed"),
    [
        # No limit, a limit of 0, and one at the size all mean: it doesn't grow.
        ({"max_allocated_storage": None}, {"max_allocated_storage": 0}, False),
        ({"max_allocated_storage": 20}, {"max_allocated_storage": 0}, False),
        ({"max_allocated_storage": None}, {"max_allocated_storage": 20}, False),
        ({"max_allocated_storage": 50}, {"max_allocated_storage": 0}, True),
        ({"max_allocated_storage": None}, {"max_allocated_storage": 50}, True),
    ],
)
def test_no_growth_has_three_spellings(live, want, changed):
    want = RDS_INSTANCE.want({"db_instance_identifier": "db", "allocated_storage": 20, **want})
    assert ("max_allocated_storage" in RDS_INSTANCE.compare({**LIVE, **live}, want)) is changed


@pytest.mark.parametrize(
    ("live", "want", "told"),
    [
        ({"unmodelled": {"InstanceCreateTime": LONG_AGO}}, {"backup_retention_period": 3}, "automated backups older than 3 days would be deleted"),
        ({"unmodelled": {"InstanceCreateTime": LONG_AGO}}, {"backup_retention_period": 0}, "all its automated backups would be deleted"),
        ({"unmodelled": {"InstanceCreateTime": NOW}}, {"backup_retention_period": 3}, ""),
        ({"unmodelled": {"InstanceCreateTime": LONG_AGO}}, {"backup_retention_period": 9}, ""),
        ({"manage_master_user_password": False}, {"manage_master_user_password": True}, "the master password that people set would be deleted"),
        ({"tags": {"FinalSnapshot": "true"}}, None, ""),
        ({"tags": {"FinalSnapshot": "false"}}, None, "its data would be deleted without a final snapshot"),
    ],
)  # fmt: skip
def test_what_a_change_of_a_database_loses(live, want, told):
    live = {**LIVE, "backup_retention_period": 7, **live}
    assert RDS_INSTANCE.loses(None, live, want, set(want or ())) == told


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

    monkeypatch.setattr(rds_versions.datetime, "datetime", Now)
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


class Api:
    """Remembers what an instance is made and changed with."""

    def __init__(self, live):
        self.live, self.said = live, None

    def __call__(self, _service):
        return self

    def create_db_instance(self, **said):
        self.said = said

    modify_db_instance = create_db_instance


@pytest.mark.parametrize("limit", [0, 20])
def test_storage_that_never_grows_is_made_without_a_limit(limit):
    api = Api(None)
    RDS_INSTANCE.create(api, {"db_instance_identifier": "db", "allocated_storage": 20, "max_allocated_storage": limit})
    assert api.said["AllocatedStorage"] == 20 and "MaxAllocatedStorage" not in api.said


LARGE = {"iops": 12000, "storage_throughput": 500}


@pytest.mark.parametrize(
    ("live", "want", "said"),
    [
        # Growth ends where the storage is, or will be.
        ({}, {"max_allocated_storage": 0}, {"MaxAllocatedStorage": 20}),
        ({}, {"allocated_storage": 30, "max_allocated_storage": 0}, {"AllocatedStorage": 30, "MaxAllocatedStorage": 30}),
        ({"pending": {"allocated_storage": 40}}, {"max_allocated_storage": 0}, {"MaxAllocatedStorage": 40}),
        ({}, {"max_allocated_storage": 100}, {"MaxAllocatedStorage": 100}),
        # From 400 GiB on gp3 has IOPS that are said with the size.
        ({}, {"allocated_storage": 399}, {"AllocatedStorage": 399}),
        ({}, {"allocated_storage": 400}, {"AllocatedStorage": 400, "Iops": 12000, "StorageThroughput": 500}),
        (
            {"allocated_storage": 500, "iops": 16000, "storage_throughput": 1000}, {"allocated_storage": 600},
            {"AllocatedStorage": 600, "Iops": 16000, "StorageThroughput": 1000},
        ),
        (
            {"allocated_storage": 500, **LARGE, "pending": {"iops": 20000}}, {"allocated_storage": 600},
            {"AllocatedStorage": 600, "Iops": 20000, "StorageThroughput": 500},
        ),
        ({"allocated_storage": 500, **LARGE}, {"multi_az": True}, {"MultiAZ": True}),
        ({"storage_type": "gp2"}, {"allocated_storage": 500}, {"AllocatedStorage": 500}),
        ({"engine": "oracle-ee"}, {"allocated_storage": 500}, {"AllocatedStorage": 500}),
    ],
)  # fmt: skip
def test_what_a_change_of_storage_says(live, want, said):
    live = {**LIVE, "engine": "postgres", "storage_type": "gp3", "iops": 3000, "storage_throughput": 125, **live}
    api = Api(live)
    RDS_INSTANCE.update(api, live, {"apply_immediately": False, **want}, set(want))
    how = {"DBInstanceIdentifier": "db", "ApplyImmediately": False, "AllowMajorVersionUpgrade": False}
    assert api.said == how | said


@pytest.mark.parametrize(
    ("live", "changes", "immediately", "failed"),
    [
        ({"status": "storage-full"}, {"allocated_storage"}, True, "its storage is full"),
        # An earlier run has left it to its window.
        ({"status": "storage-full", "pending": {"allocated_storage": 40}}, {"allocated_storage"}, True, ""),
        ({}, {"allocated_storage"}, False, ""),
        ({"pending": {"allocated_storage": 40}}, set(), None, ""),
        # RDS has made it larger by itself.
        ({"status": "storage-full", "allocated_storage": 45}, set(), None, "its storage is full"),
    ],
)
def test_a_full_storage_waits_for_no_window(live, changes, immediately, failed):
    live = {**LIVE, "engine": "postgres", "storage_type": "gp3", "iops": 3000, "storage_throughput": 125, **live}
    want = {"db_instance_identifier": "db", "allocated_storage": 40, "max_allocated_storage": 50, "apply_immediately": False}
    assert RDS_INSTANCE.compare(live, want) == changes
    assert RDS_INSTANCE.failed(live).startswith(failed) and bool(RDS_INSTANCE.failed(live)) == bool(failed)
    if changes:
        api = Api(live)
        RDS_INSTANCE.update(api, live, want, changes)
        assert api.said["ApplyImmediately"] is immediately


@pytest.mark.parametrize(
    ("path", "sizes", "owner"),
    [
        ("iops", (300, 420), "RDS's storage autoscaling"),
        ("storage_throughput", (300, 420), "RDS's storage autoscaling"),
        ("iops", (420, 420), ""),
        ("iops", (20, 20), ""),
    ],
)
def test_storage_that_grows_past_a_size_has_more_performance(path, sizes, owner):
    recorded, live = ({"allocated_storage": size, "max_allocated_storage": 500} for size in sizes)
    assert RDS_INSTANCE.external_manager(Difference("changed", path, 3000, 12000), recorded, live) == owner
