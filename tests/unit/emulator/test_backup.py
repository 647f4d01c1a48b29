"""AWS Backup as AWS answers it."""

import json

TRUST = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}


def test_plan_and_selections(aws, refused, name):
    backup = aws("backup")
    refused("AccessDeniedException", backup.describe_backup_vault, BackupVaultName=name)
    backup.create_backup_vault(BackupVaultName=name)
    plan = {"BackupPlanName": name, "Rules": [{"RuleName": "daily", "TargetBackupVaultName": name}]}
    made = backup.create_backup_plan(BackupPlan=plan)
    identifier = made["BackupPlanId"]
    before = backup.get_backup_plan(BackupPlanId=identifier)["BackupPlan"]["Rules"][0]["RuleId"]
    plan["Rules"][0]["ScheduleExpression"] = "cron(0 3 * * ? *)"
    assert backup.update_backup_plan(BackupPlanId=identifier, BackupPlan=plan)["VersionId"] != made["VersionId"]
    rule = backup.get_backup_plan(BackupPlanId=identifier)["BackupPlan"]["Rules"][0]
    assert (rule["RuleId"], rule["ScheduleExpression"]) == (before, "cron(0 3 * * ? *)")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    selection = {"SelectionName": "tagged", "IamRoleArn": role, "Resources": ["*"]}
    selected = backup.create_backup_selection(BackupPlanId=identifier, BackupSelection=selection)["SelectionId"]
    refused(
        "AlreadyExistsException", backup.create_backup_selection, BackupPlanId=identifier, BackupSelection=selection
    )
    assert [
        one["SelectionId"] for one in backup.list_backup_selections(BackupPlanId=identifier)["BackupSelectionsList"]
    ] == [selected]
    assert backup.get_backup_selection(BackupPlanId=identifier, SelectionId=selected)["BackupSelection"][
        "Resources"
    ] == ["*"]
    refused("InvalidRequestException", backup.delete_backup_plan, BackupPlanId=identifier)
    backup.delete_backup_selection(BackupPlanId=identifier, SelectionId=selected)
    backup.delete_backup_plan(BackupPlanId=identifier)
