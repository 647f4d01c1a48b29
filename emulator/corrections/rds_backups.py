"""RDS: automated backups, kept after their instance and in another region."""

import uuid
from datetime import UTC, datetime

from moto.rds import models
from moto.rds.responses import RDSResponse

from emulator import clock
from emulator.corrections.rds import API
from emulator.corrections.rds_groups import Backend
from emulator.errors import AWSError
from emulator.evidence import documented, does
from emulator.patching import adds, correction, replacing

# Automated backups, kept after their instance and in another region


@correction("rds", "automated backups that are kept after their instance say whose they are, and for how long")
@does(
    "Automated backups that are kept can be restored to a time up to the end of their instance.",
    documented(API + "API_DBInstanceAutomatedBackup.html", "RestoreWindow"),
)
def retained_backups():
    @replacing(models.DBInstanceAutomatedBackup, "__init__")
    def init(original, self, backend, db_instance_identifier, automated_snapshots):
        original(self, backend, db_instance_identifier, automated_snapshots)
        one = backend.databases.get(db_instance_identifier) or backend.retained.get(db_instance_identifier)
        for name in ("allocated_storage", "backup_retention_period", "dbi_resource_id", "engine", "kms_key_id"):
            setattr(self, name, getattr(one, name, None))
        self.encrypted = bool(self.kms_key_id)
        latest = getattr(one, "deleted_at", clock.now())
        self.restore_window = {"LatestTime": datetime.fromtimestamp(latest, UTC)}


@correction("rds", "backups replicated from other regions are listed, and the source shows where they are")
def replicated_backups():
    @replacing(Backend, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.replicated_backups = {}
        self.retained = {}

    @replacing(RDSResponse, "describe_db_instance_automated_backups")
    def describe(original, self):
        result = original(self)
        wanted = (
            self.params.get("DBInstanceAutomatedBackupsArn"),
            self.params.get("DBInstanceIdentifier"),
            self.params.get("DbiResourceId"),
        )
        for arn, backup in self.backend.replicated_backups.items():
            seen = (arn, backup["DBInstanceIdentifier"], backup["DbiResourceId"])
            if all(one is None or one == value for one, value in zip(wanted, seen, strict=True)):
                result.result["DBInstanceAutomatedBackups"].append(backup)
        return result


@adds("rds", "StartDBInstanceAutomatedBackupsReplication", "copies an instance's backups to the region it is called in")
def start_replication(api, params):
    source_arn = params["SourceDBInstanceArn"]
    source = api.backend.find_db_from_id(source_arn)
    if source.region == api.region:
        raise AWSError("InvalidParameterValue", "The source and destination regions must differ.")
    if not source.backup_retention_period:
        raise AWSError("InvalidDBInstanceState", "Automated backups aren't enabled for the source instance.")
    for backup in api.backend.replicated_backups.values():
        if backup["DBInstanceArn"] == source_arn:
            raise AWSError(
                "InvalidParameterCombination", f"Automated backups of {source_arn} are already replicated here."
            )
    arn = f"arn:aws:rds:{api.region}:{api.current_account}:auto-backup:ab-{uuid.uuid4().hex[:26]}"
    backup = {
        "DBInstanceArn": source_arn,
        "DbiResourceId": source.dbi_resource_id,
        "Region": source.region,
        "DBInstanceIdentifier": source.db_instance_identifier,
        "RestoreWindow": {},
        "AllocatedStorage": source.allocated_storage,
        "Status": "replicating",
        "Port": source.port,
        "InstanceCreateTime": source.instance_create_time,
        "MasterUsername": source.master_username,
        "Engine": source.engine,
        "EngineVersion": source.engine_version,
        "LicenseModel": source.license_model,
        "OptionGroupName": source.option_group_name,
        "Encrypted": source.storage_encrypted,
        "StorageType": source.storage_type,
        "IAMDatabaseAuthenticationEnabled": source.enable_iam_database_authentication,
        "BackupRetentionPeriod": params.get("BackupRetentionPeriod", 7),
        "DBInstanceAutomatedBackupsArn": arn,
        "BackupTarget": "region",
    }
    if source.storage_encrypted:
        if not params.get("KmsKeyId"):
            raise AWSError(
                "InvalidParameterCombination", "A KMS key of this region is needed for an encrypted instance."
            )
        backup["KmsKeyId"] = api.backend._validate_kms_key(params["KmsKeyId"])
    api.backend.replicated_backups[arn] = backup
    source.db_instance_automated_backups_replications = [{"DBInstanceAutomatedBackupsArn": arn}]
    return {"DBInstanceAutomatedBackup": backup}


@adds("rds", "StopDBInstanceAutomatedBackupsReplication", "ends it and keeps what was copied")
def stop_replication(api, params):
    for backup in api.backend.replicated_backups.values():
        if backup["DBInstanceArn"] == params["SourceDBInstanceArn"]:
            backup["Status"] = "retained"
            source = api.backend.find_db_from_id(params["SourceDBInstanceArn"])
            source.db_instance_automated_backups_replications = []
            return {"DBInstanceAutomatedBackup": backup}
    raise AWSError("DBInstanceNotFound", f"No replication of {params['SourceDBInstanceArn']} in this region")


@adds("rds", "DeleteDBInstanceAutomatedBackup", "deletes backups that are kept, and replicated ones")
def delete_automated_backup(api, params):
    for name, instance in list(api.backend.retained.items()):
        if params.get("DbiResourceId") == instance.dbi_resource_id:
            for snapshot in api.backend.describe_db_snapshots(name, snapshot_type="automated"):
                api.backend.delete_db_snapshot(snapshot.db_snapshot_identifier)
            return {"DBInstanceAutomatedBackup": {"DbiResourceId": api.backend.retained.pop(name).dbi_resource_id}}
    for arn, backup in list(api.backend.replicated_backups.items()):
        if params.get("DBInstanceAutomatedBackupsArn") == arn or params.get("DbiResourceId") == backup["DbiResourceId"]:
            return {"DBInstanceAutomatedBackup": api.backend.replicated_backups.pop(arn)}
    raise AWSError("DBInstanceAutomatedBackupNotFound", "The automated backup was not found.")
