"""RDS: what the API calls our fields of an instance."""

from __future__ import annotations

# Our field: AWS's name of it when a change is asked for. Creation and answers differ in a few, below.
CHANGEABLE = {
    "allocated_storage": "AllocatedStorage",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "backup_retention_period": "BackupRetentionPeriod",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "db_instance_class": "DBInstanceClass",
    "db_parameter_group_name": "DBParameterGroupName",
    "deletion_protection": "DeletionProtection",
    "enable_iam_database_authentication": "EnableIAMDatabaseAuthentication",
    "enable_performance_insights": "EnablePerformanceInsights",
    "engine_lifecycle_support": "EngineLifecycleSupport",
    "engine_version": "EngineVersion",
    "manage_master_user_password": "ManageMasterUserPassword",
    "max_allocated_storage": "MaxAllocatedStorage",
    "multi_az": "MultiAZ",
    "port": "DBPortNumber",
    "preferred_backup_window": "PreferredBackupWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "publicly_accessible": "PubliclyAccessible",
    "storage_type": "StorageType",
    "vpc_security_group_ids": "VpcSecurityGroupIds",
}
FIXED = {
    "db_instance_identifier": "DBInstanceIdentifier",
    "db_name": "DBName",
    "db_subnet_group_name": "DBSubnetGroupName",
    "engine": "Engine",
    "kms_key_id": "KmsKeyId",
    "master_user_secret_kms_key_id": "MasterUserSecretKmsKeyId",
    "master_username": "MasterUsername",
    "storage_encrypted": "StorageEncrypted",
}
CREATED = CHANGEABLE | FIXED | {"port": "Port", "enable_cloudwatch_logs_exports": "EnableCloudwatchLogsExports"}
# Fields that AWS answers under another name, or deeper, are read one by one in _live.
ANSWERED = {
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
    "enable_performance_insights": "PerformanceInsightsEnabled",
}
PENDING = {
    "allocated_storage": "AllocatedStorage",
    "backup_retention_period": "BackupRetentionPeriod",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "db_instance_class": "DBInstanceClass",
    "enable_iam_database_authentication": "IAMDatabaseAuthenticationEnabled",
    "engine_version": "EngineVersion",
    "iops": "Iops",
    "multi_az": "MultiAZ",
    "port": "Port",
    "storage_throughput": "StorageThroughput",
    "storage_type": "StorageType",
}
