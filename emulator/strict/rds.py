"""RDS: instances of PostgreSQL that can be had, their storage, windows, names, groups and replicas."""

import re
from datetime import UTC, datetime

from emulator import clock, quotas, rds_catalogue
from emulator.strict import MEASURED, rule

API = "RDS API reference, CreateDBInstance, "
VALUE, COMBINATION, STATE = "InvalidParameterValue", "InvalidParameterCombination", "InvalidDBInstanceState"
MAKES = ("CreateDBInstance",)
WRITES = ("CreateDBInstance", "ModifyDBInstance")
POSTGRES = "postgres"
# Least and most GiB, by type of storage.
STORAGE = {"gp2": (20, 65536), "gp3": (20, 65536), "io1": (100, 65536), "io2": (100, 65536), "standard": (5, 3072)}
LOGS = {"postgresql", "upgrade", "iam-db-auth-error"}
UNCHANGING = {"stopped", "stopping", "starting", "creating", "rebooting", "deleting"}
INTERVALS = (0, 1, 5, 10, 15, 30, 60)
INSIGHTS_DAYS = {7, 731, *(31 * month for month in range(1, 24))}
RESERVED_USERS = {"admin", "rdsadmin"}
RESERVED_DATABASES = {"db", "rdsadmin", "template0", "template1"}
# No version of PostgreSQL that can be had runs on these.
RETIRED = {"t1", "t2", "m1", "m2", "m3", "m4", "r3", "r4", "cr1"}
_CLASS = re.compile(
    r"db\.([a-z]+\d+[a-z0-9-]*)\.((?:micro|small|medium|large|\d*xlarge|metal[a-z0-9-]*)(?:\.tpc\d\.mem\dx)?)"
)
_DAY_WINDOW = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")
_WEEK_WINDOW = re.compile(
    r"(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d-(mon|tue|wed|thu|fri|sat|sun):([01]\d|2[0-3]):[0-5]\d", re.I
)
_DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def live_instance(call):
    """Return the instance that a call changes."""
    name = call.parameters.get("DBInstanceIdentifier", "").lower()
    found = call.backend("rds").databases
    return next((one for key, one in found.items() if key.lower() == name), None)


def _now(call, name: str, attribute: str):
    """Return what a call gives, or what the instance has."""
    given = call.parameters.get(name)
    return given if given is not None else getattr(live_instance(call), attribute, None)


def _postgres(call) -> bool:
    return (call.parameters.get("Engine") or getattr(live_instance(call), "engine", "")) == POSTGRES


def _version(call) -> str:
    given = rds_catalogue.resolve(call.parameters.get("EngineVersion"))
    if call.operation == "ModifyDBInstance" and not call.parameters.get("EngineVersion"):
        return getattr(live_instance(call), "engine_version", "")
    return given or ""


# What can be had


@rule(
    "rds", *WRITES, "CreateDBInstanceReadReplica", code=VALUE, source="hashicorp/terraform: Invalid DB Instance class"
)
def class_is_one(call):
    """An instance's class is a class."""
    name = call.parameters.get("DBInstanceClass")
    return f"Invalid DB Instance class: {name}" if name and not _CLASS.fullmatch(name) else None


@rule("rds", "CreateDBInstance", code="InstanceQuotaExceeded", source=f"{API}Errors")
def instances_per_region(call):
    """A region has as many instances as the account may have, 40 by default."""
    if len(call.backend().databases) >= quotas.value(quotas.DATABASES):
        return "The request would result in the user exceeding the allowed number of DB instances."
    return None


@rule("rds", *WRITES, code=COMBINATION, source="aws-quickstart/quickstart-awx#47, elastic/beats#38473")
def class_runs_postgres(call):
    """PostgreSQL runs on the classes of today."""
    found = _CLASS.fullmatch(call.parameters.get("DBInstanceClass") or "")
    if found and _postgres(call) and found[1] in RETIRED:
        return (
            "RDS does not support creating a DB instance with the following combination: "
            f"DBInstanceClass={found[0]}, Engine={POSTGRES}, EngineVersion={_version(call)}, "
            "LicenseModel=postgresql-license. "
            "For supported combinations of instance class and database engine version, see the documentation."
        )
    return None


