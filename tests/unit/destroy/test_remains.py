"""What a destroyed stack leaves: said with its reason, its end, its cost, and how it is taken away."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import deleting, remains
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.kms import KMS_KEY
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.rds_instance import RDS_INSTANCE
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.route53 import HOSTED_ZONE
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.secretsmanager import SECRET


@pytest.fixture
def key(aws, name):
    tags = [{"TagKey": "Stack", "TagValue": name}, {"TagKey": "RecoveryDays", "TagValue": "7"}]
    return aws("kms").create_key(Tags=tags)["KeyMetadata"]


def database(aws, name, key, snapshot):
    aws("rds").create_db_instance(
        DBInstanceIdentifier=f"{name}-db", DBInstanceClass="db.t4g.micro", Engine="postgres", MasterUsername="app",
        MasterUserPassword="secret-enough", AllocatedStorage=20, CopyTagsToSnapshot=True, BackupRetentionPeriod=7,
        StorageEncrypted=True, KmsKeyId=key["Arn"],
        Tags=[{"Key": "Stack", "Value": name}, {"Key": "FinalSnapshot", "Value": snapshot}],
    )  # fmt: skip


def left(engine, name):
    return remains.left(engine, name, KINDS.values())


def end(engine, kind, name):
    for live in kind.stack(engine, name):
        deleting.delete(kind, engine, live, 600)


def test_a_snapshot_its_key_and_its_backups(aws, engine, name, key):
    database(aws, name, key, "true")
    (live,) = RDS_INSTANCE.stack(engine, name)
    assert [one.what.split(" of ")[0] for one in RDS_INSTANCE.leaves(live)] == ["a final snapshot", "the automated backups"]
    end(engine, RDS_INSTANCE, name)
    end(engine, KMS_KEY, name)
    assert not KMS_KEY.stack(engine, name)
    told = left(engine, name)
    (snapshot,) = [one for one in told if one.startswith("the snapshot ")]
    identifier = snapshot.split()[2]
    assert "at most about 1.90 USD for 20 GiB a month" in snapshot and f"delete-db-snapshot --db-snapshot-identifier {identifier}" in snapshot
    (backups,) = [one for one in told if "automated backups" in one]
    assert "aws rds delete-db-instance-automated-backup --dbi-resource-id db-" in backups and "until 20" in backups
    (kept,) = [one for one in told if one.startswith("the key ")]
    assert key["KeyId"] in kept and identifier in kept and "about 1.00 USD" in kept and "schedule-key-deletion" in kept
    assert len(told) == 3

    # Taken away as it is said, the key is the last.
    aws("rds").delete_db_snapshot(DBSnapshotIdentifier=identifier)
    aws("rds").delete_db_instance_automated_backup(DbiResourceId=live["resource_id"])
    (kept,) = left(engine, name)
    assert "though nothing that it was kept for is left" in kept
    aws("kms").schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    (kept,) = left(engine, name)
    assert "it costs nothing a month" in kept and "cancel-key-deletion" in kept


def test_backups_alone_keep_the_key(aws, engine, name, key):
    database(aws, name, key, "true")
    end(engine, RDS_INSTANCE, name)
    for one in aws("rds").describe_db_snapshots(SnapshotType="manual", DBInstanceIdentifier=f"{name}-db")["DBSnapshots"]:
        aws("rds").delete_db_snapshot(DBSnapshotIdentifier=one["DBSnapshotIdentifier"])
    end(engine, KMS_KEY, name)
    assert aws("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize(("days", "count"), [("30", 1), ("0", 0)])
def test_secrets_in_recovery(aws, engine, name, days, count):
    tags = [{"Key": "Stack", "Value": name}, {"Key": "RecoveryDays", "Value": days}]
    arn = aws("secretsmanager").create_secret(Name=f"{name}/app", SecretString="{}", Tags=tags)["ARN"]
    (live,) = SECRET.stack(engine, name)
    assert len(SECRET.leaves(live)) == count
    end(engine, SECRET, name)
    told = left(engine, name)
    assert len(told) == count
    assert all(f"the secret {name}/app stays" in one and f"--secret-id {arn}" in one and "nothing a month" in one for one in told)


def test_log_groups_that_aws_made(aws, engine, name):
    for group in (f"/aws/ecs/containerinsights/{name}-cluster/performance", f"/aws/rds/instance/{name}-db/postgresql"):
        aws("logs").create_log_group(logGroupName=group)
    aws("logs").create_log_group(logGroupName=f"/aws/ecs/containerinsights/{name}-cluster-two/performance")
    told = left(engine, name)
    assert len(told) == 2 and all("aws logs delete-log-group --log-group-name /aws/" in one for one in told)


def test_a_delegation_is_told_although_no_look_shows_it():
    (told,) = HOSTED_ZONE.leaves({"zone": "x.example.com", "name_servers": ["ns-1.awsdns-1.com"]})
    assert told.outside and "NS records of x.example.com that name ns-1.awsdns-1.com" in str(told)


def test_nothing_is_left_of_nothing(engine, name):
    assert left(engine, name) == []


def test_what_cant_be_looked_at_is_not_called_nothing():
    blind = Kind()
    blind.title = "blind kind"
    blind.remains = lambda aws, stack: (_ for _ in ()).throw(EngineError("the caller may not look"))
    assert remains.left(None, "s", [blind]) == ["what stays of the blind kinds is not known: the caller may not look"]
