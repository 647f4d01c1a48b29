"""RDS: database instances."""

from __future__ import annotations

import datetime
import time

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.listings import Listing
from ..engine.names import name as named
from ..engine.refusals import Refusal
from ..engine.remains import Remain, dollars
from ..engine.remediation import Remediation
from ..engine.severity import Severity, appeared, became
from ..engine.sync import ready
from ..engine.unmodelled import UNMODELLED, keep_unmodelled
from ..engine.waiting import until
from .rds import SERVICE_ROLE, RdsKind
from .rds_fields import ANSWERED, CHANGEABLE, CREATED, FIXED, PENDING
from .rds_refusals import BROKEN, FULL, storage_cannot, storage_is_optimised, takes_no_change, version_cannot
from .rds_versions import SOON, serves, standard_support_ends, version

SNAPSHOT_GIB_COST = 0.095
"""What a GiB of a snapshot costs a month, in USD."""
SNAPSHOT_TAG = "FinalSnapshot"
"""The tag by which an instance asks for a snapshot at its end: destroy has no variables."""
# A backup or the optimising of storage stands in nobody's way.
READY = {"available", "backing-up", "storage-optimization"}
# What never ends by itself, and not by a start either.
STUCK = BROKEN.keys() - {"stopped", "stopping"}
MISSING = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
BUSY = ("InvalidDBInstanceState", "InvalidDBInstanceStateFault")
# A stopped instance takes up to half an hour to start.
AVAILABLE_SECONDS = 3600
# From so many GiB on, gp3 storage has IOPS and MiB/s that are said with each change of its size: these at least.
STRIPED_GIB, STRIPED_IOPS, STRIPED_THROUGHPUT = 400, 12000, 500