@rule("rds", *WRITES, code=VALUE, source=API + "EngineLifecycleSupport")
def lifecycle_support_is_one(call):
    """An engine's lifecycle support is one of two words."""
    given = call.parameters.get("EngineLifecycleSupport")
    allowed = ("open-source-rds-extended-support", "open-source-rds-extended-support-disabled")
    if given and given not in allowed:
        return f"Invalid engine lifecycle support: {given}. Valid values: {', '.join(allowed)}"
    return None


@rule("rds", *MAKES, code=COMBINATION, source=API + "EngineLifecycleSupport; words unverified")
def unsupported_majors_need_extended_support(call):
    """A major version past its standard support is made with Extended Support only."""
    disabled = call.parameters.get("EngineLifecycleSupport", "").endswith("-disabled")
    found = _version(call) if disabled and _postgres(call) else ""
    ends = rds_catalogue.STANDARD_SUPPORT_ENDS.get(rds_catalogue.major_of(found)) if found else None
    if ends and ends < datetime.fromtimestamp(clock.now(), UTC).date().isoformat():
        return f"The engine version {found} is past its end of standard support, which was on {ends}."
    return None


# Storage


@rule("rds", *WRITES, code=VALUE, source=API + "AllocatedStorage")
def storage_in_range(call):
    """Each type of storage has its least and its largest size."""
    kind = _now(call, "StorageType", "storage_type") or ("io1" if call.parameters.get("Iops") else "gp3")
    size = call.parameters.get("AllocatedStorage")
    least, most = STORAGE.get(kind, (0, 65536))
    if size is not None and _postgres(call) and not least <= size <= most:
        return f"Invalid storage size for engine name {POSTGRES} and storage type {kind}: {size}"
    return None


@rule("rds", "ModifyDBInstance", code=COMBINATION, source="RDS API reference, ModifyDBInstance, AllocatedStorage")
def storage_does_not_shrink(call):
    """Storage grows only."""
    size, has = call.parameters.get("AllocatedStorage"), getattr(live_instance(call), "allocated_storage", 0)
    if size is not None and size < int(has or 0):
        return f"Requested storage size ({size}) cannot be less than the current storage size ({has})."
    return None


@rule(
    "rds",
    *WRITES,
    code=COMBINATION,
    source="RDS user guide, storage autoscaling, " + MEASURED + "pf-rds-max-allocated-storage",
)
def storage_may_grow_by_a_tenth(call):
    """Storage that grows by itself may grow by a tenth at least; a changed instance's limit at its size ends it."""
    most, size = call.parameters.get("MaxAllocatedStorage"), _now(call, "AllocatedStorage", "allocated_storage")
    if most is None or size is None or not _postgres(call):
        return None
    size = int(size)
    if most < size or (most == size and call.operation == "CreateDBInstance"):
        return "Max storage size must be greater than storage size"
    if size < most < size * 1.1:
        kind = _now(call, "StorageType", "storage_type") or "gp3"
        return f"Invalid max storage size for engine name {POSTGRES} and storage type {kind}: {most}"
    return None


@rule(
    "rds",
    *MAKES,
    code=COMBINATION,
    source=MEASURED + "pf-rds-iops-required, pf-rds-storage-throughput-gp3-only, pf-rds-io1-iops-ratio",
)
def storage_has_its_performance(call):
    """io1 and io2 say their IOPS, up to 50 per GiB; throughput is gp3's."""
    kind, iops, size = (call.parameters.get(name) for name in ("StorageType", "Iops", "AllocatedStorage"))
    if kind in ("io1", "io2") and iops is None:
        return f"The storage type {kind} requires iops to be specified."
    if kind and kind != "gp3" and call.parameters.get("StorageThroughput") is not None:
        return f"You can't specify storage throughput for storage type {kind}."
    if kind == "io1" and _postgres(call) and iops and size and iops > size * 50:
        return f"Invalid iops to storage (GiB) ratio of {iops / size:.2f}"
    return None


@rule("rds", *WRITES, code=COMBINATION, source="RDS user guide, gp3 storage")
def large_gp3_has_its_least(call):
    """gp3 storage of 400 GiB or more has 12000 IOPS and 500 MiB/s at least."""
    kind, size = _now(call, "StorageType", "storage_type"), _now(call, "AllocatedStorage", "allocated_storage")
    if kind != "gp3" or not _postgres(call) or int(size or 0) < 400:
        return None
    for name, least, told in (("Iops", 12000, "IOPS"), ("StorageThroughput", 500, "storage throughput")):
        value = call.parameters.get(name)
        if value is not None and value < least:
            return f"You can't specify {told} less than {least} for engine {POSTGRES} and a storage size of {size}."
    return None


