"""Lambda: functions from images or small files of code, who may call them, and what becomes of calls that fail."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import zipfile
from pathlib import Path

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.secrets import secret
from ..engine.severity import Severity, appeared, opens_to_everybody
from ..engine.unmodelled import keep_unmodelled, watch, with_unmodelled
from ..engine.waiting import until
from .interfaces import TAKEN_BACK_SECONDS, taken_back

MISSING = "ResourceNotFoundException"
UPDATE_SECONDS = 300
SETTLE_SECONDS = 300
"""How long Lambda may take to see a fresh role, and all of Lambda a fresh function."""


def archive(source: str) -> bytes:
    """Return a file of code as the archive that Lambda takes: the same bytes wherever and whenever it is made."""
    try:
        code = Path(source).read_bytes()
    except OSError as error:
        raise EngineError(f"source is {source!r}: {error.strerror}") from error
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as packed:  # not every zlib compresses to the same bytes
        entry = zipfile.ZipInfo(Path(source).name, date_time=(1980, 1, 1, 0, 0, 0))
        entry.create_system, entry.external_attr = 3, 0o644 << 16
        packed.writestr(entry, code)
    return made.getvalue()


# One change of a function at a time, and none before it is Active: in a VPC, or from an image, that takes a minute.
BUSY = ("ResourceConflictException", "in progress")
PENDING = ("ResourceConflictException", "in the following state: Pending")


class Function(Kind):
    """A function made from an image or from a file of code."""

    name = "lambda_function"
    title = "Lambda function"
    service = "lambda"
    module = "flow_builder.aws.lambda"
    cloudformation = "AWS::Lambda::Function"
    properties = {
        "FunctionName": "name",
        "Architectures": "architecture",
        "Code/ImageUri": "image_uri",
        "VpcConfig/SubnetIds": "vpc_subnet_ids",
        "VpcConfig/SecurityGroupIds": "vpc_security_group_ids",
        "Environment/Variables": "environment_variables",
        "EphemeralStorage/Size": "ephemeral_storage",
        "LoggingConfig/LogFormat": "log_format",
        "LoggingConfig/LogGroup": "log_group",
        "TracingConfig/Mode": "tracing_mode",
        "ReservedConcurrentExecutions": "reserved_concurrency",
    }
    needs = ("iam_role", "iam_policy", "log_group", "ecr_repository", "ecr_bootstrap_image", "security_group", "subnet")
    externally_managed = {"image_uri": "a release", "aliases[[]*[]].FunctionVersion": "a release"}
    ignored = frozenset({
        "image_given", "source", "state", "state_reason", "last_update_status", "last_update_reason", "CodeSha256",
        "CodeSize", "LastModified", "LastUpdateStatusReasonCode", "Location", "RepositoryType", "RevisionId",
        "StateReasonCode", "Version",
    })  # fmt: skip
    children = (
        Child(
            "function_urls", "list_function_url_configs", {"FunctionName": "name"}, "FunctionUrlConfigs",
            undo=("delete_function_url_config", {"FunctionName": "name"}),
        ),
        Child(
            "aliases", "list_aliases", {"FunctionName": "name"}, "Aliases", omit=frozenset({"RevisionId"}),
            undo=("delete_alias", {"FunctionName": "name", "Name": ".Name"}),
        ),
        Child(
            "event_source_mappings", "list_event_source_mappings", {"FunctionName": "name"}, "EventSourceMappings",
            omit=frozenset({"LastModified", "LastProcessingResult", "StateTransitionReason"}),
            undo=("delete_event_source_mapping", {"UUID": ".UUID"}),
        ),
        Child(
            "provisioned_concurrency", "list_provisioned_concurrency_configs", {"FunctionName": "name"},
            "ProvisionedConcurrencyConfigs",
            omit=frozenset({
                "AllocatedProvisionedConcurrentExecutions", "AvailableProvisionedConcurrentExecutions", "LastModified",
            }),
        ),
        Child(
            "code_signing", "get_function_code_signing_config", {"FunctionName": "name"}, "CodeSigningConfigArn",
            (MISSING,), where=lambda function: function["package_type"] == "Zip",  # no image can be signed
            undo=("delete_function_code_signing_config", {"FunctionName": "name"}),
        ),
        Child(
            "recursive_loop", "get_function_recursion_config", {"FunctionName": "name"}, "RecursiveLoop",
            unset="Terminate",
        ),
        Child(
            "runtime_management", "get_runtime_management_config", {"FunctionName": "name"},
            unset={"UpdateRuntimeOn": "Auto"}, omit=frozenset({"FunctionArn"}),
            where=lambda function: function["package_type"] == "Zip",  # an image brings its runtime along
        ),
    )  # fmt: skip
    wrapped = ("Configuration", "Code")
    # The code behind a source is compared by its digest.
    create_only = frozenset({"source"})
    replaced = {"package_type": "AWS fixes at creation whether a function is made from an image"}
    settling = (
        ("InvalidParameterValueException", "cannot be assumed by Lambda"),
        ("InvalidParameterValueException", "does not have permissions to call"),
        ("InvalidParameterValueException", "does not have permission to access the ECR image"),
        ("AccessDeniedException", "does not have permission to access the ECR image"),
        ("InvalidParameterValueException", "throttled by EC2"),
        ("InvalidParameterValueException", "KMS key is invalid for CreateGrant"),
        BUSY,
        PENDING,
    )
    # Its subnets and security groups, as EC2 answers Lambda.
    unseen = (("InvalidParameterValueException", ".NotFound"),)
    settle_seconds = SETTLE_SECONDS
    severities = (Severity("critical", "function_urls*", appeared),)
    unmanaged = (
        Listing(
            "list_functions", "Functions", "FunctionName",
            delete=("delete_function", {"FunctionName": ".FunctionName"}),
        ),
    )

    def want(self, arguments):
        """Subnets and security groups have no order; code is known by its digest."""
        want = super().want(arguments)
        if want.get("source"):
            digest = hashlib.sha256(archive(want["source"])).digest()
            want |= {"package_type": "Zip", "code_sha256": base64.b64encode(digest).decode()}
        elif want.get("image_uri"):
            want["package_type"] = "Image"
        for key in ("vpc_subnet_ids", "vpc_security_group_ids"):
            if key in want:
                want[key] = sorted(want[key])
        for key, value in (want.get("environment_variables") or {}).items():
            if secret(key, value):
                raise EngineError(
                    f"function {want['name']} has {key} in its environment, where everybody who may look at the "
                    "function can read it; put it into a secret, and let the function read that"
                )
        return want

    def compare(self, live, want):
        """An image is compared by digest, or by the very words with which the function was given it."""
        changes = super().compare(live, want)
        return changes - {"image_uri"} if want.get("image_uri") == live["image_given"] else changes

    def find(self, aws, want):
        """Return the function of this name."""
        found = unless(MISSING, aws("lambda").get_function, FunctionName=want["name"])
        return self._live(found) if found else None

    def stack(self, aws, stack):
        """Return the functions tagged with the stack."""
        names = (one["FunctionName"] for one in aws.pages("lambda", "list_functions", "Functions"))
        found = (self.find(aws, {"name": name}) for name in names if stack in name)
        return [function for function in found if function and function["tags"].get("Stack") == stack]

    @staticmethod
    @keep_unmodelled
    def _live(found):
        code, said = found["Code"], found["Configuration"]
        image = said.get("ImageConfigResponse", {}).get("ImageConfig", {})
        vpc, logs = said.get("VpcConfig") or {}, said.get("LoggingConfig", {})
        return {
            "name": said["FunctionName"],
            "arn": said["FunctionArn"],
            "description": said.get("Description", ""),
            "role": said["Role"],
            "package_type": said.get("PackageType", "Zip"),
            "image_uri": code.get("ResolvedImageUri", ""),
            "image_given": code.get("ImageUri", ""),
            # An image's is its digest, which the image says already.
            "code_sha256": "" if code.get("ImageUri") else said["CodeSha256"],
            "runtime": said.get("Runtime", ""),
            "handler": said.get("Handler", ""),
            "entry_point": image.get("EntryPoint", []),
            "command": image.get("Command", []),
            "working_directory": image.get("WorkingDirectory", ""),
            "architecture": said["Architectures"][0],
            "memory_size": said["MemorySize"],
            "timeout": said["Timeout"],
            "ephemeral_storage": said["EphemeralStorage"]["Size"],
            "environment_variables": said.get("Environment", {}).get("Variables", {}),
            "kms_key_arn": said.get("KMSKeyArn") or "",
            "vpc_subnet_ids": sorted(vpc.get("SubnetIds", [])),
            "vpc_security_group_ids": sorted(vpc.get("SecurityGroupIds", [])),
            "tracing_mode": said.get("TracingConfig", {}).get("Mode", "PassThrough"),
            "dead_letter_arn": said.get("DeadLetterConfig", {}).get("TargetArn", ""),
            "log_group": logs.get("LogGroup", ""),
            "log_format": logs.get("LogFormat", ""),
            "reserved_concurrency": found.get("Concurrency", {}).get("ReservedConcurrentExecutions", -1),
            "state": said.get("State", "Active"),
            "state_reason": said.get("StateReason", ""),
            "last_update_status": said.get("LastUpdateStatus", "Successful"),
            "last_update_reason": said.get("LastUpdateStatusReason", ""),
            "tags": tagging.own(found.get("Tags")),
        }

    def create(self, aws, want):
        """Create the function."""
        aws("lambda").create_function(
            FunctionName=want["name"],
            PackageType=want["package_type"],
            Code=made_from(want),
            Architectures=[want.get("architecture", "x86_64")],
            Tags=want.get("tags", {}),
            **configuration(want, set(want)),
        )

    def complete(self, aws, want, made):
        """Reserve the function's concurrency, as soon as the function may be touched."""
        if want.get("reserved_concurrency", -1) >= 0:
            self._settled(aws, want)
            self._reserve(aws, want)

    def update(self, aws, live, want, changes):
        """Change the configuration before the code, which may need it; Lambda takes one change at a time."""
        fields = configuration({**live, **want}, changes)
        if fields:
            self._settled(aws, want)
            aws("lambda").update_function_configuration(FunctionName=want["name"], **fields)
        if changes & {"image_uri", "code_sha256", "architecture"}:
            self._settled(aws, want)
            aws("lambda").update_function_code(
                FunctionName=want["name"],
                Architectures=[want.get("architecture", live["architecture"])],
                **made_from({"image_uri": live["image_uri"], **want}),
            )
        if "reserved_concurrency" in changes:
            self._settled(aws, want)
            self._reserve(aws, want)

    def _settled(self, aws, want):
        def settled():
            live = self.seen(aws, want)
            if live and live["state"] == "Failed":
                raise EngineError(f"{self.title} {want['name']} failed: {self.failed(live)}")
            return live and live["state"] != "Pending" and live["last_update_status"] != "InProgress"

        until(settled, UPDATE_SECONDS, f"the last change of Lambda function {want['name']}")

    def _reserve(self, aws, want):
        if want["reserved_concurrency"] < 0:
            aws("lambda").delete_function_concurrency(FunctionName=want["name"])
        else:
            aws("lambda").put_function_concurrency(
                FunctionName=want["name"], ReservedConcurrentExecutions=want["reserved_concurrency"]
            )

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("lambda").tag_resource(Resource=live["arn"], Tags=add)
        if remove:
            aws("lambda").untag_resource(Resource=live["arn"], TagKeys=remove)

    def ready(self, live):
        """A function that nobody called for weeks is Inactive: the next call wakes it."""
        return live["state"] in ("Active", "Inactive") and live["last_update_status"] == "Successful"

    def failed(self, live):
        """Lambda says why."""
        if live["state"] == "Failed":
            return live["state_reason"] or "its state is Failed"
        if live["last_update_status"] == "Failed":
            return live["last_update_reason"] or "its last update failed"
        return ""

    def delete(self, aws, live):
        """Delete the function."""
        unless(MISSING, aws("lambda").delete_function, FunctionName=live["name"])

    def gone(self, aws, live, timeout):
        """Wait for Lambda's network interfaces, which keep subnets and security groups from being deleted.

        Functions share them by security group, so the last function of a group waits for its interfaces.
        """
        groups = set(live["vpc_security_group_ids"])
        others = aws.pages("lambda", "list_functions", "Functions") if groups else []
        if not groups or any(groups & set((one.get("VpcConfig") or {}).get("SecurityGroupIds", [])) for one in others):
            return

        until(
            lambda: all(taken_back(aws, group_id=group) for group in groups),
            max(timeout, TAKEN_BACK_SECONDS),
            f"Lambda giving back the network interfaces of {live['name']}",
        )

    def computed(self, aws, want):
        """A function's ARN can be computed."""
        return {"arn": aws.arn("lambda", f"function:{want['name']}")}


