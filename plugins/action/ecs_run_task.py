"""Runs one task of ECS to its end. An action, because a module can't show lines while they come."""

from __future__ import annotations

import json

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import unless
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import tail
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.plain import plain, plainly
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import diagnosis, plan
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.records import short
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.tasks import (
    begin,
    definition,
    image_of,
    listed,
    watch,
    with_image,
)
from ansible_collections.flow_builder.aws.plugins.modules.ecs_run_task import ARGUMENTS
from ansible_collections.flow_builder.aws.plugins.plugin_utils.aws_action import AwsAction


class ActionModule(AwsAction):
    """Run a task."""

    arguments = ARGUMENTS

    def work(self, aws, asked):
        """Return exit code, lines and what the last line says, if that is JSON."""
        container, going = asked["container"], going_on(aws, asked)
        if self._task.check_mode:
            return foretold(aws, asked, going)
        if asked["image"]:
            revision, new = with_image(aws, asked["family"], container, asked["image"])
        else:
            revision, new = definition(aws, asked["family"])[0]["taskDefinitionArn"], False
        try:
            return self._ran(aws, asked, revision, going)
        except Exception:
            # The newest revision of a family is what site.yml goes on from: what failed is none.
            if new:
                unless("ClientException", aws("ecs").deregister_task_definition, taskDefinition=revision)
            raise

    def _ran(self, aws, asked, revision, going):
        if going:
            self.say(f"{named(going)} still runs: it is watched to its end, and no other is run")
        task, lines = self._watched(aws, asked, going or begin(aws, wanted(asked, revision, asked["environment"])))
        result = last_object(lines, asked["result"])
        if asked["result"] and not result:
            if not asked["ask"]:
                raise EngineError(f"{named(task)} ended with 0, and its log doesn't tell what it did")
            self.say("its log doesn't tell what it did, so a second task asks")
            again = wanted(asked, task["taskDefinitionArn"], {**asked["environment"], **asked["ask"]})
            result = last_object(self._watched(aws, asked, begin(aws, again))[1], asked["result"])
            if not result:
                raise EngineError(f"{named(task)} ended with 0; neither its log nor a second task tells what it did")
        shown = [plain(line) for line in lines]
        ran = task["taskDefinitionArn"]
        return {"changed": True, "exit_code": 0, "lines": shown, "result": result, "task_definition": ran}

    def _watched(self, aws, asked, begun):
        """Return a task that ended with 0, and its last lines."""
        container = asked["container"]
        key = asked["result"]
        tells = (lambda lines: bool(last_object(lines, key))) if key else None
        task, lines = watch(aws, begun, container, self.say, asked["timeout"], asked["pause"], tells)
        ended = diagnosis.Ended.of(task, container)
        ended.lines = lines
        if ended.exit_code != 0:
            log = f"/aws/ecs/{asked['family']}"
            names = {
                "stack": asked["family"].removesuffix(f"-{container}"), "component": container, "group": log,
                "cluster": asked["cluster"], "repository": asked["family"], "release": "RELEASE",
            }  # fmt: skip
            raise EngineError(f"{asked['family']} failed:\n{diagnosis.report([ended], names)}")
        return task, lines


def wanted(asked, revision: str, environment: dict) -> dict:
    """Return what RunTask takes."""
    variables = [{"name": key, "value": str(value)} for key, value in environment.items()]
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
        "overrides": {"containerOverrides": [{"name": asked["container"], "environment": variables}]},
    }


def named(task) -> str:
    """Return how a sentence calls a task."""
    return f"task {task['taskArn'].rpartition('/')[2][:8]} of {tail(task['taskDefinitionArn'])}"


def going_on(aws, asked) -> dict | None:
    """Return the task of the family that a run left when it stopped watching it, with the same image and variables.

    Raises EngineError for any other that runs.
    """
    running = unless(
        "ClusterNotFoundException", listed, aws, asked["cluster"], family=asked["family"], desiredStatus="RUNNING",
        otherwise=[],
    )  # fmt: skip
    for task in running:
        overrides = task.get("overrides", {}).get("containerOverrides", [])
        mine: dict = next((one for one in overrides if one.get("name") == asked["container"]), {})
        given = {one["name"]: one["value"] for one in mine.get("environment", [])}
        image = asked["image"] or image_of(definition(aws, asked["family"])[0], asked["container"])
        runs = image_of(definition(aws, task["taskDefinitionArn"])[0], asked["container"])
        if runs != image or given != {key: str(value) for key, value in asked["environment"].items()}:
            raise EngineError(
                f"{named(task)} still runs, with {short(runs)} and variables of its own: wait for its end, or run what "
                "it was run for again, which watches it"
            )
    return next(iter(running), None)


def foretold(aws, asked, going) -> dict:
    """Return which task would run, in the way in which resources tell what would change."""
    now, _tags = definition(aws, asked["family"])
    image = asked["image"] or image_of(now, asked["container"])
    before = {"image": short(image_of(now, asked["container"])), "task_definition": tail(now["taskDefinitionArn"])}
    after = {"image": short(image), "task_definition": plan.next_of(now, asked["container"], image)}
    does = f"{named(going)} still runs and would be watched" if going else f"{after['task_definition']} would run once"
    return {
        "changed": True, "kind": "ecs_task", "name": asked["family"], "action": "update", "reason": does,
        "diff": {"before": before, "after": after}, "msg": does,
    }  # fmt: skip


def last_object(lines: list[str], key: str | None = None) -> dict:
    """Return the last line that is a JSON object, with a key where one is said."""
    for line in reversed(lines):
        if line.startswith("{"):
            try:
                found = plainly(json.loads(line))
            except ValueError:
                continue
            if not key or key in found:
                return found
    return {}
