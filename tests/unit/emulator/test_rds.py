"""RDS as AWS answers it."""

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_instance import RDS_INSTANCE
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_versions import standard_support_ends
from botocore.exceptions import ClientError

from emulator import clock, provisioning
from emulator.corrections import rds_maintenance

BASE = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "MasterUsername": "someone", "AllocatedStorage": 20}


@pytest.fixture
def rds(aws):
    return aws("rds")


@pytest.fixture
def subnets(aws):
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.6.0.0/16")["Vpc"]["VpcId"]
    zones = ("us-east-1a", "us-east-1b", "us-east-1c")
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.6.{i}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for i, zone in enumerate(zones)
    ]


@pytest.fixture
def instance(rds, name):
    def create(**more):
        password = {} if "ManageMasterUserPassword" in more else {"MasterUserPassword": "secret-enough"}
        return rds.create_db_instance(DBInstanceIdentifier=name, **BASE, **password, **more)["DBInstance"]

    yield create
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def describe(rds, name):
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_subnet_group(rds, refused, subnets, name):
    arguments = {"DBSubnetGroupName": name, "DBSubnetGroupDescription": "d"}
    refused("DBSubnetGroupDoesNotCoverEnoughAZs", rds.create_db_subnet_group, SubnetIds=subnets[:1], **arguments)
    rds.create_db_subnet_group(SubnetIds=subnets[:2], **arguments)
    refused("DBSubnetGroupAlreadyExists", rds.create_db_subnet_group, SubnetIds=subnets[:2], **arguments)
    rds.modify_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="e", SubnetIds=subnets[1:])
    seen = rds.describe_db_subnet_groups(DBSubnetGroupName=name)["DBSubnetGroups"][0]
    assert seen["DBSubnetGroupDescription"] == "e"
    assert sorted(one["SubnetIdentifier"] for one in seen["Subnets"]) == sorted(subnets[1:])
    rds.create_db_instance(
        DBInstanceIdentifier=name, MasterUserPassword="secret-enough", DBSubnetGroupName=name, **BASE
    )
    assert describe(rds, name)["DBSubnetGroup"]["DBSubnetGroupName"] == name
    refused("InvalidDBSubnetGroupStateFault", rds.delete_db_subnet_group, DBSubnetGroupName=name)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    rds.delete_db_subnet_group(DBSubnetGroupName=name)


def test_parameter_group(rds, refused, name):
    refused("DBParameterGroupNotFound", rds.describe_db_parameter_groups, DBParameterGroupName=name)
    rds.create_db_parameter_group(DBParameterGroupName=name, DBParameterGroupFamily="postgres17", Description="d")

    def parameters(**more):
        pages = rds.get_paginator("describe_db_parameters").paginate(DBParameterGroupName=name, **more)
        return {one["ParameterName"]: one for page in pages for one in page["Parameters"]}

    assert parameters()["rds.force_ssl"]["ParameterValue"] == "1"
    assert parameters()["max_connections"]["ApplyType"] == "static"
    assert parameters(Source="user") == {}
    assert len(parameters()) > 300, "in pages of 100"
    assert parameters()["autovacuum_work_mem"]["Source"] == "engine-default"

    def modify(parameter, value, method):
        given = {"ParameterName": parameter, "ParameterValue": value, "ApplyMethod": method}
        rds.modify_db_parameter_group(DBParameterGroupName=name, Parameters=[given])

    modify("log_min_duration_statement", "1000", "immediate")
    modify("max_connections", "200", "pending-reboot")
    modify("rds.force_ssl", "1", "immediate")
    assert parameters()["rds.force_ssl"]["Source"] == "system", "the value that it has by itself"
    refused("InvalidParameterCombination", modify, "max_connections", "200", "immediate")
    seen = parameters(Source="user")
    assert {key: (one["ParameterValue"], one["Source"]) for key, one in seen.items()} == {
        "log_min_duration_statement": ("1000", "user"),
        "max_connections": ("200", "user"),
    }
    rds.reset_db_parameter_group(
        DBParameterGroupName=name, Parameters=[{"ParameterName": "max_connections", "ApplyMethod": "pending-reboot"}]
    )
    assert list(parameters(Source="user")) == ["log_min_duration_statement"]
    rds.delete_db_parameter_group(DBParameterGroupName=name)


