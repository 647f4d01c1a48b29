"""RDS: subnet and parameter groups."""

from moto.core.responses import ActionResult
from moto.rds import models
from moto.rds.exceptions import DBParameterGroupNotFoundError, DBSubnetGroupNotFoundError
from moto.rds.responses import RDSResponse

from emulator import rds_catalogue as catalogue
from emulator.errors import AWSError
from emulator.patching import adds, correction, replacing

Backend, Instance = models.RDSBackend, models.DBInstance


def page_of(items: list, params: dict, size: int = 100) -> tuple[list, dict]:
    """Cut one page out of a list; return it and the marker of the next."""
    start, size = int(params.get("Marker") or 0), int(params.get("MaxRecords") or size)
    end = start + size
    return items[start:end], {"Marker": str(end)} if end < len(items) else {}


# Subnet groups


@correction("rds", "a subnet group spans two zones, survives its modification and is not deleted in use")
def subnet_groups():
    def check(subnets):
        if len({subnet.availability_zone for subnet in subnets}) < 2:
            raise AWSError(
                "DBSubnetGroupDoesNotCoverEnoughAZs",
                "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Add subnets to cover at "
                "least 2 AZs.",
            )

    @replacing(Backend, "create_subnet_group")
    def create(original, self, subnet_name, description, subnets, tags):
        if subnet_name.lower() in self.subnet_groups:
            raise AWSError("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name}' already exists.")
        check(subnets)
        return original(self, subnet_name.lower(), description, subnets, tags)

    @replacing(Backend, "describe_db_subnet_groups")
    def describe(original, self, subnet_group_name):
        return original(self, subnet_group_name and subnet_group_name.lower())

    @replacing(Backend, "modify_db_subnet_group")
    def modify(original, self, subnet_name, description, subnets):
        name = subnet_name.lower()
        if name not in self.subnet_groups:
            raise DBSubnetGroupNotFoundError(name)
        check(subnets)
        group = self.subnet_groups[name] = original(self, name, description, subnets)
        return group

    @replacing(Backend, "delete_subnet_group")
    def delete(original, self, subnet_name):
        group = self.subnet_groups.get(subnet_name.lower())
        if group and any(one.db_subnet_group is group for one in self.databases.values()):
            raise AWSError(
                "InvalidDBSubnetGroupStateFault",
                f"Cannot delete the subnet group '{subnet_name}' because at least one database instance is "
                "still using it.",
            )
        return original(self, subnet_name.lower())


# Parameter groups


def _default_group(backend, name: str):
    """Return AWS's own group of a family (default.postgres17), making it when first asked for."""
    family = name.removeprefix("default.")
    if name.startswith("default.") and catalogue.parameters(family) and name not in backend.db_parameter_groups:
        backend.db_parameter_groups[name] = models.DBParameterGroup(
            backend, name, f"Default parameter group for {family}", family
        )
    return backend.db_parameter_groups.get(name)


@correction("rds", "a parameter group that is missing is DBParameterGroupNotFound, one in use is not deleted")
def parameter_groups():
    @replacing(Backend, "describe_db_parameter_groups")
    def describe(original, self, kwargs):
        name = (kwargs.get("db_parameter_group_name") or "").lower()
        if not name:
            return original(self, kwargs)
        group = _default_group(self, name)
        if group is None:
            raise DBParameterGroupNotFoundError(name)
        return [group]

    @replacing(Backend, "delete_db_parameter_group")
    def delete(original, self, db_parameter_group_name):
        name = db_parameter_group_name.lower()
        used = any(one.db_parameter_group_name == name for one in self.databases.values())
        if used or name.startswith("default."):
            reason = (
                "One or more database instances are still members of this parameter group"
                if used
                else "Default groups can't be deleted"
            )
            raise AWSError("InvalidDBParameterGroupState", f"{reason} {name}, so the group cannot be deleted")
        return original(self, name)

    @replacing(Backend, "modify_db_instance")
    def modify(original, self, db_instance_identifier, db_kwargs):
        _default_group(self, db_kwargs.get("db_parameter_group_name") or "")
        return original(self, db_instance_identifier, db_kwargs)


@correction(
    "rds",
    "DescribeDBParameters lists all of the family; what is set has the source user, but for the engine's own value",
)
def describe_parameters():
    @replacing(RDSResponse, "describe_db_parameters")
    def describe(_original, self):
        group = self.backend.describe_db_parameter_groups(
            {"db_parameter_group_name": self.params["DBParameterGroupName"]}
        )[0]
        known = catalogue.parameters(group.family)
        for name, given in group.parameters.items():
            default = known.get(name, {})
            # hashicorp/terraform-provider-aws#593, #23335: what is set to the engine's own value keeps its source.
            same = "ParameterValue" in default and default["ParameterValue"] == given.get("ParameterValue")
            known[name] = {
                "ParameterName": name, "IsModifiable": True, "ApplyType": "dynamic", "DataType": "string",
                **default, **given, "Source": default["Source"] if same else "user",
            }  # fmt: skip
        source = self.params.get("Source")
        listed = [known[name] for name in sorted(known) if source in (None, known[name]["Source"])]
        page, marker = page_of(listed, self.params)
        return ActionResult({"Parameters": page, **marker})


@correction("rds", "ModifyDBParameterGroup refuses what is fixed, and static parameters at once")
def modify_parameters():
    @replacing(Backend, "modify_db_parameter_group")
    def modify(original, self, db_parameter_group_name, db_parameter_group_parameters):
        name, given = db_parameter_group_name.lower(), list(db_parameter_group_parameters)
        group = _default_group(self, name)
        if name.startswith("default."):
            raise AWSError("InvalidDBParameterGroupState", f"The default parameter group {name} can't be modified")
        known = catalogue.parameters(group.family) if group else {}
        for one in given:
            parameter = known.get(one["ParameterName"], {"ApplyType": "dynamic", "IsModifiable": True})
            if not parameter["IsModifiable"]:
                raise AWSError("InvalidParameterValue", f"The parameter {one['ParameterName']} cannot be modified.")
            if parameter["ApplyType"] == "static" and one.get("ApplyMethod") == "immediate":
                raise AWSError("InvalidParameterCombination", "cannot use immediate apply method for static parameter")
        return original(self, name, given)


@adds("rds", "ResetDBParameterGroup", "gives all or the named parameters their defaults back")
def reset_parameter_group(api, params):
    group = api.backend.describe_db_parameter_groups({"db_parameter_group_name": params["DBParameterGroupName"]})[0]
    if params.get("ResetAllParameters") or not params.get("Parameters"):
        group.parameters.clear()
    for one in params.get("Parameters", []):
        group.parameters.pop(one["ParameterName"], None)
    return {"DBParameterGroupName": group.name}