class RdsInstance(RdsKind):
    """A database instance."""

    name = "rds_instance"
    title = "database"
    module = "flow_builder.aws.rds_instance"
    cloudformation = "AWS::RDS::DBInstance"
    properties = {
        "VPCSecurityGroups": "vpc_security_group_ids",
        "MasterUserSecret/KmsKeyId": "master_user_secret_kms_key_id",
    }
    identity = ("db_instance_identifier",)
    needs = ("db_subnet_group", "db_parameter_group", "security_group", "kms_key", "log_group")
    refusals = (
        Refusal(
            "the database is stopped, broken, or being deleted", "InvalidDBInstanceState",
            "refused by the plan, which says the way out", takes_no_change,
        ),
        Refusal(
            "the database is being made, changed, restarted or upgraded", "InvalidDBInstanceState",
            "the run waits until it is available",
        ),
        Refusal(
            "RDS optimises the storage after its last change, for hours", "InvalidParameterCombination",
            "refused by the plan where it is the storage that changes", storage_is_optimised,
        ),
        Refusal(
            "six hours after the last change of the storage, when it is optimised already",
            "InvalidParameterCombination",
            "a plan can't know: AWS tells no time of the last change; the run tries again for minutes",
        ),
        Refusal(
            "storage would shrink, or grow by less than a tenth; its limit would be below it",
            "InvalidParameterCombination", "refused by the plan; what RDS itself has added is no difference",
            storage_cannot,
        ),
        Refusal(
            "a version goes back, to another major, or to one that RDS doesn't upgrade to",
            "InvalidParameterCombination", "refused by the plan, with the way by hand", version_cannot,
        ),
    )  # fmt: skip
    create_only = frozenset({"apply_immediately", "allow_major_version_upgrade"})
    ignored = frozenset({
        "status", "pending", "parameters_applied", "standard_support_ends", "ActivityStreamStatus",
        "AvailabilityZone", "CertificateDetails", "DBParameterGroups", "DBSubnetGroup", "LatestRestorableTime",
        "MasterUserSecret", "PendingModifiedValues", "SecondaryAvailabilityZone", "Status", "StatusInfos",
    })  # fmt: skip
    writable_as = {
        "ActivityStream*": "AuditPolicyState", "CustomerOwnedIpEnabled": "EnableCustomerOwnedIp",
        "DBInstanceAutomatedBackupsReplications": "SourceDBInstanceArn", "DomainMemberships": "Domain",
        "OptionGroupMemberships": "OptionGroupName", "ReadReplica*": "SourceDBInstanceIdentifier",
    }  # fmt: skip
    immutable = {
        "db_name": "AWS makes a database only with its instance",
        "db_subnet_group_name": "another subnet group means another network",
        "engine": "AWS fixes the engine at creation",
        "kms_key_id": "AWS fixes the key at creation; restore a snapshot that is copied with the new key",
        "master_user_secret_kms_key_id": "AWS fixes the key of the master password when it begins to manage it",
        "master_username": "AWS fixes the master user at creation",
        "storage_encrypted": "AWS fixes encryption at creation; restore an encrypted copy of a snapshot",
    }
    remediations = (
        Remediation(
            "modify_db_instance", {"DBInstanceIdentifier": "db_instance_identifier"},
            {
                name: name
                for name in (
                    "DatabaseInsightsMode", "DedicatedLogVolume", "LicenseModel", "NetworkType",
                    "PerformanceInsightsRetentionPeriod",
                )
            } | {"monitoring_interval": "MonitoringInterval"},
            empty={"monitoring_interval": 0},
        ),
        # AWS wants the size said with the IOPS.
        Remediation(
            "modify_db_instance",
            {"DBInstanceIdentifier": "db_instance_identifier", "AllocatedStorage": "allocated_storage"},
            {"iops": "Iops", "storage_throughput": "StorageThroughput"}, together=True,
        ),
    )  # fmt: skip
    # Some changes are neither made at once nor listed as pending.
    settle_seconds = 600
    settling = (
        *SERVICE_ROLE, ("DBParameterGroupNotFound", ""), ("DBSubnetGroupNotFound", ""), ("KMSKeyNotAccessible", ""),
        ("InvalidParameterCombination", "previous storage change is being optimized"), ("", "your request later"),
        ("InvalidDBInstanceState", "not in available state"),
    )  # fmt: skip
    severities = (
        Severity("critical", "publicly_accessible", became(True), "changed"),
        Severity("high", "storage_encrypted"),
        Severity("high", "backup_retention_period"),
        Severity("high", "AssociatedRoles*", appeared),
        Severity("high", "vpc_security_group_ids*"),
    )
    unmanaged = (Listing("describe_db_instances", "DBInstances", "DBInstanceIdentifier"),)
    tag_copies = (":snapshot:", ":auto-backup:", ":cluster-snapshot:", ":recovery-point:", ":secret:rds!")

    def external_manager(self, difference, recorded, live):
        """RDS itself makes full storage larger, and upgrades minor versions."""
        path, before, after = difference.path, difference.recorded, difference.live
        if path == "allocated_storage" and before < after <= live.get("max_allocated_storage", 0):
            return "RDS's storage autoscaling"
        sizes = [one.get("allocated_storage") or 0 for one in (recorded, live)]
        if path in ("iops", "storage_throughput") and sizes[0] < STRIPED_GIB <= sizes[1]:
            return "RDS's storage autoscaling"
        if path == "engine_version" and live.get("auto_minor_version_upgrade") and serves(after, before):
            return "RDS's minor upgrades"
        return super().external_manager(difference, recorded, live)

    def want(self, arguments):
        """Normalise what has no order or no case."""
        want = super().want(arguments)
        for field in ("vpc_security_group_ids", "enable_cloudwatch_logs_exports"):
            if field in want:
                want[field] = sorted(want[field])
        for field in ("preferred_backup_window", "preferred_maintenance_window"):
            if field in want:
                want[field] = want[field].lower()
        return want

    def find(self, aws, want):
        """Return the instance of this name."""
        found = unless(
            MISSING, aws("rds").describe_db_instances, DBInstanceIdentifier=want["db_instance_identifier"]
        )
        return self._with_support(aws, self._live(found["DBInstances"][0])) if found else None

    def stack(self, aws, stack):
        """Return the instances tagged with the stack."""
        found = (self._live(item) for item in aws.pages("rds", "describe_db_instances", "DBInstances"))
        return [self._with_support(aws, live) for live in found if live["tags"].get("Stack") == stack]

    @staticmethod
    def _with_support(aws, live):
        ends = standard_support_ends(aws, live["engine"], live["engine_version"]) if live["engine_version"] else ""
        return {**live, "standard_support_ends": ends}

    @staticmethod
    @keep_unmodelled
    def _live(item):
        plain = {**CHANGEABLE, **FIXED, **ANSWERED}
        secret = item.get("MasterUserSecret", {})
        group: dict = next(iter(item.get("DBParameterGroups", [])), {})
        endpoint = item.get("Endpoint", {})
        pending = item.get("PendingModifiedValues", {})
        exports = set(item.get("EnabledCloudwatchLogsExports", []))
        waiting = pending.get("PendingCloudwatchLogsExports")
        return {field: item.get(theirs) for field, theirs in plain.items()} | {
            "arn": item["DBInstanceArn"],
            "resource_id": item.get("DbiResourceId"),
            "status": item["DBInstanceStatus"],
            "address": endpoint.get("Address"),
            "port": endpoint.get("Port"),
            "db_subnet_group_name": item.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
            "db_parameter_group_name": group.get("DBParameterGroupName"),
            "parameters_applied": group.get("ParameterApplyStatus") != "pending-reboot",
            "vpc_security_group_ids": sorted(
                each["VpcSecurityGroupId"] for each in item.get("VpcSecurityGroups", []) if each["Status"] != "removing"
            ),
            "enable_cloudwatch_logs_exports": sorted(exports),
            "enable_performance_insights": item.get("PerformanceInsightsEnabled", False),
            "iops": item.get("Iops"),
            "storage_throughput": item.get("StorageThroughput"),
            "monitoring_interval": item.get("MonitoringInterval", 0),
            "manage_master_user_password": bool(secret),
            "master_user_secret_arn": secret.get("SecretArn"),
            "master_user_secret_kms_key_id": secret.get("KmsKeyId"),
            "pending": {field: pending[theirs] for field, theirs in PENDING.items() if theirs in pending} | (
                {"enable_cloudwatch_logs_exports": _exported(exports, waiting)} if waiting else {}
            ),
            "tags": tagging.from_list(item.get("TagList")),
        }

    def compare(self, live, want):
        """Return what differs, where what AWS does by itself or has been told already is no difference."""
        coming = {**live, **live["pending"]}
        limit = want.get("max_allocated_storage", 0)
        want = {**want, **self._unlimited(coming, want)}
        changes = super().compare(coming, want)
        if live["status"] == "creating":
            # AWS fills in the description bit by bit, and takes no change yet.
            return changes & {"tags"}
        # Told to wait for its window, a change is as good as made; told not to, it is made while not available.
        if want.get("apply_immediately", True) and live["status"] in READY:
            changes |= super().compare(live, want)
        # What is full waits for no window.
        if live["status"] == FULL:
            changes |= super().compare(live, want) & {"allocated_storage"}
        if live.get("engine_lifecycle_support") is None:  # AWS doesn't have it for every engine and region
            changes.discard("engine_lifecycle_support")
        if "engine_version" in changes and serves(coming["engine_version"], want["engine_version"]):
            changes.discard("engine_version")
        # Autoscaling has let it grow; AWS never lets it shrink.
        if "allocated_storage" in changes:
            grown = want["allocated_storage"] < coming["allocated_storage"] <= limit
            changes -= {"allocated_storage"} if grown else set()
        return changes

    @staticmethod
    def _unlimited(coming, want) -> dict:
        """Return the limit of storage that may not grow as it is live: absent, or not above the storage itself."""
        limit, there = want.get("max_allocated_storage"), coming.get("max_allocated_storage")
        has = coming["allocated_storage"] or 0
        never = limit is not None and limit <= max(has, want.get("allocated_storage", 0))
        grows = there and there > has
        return {"max_allocated_storage": there} if never and not grows else {}

    def loses(self, aws, live, want, changes):
        """Backups and a password that people set are gone with a change, and all data with the instance."""
        if want is None:
            kept = live["tags"].get(SNAPSHOT_TAG, "").lower() == "true"
            return "" if kept else "its data would be deleted without a final snapshot"
        told = []
        days, there = want.get("backup_retention_period"), live.get("backup_retention_period")
        if "backup_retention_period" in changes and days < (there or 0) and older(live, days):
            told.append(
                f"automated backups older than {days} days" if days else "all its automated backups"
            )
        if "manage_master_user_password" in changes and want["manage_master_user_password"]:
            told.append("the master password that people set")
        return f"{' and '.join(told)} would be deleted" if told else ""

    def create(self, aws, want):
        """Start the instance's creation."""
        said = {theirs: want[field] for field, theirs in CREATED.items() if want.get(field) is not None}
        if said.get("MaxAllocatedStorage", 0) <= said.get("AllocatedStorage", 0):
            said.pop("MaxAllocatedStorage", None)
        if "engine_version" in want:
            said["EngineVersion"] = self._creatable(aws, want)
        aws("rds").create_db_instance(Tags=tagging.to_list(want.get("tags", {})), **said)

    @staticmethod
    def _creatable(aws, want):
        """Return the engine version that AWS makes for the wanted one: a major means its default minor."""
        said = {"Engine": want["engine"], "EngineVersion": want["engine_version"]}
        major_only = len(version(want["engine_version"])) == 1
        found = aws.pages("rds", "describe_db_engine_versions", "DBEngineVersions", DefaultOnly=major_only, **said)
        if not found:
            every = aws.pages("rds", "describe_db_engine_versions", "DBEngineVersions", Engine=want["engine"])
            usable = sorted({item["EngineVersion"] for item in every}, key=version)
            raise EngineError(
                f"AWS makes no new {want['engine']} {want['engine_version']}; allowed are {', '.join(usable)}, "
                "or just the number before the point"
            )
        return found[0]["EngineVersion"]

    def update(self, aws, live, want, changes):
        """Change what differs, once the instance takes changes."""
        label = live["db_instance_identifier"]
        if live["status"] != FULL:
            live = ready(self, aws, live, 1800)
        said = {CHANGEABLE[field]: want[field] for field in changes & set(CHANGEABLE)}
        coming = {**live, **live["pending"]}
        if "MaxAllocatedStorage" in said:
            # RDS has no 0: a limit that is the size itself ends the growth.
            said["MaxAllocatedStorage"] = max(
                said["MaxAllocatedStorage"], coming["allocated_storage"], said.get("AllocatedStorage", 0)
            )
        said |= _performance(coming, said)
        if "enable_cloudwatch_logs_exports" in changes:
            there, wanted = set(live["enable_cloudwatch_logs_exports"]), set(want["enable_cloudwatch_logs_exports"])
            said["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": sorted(wanted - there), "DisableLogTypes": sorted(there - wanted),
            }  # fmt: skip
        if "manage_master_user_password" in changes and want.get("master_user_secret_kms_key_id"):
            said["MasterUserSecretKmsKeyId"] = want["master_user_secret_kms_key_id"]
        aws("rds").modify_db_instance(
            DBInstanceIdentifier=label,
            ApplyImmediately=live["status"] == FULL or want.get("apply_immediately", True),
            AllowMajorVersionUpgrade=want.get("allow_major_version_upgrade", False),
            **said,
        )

    def protected(self, live):
        """A protected instance goes only with its stack."""
        return "its deletion protection is on; turn it off first" if live["deletion_protection"] else ""

    def delete(self, aws, live):
        """Delete the instance, lifting its protection, with a last snapshot where its tag asks for one."""
        live = self.find(aws, live)
        if live and live["status"] != "deleting":
            unless(MISSING, self._delete, aws, live)

    def _delete(self, aws, live):
        rds, label = aws("rds"), live["db_instance_identifier"]
        keeps = live["tags"].get(SNAPSHOT_TAG, "").lower() == "true"
        # AWS changes and takes a snapshot of an instance only while it is available.
        if live["deletion_protection"]:
            self._available(aws, live, "its deletion protection can be lifted", "mend it first")
            rds.modify_db_instance(DBInstanceIdentifier=label, DeletionProtection=False, ApplyImmediately=True)
        if keeps:
            untag = f"aws rds add-tags-to-resource --resource-name {live['arn']} --tags Key={SNAPSHOT_TAG},Value=false"
            self._available(aws, live, "its final snapshot can be taken", f"mend it, or end it without one: {untag}")
            moment = time.strftime("%Y%m%d%H%M%S", time.gmtime())
            snapshot = named("database_final_snapshot", live["tags"].get("Stack", label.removesuffix("-db")), moment)
            how = {"FinalDBSnapshotIdentifier": snapshot, "SkipFinalSnapshot": False, "DeleteAutomatedBackups": False}
        else:
            how = {"SkipFinalSnapshot": True, "DeleteAutomatedBackups": True}
        rds.delete_db_instance(DBInstanceIdentifier=label, **how)

    def _available(self, aws, live, so_that, otherwise):
        """Wait until the instance takes changes, starting it where somebody stopped it."""
        label = live["db_instance_identifier"]
        started: list = []

        def now():
            seen = self.find(aws, live)
            if seen is None or seen["status"] in READY | {"deleting"}:
                return True
            if seen["status"] == "stopped" and not started:
                started.append(unless(BUSY, aws("rds").start_db_instance, DBInstanceIdentifier=label))
            if seen["status"] in STUCK:
                raise EngineError(
                    f"the database {label} is {seen['status']}: {BROKEN[seen['status']]}; it must be available before "
                    f"{so_that}: {otherwise}"
                )
            return False

        until(now, AVAILABLE_SECONDS, f"the database {label} becoming available, so that {so_that},")

    def leaves(self, live):
        """Return the snapshot that its tag asks for, and the backups that are kept with it."""
        if live["tags"].get(SNAPSHOT_TAG, "").lower() != "true":
            return []
        label, size = live["db_instance_identifier"], live["allocated_storage"] or 0
        told = [_snapshot(f"a final snapshot of the database {label}", size, "aws rds delete-db-snapshot ...")]
        if live["backup_retention_period"]:
            days = f"{live['backup_retention_period']} days after its end"
            told.append(_backups(label, days, live["resource_id"], size))
        return told

    def remains(self, aws, stack):
        """Return the snapshots and the backups of the stack's database, from all its lives."""
        database, told = named("database", stack), []
        for kind in ("manual", "awsbackup"):
            for one in aws.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType=kind):
                name, tags = one["DBSnapshotIdentifier"], tagging.from_list(one.get("TagList"))
                if tags.get("Stack") == stack or one["DBInstanceIdentifier"] == database and "Stack" not in tags:
                    end = f"aws rds delete-db-snapshot --db-snapshot-identifier {name}"
                    told.append(_snapshot(
                        f"the snapshot {name}", one.get("AllocatedStorage", 0),
                        end if kind == "manual" else "delete its recovery point in AWS Backup",
                    ))  # fmt: skip
        kept = aws.pages(
            "rds", "describe_db_instance_automated_backups", "DBInstanceAutomatedBackups", DBInstanceIdentifier=database
        )
        for one in kept:
            if one.get("Status") == "retained":
                latest = one.get("RestoreWindow", {}).get("LatestTime")
                days = datetime.timedelta(days=one.get("BackupRetentionPeriod", 0))
                until_ = f"{latest + days:%Y-%m-%d}" if latest else f"{days.days} days after its end"
                told.append(_backups(database, until_, one["DbiResourceId"], one.get("AllocatedStorage", 0)))
        return told

    def gone(self, aws, live, timeout):
        """Wait for the instance's end, since its network and key can't go before it."""
        until(lambda: self.find(aws, live) is None, timeout, f"the end of {live['db_instance_identifier']}")

    def ready(self, live):
        """An instance is ready when it can be reached, and its master password, when RDS manages it, is known."""
        return live["status"] in READY and bool(live["address"])

    def failed(self, live):
        """Some states never end by themselves; a full storage ends when it is made larger."""
        healing = live["status"] == FULL and "allocated_storage" in live["pending"]
        return "" if healing else BROKEN.get(live["status"], "")

    def notes(self, live):
        """Tell what waits for the maintenance window or for a restart."""
        label, told = live["db_instance_identifier"], []
        if live.get("pending"):
            waiting = ", ".join(f"{field} {value}" for field, value in sorted(live["pending"].items()))
            told.append(f"the database {label} changes in its maintenance window: {waiting}")
        if not live.get("parameters_applied", True):
            told.append(f"the database {label} takes its new parameters at its next restart")
        return told + self._support(live)

    @staticmethod
    def _support(live):
        """Tell of the end of standard support, with a new instance and when it comes near."""
        ends = live.get("standard_support_ends")
        near = ends and datetime.date.fromisoformat(ends) - SOON <= datetime.datetime.now(datetime.UTC).date()
        if not (near or live.get("status") == "creating") or not live.get("engine_lifecycle_support"):
            return []
        label, major = live["db_instance_identifier"], version(live["engine_version"])[0]
        when = f"at the end of its standard support{ends and ', '}{ends}"
        if live["engine_lifecycle_support"].endswith("-disabled"):
            return [
                f"the database {label}: AWS upgrades {live['engine']} {major} to a newer major version by itself "
                f"{when}; upgrade it before that day, or let it go on with paid Extended Support"
            ]
        return [f"the database {label}: AWS bills Extended Support for {live['engine']} {major} {when} and after it"]

    def computed(self, aws, want):
        """AWS makes up the address and the master password's secret; the minor version can be asked for."""
        made = {
            "arn": aws.arn("rds", f"db:{want['db_instance_identifier']}"),
            "address": self.unknown(want, "address"),
            "port": want.get("port", 5432),
            "resource_id": self.unknown(want, "resource_id"),
        }
        if want.get("engine") and want.get("engine_version"):
            made["engine_version"] = self._creatable(aws, want)
        if want.get("manage_master_user_password", True):
            made["master_user_secret_arn"] = self.unknown(want, "master_user_secret_arn")
        return made


