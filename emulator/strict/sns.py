"""SNS: topics, their policies, and subscriptions."""

import re

from emulator import filters, policies
from emulator.strict import MEASURED, RECORDED, rule

API = "SNS API reference"
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


TOPICS = ("DeleteTopic", "GetTopicAttributes", "ListSubscriptionsByTopic", "Publish", "SetTopicAttributes", "Subscribe")


@rule("sns", *TOPICS, code="InvalidParameter", source=RECORDED)
def topic_arn_is_of_this_region(call):
    """A topic's ARN has its six parts, and the region that is asked."""
    arn = call.parameters.get("TopicArn")
    if arn is None:
        return None
    parts = arn.split(":")
    if len(parts) < 6:
        return f"Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not {len(parts)}"
    return "Invalid parameter: TopicArn" if parts[3] != call.region else None


@rule(
    "sns",
    "Unsubscribe",
    "GetSubscriptionAttributes",
    "SetSubscriptionAttributes",
    code="InvalidParameter",
    source=RECORDED,
)
def subscription_arn_is_one(call):
    """A subscription's ARN has its seven parts."""
    arn = call.parameters["SubscriptionArn"]
    if not arn:
        return "Invalid parameter: SubscriptionArn Reason: no value for required parameter"
    parts = arn.split(":")
    if len(parts) < 6:
        return f"Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not {len(parts)}"
    return "Invalid parameter: SubscriptionId" if len(parts) < 7 else None


@rule("sns", "CreateTopic", code="InvalidParameter", source=RECORDED)
def topic_name_is_valid(call):
    """A topic's name has up to 256 letters, digits, hyphens and underscores; a FIFO topic's ends with .fifo."""
    fifo = str(_set(call).get("FifoTopic", "")).lower() == "true"
    name = call.parameters["Name"]
    stem = name.removesuffix(".fifo") if fifo else name
    valid = re.fullmatch(r"[A-Za-z0-9_-]+", stem) and len(name) <= 256 and name.endswith(".fifo") >= fifo
    return None if valid else "Invalid parameter: Topic Name"


@rule("sns", "CreateTopic", "TagResource", code="InvalidParameter", source=RECORDED)
def tag_keys_are_unique(call):
    """A topic has each tag once."""
    keys = [tag["Key"] for tag in call.parameters.get("Tags") or []]
    return "Invalid parameter: Duplicated keys are not allowed." if len(keys) != len(set(keys)) else None


@rule("sns", "CreateTopic", "SetTopicAttributes", code="InvalidParameter", source=f"{API}, SetTopicAttributes")
def topic_attributes_are_known(call):
    """A topic's attributes are known."""
    for name in _set(call):
        if name not in ATTRIBUTES or name == "FifoTopic" and call.operation == "SetTopicAttributes":
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


# What a topic that exists must have as it is given.
COMPARED = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")


def attribute(name: str) -> str:
    """Return moto's name of a topic's attribute."""
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


@rule("sns", "CreateTopic", code="InvalidParameter", source=RECORDED)
def topic_that_exists_is_the_same(call):
    """Creating a topic that exists is fine with attributes and tags that it has."""
    topic, given = _existing(call), call.parameters
    if topic is None:
        return None
    if any(str(getattr(topic, attribute(name), "")) != value for name, value in _set(call).items() if name in COMPARED):
        return "Invalid parameter: Attributes Reason: Topic already exists with different attributes"
    wanted = {one["Key"]: one["Value"] for one in given.get("Tags") or []}
    if not wanted.items() <= topic._tags.items():
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


# What may be set on a subscription.
SUBSCRIPTIONS = {
    "DeliveryPolicy", "FilterPolicy", "FilterPolicyScope", "RawMessageDelivery", "RedrivePolicy", "ReplayPolicy",
    "SubscriptionRoleArn",
}  # fmt: skip


def _of_subscription(call) -> dict[str, str]:
    given = call.parameters
    if call.operation == "SetSubscriptionAttributes":
        return {given["AttributeName"]: given.get("AttributeValue", "")}
    return given.get("Attributes") or {}


@rule("sns", "Subscribe", "SetSubscriptionAttributes", code="InvalidParameter", source=RECORDED)
def subscription_attributes_are_known(call):
    """A subscription's attributes are known; whether messages are raw is true or false."""
    for name in _of_subscription(call):
        if name not in SUBSCRIPTIONS:
            if call.operation == "SetSubscriptionAttributes":
                return "Invalid parameter: AttributeName"
            return f"Invalid parameter: Attributes Reason: Unknown attribute: {name}"
    raw = _of_subscription(call).get("RawMessageDelivery", "true")
    if str(raw).lower() not in ("true", "false"):
        reason = "Attributes Reason: " if call.operation == "Subscribe" else ""
        return f"Invalid parameter: {reason}RawMessageDelivery: Invalid value [{raw}]. Must be true or false."
    return None


@rule("sns", "Subscribe", code="InvalidParameter", source=RECORDED)
def subscription_that_exists_is_the_same(call):
    """Subscribing again is fine with the same attributes only, or with none."""
    given, wanted = call.parameters, _of_subscription(call)
    asked = (given["TopicArn"], given["Protocol"], given.get("Endpoint"))
    held = next((one for one in call.backend().subscriptions.values() if _identity(one) == asked), None)
    has = {"FilterPolicyScope": "MessageAttributes", **held.attributes} if held else {}
    if held and any(str(has.get(key, "")).lower() != str(value).lower() for key, value in wanted.items()):
        return "Invalid parameter: Attributes Reason: Subscription already exists with different attributes"
    return None


def _identity(subscription) -> tuple:
    return subscription.topic.arn, subscription.protocol, subscription.endpoint


@rule("sns", "Subscribe", "SetSubscriptionAttributes", code="InvalidParameter", source=RECORDED)
def filter_policy_is_one(call):
    """A subscription's filter policy is a JSON object of fields, conditions and alternatives, not too many."""
    given = _of_subscription(call)
    text = given.get("FilterPolicy")
    if not text:
        return None
    reason = "Attributes Reason: " if call.operation == "Subscribe" else ""
    document = policies.read(text)
    if document is None:
        return f"Invalid parameter: {reason}FilterPolicy: failed to parse JSON."
    held = call.backend().subscriptions.get(call.parameters.get("SubscriptionArn"))
    scope = given.get("FilterPolicyScope") or (held.attributes.get("FilterPolicyScope") if held else None)
    refused = filters.refusal(document, scope or "MessageAttributes")
    return f"Invalid parameter: {reason}FilterPolicy: {refused}" if refused else None
