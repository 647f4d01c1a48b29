"""SNS: what topics and subscriptions tell (recorded: localstack, tests/aws/services/sns)."""

import copy
import json

from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, sns_backends

from emulator import ACCOUNT, filters
from emulator.patching import answers, correction, replacing

CONFIRMED_BY_THEIR_OWNER = ("http", "https", "email", "email-json")


# How SNS delivers by HTTP where a topic doesn't say otherwise.
DELIVERY: dict = {
    "defaultHealthyRetryPolicy": {
        "minDelayTarget": 20, "maxDelayTarget": 20, "numRetries": 3, "numMaxDelayRetries": 0, "numNoDelayRetries": 0,
        "numMinDelayRetries": 0, "backoffFunction": "linear",
    },
    "disableSubscriptionOverrides": False,
    "defaultRequestPolicy": {"headerContentType": "text/plain; charset=UTF-8"},
}  # fmt: skip


def effective(policy: str) -> dict:
    """Return a topic's delivery policy with what it doesn't say."""
    said = json.loads(policy or "{}").get("http", {})
    made = copy.deepcopy(DELIVERY)
    for name, value in said.items():
        made[name] = {**made.get(name, {}), **value} if isinstance(value, dict) else value
    return {"http": made}


@answers("sns", "GetTopicAttributes", "tells a delivery policy only where there is one, and how it is completed")
def topic_attributes(api, params, moto):
    topic, answer = api.backend.get_topic(params["TopicArn"]), moto()
    told = answer["Attributes"]
    if not topic.delivery_policy:
        told.pop("DeliveryPolicy", None)
    told["EffectiveDeliveryPolicy"] = json.dumps(effective(topic.delivery_policy))
    for name, attribute in (("SignatureVersion", "signature_version"), ("TracingConfig", "tracing_config")):
        if hasattr(topic, attribute):
            told[name] = getattr(topic, attribute)
    return answer


@answers("sns", "Subscribe", "has no ARN to tell before somebody confirms, unless it is asked for")
def subscribe(api, params, moto):
    answer = moto()
    pending = params["Protocol"] in CONFIRMED_BY_THEIR_OWNER
    if pending and str(params.get("ReturnSubscriptionArn", "")).lower() != "true":
        answer["SubscriptionArn"] = "pending confirmation"
    return answer


@answers("sns", "ListSubscriptionsByTopic", "has no ARN to tell of who hasn't confirmed")
@answers("sns", "ListSubscriptions", "has no ARN to tell of who hasn't confirmed")
def listed_subscriptions(api, params, moto):
    answer = moto()
    for one in answer["Subscriptions"]:
        subscription = api.backend.subscriptions.get(one["SubscriptionArn"])
        if one["Protocol"] in CONFIRMED_BY_THEIR_OWNER and subscription and not subscription.confirmed:
            one["SubscriptionArn"] = "PendingConfirmation"
    return answer


@answers("sns", "ConfirmSubscription", "confirms the topic's endpoints of HTTP; tokens aren't kept")
def confirm_subscription(api, params, moto):
    answer = moto()
    for one in api.backend.subscriptions.values():
        one.confirmed |= one.topic.arn == params["TopicArn"] and one.protocol in ("http", "https")
    return answer


def confirm(region: str, endpoint: str) -> dict:
    """Confirm the subscriptions of an endpoint, as its owner does by the message that SNS sends."""
    those = [one for one in sns_backends[ACCOUNT][region].subscriptions.values() if one.endpoint == endpoint]
    for one in those:
        one.confirmed = True
    return {"confirmed": [one.arn for one in those]}


@answers("sns", "GetSubscriptionAttributes", "tells who subscribed")
def subscription_attributes(api, params, moto):
    answer = moto()
    answer["Attributes"].setdefault("SubscriptionPrincipal", f"arn:aws:iam::{api.current_account}:user/moto")
    return answer


@correction("sns", "filter policies are judged in SNS's words, alternatives among them")
def filter_policies():
    @replacing(SNSBackend, "_validate_filter_policy")
    def validate(_original, self, value, scope):
        refused = filters.refusal(value, scope or "MessageAttributes")
        if refused:
            raise SNSInvalidParameter(f"Invalid parameter: FilterPolicy: {refused}")


@correction(
    "sns", "messages are signed by version 1 where the topic doesn't say otherwise, and name their subscription"
)
def messages():
    @replacing(Subscription, "get_post_data")
    def data(original, self, *args, **kwargs):
        told = original(self, *args, **kwargs)
        told["SignatureVersion"] = getattr(self.topic, "signature_version", "1")
        region = self.topic.sns_backend.region_name
        told["UnsubscribeURL"] = f"https://sns.{region}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={self.arn}"
        return told
