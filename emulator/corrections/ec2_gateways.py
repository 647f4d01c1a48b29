"""EC2: addresses, and NAT, internet and VPN gateways."""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import EC2Backend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import RouteTable
from moto.ec2.utils import (
    add_tag_specification,
    generic_filter,
    random_eip_association_id,
    random_nat_gateway_id,
)

from emulator.errors import AWSError
from emulator.patching import Obsolete, adds, answers, correction, plain, replacing

# Tags and addresses


@correction("ec2", "a route table tells which gateways propagate routes to it, also if none does")
def propagating_gateways():
    if hasattr(RouteTable, "propagating_vgws"):
        raise Obsolete("moto knows propagating gateways")
    RouteTable.propagating_vgws = []


@correction("ec2", "a NAT gateway that is deleted, or has failed, gives its address and its interface back")
def delete_nat_gateway():
    NatGateway.availability_mode = "zonal"

    @replacing(EC2Backend, "create_nat_gateway")
    def create(original, self, *args, **kwargs):
        gateway = original(self, *args, **kwargs)
        gateway._eni.status, gateway._eni.interface_type = "in-use", "nat_gateway"
        gateway._eni._group_set = []
        return gateway

    @replacing(EC2Backend, "delete_nat_gateway")
    def delete(original, self, nat_gateway_id):
        if nat_gateway_id not in self.nat_gateways:
            raise AWSError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
        gateway = original(self, nat_gateway_id)
        _give_back(gateway)
        return gateway

    def fail(gateway, code, message):
        gateway.state, gateway.failure_code, gateway.failure_message = "failed", code, message
        _give_back(gateway)

    NatGateway.fail = fail


def _give_back(gateway) -> None:
    backend = gateway.ec2_backend
    if isinstance(gateway, RegionalNatGateway):
        gateway.leave()
        return
    for address in backend.addresses:
        if address.eni is gateway._eni:
            address.eni = address.association_id = None
    backend.enis.pop(gateway._eni.id, None)


class RegionalNatGateway(NatGateway):
    """A NAT gateway of a whole VPC, with the addresses that it was given, or in all zones where there are subnets."""

    availability_mode = "regional"

    def __init__(self, backend, vpc_id: str, zones: dict[str, list[str]], tags: dict):
        self.ec2_backend, self.vpc_id, self.connectivity_type = backend, vpc_id, "public"
        self.id, self.subnet_id, self.private_ip, self._eni = random_nat_gateway_id(), None, None, None
        self.state, self._created_at = "available", utcnow()
        self.auto_provision_zones = self.auto_scaling_ips = "disabled" if zones else "enabled"
        self._addresses: list = []
        self.add_tags(tags)
        table = backend.create_route_table(vpc_id)
        table.made_for_nat_gateway, self.route_table_id = self.id, table.id
        for zone, ids in zones.items():
            self.associate(zone, ids)

    def start(self) -> None:
        """Route to the internet gateway, without which it can't work."""
        backend = self.ec2_backend
        found = next((one for one in backend.internet_gateways.values() if one.vpc and one.vpc.id == self.vpc_id), None)
        if found and self.state != "failed":
            backend.create_route(self.route_table_id, "0.0.0.0/0", gateway_id=found.id)

    def associate(self, zone: str, ids: list[str]) -> None:
        """Take addresses for a zone."""
        for address in self.ec2_backend.address_by_allocation(ids):
            if address.association_id:
                told = f"Elastic IP address {address.allocation_id} is already associated"
                self.fail("Resource.AlreadyAssociated", told)
                return
            address.association_id, address.nat_zone, address.nat_vpc = random_eip_association_id(), zone, self.vpc_id
            self._addresses.append(address)

    def disassociate(self, associations: list[str]) -> None:
        """Give addresses back."""
        for address in [one for one in self._addresses if one.association_id in associations]:
            self._addresses.remove(address)
            address.association_id = address.nat_vpc = None
            if getattr(address, "service_managed", None):
                self.ec2_backend.addresses.remove(address)

    def expand(self) -> None:
        """Be in the zones where the VPC has subnets, and in no others, with an address of AWS's own in each."""
        wanted = {
            one.availability_zone
            for held in self.ec2_backend.subnets.values()
            for one in held.values()
            if one.vpc_id == self.vpc_id
        }
        self.disassociate([one.association_id for one in self._addresses if one.nat_zone not in wanted])
        for zone in sorted(wanted - {one.nat_zone for one in self._addresses}):
            address = self.ec2_backend.allocate_address("vpc")
            address.service_managed = "rnat"
            self.associate(zone, [address.allocation_id])

    def leave(self) -> None:
        """Give back all that it has; its route table ends with it."""
        self.disassociate([one.association_id for one in self._addresses])
        self.ec2_backend.route_tables.pop(self.route_table_id, None)

    @property
    def nat_gateway_addresses(self) -> list[dict]:
        """Return its addresses as EC2 tells them."""
        if self.auto_provision_zones == "enabled" and self.state in ("pending", "available"):
            self.expand()
        zones = {one.name: one.zone_id for one in self.ec2_backend.describe_availability_zones()}
        return [
            {
                "allocationId": one.allocation_id, "publicIp": one.public_ip, "associationId": one.association_id,
                "availabilityZone": one.nat_zone, "availabilityZoneId": zones.get(one.nat_zone), "status": "succeeded",
            }
            for one in self._addresses
        ]  # fmt: skip


