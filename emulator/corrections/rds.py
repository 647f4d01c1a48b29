"""RDS: subnet and parameter groups, engine versions, and instances that keep what they are given."""

import json
import secrets
import uuid
from datetime import UTC, datetime

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.rds import models, utils
from moto.rds.exceptions import DBParameterGroupNotFoundError, DBSubnetGroupNotFoundError
from moto.rds.responses import RDSResponse

from emulator import clock, provisioning
from emulator import rds_catalogue as catalogue
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks
from emulator.patching import adds, answers, correction, replacing

API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
lacks(__name__, "Backups", "snapshots and replicated backups exist as records; restoring data from them is not tried")

Backend, Instance = models.RDSBackend, models.DBInstance


def _page(items: list, params: dict, size: int = 100) -> tuple[list, dict]:
    """Cut one page out of a list; return it and the marker of the next."""
    start, size = int(params.get("Marker") or 0), int(params.get("MaxRecords") or size)
    end = start + size
    return items[start:end], {"Marker": str(end)} if end < len(items) else {}


# Subnet groups


@correction("rds", "a subnet group spans two zones, survives its modification and is not deleted in use")
def subnet_groups():
    def check(subnets):
        if len({subnet.availability_zone for subnet in subnets}) < 2:
            raise AWSError(
                "DBSubnetGroupDoesNotCoverEnoughAZs",
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at "
                "least 2 AZs.",
            )

    @replacing(Backend, "create_subnet_group")
    def create(original, self, subnet_name, description, subnets, tags):
        if subnet_name.lower() in self.subnet_groups:
            raise AWSError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
        check(subnets)
        return original(self, subnet_name.lower(), description, subnets, tags)

    @replacing(Backend, "describe_db_subnet_groups")
    def describe(original, self, subnet_group_name):
        return original(self, subnet_group_name and subnet_group_name.lower())

    @replacing(Backend, "modify_db_subnet_group")
    def modify(original, self, subnet_name, description, subnets):
        name = subnet_name.lower()
        if name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(name)
        check(subnets)
        group = self.subnet_groups[name] = original(self, name, description, subnets)
        return group

    @replacing(Backend, "delete_subnet_group")
    def delete(original, self, subnet_name):
        group = self.subnet_groups.get(subnet_name.lower())
        if group and any(one.db_subnet_group is group for one in self.databases.values()):
            raise AWSError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because at least one database instance is "
                "still using it.",
            )
        return original(self, subnet_name.lower())


# Parameter groups


def _default_group(backend, name: str):
    """Return AWS's own group of a family (default.postgres17), making it when first asked for."""
    family = name.removeprefix("default.")
    if name.startswith("default.") and catalogue.parameters(family) and name not in backend.db_parameter_groups:
        backend.db_parameter_groups[name] = models.DBParameterGroup(
            backend, name, f"Default parameter group for {family}", family
        )
    return backend.db_parameter_groups.get(name)


@correction("rds", "a parameter group that is missing is DBParameterGroupNotFound, one in use is not deleted")
def parameter_groups():
    @replacing(Backend, "describe_db_parameter_groups")
    def describe(original, self, kwargs):
        name = (kwargs.get("db_parameter_group_name") or "").lower()
        if not name:
            return original(self, kwargs)
        group = _default_group(self, name)
        if group is None:
            raise DBParameterGroupNotFoundError(name)
        return [group]

    @replacing(Backend, "delete_db_parameter_group")
    def delete(original, self, db_parameter_group_name):
        name = db_parameter_group_name.lower()
        used = any(one.db_parameter_group_name == name for one in self.databases.values())
        if used or name.startswith("default."):
            reason = (
                "One or more database instances are still members of this parameter group"
                if used
                else "Default groups can't be deleted"
            )
            raise AWSError("InvalidDBParameterGroupState", f"{reason} {name}, so the group cannot be deleted")
        return original(self, name)

    @replacing(Backend, "modify_db_instance")
    def modify(original, self, db_instance_identifier, db_kwargs):
        _default_group(self, db_kwargs.get("db_parameter_group_name") or "")
        return original(self, db_instance_identifier, db_kwargs)


