"""EC2: what AWS refuses of VPC endpoints."""

import functools
import json
import re

from botocore.loaders import Loader

from emulator.strict import MEASURED, rule
from emulator.strict.ec2 import GUIDE
from emulator.strict.ec2_networks import subnet_of

# VPC endpoints


@functools.cache
def _prefixes() -> frozenset[str]:
    """Names that a service may have in an endpoint's name: botocore's own, and the endpoints' first parts."""
    loader, names = Loader(), set()
    for partition in loader.load_data("endpoints")["partitions"]:
        names.update(partition["services"])
    return frozenset(names | set(loader.list_available_services("service-2")))


_SERVICE = re.compile(r"(?:cn\.)?com\.amazonaws\.([a-z]{2}(?:-[a-z]+)+-\d)\.(.+)")


@rule("ec2", "CreateVpcEndpoint", code="InvalidServiceName", source=MEASURED + "pf-ec2-vpce-service-region")
def endpoint_service_is_of_the_region(call):
    """An endpoint's service exists in the region."""
    name, region = call.parameters.get("ServiceName", ""), call.parameters.get("ServiceRegion") or call.region
    found = _SERVICE.fullmatch(name)
    if found and (found[1] != region or not _is_service(call, name, found[2])):
        return f"The Vpc Endpoint Service '{name}' does not exist"
    return None


def _is_service(call, name: str, service: str) -> bool:
    if service in _prefixes() or service.split(".")[-1] in _prefixes() or service.split(".")[0] in _prefixes():
        return True
    return any(one["ServiceName"] == name for one in _services(call))


def _services(call) -> list[dict]:
    backend = call.backend()
    return backend._collect_default_endpoint_services(backend.account_id, call.region)


@rule("ec2", "CreateVpcEndpoint", code="InvalidParameter", source=MEASURED + "pf-ec2-vpce-gateway-service")
def endpoint_type_fits_the_service(call):
    """Only S3 and DynamoDB have gateway endpoints."""
    name, kind = call.parameters.get("ServiceName", ""), call.parameters.get("VpcEndpointType", "Gateway")
    if kind == "Gateway" and _SERVICE.fullmatch(name) and name.split(".")[-1] not in ("s3", "dynamodb", "s3express"):
        return "Endpoint type (Gateway) does not match available service types ([Interface])."
    return None


@rule("ec2", "CreateVpcEndpoint", "ModifyVpcEndpoint", code="InvalidParameter", source=f"{GUIDE}, private DNS")
def private_dns_needs_dns(call):
    """Private DNS needs both DNS attributes of the VPC."""
    given, backend = call.parameters, call.backend()
    endpoint = backend.vpc_end_points.get(given.get("VpcEndpointId"))
    vpc = backend.vpcs.get(given.get("VpcId") or getattr(endpoint, "vpc_id", None))
    kind = given.get("VpcEndpointType") or getattr(endpoint, "vpc_endpoint_type", "Gateway")
    # An interface endpoint of AWS's services has private DNS unless it is asked for without.
    wanted = given.get("PrivateDnsEnabled", call.operation == "CreateVpcEndpoint" and kind == "Interface")
    if wanted and kind == "Interface" and vpc and not (vpc.enable_dns_support and vpc.enable_dns_hostnames):
        return (
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true "
            f"for {vpc.id}"
        )
    return None


@rule("ec2", "CreateVpcEndpoint", code="DuplicateSubnetsInSameZone", source=MEASURED + "pf-ec2-vpce-subnet-az-unique")
def endpoint_has_one_subnet_per_zone(call):
    """An interface endpoint has one subnet in each zone."""
    zones: dict = {}
    for subnet_id in call.parameters.get("SubnetIds") or []:
        subnet = subnet_of(call.backend(), subnet_id)
        if subnet and zones.setdefault(subnet.availability_zone, subnet_id) != subnet_id:
            return (
                f"Found another VPC endpoint subnet in the availability zone of {subnet_id}. VPC endpoint subnets "
                "should be in different availability zones supported by the VPC endpoint service."
            )
    return None


@rule(
    "ec2",
    "CreateVpcEndpoint",
    "ModifyVpcEndpoint",
    code="InvalidPolicyDocument",
    source="EC2 API reference, error codes",
)
def endpoint_policy_is_json(call):
    """An endpoint's policy is a JSON document with statements."""
    text = call.parameters.get("PolicyDocument")
    try:
        document = json.loads(text) if text else {"Statement": []}
    except ValueError:
        document = None
    if not isinstance(document, dict) or "Statement" not in document:
        return "Invalid Policy Document"
    return None
