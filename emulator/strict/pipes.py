"""EventBridge Pipes: sources, targets and batches that fit; a role that may do the work."""

import re

from emulator import ACCOUNT, patterns
from emulator.grants import may, region_of, service_of
from emulator.permissions import trusts
from emulator.strict import MEASURED, observe, rule
from emulator.strict.passrole import role_of

WRITES = ("CreatePipe", "UpdatePipe")
SOURCES = {
    "KinesisStreamParameters": "kinesis",
    "DynamoDBStreamParameters": "dynamodb",
    "SqsQueueParameters": "sqs",
    "ManagedStreamingKafkaParameters": "kafka",
    "ActiveMQBrokerParameters": "mq",
    "RabbitMQBrokerParameters": "mq",
}
TARGETS = {
    "LambdaFunctionParameters": {"lambda"},
    "StepFunctionStateMachineParameters": {"states"},
    "KinesisStreamParameters": {"kinesis"},
    "EcsTaskParameters": {"ecs"},
    "BatchJobParameters": {"batch"},
    "SqsQueueParameters": {"sqs"},
    "EventBridgeEventBusParameters": {"events"},
    "HttpParameters": {"events", "execute-api"},
    "RedshiftDataParameters": {"redshift", "redshift-serverless"},
    "SageMakerPipelineParameters": {"sagemaker"},
    "CloudWatchLogsParameters": {"logs"},
    "TimestreamParameters": {"timestream"},
}
# What a target takes in one call; those that aren't here set no limit of their own.
BATCHES = {"sqs": 10, "sns": 10, "events": 10, "ecs": 1, "batch": 1}
VARIABLES = {
    "aws.pipes.pipe-arn",
    "aws.pipes.pipe-name",
    "aws.pipes.source-arn",
    "aws.pipes.enrichment-arn",
    "aws.pipes.target-arn",
    "aws.pipes.event.ingestion-time",
    "aws.pipes.event",
    "aws.pipes.event.json",
}
# What a role does for a pipe at its source.
READS = {"sqs": ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")}


def _pipe(call):
    return call.backend("pipes").pipes.get(call.parameters.get("Name"))


def _ends(call) -> tuple[str, str]:
    """Return a pipe's source and target; an update names only what it changes."""
    pipe = _pipe(call)
    return (
        call.parameters.get("Source") or getattr(pipe, "source", ""),
        call.parameters.get("Target") or getattr(pipe, "target", ""),
    )


@rule("pipes", "CreatePipe", code="ValidationException", source=MEASURED + "pf-pipes-cross-region")
def pipe_stays_in_its_region(call):
    """A pipe's source and target are in its region."""
    if any(region_of(arn) not in ("", call.region) for arn in _ends(call)):
        return "Creating cross-region pipe is not permitted."
    return None


@rule("pipes", *WRITES, code="ValidationException", source=MEASURED + "pf-pipes-source-parameters")
def source_has_its_parameters(call):
    """A source has the parameters of its kind; streams need theirs."""
    source, given = service_of(_ends(call)[0]), call.parameters.get("SourceParameters", {})
    for name, service in SOURCES.items():
        if name in given and source and source != service:
            return "Invalid source parameter provided for source."
        if (
            call.operation == "CreatePipe"
            and source == service
            and source in ("kinesis", "dynamodb")
            and name not in given
        ):
            return f"SourceParameters.{name} Missing required parameter."
    return None


@rule("pipes", *WRITES, code="ValidationException", source=MEASURED + "pf-pipes-target-parameters")
def pipe_target_has_its_parameters(call):
    """A target has the parameters of its kind."""
    target, given = service_of(_ends(call)[1]), call.parameters.get("TargetParameters", {})
    if any(name in given and target and target not in allowed for name, allowed in TARGETS.items()):
        return "Invalid target parameter provided for target."
    return None


@rule(
    "pipes",
    *WRITES,
    code="ValidationException",
    source="EventBridge user guide, pipes batching, " + MEASURED + "pf-pipes-batch-size-target-limit",
)
def batch_fits_the_target(call):
    """A source's batch is no larger than what the target takes at once; tasks and jobs take one."""
    most = BATCHES.get(service_of(_ends(call)[1]))
    for given in call.parameters.get("SourceParameters", {}).values():
        size = given.get("BatchSize") if isinstance(given, dict) else None
        if most and size and size > most:
            return (
                f"The configured batch size {size} is greater than the max supported batch size {most} of the target."
            )
    return None


@rule("pipes", *WRITES, code="ValidationException", source=MEASURED + "pf-pipes-target-sns-fifo")
def target_is_no_fifo_topic(call):
    """A FIFO topic is no target."""
    target = _ends(call)[1]
    if service_of(target) == "sns" and target.endswith(".fifo"):
        return "SNS FIFO topics are not supported as a target."
    return None


@rule("pipes", *WRITES, code="ValidationException", source=MEASURED + "pf-pipes-filter-pattern")
def filter_is_a_pattern(call):
    """A filter's pattern is an event pattern: an object whose leaves are lists."""
    for one in call.parameters.get("SourceParameters", {}).get("FilterCriteria", {}).get("Filters", []):
        try:
            patterns.read(one.get("Pattern") or "{}")
        except patterns.Bad as bad:
            return f"Invalid Event Pattern. Reason: {bad}"
    return None


@rule("pipes", *WRITES, code="ValidationException", source=MEASURED + "pf-pipes-input-template-variables")
def template_uses_known_variables(call):
    """A template uses paths into the event and Pipes' own variables."""
    for part in ("TargetParameters", "EnrichmentParameters"):
        template = call.parameters.get(part, {}).get("InputTemplate", "")
        for name in re.findall(r"<(aws\.[^<>]+)>", template):
            if name not in VARIABLES:
                return f"Invalid json path reference or predefined variable for placeholder {name}."
    return None


@rule("pipes", *WRITES, code="ValidationException", source=MEASURED + "pf-pipes-log-configuration")
def logging_has_a_place(call):
    """Logging that isn't off goes somewhere."""
    given = call.parameters.get("LogConfiguration", {})
    places = ("CloudwatchLogsLogDestination", "FirehoseLogDestination", "S3LogDestination")
    if given.get("Level", "OFF") != "OFF" and not any(given.get(place) for place in places):
        return "Must provide at least 1 log destination in LogConfiguration."
    return None


# CreatePipe takes what a role may not do; the pipe then fails. (terraform-aws-modules/terraform-aws-eventbridge#133)


@observe("pipes", *WRITES, "StartPipe")
def _role_is_tried(call):
    pipe = _pipe(call)
    reason = pipe and _lacks(call, pipe)
    if reason:
        pipe.fail(f"Input parameter is invalid from the request due to : {reason}")


def _lacks(call, pipe) -> str | None:
    role = role_of(call, pipe.role_arn)
    if role and not trusts(role, "pipes.amazonaws.com", {"aws:SourceArn": pipe.arn, "aws:SourceAccount": ACCOUNT}):
        return "Pipes was unable to assume the provided customer role."
    for action in READS.get(service_of(pipe.source), ()):
        if not may(pipe.role_arn, action, pipe.source):
            return f"The provided customer role does not have permissions to call {action.split(':')[1]} on SQS"
    return None
