"""EC2: what AWS refuses of networks, addresses, NAT gateways and routes."""

import ipaddress

from emulator import quotas
from emulator.strict import MEASURED, observe, rule
from emulator.strict.ec2 import QUOTAS


def _network(text: str | None):
    try:
        return ipaddress.ip_network(text or "", strict=False)
    except ValueError:
        return None


def subnet_of(backend, subnet_id: str):
    """Return moto's subnet of an id, in whatever zone, or nothing."""
    return next((held[subnet_id] for held in backend.subnets.values() if subnet_id in held), None)


# Networks


@rule("ec2", "CreateVpc", code="VpcLimitExceeded", source=QUOTAS)
def vpcs_per_region(call):
    """A region has as many VPCs as the account may have, five by default."""
    if len(call.backend().vpcs) >= quotas.value(quotas.VPCS):
        return "The maximum number of VPCs has been reached."
    return None


@rule("ec2", "CreateSubnet", code="InvalidSubnet.Range", source=MEASURED + "pf-ec2-subnet-cidr-size")
def subnet_has_room(call):
    """A subnet is between a /28 and a /16."""
    network = _network(call.parameters.get("CidrBlock"))
    if network is not None and not 16 <= network.prefixlen <= 28:
        return f"The CIDR '{call.parameters['CidrBlock']}' is invalid."
    return None


@rule("ec2", "CreateSubnet", code="InvalidParameterValue", source="CreateSubnet API reference, AvailabilityZone")
def zone_is_of_the_region(call):
    """A subnet's zone is one of the region's."""
    zone = call.parameters.get("AvailabilityZone")
    zones = [one.name for one in call.backend().describe_availability_zones()]
    if zone and zone not in zones:
        return (
            f"Value ({zone}) for parameter availabilityZone is invalid. "
            f"Subnets can currently only be created in the following availability zones: {', '.join(zones)}."
        )
    return None


@rule("ec2", "CreateInternetGateway", code="InternetGatewayLimitExceeded", source=QUOTAS)
def internet_gateways_per_region(call):
    """A region has as many internet gateways as the account may have, five by default."""
    if len(call.backend().internet_gateways) >= quotas.value(quotas.INTERNET_GATEWAYS):
        return "The maximum number of internet gateways has been reached."
    return None


@rule("ec2", "AttachInternetGateway", code="InvalidParameterValue", source=MEASURED + "pf-ec2-vpc-single-igw")
def one_internet_gateway_per_vpc(call):
    """A VPC has one internet gateway."""
    vpc, gateway = call.parameters["VpcId"], call.parameters["InternetGatewayId"]
    held = call.backend().internet_gateways.values()
    if any(one.vpc and one.vpc.id == vpc and one.id != gateway for one in held):
        return f"Network {vpc} already has an internet gateway attached"
    return None


@rule("ec2", "DetachInternetGateway", code="Gateway.NotAttached", source="EC2 API reference, error codes")
def gateway_is_attached(call):
    """An internet gateway is detached from the VPC that it is attached to."""
    vpc, gateway = call.parameters["VpcId"], call.parameters["InternetGatewayId"]
    found = call.backend().internet_gateways.get(gateway)
    if found and not (found.vpc and found.vpc.id == vpc):
        return f"resource {gateway} is not attached to network {vpc}"
    return None


# Addresses and NAT gateways


@rule("ec2", "AllocateAddress", code="AddressLimitExceeded", source=QUOTAS)
def addresses_per_region(call):
    """A region has as many elastic addresses as the account may have, five by default."""
    if len(call.backend().addresses) >= quotas.value(quotas.ADDRESSES):
        return "The maximum number of addresses has been reached."
    return None