@answers("ec2", "CreateNatGateway", "makes regional NAT gateways, too, each with a route table of its own")
def create_nat_gateway(api, params, moto):
    if params.get("AvailabilityMode") != "regional":
        return moto()
    backend = api.ec2_backend
    zones = {
        one.get("AvailabilityZone") or _zone_name(backend, one.get("AvailabilityZoneId")): one.get("AllocationIds", [])
        for one in params.get("AvailabilityZoneAddresses", [])
    }
    for ids in zones.values():
        backend.address_by_allocation(ids)  # or refuse
    tags = add_tag_specification(params.get("TagSpecifications", []))
    gateway = RegionalNatGateway(backend, params["VpcId"], zones, tags)
    backend.nat_gateways[gateway.id] = gateway
    gateway.start()
    return plain(api, ActionResult({"NatGateway": gateway}))


def _zone_name(backend, zone_id: str | None) -> str | None:
    return next((one.name for one in backend.describe_availability_zones() if one.zone_id == zone_id), None)


def _regional(api, params):
    gateway = api.ec2_backend.nat_gateways.get(params["NatGatewayId"])
    if gateway is None or gateway.state == "deleted":
        raise AWSError("NatGatewayNotFound", f"The Nat Gateway {params['NatGatewayId']} was not found")
    if not isinstance(gateway, RegionalNatGateway):
        raise AWSError("NotImplemented", "The embedded AWS knows no secondary addresses of zonal NAT gateways")
    return gateway


@adds("ec2", "AssociateNatGatewayAddress", "gives a regional NAT gateway more addresses")
def associate_nat_gateway_address(api, params):
    gateway = _regional(api, params)
    zone = params.get("AvailabilityZone") or _zone_name(api.ec2_backend, params.get("AvailabilityZoneId"))
    for address in api.ec2_backend.address_by_allocation(params["AllocationIds"]):
        if address.association_id:
            raise AWSError("Resource.AlreadyAssociated", f"{address.allocation_id} is already associated")
    gateway.associate(zone, params["AllocationIds"])
    return _addresses(api, gateway)


@adds("ec2", "DisassociateNatGatewayAddress", "takes addresses off a regional NAT gateway")
def disassociate_nat_gateway_address(api, params):
    gateway = _regional(api, params)
    gateway.disassociate(params["AssociationIds"])
    return _addresses(api, gateway)


def _addresses(api, gateway) -> dict:
    return plain(api, ActionResult({"NatGatewayId": gateway.id, "NatGatewayAddresses": gateway.nat_gateway_addresses}))


@correction("ec2", "NAT gateways are searched by tag, too")
def nat_gateway_tags():
    @replacing(EC2Backend, "describe_nat_gateways")
    def describe(original, self, filters, nat_gateway_ids):
        tagged = {name: values for name, values in (filters or {}).items() if name.startswith("tag")}
        return generic_filter(tagged, original(self, filters, nat_gateway_ids))


@correction("ec2", "an address in use is not released")
def release_address():
    @replacing(EC2Backend, "release_address")
    def release(original, self, address=None, allocation_id=None):
        for one in self.addresses:
            if one.allocation_id == allocation_id and one.association_id:
                raise AWSError("InvalidIPAddress.InUse", f"Address {one.public_ip} is in use.")
        return original(self, address=address, allocation_id=allocation_id)


@correction("ec2", "an interface in a VPC without DNS hostnames has no name, which is no failure")
def interface_without_name():
    NetworkInterface.private_dns_name = None
