"""CloudWatch Logs: names, keys that Logs may use, filters."""

from emulator import ACCOUNT, policies
from emulator.permissions import Service
from emulator.strict import MEASURED, rule

KEYED = ("CreateLogGroup", "AssociateKmsKey")
NEEDS = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")


@rule("logs", "CreateLogGroup", code="InvalidParameterException", source="Logs API reference, CreateLogGroup")
def group_name_is_not_reserved(call):
    """No log group's name begins with aws/."""
    if call.parameters["logGroupName"].startswith("aws/"):
        return "Log groups starting with AWS/ are reserved for AWS."
    return None


@rule("logs", "DescribeLogGroups", code="InvalidParameterException", source="localstack: answers recorded from AWS")
def groups_are_looked_for_by_one_thing(call):
    """Log groups are looked for by a prefix or by a pattern."""
    if call.parameters.get("logGroupNamePrefix") and call.parameters.get("logGroupNamePattern"):
        return "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."
    return None


@rule(
    "logs",
    *KEYED,
    code="AccessDeniedException",
    source="hashicorp/terraform-provider-aws#29282, ministryofjustice/modernisation-platform#7870",
)
def logs_may_use_the_key(call):
    """A log group's key exists, is enabled, and its policy lets Logs encrypt that group with it."""
    key, name = call.parameters.get("kmsKeyId"), call.parameters.get("logGroupName")
    if not key or not name:
        return None
    arn = f"arn:aws:logs:{call.region}:{ACCOUNT}:log-group:{name}"
    found = call.backend("kms").keys.get(key.split("/")[-1])
    if found is None or found.key_state != "Enabled" or not _permitted(found, call.region, arn):
        return f"The specified KMS key does not exist or is not allowed to be used with Arn '{arn}'"
    return None


def _permitted(key, region: str, arn: str) -> bool:
    context = {"kms:EncryptionContext:aws:logs:arn": arn}
    services = [Service(one, arn) for one in (f"logs.{region}.amazonaws.com", "logs.amazonaws.com")]
    return all(any(one.may_use(key, action, context) for one in services) for action in NEEDS)


@rule(
    "logs", "DeleteLogGroup", "DeleteLogStream", code="ValidationException",
    source="CloudWatch Logs user guide, protecting log groups from deletion",
)  # fmt: skip
def protected_group_stays(call):
    """A log group with deletion protection is not deleted, and nothing in it."""
    group = call.backend().groups.get(call.parameters["logGroupName"])
    if getattr(group, "deletion_protection", False):
        return "Cannot delete log group with deletion protection enabled. Disable deletion protection first."
    return None


@rule(
    "logs",
    "PutMetricFilter",
    "PutSubscriptionFilter",
    code="InvalidParameterException",
    source=MEASURED + "pf-logs-filter-pattern-bracket",
)
def filter_pattern_is_closed(call):
    """A filter pattern that begins with a bracket ends with one."""
    pattern = call.parameters.get("filterPattern", "").strip()
    if pattern.startswith("[") and not pattern.endswith("]"):
        return "Invalid filter pattern. If a filter pattern starts with '[' it must end with ']'"
    return None


@rule(
    "logs",
    "PutMetricFilter",
    code="InvalidParameterException",
    source=MEASURED + "pf-logs-metric-namespace-reserved, pf-logs-metric-dimensions-default-exclusive",
)
def metric_of_a_filter_is_its_own(call):
    """A filter's metric is in a namespace of one's own, and has dimensions or a default value."""
    for one in call.parameters.get("metricTransformations", []):
        if one["metricNamespace"].startswith("AWS/"):
            return "Metric namespaces starting with AWS/ are reserved for AWS."
        if one.get("dimensions") and one.get("defaultValue") is not None:
            return "Invalid metric transformation: dimensions and default value are mutually exclusive properties."
    return None


@rule("logs", "PutResourcePolicy", code="InvalidParameterException", source=MEASURED + "pf-logs-resource-policy-json")
def logs_policy_is_a_policy(call):
    """A resource policy is a policy document."""
    document = policies.read(call.parameters.get("policyDocument"))
    if document is None or not policies.statements(document):
        return (
            "Error occurred while parsing accessPolicy. Please check if the accessPolicy has been constructed "
            "correctly "
            "using IAM grammar."
        )
    return None


@rule(
    "logs",
    "PutSubscriptionFilter",
    code="InvalidParameterException",
    source="localstack: answers recorded from AWS, " + MEASURED + "pf-logs-subscription-lambda-no-role",
)
def subscription_role_fits_its_vendor(call):
    """A stream is written with a role, a function is called without one."""
    arn, role = call.parameters["destinationArn"], call.parameters.get("roleArn")
    vendor = arn.split(":")[2] if arn.count(":") >= 5 else ""
    if vendor in ("kinesis", "firehose") and not role:
        return f"destinationArn for vendor {vendor} cannot be used without roleArn"
    if vendor == "lambda" and role:
        return "destinationArn for vendor lambda cannot be used with roleArn"
    return None
