"""Whether our kinds and CloudFormation's types agree on what can't be changed in place."""

from __future__ import annotations

import functools
from collections.abc import Iterator

from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_docstring

from .types import at, paths, plain, schema

REPLACED_ALL_THE_SAME = {
    (
        "application_autoscaling_policy",
        "policy_type",
    ): "CloudFormation puts the policy again under its name; what became "
    "of the alarms of a target tracking policy that is one no more, nothing says, so it is deleted first",
    ("log_group", "log_group_class"): "no call changes it; CloudFormation itself says that updates aren't supported",
    ("nat_gateway", "failed"): "no property: what AWS never mends",
    (
        "nat_gateway",
        "auto_provision_zones",
    ): "CloudFormation only tells it: whether zones are given at creation decides it",
    ("vpc_endpoint", "failed"): "no property: what AWS never mends",
    ("pipes_pipe", "failed"): "no property: what AWS never mends",
    (
        "pipes_pipe",
        "source_start",
    ): "what UpdatePipe lacks of CreatePipe's source parameters: each is createOnly, which a test of its own compares",
    (
        "rds_instance",
        "master_user_secret_kms_key_id",
    ): "ModifyDBInstance takes the key only where it begins to manage the password",
}
"""Fields, by kind, that we refuse to change or replace although their property is neither createOnly nor conditional."""

CHANGED_ALL_THE_SAME = {
    **{
        ("ecs_taskdefinition", path): "a change is a new revision of the family"
        for path in (
            "ContainerDefinitions",
            "Cpu",
            "ExecutionRoleArn",
            "IpcMode",
            "Memory",
            "NetworkMode",
            "PidMode",
            "RequiresCompatibilities",
            "RuntimePlatform",
            "TaskRoleArn",
            "Volumes",
        )
    },  # fmt: skip
    **{
        (
            "lambda_permission",
            path,
        ): "a change takes the statement away and puts it again, in one task, since AWS has no other way"
        for path in ("Action", "Principal", "SourceAccount", "SourceArn")
    },
    ("subnet", "OutpostArn"): "an option of the community's module that no task gives; read back, it isn't as wanted",
    ("hosted_zone", "DelegationSetId"): "an option of the community's module that no task gives; as above",
}
"""createOnly properties, by kind, whose fields we neither refuse to change nor replace, and why."""

CHANGED_WHERE_AWS_CAN = {
    **{
        (
            "auto_scaling_group",
            path,
        ): "AWS changes it in place; conditional are groups that CloudFormation replaces as a rolling update"
        for path in ("LaunchTemplate", "MixedInstancesPolicy", "VPCZoneIdentifier")
    },
    **{
        (
            "rds_instance",
            path,
        ): "AWS changes it in place; conditional are instances restored from a snapshot, and replicas"
        for path in (
            "AutoMinorVersionUpgrade",
            "BackupRetentionPeriod",
            "DBParameterGroupName",
            "MultiAZ",
            "PreferredMaintenanceWindow",
        )
    },  # fmt: skip
}
"""conditionalCreateOnly properties, by kind, whose fields we change in place, and why."""


@functools.cache
def options(module: str) -> frozenset[str]:
    """Return the names of a module's options."""
    found = module_loader.find_plugin_with_context(module, mod_type=".py").plugin_resolved_path
    return frozenset(get_docstring(found, fragment_loader, is_module=True)[0]["options"])


def ours(kind, path: str) -> set[str]:
    """Return the fields of a kind that a property, or what is in it, is made of; without live resources, by names."""
    found = {
        source.split("/")[0] for name, source in kind.properties.items() if name == path or name.startswith(f"{path}/")
    }
    # What begins with a capital is AWS's own, which no task says.
    found = {one for one in found if one == one.lower() and one != "." and not one.startswith("=")}
    if not found:
        known = {kind.field_of(name) for name in options(kind.module)} | {*kind.immutable, *kind.replaced}
        found = {field for field in known if plain(field) == plain(path.rpartition("/")[2])}
    return found


def fixed(name: str) -> set[str]:
    """Return the properties of a type that AWS never changes in place, or not always."""
    return paths(name, "createOnly") | paths(name, "conditionalCreateOnly")


def replaced_against(kind) -> Iterator[str]:
    """Yield the fields that a kind can't change in place, by itself, although CloudFormation can."""
    behind = {field for path in fixed(kind.cloudformation) for field in ours(kind, path)}
    yield from sorted({*kind.immutable, *kind.replaced} - behind)


def changed_against(kind, how="createOnly") -> Iterator[str]:
    """Yield the createOnly (or conditionalCreateOnly) properties whose fields a kind would change in place."""
    stays = {*kind.identity, *kind.immutable, *kind.replaced, *kind.create_only}
    for path in sorted(paths(kind.cloudformation, how) - paths(kind.cloudformation, "readOnly")):
        fields = ours(kind, path)
        if fields and not fields & stays:
            yield path


def unknown(kind) -> Iterator[str]:
    """Yield the mapped properties that the type doesn't have."""
    for path in kind.properties:
        if at(kind.cloudformation, path) is None:
            yield path


def settable(name: str) -> set[str]:
    """Return the properties of a type that somebody can set and AWS tells."""
    return set(schema(name)["properties"]) - paths(name, "readOnly") - paths(name, "writeOnly")
