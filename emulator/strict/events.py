"""EventBridge: schedules, and targets that a rule can have."""

import json
import re

from emulator import patterns
from emulator.grants import region_of, service_of
from emulator.strict import MEASURED, RECORDED, rule, schedules

TARGETS_PER_RULE = 5
NEED_ROLE = {
    "batch",
    "codebuild",
    "codepipeline",
    "ecs",
    "events",
    "firehose",
    "glue",
    "inspector",
    "kinesis",
    "redshift",
    "sagemaker",
    "ssm",
    "ssm-incidents",
    "states",
}
PARAMETERS = {
    "EcsParameters": {"ecs"},
    "KinesisParameters": {"kinesis"},
    "BatchParameters": {"batch"},
    "HttpParameters": {"events", "execute-api"},
    "RedshiftDataParameters": {"redshift", "redshift-serverless"},
    "RunCommandParameters": {"ssm"},
    "SageMakerPipelineParameters": {"sagemaker"},
    "AppSyncParameters": {"appsync"},
}
EVENT = {"id", "account", "source", "time", "region", "detail-type"}
_PLACEHOLDER = re.compile(r"<([^<>\s]+)>")


def _targets(call) -> list[dict]:
    return call.parameters.get("Targets", [])


def _json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@rule("events", "PutRule", code="ValidationException", source=RECORDED + ", " + MEASURED + "pf-events-rule-cron-fields")
def schedule_of_a_rule(call):
    """A rule's schedule is a cron expression of six fields or a rate."""
    expression = call.parameters.get("ScheduleExpression")
    return "Parameter ScheduleExpression is not valid." if expression and not schedules.of_rule(expression) else None


@rule("events", "PutRule", "TestEventPattern", code="InvalidEventPatternException", source=RECORDED + ", event-ruler")
def pattern_is_one(call):
    """An event pattern is an object whose leaves are lists of values and of known comparisons."""
    try:
        if text := call.parameters.get("EventPattern"):
            patterns.read(text)
    except patterns.Bad as bad:
        return f"Event pattern is not valid. Reason: {bad}"
    return None


@rule("events", "TestEventPattern", code="ValidationException", source=RECORDED)
def event_is_whole(call):
    """An event to test a pattern with has all that every event has."""
    try:
        event = json.loads(call.parameters["Event"])
    except ValueError:
        event = None
    return None if isinstance(event, dict) and set(event) >= EVENT else "Parameter Event is not valid."


@rule("events", "PutTargets", code="LimitExceededException", source="EventBridge user guide, quotas")
def five_targets_per_rule(call):
    """A rule has up to five targets."""
    bus = call.backend().event_buses.get((call.parameters.get("EventBusName") or "default").split("/")[-1])
    found = bus and bus.rules.get(call.parameters["Rule"])
    names = {one["Id"] for one in (*(found.targets if found else ()), *_targets(call))}
    return "The requested resource exceeds the maximum number allowed." if len(names) > TARGETS_PER_RULE else None


@rule("events", "PutTargets", code="ValidationException", source=RECORDED)
def one_input_per_target(call):
    """A target has one of Input, InputPath and InputTransformer."""
    for one in _targets(call):
        if len({"Input", "InputPath", "InputTransformer"} & set(one)) > 1:
            return f"Only one of Input, InputPath, or InputTransformer must be provided for target {one['Id']}."
    return None


@rule("events", "PutTargets", code="ValidationException", source=MEASURED + "pf-events-target-input-json")
def input_is_json(call):
    """A target's input is JSON."""
    for one in _targets(call):
        if "Input" in one and not _json(one["Input"]):
            return f"JSON syntax error in input for target {one['Id']} : not valid JSON."
    return None


@rule("events", "PutTargets", code="ValidationException", source=MEASURED + "pf-events-input-path-jsonpath")
def input_path_is_a_path(call):
    """A path into the event begins with $ and goes by dots."""
    for one in _targets(call):
        paths = [one.get("InputPath"), *one.get("InputTransformer", {}).get("InputPathsMap", {}).values()]
        if any(path and (not path.startswith("$") or re.search(r"\[\s*['\"]", path)) for path in paths):
            return f"InputPath for target {one['Id']} is invalid."
    return None


@rule("events", "PutTargets", code="ValidationException", source=RECORDED)
def template_uses_its_paths(call):
    """An input template's placeholders are its own paths or EventBridge's."""
    for one in _targets(call):
        given = one.get("InputTransformer", {})
        for name in _PLACEHOLDER.findall(given.get("InputTemplate", "")):
            if name not in given.get("InputPathsMap", {}) and not name.startswith("aws.events."):
                return f"InputTemplate for target {one['Id']} contains invalid placeholder {name}."
    return None


@rule("events", "PutTargets", code="ValidationException", source=MEASURED + "pf-events-target-role-required")
def target_has_a_role(call):
    """A target that EventBridge calls with a role has one."""
    for one in _targets(call):
        if service_of(one["Arn"]) in NEED_ROLE and not one.get("RoleArn") and ":archive/" not in one["Arn"]:
            return f"RoleArn is required for target {one['Arn']}."
    return None


@rule(
    "events",
    "PutTargets",
    code="ValidationException",
    source=MEASURED + "pf-events-target-parameters-required, pf-events-target-parameters-mismatch",
)
def target_has_its_parameters(call):
    """A target has the parameters of its kind, and of no other."""
    for one in _targets(call):
        service = service_of(one["Arn"])
        for needed, name in (("ecs", "EcsParameters"), ("batch", "BatchParameters")):
            if service == needed and name not in one:
                return f"Parameter(s) {name} must be specified for target: {one['Id']}."
        for name, allowed in PARAMETERS.items():
            if name in one and service not in allowed:
                return f"Parameter(s) {name} not supported for target: {one['Id']}."
    return None


@rule("events", "PutTargets", code="ValidationException", source=MEASURED + "pf-events-target-ecs-parameters")
def ecs_target_can_run(call):
    """A task that a rule runs on Fargate has a network, and a rule runs up to ten at once."""
    for one in _targets(call):
        given = one.get("EcsParameters", {})
        network = given.get("NetworkConfiguration", {}).get("awsvpcConfiguration", {})
        if given.get("LaunchType") == "FARGATE" and "NetworkConfiguration" not in given:
            return (
                f"Parameter NetworkConfiguration must be specified for target {one['Id']} when launch type is FARGATE."
            )
        if given.get("LaunchType") == "EC2" and "PlatformVersion" in given:
            return f"Parameter PlatformVersion for target {one['Id']} is not supported when launch type is EC2."
        if len(network.get("Subnets", [])) > 16:
            return "Parameter Subnets is not valid. Reason: size must be in between 1 and 16."
        if len(network.get("SecurityGroups", [])) > 5:
            return "Parameter SecurityGroups is not valid. Reason: size must be in between 0 and 5."
        if given.get("TaskCount", 1) > 10:
            return f"Parameter(s) TaskCount not valid for target: {one['Id']}."
    return None


@rule("events", "PutTargets", code="ValidationException", source=MEASURED + "pf-events-target-dlq")
def dead_letters_go_to_a_queue(call):
    """A target's dead letters go to a standard queue of the region."""
    for one in _targets(call):
        arn = one.get("DeadLetterConfig", {}).get("Arn")
        if arn and service_of(arn) != "sqs":
            return f"{service_of(arn)} is not supported as a dead letter resource."
        if arn and arn.endswith(".fifo"):
            return "SQS FIFO is not supported by Dead Letter Queues."
        if arn and region_of(arn) != call.region:
            return f"The dead letter queue {arn} is not in the region of the rule."
    return None
