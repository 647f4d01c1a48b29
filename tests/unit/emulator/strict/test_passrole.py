"""Roles that are handed to a service: refused when the service can't assume them, or the caller may not pass them."""

import json

import boto3
import pytest
from rulecases import IMAGE, Case

from emulator import clock
from emulator.strict import passrole

ACCOUNT = "arn:aws:iam::123456789012"
PRINCIPALS = {"ecs": "ecs-tasks.amazonaws.com", "pipes": "pipes.amazonaws.com"} | {
    one.service: one.principal for one in passrole.TAKING
}


def document(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})


class World:
    """The services that take a role, and what else their calls need."""

    def __init__(self, aws):
        self.aws = aws
        self.vpc = aws("ec2").create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        self.count = 0

    def role(self, service="ec2.amazonaws.com", **more):
        self.count += 1
        trust = document(Principal={"Service": service}, Action="sts:AssumeRole", **more)
        made = self.aws("iam").create_role(RoleName=f"strict-passed-{self.count}", AssumeRolePolicyDocument=trust)
        return made["Role"]["Arn"]

    def lambda_(self, role):
        code = {"ZipFile": b"PK\x05\x06" + b"\0" * 18}
        given = {"Runtime": "python3.13", "Handler": "a.b", "Code": code, "Role": role}
        self.aws("lambda").create_function(FunctionName=f"strict-{self.count}", **given)

    def events(self, role):
        self.aws("events").put_rule(Name=f"strict-{self.count}", ScheduleExpression="rate(1 hour)", RoleArn=role)

    def scheduler(self, role):
        target = {"Arn": "arn:aws:sqs:us-east-1:123456789012:q", "RoleArn": role}
        given = {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target}
        self.aws("scheduler").create_schedule(Name=f"strict-{self.count}", **given)

    def ec2(self, role):
        self.aws("ec2").create_flow_logs(
            ResourceIds=[self.vpc], ResourceType="VPC", TrafficType="ALL", DeliverLogsPermissionArn=role,
            LogGroupName=f"strict-{self.count}",
        )  # fmt: skip

    def rds(self, role):
        self.aws("rds").create_db_instance(
            DBInstanceIdentifier=f"strict-passing-{self.count}", DBInstanceClass="db.t4g.micro", Engine="postgres",
            AllocatedStorage=20, StorageType="gp3", MasterUsername="someone", ManageMasterUserPassword=True,
            MonitoringInterval=60, MonitoringRoleArn=role,
        )  # fmt: skip

    def backup(self, role):
        backup, self.count = self.aws("backup"), self.count + 1
        rules = [{"RuleName": "r", "TargetBackupVaultName": "strict"}]
        plan = {"BackupPlanName": f"strict-{self.count}", "Rules": rules}
        if self.count and not any(
            one["BackupVaultName"] == "strict" for one in backup.list_backup_vaults()["BackupVaultList"]
        ):
            backup.create_backup_vault(BackupVaultName="strict")
        made = backup.create_backup_plan(BackupPlan=plan)["BackupPlanId"]
        selection = {"SelectionName": "s", "IamRoleArn": role, "Resources": ["*"]}
        backup.create_backup_selection(BackupPlanId=made, BackupSelection=selection)

    def pipes(self, role):
        arns = {name: f"arn:aws:sqs:us-east-1:123456789012:{name}" for name in ("Source", "Target")}
        for name in arns:
            self.world.aws("sqs").create_queue(QueueName=name)
        self.aws("pipes").create_pipe(Name=f"strict-{self.count}", RoleArn=role, **arns)

    def register(self, role, family=None):
        container = {"name": "c", "image": "i", "memory": 128}
        given = {"family": family or f"strict-{self.count}", "containerDefinitions": [container]}
        self.aws("ecs").register_task_definition(taskRoleArn=role, **given)

    def run(self, role):
        self.register(role)
        self.aws("ecs").create_cluster(clusterName="strict")
        self.aws("ecs").run_task(cluster="strict", taskDefinition=f"strict-{self.count}", launchType="EXTERNAL")

    def instance(self, profile):
        ec2 = self.aws("ec2")
        image = IMAGE
        given = {"ImageId": image, "InstanceType": "t3.nano", "IamInstanceProfile": {"Name": profile}}
        ec2.run_instances(MinCount=1, MaxCount=1, **given)

    def profile(self):
        self.role()
        self.aws("iam").create_instance_profile(InstanceProfileName=f"strict-{self.count}")
        return f"strict-{self.count}"


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def taken(service, call, *, says):
    """The three ways in which a role is no role for a service."""
    [taking] = [one for one in passrole.TAKING if one.service == service]
    rule, principal = f"{service}_assumes_the_role", taking.principal
    return [
        Case(
            rule, taking.code, says,
            lambda world, bad=bad: call(world, bad(world)),
            lambda world: call(world, world.role(principal)),
        )
        for bad in (
            lambda world: f"{ACCOUNT}:role/nobody",
            lambda world: world.role("glue.amazonaws.com"),
            lambda world: world.role(principal, Condition={"StringEquals": {"aws:SourceAccount": "999999999999"}}),
        )
    ]  # fmt: skip


