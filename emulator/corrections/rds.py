"""RDS: engine versions, and instances that keep what they are given."""

import json
import secrets
import uuid

from moto.core.utils import utcnow
from moto.rds import models, utils
from moto.rds.responses import RDSResponse

from emulator import clock, provisioning
from emulator import rds_catalogue as catalogue
from emulator.corrections.rds_groups import Backend, Instance, page_of
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks
from emulator.patching import adds, answers, correction, replacing

API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
lacks(__name__, "Backups", "snapshots and replicated backups exist as records; restoring data from them is not tried")


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
    page, marker = page_of(listed, params)
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
    page, marker = page_of(listed, params)
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