def test_engine_versions(rds, instance, refused):
    versions = {
        one["EngineVersion"]: one for one in rds.describe_db_engine_versions(Engine="postgres")["DBEngineVersions"]
    }
    majors = {}
    for one in versions:
        majors.setdefault(one.split(".")[0], []).append(one)
    assert majors == {
        "13": ["13.23"], "14": [f"14.{minor}" for minor in range(18, 25)], "15": [f"15.{minor}" for minor in range(13, 20)],
        "16": [f"16.{minor}" for minor in range(9, 16)], "17": [f"17.{minor}" for minor in range(5, 12)],
        "18": ["18.1", "18.2", "18.3", "18.4", "18.6"],
    }  # fmt: skip
    targets = {one["EngineVersion"]: one["IsMajorVersionUpgrade"] for one in versions["16.10"]["ValidUpgradeTarget"]}
    assert targets["16.11"] is False
    assert targets["17.6"] is True
    assert "17.5" not in targets
    default = rds.describe_db_engine_versions(Engine="postgres", EngineVersion="16", DefaultOnly=True)[
        "DBEngineVersions"
    ]
    assert [(one["EngineVersion"], one["DBParameterGroupFamily"]) for one in default] == [("16.15", "postgres16")]
    assert len(rds.describe_db_engine_versions(Engine="postgres", MaxRecords=20)["DBEngineVersions"]) == 20
    refused(
        "InvalidParameterCombination",
        rds.create_db_instance,
        DBInstanceIdentifier="no",
        EngineVersion="15.4",
        MasterUserPassword="secret-enough",
        **BASE,
    )
    made = instance(EngineVersion="17")
    assert made["EngineVersion"] == "17.11"
    assert made["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres17"


def test_instance_defaults(rds, instance, name):
    instance(
        StorageEncrypted=True,
        PreferredBackupWindow="03:00-04:00",
        PreferredMaintenanceWindow="sun:04:00-sun:05:00",
        EnablePerformanceInsights=True,
    )
    seen = describe(rds, name)
    assert (seen["StorageType"], seen["Iops"], seen["StorageThroughput"]) == ("gp3", 3000, 125)
    assert (seen["PerformanceInsightsEnabled"], seen["PerformanceInsightsRetentionPeriod"]) == (True, 7)
    assert seen["KmsKeyId"].startswith("arn:aws:kms:")
    assert seen["DBSubnetGroup"]["DBSubnetGroupName"] == "default"
    assert (seen["LicenseModel"], seen["CACertificateIdentifier"]) == ("postgresql-license", "rds-ca-rsa2048-g1")


def test_overlapping_windows_are_refused(rds, refused):
    windows = {"PreferredBackupWindow": "03:00-04:01", "PreferredMaintenanceWindow": "sun:04:00-sun:05:00"}
    refused(
        "InvalidParameterValue",
        rds.create_db_instance,
        DBInstanceIdentifier="no",
        MasterUserPassword="secret-enough",
        **windows,
        **BASE,
    )


def test_small_gp3_cannot_be_tuned(rds, refused):
    refused(
        "InvalidParameterCombination",
        rds.create_db_instance,
        DBInstanceIdentifier="no",
        MasterUserPassword="secret-enough",
        StorageType="gp3",
        Iops=3000,
        **BASE,
    )


def test_master_secret(rds, aws, refused, name):
    rds.create_db_instance(DBInstanceIdentifier=name, ManageMasterUserPassword=True, **BASE)
    secret = describe(rds, name)["MasterUserSecret"]
    assert set(secret) == {"SecretArn", "SecretStatus", "KmsKeyId"}
    assert ":secret:rds!db-" in secret["SecretArn"]
    value = json.loads(aws("secretsmanager").get_secret_value(SecretId=secret["SecretArn"])["SecretString"])
    assert value["username"] == "someone"
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    refused("ResourceNotFoundException", aws("secretsmanager").describe_secret, SecretId=secret["SecretArn"])


def test_modifications_wait_for_the_window(rds, instance, name, refused):
    instance(EngineVersion="16.9")
    rds.modify_db_instance(
        DBInstanceIdentifier=name, DBInstanceClass="db.t4g.small", BackupRetentionPeriod=9, ApplyImmediately=False
    )
    seen = describe(rds, name)
    assert (seen["DBInstanceClass"], seen["PendingModifiedValues"]) == (
        "db.t4g.micro",
        {"DBInstanceClass": "db.t4g.small"},
    )
    assert seen["BackupRetentionPeriod"] == 9
    rds.modify_db_instance(DBInstanceIdentifier=name, MultiAZ=True, EngineVersion="16.10", ApplyImmediately=True)
    seen = describe(rds, name)
    assert (seen["DBInstanceClass"], seen["MultiAZ"], seen["EngineVersion"]) == ("db.t4g.small", True, "16.10")
    assert seen.get("PendingModifiedValues", {}) == {}
    refused(
        "InvalidParameterCombination",
        rds.modify_db_instance,
        DBInstanceIdentifier=name,
        EngineVersion="17.6",
        ApplyImmediately=True,
    )
    rds.modify_db_instance(
        DBInstanceIdentifier=name, EngineVersion="17.6", AllowMajorVersionUpgrade=True, ApplyImmediately=True
    )
    assert describe(rds, name)["EngineVersion"] == "17.6"


def test_deletion_takes_its_time(rds, refused, name, monkeypatch):
    monkeypatch.setattr(provisioning, "scale", 0.1)
    rds.create_db_instance(DBInstanceIdentifier=name, MasterUserPassword="secret-enough", **BASE)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert describe(rds, name)["DBInstanceStatus"] == "deleting"
    told = refused("InvalidDBInstanceState", rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    assert "is already being deleted" in told["Error"]["Message"]
    clock.move(31)
    refused("DBInstanceNotFound", rds.describe_db_instances, DBInstanceIdentifier=name)


def test_backups_that_are_kept(rds, name):
    rds.create_db_instance(DBInstanceIdentifier=name, MasterUserPassword="secret-enough", BackupRetentionPeriod=3, **BASE)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=False)
    (kept,) = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=name)["DBInstanceAutomatedBackups"]
    assert (kept["Status"], kept["BackupRetentionPeriod"], kept["AllocatedStorage"]) == ("retained", 3, 20)
    rds.delete_db_instance_automated_backup(DbiResourceId=kept["DbiResourceId"])
    assert not rds.describe_db_instance_automated_backups(DBInstanceIdentifier=name)["DBInstanceAutomatedBackups"]