CASES = [
    *taken("lambda", World.lambda_, says="cannot be assumed by Lambda"),
    *taken("events", World.events, says="cannot be assumed by principal 'events.amazonaws.com'"),
    *taken("scheduler", World.scheduler, says="must allow AWS EventBridge Scheduler to assume the role"),
    *taken("ec2", World.ec2, says="Unable to assume given IAM role"),
    *taken("rds", World.rds, says="ENHANCED_MONITORING"),
    *taken("backup", World.backup, says="cannot be assumed by AWS Backup"),
    Case(
        "task_roles_are_roles", "ClientException", "Role is not valid",
        lambda world: world.register("arn:aws:ecs:us-east-1:123456789012:cluster/x"),
        lambda world: world.register(world.role("ecs-tasks.amazonaws.com")),
    ),
    Case(
        "ecs_assumes_the_task_roles", "ClientException", "ECS was unable to assume the role",
        lambda world: world.run(world.role("ecs.amazonaws.com")),
        lambda world: world.register(world.role("ecs-tasks.amazonaws.com")),
    ),
    Case(
        "instance_profile_is_known", "InvalidParameterValue", "Value (none) for parameter iamInstanceProfile.name",
        lambda world: world.instance("none"), lambda world: world.instance(world.profile()),
    ),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_fresh_roles_are_not_seen_yet(world, refused, monkeypatch):
    monkeypatch.setenv(passrole.SECONDS, "60")
    role, profile = world.role("lambda.amazonaws.com"), world.profile()
    refused("InvalidParameterValueException", world.lambda_, role)
    refused("InvalidParameterValue", world.instance, profile)
    clock.move(61)
    world.lambda_(role)
    world.instance(profile)


@pytest.fixture
def someone(aws, endpoint, name):
    """Clients of a user who may do nothing yet, and a function that grants something."""
    iam = aws("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")

    def grant(**statement):
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(**statement))

    return lambda service, *_: session.client(service, endpoint_url=endpoint), grant


PASSED = {
    "lambda": World.lambda_, "events": World.events, "scheduler": World.scheduler, "ec2": World.ec2,
    "rds": World.rds, "backup": World.backup, "ecs": World.register, "pipes": World.pipes,
}  # fmt: skip
RULES = {f"caller_may_pass_the_role_to_{service}" for service in PASSED}
CODES = {"ec2": "UnauthorizedOperation", "rds": "AccessDenied"}


@pytest.mark.parametrize("service", PASSED)
def test_caller_may_pass(world, someone, refused, service):
    clients, grant = someone
    role = world.role(PRINCIPALS[service])
    theirs = World.__new__(World)
    theirs.aws, theirs.vpc, theirs.count, theirs.world = clients, world.vpc, world.count, world
    grant(Action="iam:PassRole", Resource=f"{ACCOUNT}:role/other")
    answer = refused(CODES.get(service, "AccessDeniedException"), PASSED[service], theirs, role)
    assert f"iam:PassRole on resource: {role}" in answer["Error"]["Message"]
    passed_to = {"StringEquals": {"iam:PassedToService": PRINCIPALS[service]}}
    grant(Action="iam:PassRole", Resource=f"{ACCOUNT}:role/strict-passed-*", Condition=passed_to)
    PASSED[service](theirs, role)
