"""RDS: what AWS refuses of subnet and parameter groups, and of a deletion."""

import re

from emulator import postgres_parameters, rds_catalogue
from emulator.strict import MEASURED, Refusal, rule
from emulator.strict.rds import COMBINATION, POSTGRES, STATE, VALUE, live_instance

# Deletion


@rule("rds", "DeleteDBInstance", code=COMBINATION, source="RDS API reference, DeleteDBInstance")
def final_snapshot_or_none(call):
    """A final snapshot is skipped or named; replicas have none, and its name is free."""
    found, name = live_instance(call), call.parameters.get("FinalDBSnapshotIdentifier")
    if found is None or not name:
        return None
    if call.parameters.get("SkipFinalSnapshot"):
        return "FinalDBSnapshotIdentifier cannot be specified when SkipFinalSnapshot is true."
    if found.is_replica:
        return "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance"
    if name in call.backend("rds").database_snapshots:
        return Refusal(
            "DBSnapshotAlreadyExists",
            f"Cannot create the snapshot because a snapshot with the identifier {name} already exists.",
        )
    return None


@rule(
    "rds", "DeleteDBInstance", "ModifyDBInstance", code=STATE, source="hashicorp/terraform-provider-aws#5624"
)  # fmt: skip
def instance_is_not_being_deleted(call):
    """An instance that is being deleted is neither deleted again nor changed."""
    found = live_instance(call)
    if found is not None and getattr(found, "deleted_at", None) is not None:
        return f"Instance {found.db_instance_identifier} is already being deleted."
    return None


@rule("rds", "DeleteDBInstance", code=STATE, source="hashicorp/terraform-provider-aws#46687")
def final_snapshot_of_an_available_instance(call):
    """A final snapshot is taken only of an instance that is available: not stopped, not being modified."""
    found = live_instance(call)
    if found is None or not call.parameters.get("FinalDBSnapshotIdentifier") or found.deletion_protection:
        return None
    if found.status != "available" or getattr(found, "looks_modifying", 0):
        return (
            "Cannot create a snapshot because the database instance "
            f"{found.db_instance_identifier} is not currently in the available state."
        )
    return None


# Groups


@rule(
    "rds",
    "CreateDBSubnetGroup",
    code=VALUE,
    source=MEASURED + "pf-rds-subnet-group-name, pf-rds-subnet-group-name-reserved",
)
def subnet_group_has_a_name(call):
    """A subnet group's name has letters, digits, spaces and ._-, and isn't default."""
    name = call.parameters["DBSubnetGroupName"]
    if name.lower() == "default":
        return "Subnet group name default is reserved. Please specify another name."
    return None if re.fullmatch(r"[a-zA-Z0-9 ._-]{1,255}", name) else "Invalid subnet group name"


@rule(
    "rds",
    "CreateDBSubnetGroup",
    "ModifyDBSubnetGroup",
    code="InvalidSubnet",
    source="RDS API reference, CreateDBSubnetGroup, errors",
)
def subnet_group_is_one_vpc(call):
    """A subnet group's subnets are of one VPC."""
    wanted = set(call.parameters["SubnetIds"])
    vpcs = {one.vpc_id for zone in call.backend("ec2").subnets.values() for key, one in zone.items() if key in wanted}
    return f"The subnets [{', '.join(sorted(wanted))}] are not all in the same VPC." if len(vpcs) > 1 else None


@rule(
    "rds",
    "CreateDBSubnetGroup",
    "ModifyDBSubnetGroup",
    "CreateDBParameterGroup",
    code=VALUE,
    source=MEASURED + "pf-rds-description-printable",
)
def description_is_ascii(call):
    """A group's description is printable ASCII."""
    text = call.parameters.get("DBSubnetGroupDescription") or call.parameters.get("Description") or ""
    if text.isascii() and text.isprintable():
        return None
    return "The parameter Description must not contain non-printable control characters."


@rule("rds", "CreateDBParameterGroup", code=VALUE, source="RDS API reference, CreateDBParameterGroup")
def parameter_group_has_a_name_and_family(call):
    """A parameter group's name is like an instance's, and its family exists."""
    name, family = call.parameters["DBParameterGroupName"], call.parameters["DBParameterGroupFamily"]
    if not re.fullmatch(r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{0,253}[a-zA-Z0-9]|[a-zA-Z]", name):
        return (
            "The parameter DBParameterGroupName is not a valid identifier. Identifiers must begin with a letter; "
            "must contain "
            "only ASCII letters, digits, and hyphens; and must not end with a hyphen or contain two consecutive "
            "hyphens."
        )
    if family.startswith(POSTGRES) and not re.fullmatch(r"postgres(9\.[3-6]|1[0-8])", family):
        return f"ParameterGroupFamily {family} is not a valid parameter group family"
    return None


@rule("rds", "ModifyDBParameterGroup", code=VALUE, source="RDS API reference, ModifyDBParameterGroup")
def parameters_have_such_values(call):
    """A group's parameters are its family's, up to 20 in a call, with values that the family allows."""
    given = call.parameters["Parameters"]
    if len(given) > 20:
        return "A maximum of 20 parameters can be modified in a single request."
    group = call.backend("rds").db_parameter_groups.get(call.parameters["DBParameterGroupName"].lower())
    known = rds_catalogue.parameters(group.family) if group is not None else {}
    for one in given if known else ():
        name, value = one.get("ParameterName", ""), one.get("ParameterValue")
        if not postgres_parameters.known(name):
            return f"Could not find parameter with name: {name}"
        allowed = known.get(name, {}).get("AllowedValues")
        if allowed and value is not None and not _allowed(known[name], allowed, value):
            return f"Invalid parameter value: {value} for: {name} allowed values are: {allowed}"
    return None


def _allowed(parameter: dict, allowed: str, value: str) -> bool:
    """Tell whether a value is in ``0-10``, among ``on,off``, or a formula, which RDS works out itself."""
    if "{" in value or "(" in value or "$" in value:
        return True
    span = re.fullmatch(r"(-?[\d.]+)-(-?[\d.]+(?:e\+\d+)?)", allowed)
    if span:
        try:
            return float(span[1]) <= float(value) <= float(span[2])
        except ValueError:
            return False
    values = set(allowed.split(","))
    return set(re.split(r",\s*", value)) <= values if parameter["DataType"] == "list" else value in values
