"""SNS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.policies import canonical
from ..engine.severity import Severity, opens_to_everybody
from ..engine.unmodelled import watch, with_unmodelled

MISSING = ("NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException")
# Our field: (AWS's attribute, how it is read, how it is written).
ATTRIBUTES: dict[str, tuple[str, Callable[..., Any], Callable[..., Any]]] = {
    "display_name": ("DisplayName", str, str),
    "kms_master_key_id": ("KmsMasterKeyId", str, str),
    "policy": ("Policy", canonical, json.dumps),
    "delivery_policy": ("DeliveryPolicy", json.loads, json.dumps),
}
# Of a subscription: told by its topic, or nothing of ours.
SAID = (
    "ConfirmationWasAuthenticated", "EffectiveDeliveryPolicy", "Endpoint", "Owner", "PendingConfirmation", "Protocol",
    "SubscriptionArn", "SubscriptionPrincipal", "TopicArn",
)  # fmt: skip
EMPTY: dict[str, Any] = {"policy": None, "delivery_policy": {}}


class SnsTopic(Kind):
    """A topic with its subscriptions."""

    name = "sns_topic"
    title = "topic"
    service = "sns"
    settling = (("InvalidParameter", "PrincipalNotFound"),)
    module = "flow_builder.aws.sns_topic"
    cloudformation = "AWS::SNS::Topic"
    properties = {"TopicName": "name"}
    needs = ("kms_key",)
    writable_as = {"*": "Attributes"}  # by name, which the model doesn't tell
    # Three count subscriptions; the last is the delivery policy with AWS's defaults.
    ignored = frozenset({
        "unconfirmed", "SubscriptionsConfirmed", "SubscriptionsDeleted", "SubscriptionsPending",
        "EffectiveDeliveryPolicy",
    })  # fmt: skip
    follows = {"subscription_details": "subscriptions"}
    severities = (Severity("critical", "policy*", opens_to_everybody), Severity("high", "subscriptions*"))
    unmanaged = (Listing("list_topics", "Topics", "TopicArn", delete=("delete_topic", "TopicArn")),)

    def want(self, arguments):
        """Spell policies in one way; subscriptions have no order."""
        want = super().want(arguments)
        if "policy" in want:
            want["policy"] = canonical(want["policy"])
        if "subscriptions" in want:
            want["subscriptions"] = ordered(want["subscriptions"])
        return want

    def find(self, aws, want):
        """Return the topic of this name."""
        return self._live(aws, aws.arn("sns", want["name"]), want.get("subscriptions"))

    def stack(self, aws, stack):
        """Return the topics with the stack's tag, among those whose name begins with it."""
        arns = (topic["TopicArn"] for topic in aws.pages("sns", "list_topics", "Topics"))
        found = (self._live(aws, arn) for arn in arns if arn.rpartition(":")[2].startswith(f"{stack}-"))
        return [topic for topic in found if topic and topic["tags"].get("Stack") == stack]

    def _live(self, aws, arn, wanted=None):
        answer = unless(MISSING, aws("sns").get_topic_attributes, TopicArn=arn)
        tags = unless(MISSING, aws("sns").list_tags_for_resource, ResourceArn=arn)
        if answer is None or tags is None:
            return None
        said = watch(answer["Attributes"])
        live = {"name": arn.rpartition(":")[2], "arn": arn}
        for field, (key, read, _write) in ATTRIBUTES.items():
            value = said.get(key)
            live[field] = read(value) if value else EMPTY.get(field, "")
        subscribed = [item for item in subscriptions(aws, arn) if counts(item, wanted)]
        live |= {
            "subscriptions": ordered(subscribed),
            "unconfirmed": sorted(item["endpoint"] for item in subscribed if item["pending"]),
            "tags": tagging.from_list(tags["Tags"]),
        }
        return with_unmodelled(live, said)

    def read_children(self, aws, live):
        """Return what a subscription says of how it delivers; AWS answers for each by itself."""
        found = []
        for item in subscriptions(aws, live["arn"]):
            # Of a subscription that another account made, SNS tells that account only.
            untold = item["pending"] or item["owner"] != live["arn"].split(":")[4]
            told = {} if untold else unless(
                MISSING, aws("sns").get_subscription_attributes, SubscriptionArn=item["arn"], otherwise={}
            ).get("Attributes", {})  # fmt: skip
            kept = {key: value for key, value in told.items() if key not in SAID and value != "false"}
            found += [{**pair(item), **kept}] if kept else []
        return {"subscription_details": found}

    def create(self, aws, want):
        """Make the topic with its tags."""
        more = {"Tags": tagging.to_list(want["tags"])} if want.get("tags") else {}
        said = {key: write(want[field]) for field, (key, _read, write) in ATTRIBUTES.items() if want.get(field)}
        return aws("sns").create_topic(Name=want["name"], Attributes=said, **more)["TopicArn"]

    def complete(self, aws, want, made):
        """Subscribe."""
        self._subscribe(aws, made, want.get("subscriptions", []))

    def update(self, aws, live, want, changes):
        """Change attributes one by one, as SNS takes them, and the subscriptions."""
        for field in sorted(changes & ATTRIBUTES.keys()):
            key, _read, write = ATTRIBUTES[field]
            value = write(want[field]) if want[field] else ""
            aws("sns").set_topic_attributes(TopicArn=live["arn"], AttributeName=key, AttributeValue=value)
        if "subscriptions" not in changes:
            return
        self._subscribe(aws, live["arn"], [item for item in want["subscriptions"] if item not in live["subscriptions"]])
        for item in subscriptions(aws, live["arn"]):
            if not item["pending"] and pair(item) not in want["subscriptions"]:
                unless(MISSING, aws("sns").unsubscribe, SubscriptionArn=item["arn"])

    @staticmethod
    def _subscribe(aws, arn, items):
        for item in items:
            aws("sns").subscribe(TopicArn=arn, Protocol=item["protocol"], Endpoint=item["endpoint"])

    def notes(self, live):
        """Say who must still confirm."""
        topic = live["name"]
        return [
            f"{endpoint} must confirm its subscription to {topic} by the message that SNS sent"
            for endpoint in live.get("unconfirmed", [])
        ]

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("sns").tag_resource(ResourceArn=live["arn"], Tags=tagging.to_list(add))
        if remove:
            aws("sns").untag_resource(ResourceArn=live["arn"], TagKeys=remove)

    def delete(self, aws, live):
        """Delete the topic with its subscriptions."""
        unless(MISSING, aws("sns").delete_topic, TopicArn=live["arn"])

    def computed(self, aws, want):
        """A topic's ARN can be computed."""
        return {"arn": aws.arn("sns", want["name"])}


def subscriptions(aws, arn: str) -> list[dict]:
    """Return a topic's subscriptions. SNS goes on listing deleted ones for a while."""
    listed = unless(MISSING, aws.pages, "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    return [
        {
            "protocol": item["Protocol"],
            "endpoint": item["Endpoint"],
            "arn": item["SubscriptionArn"],
            "pending": not item["SubscriptionArn"].startswith("arn:"),
            "owner": item["Owner"],
        }
        for item in listed or []
        if item["SubscriptionArn"] != "Deleted"
    ]


def counts(item: dict, wanted: list[dict] | None) -> bool:
    """Say whether a subscription is one.

    One that waits for its confirmation is, if it is wanted; if not, it ends by itself, and nobody can take it back.
    """
    return not item["pending"] or wanted is None or pair(item) in wanted


def pair(item: dict) -> dict:
    """Return what makes a subscription."""
    return {"protocol": item["protocol"], "endpoint": item["endpoint"]}


def ordered(items) -> list[dict]:
    """Return subscriptions in the one order that we compare."""
    return sorted((pair(item) for item in items), key=lambda item: (item["protocol"], item["endpoint"]))


SNS_TOPIC = SnsTopic()
