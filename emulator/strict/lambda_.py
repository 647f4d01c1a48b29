"""Lambda: what a function may have in its environment, its network, its permissions, and who waits for whom."""

import json
import re

from moto.awslambda_simple.models import lambda_simple_backends

from emulator import ACCOUNT, policies, principals, provisioning, quotas
from emulator.grants import may
from emulator.strict import MEASURED, RECORDED, rule

BAD = "InvalidParameterValueException"
WRITES = ("CreateFunction", "UpdateFunctionConfiguration")
FEWEST, MOST = 10, 100  # concurrent executions that can't be reserved: a tenth of the account's, within these
ENVIRONMENT_BYTES = 4096
RESERVED = {
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}
RETIRED = {
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "java8",
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "provided",
    "python2.7",
    "python3.6",
    "python3.7",
    "ruby2.5",
    "ruby2.7",
}
DESTINATIONS = {
    "sqs": "sqs:SendMessage",
    "sns": "sns:Publish",
    "lambda": "lambda:InvokeFunction",
    "events": "events:PutEvents",
}
_IMAGE = re.compile(r"\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/")


def backend_of(call):
    """Return moto's functions of a call's region, which are not in the backend that ``call.backend`` finds."""
    return lambda_simple_backends[ACCOUNT][call.region]


def function_of(call):
    """Return moto's function that a call is about, or nothing."""
    name = call.parameters.get("FunctionName", "").split(":function:")[-1].partition(":")[0]  # of a version or an alias
    return next((one for one in backend_of(call).list_functions() if one.function_name == name), None)


def role_of(call) -> str | None:
    """Return the ARN of the role that a call names, or else of its function's."""
    return call.parameters.get("Role") or getattr(function_of(call), "role", None)


# Functions


@rule("lambda", "CreateFunction", code=BAD, source=RECORDED)
def function_name_is_short(call):
    """A function's name has up to 64 characters."""
    name = call.parameters["FunctionName"]
    if len(name) > 64 and not name.startswith("arn:"):
        return (
            f"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member must "
            "have "
            "length less than or equal to 64"
        )
    return None


@rule("lambda", *WRITES, code=BAD, source="mattermost/mattermost-cloud-monitoring#264, aws/aws-cdk#28048")
def no_reserved_variables(call):
    """Lambda sets some environment variables itself."""
    given = call.parameters.get("Environment", {}).get("Variables", {})
    taken = sorted(RESERVED & set(given))
    if taken:
        return (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided "
            "contains reserved keys that are currently not supported for modification. Reserved keys used in this "
            "request: " + ", ".join(taken)
        )
    return None


@rule("lambda", *WRITES, code=BAD, source="Lambda developer guide, quotas, " + MEASURED + "pf-lambda-env-size")
def environment_fits(call):
    """A function's environment variables have up to 4 KB as JSON."""
    given = call.parameters.get("Environment", {}).get("Variables", {})
    size = 1 + sum(len(f"{key}{value}".encode()) + 6 for key, value in given.items())
    if size > ENVIRONMENT_BYTES:
        return (
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {json.dumps(given, separators=(',', ':'))}"
        )
    return None


@rule(
    "lambda",
    "CreateFunction",
    "UpdateFunctionCode",
    code=BAD,
    source=MEASURED + "pf-lambda-image-uri-region, pf-lambda-image-uri-private-ecr",
)
def image_is_in_ecr_here(call):
    """A function's image is in a private repository of ECR in the function's region."""
    uri = call.parameters.get("ImageUri") or call.parameters.get("Code", {}).get("ImageUri")
    found = _IMAGE.match(uri) if uri else None
    if uri and (not found or found[1] != call.region):
        return f"Source image {uri} is not valid. Provide a valid source image."
    return None


@rule(
    "lambda",
    "CreateFunction",
    code=BAD,
    source="Lambda API reference, CreateFunction, " + MEASURED + "pf-lambda-image-requires-imageuri",
)
def package_has_its_parts(call):
    """A function of an image has an image and no layers; one of a package has a runtime and a handler."""
    given = call.parameters
    if given.get("PackageType", "Zip") == "Image":
        if not given.get("Code", {}).get("ImageUri"):
            return "Please provide ImageUri when creating a function with packageType Image."
        extra = [name for name in ("Runtime", "Handler", "Layers") if given.get(name)]
        if extra:
            return (
                f"Please don't provide {' or '.join(extra)} when the intent is to create an Image packageType function."
            )
    elif given.get("Code", {}).get("ImageUri"):
        return "Please don't provide ImageUri when creating a function with packageType Zip."
    elif not (given.get("Runtime") and given.get("Handler")):
        return "Runtime and Handler are mandatory parameters for functions created with deployment packages."
    return None


