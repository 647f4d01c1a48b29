"""Public subnets of a VPC that isn't ours: found by id or tags, and checked before anything is built on them."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.errors import EngineError

ANYWHERE = "0.0.0.0/0"
MISSING = ("InvalidVpcID.NotFound", "InvalidVpcID.Malformed", "InvalidSubnetID.NotFound", "InvalidSubnetID.Malformed")


def found(aws, vpc: dict, subnets: dict, free: int) -> dict:
    """Return the VPC's id and the subnets, each of which is public and has ``free`` addresses left.

    ``vpc`` and ``subnets`` each say ``ids`` or ``tags``; with neither, all public subnets of the VPC are meant.
    Raises EngineError, in one sentence, for whatever a task could not start in.
    """
    chosen = _vpc(aws, vpc)
    routes = aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=_filter("vpc-id", [chosen]))
    listed = _subnets(aws, chosen, subnets)
    if not (subnets["ids"] or subnets["tags"]):
        listed = [one for one in listed if public(one["SubnetId"], routes)]
    if not listed:
        raise EngineError(f"{chosen} has no public subnet{_tagged(subnets)} in {aws.region}; name some or make one")
    for one in listed:
        if not public(one["SubnetId"], routes):
            raise EngineError(
                f"{one['SubnetId']} is private, since its route table sends {ANYWHERE} to no internet gateway: a task "
                "there reaches neither its image nor the database; name public subnets"
            )
        if one["AvailableIpAddressCount"] < free:
            raise EngineError(
                f"{one['SubnetId']} has {one['AvailableIpAddressCount']} free addresses, and {free} are wanted, one "
                "for each task at the same time; name a larger subnet"
            )
    return {"vpc_id": chosen, "subnet_ids": sorted(one["SubnetId"] for one in listed)}


def _vpc(aws, vpc):
    call = aws("ec2").describe_vpcs
    if vpc["ids"]:
        answer = unless(MISSING, call, VpcIds=vpc["ids"], otherwise={"Vpcs": []})
    else:
        answer = call(Filters=_tags(vpc["tags"]))
    if not answer["Vpcs"]:
        said = ", ".join(vpc["ids"]) or f"with the tags {vpc['tags']}"
        raise EngineError(f"there is no VPC {said} in {aws.region}; give one of this region, or its region")
    if len(answer["Vpcs"]) > 1:
        ids = ", ".join(one["VpcId"] for one in answer["Vpcs"])
        raise EngineError(f"{ids} all have the tags {vpc['tags']}; give the id of one")
    return answer["Vpcs"][0]["VpcId"]


def _subnets(aws, vpc, subnets):
    if not subnets["ids"]:
        filters = _filter("vpc-id", [vpc]) + _tags(subnets["tags"])
        return aws.pages("ec2", "describe_subnets", "Subnets", Filters=filters)
    filters = _filter("subnet-id", subnets["ids"])
    listed = unless(MISSING, aws.pages, "ec2", "describe_subnets", "Subnets", Filters=filters, otherwise=[])
    places = {one["SubnetId"]: one["VpcId"] for one in listed}
    for subnet in subnets["ids"]:
        if places.get(subnet) != vpc:
            where = f"is in {places[subnet]}" if subnet in places else f"isn't in {aws.region}"
            raise EngineError(f"{subnet} {where} and not in {vpc}; name subnets of that VPC")
    return listed


def public(subnet: str, tables: list[dict]) -> bool:
    """Say whether a subnet's route table, or else the main one, has a default route to an internet gateway."""
    def of(test):
        return next((table for table in tables if any(map(test, table.get("Associations", [])))), None)

    table = of(lambda one: one.get("SubnetId") == subnet) or of(lambda one: one.get("Main")) or {}
    return any(
        route.get("DestinationCidrBlock") == ANYWHERE
        and route.get("GatewayId", "").startswith("igw-")
        and route.get("State", "active") == "active"
        for route in table.get("Routes", [])
    )


def _filter(name, values):
    return [{"Name": name, "Values": values}]


def _tags(tags):
    return [{"Name": f"tag:{tag['Key']}", "Values": [tag["Value"]]} for tag in tagging.to_list(tags)]


def _tagged(subnets):
    return f" with the tags {subnets['tags']}" if subnets["tags"] else ""
