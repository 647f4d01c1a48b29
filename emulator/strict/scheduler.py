"""EventBridge Scheduler: schedules, windows and targets."""

import json
import zoneinfo

from emulator.grants import region_of, service_of
from emulator.strict import MEASURED, rule, schedules

WRITES = ("CreateSchedule", "UpdateSchedule")
PARAMETERS = {
    "EcsParameters": "ecs",
    "EventBridgeParameters": "events",
    "KinesisParameters": "kinesis",
    "SageMakerPipelineParameters": "sagemaker",
    "SqsParameters": "sqs",
}


def _target(call) -> dict:
    return call.parameters.get("Target", {})


@rule(
    "scheduler",
    *WRITES,
    code="ValidationException",
    source="localstack: answers recorded from AWS, " + MEASURED + "pf-scheduler-schedule-expression",
)
def schedule_is_valid(call):
    """A schedule is a cron expression, a rate or a time."""
    expression = call.parameters["ScheduleExpression"]
    return None if schedules.of_schedule(expression) else f"Invalid Schedule Expression {expression}."


@rule("scheduler", *WRITES, code="ValidationException", source="EventBridge Scheduler user guide, time zones")
def time_zone_is_known(call):
    """A schedule's time zone is one of IANA's."""
    zone = call.parameters.get("ScheduleExpressionTimezone")
    if zone and zone not in zoneinfo.available_timezones():
        return f"Invalid ScheduleExpressionTimezone {zone}."
    return None


@rule("scheduler", *WRITES, code="ValidationException", source=MEASURED + "pf-scheduler-flexible-window")
def window_goes_with_its_mode(call):
    """A flexible window has a length, and no other has."""
    given = call.parameters["FlexibleTimeWindow"]
    flexible, length = given.get("Mode") == "FLEXIBLE", given.get("MaximumWindowInMinutes")
    if flexible and length is None:
        return "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE."
    if not flexible and length is not None:
        return "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF."
    return None


@rule("scheduler", *WRITES, code="ValidationException", source=MEASURED + "pf-scheduler-start-end-order")
def start_comes_before_end(call):
    """A schedule starts before it ends."""
    start, end = call.parameters.get("StartDate"), call.parameters.get("EndDate")
    return "The StartDate you specify must come before the EndDate." if start and end and start >= end else None


@rule("scheduler", *WRITES, code="ValidationException", source=MEASURED + "pf-scheduler-target-parameters")
def schedule_target_has_its_parameters(call):
    """A target has the parameters of its kind: FIFO queues a group, tasks on Fargate a network."""
    target = _target(call)
    service = service_of(target.get("Arn", ""))
    for name, wanted in PARAMETERS.items():
        if name in target and service != wanted:
            return f"Parameters {name} not supported for the target."
    fifo, group = target.get("Arn", "").endswith(".fifo"), target.get("SqsParameters", {}).get("MessageGroupId")
    if service == "sqs" and fifo and "SqsParameters" not in target:
        return "Parameters SqsParameters must be specified."
    if service == "sqs" and not fifo and group is not None:
        return "Parameters MessageGroupId not valid for the target."
    task = target.get("EcsParameters", {})
    if task.get("LaunchType") == "FARGATE" and "NetworkConfiguration" not in task:
        return "Parameter NetworkConfiguration must be specified for the target when launch type is FARGATE."
    return None


@rule("scheduler", *WRITES, code="ValidationException", source=MEASURED + "pf-scheduler-target-input-json")
def schedule_input_is_json(call):
    """A target's input is JSON."""
    try:
        json.loads(_target(call).get("Input") or "{}")
    except ValueError:
        return "JSON syntax error in input for the target."
    return None


@rule("scheduler", *WRITES, code="ValidationException", source=MEASURED + "pf-scheduler-target-region")
def schedule_target_is_here(call):
    """A target is in the schedule's region."""
    if region_of(_target(call).get("Arn", "")) not in ("", call.region):
        return f"The target ARN provided does not match the current region {call.region}."
    return None