@rule("lambda", "UpdateFunctionCode", code=BAD, source=RECORDED)
def code_keeps_its_package_type(call):
    """A function of an image gets images, one of a package packages."""
    found = function_of(call)
    if found is None:
        return None
    if found.package_type == "Image" and not call.parameters.get("ImageUri"):
        return "Please provide ImageUri when updating a function with packageType Image."
    if found.package_type != "Image" and call.parameters.get("ImageUri"):
        return "Please don't provide ImageUri when updating a function with packageType Zip."
    return None


@rule("lambda", *WRITES, code=BAD, source=RECORDED)
def runtime_is_supported(call):
    """Functions aren't made or changed with retired or unknown runtimes."""
    runtime = call.parameters.get("Runtime")
    known = call.model.input_shape.members["Runtime"].enum
    if runtime and runtime not in known:
        return (
            f"Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(one for one in known if one not in RETIRED)}] or be a valid ARN"
        )
    if runtime in RETIRED:
        return (
            f"The runtime parameter of {runtime} is no longer supported for creating or updating AWS Lambda functions. "
            "We recommend you use a supported runtime while creating or updating functions."
        )
    return None


@rule("lambda", *WRITES, code=BAD, source=RECORDED)
def five_different_layers(call):
    """A function has up to five layers, each once."""
    layers = call.parameters.get("Layers", [])
    if len(layers) > 5:
        return "Cannot reference more than 5 layers."
    seen: dict[str, str] = {}
    for arn in layers:
        other = seen.setdefault(arn.rpartition(":")[0], arn)
        if other is not arn:
            return (
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{other} and {arn} are versions of the same layer."
            )
    return None


@rule("lambda", "CreateFunction", "TagResource", code=BAD, source=RECORDED)
def fifty_tags(call):
    """A function has up to 50 tags."""
    return "Number of tags exceeds resource tag limit." if len(call.parameters.get("Tags", {})) > 50 else None


# A function's network


@rule("lambda", *WRITES, code=BAD, source=MEASURED + "pf-lambda-vpc-non-empty")
def network_has_both_parts(call):
    """A function's network is subnets and security groups, or nothing."""
    given = call.parameters.get("VpcConfig", {})
    if bool(given.get("SubnetIds")) != bool(given.get("SecurityGroupIds")):
        return "SubnetIds and SecurityIds must coexist or be both empty list."
    return None


@rule("lambda", *WRITES, code=BAD, source=MEASURED + "pf-lambda-vpc-same-vpc")
def function_is_in_one_vpc(call):
    """A function's subnets and security groups are of one VPC."""
    given, network = call.parameters.get("VpcConfig", {}), call.backend("ec2")
    subnets = [
        one for zone in network.subnets.values() for key, one in zone.items() if key in given.get("SubnetIds", [])
    ]
    groups = [network.get_security_group_from_id(one) for one in given.get("SecurityGroupIds", [])]
    vpcs = {one.vpc_id for one in subnets}
    if len(vpcs) > 1:
        return "Subnets are required to be in the same VPC."
    if vpcs and any(group is not None and group.vpc_id not in vpcs for group in groups):
        return "Security Groups are required to be in the same VPC."
    return None


@rule("lambda", *WRITES, code=BAD, source="Lambda developer guide, execution role permissions for VPCs")
def role_may_make_interfaces(call):
    """The role of a function in a VPC may make network interfaces, look for all, and delete any."""
    if not call.parameters.get("VpcConfig", {}).get("SubnetIds"):
        return None
    any_interface = f"arn:aws:ec2:{call.region}:{ACCOUNT}:network-interface/*"
    for action, resource in (
        ("CreateNetworkInterface", any_interface),
        ("DescribeNetworkInterfaces", "*"),
        ("DeleteNetworkInterface", any_interface),
    ):
        if not may(role_of(call), f"ec2:{action}", resource):
            return f"The provided execution role does not have permissions to call {action} on EC2"
    return None


@rule("lambda", *WRITES, code=BAD, source="functionalone/serverless-iam-roles-per-function#39, coinbase/fenrir#1")
def role_may_trace(call):
    """The role of a function that is traced may send to X-Ray."""
    traced = call.parameters.get("TracingConfig", {}).get("Mode") == "Active"
    if traced and not may(role_of(call), "xray:PutTraceSegments", "*"):
        return "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
    return None


# Concurrency


