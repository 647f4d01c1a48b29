"""Lambda: functions from images or small files of code."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from pathlib import Path

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.secrets import secret
from ..engine.severity import Severity, appeared
from ..engine.unmodelled import keep_unmodelled
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
    unmanaged = (Listing("list_functions", "Functions", "FunctionName", delete=("delete_function", "FunctionName")),)

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


FUNCTION = Function()
