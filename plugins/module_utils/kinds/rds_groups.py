"""RDS: subnet groups and parameter groups."""

from __future__ import annotations

import re
from math import inf

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.community import CommunityKind
from ..engine.errors import EngineError
from ..engine.listings import Listing
from ..engine.unmodelled import keep_unmodelled
from .rds import SERVICE_ROLE, RdsKind

# Parameters, and when a change of one destroys something: it is turned off, or made smaller. With what that is.
COSTLY = {
    "rds.logical_replication": ("off", "logical replication stops, and its slots are lost"),
    "max_replication_slots": ("smaller", "replication slots beyond it are lost"),
    "max_slot_wal_keep_size": ("smaller", "replication slots that lag behind more are lost"),
    "rds.log_retention_period": ("smaller", "older logs on the instance are deleted"),
}


def costly(parameter: str, before: str | None, after: str | None) -> str:
    """Say what a change of a parameter destroys; nothing, also of values that are no numbers."""
    how, told = COSTLY.get(parameter, ("", ""))
    if how == "off":
        return told if before in ("1", "on") and after not in ("1", "on") else ""
    if how != "smaller" or not re.fullmatch(r"-?\d+", before or ""):
        return ""
    # Unset it is the engine's own, which nobody here knows; -1 is no limit.
    there, then = (inf if value == "-1" else int(value) for value in (before or "0", after or "0"))
    return told if then < there else ""


class RdsGroup(RdsKind):
    """What subnet groups and parameter groups share: described by name, with their tags elsewhere."""

    describe = ""
    """The paginated describe operation."""
    key = ""
    """The key of its answer, and with the ending Name or Arn, of a group's name and ARN."""
    missing: tuple[str, ...] = ()
    """The error codes of a group that isn't there."""

    def find(self, aws, want):
        """Return the group of this name, which AWS keeps in lower case."""
        name = want["name"].lower()
        found = unless(
            self.missing, aws.pages, "rds", self.describe, f"{self.key}s", **{f"{self.key}Name": name}, otherwise=[]
        )
        return self.live(aws, found[0]) | {"name": want["name"]} if found else None

    def stack(self, aws, stack):
        """Return the groups tagged with the stack, among those whose name has the stack's."""
        listed = aws.pages("rds", self.describe, f"{self.key}s")
        groups = [self.live(aws, item) for item in listed if stack in item[f"{self.key}Name"]]
        return [group for group in groups if group["tags"].get("Stack") == stack]

    def live(self, aws, item):
        """Return the described group as our fields."""
        arn = item[f"{self.key}Arn"]
        tags = aws.tags(
            arn, lambda: tagging.from_list(aws("rds").list_tags_for_resource(ResourceName=arn)["TagList"])
        )
        return {"name": item[f"{self.key}Name"], "arn": arn, "tags": tags}

    def obstacles(self, aws, live, ours):
        """Return the databases of others that have the group."""
        return [
            f"the database {one['DBInstanceIdentifier']} has the {self.title} {live['name']}: give it another one"
            for one in aws.pages("rds", "describe_db_instances", "DBInstances")
            if live["name"].lower() in self.groups(one)
            and tagging.from_list(one.get("TagList")).get("Stack") != live["tags"].get("Stack")
        ]

    def groups(self, instance) -> list[str]:
        """Return the names of the groups of this kind that a described instance has."""
        raise NotImplementedError

    def computed(self, aws, want):
        """A group's ARN can be computed."""
        return {"arn": aws.arn("rds", f"{self.arn_type}:{want['name'].lower()}")}

    arn_type = ""
    """How an ARN calls the group."""


class SubnetGroup(CommunityKind, RdsGroup):
    """A subnet group."""

    name = "db_subnet_group"
    title = "database subnet group"
    module = "amazon.aws.rds_subnet_group"
    cloudformation = "AWS::RDS::DBSubnetGroup"
    properties = {"DBSubnetGroupName": "name", "DBSubnetGroupDescription": "description", "SubnetIds": "subnets"}
    needs = ("subnet",)
    describe = "describe_db_subnet_groups"
    key = "DBSubnetGroup"
    missing = ("DBSubnetGroupNotFoundFault", "DBSubnetGroupNotFound")
    arn_type = "subgrp"
    settling = SERVICE_ROLE
    unmanaged = (
        Listing(
            "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName",
            delete=("delete_db_subnet_group", "DBSubnetGroupName"),
        ),
    )

    def want(self, arguments):
        """Subnets have no order."""
        want = super().want(arguments)
        return want | ({"subnets": sorted(want["subnets"])} if "subnets" in want else {})

    @keep_unmodelled
    def live(self, aws, item):
        """Return the described group as our fields."""
        return super().live(aws, item) | {
            "description": item["DBSubnetGroupDescription"],
            "subnets": sorted(subnet["SubnetIdentifier"] for subnet in item["Subnets"]),
            "vpc_id": item["VpcId"],
        }

    def groups(self, instance):
        """It has one."""
        return [instance.get("DBSubnetGroup", {}).get("DBSubnetGroupName")]

    def delete(self, aws, live):
        """Delete the group."""
        unless(self.missing, aws("rds").delete_db_subnet_group, DBSubnetGroupName=live["name"])