@rule(
    "rds", "ModifyDBInstance", code=COMBINATION, source="hashicorp/terraform-provider-aws#12493, #28589, #33512"
)  # fmt: skip
def size_and_iops_go_together(call):
    """The size of storage that has IOPS of its own, as gp3's has from 400 GiB on, is changed together with them."""
    given, found = call.parameters, live_instance(call)
    size = int(_now(call, "AllocatedStorage", "allocated_storage") or 0)
    kind = _now(call, "StorageType", "storage_type")
    if found is None or not (kind in ("io1", "io2") or kind == "gp3" and size >= 400 and _postgres(call)):
        return None
    changed = {
        name
        for name, field in (("AllocatedStorage", "allocated_storage"), ("Iops", "iops"))
        if given.get(name) not in (None, getattr(found, field))
    }
    if changed and not {"AllocatedStorage", "Iops"} <= set(given):
        return (
            "You must specify both the storage size and iops when modifying the storage size or iops on a DB instance "
            "that has iops."
        )
    return None


# Times


@rule("rds", *WRITES, code=VALUE, source=MEASURED + "pf-rds-backup-window-format, pf-rds-backup-window-duration")
def backup_window_is_one(call):
    """A backup window is a time of the day, half an hour at least."""
    given = call.parameters.get("PreferredBackupWindow")
    if not given:
        return None
    if not _DAY_WINDOW.fullmatch(given):
        return f"Invalid backup window: {given}. Must be in the format hh24:mi-hh24:mi."
    start, end = (int(one[:2]) * 60 + int(one[3:]) for one in given.split("-"))
    return "Backup window must be at least 30 minutes." if (end - start) % 1440 < 30 else None


@rule("rds", *WRITES, code=VALUE, source=API + "PreferredMaintenanceWindow")
def maintenance_window_is_one(call):
    """A maintenance window is a time of the week, half an hour at least."""
    given = call.parameters.get("PreferredMaintenanceWindow")
    if not given:
        return None
    if not _WEEK_WINDOW.fullmatch(given):
        return f"Invalid maintenance window: {given}. Must be in the format ddd:hh24:mi-ddd:hh24:mi."
    start, end = (_DAYS.index(one[:3]) * 1440 + int(one[4:6]) * 60 + int(one[7:9]) for one in given.lower().split("-"))
    return "The maintenance window must be at least 30 minutes." if (end - start) % 10080 < 30 else None


@rule("rds", *WRITES, "CreateDBInstanceReadReplica", code=VALUE, source=MEASURED + "pf-rds-backup-retention-range")
def backups_are_kept_so_long(call):
    """Backups are kept up to 35 days."""
    days = call.parameters.get("BackupRetentionPeriod")
    if days is not None and not 0 <= days <= 35:
        return f"Invalid backup retention period: {days}. Retention period must be between 0 and 35."
    return None


@rule(
    "rds",
    "CreateDBInstanceReadReplica",
    code=STATE,
    source="RDS API reference, CreateDBInstanceReadReplica",
)
def replica_source_has_backups(call):
    """A replica's source keeps backups."""
    name = call.parameters.get("SourceDBInstanceIdentifier", "")
    found = call.backend("rds").databases.get(name) if not name.startswith("arn:") else None
    if found is not None and not found.backup_retention_period:
        return (
            "Automated backups are not enabled for this database instance. To enable automated backups, use "
            "ModifyDBInstance "
            "to set the backup retention period to a non-zero value."
        )
    return None


@rule("rds", "ModifyDBInstance", code=COMBINATION, source=API + "BackupRetentionPeriod")
def replica_source_keeps_backups(call):
    """An instance with replicas goes on keeping backups."""
    found = live_instance(call)
    if found is not None and found.replicas and call.parameters.get("BackupRetentionPeriod") == 0:
        return "Backup retention can't be set to 0 for a DB instance that is a source to read replicas."
    return None


# Names