def made_from(want: dict) -> dict:
    """Return what a function is made from, as Lambda takes it."""
    return {"ZipFile": archive(want["source"])} if want.get("source") else {"ImageUri": want["image_uri"]}


def configuration(want: dict, fields: set[str]) -> dict:
    """Return those of the named fields that are Lambda's function configuration, as Lambda takes them.

    Lambda replaces each of its groups whole, so a group is said with all of its fields that have a value.
    """
    taken = {SIMPLE[name]: want[name] for name in fields & set(SIMPLE)}
    for group, members in GROUPS.items():
        if fields & set(members):
            taken[group] = {key: want[name] for name, key in members.items() if name in fields or want.get(name)}
    return taken


SIMPLE = {
    "description": "Description",
    "role": "Role",
    "runtime": "Runtime",
    "handler": "Handler",
    "memory_size": "MemorySize",
    "timeout": "Timeout",
    "kms_key_arn": "KMSKeyArn",
}
GROUPS = {
    "ImageConfig": {"entry_point": "EntryPoint", "command": "Command", "working_directory": "WorkingDirectory"},
    "EphemeralStorage": {"ephemeral_storage": "Size"},
    "Environment": {"environment_variables": "Variables"},
    "VpcConfig": {"vpc_subnet_ids": "SubnetIds", "vpc_security_group_ids": "SecurityGroupIds"},
    "TracingConfig": {"tracing_mode": "Mode"},
    "DeadLetterConfig": {"dead_letter_arn": "TargetArn"},
    "LoggingConfig": {"log_group": "LogGroup", "log_format": "LogFormat"},
}


