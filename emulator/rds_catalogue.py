"""What RDS knows of PostgreSQL: its versions and the parameters of its families."""

import re
from datetime import UTC, datetime, timedelta

from emulator import postgres_parameters

ENGINE = "postgres"
DEFAULT_MAJOR = 17
# The minors that can be created, by the release round they came in: 2025-05, 08, 11, 2026-02 (two), 05, 08.
MINORS = {
    13: {23: 2},
    14: {18 + number: number for number in range(7)},
    15: {13 + number: number for number in range(7)},
    16: {9 + number: number for number in range(7)},
    17: {5 + number: number for number in range(7)},
    18: {1: 2, 2: 3, 3: 4, 4: 5, 6: 6},
}


# The last day of standard support; the three years after it are Extended Support. RDS for PostgreSQL release calendar.
STANDARD_SUPPORT_ENDS = {
    13: "2026-02-28", 14: "2027-02-28", 15: "2028-02-29", 16: "2029-02-28", 17: "2030-02-28", 18: "2031-02-28",
}  # fmt: skip


def lifecycles(major: int) -> list[dict]:
    """List the kinds of support that a major version has, as RDS tells of them."""
    ends = datetime.fromisoformat(STANDARD_SUPPORT_ENDS[major]).replace(hour=23, minute=59, second=59, tzinfo=UTC)
    begins = ends + timedelta(seconds=1)
    return [
        {
            "LifecycleSupportName": f"open-source-rds-{name}-support",
            "LifecycleSupportStartDate": begin,
            "LifecycleSupportEndDate": end,
        }
        for name, begin, end in (
            ("standard", ends.replace(year=ends.year - 5, day=28), ends),
            ("extended", begins, begins.replace(year=begins.year + 3)),
        )
    ]


def _versions() -> dict[str, int]:
    """List every version that can be created, oldest first, with the round it came in."""
    return {f"{major}.{minor}": number for major, minors in MINORS.items() for minor, number in minors.items()}


VERSIONS = _versions()


def major_of(version: str) -> int:
    """Return a version's major number."""
    return int(version.split(".")[0])


def default_of(major: int) -> str:
    """Return the version that a major number alone stands for."""
    return [version for version in VERSIONS if major_of(version) == major][-1]


def resolve(version: str | None) -> str | None:
    """Return the full version for what was asked for, None if there is no such version."""
    if not version:
        return default_of(DEFAULT_MAJOR)
    if version in VERSIONS:
        return version
    if version.isdigit() and int(version) in MINORS:
        return default_of(int(version))
    return None


def _description(version: str) -> str:
    return f"PostgreSQL {version}-R1"


def _targets(version: str) -> list[dict]:
    """List what a version can be upgraded to: later minors, and newer majors of the same round or later."""
    return [
        {
            "Engine": ENGINE,
            "EngineVersion": other,
            "Description": _description(other),
            "AutoUpgrade": major_of(other) == major_of(version) and other == default_of(major_of(version)),
            "IsMajorVersionUpgrade": major_of(other) != major_of(version),
        }
        for other, number in VERSIONS.items()
        if (major_of(other) == major_of(version) and number > VERSIONS[version])
        or (major_of(other) > major_of(version) and number >= VERSIONS[version])
    ]


def describe(version: str) -> dict:
    """Return a version as DescribeDBEngineVersions shows it."""
    major = major_of(version)
    return {
        "Engine": ENGINE,
        "MajorEngineVersion": str(major),
        "EngineVersion": version,
        "DBParameterGroupFamily": f"{ENGINE}{major}",
        "DBEngineDescription": "PostgreSQL",
        "DBEngineVersionDescription": _description(version),
        "ValidUpgradeTarget": _targets(version),
        "ExportableLogTypes": ["postgresql", "upgrade", "iam-db-auth-error"],
        "SupportsLogExportsToCloudwatchLogs": True,
        "SupportsReadReplica": True,
        "SupportedEngineModes": [],
        "SupportedFeatureNames": ["Lambda", "s3Export", "s3Import"],
        "Status": "available",
        "SupportsParallelQuery": False,
        "SupportsGlobalDatabases": False,
        "SupportsBabelfish": False,
        "SupportsLimitlessDatabase": False,
        "SupportsCertificateRotationWithoutRestart": True,
        "SupportedCACertificateIdentifiers": ["rds-ca-ecc384-g1", "rds-ca-rsa4096-g1", "rds-ca-rsa2048-g1"],
        "SupportsLocalWriteForwarding": False,
        "SupportsIntegrations": major >= 15,
        "SupportedCharacterSets": [],
        "SupportedTimezones": [],
    }