def _performance(coming: dict, said: dict) -> dict:
    """Return what a change of the size of gp3 storage says of its performance: from a size on AWS wants it, too."""
    size, kind = said.get("AllocatedStorage"), said.get("StorageType", coming["storage_type"])
    if not size or kind != "gp3" or size < STRIPED_GIB or coming.get("engine") != "postgres":
        return {}
    return {
        "Iops": max(coming["iops"] or 0, STRIPED_IOPS),
        "StorageThroughput": max(coming["storage_throughput"] or 0, STRIPED_THROUGHPUT),
    }


def older(live: dict, days: int) -> bool:
    """Say whether an instance may have backups of so many days ago."""
    made = live.get(UNMODELLED, {}).get("InstanceCreateTime")
    return not made or (datetime.datetime.now(datetime.UTC) - made).total_seconds() > days * 86400


def _exported(there, waiting):
    """Return the log types that are exported once what waits is done."""
    return sorted((there | set(waiting.get("LogTypesToEnable", []))) - set(waiting.get("LogTypesToDisable", [])))


def _snapshot(what, size, end):
    cost = f"at most {dollars(size * SNAPSHOT_GIB_COST)} for {size} GiB"
    return Remain(what, "since it is all that is left of the data", "somebody deletes it", cost, end)


def _backups(database, until_, resource_id, size):
    return Remain(
        f"the automated backups of the database {database}",
        "so that it can be restored to any minute of its last days", until_,
        f"at most {dollars(size * SNAPSHOT_GIB_COST)} for {size} GiB",
        f"aws rds delete-db-instance-automated-backup --dbi-resource-id {resource_id}",
    )  # fmt: skip
RDS_INSTANCE = RdsInstance()
