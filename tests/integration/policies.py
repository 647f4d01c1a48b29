"""Every policy of an account, what is wrong with its text, and which of its grants nobody has made use of."""

from __future__ import annotations

import json
import re
import time
from fnmatch import fnmatchcase

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from botocore.exceptions import ClientError

from emulator.ask import ask

# What a template leaves behind that was not resolved, or that was resolved to the text of a list or of nothing.
UNRESOLVED = re.compile(r"\{\{|\}\}|\{%|%\}|\\|\s|[\[\]'\"<>]|\bNone\b|\b[Uu]ndefined\b|(?<!https:)//")
# Services whose ARNs have no region; S3's have no account either.
GLOBAL = {"iam", "s3", "cloudfront", "route53", "sts"}
# Resources that are there only while something works, or that are AWS's own.
PASSING = re.compile(
    r":task/|:instance/|:network-interface/|:vpc-flow-log/|-starport-layer-bucket/|:iam::\d+:root$|:ec2:[^:]+:\d+:\*/\*$"
)


def policies(client):
    """Yield every policy of an account that isn't AWS's own: whose it is, and the document."""
    for role in client("iam").get_account_authorization_details(Filter=["Role"])["RoleDetailList"]:
        name = role["RoleName"]
        if role["Path"].startswith("/aws-"):
            continue
        yield f"the trust of role {name}", role["AssumeRolePolicyDocument"]
        for policy in role["RolePolicyList"]:
            yield f"role {name}, policy {policy['PolicyName']}", policy["PolicyDocument"]
    for label, text in _texts(client):
        if text:
            yield label, json.loads(text)


def _texts(client):
    sqs, sns, kms, s3 = (client(service) for service in ("sqs", "sns", "kms", "s3"))
    for url in sqs.list_queues().get("QueueUrls", []):
        yield f"queue {url}", sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"].get("Policy")
    for topic in sns.list_topics()["Topics"]:
        yield f"topic {topic['TopicArn']}", sns.get_topic_attributes(**topic)["Attributes"].get("Policy")
    for key in kms.list_keys()["Keys"]:
        told = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if told["KeyManager"] == "CUSTOMER" and told["KeyState"] == "Enabled" and told["Description"].startswith("Data of"):
            yield f"key {told['Description']}", kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    for bucket in s3.list_buckets()["Buckets"]:
        yield f"bucket {bucket['Name']}", _said(s3.get_bucket_policy, "Policy", Bucket=bucket["Name"])
    for one in client("ecr").describe_repositories()["repositories"]:
        name = one["repositoryName"]
        yield f"repository {name}", _said(client("ecr").get_repository_policy, "policyText", repositoryName=name)
    for one in client("lambda").list_functions()["Functions"]:
        name = one["FunctionName"]
        aliases = [item["Name"] for item in client("lambda").list_aliases(FunctionName=name)["Aliases"]]
        for qualifier in [{}, *({"Qualifier": alias} for alias in aliases)]:
            yield f"function {name}", _said(client("lambda").get_policy, "Policy", FunctionName=name, **qualifier)
    for one in client("ec2").describe_vpc_endpoints()["VpcEndpoints"]:
        yield f"endpoint {one['ServiceName']}", one.get("PolicyDocument")
    for one in client("logs").describe_resource_policies()["resourcePolicies"]:
        yield f"logs policy {one['policyName']}", one["policyDocument"]


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


# Grants of which nothing here makes use, and why they are there all the same: patterns for "policy, statement, action".
UNASKED = {
    r"-lambda\b.*(UseInterfaces|ec2:DescribeSubnets)": "Lambda's own network, which takes no addresses here",
    r"worker-task\b.*Protect": "the agent's endpoint in a task, which isn't served here",
    r"-task\b.*(Sessions|FindSessionLogs|SessionLogs)": "ECS Exec, into which nobody enters here",
    r"-lambda\b.*Trace": "X-Ray, which isn't there",
    r"^(key|topic) .*Alarms": "an alarm's message: no alarm is evaluated here",
    r"^key .*(Account kms:\*|Logs kms:(DescribeKey|ReEncrypt))": "the account's own policies decide; Logs asks by itself",
    r"^queue .*Rules? sqs:SendMessage": "what a rule can't deliver: here all that rules send arrives",
    r"^endpoint ": "no packet passes an endpoint here",
    r"-nat\b": "the NAT instance's program isn't run here; test_nat_instance.py compares it with these",
    r"-flow-logs\b": "no packet is logged here",
}


def unasked(url: str, documents, excused=()):
    """Yield the grants that allowed nothing so far, as far as the embedded AWS at an address knows."""
    used = {
        (one["role"], json.dumps(one["statement"], sort_keys=True), one["action"].lower(), one["resource"])
        for one in ask(url, "grants")
    }
    for label, document in documents:
        role = label.removeprefix("role ").partition(",")[0] if label.startswith("role ") else ""
        for statement in listed(document["Statement"]):
            if statement["Effect"] != "Allow":
                continue
            text = json.dumps(statement, sort_keys=True)
            asked = {(action, resource) for whose, said, action, resource in used if (whose, said) == (role, text)}
            for action in listed(statement["Action"]):
                for resource in listed(statement.get("Resource")) or [""]:
                    told = f"{label}, {statement.get('Sid')} {action} {resource}"
                    excuse = any(re.search(words, told) for words in (*UNASKED, *excused))
                    if not excuse and not any(fnmatchcase(one, action.lower()) and what == resource for one, what in asked):
                        yield f"nobody used {told}"


def nobody_used(url: str, client, *excused: str, seconds: float = 40) -> str:
    """Return the grants that nobody used, line by line, having waited for what goes on by itself."""
    deadline, documents = time.monotonic() + seconds, list(policies(client))
    while (left := list(unasked(url, documents, excused))) and time.monotonic() < deadline:
        time.sleep(1)
    return "\n".join(left)


def listed(value) -> list:
    """Return what may be one thing or a list of them as a list."""
    return [] if value is None else value if isinstance(value, list) else [value]