def test_delete(rds, refused, name):
    rds.create_db_instance(
        DBInstanceIdentifier=name, MasterUserPassword="secret-enough", DeletionProtection=True, **BASE
    )
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
    refused("InvalidParameterCombination", rds.delete_db_instance, DBInstanceIdentifier=name)
    final = {"DBInstanceIdentifier": name, "FinalDBSnapshotIdentifier": f"{name}-final"}
    refused("InvalidDBInstanceState", rds.delete_db_instance, **final)
    assert [describe(rds, name)["DBInstanceStatus"] for _look in range(2)] == ["modifying", "available"]
    rds.stop_db_instance(DBInstanceIdentifier=name)
    refused("InvalidDBInstanceState", rds.delete_db_instance, **final)
    refused("InvalidDBInstanceState", rds.modify_db_instance, DBInstanceIdentifier=name, MultiAZ=True)
    rds.start_db_instance(DBInstanceIdentifier=name)
    rds.delete_db_instance(**final)
    snapshot = rds.describe_db_snapshots(DBSnapshotIdentifier=f"{name}-final")["DBSnapshots"][0]
    assert snapshot["DBInstanceIdentifier"] == name
    rds.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-final")
    assert describe(rds, name)["StorageType"] == "gp3"
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_replica_in_another_region(rds, aws, instance, name):
    arn = instance(BackupRetentionPeriod=7)["DBInstanceArn"]
    west = aws("rds", "us-west-2")
    west.create_db_instance_read_replica(DBInstanceIdentifier=f"{name}-r", SourceDBInstanceIdentifier=arn)
    assert len(describe(rds, name)["ReadReplicaDBInstanceIdentifiers"]) == 1
    west.delete_db_instance(DBInstanceIdentifier=f"{name}-r", SkipFinalSnapshot=True)
    assert describe(rds, name)["ReadReplicaDBInstanceIdentifiers"] == []


