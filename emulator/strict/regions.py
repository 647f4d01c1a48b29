"""What some regions and partitions don't have, and some sorts of resources can't have: told to whoever asks."""

from emulator import ACCOUNT
from emulator.strict import Refusal, rule
from emulator.strict.lambda_ import function_of

# Lambda developer guide, function URLs; GovCloud and China have none at all.
NO_FUNCTION_URLS = {
    "ap-east-2", "ap-south-2", "ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1",
    "eu-central-2", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1",
}  # fmt: skip
# S3 user guide, transfer acceleration; all other regions of AWS's commercial partition.
ACCELERATED = {
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2",
    "us-west-1", "us-west-2",
}  # fmt: skip


def _apart(call) -> bool:
    """Tell whether a call is for GovCloud or China."""
    return call.region.startswith(("us-gov-", "cn-"))


@rule(
    "lambda", "CreateFunctionUrlConfig", "GetFunctionUrlConfig", "ListFunctionUrlConfigs", code="AccessDeniedException",
    source="zappa/Zappa#1425, anomalyco/sst#5327, turbot/steampipe-plugin-aws#1262",
)  # fmt: skip
def region_has_function_urls(call):
    """Where a region has no function URLs Lambda doesn't know their operations."""
    if _apart(call) or call.region in NO_FUNCTION_URLS:
        return "Unable to determine service/operation name to be authorized"
    return None


@rule(
    "s3", "GetBucketAccelerateConfiguration", "PutBucketAccelerateConfiguration", code="MethodNotAllowed",
    source="hashicorp/terraform-provider-aws#6853, #16969, #11556",
)  # fmt: skip
def region_has_transfer_acceleration(call):
    """A bucket has transfer acceleration in some regions only."""
    if _apart(call):
        return Refusal("UnsupportedArgument", "The request contained an unsupported argument.")
    if call.region not in ACCELERATED:
        return "The specified method is not allowed against this resource."
    return None


@rule(
    "route53", "GetDNSSEC", "EnableHostedZoneDNSSEC", "DisableHostedZoneDNSSEC", code="AccessDenied",
    source="hashicorp/terraform-provider-aws#22334, #33103",
)  # fmt: skip
def partition_has_dnssec(call):
    """Route 53 signs no zones in GovCloud and China."""
    if _apart(call):
        return f"The operation {call.operation} is not available for the current AWS account {ACCOUNT}."
    return None


@rule(
    "lambda", "GetFunctionCodeSigningConfig", "PutFunctionCodeSigningConfig", code="InvalidParameterValueException",
    source="aws-controllers-k8s/community#1117, #1225",
)  # fmt: skip
def images_are_not_signed(call):
    """There is no code signing for a function of an image."""
    found = function_of(call)
    if found is not None and found.package_type == "Image":
        return "Code signing is not supported for functions created with container images."
    return None
