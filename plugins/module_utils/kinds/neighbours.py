"""Whatever of somebody else's is in a stack's network, and so keeps it from being deleted: told with its owner.

Nothing of it is ever deleted, but for what GuardDuty puts into a VPC by itself, which goes with the VPC.
"""

from __future__ import annotations

import re

from ..engine import tags as tagging
from ..engine.deleting import each_done
from ..engine.errors import unless
from .elbv2_load_balancer import LOAD_BALANCER
from .interfaces import found, lambdas
from .lambda_ import FUNCTION

GUARDDUTY = {"tag:GuardDutyManaged": "true"}
# What a VPC holds that has tags: operation, key of its answer, filter for the VPC, field of the id, title.
HELD = (
    ("describe_subnets", "Subnets", "vpc-id", "SubnetId", "subnet"),
    ("describe_security_groups", "SecurityGroups", "vpc-id", "GroupId", "security group"),
    ("describe_route_tables", "RouteTables", "vpc-id", "RouteTableId", "route table"),
    ("describe_network_acls", "NetworkAcls", "vpc-id", "NetworkAclId", "network ACL"),
    ("describe_internet_gateways", "InternetGateways", "attachment.vpc-id", "InternetGatewayId", "internet gateway"),
    ("describe_nat_gateways", "NatGateways", "vpc-id", "NatGatewayId", "NAT gateway"),
    ("describe_vpc_endpoints", "VpcEndpoints", "vpc-id", "VpcEndpointId", "VPC endpoint"),
    ("describe_vpn_gateways", "VpnGateways", "attachment.vpc-id", "VpnGatewayId", "VPN gateway"),
    (
        "describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments", "vpc-id",
        "TransitGatewayAttachmentId", "transit gateway attachment",
    ),
    (
        "describe_vpc_peering_connections", "VpcPeeringConnections", "requester-vpc-info.vpc-id",
        "VpcPeeringConnectionId", "peering connection",
    ),
    (
        "describe_vpc_peering_connections", "VpcPeeringConnections", "accepter-vpc-info.vpc-id",
        "VpcPeeringConnectionId", "peering connection",
    ),
)  # fmt: skip
ENDED = ("deleted", "deleting", "rejected", "failed", "expired", "terminated", "shutting-down")
# What interfaces of AWS's services are described as, and what ends them; the services' resources are told instead.
MADE_BY = (
    (r"EFS mount target for (fs-\w+)", "delete the mount target of {0}"),
    (r"Network interface for DBProxy (\S+)", "delete the database proxy {0}"),
    (r"ElastiCache (\S+)", "delete the cache {0}"),
    (r"arn:aws[\w-]*:ecs:\S+", "stop the task or the service that it belongs to"),
    (r"", "delete what made it, or itself: aws ec2 delete-network-interface --network-interface-id {id}"),
)


def others_in_vpc(aws, vpc_id: str, stack: str | None, ours: frozenset[str]) -> list[str]:
    """Return what in a stack's VPC isn't the stack's, a sentence each."""
    told, made = [], of_nat_gateways(aws, vpc_id)
    for operation, key, by, field, title in HELD:
        for item in _listed(aws, operation, key, {by: vpc_id}):
            if item[field] in made or _born_with(item) or _ended(item) or _owned(item, item[field], stack, ours):
                continue
            if not _guardduty(item):
                told.append(f"{title} {item[field]}{_whose(item)} is in {vpc_id}: delete it")
    running = {"vpc-id": vpc_id, "instance-state-name": ["pending", "running", "stopping", "stopped"]}
    for reservation in _listed(aws, "describe_instances", "Reservations", running):
        for item in reservation["Instances"]:
            if not _owned(item, item["InstanceId"], stack, ours):
                told.append(f"instance {item['InstanceId']}{_whose(item)} runs in {vpc_id}: terminate it")
    told += [f"{what} is in {vpc_id}: delete it, or move it" for what in _services(aws, stack, vpc_id)]
    groups = {item["GroupId"] for item in _listed(aws, "describe_security_groups", "SecurityGroups", {"vpc-id": vpc_id})
              if _owned(item, item["GroupId"], stack, ours)}  # fmt: skip
    return told + _interfaces(aws, stack, ours, groups, vpc_id=vpc_id)


def of_nat_gateways(aws, vpc_id: str) -> set[str]:
    """Return the ids of the route tables that AWS makes with a VPC's regional NAT gateways, and deletes with them."""
    gateways = _listed(aws, "describe_nat_gateways", "NatGateways", {"vpc-id": vpc_id})
    return {one["RouteTableId"] for one in gateways if one.get("RouteTableId")}


def of_group(aws, group: dict, ours: frozenset[str]) -> list[str]:
    """Return which rules of others name a stack's security group, and which interfaces of others have it."""
    stack, told = group["tags"].get("Stack"), []
    for way in ("ip-permission.group-id", "egress.ip-permission.group-id"):
        for item in _listed(aws, "describe_security_groups", "SecurityGroups", {way: group["id"]}):
            if not _owned(item, item["GroupId"], stack, ours):
                told.append(
                    f"a rule of security group {item['GroupId']} '{item['GroupName']}'{_whose(item)} names "
                    f"{group['name']}: take that rule away"
                )
    for item in found(aws, group_id=group["id"]):
        holder = (item.get("Attachment") or {}).get("InstanceId") or _endpoint(item)
        if holder and holder not in ours and stack not in _stacks(aws, holder):
            told.append(f"{holder} has the security group {group['name']}: take the group off it")
    return told + _interfaces(aws, stack, ours, {group["id"]}, group_id=group["id"])