def test_replica_without_its_source(rds, name):
    rds.create_db_instance(DBInstanceIdentifier=name, MasterUserPassword="secret-enough", **BASE)
    rds.create_db_instance_read_replica(DBInstanceIdentifier=f"{name}-r", SourceDBInstanceIdentifier=name)
    for identifier in (name, f"{name}-r"):
        rds.delete_db_instance(DBInstanceIdentifier=identifier, SkipFinalSnapshot=True)


def test_backups_in_another_region(rds, aws, instance, name):
    arn = instance(BackupRetentionPeriod=7)["DBInstanceArn"]
    west = aws("rds", "us-west-2")
    made = west.start_db_instance_automated_backups_replication(SourceDBInstanceArn=arn, BackupRetentionPeriod=14)
    backup = made["DBInstanceAutomatedBackup"]["DBInstanceAutomatedBackupsArn"]
    assert describe(rds, name)["DBInstanceAutomatedBackupsReplications"] == [{"DBInstanceAutomatedBackupsArn": backup}]
    seen = west.describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=backup)[
        "DBInstanceAutomatedBackups"
    ]
    assert [(one["Status"], one["BackupRetentionPeriod"]) for one in seen] == [("replicating", 14)]
    west.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=arn)
    west.delete_db_instance_automated_backup(DBInstanceAutomatedBackupsArn=backup)


def test_the_kind_knows_when_standard_support_ends(rds, instance, name):
    support = "open-source-rds-extended-support"
    instance(EngineVersion="17", EngineLifecycleSupport=f"{support}-disabled")
    seen = Aws(lambda _service: rds, "us-east-1")
    live = RDS_INSTANCE.find(seen, {"db_instance_identifier": name})
    assert (live["engine_lifecycle_support"], live["standard_support_ends"]) == (f"{support}-disabled", "2030-02-28")
    rds.modify_db_instance(DBInstanceIdentifier=name, EngineLifecycleSupport=support, ApplyImmediately=True)
    assert RDS_INSTANCE.find(seen, {"db_instance_identifier": name})["engine_lifecycle_support"] == support


def test_without_the_permission_the_day_is_not_known(monkeypatch):
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "User: x is not authorized"}}, "Describe")
    seen = Aws(None, "eu-west-9")
    monkeypatch.setattr(seen, "pages", lambda *_asked, **_more: (_ for _ in ()).throw(denied))
    assert standard_support_ends(seen, "postgres", "17.6") == ""


def test_maintenance_is_pending_where_it_was_announced(rds):
    def pending(*ids):
        filters = {"Filters": [{"Name": "db-instance-id", "Values": list(ids)}]} if ids else {}
        return rds.describe_pending_maintenance_actions(**filters)["PendingMaintenanceActions"]

    arn = "arn:aws:rds:us-east-1:123456789012:db:announced"
    assert pending("announced") == []
    rds_maintenance.announce("us-east-1", "announced", description="New OS")
    told = {"ResourceIdentifier": arn, "PendingMaintenanceActionDetails": [{"Action": "system-update", "Description": "New OS"}]}
    assert pending("announced") == pending(arn) == [told] and told in pending()
    assert pending("another") == []
