"""Roles that are handed to a service: they exist, trust the service, are known everywhere, and may be passed."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from emulator import ACCOUNT, clock, policies, state
from emulator.permissions import trusts
from emulator.strict import Refusal, observe, rule

# For so long after its creation the services don't see a role yet; on AWS it's some seconds, now and then many.
SECONDS = "EMULATOR_ROLE_SECONDS"
_born: dict = state.held({})


@observe("iam", "CreateRole")
def _role_made(call):
    _born[call.parameters["RoleName"]] = clock.now()


@observe("iam", "CreateInstanceProfile", "AddRoleToInstanceProfile")
def _profile_made(call):
    _born["profile", call.parameters["InstanceProfileName"]] = clock.now()


def fresh(key) -> bool:
    """Tell whether a role (by name) or an instance profile (by ``("profile", name)``) is too new to be seen."""
    return clock.now() - _born.get(key, 0) < float(os.environ.get(SECONDS, "2"))


def role_of(call, arn: str):
    """Return moto's role of an ARN, or nothing."""
    roles = call.backend("iam").roles.values()
    return next((one for one in roles if one.arn == arn), None)


def assumable(call, arn: str, service: str) -> bool:
    """Tell whether a service can assume a role now."""
    role = role_of(call, arn)
    if role is None or fresh(role.name):
        return policies.account_of(arn) != ACCOUNT and policies.account_of(arn) is not None
    return trusts(role, service, {"aws:SourceAccount": ACCOUNT}, whole=False)


@dataclass(frozen=True)
class Taking:
    """Operations that take a role for a service, and how AWS says that it can't be assumed."""

    service: str
    operations: tuple[str, ...]
    principal: str
    code: str
    message: str
    source: str
    roles: Callable[[dict], Iterable[str | None]]


TAKING = (
    Taking(
        "lambda",
        ("CreateFunction", "UpdateFunctionConfiguration"),
        "lambda.amazonaws.com",
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
        "serverless/serverless#4384",
        lambda given: [given.get("Role")],
    ),
    Taking(
        "events",
        ("PutRule", "PutTargets"),
        "events.amazonaws.com",
        "ValidationException",
        "Provided role '{role}' cannot be assumed by principal 'events.amazonaws.com'.",
        "Miserlou/Zappa#381",
        lambda given: [given.get("RoleArn"), *(one.get("RoleArn") for one in given.get("Targets", []))],
    ),
    Taking(
        "scheduler",
        ("CreateSchedule", "UpdateSchedule"),
        "scheduler.amazonaws.com",
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        "aws/aws-sdk-js-v3#6494",
        lambda given: [given.get("Target", {}).get("RoleArn")],
    ),
    Taking(
        "ec2",
        ("CreateFlowLogs",),
        "vpc-flow-logs.amazonaws.com",
        "InvalidParameter",
        "Unable to assume given IAM role: '{role}'",
        "hashicorp/terraform-provider-aws#29323",
        lambda given: [given.get("DeliverLogsPermissionArn")],
    ),
    Taking(
        "rds",
        ("CreateDBInstance", "ModifyDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot"),
        "monitoring.rds.amazonaws.com",
        "InvalidParameterValue",
        "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING",
        "hashicorp/terraform-provider-aws: retried by aws_db_instance",
        lambda given: [given.get("MonitoringRoleArn")],
    ),
    Taking(
        "backup",
        ("CreateBackupSelection",),
        "backup.amazonaws.com",
        "InvalidParameterValueException",
        "IAM Role {role} cannot be assumed by AWS Backup",
        "hashicorp/terraform-provider-aws: retried by aws_backup_selection",
        lambda given: [given.get("BackupSelection", {}).get("IamRoleArn")],
    ),
)


def _register(taking: Taking) -> None:
    def check(call):
        for role in filter(None, taking.roles(call.parameters)):
            if not assumable(call, role, taking.principal):
                return taking.message.format(role=role)
        return None

    check.__name__ = f"{taking.service}_assumes_the_role"
    check.__doc__ = f"{taking.principal} can assume the role: it is there, not too new, and trusts the service."
    rule(taking.service, *taking.operations, code=taking.code, source=taking.source)(check)


for _one in TAKING:
    _register(_one)


@rule("ecs", "RegisterTaskDefinition", code="ClientException", source="aws-samples/aws-modern-application-workshop#9")
def task_roles_are_roles(call):
    """A task definition's roles are names or ARNs of roles, nothing else."""
    for name in ("taskRoleArn", "executionRoleArn"):
        role = call.parameters.get(name)
        if role is not None and (not role or role.startswith("arn:") and ":role/" not in role):
            return "Role is not valid"
    return None


