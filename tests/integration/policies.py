"""Every policy of an account, and what is wrong with its text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from botocore.exceptions import ClientError

# What a template leaves behind that was not resolved, or that was resolved to the text of a list or of nothing.
UNRESOLVED = re.compile(r"\{\{|\}\}|\{%|%\}|\\|\s|[\[\]'\"<>]|\bNone\b|\b[Uu]ndefined\b|(?<!https:)//")
# Services whose ARNs have no region; S3's have no account either.
GLOBAL = {"iam", "s3", "cloudfront", "route53", "sts"}
# Resources that are there only while something works, or that are AWS's own.
PASSING = re.compile(
    r":task/|:instance/|:network-interface/|:vpc-flow-log/|-starport-layer-bucket/|:iam::\d+:root$|:ec2:[^:]+:\d+:\*/\*$"
)


@dataclass(frozen=True)
class Policy:
    """One policy of an account: whose it is, in words and as the embedded AWS has it in its grants, and what it says."""

    label: str
    owner: str
    document: dict


def policies(client):
    """Yield every policy of an account that isn't AWS's own."""
    for role in client("iam").get_account_authorization_details(Filter=["Role"])["RoleDetailList"]:
        name, arn = role["RoleName"], role["Arn"]
        if role["Path"].startswith("/aws-"):
            continue
        yield Policy(f"trust of {name}", f"trust of {arn}", role["AssumeRolePolicyDocument"])
        for policy in role["RolePolicyList"]:
            yield Policy(f"role {name}, policy {policy['PolicyName']}", arn, policy["PolicyDocument"])
    for label, owner, text in _texts(client):
        if text:
            yield Policy(label, owner, json.loads(text))


def _texts(client):
    sqs, sns, kms, s3 = (client(service) for service in ("sqs", "sns", "kms", "s3"))
    for url in sqs.list_queues().get("QueueUrls", []):
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        yield f"queue {url.split('/')[-1]}", told["QueueArn"], told.get("Policy")
    for topic in sns.list_topics()["Topics"]:
        arn = topic["TopicArn"]
        yield f"topic {arn.split(':')[-1]}", arn, sns.get_topic_attributes(**topic)["Attributes"].get("Policy")
    for key in kms.list_keys()["Keys"]:
        told = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if told["KeyManager"] == "CUSTOMER" and told["KeyState"] == "Enabled" and told["Description"].startswith("Data of"):
            text = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
            yield f"key {told['Description']}", told["Arn"], text
    for bucket in s3.list_buckets()["Buckets"]:
        text = _said(s3.get_bucket_policy, "Policy", Bucket=bucket["Name"])
        yield f"bucket {bucket['Name']}", f"arn:aws:s3:::{bucket['Name']}", text
    for one in client("ecr").describe_repositories()["repositories"]:
        name = one["repositoryName"]
        text = _said(client("ecr").get_repository_policy, "policyText", repositoryName=name)
        yield f"repository {name}", one["repositoryArn"], text
    for one in client("lambda").list_functions()["Functions"]:
        name = one["FunctionName"]
        yield f"function {name}", one["FunctionArn"], _said(client("lambda").get_policy, "Policy", FunctionName=name)
        for alias in client("lambda").list_aliases(FunctionName=name)["Aliases"]:
            text = _said(client("lambda").get_policy, "Policy", FunctionName=name, Qualifier=alias["Name"])
            yield f"function {name}:{alias['Name']}", alias["AliasArn"], text
    for one in client("ec2").describe_vpc_endpoints()["VpcEndpoints"]:
        yield f"endpoint {one['ServiceName']}", one["VpcEndpointId"], one.get("PolicyDocument")
    for one in client("logs").describe_resource_policies()["resourcePolicies"]:
        yield f"logs policy {one['policyName']}", one["policyName"], one["policyDocument"]


def _said(call, key, **given):
    try:
        return call(**given)[key]
    except ClientError as error:
        assert re.search("NoSuch|NotFound", error.response["Error"]["Code"]), error
        return None


def texts(value, path=""):
    """Yield each text of a document, with where it stands, and whatever is empty."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for item in value:
            yield from texts(item, path)
    else:
        yield path, value


def mistakes(document: dict):
    """Yield what is wrong with the text of a policy."""
    for path, value in texts(document):
        if not isinstance(value, str) or not value:
            yield f"{path} is {value!r}"
        elif has_placeholder(value) or UNRESOLVED.search(value):
            yield f"{path} is {value!r}, which was not resolved"
        elif value.startswith("arn:") and not whole(value):
            yield f"{path} is {value!r}, an ARN with empty parts"


def whole(arn: str) -> bool:
    """Say whether each part of an ARN is there that its service has."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return False
    _arn, partition, service, region, account, resource = parts
    there = bool(region) != (service in GLOBAL) and bool(account) != (service == "s3")
    return bool(there and partition and service and resource.strip(":/") and not re.search(r"::|/$|:$|^[:/]", resource))


def astray(document: dict, live: set[str]):
    """Yield the ARNs of a policy that name nothing that is there."""
    there = {one for arn in live for one in (arn, f"{arn}:x", f"{arn}/x", f"{arn}:x/x")}
    for path, value in texts(document):
        named = isinstance(value, str) and value.startswith("arn:") and not PASSING.search(value)
        if named and not any(fnmatchcase(one, value) for one in there):
            yield f"{path} is {value!r}, and there is no such thing"


def arns(value, region, account) -> set[str]:
    """Return all ARNs that stand in resources; VPCs' parts are known by their ids."""
    found = {item for _path, item in texts(value) if isinstance(item, str) and item.startswith("arn:")}
    ids = {item for path, item in texts(value) if path.rpartition(".")[2] == "id" and isinstance(item, str)}
    kinds = {"rtb-": "route-table", "eipalloc-": "elastic-ip"}
    for prefix, kind in kinds.items():
        found |= {f"arn:aws:ec2:{region}:{account}:{kind}/{one}" for one in ids if one.startswith(prefix)}
    return found


def listed(value) -> list:
    """Return what may be one thing or a list of them as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]
