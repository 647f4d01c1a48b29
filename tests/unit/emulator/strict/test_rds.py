"""RDS refuses what AWS's RDS refuses."""

import itertools

import pytest
from rulecases import Case

from emulator import provisioning

NUMBER = itertools.count()
DISABLED = "open-source-rds-extended-support-disabled"
VALUE, COMBINATION = "InvalidParameterValue", "InvalidParameterCombination"


class World:
    """Databases in a network of two zones, and a network besides."""

    def __init__(self, aws):
        self.rds, ec2 = aws("rds"), aws("ec2")
        self.vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (70, 71)]
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpcs[index // 2], CidrBlock=f"10.{70 + index // 2}.{index}.0/24", AvailabilityZone=f"us-east-1{'ab'[index % 2]}")["Subnet"]["SubnetId"]
            for index in range(4)
        ]
        self.groups = [
            ec2.create_security_group(VpcId=vpc, GroupName="strict-rds", Description="d")["GroupId"] for vpc in self.vpcs
        ]
        self.subnet_group("strict-rds")
        for family in ("postgres16", "postgres17"):
            self.parameter_group(f"strict-{family}", family)
        self.standing = self.make()

    def subnet_group(self, name=None, subnets=None, description="d"):
        self.rds.create_db_subnet_group(
            DBSubnetGroupName=name or f"strict-{next(NUMBER)}", DBSubnetGroupDescription=description, SubnetIds=subnets or self.subnets[:2]
        )  # fmt: skip

    def parameter_group(self, name=None, family="postgres17", description="d"):
        self.rds.create_db_parameter_group(
            DBParameterGroupName=name or f"strict-{next(NUMBER)}", DBParameterGroupFamily=family, Description=description
        )

    def make(self, **changes):
        given = {
            "DBInstanceIdentifier": f"strict-{next(NUMBER)}", "Engine": "postgres", "EngineVersion": "17", "DBInstanceClass": "db.t4g.micro",
            "AllocatedStorage": 20, "StorageType": "gp3", "MasterUsername": "app", "MasterUserPassword": "secret-12", "DBSubnetGroupName": "strict-rds",
            "VpcSecurityGroupIds": self.groups[:1], "BackupRetentionPeriod": 1,
        } | changes  # fmt: skip
        self.rds.create_db_instance(**{key: value for key, value in given.items() if value is not None})
        return given["DBInstanceIdentifier"]

    def modify(self, **changes):
        self.rds.modify_db_instance(DBInstanceIdentifier=self.standing, ApplyImmediately=True, **changes)

    def in_state(self, state, of=None, **changes):
        from moto.rds.models import rds_backends

        made = self.make(**of or {})
        rds_backends["123456789012"]["us-east-1"].databases[made].status = state
        self.rds.modify_db_instance(DBInstanceIdentifier=made, ApplyImmediately=True, **changes)

    def replica(self, source=None, **more):
        name = f"strict-{next(NUMBER)}"
        self.rds.create_db_instance_read_replica(
            DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source or self.standing, **more
        )
        return name

    def replicated(self):
        source = self.make()
        self.replica(source)
        return source

    def keep(self, name, days):
        self.rds.modify_db_instance(DBInstanceIdentifier=name, BackupRetentionPeriod=days, ApplyImmediately=True)

    def delete(self, name, **more):
        self.rds.delete_db_instance(DBInstanceIdentifier=name, **more)

    def snapshot(self):
        name = f"snapshot-{next(NUMBER)}"
        self.rds.create_db_snapshot(DBInstanceIdentifier=self.standing, DBSnapshotIdentifier=name)
        return name

    def set(self, name, value, method="pending-reboot", group="strict-postgres17", count=1):
        one = {"ParameterName": name, "ParameterValue": value, "ApplyMethod": method}
        self.rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=[one] * count)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