@rule("rds", *MAKES, code=VALUE, source=API + "DBName, " + MEASURED + "pf-rds-dbname-format")
def database_has_a_name(call):
    """A database's name begins with a letter, has letters, digits and underscores, and isn't the engine's own."""
    name = call.parameters.get("DBName")
    if not name or not _postgres(call):
        return None
    if not re.fullmatch(r"[A-Za-z]\w{0,62}", name, re.ASCII):
        return "DBName must begin with a letter and contain only alphanumeric characters."
    if name.lower() in RESERVED_DATABASES:
        return f"DBName {name} cannot be used. It is a reserved word for this engine"
    return None


@rule(
    "rds",
    *MAKES,
    code=VALUE,
    source=API + "MasterUsername, " + MEASURED + "pf-rds-master-username-reserved, pf-rds-master-username-length",
)
def master_user_has_a_name(call):
    """A master user has a name of up to 63 letters, digits and underscores that isn't the engine's own."""
    name = call.parameters.get("MasterUsername")
    if call.parameters.get("DBClusterIdentifier") or not _postgres(call):
        return None
    if not name:
        return "The parameter MasterUsername must be provided and must not be blank."
    if name.lower() in RESERVED_USERS:
        return f"MasterUsername {name} cannot be used as it is a reserved word used by the engine"
    if not re.fullmatch(r"[A-Za-z]\w{0,62}", name, re.ASCII):
        return "Invalid master user name"
    return None


@rule("rds", *MAKES, code=VALUE, source=API + "MasterUserPassword")
def master_user_has_a_password(call):
    """A master user's password is RDS's to manage, or given."""
    given = call.parameters
    replica = given.get("DBClusterIdentifier")
    if not replica and not given.get("ManageMasterUserPassword") and not given.get("MasterUserPassword"):
        return "The parameter MasterUserPassword must be provided and must not be blank."
    return None


@rule("rds", *WRITES, code=VALUE, source=API + "MasterUserPassword, " + MEASURED + "pf-rds-password-valid")
def password_is_printable(call):
    """A password has 8 to 128 printable characters without slash, at sign, quotation mark and space."""
    given = call.parameters.get("MasterUserPassword")
    if not given:
        return None
    invalid = "The parameter MasterUserPassword is not a valid password"
    if not 8 <= len(given) <= 128:
        return f"{invalid} because it is {'shorter than 8' if len(given) < 8 else 'longer than 128'} characters."
    if not given.isascii() or not given.isprintable() or set(given) & set('/@" '):
        return f"{invalid}. Only printable ASCII characters besides '/', '@', '\"', ' ' may be used."
    return None


@rule("rds", *WRITES, code=COMBINATION, source=MEASURED + "pf-rds-manage-master-password-exclusive")
def password_is_managed_or_given(call):
    """RDS manages a password, or it is given."""
    if call.parameters.get("ManageMasterUserPassword") and call.parameters.get("MasterUserPassword"):
        return (
            "MasterUserPassword and ManageMasterUserPassword are mutually exclusive. Specify only one of these "
            "parameters."
        )
    return None


# The instance


@rule("rds", *MAKES, code=COMBINATION, source=MEASURED + "pf-rds-multiaz-availability-zone")
def several_zones_are_not_chosen(call):
    """An instance in several zones is in none that one chooses."""
    if call.parameters.get("MultiAZ") and call.parameters.get("AvailabilityZone"):
        return "Requesting a specific availability zone is not valid for Multi-AZ instances."
    return None


@rule("rds", *WRITES, code=VALUE, source=MEASURED + "pf-rds-port-range")
def port_in_range(call):
    """An instance listens at 1150 to 65535."""
    port = call.parameters.get("Port", call.parameters.get("DBPortNumber"))
    if port is not None and not 1150 <= port <= 65535:
        return f"Invalid endpoint port {port}. Valid range is: 1150-65535"
    return None


@rule("rds", *WRITES, code=VALUE, source="RDS: the message of CreateDBInstance for unknown groups")
def security_groups_exist(call):
    """An instance's security groups exist."""
    network = call.backend("ec2")
    for one in call.parameters.get("VpcSecurityGroupIds", []):
        if network.get_security_group_from_id(one) is None:
            return f"Invalid security group , groupId= {one}, groupName=."
    return None