class ParameterGroup(RdsGroup):
    """A parameter group with exactly the parameters that it is given.

    AWS calls a parameter the user's only where its value isn't the engine's own: one that is set to that keeps its
    source. So both are read, and what isn't a user's counts for what is wanted only.
    """

    name = "db_parameter_group"
    title = "database parameter group"
    module = "flow_builder.aws.rds_instance_param_group"
    cloudformation = "AWS::RDS::DBParameterGroup"
    properties = {"DBParameterGroupName": "name"}
    immutable = {
        "family": "AWS fixes a group's family at creation; another major version takes another group",
        "description": "AWS fixes a group's description at creation",
    }
    describe = "describe_db_parameter_groups"
    key = "DBParameterGroup"
    missing = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
    arn_type = "pg"
    ignored = frozenset({"defaults"})
    # AWS's own word for how long a new group may not be usable.
    settle_seconds = 300
    unmanaged = (
        Listing(
            "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName",
            delete=("delete_db_parameter_group", "DBParameterGroupName"),
        ),
    )

    def want(self, arguments):
        """All values are text for AWS."""
        want = super().want(arguments)
        if "parameters" in want:
            want["parameters"] = {key: text(value) for key, value in want["parameters"].items()}
        return want

    def find(self, aws, want):
        """Return the group of this name; what is wanted and the engine's own value is one of its parameters."""
        live = super().find(aws, want)
        for name in live["defaults"].keys() & want.get("parameters", {}).keys() if live else ():
            live["parameters"][name] = live["defaults"].pop(name)
        return live

    @keep_unmodelled
    def live(self, aws, item):
        """Return the described group as our fields, with the users' parameters, and the engine's own beside them."""
        said: dict[bool, dict] = {True: {}, False: {}}
        for one in self._described(aws, item["DBParameterGroupName"]):
            if "ParameterValue" in one:
                said[one["Source"] == "user"][one["ParameterName"]] = one["ParameterValue"]
        return super().live(aws, item) | {
            "family": item["DBParameterGroupFamily"],
            "description": item["Description"],
            "parameters": said[True],
            "defaults": said[False],
        }

    @staticmethod
    def _described(aws, name):
        return aws.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name)

    def compare(self, live, want):
        """What is wanted may be the engine's own value as well."""
        changes = super().compare(live, want)
        if "parameters" in changes and not any(self._steps(live, want)):
            changes.discard("parameters")
        return changes

    @staticmethod
    def _steps(live, want) -> tuple[dict, list]:
        """Return the parameters to set, and those to reset: what nobody wants, but for the engine's own."""
        wanted, there = want["parameters"], live["parameters"]
        has = {**live["defaults"], **there}
        return {key: value for key, value in wanted.items() if has.get(key) != value}, sorted(set(there) - set(wanted))

    def create(self, aws, want):
        """Create the group."""
        aws("rds").create_db_parameter_group(
            DBParameterGroupName=want["name"],
            DBParameterGroupFamily=want["family"],
            Description=want["description"],
            Tags=tagging.to_list(want.get("tags", {})),
        )

    def complete(self, aws, want, made):
        """Set its parameters."""
        if want.get("parameters"):
            self._set(aws, want["name"], want["parameters"], [])

    def update(self, aws, live, want, changes):
        """Set the parameters that differ and reset those that nobody wants."""
        self._set(aws, live["name"], *self._steps(live, want))

    def loses(self, aws, live, want, changes):
        """Some parameters keep what nobody can bring back."""
        if not want or "parameters" not in changes:
            return ""
        change, reset = self._steps(live, want)
        there, wanted = {**live["defaults"], **live["parameters"]}, want["parameters"]
        told = {name: costly(name, there.get(name), wanted.get(name)) for name in [*change, *reset]}
        return "; ".join(
            f"{name} from {there[name]} to {wanted.get(name, 'its default')}: {what}"
            for name, what in told.items()
            if what
        )

    def _set(self, aws, name, change, reset):
        rds = aws("rds")
        known = {one["ParameterName"]: one for one in self._described(aws, name)}
        unknown = sorted(set(change) - set(known))
        if unknown:
            raise EngineError(f"the database has no parameter {', '.join(unknown)}")

        def how(key):
            # What the engine reads only at its start can't be told "immediate".
            dynamic = known.get(key, {}).get("ApplyType") == "dynamic"
            return {"ParameterName": key, "ApplyMethod": "immediate" if dynamic else "pending-reboot"}

        setting = [{**how(key), "ParameterValue": value} for key, value in change.items()]
        resetting = [how(key) for key in reset]
        for call, items in ((rds.modify_db_parameter_group, setting), (rds.reset_db_parameter_group, resetting)):
            for start in range(0, len(items), 20):  # AWS takes 20 at a time
                call(DBParameterGroupName=name, Parameters=items[start : start + 20])

    def groups(self, instance):
        """It has one, and for a while the one before it."""
        return [one["DBParameterGroupName"] for one in instance.get("DBParameterGroups", [])]

    def delete(self, aws, live):
        """Delete the group."""
        unless(self.missing, aws("rds").delete_db_parameter_group, DBParameterGroupName=live["name"])


def text(value) -> str:
    """Return a parameter's value as AWS has it."""
    return str(int(value)) if isinstance(value, bool) else str(value)


SUBNET_GROUP = SubnetGroup()
PARAMETER_GROUP = ParameterGroup()