# name | apply type | data type | allowed values | default ("-" is none) | source
_TABLE = """
application_name|dynamic|string||-|engine-default
autovacuum|dynamic|boolean|0,1|1|system
autovacuum_analyze_scale_factor|dynamic|float|0-100|0.05|system
autovacuum_max_workers|static|integer|1-262143|GREATEST({DBInstanceClassMemory/64371566592},3)|system
autovacuum_naptime|dynamic|integer|1-2147483|15|system
autovacuum_vacuum_scale_factor|dynamic|float|0-100|0.1|system
checkpoint_completion_target|dynamic|float|0-1|0.9|system
checkpoint_timeout|dynamic|integer|30-86400|-|engine-default
client_encoding|dynamic|string||-|engine-default
deadlock_timeout|dynamic|integer|1-2147483647|-|engine-default
default_statistics_target|dynamic|integer|1-10000|-|engine-default
effective_cache_size|dynamic|integer|1-2147483647|{DBInstanceClassMemory/16384}|system
effective_io_concurrency|dynamic|integer|0-1000|-|engine-default
hot_standby_feedback|dynamic|boolean|0,1|-|engine-default
idle_in_transaction_session_timeout|dynamic|integer|0-2147483647|86400000|system
idle_session_timeout|dynamic|integer|0-2147483647|-|engine-default
lock_timeout|dynamic|integer|0-2147483647|-|engine-default
log_autovacuum_min_duration|dynamic|integer|-1-2147483647|10000|system
log_checkpoints|dynamic|boolean|0,1|1|system
log_connections|dynamic|boolean|0,1|-|engine-default
log_destination|dynamic|list|stderr,csvlog|stderr|system
log_disconnections|dynamic|boolean|0,1|-|engine-default
log_duration|dynamic|boolean|0,1|-|engine-default
log_error_verbosity|dynamic|string|default,verbose,terse|-|engine-default
log_line_prefix|dynamic|string||%t:%r:%u@%d:[%p]:|system
log_lock_waits|dynamic|boolean|0,1|1|system
log_min_duration_statement|dynamic|integer|-1-2147483647|-|engine-default
log_min_error_statement|dynamic|string|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|-|engine-default
log_min_messages|dynamic|string|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|-|engine-default
log_rotation_age|dynamic|integer|1-1440|60|system
log_rotation_size|dynamic|integer|50000-1000000|-|engine-default
log_statement|dynamic|string|none,ddl,mod,all|-|engine-default
log_temp_files|dynamic|integer|-1-2147483647|-|engine-default
logical_replication_mode|dynamic|string|buffered,immediate|-|engine-default
maintenance_work_mem|dynamic|integer|1024-2147483647|GREATEST({DBInstanceClassMemory*1024/63963136},65536)|system
max_connections|static|integer|6-8388607|LEAST({DBInstanceClassMemory/9531392},5000)|system
max_locks_per_transaction|static|integer|10-2147483647|64|system
max_logical_replication_workers|static|integer|0-262143|-|engine-default
max_parallel_workers|dynamic|integer|0-1024|GREATEST($DBInstanceVCPU/2,8)|system
max_parallel_workers_per_gather|dynamic|integer|0-1024|-|engine-default
max_replication_slots|static|integer|0-8388607|20|system
max_standby_streaming_delay|dynamic|integer|-1-2147483647|14000|system
max_wal_senders|static|integer|5-100|20|system
max_wal_size|dynamic|integer|201-2048000|2048|system
max_worker_processes|static|integer|0-262143|GREATEST($DBInstanceVCPU*2,8)|system
min_wal_size|dynamic|integer|128-2147483647|192|system
password_encryption|dynamic|string|md5,scram-sha-256|scram-sha-256|system
pg_stat_statements.max|static|integer|100-2147483647|-|engine-default
pg_stat_statements.track|dynamic|string|none,top,all|-|engine-default
pgaudit.log|dynamic|string||-|engine-default
pgaudit.role|dynamic|string||-|engine-default
random_page_cost|dynamic|float|0-1.79769e+308|-|engine-default
rds.accepted_password_auth_method|dynamic|string|md5+scram,scram|md5+scram|system
rds.allowed_extensions|dynamic|string||*|system
rds.enable_plan_management|static|boolean|0,1|-|system
rds.force_admin_logging_level|dynamic|string|disabled,debug5,debug4,debug3,debug2,debug1,log,info,notice,warning,error,fatal,panic|-|system
rds.force_autovacuum_logging_level|dynamic|string|disabled,debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic|warning|system
rds.force_ssl|dynamic|boolean|0,1|1|system
rds.log_retention_period|dynamic|integer|1440-10080|4320|system
rds.logical_replication|static|boolean|0,1|0|system
rds.rds_superuser_reserved_connections|static|integer|0-8388607|2|system
rds.restrict_password_commands|static|boolean|0,1|-|engine-default
search_path|dynamic|string||-|engine-default
shared_buffers|static|integer|16-1073741823|{DBInstanceClassMemory/32768}|system
shared_preload_libraries|static|list|auto_explain,orafce,pgaudit,pglogical,pg_bigm,pg_cron,pg_hint_plan,pg_prewarm,pg_similarity,pg_stat_statements,pg_tle,pg_transport,plprofiler,plrust|pg_stat_statements|system
ssl|dynamic|boolean|0,1|1|system
ssl_max_protocol_version|dynamic|string|TLSv1,TLSv1.1,TLSv1.2,TLSv1.3|-|engine-default
ssl_min_protocol_version|dynamic|string|TLSv1,TLSv1.1,TLSv1.2,TLSv1.3|TLSv1.2|system
statement_timeout|dynamic|integer|0-2147483647|-|engine-default
synchronous_commit|dynamic|string|local,on,off|on|system
tcp_keepalives_idle|dynamic|integer|0-2147483647|300|system
temp_buffers|dynamic|integer|100-1073741823|-|engine-default
timezone|dynamic|string||UTC|system
track_activity_query_size|static|integer|100-1048576|4096|system
track_functions|dynamic|string|none,pl,all|-|engine-default
track_io_timing|dynamic|boolean|0,1|1|system
wal_buffers|static|integer|-1-262143|-|system
wal_compression|dynamic|string|off,on,pglz,lz4,zstd|zstd|system
wal_sender_timeout|dynamic|integer|0-3600000|30000|system
work_mem|dynamic|integer|64-2147483647|-|engine-default
"""
# Shown, but not to be changed.
_FIXED = {"rds.rds_superuser_reserved_connections", "ssl"}


