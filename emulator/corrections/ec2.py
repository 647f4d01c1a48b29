"""EC2: addresses, gateways, endpoints, groups and instances as AWS answers them."""

import json
from base64 import b64encode
from copy import copy

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import DependencyViolationError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models import EC2Backend, tags
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.nat_gateways import NatGateway
from moto.ec2.models.route_tables import Route, RouteTable
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response
from moto.ec2.utils import (
    add_tag_specification,
    generic_filter,
    parse_user_data,
    random_eip_association_id,
    random_nat_gateway_id,
)

from emulator.errors import AWSError
from emulator.patching import Obsolete, adds, answers, correction, plain, replacing

ROOT_VOLUME_GIB = 8  # of the Amazon Linux images


# Tags and addresses


@correction("ec2", "a route table tells which gateways propagate routes to it, also if none does")
def propagating_gateways():
    if hasattr(RouteTable, "propagating_vgws"):
        raise Obsolete("moto knows propagating gateways")
    RouteTable.propagating_vgws = []


@correction("ec2", "DescribeTags calls an address elastic-ip and a NAT gateway natgateway")
def tag_types():
    for prefix, wrong, right in (("eipalloc", "vpc-elastic-ip", "elastic-ip"), ("nat", "nat-gateway", "natgateway")):
        if tags.EC2_PREFIX_TO_RESOURCE.get(prefix) != wrong:
            raise Obsolete(f"{prefix} is not {wrong}")
        tags.EC2_PREFIX_TO_RESOURCE[prefix] = right


@correction("ec2", "a resource that is gone has no tags any more")
def tags_of_the_deleted():
    for name, argument in {
        "release_address": "allocation_id",
        "delete_subnet": "subnet_id",
        "delete_security_group": "group_id",
        "delete_vpc": "vpc_id",
        "delete_internet_gateway": "internet_gateway_id",
        "delete_route_table": "route_table_id",
        "delete_network_interface": "eni_id",
    }.items():
        _forgets_tags(name, argument)