# What makes a version another one.
CONTENT = (
    "Architectures", "CodeSha256", "DeadLetterConfig", "Environment", "EphemeralStorage", "Handler",
    "ImageConfigResponse", "KMSKeyArn", "LoggingConfig", "MemorySize", "Role", "Runtime", "Timeout", "TracingConfig",
    "VpcConfig",
)  # fmt: skip


class Alias(Kind):
    """A name that shows one version of a function. A release lets it show another one."""

    name = "lambda_alias"
    title = "alias of Lambda function"
    service = "lambda"
    module = "flow_builder.aws.lambda_alias"
    cloudformation = "AWS::Lambda::Alias"
    properties = {"FunctionVersion": "version"}
    identity = ("function_name", "name")
    needs = ("lambda_function",)
    taggable = False
    externally_managed = {"version": "a release"}
    ignored = frozenset({"RevisionId"})
    # It comes while the function is Pending or changes, and where the alias is there already.
    settling = (("ResourceConflictException", ""),)
    settle_seconds = SETTLE_SECONDS

    def label(self, resource):
        """People know an alias by its function and its name."""
        return f"{resource.get('function_name')}:{resource.get('name')}"

    def want(self, arguments):
        """It is to show what the function is now."""
        return {**super().want(arguments), "newest": True}

    def find(self, aws, want):
        """Return the alias of this name."""
        function = want["function_name"]
        found = unless(MISSING, aws("lambda").get_alias, FunctionName=function, Name=want["name"])
        return self._live(aws, function, found) if found else None

    def stack(self, aws, stack):
        """Return the aliases of the stack's functions."""
        return [
            self._live(aws, function["name"], one)
            for function in FUNCTION.stack(aws, stack)
            for one in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=function["name"])
        ]

    @staticmethod
    def _live(aws, function, found):
        version = found["FunctionVersion"]
        shown, latest = (
            aws("lambda").get_function_configuration(FunctionName=function, Qualifier=qualifier)
            for qualifier in (version, "$LATEST")
        )
        found = watch({key: value for key, value in found.items() if key != "ResponseMetadata"})
        live = {
            "function_name": function,
            "name": found["Name"],
            "arn": found["AliasArn"],
            "version": found["FunctionVersion"],
            "weights": dict((found.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}),
            "newest": all(shown.get(key) == latest.get(key) for key in CONTENT),
        }
        return with_unmodelled(live, found)

    def create(self, aws, want):
        """Publish what the function is now, and let the alias show it."""
        aws("lambda").create_alias(
            FunctionName=want["function_name"], Name=want["name"], FunctionVersion=self._published(aws, want)
        )

    def update(self, aws, live, want, changes):
        """Let it show what the function is now."""
        aws("lambda").update_alias(
            FunctionName=want["function_name"], Name=want["name"], FunctionVersion=self._published(aws, want)
        )

    @staticmethod
    def _published(aws, want):
        return aws("lambda").publish_version(FunctionName=want["function_name"])["Version"]

    def consequences(self, want, changes):
        """Another version has another number."""
        return {"version": self.unknown(want, "version")} if changes else {}

    def delete(self, aws, live):
        """Delete the name; the versions stay with their function."""
        unless(MISSING, aws("lambda").delete_alias, FunctionName=live["function_name"], Name=live["name"])

    def computed(self, aws, want):
        """An alias's ARN can be computed."""
        return {
            "arn": aws.arn("lambda", f"function:{want['function_name']}:{want['name']}"),
            "version": self.unknown(want, "version"),
        }