@rule(
    "lambda",
    "PutFunctionConcurrency",
    code=BAD,
    source=f"{RECORDED}; told of accounts with 10, 400 and 1000: a tenth is inferred, the guide says 100",
)
def some_concurrency_stays_unreserved(call):
    """A tenth of an account's concurrent executions, from 10 to 100, stay for functions without a reservation."""
    found = function_of(call)
    reserved = sum(int(one.reserved_concurrency or 0) for one in backend_of(call).list_functions() if one is not found)
    may = int(quotas.value(quotas.CONCURRENCY))
    kept = max(FEWEST, min(MOST, may // 10))
    if may - reserved - call.parameters["ReservedConcurrentExecutions"] < kept:
        return (
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
            "below its "
            f"minimum value of [{kept}]."
        )
    return None


# Permissions


@rule(
    "lambda", "AddPermission", "CreateAlias", "Invoke", "PublishVersion", "PutFunctionConcurrency",
    "PutFunctionEventInvokeConfig", "UpdateFunctionCode", "UpdateFunctionConfiguration",
    code="ResourceConflictException",
    source="Lambda developer guide, function states: while pending, actions on the function fail",
)  # fmt: skip
def function_is_not_pending(call):
    """A function that isn't Active yet can't be called or changed."""
    function = function_of(call)
    if function is None or not provisioning.pending(provisioning.FUNCTION, function.function_arn):
        return None
    return "The operation cannot be performed at this time. The function is currently in the following state: Pending"


@rule("lambda", "AddPermission", code="ResourceConflictException", source=RECORDED)
def statement_ids_differ(call):
    """Each statement of a function's policy has an id of its own."""
    given, wanted = call.parameters, call.parameters["StatementId"]
    if function_of(call) is None:
        return None
    # Aliases and versions have policies of their own.
    found = backend_of(call).get_function(given["FunctionName"], given.get("Qualifier"))
    if any(one.get("Sid") == wanted for one in found.policy.statements):
        return (
            f"The statement id ({wanted}) provided already exists. Please provide a new statement id, or remove the "
            "existing "
            "statement."
        )
    return None


@rule("lambda", "AddPermission", code=BAD, source=RECORDED)
def permitted_principal_exists(call):
    """A permission is for a service, an account, or everybody."""
    principal = call.parameters["Principal"]
    if principal == "*" or policies.account_of(principal) or principals.known(principal):
        return None
    return "The provided principal was invalid. Please check the principal and try again."


@rule("lambda", "AddPermission", code=BAD, source=RECORDED)
def no_permission_on_latest(call):
    """A permission is for a function, an alias or a version, but not for $LATEST."""
    if call.parameters.get("Qualifier") == "$LATEST":
        return "We currently do not support adding policies for $LATEST."
    return None


# Weights of an alias


def _versions(call) -> tuple[str | None, dict]:
    """Return the version that an alias will show and the versions that will share its calls."""
    given, alias = call.parameters, None
    if call.operation == "UpdateAlias":
        alias = backend_of(call)._lambdas._get_function_aliases(given["FunctionName"]).get(given["Name"])
    routing = given.get("RoutingConfig", getattr(alias, "routing_config", None)) or {}
    return given.get("FunctionVersion", getattr(alias, "function_version", None)), (
        routing.get("AdditionalVersionWeights") or {}
    )


@rule("lambda", "CreateAlias", "UpdateAlias", code=BAD, source=RECORDED)
def one_version_shares_an_alias(call):
    """An alias sends a share of its calls to one other version at most."""
    if len(_versions(call)[1]) > 1:
        return "Number of items in AdditionalVersionWeights cannot be greater than 1"
    return None


@rule("lambda", "CreateAlias", "UpdateAlias", code=BAD, source=RECORDED)
def weights_are_of_published_versions(call):
    """An alias with weights shows published versions only."""
    shown, weights = _versions(call)
    if weights and "$LATEST" in (shown, *weights):
        return "$LATEST is not supported for an alias pointing to more than 1 version"
    return None


@rule("lambda", "CreateAlias", "UpdateAlias", code=BAD, source=RECORDED)
def another_version_shares_an_alias(call):
    """The version that shares an alias's calls is another one than it shows."""
    shown, weights = _versions(call)
    if shown in weights:
        return (
            f"Invalid function version {shown}. Function version {shown} is already included in routing configuration."
        )
    return None


@rule("lambda", "CreateAlias", "UpdateAlias", code="ResourceNotFoundException", source=RECORDED)
def weighted_version_exists(call):
    """The version that shares an alias's calls must have been published."""
    function = function_of(call)
    for version in _versions(call)[1] if function is not None else ():
        published = backend_of(call).list_versions_by_function(function.function_name)
        if version.isdigit() and version not in {str(one.version) for one in published}:
            return f"Function not found: {function.function_arn}:{version}"
    return None
