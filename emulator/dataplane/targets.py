"""Where rules, schedules and functions deliver to: whoever sends must be permitted to, else nothing arrives."""

import json
import time
import uuid

from botocore.exceptions import ClientError
from moto.backends import get_backend

from emulator import ACCOUNT, inside
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred
from emulator.patching import hook
from emulator.permissions import SQS_KEYS, Role, check_key

GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/"

RETRIED = ("ThrottlingException", "TooManyRequestsException", "ServiceException", "InternalFailure")


def backend(service: str, region: str):
    """Return moto's state of a service."""
    if service == "lambda":  # it has two, by whether containers are there
        from moto.awslambda.utils import get_backend as of_lambda

        return of_lambda(ACCOUNT, region)
    return get_backend(service)[ACCOUNT][region]


@does(
    "Whoever delivers must be let in by the target's policy or by a role.",
    documented(GUIDE + "eb-use-resource-based.html"),
)
def send(arn: str, body: str, authorities: list, target: dict | None = None, attributes: dict | None = None) -> None:
    """Deliver a text to a target's ARN, or raise AWSError.

    ``authorities`` are the ``Role`` or ``Service`` that may let it in, tried in turn; ``target`` is the target as
    EventBridge keeps it, and ``attributes`` become those of a message to a queue (numbers and texts).
    """
    service, region = arn.split(":")[2:4]
    if service not in _SENDERS:
        raise AWSError("InvalidTarget", f"the emulator doesn't deliver to {service}")
    _SENDERS[service](arn, region, body, authorities, target or {}, attributes or {})


def _check(authorities: list, action: str, arn: str, policy: str | None):
    for one in authorities:
        if one.may(action, arn, policy):
            return one
    raise AWSError("NO_PERMISSIONS", f"not authorized to perform: {action} on resource: {arn}")


@does(
    "Who sends to an encrypted queue needs kms:GenerateDataKey and kms:Decrypt of its key.",
    documented(SQS_KEYS, "Configure KMS permissions for AWS services"),
)
def _queue(arn, region, body, authorities, target, attributes):
    queue = backend("sqs", region).queues.get(arn.split(":")[-1])
    if queue is None:
        raise AWSError("NO_RESOURCE", f"the queue {arn} does not exist")
    sender = _check(authorities, "sqs:SendMessage", arn, queue.policy)
    check_key(queue.kms_master_key_id, region, sender, ("kms:GenerateDataKey", "kms:Decrypt"), "alias/aws/sqs")
    backend("sqs", region).send_message(
        queue.name,
        body,
        message_attributes={key: _attribute(value) for key, value in attributes.items()},
        group_id=target.get("SqsParameters", {}).get("MessageGroupId"),
    )


def _attribute(value) -> dict:
    return {"DataType": "Number" if isinstance(value, int) else "String", "StringValue": str(value)}


@does(
    "Who publishes to an encrypted topic needs kms:GenerateDataKey and kms:Decrypt of its key.",
    documented(
        "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
        "Enable compatibility between event sources",
    ),
)
def _topic(arn, region, body, authorities, _target, _attributes):
    topic = backend("sns", region).topics.get(arn)
    if topic is None:
        raise AWSError("NO_RESOURCE", f"the topic {arn} does not exist")
    sender = _check(authorities, "sns:Publish", arn, topic.policy)
    check_key(topic.kms_master_key_id, region, sender, ("kms:GenerateDataKey", "kms:Decrypt"), "alias/aws/sns")
    topic.publish(body)


@does(
    "EventBridge invokes functions asynchronously.",
    documented("https://docs.aws.amazon.com/lambda/latest/dg/services-cloudwatchevents.html"),
)
@hook
def invoke_later(function, body: str) -> None:
    """Take an asynchronous invocation of moto's function; what runs functions takes this over."""


def _function(arn, region, body, authorities, _target, _attributes):
    function = backend("lambda", region).get_function(arn)
    _check(authorities, "lambda:InvokeFunction", arn, json.dumps({"Statement": function.policy.statements}))
    invoke_later(function, body)