def _forgets_tags(name: str, argument: str) -> None:
    @replacing(EC2Backend, name)
    def delete(original, self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        self.tags.pop(kwargs.get(argument) or (args[0] if args else None), None)
        return result


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


# Security groups


@correction("ec2", "UpdateSecurityGroupRuleDescriptions* return true")
def rule_descriptions():
    for direction in ("ingress", "egress"):
        _returns_true(f"update_security_group_rule_descriptions_{direction}")


def _returns_true(name: str) -> None:
    @replacing(EC2Response, name)
    def update(original, self):
        original(self)
        return ActionResult({"Return": True})


@correction("ec2", "members of the group that every VPC has may reach each other")
def default_group():
    @replacing(EC2Backend, "create_security_group")
    def create(original, self, *args, **kwargs):
        group = original(self, *args, **kwargs)
        if group.is_default:
            members = [{"GroupId": group.id}]
            self.authorize_security_group_ingress(
                group.id, "-1", None, None, [], source_groups=members, vpc_id=group.vpc_id
            )
        return group


@correction("ec2", "a rule's description is no part of what it allows, for a group neither")
def rules_without_description():
    def bare(rule):
        twin = copy(rule)
        twin.source_group = {key: value for key, value in rule.source_group.items() if key != "Description"}
        return twin

    @replacing(SecurityGroupRule, "__eq__")
    def equal(original, self, other):
        return original(bare(self), bare(other))


# Deleting what others still use


def _users(backend) -> list[tuple[list, list]]:
    """List what holds interfaces that moto does not make: (subnet ids, group ids) of each."""
    from moto.awslambda_simple.models import lambda_simple_backends
    from moto.elbv2.models import elbv2_backends
    from moto.rds.models import rds_backends

    def of(backends):
        # Not backends[account][region]: that would make the backend.
        return backends.get(backend.account_id, {}).get(backend.region_name) if backend.account_id in backends else None

    users = []
    balancers, databases, functions = of(elbv2_backends), of(rds_backends), of(lambda_simple_backends)
    if balancers:
        users += [([s.id for s in one.subnets], one.security_groups) for one in balancers.load_balancers.values()]
    if databases:
        for one in databases.databases.values():
            users.append(
                (
                    [s.id for s in one.db_subnet_group._subnets] if one.db_subnet_group else [],
                    one.vpc_security_group_ids,
                )
            )
    if functions:
        for one in functions._lambdas.all():
            network = one.vpc_config or {}
            users.append((network.get("SubnetIds", []), network.get("SecurityGroupIds", [])))
    return users


@correction("ec2", "a subnet or group that something uses is not deleted, nor a VPC that is not empty")
def dependencies():
    def refuse(kind, name):
        raise DependencyViolationError(f"The {kind} '{name}' has dependencies and cannot be deleted.")

    @replacing(EC2Backend, "delete_subnet")
    def subnet(original, self, subnet_id):
        if any(eni.subnet_id == subnet_id for eni in self.enis.values()):
            refuse("subnet", subnet_id)
        if any(subnet_id in subnets for subnets, _ in _users(self)):
            refuse("subnet", subnet_id)
        for table in self.route_tables.values():
            for association in [key for key, value in table._associations.items() if value == subnet_id]:
                del table._associations[association]
        return original(self, subnet_id)

    @replacing(EC2Backend, "delete_security_group")
    def group(original, self, name=None, group_id=None):
        if group_id:
            if any(group_id in {one.id for one in eni._group_set} for eni in self.enis.values()):
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
            if any(group_id in groups for _, groups in _users(self)):
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return original(self, name=name, group_id=group_id)

    @replacing(EC2Backend, "delete_vpc")
    def vpc(original, self, vpc_id):
        self.get_vpc(vpc_id)
        within = [one for one in self.groups.get(vpc_id, {}).values() if one.name != "default"]
        within += [one for one in self.internet_gateways.values() if one.vpc and one.vpc.id == vpc_id]
        within += [one for one in self.vpc_end_points.values() if one.vpc_id == vpc_id]
        within += [one for one in self.nat_gateways.values() if one.vpc_id == vpc_id and one.state != "deleted"]
        within += [one for one in self.network_acls.values() if one.vpc_id == vpc_id and not one.default]
        if within:
            refuse("vpc", vpc_id)
        result = original(self, vpc_id)
        for key in [key for key, acl in self.network_acls.items() if acl.vpc_id == vpc_id]:
            del self.network_acls[key]
        return result

    @replacing(EC2Backend, "detach_internet_gateway")
    def gateway(original, self, internet_gateway_id, vpc_id):
        for address in self.addresses:
            mapped = address.eni.vpc_id if address.eni else getattr(address, "nat_vpc", None)
            if mapped == vpc_id:
                raise DependencyViolationError(
                    f"Network {vpc_id} has some mapped public address(es). "
                    "Please unmap those public address(es) before detaching the gateway."
                )
        return original(self, internet_gateway_id, vpc_id)


@correction("ec2", "peering connections are searched by the VPCs of both sides")
def peerings():
    @replacing(EC2Response, "describe_vpc_peering_connections")
    def describe(original, self):
        wanted = {one["Name"]: one["Values"] for one in self._get_param("Filters", [])}
        answer = original(self)
        answer.result["VpcPeeringConnections"] = [
            one
            for one in answer.result["VpcPeeringConnections"]
            if one.vpc.id in wanted.get("requester-vpc-info.vpc-id", [one.vpc.id])
            and one.peer_vpc.id in wanted.get("accepter-vpc-info.vpc-id", [one.peer_vpc.id])
        ]
        return answer


# VPC endpoints


@correction("ec2", "a gateway endpoint adds a route, once for each service, and has no private DNS")
def create_endpoint():
    @replacing(EC2Backend, "create_vpc_endpoint")
    def create(original, self, vpc_id, service_name, endpoint_type, policy_document, route_table_ids, *args, **kwargs):
        endpoint_type = endpoint_type or "Gateway"
        existing = [
            one for one in self.vpc_end_points.values() if one.vpc_id == vpc_id and one.service_name == service_name
        ]
        if endpoint_type == "Gateway":
            kwargs["private_dns_enabled"] = False
            taken = {table for one in existing for table in one.route_table_ids or []}.intersection(route_table_ids)
            if taken:
                raise AWSError(
                    "RouteAlreadyExists",
                    f"route table {taken.pop()} already has a route with destination-prefix-list-id "
                    f"{_prefix_list(self, service_name)}",
                )
        elif kwargs.get("private_dns_enabled") and any(one.private_dns_enabled for one in existing):
            raise AWSError(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS domain for "
                f"{service_name} in the VPC {vpc_id}",
            )
        if endpoint_type == "Interface" and not kwargs.get("security_group_ids"):
            kwargs["security_group_ids"] = [self.get_default_security_group(vpc_id).id]
        endpoint = original(
            self, vpc_id, service_name, endpoint_type, policy_document, route_table_ids, *args, **kwargs
        )
        endpoint.subnet_ids = endpoint.subnet_ids or []
        endpoint.policy_document = json.dumps(json.loads(endpoint.policy_document))
        _dress_interfaces(self, endpoint)
        return endpoint


def _prefix_list(backend, service_name: str) -> str | None:
    lists = backend.managed_prefix_lists.values()
    return next((one.id for one in lists if one.prefix_list_name == service_name), None)


def _dress_interfaces(backend, endpoint) -> None:
    """Give the endpoint's interfaces its groups."""
    for interface in endpoint.network_interface_ids:
        eni = backend.enis[interface]
        eni.status, eni.interface_type = "in-use", "vpc_endpoint"
        eni.description = f"VPC Endpoint Interface {endpoint.id}"
        eni._group_set = [backend.get_security_group_from_id(one) for one in endpoint.security_group_ids]


@correction("ec2", "ModifyVpcEndpoint changes policy, private DNS, groups, subnets with their interfaces, and routes")
def modify_endpoint():
    @replacing(EC2Response, "modify_vpc_endpoint")
    def modify(_original, self):
        backend, params = self.ec2_backend, self._get_params()
        endpoint = backend.describe_vpc_endpoints([params["VpcEndpointId"]])[0]
        if self._get_bool_param("ResetPolicy"):
            endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
        if "PolicyDocument" in params:
            endpoint.policy_document = params["PolicyDocument"]
        if "PrivateDnsEnabled" in params:
            endpoint.private_dns_enabled = self._get_bool_param("PrivateDnsEnabled")
        endpoint.security_group_ids = _changed(params, endpoint.security_group_ids, "SecurityGroupIds")
        _set_subnets(backend, endpoint, _changed(params, endpoint.subnet_ids, "SubnetIds"))
        _set_route_tables(backend, endpoint, _changed(params, endpoint.route_table_ids, "RouteTableIds"))
        _dress_interfaces(backend, endpoint)
        return ActionResult({"Return": True})


def _changed(params: dict, existing: list | None, name: str) -> list:
    kept = [one for one in existing or [] if one not in params.get(f"Remove{name}", [])]
    return kept + [one for one in params.get(f"Add{name}", []) if one not in kept]


def _set_subnets(backend, endpoint, wanted: list[str]) -> None:
    for interface in list(endpoint.network_interface_ids):
        if backend.enis[interface].subnet_id not in wanted:
            backend.enis.pop(interface)
            endpoint.network_interface_ids.remove(interface)
    covered = [backend.enis[interface].subnet_id for interface in endpoint.network_interface_ids]
    for subnet in wanted:
        if subnet not in covered and endpoint.vpc_endpoint_type == "Interface":
            endpoint.network_interface_ids.append(backend.create_network_interface(backend.get_subnet(subnet), None).id)
    endpoint.subnet_ids = wanted


def _set_route_tables(backend, endpoint, wanted: list[str]) -> None:
    prefix_list = endpoint.destination_prefix_list_id
    if prefix_list:
        for table in set(endpoint.route_table_ids) - set(wanted):
            backend.delete_route(table, prefix_list)
        for table in set(wanted) - set(endpoint.route_table_ids):
            backend.create_route(table, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
    endpoint.route_table_ids = wanted


@correction("ec2", "a deleted endpoint is gone; deleting one that does not exist is said to be unsuccessful")
def delete_endpoint():
    @replacing(EC2Response, "delete_vpc_endpoints")
    def delete(_original, self):
        backend, unsuccessful = self.ec2_backend, []
        for endpoint in self._get_param("VpcEndpointIds", []):
            if endpoint not in backend.vpc_end_points:
                message = f"The Vpc Endpoint Id '{endpoint}' does not exist"
                problem = {"Code": "InvalidVpcEndpoint.NotFound", "Message": message}
                unsuccessful.append({"ResourceId": endpoint, "Error": problem})
                continue
            backend.delete_vpc_endpoints([endpoint])
            del backend.vpc_end_points[endpoint]
            backend.tags.pop(endpoint, None)
        return ActionResult({"Unsuccessful": unsuccessful})


# Instances and launch templates


@correction("ec2", "a block device without a size gets that of the image")
def block_device_size():
    @replacing(EC2Response, "_validate_block_device_mapping")
    def validate(original, device_mapping):
        ebs = device_mapping.get("Ebs")
        if ebs is not None and not ebs.get("SnapshotId"):
            ebs.setdefault("VolumeSize", ROOT_VOLUME_GIB)
        return original(device_mapping)

    # A static method; the replacement would otherwise be bound to the response.
    EC2Response._validate_block_device_mapping = staticmethod(EC2Response._validate_block_device_mapping)

    @replacing(Instance, "add_block_device")
    def add(original, self, size, device_path, snapshot_id, *args, **kwargs):
        return original(
            self, size or (None if snapshot_id else ROOT_VOLUME_GIB), device_path, snapshot_id, *args, **kwargs
        )


@correction("ec2", "an instance has the groups of its first interface; what a launch made goes with the instance")
def instance_interfaces():
    @replacing(Instance, "prep_nics")
    def prepare(original, self, nic_spec, *args, **kwargs):
        given = {int(nic["DeviceIndex"]): nic.get("DeleteOnTermination") for nic in nic_spec if "DeviceIndex" in nic}
        existing = {nic.get("NetworkInterfaceId") for nic in nic_spec}
        original(self, nic_spec, *args, **kwargs)
        for index, eni in self.nics.items():
            if eni.id not in existing and given.get(index) is None:
                eni.delete_on_termination = True
        if 0 in self.nics and not self.security_groups:
            self.security_groups = list(self.nics[0]._group_set)


@correction("ec2", "a launch template's own tags are not in its data, and are the present ones; user data may change")
def launch_template_data():
    @replacing(EC2Backend, "create_launch_template")
    def create(original, self, name, description, template_data, tag_spec):
        specifications = template_data.pop("TagSpecifications", [])
        kept = [one for one in specifications if one["ResourceType"] != "launch-template"]
        more = {"TagSpecifications": kept} if kept else {}
        return original(self, name, description, template_data | more, tag_spec)

    @replacing(LaunchTemplate, "create_version")
    def version(original, self, data, description):
        user_data = {"UserData": parse_user_data(data["UserData"])} if isinstance(data.get("UserData"), str) else {}
        return original(self, data | user_data, description)

    # moto keeps those of the creation.
    LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, _tags: None)


@adds("ec2", "DeleteLaunchTemplateVersions", "deletes versions, never the default one")
def delete_launch_template_versions(api, params):
    backend = api.ec2_backend
    if params.get("LaunchTemplateName"):
        template = backend.get_launch_template_by_name(params["LaunchTemplateName"])
    else:
        template = backend.get_launch_template(params["LaunchTemplateId"])
    deleted, refused = [], []
    for number in params["Versions"]:
        version = next((one for one in template.versions if str(one.number) == number), None)
        item = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(number)}
        if version is None:
            problem = {"Code": "launchTemplateVersionDoesNotExist", "Message": f"Version {number} does not exist"}
            refused.append(item | {"ResponseError": problem})
        elif template.is_default(version):
            problem = {"Code": "launchTemplateVersionIsDefault", "Message": f"Version {number} is the default version"}
            refused.append(item | {"ResponseError": problem})
        else:
            template.versions.remove(version)
            deleted.append(item)
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": deleted,
        "UnsuccessfullyDeletedLaunchTemplateVersions": refused,
    }