def _endpoint(item) -> str:
    """Return the id of the endpoint whose interface it is; nothing for other interfaces."""
    named = re.search(r"vpce-\w+", item.get("Description", "")) if item.get("InterfaceType") == "vpc_endpoint" else None
    return named[0] if named else ""


def _stacks(aws, identifier) -> set[str]:
    """Return the stack that a resource of EC2's belongs to, if it belongs to one."""
    wanted = {"resource-id": identifier, "key": "Stack"}
    return {one["Value"] for one in _listed(aws, "describe_tags", "Tags", wanted)}


def _listed(aws, operation, key, filters):
    name = "Filter" if operation == "describe_nat_gateways" else "Filters"
    listed = [{"Name": by, "Values": [value] if isinstance(value, str) else value} for by, value in filters.items()]
    if operation == "describe_vpn_gateways":  # it has no pages
        return aws("ec2").describe_vpn_gateways(Filters=listed)[key]
    return aws.pages("ec2", operation, key, **{name: listed})


def _born_with(item) -> bool:
    """Say whether AWS makes it with the VPC: its own group, its own network ACL, its main route table."""
    main = any(one.get("Main") for one in item.get("Associations", []))
    return item.get("GroupName") == "default" or item.get("IsDefault", False) or main


def _ended(item) -> bool:
    state = item.get("State") or item.get("Status") or ""
    return str(state.get("Code", state.get("Name")) if isinstance(state, dict) else state).lower() in ENDED


def _owned(item, identifier, stack, ours) -> bool:
    return identifier in ours or bool(stack) and tagging.from_list(item.get("Tags")).get("Stack") == stack


def _guardduty(item) -> bool:
    return tagging.from_list(item.get("Tags")).get("GuardDutyManaged") == "true"


def _whose(item) -> str:
    """Return what tells people whose something is."""
    tags = tagging.from_list(item.get("Tags") or item.get("TagSet"))
    known = [f"Stack {tags['Stack']}"] if "Stack" in tags else [f"'{tags['Name']}'"] if tags.get("Name") else []
    known += [f"account {item['OwnerId']}"] if item.get("OwnerId") else []
    known += [f"made by {item['RequesterId']}"] if item.get("RequesterId") else []
    return f" ({', '.join(known)})" if known else ""


def _services(aws, stack, vpc_id) -> list[str]:
    """Return whose interfaces AWS's services make: load balancers, databases and functions of others."""
    balancers = {one["arn"] for one in LOAD_BALANCER.stack(aws, stack)}
    functions = {one["arn"] for one in FUNCTION.stack(aws, stack)}
    told = [
        f"load balancer {one['LoadBalancerName']}"
        for one in aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
        if one.get("VpcId") == vpc_id and one["LoadBalancerArn"] not in balancers
    ]
    told += [
        f"Lambda function {one['FunctionName']}"
        for one in aws.pages("lambda", "list_functions", "Functions")
        if (one.get("VpcConfig") or {}).get("VpcId") == vpc_id and one["FunctionArn"] not in functions
    ]
    return told + [
        f"database {one['DBInstanceIdentifier']}"
        for one in aws.pages("rds", "describe_db_instances", "DBInstances")
        if one.get("DBSubnetGroup", {}).get("VpcId") == vpc_id
        and tagging.from_list(one.get("TagList")).get("Stack") != stack
    ]


def _interfaces(aws, stack, ours, groups, **filters) -> list[str]:
    """Return the interfaces of others that nothing else stands for."""
    told = []
    for item in found(aws, **filters):
        description, identifier = item.get("Description", ""), item["NetworkInterfaceId"]
        stands_for = (
            lambdas(item)
            or item.get("InterfaceType") in ("nat_gateway", "vpc_endpoint", "gateway_load_balancer_endpoint")
            or description.startswith("ELB ")
            or description == "RDSNetworkInterface"
            or (item.get("Attachment") or {}).get("InstanceId")
        )
        # The tasks of the stack's own services have the stack's own groups.
        task = ":ecs:" in description and {one["GroupId"] for one in item.get("Groups", [])} <= groups
        if stands_for or task or _owned({"Tags": item.get("TagSet")}, identifier, stack, ours):
            continue
        by, todo = next((by, todo) for pattern, todo in MADE_BY if (by := re.match(pattern, description)))
        todo = todo.format(*by.groups(), id=identifier)
        named = f" '{description}'" if description else ""
        told.append(f"network interface {identifier}{named}{_whose(item)} is in {item['SubnetId']}: {todo}")
    return told


def leave_subnet(aws, subnet: dict) -> None:
    """Take GuardDuty's endpoint out of a subnet that is to be deleted: nobody asked for it there."""
    for item in _listed(aws, "describe_vpc_endpoints", "VpcEndpoints", {"vpc-id": subnet["vpc_id"], **GUARDDUTY}):
        if subnet["id"] in item.get("SubnetIds", []):
            gone = {"VpcEndpointId": item["VpcEndpointId"], "RemoveSubnetIds": [subnet["id"]]}
            unless("InvalidVpcEndpointId.NotFound", aws("ec2").modify_vpc_endpoint, **gone)


def leave_vpc(aws, vpc: dict) -> None:
    """Delete GuardDuty's endpoint and security group of a VPC that is to be deleted."""
    inside = {"vpc-id": vpc["id"], **GUARDDUTY}
    endpoints = [one["VpcEndpointId"] for one in _listed(aws, "describe_vpc_endpoints", "VpcEndpoints", inside)]
    if endpoints:
        each_done(aws("ec2").delete_vpc_endpoints(VpcEndpointIds=endpoints))
    for item in _listed(aws, "describe_security_groups", "SecurityGroups", inside):
        unless("InvalidGroup.NotFound", aws("ec2").delete_security_group, GroupId=item["GroupId"])