CASES = [
    Case("class_is_one", VALUE, "Invalid DB Instance class: t3.micro", lambda w: w.make(DBInstanceClass="t3.micro"), lambda w: w.make(DBInstanceClass="db.t3.micro")),
    Case("class_is_one", VALUE, "db.t3.nano", lambda w: w.make(DBInstanceClass="db.t3.nano"), lambda w: w.make(DBInstanceClass="db.r7g.12xlarge")),
    Case("class_runs_postgres", COMBINATION, "DBInstanceClass=db.t2.micro", lambda w: w.make(DBInstanceClass="db.t2.micro"), lambda w: w.make(DBInstanceClass="db.m6gd.large")),
    Case("lifecycle_support_is_one", VALUE, "lifecycle support: never", lambda w: w.make(EngineLifecycleSupport="never"), lambda w: w.make(EngineLifecycleSupport="open-source-rds-extended-support")),
    Case("unsupported_majors_need_extended_support", COMBINATION, "past its end of standard support", lambda w: w.make(EngineVersion="13", EngineLifecycleSupport=DISABLED), lambda w: w.make(EngineLifecycleSupport=DISABLED)),
    Case("storage_in_range", VALUE, "storage type gp3: 19", lambda w: w.make(AllocatedStorage=19), lambda w: w.make(AllocatedStorage=20)),
    Case("storage_in_range", VALUE, "storage type io2: 99", lambda w: w.make(AllocatedStorage=99, StorageType="io2", Iops=1000), lambda w: w.make(AllocatedStorage=100, StorageType="io2", Iops=1000)),
    Case("storage_does_not_shrink", COMBINATION, "(20) cannot be less than the current storage size (30)", lambda w: (w.modify(AllocatedStorage=30), w.modify(AllocatedStorage=20)), lambda w: w.modify(AllocatedStorage=40)),
    Case("instance_takes_changes", "InvalidDBInstanceState", "current state: stopped", lambda w: w.in_state("stopped", MultiAZ=True), lambda w: w.in_state("storage-full", AllocatedStorage=40)),
    Case("storage_changes_when_it_is_optimised", COMBINATION, "being optimized", lambda w: w.in_state("storage-optimization", AllocatedStorage=40), lambda w: w.in_state("storage-optimization", AllocatedStorage=20, MultiAZ=True)),
    Case("storage_may_grow_by_a_tenth", COMBINATION, "must be greater", lambda w: w.make(MaxAllocatedStorage=20), lambda w: w.make(MaxAllocatedStorage=22)),
    Case("storage_may_grow_by_a_tenth", COMBINATION, "Invalid max storage size", lambda w: w.make(MaxAllocatedStorage=21), lambda w: w.make(MaxAllocatedStorage=100)),
    Case("storage_has_its_performance", COMBINATION, "requires iops", lambda w: w.make(StorageType="io1", AllocatedStorage=100), lambda w: w.make(StorageType="io1", AllocatedStorage=100, Iops=5000)),
    Case("storage_has_its_performance", COMBINATION, "ratio", lambda w: w.make(StorageType="io1", AllocatedStorage=100, Iops=5001), lambda w: w.make(StorageType="io1", AllocatedStorage=100, Iops=5000)),
    Case("storage_has_its_performance", COMBINATION, "for storage type gp2", lambda w: w.make(StorageType="gp2", StorageThroughput=500), lambda w: w.make(StorageType="gp2")),
    Case("large_gp3_has_its_least", COMBINATION, "less than 12000", lambda w: w.make(AllocatedStorage=400, Iops=3000), lambda w: w.make(AllocatedStorage=400, Iops=12000)),
    Case("large_gp3_has_its_least", COMBINATION, "less than 500", lambda w: w.make(AllocatedStorage=400, StorageThroughput=125), lambda w: w.make(AllocatedStorage=400, StorageThroughput=500)),
    Case("size_and_iops_go_together", COMBINATION, "both the storage size and iops", lambda w: w.modify(AllocatedStorage=400), lambda w: w.modify(AllocatedStorage=400, Iops=12000)),
    Case("size_and_iops_go_together", COMBINATION, "both the storage size and iops", lambda w: w.in_state("available", of={"AllocatedStorage": 400}, Iops=13000), lambda w: w.in_state("available", of={"AllocatedStorage": 400}, MultiAZ=True)),
    Case("backup_window_is_one", VALUE, "at least 30", lambda w: w.make(PreferredBackupWindow="03:00-03:29"), lambda w: w.make(PreferredBackupWindow="23:45-00:15")),
    Case("backup_window_is_one", VALUE, "hh24:mi-hh24:mi", lambda w: w.make(PreferredBackupWindow="3:00-4:00"), lambda w: w.make(PreferredBackupWindow="03:00-04:00")),
    Case("maintenance_window_is_one", VALUE, "at least 30", lambda w: w.make(PreferredMaintenanceWindow="sun:04:00-sun:04:20"), lambda w: w.make(PreferredMaintenanceWindow="sat:23:45-sun:00:15")),
    Case("maintenance_window_is_one", VALUE, "ddd:hh24:mi", lambda w: w.make(PreferredMaintenanceWindow="sunday:04:00-sunday:05:00"), lambda w: w.make(PreferredMaintenanceWindow="Sun:04:00-Sun:05:00")),
    Case("backups_are_kept_so_long", VALUE, "between 0 and 35", lambda w: w.make(BackupRetentionPeriod=36), lambda w: w.make(BackupRetentionPeriod=35)),
    Case("replica_source_has_backups", "InvalidDBInstanceState", "Automated backups are not enabled", lambda w: w.replica(w.make(BackupRetentionPeriod=0)), lambda w: w.replica()),
    Case("replica_source_keeps_backups", COMBINATION, "source to read replicas", lambda w: w.keep(w.replicated(), 0), lambda w: w.keep(w.make(), 0)),
    Case("database_has_a_name", VALUE, "begin with a letter", lambda w: w.make(DBName="my-db"), lambda w: w.make(DBName="my_db")),
    Case("database_has_a_name", VALUE, "reserved word", lambda w: w.make(DBName="db"), lambda w: w.make(DBName="postgres")),
    Case("master_user_has_a_name", VALUE, "reserved word", lambda w: w.make(MasterUsername="admin"), lambda w: w.make(MasterUsername="postgres")),
    Case("master_user_has_a_name", VALUE, "Invalid master user name", lambda w: w.make(MasterUsername="my-user"), lambda w: w.make(MasterUsername="my_user1")),
    Case("master_user_has_a_name", VALUE, "must be provided", lambda w: w.make(MasterUsername=None), lambda w: w.make()),
    Case("master_user_has_a_password", VALUE, "MasterUserPassword must be provided", lambda w: w.make(MasterUserPassword=None), lambda w: w.make(MasterUserPassword=None, ManageMasterUserPassword=True)),
    Case("password_is_printable", VALUE, "Only printable ASCII", lambda w: w.make(MasterUserPassword="a/b/c/d/e"), lambda w: w.make(MasterUserPassword="a:b;c,d!e")),
    Case("password_is_printable", VALUE, "longer than 128", lambda w: w.make(MasterUserPassword="a" * 129), lambda w: w.make(MasterUserPassword="a" * 128)),
    Case("password_is_managed_or_given", COMBINATION, "mutually exclusive", lambda w: w.make(ManageMasterUserPassword=True), lambda w: w.make()),
    Case("several_zones_are_not_chosen", COMBINATION, "Multi-AZ", lambda w: w.make(MultiAZ=True, AvailabilityZone="us-east-1a"), lambda w: w.make(MultiAZ=True)),
    Case("port_in_range", VALUE, "1150-65535", lambda w: w.make(Port=1149), lambda w: w.make(Port=1150)),
    Case("security_groups_exist", VALUE, "groupId= sg-1", lambda w: w.make(VpcSecurityGroupIds=["sg-1"]), lambda w: w.make()),
    Case("instance_is_in_one_vpc", COMBINATION, "different VPCs", lambda w: w.make(VpcSecurityGroupIds=w.groups[1:]), lambda w: w.make()),
    Case("instance_is_in_one_vpc", COMBINATION, "different VPCs", lambda w: w.modify(VpcSecurityGroupIds=w.groups[1:]), lambda w: w.modify(VpcSecurityGroupIds=w.groups[:1])),
    Case("parameter_group_is_of_the_version", COMBINATION, "DBParameterGroupFamily postgres17", lambda w: w.make(DBParameterGroupName="strict-postgres16"), lambda w: w.make(DBParameterGroupName="strict-postgres17")),
    Case("monitoring_has_an_interval", VALUE, "Invalid monitoring interval", lambda w: w.make(MonitoringInterval=7), lambda w: w.make(MonitoringInterval=0)),
    Case("insights_are_kept_so_long", COMBINATION, "Invalid Performance Insights retention", lambda w: w.make(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=30), lambda w: w.make(EnablePerformanceInsights=True, PerformanceInsightsRetentionPeriod=31)),
    Case("insights_are_kept_so_long", COMBINATION, "must be set to 'true'", lambda w: w.make(PerformanceInsightsRetentionPeriod=7), lambda w: w.make()),
    Case("exported_logs_exist", COMBINATION, "log types 'audit'", lambda w: w.make(EnableCloudwatchLogsExports=["audit"]), lambda w: w.make(EnableCloudwatchLogsExports=["postgresql", "upgrade"])),
    Case("final_snapshot_or_none", COMBINATION, "SkipFinalSnapshot is true", lambda w: w.delete(w.make(), SkipFinalSnapshot=True, FinalDBSnapshotIdentifier="last"), lambda w: w.delete(w.make(), SkipFinalSnapshot=True)),
    Case("final_snapshot_or_none", COMBINATION, "replica instance", lambda w: w.delete(w.replica(), FinalDBSnapshotIdentifier="last"), lambda w: w.delete(w.replica())),
    Case("final_snapshot_or_none", "DBSnapshotAlreadyExists", "already exists", lambda w: w.delete(w.make(), FinalDBSnapshotIdentifier=w.snapshot()), lambda w: w.delete(w.make(), FinalDBSnapshotIdentifier=f"last-{next(NUMBER)}")),
    Case("subnet_group_has_a_name", VALUE, "default is reserved", lambda w: w.subnet_group("Default"), lambda w: w.subnet_group("default-1")),
    Case("subnet_group_has_a_name", VALUE, "Invalid subnet group name", lambda w: w.subnet_group("a/b"), lambda w: w.subnet_group("a b.c")),
    Case("subnet_group_is_one_vpc", "InvalidSubnet", "not all in the same VPC", lambda w: w.subnet_group(subnets=[w.subnets[0], w.subnets[3]]), lambda w: w.subnet_group(subnets=w.subnets[2:])),
    Case("description_is_ascii", VALUE, "non-printable", lambda w: w.subnet_group(description="für"), lambda w: w.subnet_group(description="for")),
    Case("parameter_group_has_a_name_and_family", VALUE, "not a valid identifier", lambda w: w.parameter_group("a--b"), lambda w: w.parameter_group("a-b")),
    Case("parameter_group_has_a_name_and_family", VALUE, "postgres99", lambda w: w.parameter_group(family="postgres99"), lambda w: w.parameter_group(family="postgres18")),
    Case("parameters_have_such_values", VALUE, "Could not find parameter with name: log_min_duration", lambda w: w.set("log_min_duration", "1"), lambda w: w.set("log_min_duration_statement", "1")),
    Case("parameters_have_such_values", VALUE, "allowed values are: 0,1", lambda w: w.set("rds.force_ssl", "on"), lambda w: w.set("rds.force_ssl", "1")),
    Case("parameters_have_such_values", VALUE, "allowed values are: 6-8388607", lambda w: w.set("max_connections", "many"), lambda w: w.set("max_connections", "LEAST({DBInstanceClassMemory/9531392},500)")),
    Case("parameters_have_such_values", VALUE, "pg_cron", lambda w: w.set("shared_preload_libraries", "pg_stat_statements,unknown"), lambda w: w.set("shared_preload_libraries", "pg_stat_statements,pg_cron")),
    Case("parameters_have_such_values", VALUE, "maximum of 20", lambda w: w.set("work_mem", "64", count=21), lambda w: w.set("work_mem", "64", count=20)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_instances_per_region(world, refused, monkeypatch):
    monkeypatch.setenv("EMULATOR_QUOTAS", '{"L-7B6409FD": 0}')
    refused("InstanceQuotaExceeded", world.make)
    monkeypatch.setenv("EMULATOR_QUOTAS", '{"L-7B6409FD": 1000}')
    assert world.make()


def test_final_snapshot_of_an_available_instance(world, refused):
    name = world.make()
    world.rds.stop_db_instance(DBInstanceIdentifier=name)
    final = {"FinalDBSnapshotIdentifier": f"{name}-final"}
    told = refused("InvalidDBInstanceState", world.delete, name, **final)
    assert "is not currently in the available state" in told["Error"]["Message"]
    world.rds.start_db_instance(DBInstanceIdentifier=name)
    world.delete(name, **final)


def test_instance_is_not_being_deleted(world, refused, monkeypatch):
    monkeypatch.setattr(provisioning, "scale", 0.1)
    name = world.make()
    world.delete(name, SkipFinalSnapshot=True)
    for call in (world.delete, world.keep):
        more = {"SkipFinalSnapshot": True} if call == world.delete else {"days": 2}
        told = refused("InvalidDBInstanceState", call, name, **more)
        assert "is already being deleted" in told["Error"]["Message"]
    monkeypatch.setattr(provisioning, "scale", 0.0)
    refused("DBInstanceNotFound", world.rds.describe_db_instances, DBInstanceIdentifier=name)
