"""AWS Backup: plans change, selections exist, a missing vault is not told from a forbidden one."""

import uuid

from moto.backup.models import BackupBackend
from moto.core.utils import unix_time

from emulator.errors import AWSError
from emulator.patching import adds, correction, replacing


@correction("backup", "DescribeBackupVault of a missing vault is an AccessDeniedException")
def missing_vault():
    @replacing(BackupBackend, "describe_backup_vault")
    def describe(original, self, backup_vault_name):
        if backup_vault_name not in self.vaults:
            raise AWSError("AccessDeniedException", "Insufficient privileges to perform this action.")
        return original(self, backup_vault_name)


# Plans and selections


def _plan(api, params: dict):
    plan = api.backup_backend.plans.get(params["BackupPlanId"])
    if plan is None:
        raise AWSError("ResourceNotFoundException", "Failed reading Backup plan with provided version")
    plan.selections = getattr(plan, "selections", {})
    return plan


@adds("backup", "UpdateBackupPlan", "makes a new version of a plan")
def update_plan(api, params):
    plan, given = _plan(api, params), params["BackupPlan"]
    ids = {rule["RuleName"]: rule["RuleId"] for rule in plan.backup_plan["Rules"]}
    defaults = {
        "ScheduleExpression": "cron(0 5 ? * * *)",
        "StartWindowMinutes": 480,
        "CompletionWindowMinutes": 10080,
        "ScheduleExpressionTimezone": "Etc/UTC",
    }
    given["Rules"] = [
        defaults | rule | {"RuleId": ids.get(rule["RuleName"]) or str(uuid.uuid4())} for rule in given["Rules"]
    ]
    plan.backup_plan, plan.version_id = given, uuid.uuid4().hex
    plan.advanced_backup_settings = given.get("AdvancedBackupSettings", [])
    return {
        "BackupPlanId": plan.backup_plan_id,
        "BackupPlanArn": plan.backup_plan_arn,
        "CreationDate": plan.creation_date,
        "VersionId": plan.version_id,
        "AdvancedBackupSettings": plan.advanced_backup_settings,
    }


@adds("backup", "CreateBackupSelection", "adds a selection to a plan, once for each name")
def create_selection(api, params):
    plan, selection = _plan(api, params), params["BackupSelection"]
    if any(one["selection"]["SelectionName"] == selection["SelectionName"] for one in plan.selections.values()):
        raise AWSError("AlreadyExistsException", "Backup selection with the same selection name already exists")
    identifier, now = str(uuid.uuid4()), unix_time()
    plan.selections[identifier] = {"selection": selection, "created": now}
    return {"SelectionId": identifier, "BackupPlanId": plan.backup_plan_id, "CreationDate": now}


@adds("backup", "ListBackupSelections", "lists a plan's selections")
def list_selections(api, params):
    plan = _plan(api, params)
    return {
        "BackupSelectionsList": [
            {
                "SelectionId": identifier,
                "SelectionName": one["selection"]["SelectionName"],
                "BackupPlanId": plan.backup_plan_id,
                "CreationDate": one["created"],
                "IamRoleArn": one["selection"]["IamRoleArn"],
            }
            for identifier, one in plan.selections.items()
        ]
    }


def _selection(api, params: dict) -> tuple:
    plan = _plan(api, params)
    if params["SelectionId"] not in plan.selections:
        raise AWSError("ResourceNotFoundException", f"Failed reading Backup selection {params['SelectionId']}")
    return plan, plan.selections[params["SelectionId"]]


@adds("backup", "GetBackupSelection", "returns a selection")
def get_selection(api, params):
    plan, one = _selection(api, params)
    return {
        "BackupSelection": one["selection"],
        "SelectionId": params["SelectionId"],
        "BackupPlanId": plan.backup_plan_id,
        "CreationDate": one["created"],
    }


@adds("backup", "DeleteBackupSelection", "deletes a selection")
def delete_selection(api, params):
    plan, _ = _selection(api, params)
    del plan.selections[params["SelectionId"]]
    return {}


@correction("backup", "a plan with selections is not deleted")
def delete_plan():
    @replacing(BackupBackend, "delete_backup_plan")
    def delete(original, self, backup_plan_id):
        if getattr(self.plans.get(backup_plan_id), "selections", None):
            raise AWSError(
                "InvalidRequestException",
                "Related backup plan selections must be deleted prior to backup plan deletion",
            )
        return original(self, backup_plan_id)
