"""SQS: names, ranges of attributes, policies, and dead-letter queues that are there."""

import json
import re

from emulator import clock, policies, state
from emulator.strict import MEASURED, observe, rule

API = "SQS API reference, "
WRITES = ("CreateQueue", "SetQueueAttributes")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,80}")
RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1048576),
    "MessageRetentionPeriod": (60, 1209600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43200),
    "KmsDataKeyReusePeriodSeconds": (60, 86400),
}
KNOWN = {
    *RANGES,
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "SqsManagedSseEnabled",
    "DeduplicationScope",
    "FifoThroughputLimit",
}
REUSE_SECONDS = 60
_deleted: dict = state.held({})


def _attributes(call) -> dict:
    return call.parameters.get("Attributes") or {}


def _name(call) -> str:
    return call.parameters.get("QueueName") or call.parameters.get("QueueUrl", "").rstrip("/").split("/")[-1]


@observe("sqs", "DeleteQueue")
def _queue_deleted(call):
    _deleted[call.region, _name(call)] = clock.now()


@rule("sqs", "CreateQueue", code="AWS.SimpleQueueService.QueueDeletedRecently", source=API + "DeleteQueue")
def deleted_name_rests(call):
    """A deleted queue's name is free again after 60 seconds."""
    if clock.now() - _deleted.get((call.region, _name(call)), 0) < REUSE_SECONDS:
        return "You must wait 60 seconds after deleting a queue before you can create another with the same name."
    return None


@rule("sqs", "CreateQueue", code="InvalidParameterValue", source=API + "CreateQueue, QueueName")
def queue_has_a_name(call):
    """A queue's name has letters, digits, hyphens and underscores; a FIFO queue's ends in .fifo, and no other's."""
    name = _name(call)
    fifo = str(_attributes(call).get("FifoQueue", "")).lower() == "true"
    if fifo and not name.endswith(".fifo"):
        return (
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end "
            "with .fifo suffix and be 1 to 80 in length."
        )
    if len(name) > 80 or not NAME.fullmatch(name.removesuffix(".fifo") if fifo else name):
        return "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    return None


@rule("sqs", *WRITES, code="InvalidAttributeName", source="localstack: answers recorded from AWS")
def attribute_is_known(call):
    """An attribute has one of SQS's names, and FIFO queues' attributes are FIFO queues'."""
    for key in _attributes(call):
        if key not in KNOWN or (key in ("ContentBasedDeduplication", "FifoQueue") and not fifo(call)):
            return f"Unknown Attribute {key}."
        if key in ("DeduplicationScope", "FifoThroughputLimit") and not fifo(call):
            return f"You can specify the {key} only when FifoQueue is set to true."
    return None


def fifo(call) -> bool:
    """Tell whether a call is about a FIFO queue."""
    return _name(call).endswith(".fifo")


@rule("sqs", *WRITES, code="InvalidAttributeValue", source=API + "CreateQueue, Attributes")
def attribute_in_range(call):
    """A number among the attributes is in its range."""
    for key, (least, most) in RANGES.items():
        value = _attributes(call).get(key)
        if value is not None and not (str(value).isdigit() and least <= int(value) <= most):
            return f"Invalid value for the parameter {key}."
    return None


@rule("sqs", *WRITES, code="InvalidAttributeValue", source="localstack: answers recorded from AWS")
def queue_keeps_its_type(call):
    """A queue is FIFO from the start or never."""
    value = _attributes(call).get("FifoQueue")
    if value is not None and str(value).lower() != "true":
        return "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
    return None


@rule("sqs", *WRITES, code="InvalidAttributeValue", source="SQS developer guide, access policy language")
def queue_policy_is_a_policy(call):
    """A queue's policy is a policy document whose principals exist."""
    text = _attributes(call).get("Policy")
    if not text:
        return None
    document = policies.read(text)
    if document is None or not policies.statements(document):
        return "Invalid value for the parameter Policy."
    for one in policies.statements(document):
        if (
            one.get("Effect") not in ("Allow", "Deny")
            or not {"Action", "NotAction"} & set(one)
            or not policies.principals(one)
        ):
            return "Invalid value for the parameter Policy."
        if any(not _sqs_action(str(action)) for action in policies.listed(one.get("Action"))):
            return "Invalid value for the parameter Policy. Reason: Invalid action."
    return "Invalid value for the parameter Policy." if policies.unknown_principals(document) else None


def _sqs_action(action: str) -> bool:
    return action == "*" or action.lower().startswith("sqs:")