@correction(
    "rds",
    "DescribeDBParameters lists all of the family; what is set has the source user, but for the engine's own value",
)
def describe_parameters():
    @replacing(RDSResponse, "describe_db_parameters")
    def describe(_original, self):
        group = self.backend.describe_db_parameter_groups(
            {"db_parameter_group_name": self.params["DBParameterGroupName"]}
        )[0]
        known = catalogue.parameters(group.family)
        for name, given in group.parameters.items():
            default = known.get(name, {})
            # hashicorp/terraform-provider-aws#593, #23335: what is set to the engine's own value keeps its source.
            same = "ParameterValue" in default and default["ParameterValue"] == given.get("ParameterValue")
            known[name] = {
                "ParameterName": name, "IsModifiable": True, "ApplyType": "dynamic", "DataType": "string",
                **default, **given, "Source": default["Source"] if same else "user",
            }  # fmt: skip
        source = self.params.get("Source")
        listed = [known[name] for name in sorted(known) if source in (None, known[name]["Source"])]
        page, marker = _page(listed, self.params)
        return ActionResult({"Parameters": page, **marker})


@correction("rds", "ModifyDBParameterGroup refuses what is fixed, and static parameters at once")
def modify_parameters():
    @replacing(Backend, "modify_db_parameter_group")
    def modify(original, self, db_parameter_group_name, db_parameter_group_parameters):
        name, given = db_parameter_group_name.lower(), list(db_parameter_group_parameters)
        group = _default_group(self, name)
        if name.startswith("default."):
            raise AWSError("InvalidDBParameterGroupState", f"The default parameter group {name} can't be modified")
        known = catalogue.parameters(group.family) if group else {}
        for one in given:
            parameter = known.get(one["ParameterName"], {"ApplyType": "dynamic", "IsModifiable": True})
            if not parameter["IsModifiable"]:
                raise AWSError("InvalidParameterValue", f"The parameter {one['ParameterName']} cannot be modified.")
            if parameter["ApplyType"] == "static" and one.get("ApplyMethod") == "immediate":
                raise AWSError("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
        return original(self, name, given)


@adds("rds", "ResetDBParameterGroup", "gives all or the named parameters their defaults back")
def reset_parameter_group(api, params):
    group = api.backend.describe_db_parameter_groups({"db_parameter_group_name": params["DBParameterGroupName"]})[0]
    if params.get("ResetAllParameters") or not params.get("Parameters"):
        group.parameters.clear()
    for one in params.get("Parameters", []):
        group.parameters.pop(one["ParameterName"], None)
    return {"DBParameterGroupName": group.name}


# Engine versions


@adds("rds", "DescribeDBEngineVersions", "lists the versions with their families and upgrades")
def describe_engine_versions(api, params):
    if params.get("Engine") not in (None, catalogue.ENGINE):
        return {"DBEngineVersions": []}
    asked = params.get("EngineVersion")
    versions = list(catalogue.VERSIONS)
    if asked:
        versions = [version for version in versions if version == asked or version.split(".")[0] == asked]
    if params.get("DefaultOnly"):
        versions = (
            [catalogue.default_of(catalogue.major_of(versions[-1])) if asked else catalogue.resolve(None)]
            if versions
            else []
        )
    listed = [catalogue.describe(version) for version in versions]
    if params.get("DBParameterGroupFamily"):
        listed = [one for one in listed if one["DBParameterGroupFamily"] == params["DBParameterGroupFamily"]]
    for each in params.get("Filters", []):
        key = {
            "db-parameter-group-family": "DBParameterGroupFamily",
            "engine-version": "EngineVersion",
            "status": "Status",
            "engine": "Engine",
        }
        listed = [one for one in listed if one.get(key.get(each["Name"])) in each["Values"]]
    page, marker = _page(listed, params)
    return {"DBEngineVersions": page, **marker}


@adds("rds", "DescribeDBMajorEngineVersions", "lists the major versions with the ends of their support")
def describe_major_engine_versions(api, params):
    if params.get("Engine") not in (None, catalogue.ENGINE):
        return {"DBMajorEngineVersions": []}
    asked = params.get("MajorEngineVersion")
    listed = [
        {
            "Engine": catalogue.ENGINE,
            "MajorEngineVersion": str(major),
            "SupportedEngineLifecycles": catalogue.lifecycles(major),
        }
        for major in catalogue.STANDARD_SUPPORT_ENDS
        if asked in (None, str(major))
    ]
    page, marker = _page(listed, params)
    return {"DBMajorEngineVersions": page, **marker}


def _resolve_version(engine: str, version: str | None) -> str | None:
    if engine != catalogue.ENGINE:
        return version
    found = catalogue.resolve(version)
    if found is None:
        raise AWSError("InvalidParameterCombination", f"Cannot find version {version} for {engine}")
    return found


# Instances

# With ApplyImmediately=false these wait for the maintenance window.
DEFERRED = {
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "storage_type": "StorageType",
    "iops": "Iops",
    "storage_throughput": "StorageThroughput",
    "engine_version": "EngineVersion",
    "multi_az": "MultiAZ",
    "ca_certificate_identifier": "CACertificateIdentifier",
}
MODIFYING_LOOKS = 2  # how many looks at a changed instance it takes until it is seen available
DELETING_SECONDS = 300
GP3_LARGE_GIB = 400  # from here on PostgreSQL's gp3 storage is striped, and can be tuned


@correction("rds", "windows that only touch do not overlap")
def touching_windows():
    @replacing(utils, "get_overlap_between_two_date_ranges")
    def overlap(original, *args):
        return original(*args) or -1


def _gp3(instance) -> None:
    """Give gp3 storage the performance that is included."""
    if instance.storage_type == "gp3":
        large = int(instance.allocated_storage) >= GP3_LARGE_GIB
        instance.iops = int(instance.iops or (12000 if large else 3000))
        instance.storage_throughput = instance.storage_throughput or (500 if large else 125)


def _refuse_small_gp3(storage_type: str, size: int, params: dict) -> None:
    if storage_type == "gp3" and int(size) < GP3_LARGE_GIB and ("Iops" in params or "StorageThroughput" in params):
        raise AWSError(
            "InvalidParameterCombination",
            "You can't specify IOPS or storage throughput for engine postgres and a storage size less than 400.",
        )


def _insights(instance, params: dict) -> None:
    if "enable_performance_insights" in params:
        instance.performance_insights_enabled = bool(params["enable_performance_insights"])
    for key in ("performance_insights_retention_period", "performance_insights_kms_key_id", "database_insights_mode"):
        if params.get(key) is not None:
            setattr(instance, key, params[key])
    if instance.performance_insights_enabled:
        instance.performance_insights_retention_period = (
            getattr(instance, "performance_insights_retention_period", None) or 7
        )
        key = getattr(instance, "performance_insights_kms_key_id", None) or "alias/aws/rds"
        instance.performance_insights_kms_key_id = instance.backend._validate_kms_key(key)


@correction("rds", "a new instance shows everything that AWS fills in")
def new_instances():
    @replacing(Instance, "default_storage_type")
    def storage_type(_original, iops):
        return "gp3" if iops is None else "io1"

    @replacing(Instance, "default_allocated_storage")
    def allocated_storage(original, engine, storage_type):
        return original(engine, "gp2" if storage_type == "gp3" else "io1" if storage_type == "io2" else storage_type)

    Instance.default_storage_type = staticmethod(Instance.default_storage_type)
    Instance.default_allocated_storage = staticmethod(Instance.default_allocated_storage)

    @replacing(Instance, "__init__")
    def init(original, self, backend, *args, **kwargs):
        if kwargs.get("db_cluster_identifier") is None:
            kwargs["engine_version"] = _resolve_version(kwargs["engine"], kwargs.get("engine_version"))
            if kwargs.get("storage_encrypted"):
                kwargs["kms_key_id"] = backend._validate_kms_key(kwargs.get("kms_key_id") or "alias/aws/rds")
            if kwargs["engine"] == catalogue.ENGINE:
                kwargs.setdefault("license_model", "postgresql-license")
        name = kwargs.get("db_parameter_group_name")
        if name:
            kwargs["db_parameter_group_name"] = name.lower()
        kwargs.setdefault("ca_certificate_identifier", "rds-ca-rsa2048-g1")
        original(self, backend, *args, **kwargs)
        self.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()
        self.pending_modified_values = {}
        self.performance_insights_enabled = False
        self.database_insights_mode = "standard"
        if not hasattr(self, "db_subnet_group"):
            self.db_subnet_group = _default_subnet_group(backend)
        if self.multi_az and self.db_subnet_group:
            zones = [subnet.availability_zone for subnet in self.db_subnet_group._subnets]
            self.secondary_availability_zone = next((zone for zone in zones if zone != self.availability_zone), None)
        self.certificate_details = {
            "CAIdentifier": self.ca_certificate_identifier,
            "ValidTill": utcnow().replace(year=utcnow().year + 1, day=1),
        }
        self.network_type = kwargs.get("network_type") or "IPV4"
        self.backup_target, self.activity_stream_status = "region", "stopped"
        self.dedicated_log_volume = self.customer_owned_ip_enabled = False
        self.engine_lifecycle_support = kwargs.get("engine_lifecycle_support") or "open-source-rds-extended-support"
        self.publicly_accessible = bool(self.publicly_accessible)
        if self.db_cluster_identifier is None:
            _gp3(self)
        _insights(self, kwargs)


@correction("rds", "an endpoint tells the hosted zone that an alias to it needs")
def endpoint_zones():
    told = Instance.endpoint.fget
    # RDS has one for each region; this is us-east-1's.
    Instance.endpoint = property(lambda self: {**told(self), "HostedZoneId": "Z2R2ITUGPM61AM"})


def _default_subnet_group(backend):
    """Return the group AWS names default: the subnets of the default VPC."""
    if "default" not in backend.subnet_groups:
        network = models.ec2_backends[backend.account_id][backend.region_name]
        subnets = [
            subnet
            for zone in network.subnets.values()
            for subnet in zone.values()
            if subnet.vpc_id == network.default_vpc.id
        ]
        if not subnets:
            return None
        backend.subnet_groups["default"] = models.DBSubnetGroup(backend, "default", "default", subnets, [])
    return backend.subnet_groups["default"]


@correction("rds", "CreateDBInstance refuses tuning of small gp3 storage")
def create_instance():
    @replacing(RDSResponse, "create_db_instance")
    def create(original, self):
        params = self.params
        default = "io1" if "Iops" in params else "gp3"
        if params.get("Engine") == catalogue.ENGINE:
            _refuse_small_gp3(params.get("StorageType", default), params.get("AllocatedStorage", 20), params)
        return original(self)


@correction("rds", "ModifyDBInstance defers what needs the window unless it is applied immediately")
@does(
    "ModifyDBInstance without ApplyImmediately leaves what needs the maintenance window pending until then.",
    documented(API + "API_ModifyDBInstance.html", "ApplyImmediately"),
)
def modify_instance():
    @replacing(Backend, "modify_db_instance")
    def modify(original, self, db_instance_identifier, db_kwargs):
        instance = self.describe_db_instances(db_instance_identifier)[0]
        given = {key: value for key, value in dict(db_kwargs).items() if value is not None}
        if instance.allocated_storage < given.get("allocated_storage", 0) < instance.allocated_storage * 1.1:
            given["allocated_storage"] = -(-instance.allocated_storage * 11 // 10)  # RDS rounds up
        if instance.engine == catalogue.ENGINE:
            size = given.get("allocated_storage", instance.allocated_storage)
            tuned = {
                key: 1
                for key, name in (("Iops", "iops"), ("StorageThroughput", "storage_throughput"))
                if given.get(name, getattr(instance, name)) != getattr(instance, name)
            }
            _refuse_small_gp3(given.get("storage_type", instance.storage_type), size, tuned)
        if "engine_version" in given:
            given["engine_version"] = _upgrade(instance, given)
        changes = {
            key: given.pop(key) for key in list(given) if key in DEFERRED and given[key] != getattr(instance, key, None)
        }
        if given.get("apply_immediately"):
            names = {name: key for key, name in DEFERRED.items()}
            given |= {names[name]: value for name, value in instance.pending_modified_values.items()} | changes
            instance.pending_modified_values = {}
        else:
            instance.pending_modified_values |= {DEFERRED[key]: value for key, value in changes.items()}
        if "cloudwatch_logs_export_configuration" in given:
            exports = given["cloudwatch_logs_export_configuration"]
            present = instance.enabled_cloudwatch_logs_exports
            exports["EnableLogTypes"] = [one for one in exports.get("EnableLogTypes", []) if one not in present]
            exports["DisableLogTypes"] = [one for one in exports.get("DisableLogTypes", []) if one in present]
        result = original(self, db_instance_identifier, given)
        if "storage_type" in given and given["storage_type"] != "gp3" and "iops" not in given:
            result.iops = None
        _gp3(result)
        _insights(result, given)
        result.looks_modifying = MODIFYING_LOOKS
        if "allocated_storage" in given and result.status == "storage-full":
            result.status = "available"
        return result


@answers("rds", "DescribeDBInstances", "shows a changed instance as modifying before it is available again")
@does(
    "A changed instance is available at first, then modifying, then available.",
    inferred(
        "others' tools wait before they look for available (terraform-provider-aws, rds/instance.go)",
        "DescribeDBInstances each second after ModifyDBInstance",
    ),
)
def modifying(api, params, moto):
    told = moto()
    for shown in told["DBInstances"]:
        instance = api.backend.databases.get(shown["DBInstanceIdentifier"])
        left = getattr(instance, "looks_modifying", 0)
        if left and shown["DBInstanceStatus"] == "available":
            instance.looks_modifying = left - 1
            shown["DBInstanceStatus"] = "modifying" if left > 1 else "available"
    return told


def _upgrade(instance, given: dict) -> str:
    """Check a change of the version, and return the full one."""
    wanted = _resolve_version(instance.engine, given["engine_version"])
    if instance.engine != catalogue.ENGINE or wanted == instance.engine_version:
        return wanted
    targets = {one["EngineVersion"]: one for one in catalogue.describe(instance.engine_version)["ValidUpgradeTarget"]}
    if (
        catalogue.major_of(given["engine_version"]) == catalogue.major_of(instance.engine_version)
        and "." not in given["engine_version"]
    ):
        return instance.engine_version
    if wanted not in targets:
        raise AWSError(
            "InvalidParameterCombination", f"Cannot upgrade postgres from {instance.engine_version} to {wanted}"
        )
    if targets[wanted]["IsMajorVersionUpgrade"] and not given.get("allow_major_version_upgrade"):
        raise AWSError(
            "InvalidParameterCombination",
            "The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.",
        )
    return wanted


@correction("rds", "DeleteDBInstance wants a final snapshot or to be told that there is none")
def delete_instance():
    @replacing(RDSResponse, "delete_db_instance")
    def delete(original, self):
        if not self.params.get("SkipFinalSnapshot") and not self.params.get("FinalDBSnapshotIdentifier"):
            instance = self.backend.describe_db_instances(self.params["DBInstanceIdentifier"])[0]
            if not instance.is_replica and not instance.db_cluster_identifier and not instance.deletion_protection:
                raise AWSError(
                    "InvalidParameterCombination",
                    "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
                )
        return original(self)


@correction("rds", "a deleted instance takes its time (as provisioning says), and keeps what it uses until then")
@does(
    "An instance is deleting until its final snapshot is made, and uses its groups until then.",
    documented(API + "API_DeleteDBInstance.html"),
)
def deleting():
    @replacing(Backend, "delete_db_instance")
    def delete(original, self, db_instance_identifier, *args, **kwargs):
        instance = original(self, db_instance_identifier, *args, **kwargs)
        self.retained[db_instance_identifier] = instance
        instance.deleted_at = clock.now()
        if provisioning.scale:
            self.databases[db_instance_identifier] = instance
        return instance

    for name in ("describe_db_instances", "create_db_instance", "delete_subnet_group", "delete_db_parameter_group"):
        _sweeps(name)


@does(
    "A deleted instance is gone after minutes, also without a final snapshot.",
    inferred("terraform-provider-aws waits for it in rds/instance.go", "DescribeDBInstances after DeleteDBInstance"),
)
def _sweeps(name: str) -> None:
    @replacing(Backend, name)
    def swept(original, self, *args, **kwargs):
        for key, one in list(self.databases.items()):
            since = getattr(one, "deleted_at", None)
            if since is not None and clock.now() >= since + DELETING_SECONDS * provisioning.scale:
                del self.databases[key]
        return original(self, *args, **kwargs)


@correction("rds", "the managed master password is a secret with the real user and a random password")
@does(
    "RDS keeps a managed master password in a secret of its own.",
    documented(API + "API_CreateDBInstance.html", "ManageMasterUserPassword"),
)
def master_secret():
    @replacing(models.MasterUserSecret, "_generate_secret_string")
    def secret(_original, self):
        return json.dumps({"username": self.resource.master_username, "password": secrets.token_urlsafe(21)})


@correction("rds", "a replica is an instance of its own, which shares no secret and can be deleted")
def replicas():
    @replacing(Backend, "create_db_instance_read_replica")
    def create(original, self, db_kwargs):
        replica = original(self, db_kwargs)
        replica.manage_master_user_password = False
        replica.__dict__.pop("master_user_secret", None)
        replica.dbi_resource_id = "db-" + uuid.uuid4().hex[:26].upper()
        replica.pending_modified_values = {}
        replica.deletion_protection = bool(db_kwargs.get("deletion_protection"))
        replica.backup_retention_period = db_kwargs.get("backup_retention_period") or 0
        replica.tags = db_kwargs.get("tags") or []
        return replica

    @replacing(Instance, "remove_replica")
    def remove(_original, self, replica):
        gone = (replica.db_instance_identifier, replica.db_instance_arn)
        self.replicas = [one for one in self.replicas if one not in gone]

    @replacing(Backend, "delete_db_instance")
    def delete(original, self, db_instance_identifier, *args, **kwargs):
        replica = self.databases.get(db_instance_identifier)
        if replica and replica.is_replica:
            try:
                self.find_db_from_id(replica.source_db_instance_identifier)
            except models.DBInstanceNotFoundError:
                replica.is_replica = False  # without its source it has been promoted
        return original(self, db_instance_identifier, *args, **kwargs)


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