@correction("ec2", "a launch template's versions keep their numbers when others are deleted")
def launch_template_versions():
    # moto takes a version's place in the list for its number.
    @replacing(LaunchTemplate, "create_version")
    def create(original, self, data, description):
        highest = max((one.number for one in self.versions), default=0)
        version = original(self, data, description)
        version.number = highest + 1
        return version

    @replacing(LaunchTemplate, "get_version")
    def get(original, self, num):
        if str(num).isdigit():
            found = [one for one in self.versions if one.number == int(num)]
            if not found:
                raise InvalidLaunchTemplateVersionNotFound(version=num, template_id=self.id)
            return found[0]
        return original(self, num)

    @replacing(LaunchTemplate, "default_version")
    def default(_original, self):
        return self.get_version(self.default_version_number)


@correction("ec2", "a route to an instance leads to its interface, and nowhere when the instance doesn't run")
def routes_to_instances():
    interface = Route.network_interface_id.fget
    Route.network_interface_id = property(
        lambda self: self.instance.nics[0].id if self.instance and self.instance.nics else interface(self)
    )
    state = Route.state.fget
    Route.state = property(
        lambda self: "blackhole" if self.instance and self.instance.state != "running" else state(self)
    )


@answers("ec2", "GetConsoleOutput", "shows what an instance has said since it began to boot")
def get_console_output(api, params, _moto):
    instance = api.ec2_backend.get_instance(params["InstanceId"])
    text = "\r\n".join(getattr(instance, "console", []))
    shown = {"Output": b64encode(text.encode()).decode()} if text else {}
    return {"InstanceId": instance.id, "Timestamp": utcnow(), **shown}
