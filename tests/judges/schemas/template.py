"""Live resources as a CloudFormation template, and what cfn-lint says of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cfnlint.api import lint
from cfnlint.config import ManualArgs
from cfnlint.core import get_rules

from .types import REGION, Mapping


@dataclass(frozen=True)
class Finding:
    """What a schema says against a resource of ours."""

    kind: str
    resource: str
    path: str
    rule: str
    says: str


def inner(kind: str, live: dict) -> Iterator[tuple[str, dict, dict[str, str]]]:
    """Yield what CloudFormation has as resources of their own and a kind of ours has inside: type, values, names."""
    if kind == "load_balancer":
        arn, details = live["arn"], {one.get("Port"): one for one in live["listener_details"]}
        for listener in live["listeners"]:
            listener_arn = details[listener["Port"]]["ListenerArn"]
            yield (
                "AWS::ElasticLoadBalancingV2::Listener",
                {**listener, "LoadBalancerArn": arn, "attributes": details[listener["Port"]]["attributes"]},
                {"ListenerAttributes": "attributes"},
            )
            for rule in listener.get("Rules") or []:
                yield "AWS::ElasticLoadBalancingV2::ListenerRule", {**rule, "ListenerArn": listener_arn}, {}
    elif kind == "security_group_rules":
        for field, side, peer in (("rules", "Ingress", "Source"), ("rules_egress", "Egress", "Destination")):
            for rule in live.get(field) or []:
                yield (
                    f"AWS::EC2::SecurityGroup{side}", {**rule, "group": live["id"]},
                    {
                        "GroupId": "group", "IpProtocol": "proto", "Description": "rule_desc",
                        f"{peer}SecurityGroupId": "group_id", f"{peer}PrefixListId": "ip_prefix",
                    },
                )  # fmt: skip
    elif kind == "route_table":
        for subnet in live["subnets"]:
            yield "AWS::EC2::SubnetRouteTableAssociation", {"subnet_id": subnet, "route_table_id": live["id"]}, {}
        for destination, target in live["routes"].items():
            field = "nat_gateway_id" if target.startswith("nat-") else "gateway_id" if target.startswith("igw-") else ""
            field = field or "network_interface_id" if target.startswith("eni-") else field or "instance_id"
            yield (
                "AWS::EC2::Route",
                {"route_table_id": live["id"], "destination_cidr_block": destination, field: target}, {},
            )  # fmt: skip
    elif kind == "internet_gateway" and live.get("vpc_id"):
        yield (
            "AWS::EC2::VPCGatewayAttachment", {"internet_gateway_id": live["id"], "vpc_id": live["vpc_id"]}, {},
        )  # fmt: skip
    elif kind == "kms_key":
        yield "AWS::KMS::Alias", {"AliasName": live["alias"], "TargetKeyId": live["id"]}, {}
    elif kind == "sqs_queue" and live.get("policy"):
        yield "AWS::SQS::QueuePolicy", {"PolicyDocument": live["policy"], "Queues": [live["url"]]}, {}
    elif kind == "sns_topic":
        if live.get("policy"):
            yield "AWS::SNS::TopicPolicy", {"PolicyDocument": live["policy"], "Topics": [live["arn"]]}, {}
        for one in live.get("subscriptions") or []:
            yield "AWS::SNS::Subscription", {**one, "topic_arn": live["arn"]}, {}
    elif kind == "s3_bucket" and live.get("policy"):
        yield "AWS::S3::BucketPolicy", {"PolicyDocument": live["policy"], "Bucket": live["name"]}, {}


def template(resources: dict, kinds: dict) -> tuple[dict, dict[str, tuple[str, str]], dict[str, set[str]]]:
    """Return live resources by kind as a template, whose each is whose, and each kind's fields without a property."""
    made, whose, left = {}, {}, {}
    for name, lives in resources.items():
        kind = kinds[name]
        for live in lives:
            used: set[str] = set()
            types = [(kind.cloudformation, said(name, live), kind.properties)] if kind.cloudformation else []
            for number, (type_name, values, names) in enumerate([*types, *inner(name, live)]):
                mapping = Mapping(type_name, names)
                logical = re.sub(r"\W|_", "", f"{name}{len(made)}x{number}")
                made[logical] = {"Type": type_name, "Properties": mapping.properties(values)}
                whose[logical] = (name, kind.label(live))
                used |= mapping.used
            left.setdefault(name, set()).update(set(live) - used)
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": made}, whose, left


def said(kind: str, live: dict) -> dict:
    """Return a live resource as somebody would have said it: without what AWS tells besides, and what means nothing."""
    nothing = {"period": 0, "reserved_concurrency": -1, "retention_in_days": 0}
    live = {key: value for key, value in live.items() if nothing.get(key, ...) != value}
    if kind == "metric_alarm":
        live["metrics"] = [
            {key: value for key, value in one.items() if nothing.get(key, ...) != value} for one in live["metrics"]
        ]
    elif kind == "auto_scaling_group":
        passed = live["propagated_tags"]
        live["tags"] = [
            {"key": key, "value": value, "propagate_at_launch": key in passed} for key, value in live["tags"].items()
        ]
    elif kind == "subnet":
        live.pop("AvailabilityZoneId", None)
    elif kind == "ecs_service" and not live["alarms"]["names"]:
        del live["alarms"]
    elif kind == "lambda_event_invoke_config":
        name, _, qualifier = live["function_name"].partition(":")
        live |= {"function_name": name, "qualifier": qualifier or "$LATEST"}
    elif kind == "dns_record" and live["alias"]:
        target = {"DNSName": live["value"][0], "HostedZoneId": live["alias_hosted_zone_id"]}
        target["EvaluateTargetHealth"] = live["alias_evaluate_target_health"]
        live |= {"AliasTarget": target, "value": None, "ttl": None}
    return live


EXCEPTIONS = {
    (
        "lambda_function",
        "'Code' is a required property",
    ): "a function of a zip, whose code AWS doesn't tell as it was given",
}
"""What is said against a kind's resources, and why it doesn't count."""


def findings(made: dict, whose: dict[str, tuple[str, str]]) -> Iterator[Finding]:
    """Yield cfn-lint's errors: schemas' types, patterns, enums, lengths, what is required, excluded or needed together."""
    config = ManualArgs(regions=[REGION], ignore_checks=["W", "I"])
    rules = get_rules([], ["W", "I"], [])
    for match in lint(json.dumps(made), rules, config=config):
        path = [str(step) for step in match.path]
        kind, label = whose.get(path[1] if len(path) > 1 else "", ("", ""))
        if (kind, match.message) in EXCEPTIONS:
            continue
        yield Finding(kind, label, "/".join(path[3:]), match.rule.id, match.message)
