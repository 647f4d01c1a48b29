"""Runs one task of ECS to its end. An action, because a module can't show lines while they come."""

from __future__ import annotations

import json

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.tasks import definition, run, with_image
from ansible_collections.flow_builder.aws.plugins.modules.ecs_run_task import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction


class ActionModule(AwsAction):
    """Run a task."""

    arguments = ARGUMENTS

    def work(self, aws, asked):
        """Return exit code, lines and what the last line says, if that is JSON."""
        container = asked["container"]
        if self._task.check_mode:
            return {"changed": True, "msg": f"would run {asked['family']}"}
        if asked["image"]:
            revision, _new = with_image(aws, asked["family"], container, asked["image"])
        else:
            revision = definition(aws, asked["family"])[0]["taskDefinitionArn"]
        task, lines = run(aws, self._wanted(asked, revision), container, self.say, asked["timeout"], asked["pause"])
        ended = diagnosis.Ended.of(task, container)
        ended.lines = lines
        if ended.exit_code != 0:
            log = f"/aws/ecs/{asked['family']}"
            names = {
                "stack": asked["family"].removesuffix(f"-{container}"), "component": container, "group": log,
                "cluster": asked["cluster"], "repository": asked["family"], "release": "RELEASE",
            }  # fmt: skip
            raise EngineError(f"{asked['family']} failed:\n{diagnosis.report([ended], names)}")
        return {"changed": True, "exit_code": 0, "lines": lines, "result": told(lines), "task_definition": revision}

    @staticmethod
    def _wanted(asked, revision):
        environment = [{"name": key, "value": str(value)} for key, value in asked["environment"].items()]
        return {
            "cluster": asked["cluster"],
            "taskDefinition": revision,
            "launchType": "FARGATE",
            "count": 1,
            "propagateTags": "TASK_DEFINITION",
            "networkConfiguration": {
                "awsvpcConfiguration": {
                    "subnets": asked["subnet_ids"],
                    "securityGroups": asked["security_group_ids"],
                    "assignPublicIp": "ENABLED" if asked["assign_public_ip"] else "DISABLED",
                }
            },
            "overrides": {"containerOverrides": [{"name": asked["container"], "environment": environment}]},
        }


def told(lines: list[str]) -> dict:
    """Return the last line that is a JSON object."""
    for line in reversed(lines):
        if line.startswith("{"):
            try:
                return json.loads(line)
            except ValueError:
                continue
    return {}
