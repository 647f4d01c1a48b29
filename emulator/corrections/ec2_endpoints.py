"""EC2: VPC endpoints."""

import json

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response

from emulator.errors import AWSError
from emulator.patching import correction, replacing

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
