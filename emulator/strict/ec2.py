"""EC2: networks, addresses, routes, security groups, endpoints, launch templates and tags."""

import functools
import ipaddress
import json
import re

from botocore.loaders import Loader

from emulator import quotas
from emulator.strict import Refusal, observe, rule
from emulator.strict.passrole import unknown_profile

GUIDE = "VPC user guide"
QUOTAS = f"{GUIDE}, quotas"
MEASURED = "badmintoncryer/cdk-preflight "


def _network(text: str | None):
    try:
        return ipaddress.ip_network(text or "", strict=False)
    except ValueError:
        return None


def _subnet(backend, subnet_id: str):
    return next((held[subnet_id] for held in backend.subnets.values() if subnet_id in held), None)


def _group(backend, group_id: str):
    return next((held[group_id] for held in backend.groups.values() if group_id in held), None)


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
    subnet, may = _subnet(backend, call.parameters.get("SubnetId")), quotas.value(quotas.NAT_GATEWAYS)
    held = [one for one in backend.nat_gateways.values() if one.state in ("pending", "available", "deleting")]
    zones = [getattr(_subnet(backend, one.subnet_id), "availability_zone", None) for one in held]
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
    names, ids = [], []
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
    table, subnet = backend.route_tables.get(given["RouteTableId"]), _subnet(backend, given.get("SubnetId"))
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


# Security groups