@rule(
    "sqs",
    *WRITES,
    code="InvalidParameterValue",
    source="serverless/serverless#5215, crossplane-contrib/provider-aws#443, " + MEASURED + "pf-sqs-redrive-policy",
)
def redrive_goes_to_a_queue(call):
    """A redrive policy names a queue of the same type, account and region, which is there, and 1 to 1000 receives."""
    text = _attributes(call).get("RedrivePolicy")
    if not text:
        return None
    reason = _redrive(call, policies.read(text))
    return reason and f"Value {text} for parameter RedrivePolicy is invalid. Reason: {reason}"


def _redrive(call, given) -> str | None:
    if given is None:
        return "Redrive policy is not a valid JSON map."
    for key in ("deadLetterTargetArn", "maxReceiveCount"):
        if key not in given:
            return f"Redrive policy does not contain mandatory attribute: {key}."
    if set(given) - {"deadLetterTargetArn", "maxReceiveCount"}:
        return "Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount]."
    arn, count = str(given["deadLetterTargetArn"]), str(given["maxReceiveCount"])
    if not count.isdigit() or not 1 <= int(count) <= 1000:
        return f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
    if not re.match(r"arn:[^:]+:sqs:", arn):
        return "Only SQS queues are valid resources for deadLetterTargetArn"
    if arn.endswith(".fifo") != fifo(call):
        return "Dead-letter queue must be same type of queue as the source."
    return None if arn in _arns(call) else "Dead letter target does not exist."


def _arns(call) -> set[str]:
    return {queue.queue_arn for queue in call.backend().queues.values()}


@rule("sqs", *WRITES, code="InvalidParameterValue", source=API + "CreateQueue, RedriveAllowPolicy")
def redrive_is_allowed(call):
    """A dead-letter queue's own policy says which queues may send to it."""
    given = policies.read(_attributes(call).get("RedrivePolicy")) or {}
    target = next(
        (one for one in call.backend().queues.values() if one.queue_arn == given.get("deadLetterTargetArn")), None
    )
    allowed = policies.read(
        target.redrive_allow_policy if isinstance(getattr(target, "redrive_allow_policy", None), str) else ""
    )
    if not allowed:
        return None
    arn = f"{target.queue_arn.rpartition(':')[0]}:{_name(call)}"
    by_queue = allowed.get("redrivePermission") == "byQueue" and arn not in allowed.get("sourceQueueArns", [])
    if by_queue or allowed.get("redrivePermission") == "denyAll":
        return (
            f"Value {json.dumps(given)} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not "
            "allow "
            "this source queue."
        )
    return None


@rule("sqs", *WRITES, code="InvalidParameterValue", source=MEASURED + "pf-sqs-redrive-allow-policy")
def redrive_allow_policy_is_one(call):
    """A redrive allow policy allows all, none, or one to ten queues by name."""
    text = _attributes(call).get("RedriveAllowPolicy")
    given = policies.read(text) if text else {"redrivePermission": "allowAll"}
    cannot = "Amazon SQS can't create the redrive allow policy"
    if given is None or given.get("redrivePermission") not in ("allowAll", "denyAll", "byQueue"):
        return f"{cannot}, as it's in an unsupported format."
    by_queue, arns = given["redrivePermission"] == "byQueue", given.get("sourceQueueArns")
    if by_queue and not 1 <= len(policies.listed(arns)) <= 10:
        return (
            f"{cannot}. When you specify the byQueue permission type, you must also specify between 1 and 10 source "
            "queue "
            "ARNs."
        )
    if not by_queue and arns is not None:
        return f"{cannot}. You can specify source queue ARNs only when the permission type is byQueue."
    return None


@rule("sqs", *WRITES, code="InvalidAttributeValue", source=MEASURED + "pf-sqs-sse-exclusive")
def one_encryption_at_a_time(call):
    """A queue is encrypted by SQS's key or by a key of KMS."""
    given = _attributes(call)
    if given.get("KmsMasterKeyId") and str(given.get("SqsManagedSseEnabled")).lower() == "true":
        return (
            "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS "
            "SSE."
        )
    return None


@rule("sqs", *WRITES, code="InvalidAttributeValue", source=MEASURED + "pf-sqs-high-throughput-pairing")
def throughput_per_group_dedups_per_group(call):
    """A throughput limit per message group goes with deduplication per message group."""
    given = _attributes(call)
    if given.get("FifoThroughputLimit") != "perMessageGroupId":
        return None
    if (
        given.get("DeduplicationScope", "queue" if call.operation == "CreateQueue" else "messageGroup")
        == "messageGroup"
    ):
        return None
    return (
        "Invalid value for the parameter FifoThroughputLimit. Reason: To set FifoThroughputLimit to "
        "perMessageGroupId, the "
        "DeduplicationScope must be messageGroup."
    )