@rule("ec2", "AssociateAddress", code="Gateway.NotAttached", source="aws-samples/cfn101-workshop#165")
def address_needs_an_internet_gateway(call):
    """An address is given to something in a VPC with an internet gateway."""
    given, backend = call.parameters, call.backend()
    instance = backend.get_instance_by_id(given["InstanceId"]) if given.get("InstanceId") else None
    interface = backend.enis.get(given.get("NetworkInterfaceId"))
    vpc = instance.vpc_id if instance else interface.subnet.vpc_id if interface else None
    if vpc and not _has_gateway(backend, vpc):
        return f"Network {vpc} is not attached to any internet gateway"
    return None


def _has_gateway(backend, vpc: str) -> bool:
    return any(one.vpc and one.vpc.id == vpc for one in backend.internet_gateways.values())


@rule("ec2", "CreateNatGateway", code="NatGatewayLimitExceeded", source=QUOTAS)
def nat_gateways_per_zone(call):
    """A zone has as many NAT gateways as the account may have there, five by default."""
    backend = call.backend()
    subnet, may = subnet_of(backend, call.parameters.get("SubnetId")), quotas.value(quotas.NAT_GATEWAYS)
    held = [one for one in backend.nat_gateways.values() if one.state in ("pending", "available", "deleting")]
    zones = [getattr(subnet_of(backend, one.subnet_id), "availability_zone", None) for one in held]
    if subnet and zones.count(subnet.availability_zone) >= may:
        return f"The maximum number of NAT gateways has been reached ({may:g})"
    return None


@rule("ec2", "CreateNatGateway", code="MissingParameter", source=MEASURED + "pf-ec2-natgw-allocation")
def public_nat_gateway_has_an_address(call):
    """A public NAT gateway in a subnet is given an address."""
    given = call.parameters
    if given.get("SubnetId") and given.get("ConnectivityType", "public") == "public" and not given.get("AllocationId"):
        return "The request must include the AllocationId parameter."
    return None


REGIONAL = "EC2 API reference, CreateNatGateway; terraform-provider-aws, r/nat_gateway; words unverified"


@rule("ec2", "CreateNatGateway", code="MissingParameter", source=REGIONAL)
def nat_gateway_has_its_place(call):
    """A zonal NAT gateway is made in a subnet, a regional one for a VPC."""
    needed = "VpcId" if call.parameters.get("AvailabilityMode") == "regional" else "SubnetId"
    return None if call.parameters.get(needed) else f"The request must contain the parameter {needed}"


@rule("ec2", "CreateNatGateway", code="InvalidParameterCombination", source=REGIONAL)
def nat_gateway_is_of_one_mode(call):
    """A regional NAT gateway is public, without a subnet or addresses but its zones'; a zonal one has no zones."""
    given = call.parameters
    if given.get("AvailabilityMode") != "regional":
        zones = given.get("AvailabilityZoneAddresses")
        return "AvailabilityZoneAddresses is for regional NAT gateways." if zones else None
    if given.get("ConnectivityType") == "private":
        return "A regional NAT gateway can't be private."
    of_zonal = ("SubnetId", "AllocationId", "SecondaryAllocationIds", "PrivateIpAddress", "SecondaryPrivateIpAddresses")
    wrong = next((one for one in of_zonal if given.get(one)), None)
    return f"{wrong} can't be given for a regional NAT gateway." if wrong else None


@rule("ec2", "CreateNatGateway", code="InvalidParameterValue", source=REGIONAL)
def zone_of_a_nat_gateway_has_addresses(call):
    """A zone of a regional NAT gateway is named once, one way, is the region's, and has addresses of its own."""
    zones = call.parameters.get("AvailabilityZoneAddresses") or []
    known = {one.name: one.zone_id for one in call.backend().describe_availability_zones()}
    names: list = []
    ids: list = []
    for one in zones:
        given = [one[key] for key in ("AvailabilityZone", "AvailabilityZoneId") if one.get(key)]
        if len(given) != 1 or given[0] not in {*known, *known.values()}:
            return f"Value ({', '.join(given)}) for parameter availabilityZone is invalid."
        if not one.get("AllocationIds"):
            return f"No address is given for {given[0]}."
        names, ids = [*names, known.get(given[0], given[0])], [*ids, *one["AllocationIds"]]
    return "A zone or an address is given twice." if len(set(names)) < len(names) or len(set(ids)) < len(ids) else None