def parameters(family: str) -> dict[str, dict]:
    """Return a family's parameters with their defaults, as DescribeDBParameters shows them, by name.

    Of those that aren't in the table only the names are known.
    """
    major = int(re.sub(r"\D", "", family) or 0)
    if not family.startswith(ENGINE):
        return {}
    found = {}
    for line in _TABLE.strip().splitlines():
        name, apply_type, data_type, allowed, default, source = line.split("|")
        if name == "rds.force_ssl" and major < 15:
            default = "0"
        parameter = {
            "ParameterName": name,
            "Description": name.replace("_", " ").replace("rds.", "RDS: "),
            "Source": source,
            "ApplyType": apply_type,
            "DataType": data_type,
            "IsModifiable": name not in _FIXED,
            "ApplyMethod": "pending-reboot",
        }
        if allowed:
            parameter["AllowedValues"] = allowed
        if default != "-":
            parameter["ParameterValue"] = default
        found[name] = parameter
    for name in postgres_parameters.NAMES - found.keys():
        found[name] = {
            "ParameterName": name, "Description": name.replace("_", " "), "Source": "engine-default",
            "ApplyType": "dynamic", "DataType": "string", "IsModifiable": True, "ApplyMethod": "pending-reboot",
        }  # fmt: skip
    return found