class Permission(Kind):
    """One statement of a function's policy: who may call the function."""

    name = "lambda_permission"
    title = "Lambda permission"
    service = "lambda"
    module = "flow_builder.aws.lambda_policy"
    cloudformation = "AWS::Lambda::Permission"
    identity = ("function_name", "statement_id")
    needs = ("lambda_function", "lambda_alias")
    taggable = False
    writable_as = {"*": "Action"}  # a statement is all that Lambda makes of the arguments
    # It comes while the function is Pending or changes, and where the statement is there already.
    settling = (("ResourceConflictException", ""),)
    settle_seconds = SETTLE_SECONDS
    severities = (Severity("critical", test=opens_to_everybody), Severity("high"))

    def label(self, resource):
        """People know a permission by its function and its name."""
        return f"{resource.get('function_name')}/{resource.get('statement_id')}"

    def event_name(self, label):
        """CloudTrail knows only what comes after the name of what it belongs to."""
        return label.rpartition("/")[2]

    def find(self, aws, want):
        """Return the statement of this name."""
        named = {one["statement_id"]: one for one in self._all(aws, want["function_name"])}
        return named.get(want["statement_id"])

    def stack(self, aws, stack):
        """Return the permissions of the stack's functions."""
        return [one for name in callable_names(aws, stack) for one in self._all(aws, name)]

    @staticmethod
    def _all(aws, function):
        policy = unless(MISSING, aws("lambda").get_policy, FunctionName=function)
        statements = json.loads(policy["Policy"])["Statement"] if policy else []
        return [with_unmodelled({"function_name": function, **permission(one)}, one) for one in watch(statements)]

    def create(self, aws, want):
        """Add the statement."""
        said = {key: want[name] for name, key in PERMISSION_ARGUMENTS.items() if want.get(name)}
        aws("lambda").add_permission(FunctionName=want["function_name"], StatementId=want["statement_id"], **said)

    def update(self, aws, live, want, changes):
        """Lambda can't change a statement: put another one in its place."""
        self.delete(aws, live)
        self.create(aws, {**live, **want})

    def delete(self, aws, live):
        """Remove the statement."""
        unless(
            MISSING, aws("lambda").remove_permission,
            FunctionName=live["function_name"], StatementId=live["statement_id"],
        )  # fmt: skip

    def computed(self, aws, want):
        """AWS adds nothing to it."""
        return {}


