"""SNS: topics, their policies, and subscriptions."""

import re

from emulator import policies
from emulator.strict import rule

API = "SNS API reference"
MEASURED = "badmintoncryer/cdk-preflight "
RECORDED = "localstack: answers recorded from AWS"
# What may be set on a topic.
ATTRIBUTES = {
    "ApplicationFailureFeedbackRoleArn", "ApplicationSuccessFeedbackRoleArn", "ApplicationSuccessFeedbackSampleRate",
    "ArchivePolicy", "ContentBasedDeduplication", "DataProtectionPolicy", "DeliveryPolicy", "DisplayName",
    "FifoThroughputScope", "FifoTopic", "FirehoseFailureFeedbackRoleArn", "FirehoseSuccessFeedbackRoleArn",
    "FirehoseSuccessFeedbackSampleRate", "HTTPFailureFeedbackRoleArn", "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate", "KmsMasterKeyId", "LambdaFailureFeedbackRoleArn", "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate", "Policy", "SQSFailureFeedbackRoleArn", "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate", "SignatureVersion", "TracingConfig",
}  # fmt: skip
PROTOCOLS = {"http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"}


def _set(call) -> dict[str, str]:
    """Return the attributes that a call sets."""
    given = call.parameters
    if call.operation == "SetTopicAttributes":
        return {given["AttributeName"]: given.get("AttributeValue", "")}
    return given.get("Attributes") or {}


def _existing(call):
    name = call.parameters.get("Name")
    return next((one for one in call.backend().topics.values() if one.name == name), None)


@rule("sns", "CreateTopic", "SetTopicAttributes", code="InvalidParameter", source=f"{API}, SetTopicAttributes")
def topic_attributes_are_known(call):
    """A topic's attributes are known."""
    for name in _set(call):
        if name not in ATTRIBUTES:
            if call.operation == "SetTopicAttributes":
                return "Invalid parameter: AttributeName"
            return f"Invalid parameter: Attributes Reason: Unknown attribute {name}"
    return None


VALUES = {"SignatureVersion": ("1", "2"), "TracingConfig": ("PassThrough", "Active")}


@rule(
    "sns", "CreateTopic", "SetTopicAttributes", code="InvalidParameter",
    source=MEASURED + "pf-sns-topic-attribute-values",
)  # fmt: skip
def topic_attributes_have_their_values(call):
    """A topic's display name has up to 100 characters; signature and tracing have two values each."""
    reason = "Attributes Reason: " if call.operation == "CreateTopic" else ""
    for name, value in _set(call).items():
        if name == "DisplayName" and len(value) > 100 or value not in VALUES.get(name, (value,)):
            return f"Invalid parameter: {reason}{name}"
    return None


@rule("sns", "CreateTopic", code="InvalidParameter", source=RECORDED)
def topic_that_exists_is_the_same(call):
    """Creating a topic that exists is fine with the same attributes and tags only."""
    topic, given = _existing(call), call.parameters
    if topic is None:
        return None
    held = {"DisplayName": topic.display_name or "", "KmsMasterKeyId": topic.kms_master_key_id or ""}
    if any(held[name] != value for name, value in _set(call).items() if name in held):
        return "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    wanted = {one["Key"]: one["Value"] for one in given.get("Tags") or []}
    if wanted and wanted != topic._tags:
        return "Invalid parameter: Tags Reason: Topic already exists with different tags"
    return None


@rule(
    "sns",
    "CreateTopic",
    "SetTopicAttributes",
    code="InvalidParameter",
    source=RECORDED + ", SNS developer guide",
)
def topic_policy_is_a_policy(call):
    """A topic's policy is a policy on SNS's actions, with principals that exist."""
    if "Policy" not in _set(call):
        return None
    document = policies.read(_set(call)["Policy"])
    if not document or not policies.statements(document):
        return "Invalid parameter: Policy Error: null"
    for statement in policies.statements(document):
        for action in policies.listed(statement.get("Action")):
            if not str(action).lower().startswith("sns:") or str(action).lower() == "sns:*":
                return "Invalid parameter: Policy statement action out of service scope!"
    return "Invalid parameter: Policy Error: PrincipalNotFound" if policies.unknown_principals(document) else None


@rule("sns", "Subscribe", code="InvalidParameter", source=RECORDED + ", " + MEASURED + "pf-sns-subscription-endpoint")
def endpoint_fits_the_protocol(call):
    """A subscription's protocol is known, and its endpoint is one of that protocol."""
    protocol, endpoint = call.parameters["Protocol"], call.parameters.get("Endpoint", "")
    if protocol not in PROTOCOLS:
        return f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
    if protocol.startswith("email") and not re.fullmatch(r"[^@\s]+@[^@\s]+", endpoint):
        return "Invalid parameter: Email address"
    if protocol in ("http", "https") and not endpoint.startswith(f"{protocol}://"):
        return "Invalid parameter: Endpoint must match the specified protocol"
    return None


@rule(
    "sns",
    "Subscribe",
    "SetSubscriptionAttributes",
    code="InvalidParameter",
    source=RECORDED,
)
def filter_policy_is_json(call):
    """A subscription's filter policy is a JSON object."""
    given = call.parameters
    text = (given.get("Attributes") or {}).get("FilterPolicy")
    if given.get("AttributeName") == "FilterPolicy":
        text = given.get("AttributeValue")
    if text and policies.read(text) is None:
        reason = "Attributes Reason: " if call.operation == "Subscribe" else ""
        return f"Invalid parameter: {reason}FilterPolicy: failed to parse JSON."
    return None
