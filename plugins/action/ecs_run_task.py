"""Runs one task of ECS to its end. An action, because a module can't show lines while they come."""

from __future__ import annotations

import json

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import unless
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain, plainly
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs import tail
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis, plan
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import short
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.tasks import (
    definition,
    image_of,
    run,
    with_image,
)
from ansible_collections.flow_builder.aws.plugins.modules.ecs_run_task import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction


class ActionModule(AwsAction):
    """Run a task."""

    arguments = ARGUMENTS

    def work(self, aws, asked):
        """Return exit code, lines and what the last line says, if that is JSON."""
        container = asked["container"]
        if self._task.check_mode:
            return foretold(aws, asked)
        if asked["image"]:
            revision, new = with_image(aws, asked["family"], container, asked["image"])
        else:
            revision, new = definition(aws, asked["family"])[0]["taskDefinitionArn"], False
        try:
            return self._ran(aws, asked, container, revision)
        except Exception:
            # The newest revision of a family is what site.yml goes on from: what failed is none.
            if new:
                unless("ClientException", aws("ecs").deregister_task_definition, taskDefinition=revision)
            raise

    def _ran(self, aws, asked, container, revision):
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
        shown = [plain(line) for line in lines]
        return {"changed": True, "exit_code": 0, "lines": shown, "result": told(lines), "task_definition": revision}

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


def foretold(aws, asked) -> dict:
    """Return which task would run, in the way in which resources tell what would change."""
    now, _tags = definition(aws, asked["family"])
    image = asked["image"] or image_of(now, asked["container"])
    before = {"image": short(image_of(now, asked["container"])), "task_definition": tail(now["taskDefinitionArn"])}
    after = {"image": short(image), "task_definition": plan.next_of(now, asked["container"], image)}
    return {
        "changed": True, "kind": "ecs_task", "name": asked["family"], "action": "update",
        "reason": f"{after['task_definition']} would run once", "diff": plan.told(before, after),
        "msg": f"would run {after['task_definition']} once",
    }  # fmt: skip


def told(lines: list[str]) -> dict:
    """Return the last line that is a JSON object."""
    for line in reversed(lines):
        if line.startswith("{"):
            try:
                return plainly(json.loads(line))
            except ValueError:
                continue
    return {}