def callable_names(aws, stack: str) -> list[str]:
    """Return the names by which a stack's functions are called: their own, and those with an alias."""
    functions = [one["name"] for one in FUNCTION.stack(aws, stack)]
    aliases = [
        f"{name}:{one['Name']}"
        for name in functions
        for one in aws.pages("lambda", "list_aliases", "Aliases", FunctionName=name)
    ]
    return functions + aliases


# The tests that Lambda writes for the arguments below; any other is left for the rest.
KNOWN_TESTS = {"ArnLike", "StringEquals"}
PERMISSION_ARGUMENTS = {
    "action": "Action",
    "principal": "Principal",
    "source_arn": "SourceArn",
    "source_account": "SourceAccount",
    "principal_organization": "PrincipalOrgID",
}


def permission(statement: dict) -> dict:
    """Return a policy's statement as the arguments that made it."""
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = next(iter(principal.values()))
    tests = statement.get("Condition", {})
    conditions = {key.lower(): tests[test][key] for test in KNOWN_TESTS & tests.keys() for key in [*tests[test]]}
    return {
        "statement_id": statement["Sid"],
        "action": statement["Action"],
        "principal": principal,
        "source_arn": conditions.get("aws:sourcearn", ""),
        "source_account": conditions.get("aws:sourceaccount", ""),
        "principal_organization": conditions.get("aws:principalorgid", ""),
    }