@rule("rds", *WRITES, code=COMBINATION, source="RDS user guide, working with a DB instance in a VPC")
def instance_is_in_one_vpc(call):
    """An instance's security groups are of its subnets' VPC."""
    groups = call.parameters.get("VpcSecurityGroupIds", [])
    name = call.parameters.get("DBSubnetGroupName", "")
    subnets = call.backend("rds").subnet_groups.get(name.lower()) or getattr(
        live_instance(call), "db_subnet_group", None
    )
    for one in groups if subnets is not None else ():
        group = call.backend("ec2").get_security_group_from_id(one)
        if group is not None and group.vpc_id != subnets.vpc_id:
            return (
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in "
                f"{subnets.vpc_id} and the EC2 security group is in {group.vpc_id}"
            )
    return None


@rule("rds", *WRITES, code=COMBINATION, source=MEASURED + "pf-rds-parameter-group-family-engine")
def parameter_group_is_of_the_version(call):
    """An instance's parameter group is of its version's family."""
    name = (call.parameters.get("DBParameterGroupName") or "").lower()
    group = call.backend("rds").db_parameter_groups.get(name)
    if group is None or not _postgres(call) or not _version(call):
        return None
    family = f"{POSTGRES}{rds_catalogue.major_of(_version(call))}"
    if group.family != family:
        return (
            f"The parameter group {name} with DBParameterGroupFamily {group.family} can't be used for this instance. "
            f"Use a parameter group with DBParameterGroupFamily {family}."
        )
    return None


@rule("rds", *WRITES, code=VALUE, source=MEASURED + "pf-rds-monitoring-interval-values")
def monitoring_has_an_interval(call):
    """Enhanced monitoring looks every 1, 5, 10, 15, 30 or 60 seconds."""
    given = call.parameters.get("MonitoringInterval")
    if given is not None and given not in INTERVALS:
        return f"Invalid monitoring interval, please enter a value in {list(INTERVALS)}"
    return None


@rule(
    "rds",
    *WRITES,
    code=COMBINATION,
    source=MEASURED + "pf-rds-pi-retention-period, pf-rds-pi-retention-requires-enable",
)
def insights_are_kept_so_long(call):
    """Performance Insights, where it is on, is kept for 7 days, for months of 31 days, or 731 days."""
    days = call.parameters.get("PerformanceInsightsRetentionPeriod")
    if days is None:
        return None
    if days not in INSIGHTS_DAYS:
        return f"Invalid Performance Insights retention period. Valid values are: {sorted(INSIGHTS_DAYS)}"
    on = call.parameters.get(
        "EnablePerformanceInsights", getattr(live_instance(call), "performance_insights_enabled", False)
    )
    return None if on else "To enable Performance Insights, EnablePerformanceInsights must be set to 'true'"


@rule("rds", *WRITES, code=COMBINATION, source=MEASURED + "pf-rds-logs-exports-engine")
def exported_logs_exist(call):
    """The logs that are exported are logs that PostgreSQL writes."""
    given = call.parameters
    asked = given.get("EnableCloudwatchLogsExports") or given.get("CloudwatchLogsExportConfiguration", {}).get(
        "EnableLogTypes"
    )
    unknown = [one for one in asked or [] if one not in LOGS]
    if unknown and _postgres(call):
        return (
            f"You cannot use the log types '{', '.join(unknown)}' with engine version {POSTGRES} {_version(call)}. For "
            "supported log types, see the documentation."
        )
    return None


@rule("rds", "ModifyDBInstance", code=STATE, source="RDS user guide, stopping, Limitations")
def instance_takes_changes(call):
    """An instance that is stopped, or comes or goes, is not changed; a full one gets more storage."""
    found = live_instance(call)
    state = getattr(found, "status", "available")
    # What is being deleted is told so, by its own rule.
    if state in UNCHANGING and getattr(found, "deleted_at", None) is None:
        return f"Database instance is not in available state. (current state: {state})"
    return None


@rule("rds", "ModifyDBInstance", code=COMBINATION, source="RDS user guide, modifying storage")
def storage_changes_when_it_is_optimised(call):
    """Storage that is being optimised after a change is not changed again."""
    found, given = live_instance(call), call.parameters
    now = {"AllocatedStorage": "allocated_storage", "Iops": "iops", "StorageType": "storage_type"}
    if getattr(found, "status", "") != "storage-optimization":
        return None
    if any(given.get(name) not in (None, getattr(found, field, None)) for name, field in now.items()):
        return (
            "You can't currently modify the storage of this DB instance because the previous storage change is being "
            "optimized."
        )
    return None