# CreateNatGateway takes what can't work; the gateway then fails. (Amazon VPC user guide, troubleshoot NAT gateways)


@observe("ec2", "CreateNatGateway")
def _gateway_is_attached(call):
    backend = call.backend()
    made = list(backend.nat_gateways.values())[-1]
    if made.connectivity_type != "private" and not _has_gateway(backend, made.vpc_id):
        made.fail("Gateway.NotAttached", f"Network {made.vpc_id} has no Internet gateway attached")


# Routes


@rule("ec2", "CreateRoute", "ReplaceRoute", code="InvalidParameterValue", source="EC2 API reference, error codes")
def route_leads_within_its_network(call):
    """A route's internet gateway is attached to the route table's VPC."""
    given, backend = call.parameters, call.backend()
    table = backend.route_tables.get(given["RouteTableId"])
    gateway = backend.internet_gateways.get(given.get("GatewayId"))
    if table and gateway and not (gateway.vpc and gateway.vpc.id == table.vpc_id):
        return f"route table {table.id} and network gateway {gateway.id} belong to different networks"
    return None


@rule(
    "ec2", "CreateRoute", "ReplaceRoute", code="InvalidNatGatewayID.NotFound", source="EC2 API reference, error codes"
)
def route_to_a_nat_gateway_that_exists(call):
    """A route's NAT gateway exists."""
    given = call.parameters.get("NatGatewayId")
    found = call.backend().nat_gateways.get(given)
    if given and (found is None or found.state == "deleted"):
        return f"The natGateway ID '{given}' does not exist"
    return None


TARGETS = (
    "GatewayId", "LocalGatewayId", "CarrierGatewayId", "NatGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId", "TransitGatewayId", "VpcEndpointId", "CoreNetworkArn", "InstanceId",
)  # fmt: skip


@rule("ec2", "CreateRoute", code="MissingParameter", source=MEASURED + "pf-ec2-route-target-exactly-one")
def route_has_one_target(call):
    """A route leads to one thing."""
    if sum(bool(call.parameters.get(one)) for one in TARGETS) != 1 and not call.parameters.get("OdbNetworkArn"):
        *names, last = (one[0].lower() + one[1:] for one in TARGETS)
        return f"The request must contain exactly one of {', '.join(names)} or {last}"
    return None


@rule("ec2", "AssociateRouteTable", code="Resource.AlreadyAssociated", source="EC2 API reference, error codes")
def subnet_has_one_route_table(call):
    """A subnet has one route table of its own."""
    given = call.parameters
    subnet, wanted = given.get("SubnetId"), given["RouteTableId"]
    for table in call.backend().route_tables.values():
        if subnet and table.id != wanted and subnet in table._associations.values():
            return f"the specified association for route table {wanted} conflicts with an existing association"
    return None


@rule("ec2", "AssociateRouteTable", code="InvalidParameterValue", source="EC2 API reference, error codes")
def route_table_is_of_the_subnets_vpc(call):
    """A subnet's route table is of its VPC."""
    given, backend = call.parameters, call.backend()
    table, subnet = backend.route_tables.get(given["RouteTableId"]), subnet_of(backend, given.get("SubnetId"))
    if table and subnet and table.vpc_id != subnet.vpc_id:
        return f"Route table {table.id} and subnet {subnet.id} belong to different networks"
    return None


@rule("ec2", "DeleteRouteTable", code="DependencyViolation", source="DeleteRouteTable API reference")
def main_route_table_stays(call):
    """A VPC's main route table is not deleted."""
    table = call.backend().route_tables.get(call.parameters["RouteTableId"])
    if table and table.main_association_id:
        return f"The routeTable '{table.id}' has dependencies and cannot be deleted."
    return None