class EventInvokeConfig(Kind):
    """What Lambda does with asynchronous calls that fail."""

    name = "lambda_event_invoke_config"
    title = "asynchronous calls of Lambda function"
    ignored = frozenset({"FunctionArn", "LastModified", "ResponseMetadata"})
    service = "lambda"
    module = "flow_builder.aws.lambda_event_invoke_config"
    cloudformation = "AWS::Lambda::EventInvokeConfig"
    properties = {
        "MaximumEventAgeInSeconds": "maximum_event_age",
        "DestinationConfig/OnFailure/Destination": "on_failure",
        "DestinationConfig/OnSuccess/Destination": "on_success",
    }
    identity = ("function_name",)
    needs = ("lambda_function", "lambda_alias")
    taggable = False
    settling = (
        # Lambda tries the destination with the function's role, which may have been allowed a moment ago.
        ("InvalidParameterValueException", "does not have permission"),
        ("InvalidParameterValueException", "is invalid"),
        ("ResourceConflictException", ""),
    )
    settle_seconds = SETTLE_SECONDS

    def find(self, aws, want):
        """Return the function's settings, if it has its own."""
        said = unless(MISSING, aws("lambda").get_function_event_invoke_config, FunctionName=want["function_name"])
        if said is None:
            return None
        said = watch(said)
        sent = said.get("DestinationConfig", {})
        live = {
            "function_name": want["function_name"],
            "maximum_retry_attempts": said.get("MaximumRetryAttempts", 2),
            "maximum_event_age": said.get("MaximumEventAgeInSeconds", 21600),
            "on_failure": sent.get("OnFailure", {}).get("Destination", ""),
            "on_success": sent.get("OnSuccess", {}).get("Destination", ""),
        }
        return with_unmodelled(live, said)

    def stack(self, aws, stack):
        """Return the settings of the stack's functions."""
        found = (self.find(aws, {"function_name": name}) for name in callable_names(aws, stack))
        return [one for one in found if one]

    def create(self, aws, want):
        """Set all that is said; Lambda forgets what isn't."""
        said = {
            key: want[name]
            for name, key in {
                "maximum_retry_attempts": "MaximumRetryAttempts", "maximum_event_age": "MaximumEventAgeInSeconds",
            }.items()
            if name in want
        }  # fmt: skip
        sent = {
            key: {"Destination": want[name]}
            for name, key in {"on_failure": "OnFailure", "on_success": "OnSuccess"}.items()
            if want.get(name)
        }
        aws("lambda").put_function_event_invoke_config(
            FunctionName=want["function_name"], DestinationConfig=sent, **said
        )

    def update(self, aws, live, want, changes):
        """Set everything again."""
        self.create(aws, {**live, **want})

    def delete(self, aws, live):
        """Go back to Lambda's own settings."""
        unless(
            MISSING, aws("lambda").delete_function_event_invoke_config, FunctionName=live["function_name"]
        )

    def computed(self, aws, want):
        """AWS adds nothing to it."""
        return {}


FUNCTION = Function()
ALIAS = Alias()
PERMISSION = Permission()
EVENT_INVOKE_CONFIG = EventInvokeConfig()