_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")
_SET = (
    "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)
AUTHORIZE = ("AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress")
DESCRIBE = ("UpdateSecurityGroupRuleDescriptionsIngress", "UpdateSecurityGroupRuleDescriptionsEgress")


@rule("ec2", "CreateSecurityGroup", code="InvalidParameterValue", source="cds-snc/notification-terraform#561")
def group_description_is_plain(call):
    """A security group's description has up to 255 plain characters."""
    if not _TEXT.fullmatch(call.parameters.get("Description", "")):
        return f"Invalid security group description. {_SET}"
    return None


@rule("ec2", "CreateSecurityGroup", code="InvalidParameterValue", source=MEASURED + "pf-ec2-sg-group-name")
def group_name_is_plain(call):
    """A security group's name has up to 255 plain characters and doesn't begin like an id."""
    name = call.parameters["GroupName"]
    if name.lower().startswith("sg-"):
        return f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*."
    if not _TEXT.fullmatch(name):
        return f"Value ({name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."
    return None


def _permissions(call) -> list[dict]:
    return call.parameters.get("IpPermissions") or []


@rule("ec2", *AUTHORIZE, *DESCRIBE, code="InvalidParameterValue", source="aws-cloudformation/cfn-lint#173")
def rule_description_is_plain(call):
    """A security group rule's description has up to 255 plain characters."""
    for permission in _permissions(call):
        for kind in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds"):
            if any(not _TEXT.fullmatch(one.get("Description", "")) for one in permission.get(kind) or []):
                return f"Invalid rule description. {_SET}"
    return None


@rule("ec2", *AUTHORIZE, code="InvalidParameterValue", source=MEASURED + "pf-ec2-sg-port-range")
def ports_make_sense(call):
    """A rule for TCP or UDP has ports from 0 to 65535, the first not after the last."""
    for permission in _permissions(call):
        if permission.get("IpProtocol", "").lower() not in ("tcp", "udp", "6", "17"):
            continue
        first, last = permission.get("FromPort"), permission.get("ToPort")
        if first is None or last is None:
            return "Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange."
        for end, port in (("from", first), ("to", last)):
            if not 0 <= port <= 65535:
                return f"TCP/UDP ({end}) port ({port}) out of range"
        if first > last:
            return f"Invalid TCP/UDP port range({first}:{last})"
    return None


@rule("ec2", *AUTHORIZE, code="InvalidParameterValue", source="AuthorizeSecurityGroupIngress API reference, IpProtocol")
def protocol_is_known(call):
    """A rule's protocol is tcp, udp, icmp, icmpv6, a number up to 255 or -1."""
    for permission in _permissions(call):
        protocol = permission.get("IpProtocol", "-1").lower()
        number = int(protocol) if re.fullmatch(r"-?\d+", protocol) else None
        if protocol not in ("tcp", "udp", "icmp", "icmpv6", "all") and not (number is not None and -1 <= number <= 255):
            return f"Invalid value '{permission['IpProtocol']}' for IP protocol. Unknown protocol."
    return None


@rule("ec2", *AUTHORIZE, code="InvalidGroup.NotFound", source="kubernetes-sigs/aws-load-balancer-controller#1862")
def group_of_the_same_network(call):
    """A group that a rule names is of the same VPC."""
    backend = call.backend()
    own = _group(backend, call.parameters.get("GroupId"))
    for permission in _permissions(call):
        for pair in permission.get("UserIdGroupPairs") or []:
            other = _group(backend, pair.get("GroupId"))
            if own and other and own.vpc_id != other.vpc_id:
                return "You have specified two resources that belong to different networks."
    return None


@rule("ec2", *AUTHORIZE, code="InvalidPrefixListId.NotFound", source="EC2 API reference, error codes")
def prefix_list_exists(call):
    """A prefix list that a rule names exists."""
    held = call.backend().managed_prefix_lists
    for permission in _permissions(call):
        for one in permission.get("PrefixListIds") or []:
            if one["PrefixListId"] not in held:
                return f"The prefix list ID '{one['PrefixListId']}' does not exist"
    return None


@rule("ec2", "DeleteSecurityGroup", code="DependencyViolation", source="DeleteSecurityGroup API reference")
def group_is_not_referenced(call):
    """A group that another group's rule names is not deleted."""
    wanted, backend = call.parameters.get("GroupId"), call.backend()
    own = _group(backend, wanted)
    for one in backend.groups.get(own.vpc_id, {}).values() if own else ():
        rules = one.ingress_rules + one.egress_rules if one.id != wanted else []
        if any(held.source_group.get("GroupId") == wanted for held in rules):
            return f"resource {wanted} has a dependent object"
    return None


@rule("ec2", "DeleteSecurityGroup", code="CannotDelete", source="EC2 API reference, error codes")
def default_group_stays(call):
    """A VPC's default group is not deleted."""
    found = _group(call.backend(), call.parameters.get("GroupId"))
    if found and found.name == "default":
        return f'the specified group: "{found.id}" name: "default" cannot be deleted by a user'
    return None


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
    zones = {}
    for subnet_id in call.parameters.get("SubnetIds") or []:
        subnet = _subnet(call.backend(), subnet_id)
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


# Launch templates and instances


@rule(
    "ec2",
    "CreateLaunchTemplate",
    code="InvalidLaunchTemplateName.MalformedException",
    source=MEASURED + "pf-ec2-launch-template-name",
)
def launch_template_name_is_plain(call):
    """A launch template's name has 3 to 128 letters, digits and some signs."""
    if not re.fullmatch(r"[a-zA-Z0-9().\-/_]{3,128}", call.parameters["LaunchTemplateName"]):
        return (
            "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the "
            "following characters: - ( ) . / _."
        )
    return None


LAUNCHING = ("CreateLaunchTemplate", "CreateLaunchTemplateVersion", "RunInstances")


@rule("ec2", *LAUNCHING, code="InvalidParameterCombination", source="EC2 API reference, error codes")
def profile_by_name_or_arn(call):
    """An instance profile is given by its name or by its ARN, not by both."""
    profile = (call.parameters.get("LaunchTemplateData") or call.parameters).get("IamInstanceProfile") or {}
    if profile.get("Arn") and profile.get("Name"):
        return "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"
    return None


def launch_problem(call, data: dict) -> str | None:
    """Say in EC2's words why an instance can't be launched from a launch template's data."""
    interfaces = data.get("NetworkInterfaces") or []
    if interfaces and (data.get("SecurityGroupIds") or data.get("SecurityGroups")):
        return "Network interfaces and an instance-level security groups may not be specified on the same request"
    unknown = _image_problem(call, data) or unknown_profile(call, data.get("IamInstanceProfile") or {})
    return _user_data_problem(data) or unknown


def _image_problem(call, data: dict) -> str | None:
    image = data.get("ImageId") or ""  # or resolve:ssm: and the name of a parameter
    unknown = image.startswith("ami-") and image not in call.backend("ec2").amis
    return f"The image id '[{image}]' does not exist" if unknown else None


@rule("ec2", "RunInstances", code="InvalidAMIID.NotFound", source="getmoto/moto, verified on AWS")
def image_exists(call):
    """An instance's image exists."""
    return _image_problem(call, call.parameters)


def _user_data_problem(data: dict) -> str | None:
    # In base64, four characters are three bytes; moto's own type of it is told by its text.
    encoded = str(data.get("UserData") or "").rstrip("=")
    return "User data is limited to 16384 bytes" if len(encoded) * 3 // 4 > 16384 else None


@rule("ec2", "RunInstances", code="InvalidParameterValue", source=MEASURED + "pf-ec2-userdata-size")
def user_data_fits(call):
    """An instance's user data has up to 16,384 bytes."""
    return _user_data_problem(call.parameters)


@rule("ec2", "RunInstances", code="InvalidParameterCombination", source=MEASURED + "pf-ec2-instance-eni-exclusive")
def groups_on_the_instance_or_its_interfaces(call):
    """Security groups are given to the instance or to its network interfaces."""
    if call.parameters.get("NetworkInterfaces") and call.parameters.get("SecurityGroupIds"):
        return "Network interfaces and an instance-level security groups may not be specified on the same request"
    return None


@rule("ec2", "RunInstances", code="InvalidKeyPair.NotFound", source="EC2 API reference, error codes")
def key_pair_exists(call):
    """An instance's key pair exists."""
    name = call.parameters.get("KeyName")
    if name and name not in call.backend().key_pairs:
        return f"The key pair '{name}' does not exist"
    return None


# Tags

TAGGED = {
    "AllocateAddress": "elastic-ip", "CreateFlowLogs": "vpc-flow-log", "CreateInternetGateway": "internet-gateway",
    "CreateLaunchTemplate": "launch-template", "CreateNatGateway": "natgateway", "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group", "CreateSubnet": "subnet", "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
}  # fmt: skip


@rule("ec2", *TAGGED, code="InvalidParameterValue", source="EC2 API reference, error codes")
def tag_specification_fits(call):
    """Tags at creation are for the kind of resource that is made."""
    for one in call.parameters.get("TagSpecifications") or []:
        kind = one.get("ResourceType", TAGGED[call.operation])
        if kind != TAGGED[call.operation]:
            return f"'{kind}' is not a valid taggable resource type for this operation."
    return None


@rule(
    "ec2",
    "CreateTags",
    "RunInstances",
    *TAGGED,
    code="InvalidParameterValue",
    source="EC2 user guide, tag restrictions",
)
def tags_keep_to_their_limits(call):
    """A tag's key has up to 128 characters and doesn't begin with aws:, its value up to 256."""
    tags = [tag for one in call.parameters.get("TagSpecifications") or [] for tag in one.get("Tags") or []]
    for tag in [*tags, *(call.parameters.get("Tags") or [])]:
        if tag.get("Key", "").lower().startswith("aws:"):
            return "Tag keys starting with 'aws:' are reserved for internal use"
        if len(tag.get("Key", "")) > 128:
            return "Tag key exceeds the maximum length of 128 characters"
        if len(tag.get("Value", "")) > 256:
            return "Tag value exceeds the maximum length of 256 characters"
    return None


@rule("ec2", *TAGGED, code="TagLimitExceeded", source="EC2 user guide, tag restrictions")
def fifty_tags(call):
    """A resource has up to 50 tags."""
    if any(len(one.get("Tags") or []) > 50 for one in call.parameters.get("TagSpecifications") or []):
        return Refusal("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    return None
