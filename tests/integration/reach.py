"""Whether what one stack grants reaches another stack's resources, as AWS would judge its policies.

Names are no border: ``flow-builder-dev-*`` also means all that ``flow-builder-dev-ultra`` has.
"""

from __future__ import annotations

import json

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import found
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from emulator import policies

# Actions for which AWS knows no resource, or that only list; they change nothing and read nothing of anybody's.
NAMELESS = frozenset({
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ecr:GetAuthorizationToken",
    "elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth", "logs:DescribeLogGroups",
    "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
})  # fmt: skip
# Conditions that say in whose name a service comes.
SOURCES = ("aws:SourceArn", "kms:EncryptionContext:aws:logs:arn", "AWS:SourceArn")


def arns(aws, stack: str) -> set[str]:
    """Return the ARNs of all that a stack has, and of what comes to be in it."""
    of = found(aws, stack, list(KINDS.values()))
    told = {text for resources in of.values() for one in resources for text in _texts(one) if text.startswith("arn:")}
    own = {arn for arn in told if f"{stack}-" in arn or f"{stack}/" in arn or arn in _ids(of)}
    here = f"{aws.region}:{aws.account}"
    return own | {
        *(f"arn:aws:ecs:{here}:task/{one['name']}/0123456789abcdef" for one in of["ecs_cluster"]),
        *(f"arn:aws:logs:{here}:log-group:{one['name']}:log-stream:a/b/c" for one in of["log_group"]),
        *(f"arn:aws:s3:::{one['name']}/record.json" for one in of["s3_bucket"]),
        f"arn:aws:ec2:{here}:network-interface/eni-0123456789abcdef0",
        f"arn:aws:ec2:{here}:instance/i-0123456789abcdef0",
    }


def _texts(value):
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _ids(of) -> set[str]:
    return {one[key] for resources in of.values() for one in resources for key in ("id", "arn") if one.get(key)}


def reaches(aws, stack: str, other: str):
    """Yield a sentence for each grant of a stack that reaches what another one has."""
    theirs = arns(aws, other)
    cluster = next(arn for arn in theirs if ":cluster/" in arn)
    tags = {"aws:ResourceTag/Stack": other, "aws:ResourceTag/Name": f"{other}-nat", "ecs:cluster": cluster}
    of = found(aws, stack, list(KINDS.values()))
    of_role: dict[str, list] = {}
    for one in of["iam_policy"]:
        of_role.setdefault(one["iam_name"], []).extend(one["policy_json"]["Statement"])
    for role, statements in of_role.items():
        # Lambda itself says for which function it comes with the function's role.
        function = role.removeprefix(f"{stack}-").partition("-lambda-")[0]
        context = tags | {
            "lambda:SourceFunctionArn": f"arn:aws:lambda:{aws.region}:{aws.account}:function:{stack}-{function}"
        }
        actions = {one for each in statements if each["Effect"] == "Allow" for one in policies.listed(each["Action"])}
        for action in sorted(actions - NAMELESS):
            assert "*" not in action, f"{role} may {action}"
            for arn in sorted(theirs):
                if arn.split(":")[2] == action.split(":")[0] and policies.permits(
                    {"Statement": statements}, action, arn, context=context
                ):
                    yield f"{role} may {action} on {arn}"
    for name, resources in of.items():
        for one in resources:
            for statement in _granted(name, one):
                for arn in sorted(theirs):
                    if _in_the_name_of(statement, arn):
                        yield f"{name} {KINDS[name].label(one)} lets {statement['Principal']} in for {arn}"


def _granted(name: str, resource: dict):
    """Yield the statements of a resource's own policy that let a service in, in somebody's name."""
    if name in ("iam_role", "iam_policy"):
        return  # who takes a role on is decided by iam:PassRole
    document = resource.get("policy") or resource.get("resource_policy") or {}
    document = json.loads(document) if isinstance(document, str) else document
    for statement in policies.statements(document):
        services = [value for kind, value in policies.principals(statement) if kind == "Service"]
        # An alarm uses the key for the topic only, and the topic says whose alarms it hears.
        if statement["Effect"] == "Allow" and services and (name, services) != ("kms_key", ["cloudwatch.amazonaws.com"]):
            yield statement


def _in_the_name_of(statement: dict, arn: str) -> bool:
    """Say whether a service may come in the name of a resource."""
    wanted = [
        (operator, policies.listed(values))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, values in keys.items()
        if key in SOURCES
    ]
    return all(any(policies.matches(one, arn) for one in values) for _operator, values in wanted)