@rule("ecs", "RunTask", code="ClientException", source="aws-samples/aws-modern-application-workshop#88")
def ecs_assumes_the_task_roles(call):
    """ECS can assume a task's roles when it runs the task."""
    definition = call.backend("ecs").task_definitions
    family, _, revision = call.parameters["taskDefinition"].split("/")[-1].partition(":")
    revisions = definition.get(family, {})
    found = revisions.get(int(revision)) if revision.isdigit() else revisions[max(revisions)] if revisions else None
    overrides = call.parameters.get("overrides", {})
    for name, attribute in (("taskRoleArn", "task_role_arn"), ("executionRoleArn", "execution_role_arn")):
        role = overrides.get(name) or getattr(found, attribute, None)
        if role and role.startswith("arn:") and not assumable(call, role, "ecs-tasks.amazonaws.com"):
            return (
                f"ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the "
                "role being passed has the proper trust relationship and permissions and that your IAM user has "
                "permissions to pass this role."
            )
    return None


@rule("ec2", "RunInstances", code="InvalidParameterValue", source="EC2 user guide, troubleshooting IAM")
def instance_profile_is_known(call):
    """An instance's profile is there and not too new."""
    return unknown_profile(call, call.parameters.get("IamInstanceProfile") or {})


def unknown_profile(call, given: dict) -> str | None:
    """Say in EC2's words that an instance profile, given by name or ARN, isn't known."""
    held = {one.name: one for one in call.backend("iam").instance_profiles.values()}
    for key, name in ((key, value.split("/")[-1]) for key, value in given.items() if value):
        if name not in held or fresh(("profile", name)):
            field = {"Arn": "arn", "Name": "name"}[key]
            return (
                f"Value ({given[key]}) for parameter iamInstanceProfile.{field} is invalid. "
                f"Invalid IAM Instance Profile {'ARN' if key == 'Arn' else 'name'}"
            )
    return None


# Who may pass a role. The access keys that aren't in IAM are the account's own, which may do everything.

DENIED = {"query": "AccessDenied", "ec2": "UnauthorizedOperation"}
PASSING = [(one.service, one.operations, one.roles, one.principal) for one in TAKING] + [
    (
        "ecs",
        ("RegisterTaskDefinition",),
        lambda given: [given.get("taskRoleArn"), given.get("executionRoleArn")],
        "ecs-tasks.amazonaws.com",
    ),
    ("pipes", ("CreatePipe", "UpdatePipe"), lambda given: [given.get("RoleArn")], "pipes.amazonaws.com"),
]


def _caller(call):
    """Return the user or role of the caller, and its ARN; nothing for the account's own keys."""
    iam = call.backend("iam")
    for user in iam.users.values():
        if any(key.access_key_id == call.caller for key in user.access_keys):
            return user, user.arn
    session = call.backend("sts").get_assumed_role_from_access_key(call.caller)
    role = session and role_of(call, session.role_arn)
    return (role, session.arn) if role else (None, "")


def _documents(call, identity) -> list[dict]:
    held = [*identity.policies.values(), *(one.document for one in identity.managed_policies.values())]
    return [document for document in map(policies.read, held) if document]


def _register_passing(service, operations, roles, principal) -> None:
    def check(call):
        given = [one for one in roles(call.parameters) if one and one.startswith("arn:")]
        identity, arn = _caller(call) if given else (None, "")
        if identity is None:
            return None
        granted = {"Statement": [one for held in _documents(call, identity) for one in policies.statements(held)]}
        for role in given:
            if not policies.permits(granted, "iam:PassRole", role, context={"iam:PassedToService": principal}):
                code = DENIED.get(call.model.service_model.protocol, "AccessDeniedException")
                return Refusal(
                    code,
                    f"User: {arn} is not authorized to perform: iam:PassRole on resource: {role} "
                    "because no identity-based policy allows the iam:PassRole action",
                )
        return None

    check.__name__ = f"caller_may_pass_the_role_to_{service}"
    check.__doc__ = f"Who hands a role to {principal} has iam:PassRole on it."
    source = "IAM user guide, granting permissions to pass a role"
    rule(service, *operations, code="AccessDeniedException", source=source)(check)


for _given in PASSING:
    _register_passing(*_given)