@does(
    "A log group's events come in a stream of their own, by the account's resource policies for Logs.",
    documented(GUIDE + "eb-use-resource-based.html", "CloudWatch Logs permissions"),
)
def _log_group(arn, region, body, authorities, _target, _attributes):
    logs, name = backend("logs", region), arn.split(":log-group:")[1].removesuffix(":*")
    if name not in logs.groups:
        raise AWSError("NO_RESOURCE", f"the log group {name} does not exist")
    statements = []
    for policy in logs.resource_policies.values():
        statements += json.loads(policy.policy_document).get("Statement", [])
    _check(authorities, "logs:PutLogEvents", f"{logs.groups[name].arn}:*", json.dumps({"Statement": statements}))
    write(region, name, str(uuid.uuid4()), [body])


@does(
    "A task that a rule runs gets nothing of the event, unless Input or InputTransformer say its overrides.",
    documented("https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html"),
)
def _cluster(arn, region, body, authorities, target, _attributes):
    role = next((one for one in authorities if isinstance(one, Role)), None)
    given = target.get("EcsParameters") or {}
    if role is None or not given:
        raise AWSError("NO_PERMISSIONS", f"a role and EcsParameters are needed to run tasks on {arn}")
    text = json.loads(body) if target.get("Input") or target.get("InputTransformer") else {}
    run_task(region, role.arn, arn, given, overrides=text, session="events")


@does(
    "RunTask for a target is asked with the target's role, and may be refused as any other.",
    documented("https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html", "RoleArn"),
)
def run_task(region: str, role: str, cluster: str, given: dict, overrides: dict, session: str) -> list[dict]:
    """Run a task with a role's permissions, from the parameters that targets have for it; raise if it's refused."""
    names = {"TaskDefinitionArn": "taskDefinition", "TaskCount": "count"}
    request = {names.get(key, key[0].lower() + key[1:]): lowered(value) for key, value in given.items()}
    if overrides:
        request["overrides"] = overrides
    request.pop("tags", None)
    tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in given.get("Tags") or []]
    try:
        answer = inside.client("ecs", region, role, session).run_task(
            cluster=cluster, **request, **({"tags": tags} if tags else {})
        )
    except ClientError as refused:
        error = refused.response["Error"]
        raise AWSError(error["Code"], error["Message"]) from refused
    if answer["failures"]:
        raise AWSError("RunTaskFailed", json.dumps(answer["failures"]))
    return answer["tasks"]


def lowered(value):
    """Write keys as ECS's own API has them, with a small first letter."""
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: lowered(item) for key, item in value.items()}
    return [lowered(item) for item in value] if isinstance(value, list) else value


_SENDERS = {"sqs": _queue, "sns": _topic, "lambda": _function, "logs": _log_group, "ecs": _cluster}


@does(
    "Flow logs look for the log group and the stream before they write.",
    inferred(
        "their role needs DescribeLogGroups and DescribeLogStreams (flow-logs-iam-role)",
        "CloudTrail of a flow log's role",
    ),
)
def look_and_write(may, region: str, group: str, stream: str, lines: list[str]) -> bool:
    """Put lines into a log stream as those do who look for group and stream first, where they may do all of it."""
    streams = f"arn:aws:logs:{region}:{ACCOUNT}:log-group:{group}:log-stream:"
    asked = (
        ("DescribeLogGroups", "*"), ("DescribeLogStreams", streams),
        ("CreateLogStream", streams + stream), ("PutLogEvents", streams + stream),
    )  # fmt: skip
    return all(may(f"logs:{action}", resource) for action, resource in asked) and write(region, group, stream, lines)


def write(region: str, group: str, stream: str, lines: list[str]) -> bool:
    """Put lines into a log stream, which is made; return False where the group isn't there."""
    logs = backend("logs", region)
    if group not in logs.groups:
        return False
    logs.ensure_log_stream(group, stream)
    now = int(time.time() * 1000)  # not the emulator's clock: events from the future are refused
    logs.put_log_events(group, stream, [{"timestamp": now, "message": line} for line in lines])
    return True
