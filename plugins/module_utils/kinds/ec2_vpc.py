"""EC2: the VPC and what carries its traffic."""

from __future__ import annotations

import json
from uuid import uuid4

from ..engine.aws import unless
from ..engine.children import without
from ..engine.deleting import each_done
from ..engine.errors import EngineError
from ..engine.policies import canonical
from ..engine.remediation import Remediation
from ..engine.severity import Severity, appeared, opens
from ..engine.waiting import until
from .autoscaling import GROUP_TAG
from .ec2 import SEEN_SECONDS, Ec2Kind, in_vpc, leaving, named, state
from .interfaces import freed
from .neighbours import leave_subnet, leave_vpc, of_nat_gateways, others_in_vpc


def of_service(interface) -> bool:
    """Say whether a service of AWS made a network interface."""
    told = interface.get("Description", "")
    made = told.startswith(("ELB ", "RDSNetworkInterface", "AWS Lambda VPC ENI", "Interface for NAT", "VPC Endpoint"))
    return (
        made
        or ":ecs:" in told
        or interface.get("RequesterManaged", False)
        or interface.get("InterfaceType", "interface") not in ("interface", "efa")
        or bool(interface.get("Attachment", {}).get("InstanceId"))  # the instance is told
    )


def of_auto_scaling_group(instance) -> bool:
    """Say whether an auto scaling group made an instance, or it is on its way out."""
    return leaving(instance) or any(tag["Key"] == GROUP_TAG for tag in instance.get("Tags", []))


class Vpc(Ec2Kind):
    """A VPC."""

    name = "vpc"
    doubles = True
    title = "VPC"
    module = "amazon.aws.ec2_vpc_net"
    cloudformation = "AWS::EC2::VPC"
    properties = {"InstanceTenancy": "tenancy"}
    writable_as = {
        "BlockPublicAccessStates": "InternetGatewayExclusionMode", "CidrBlockAssociationSet": "CidrBlock",
        "EncryptionControl": "Mode", "Ipv6CidrBlockAssociationSet": "Ipv6CidrBlock",
    }  # fmt: skip
    describe = "describe_vpcs"
    key = "Vpcs"
    follows = dict.fromkeys(("default_security_group", "network_acls", "main_routes", "peerings"), "")
    immutable = {
        "cidr_block": "AWS fixes a VPC's primary range at creation",
        "tenancy": "AWS fixes at creation whether a VPC's instances have hardware of their own",
    }
    arguments = {"dns_support": "enable_dns_support", "dns_hostnames": "enable_dns_hostnames"}
    remediations = (
        Remediation(
            "modify_vpc_attribute", {"VpcId": "id"},
            {"enable_dns_support": "EnableDnsSupport.Value", "enable_dns_hostnames": "EnableDnsHostnames.Value"},
            each=True,
        ),
    )  # fmt: skip
    severities = (
        Severity("high", "default_security_group*", opens),
        Severity("high", "network_acls*", appeared),
        Severity("high", "peerings*", appeared),
    )
    unmanaged = (
        in_vpc(
            "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", "delete_network_interface",
            kind="network_interface", skip=of_service,
        ),
        in_vpc(
            "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", "delete_vpn_gateway", "attachment.vpc-id",
            kind="vpn_gateway", skip=leaving,
        ),
        in_vpc(
            "describe_instances", "Reservations/Instances", "InstanceId",
            ("terminate_instances", {"InstanceIds": "[.InstanceId]"}),
            kind="instance", skip=of_auto_scaling_group, severities=(Severity("high", category="extra"),),
        ),
    )  # fmt: skip
    tag_copies = (":network-interface/",)

    def live(self, aws, item):
        """Return the VPC with its attributes, which AWS gives one by one."""
        def attribute(name):
            key = name[0].upper() + name[1:]
            return aws("ec2").describe_vpc_attribute(VpcId=item["VpcId"], Attribute=name)[key]["Value"]

        return {
            "id": item["VpcId"],
            "cidr_block": item["CidrBlock"],
            "tenancy": item["InstanceTenancy"],
            "enable_dns_support": attribute("enableDnsSupport"),
            "enable_dns_hostnames": attribute("enableDnsHostnames"),
            **named(item),
        }

    def lookup_arguments(self, live):
        """The module looks by name and range, and would make a second one where it doesn't see this one yet."""
        return {"vpc_id": live["id"]}

    def read_children(self, aws, live):
        """Return what every VPC is born with, and what is attached to it."""
        def items(operation, key, name="vpc-id", **more):
            filters = [{"Name": one, "Values": [value]} for one, value in {name: live["id"], **more}.items()]
            return aws.pages("ec2", operation, key, Filters=filters)

        default = {"group-name": "default"}
        groups = aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=[
            {"Name": name, "Values": [value]} for name, value in {"vpc-id": live["id"], **default}.items()
        ])  # fmt: skip
        main = items("describe_route_tables", "RouteTables", **{"association.main": "true"})
        found = {
            "default_security_group": [
                {"direction": direction, **rule}
                for item in groups
                for direction, key in (("in", "IpPermissions"), ("out", "IpPermissionsEgress"))
                for rule in item[key]
            ],
            "network_acls": [
                {key: item[key] for key in ("NetworkAclId", "IsDefault", "Entries")} | {"tags": named(item)["tags"]}
                for item in items("describe_network_acls", "NetworkAcls")
            ],
            "main_routes": [routes(item) for item in main if routes(item)],
            "peerings": [
                without(item, {"Status"})
                for side in ("requester-vpc-info.vpc-id", "accepter-vpc-info.vpc-id")
                for item in items("describe_vpc_peering_connections", "VpcPeeringConnections", name=side)
                if item.get("Status", {}).get("Code") not in ("deleted", "rejected", "failed", "expired")
            ],
        }
        return {field: value for field, value in found.items() if value}

    def remove_child(self, aws, live, finding):
        """Remove an entry of a network ACL or a rule of the default group; what else a VPC has is for people."""
        ec2, item = aws("ec2"), finding.path.partition("[")[2].partition("]")[0]
        if finding.field == "network_acls" and ".Entries[" in finding.path:
            entry = {key: finding.live[key] for key in ("RuleNumber", "Egress")}
            ec2.delete_network_acl_entry(NetworkAclId=item, **entry)
        elif finding.field == "default_security_group":
            rule = dict(finding.live)
            revoke = {"in": ec2.revoke_security_group_ingress, "out": ec2.revoke_security_group_egress}
            of_default = {"vpc-id": live["id"], "group-name": "default"}
            (group,) = ec2.describe_security_groups(
                Filters=[{"Name": name, "Values": [value]} for name, value in of_default.items()]
            )["SecurityGroups"]
            revoke[rule.pop("direction")](GroupId=group["GroupId"], IpPermissions=[rule])
        else:
            return False
        return True

    def obstacles(self, aws, live, ours):
        """Return what of others is in the VPC."""
        return others_in_vpc(aws, live["id"], live["tags"].get("Stack"), ours)

    def delete(self, aws, live):
        """Delete the VPC."""
        leave_vpc(aws, live)
        unless("InvalidVpcID.NotFound", aws("ec2").delete_vpc, VpcId=live["id"])


class InternetGateway(Ec2Kind):
    """An internet gateway, attached to its VPC."""

    name = "internet_gateway"
    doubles = True
    obstacles_of = "vpc"
    title = "internet gateway"
    module = "amazon.aws.ec2_vpc_igw"
    cloudformation = "AWS::EC2::InternetGateway"
    needs = ("vpc",)
    describe = "describe_internet_gateways"
    key = "InternetGateways"
    unseen = (*Ec2Kind.unseen, ("amazon.aws.ec2_vpc_igw", "not found, aborting"))  # a fresh VPC
    unmanaged = (
        in_vpc(
            "describe_internet_gateways", "InternetGateways", "InternetGatewayId", "delete_internet_gateway",
            "attachment.vpc-id",
        ),
    )  # fmt: skip

    def live(self, aws, item):
        """Return the gateway; without a VPC, it is attached to none."""
        attached = [one["VpcId"] for one in item.get("Attachments", []) if one["State"] in ("available", "attached")]
        return {"id": item["InternetGatewayId"], "vpc_id": next(iter(attached), ""), **named(item)}

    def update(self, aws, live, want, changes):
        """Attach it, from elsewhere too; the module makes a second one whenever it doesn't see this one."""
        self._detach(aws, live)
        unless(
            "Resource.AlreadyAssociated", aws("ec2").attach_internet_gateway,
            InternetGatewayId=live["id"], VpcId=want["vpc_id"],
        )  # fmt: skip

    def obstacles(self, aws, live, ours):
        """Return what of others is in the VPC."""
        return others_in_vpc(aws, live["vpc_id"], live["tags"].get("Stack"), ours) if live["vpc_id"] else []

    def delete(self, aws, live):
        """Detach and delete the gateway."""
        self._detach(aws, live)
        unless(
            "InvalidInternetGatewayID.NotFound", aws("ec2").delete_internet_gateway, InternetGatewayId=live["id"]
        )  # fmt: skip

    def _detach(self, aws, live):
        missing = ("InvalidInternetGatewayID.NotFound", "Gateway.NotAttached")
        if live["vpc_id"]:
            unless(
                missing, aws("ec2").detach_internet_gateway, InternetGatewayId=live["id"], VpcId=live["vpc_id"]
            )  # fmt: skip


class Subnet(Ec2Kind):
    """A subnet."""

    name = "subnet"
    doubles = True  # or refuses it for its range, which says nothing of whose the other is
    obstacles_of = "vpc"
    title = "subnet"
    module = "amazon.aws.ec2_vpc_subnet"
    cloudformation = "AWS::EC2::Subnet"
    properties = {"AvailabilityZone": "az", "CidrBlock": "cidr", "MapPublicIpOnLaunch": "map_public"}
    writable_as = {
        "BlockPublicAccessStates": "InternetGatewayExclusionMode", "Ipv6CidrBlockAssociationSet": "Ipv6CidrBlock",
        "PrivateDnsNameOptionsOnLaunch": "PrivateDnsHostnameTypeOnLaunch",
    }  # fmt: skip
    # What stands in subnets may hold public addresses, which must be gone before the gateway can be detached; and
    # Lambda takes its interfaces out of them only as long as its functions' roles may.
    needs = ("vpc", "internet_gateway", "iam_policy")
    describe = "describe_subnets"
    key = "Subnets"
    immutable = {
        "vpc_id": "AWS fixes a subnet's VPC at creation",
        "cidr": "AWS fixes a subnet's range at creation",
        "az": "AWS fixes a subnet's zone at creation",
    }
    ignored = frozenset({"AvailableIpAddressCount", "State"})
    unseen = (*Ec2Kind.unseen, ("amazon.aws.ec2_vpc_subnet", "Failed to describe newly created subnet"))
    remediations = (
        Remediation(
            "modify_subnet_attribute", {"SubnetId": "id"},
            {
                "map_public": "MapPublicIpOnLaunch.Value",
                "AssignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation.Value",
                "MapCustomerOwnedIpOnLaunch": "MapCustomerOwnedIpOnLaunch.Value",
                "EnableDns64": "EnableDns64.Value",
            },
            each=True, empty={"map_public": False, "EnableDns64": False, "MapCustomerOwnedIpOnLaunch": False},
        ),
    )  # fmt: skip
    unmanaged = (in_vpc("describe_subnets", "Subnets", "SubnetId", "delete_subnet"),)

    def live(self, aws, item):
        """Return the subnet."""
        return {
            "id": item["SubnetId"],
            "vpc_id": item["VpcId"],
            "cidr": item["CidrBlock"],
            "az": item["AvailabilityZone"],
            "map_public": item["MapPublicIpOnLaunch"],
            **named(item),
        }

    def scope(self, want):
        """One call lists a VPC's subnets."""
        return want["vpc_id"]

    def within(self, aws, want, scope):
        """Return the subnets of the VPC."""
        return self.search(aws, vpc_id=scope)

    def obstacles(self, aws, live, ours):
        """Return what of others is in the VPC."""
        return others_in_vpc(aws, live["vpc_id"], live["tags"].get("Stack"), ours)

    def delete(self, aws, live):
        """Delete the subnet."""
        missing, subnet = "InvalidSubnetID.NotFound", live["id"]
        leave_subnet(aws, live)
        freed(aws, aws("ec2").delete_subnet, missing, {"subnet_id": subnet}, SubnetId=subnet)


class ElasticIp(Ec2Kind):
    """A public address. What it is associated with changes by itself."""

    name = "elastic_ip"
    doubles = True
    title = "elastic IP"
    module = "amazon.aws.ec2_eip"
    cloudformation = "AWS::EC2::EIP"
    needs = ("internet_gateway",)
    describe = "describe_addresses"
    key = "Addresses"
    ignored = frozenset({
        "association_id", "network_interface_id", "InstanceId", "NetworkInterfaceOwnerId", "PrivateIpAddress",
    })  # fmt: skip
    controls = frozenset({"in_vpc"})
    fixed_arguments = {"in_vpc": True}

    def items(self, aws, **filters):
        """Return the addresses; this call has no pages."""
        listed = [{"Name": name.replace("tag_", "tag:"), "Values": [value]} for name, value in filters.items()]
        return aws("ec2").describe_addresses(Filters=listed)["Addresses"]

    def live(self, aws, item):
        """Return the address."""
        return {
            "id": item["AllocationId"],
            "public_ip": item["PublicIp"],
            "association_id": item.get("AssociationId", ""),
            "network_interface_id": item.get("NetworkInterfaceId", ""),
            **named(item),
        }

    def lookup_arguments(self, live):
        """The module looks by address, and would allocate another one."""
        return {"public_ip": live["public_ip"]}

    def delete(self, aws, live):
        """Release the address."""
        missing = ("InvalidAllocationID.NotFound", "InvalidAssociationID.NotFound")
        if live["association_id"]:
            unless(missing, aws("ec2").disassociate_address, AssociationId=live["association_id"])
        unless(missing, aws("ec2").release_address, AllocationId=live["id"])

    def computed(self, aws, want):
        """AWS makes up the allocation's id and the address."""
        return {"id": self.unknown(want, "id"), "public_ip": self.unknown(want, "public_ip")}


LEAVING = ("disassociating", "failed")
"""What AWS says of an address that doesn't serve its NAT gateway any more, or never will."""


class NatGateway(Ec2Kind):
    """A public NAT gateway, of one zone in a subnet, or regional: of all zones of a VPC, in no subnet.

    A regional one works in the zones where something is, with addresses of AWS's own, unless it is given addresses.
    """

    name = "nat_gateway"
    title = "NAT gateway"
    module = "flow_builder.aws.ec2_vpc_nat_gateway"
    cloudformation = "AWS::EC2::NatGateway"
    needs = ("vpc", "subnet", "elastic_ip", "internet_gateway")
    describe = "describe_nat_gateways"
    key = "NatGateways"
    filters = "Filter"
    tag_type = "natgateway"
    ignored = frozenset({"state", "failure", "public_ips"})
    replaced = {
        "vpc_id": "AWS fixes a regional NAT gateway's VPC at creation",
        "subnet_id": "AWS fixes a NAT gateway's subnet at creation",
        "allocation_id": "AWS fixes a NAT gateway's address at creation",
        "availability_mode": "AWS fixes at creation whether a NAT gateway is zonal or regional",
        "auto_provision_zones": "AWS fixes at creation whether it finds a regional NAT gateway's zones and addresses",
        "failed": "AWS never mends a NAT gateway that failed",
    }
    unmanaged = (
        in_vpc(
            "describe_nat_gateways", "NatGateways", "NatGatewayId", "delete_nat_gateway", filters="Filter",
            skip=leaving,
        ),
    )  # fmt: skip

    def want(self, arguments):
        """Say who finds a regional gateway's zones, and refuse what doesn't fit together."""
        want = super().want(arguments)
        regional, given = want.get("availability_mode") == "regional", want.get("zone_addresses")
        theirs = ("subnet_id", "allocation_id") if regional else ("vpc_id", "zone_addresses")
        for field in theirs:
            if want.get(field):
                kind = "regional" if regional else "zonal"
                raise EngineError(f"{field} is {want[field]!r}, which a {kind} NAT gateway doesn't have")
        if want.get("availability_mode"):
            # What the other mode has is said, too, so that a plan shows that it goes.
            want |= dict.fromkeys(("subnet_id", "allocation_id"), "") if regional else {}
            want["zone_addresses"] = {zone: sorted(ids) for zone, ids in (given or {}).items()}
            want["auto_provision_zones"] = regional and not given
            ids = [one for ids in want["zone_addresses"].values() for one in ids]
            if not all(want["zone_addresses"].values()) or len(set(ids)) < len(ids):
                raise EngineError(f"zone_addresses is {given!r}: each zone needs addresses of its own, one or more")
        return want

    def search(self, aws, **filters):
        """Return the gateways; AWS shows one that failed for an hour, beside the one that was made in its place."""
        found = super().search(aws, **filters)
        well = [one for one in found if one["state"] != "failed"]
        failed = {one["name"]: one for one in found if one["state"] == "failed"}
        return [*well, *(one for name, one in failed.items() if name not in {other["name"] for other in well})]

    def compare(self, live, want):
        """One that failed is none."""
        return super().compare(live, want) | ({"failed"} if live["state"] == "failed" else set())

    def live(self, aws, item):
        """Return the gateway."""
        regional = item.get("AvailabilityMode", "zonal") == "regional"
        addresses = [one for one in item.get("NatGatewayAddresses", []) if one.get("Status") not in LEAVING]
        own = regional and item.get("AutoProvisionZones") != "enabled"
        zones: dict[str, list[str]] = {}
        for one in addresses if own else []:
            zones.setdefault(one["AvailabilityZone"], []).append(one["AllocationId"])
        return {
            "id": item["NatGatewayId"],
            "vpc_id": item["VpcId"],
            "subnet_id": item.get("SubnetId", ""),
            "allocation_id": "" if regional else next(iter(addresses), {}).get("AllocationId", ""),
            "availability_mode": "regional" if regional else "zonal",
            "auto_provision_zones": regional and not own,
            "zone_addresses": {zone: sorted(ids) for zone, ids in sorted(zones.items())},
            "connectivity_type": item.get("ConnectivityType", "public"),
            "public_ips": sorted(one["PublicIp"] for one in addresses if one.get("PublicIp")),
            "route_table_id": item.get("RouteTableId", ""),
            "state": item["State"],
            "failure": item.get("FailureMessage", ""),
            **named(item),
        }

    def create(self, aws, want):
        """Create the gateway, in its subnet or for its VPC."""
        if want.get("availability_mode") == "regional":
            zones = want["zone_addresses"].items()
            where = {"AvailabilityMode": "regional", "VpcId": want["vpc_id"]}
            if zones:
                where["AvailabilityZoneAddresses"] = [
                    {"AvailabilityZone": zone, "AllocationIds": ids} for zone, ids in zones
                ]
        else:
            where = {"SubnetId": want["subnet_id"], "AllocationId": want["allocation_id"]}
        aws("ec2").create_nat_gateway(**where, TagSpecifications=self.specification(want))

    def update(self, aws, live, want, changes):
        """Give a regional gateway other addresses: those that are new first, so that each zone always has one."""
        ec2, gateway = aws("ec2"), {"NatGatewayId": live["id"]}
        for zone, ids in want["zone_addresses"].items():
            new = sorted(set(ids) - set(live["zone_addresses"].get(zone, [])))
            if new:
                ec2.associate_nat_gateway_address(**gateway, AllocationIds=new, AvailabilityZone=zone)
        wanted = {one for ids in want["zone_addresses"].values() for one in ids}

        def serving():
            (item,) = ec2.describe_nat_gateways(NatGatewayIds=[live["id"]])["NatGateways"]
            there = item["NatGatewayAddresses"]
            served = {one["AllocationId"] for one in there if one.get("Status", "succeeded") == "succeeded"}
            return there if wanted <= served else None

        there = until(serving, SEEN_SECONDS, f"the addresses of {self.title} {self.label(live)} being associated")
        old = [
            one["AssociationId"]
            for one in there
            if one["AllocationId"] not in wanted and one.get("Status") not in LEAVING
        ]
        if old:
            ec2.disassociate_nat_gateway_address(**gateway, AssociationIds=old)

    def computed(self, aws, want):
        """AWS makes up the gateway's id, and makes a route table with a regional one."""
        table = self.unknown(want, "route_table_id") if want.get("availability_mode") == "regional" else ""
        return {"id": self.unknown(want, "id"), "route_table_id": table}

    def ready(self, live):
        """A gateway takes a minute or two."""
        return live["state"] == "available"

    def failed(self, live):
        """AWS keeps a failed gateway for an hour and says why."""
        return live["failure"] or "AWS gave no reason" if live["state"] == "failed" else ""

    def delete(self, aws, live):
        """Delete the gateway."""
        unless("NatGatewayNotFound", aws("ec2").delete_nat_gateway, NatGatewayId=live["id"])

    def gone(self, aws, live, timeout):
        """Wait until it is deleted; one that failed holds nothing."""
        def away():
            return all(state(item) in ("deleted", "failed") for item in self.items(aws, tag_Name=live["name"]))

        until(away, timeout, f"{self.title} {self.label(live)} being deleted")


TARGETS = {
    "igw-": "GatewayId",
    "vgw-": "GatewayId",
    "nat-": "NatGatewayId",
    "eni-": "NetworkInterfaceId",
    "tgw-": "TransitGatewayId",
    "pcx-": "VpcPeeringConnectionId",
    "eigw-": "EgressOnlyInternetGatewayId",
    "vpce-": "VpcEndpointId",
}
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
UNMANAGED_TAG = "UnmanagedRoutes"


def routes(item):
    """Return the routes of a described table that somebody made, as destination: target."""
    found = {}
    for route in item.get("Routes", []):
        target = next((route[key] for key in dict.fromkeys(TARGETS.values()) if route.get(key)), "")
        destination = next(route[key] for key in DESTINATIONS if route.get(key))
        # Gateway endpoints bring their own route, to a prefix list.
        endpoint = destination.startswith("pl-") and target.startswith("vpce-")
        if route.get("Origin") == "CreateRoute" and route.get("GatewayId") != "local" and not endpoint:
            found[destination] = target
    return found


def blackholes(item):
    """Return the destinations of a described table whose targets are gone or off."""
    dead = [one for one in item.get("Routes", []) if one.get("State") == "blackhole"]
    return sorted(next(one[key] for key in DESTINATIONS if one.get(key)) for one in dead)


def route(destination, target=""):
    """Return a route as EC2's calls take it."""
    kind = "DestinationPrefixListId" if destination.startswith("pl-") else DESTINATIONS[":" in destination]
    key = next((key for prefix, key in TARGETS.items() if target.startswith(prefix)), None)
    if target and not key:
        raise EngineError(f"a route can't go to {target!r}: a target begins with one of {', '.join(TARGETS)}")
    return {kind: destination, **({key: target} if target else {})}


def associated(states: dict[str, dict]) -> bool:
    """Say whether subnets are associated, by their associations' states. Raises EngineError for one that failed."""
    for subnet, found in states.items():
        if found.get("State") == "failed":
            raise EngineError(f"{subnet} can't be associated: {found.get('StatusMessage') or 'AWS gave no reason'}")
    return all(state.get("State", "associated") == "associated" for state in states.values())


class RouteTable(Ec2Kind):
    """A route table with its routes and subnets.

    Routes that somebody else sets (a NAT instance takes over the default route when it boots) are named in a tag of
    the table itself, so that everybody who looks, drift too, knows whose they are.
    """

    name = "route_table"
    title = "route table"
    module = "flow_builder.aws.ec2_vpc_route_table"
    cloudformation = "AWS::EC2::RouteTable"
    writable_as = {"PropagatingVgws": "GatewayId"}
    needs = ("vpc", "subnet", "internet_gateway", "nat_gateway")
    describe = "describe_route_tables"
    key = "RouteTables"
    tag_type = "route-table"
    # The routes are fields; whether their targets are well is the targets' own story.
    ignored = frozenset({"others_routes", "blackholes", "Routes", "RouteTableAssociationId", "AssociationState"})
    replaced = {"vpc_id": "AWS fixes a route table's VPC at creation"}
    # So EC2 answers a route to what is fresh, and an association that it had not shown.
    settling = (("InvalidParameterException", ""), ("Resource.AlreadyAssociated", ""))
    severities = (Severity("high", "routes*"),)
    unmanaged = (
        in_vpc(
            "describe_route_tables", "RouteTables", "RouteTableId", "delete_route_table",
            skip=lambda item: any(one.get("Main") for one in item.get("Associations", [])),
            skip_names=of_nat_gateways,
        ),
    )  # fmt: skip

    def want(self, arguments):
        """Lists have no order."""
        want = super().want(arguments)
        for field in ("subnets", "unmanaged_routes"):
            if field in want:
                want[field] = sorted(want[field])
        return want

    def live(self, aws, item):
        """Return the table."""
        name = named(item)
        unmanaged = name["tags"].pop(UNMANAGED_TAG, "").split()
        found = routes(item)
        return {
            "id": item["RouteTableId"],
            "vpc_id": item["VpcId"],
            "routes": {to: target for to, target in sorted(found.items()) if to not in unmanaged},
            "others_routes": {to: target for to, target in sorted(found.items()) if to in unmanaged},
            "unmanaged_routes": sorted(unmanaged),
            "blackholes": blackholes(item),
            "subnets": sorted(self._associations(item)),
            **name,
        }

    def _associations(self, item):
        return {
            one["SubnetId"]: one["RouteTableAssociationId"]
            for one in item.get("Associations", [])
            if one.get("SubnetId") and one.get("AssociationState", {}).get("State", "associated") == "associated"
        }

    def create(self, aws, want):
        """Create the table."""
        return aws("ec2").create_route_table(VpcId=want["vpc_id"], TagSpecifications=self.specification(want))

    def complete(self, aws, want, made):
        """Route and associate."""
        live = self.live(aws, made["RouteTable"])
        self.update(aws, live, want, {field for field, value in want.items() if value})

    def update(self, aws, live, want, changes):
        """Set whose the routes are, add and replace routes before removing any, move subnets."""
        ec2, table = aws("ec2"), {"RouteTableId": live["id"]}
        if "unmanaged_routes" in changes:
            tag = {"Key": UNMANAGED_TAG, "Value": " ".join(want["unmanaged_routes"])}
            if tag["Value"]:
                ec2.create_tags(Resources=[live["id"]], Tags=[tag])
            else:
                ec2.delete_tags(Resources=[live["id"]], Tags=[{"Key": UNMANAGED_TAG}])
        if changes & {"routes", "unmanaged_routes"} and "routes" in want:
            there = {**live["routes"], **live["others_routes"]}
            for destination, target in want["routes"].items():
                said = {**table, **route(destination, target)}
                if there.get(destination) == target:
                    continue
                if destination in there or unless("RouteAlreadyExists", ec2.create_route, **said) is None:
                    ec2.replace_route(**said)
            for destination in set(there) - set(want["routes"]) - set(want.get("unmanaged_routes", [])):
                ec2.delete_route(**table, **route(destination))
        if "subnets" in changes:
            self._associate(aws, live, want["subnets"])

    def _associate(self, aws, live, subnets):
        ec2, there, elsewhere, asked = aws("ec2"), set(live["subnets"]), {}, {}
        for item in self.items(aws, **{"association.subnet-id": subnets}) if subnets else []:
            # This table's are of an attempt a moment ago, which AWS had not shown.
            if item["RouteTableId"] == live["id"]:
                there |= set(self._associations(item))
            else:
                elsewhere.update(self._associations(item))
        for subnet in set(subnets) - there:
            if subnet in elsewhere:
                asked[subnet] = ec2.replace_route_table_association(
                    AssociationId=elsewhere[subnet], RouteTableId=live["id"]
                )
            else:
                asked[subnet] = ec2.associate_route_table(SubnetId=subnet, RouteTableId=live["id"])
        states = {subnet: answer.get("AssociationState", {}) for subnet, answer in asked.items()}
        if not associated(states):
            until(lambda: associated(self._states(aws, live["id"], asked)), SEEN_SECONDS, "the subnets' association")
        self._disassociate(aws, live, set(live["subnets"]) - set(subnets))

    def _states(self, aws, table, subnets):
        listed = [one for item in self.items(aws, route_table_id=table) for one in item.get("Associations", [])]
        found = {one.get("SubnetId"): one.get("AssociationState", {}) for one in listed}
        return {subnet: found.get(subnet, {"State": "associating"}) for subnet in subnets}

    def _disassociate(self, aws, live, subnets):
        call, missing = aws("ec2").disassociate_route_table, "InvalidAssociationID.NotFound"
        for item in self.items(aws, route_table_id=live["id"]) if subnets else []:
            for subnet, association in self._associations(item).items():
                if subnet in subnets:
                    unless(missing, call, AssociationId=association)

    def delete(self, aws, live):
        """Take the table off its subnets and delete it."""
        self._disassociate(aws, live, set(live["subnets"]))
        unless("InvalidRouteTableID.NotFound", aws("ec2").delete_route_table, RouteTableId=live["id"])


class VpcEndpoint(Ec2Kind):
    """A VPC endpoint, of a gateway (S3) or of interfaces."""

    name = "vpc_endpoint"
    title = "VPC endpoint"
    module = "flow_builder.aws.ec2_vpc_endpoint"
    cloudformation = "AWS::EC2::VPCEndpoint"
    properties = {"PolicyDocument": "policy", "ServiceName": "service"}
    needs = ("vpc", "subnet", "route_table", "security_group")
    describe = "describe_vpc_endpoints"
    key = "VpcEndpoints"
    tag_type = "vpc-endpoint"
    ignored = frozenset({"state", "failure", "dns_names"})
    replaced = {
        "vpc_id": "AWS fixes an endpoint's VPC at creation",
        "service": "AWS fixes an endpoint's service at creation",
        "vpc_endpoint_type": "AWS fixes an endpoint's type at creation",
        "failed": "AWS never mends an endpoint that failed",
    }
    lists = {
        "route_table_ids": "RouteTableIds",
        "subnet_ids": "SubnetIds",
        "security_group_ids": "SecurityGroupIds",
    }
    unmanaged = (
        in_vpc(
            "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId",
            ("delete_vpc_endpoints", {"VpcEndpointIds": "[.VpcEndpointId]"}), skip=leaving,
        ),
    )  # fmt: skip

    def want(self, arguments):
        """Spell the policy in one way; lists have no order."""
        want = super().want(arguments)
        for field in self.lists:
            if field in want:
                want[field] = sorted(want[field])
        if "policy" in want:
            want["policy"] = canonical(want["policy"])
        return want

    def compare(self, live, want):
        """One that failed is none."""
        return super().compare(live, want) | ({"failed"} if live["state"] == "failed" else set())

    def live(self, aws, item):
        """Return the endpoint."""
        return {
            "id": item["VpcEndpointId"],
            "vpc_id": item["VpcId"],
            "service": item["ServiceName"],
            "vpc_endpoint_type": item["VpcEndpointType"],
            "route_table_ids": sorted(item.get("RouteTableIds", [])),
            "subnet_ids": sorted(item.get("SubnetIds", [])),
            "security_group_ids": sorted(group["GroupId"] for group in item.get("Groups", [])),
            "private_dns_enabled": item.get("PrivateDnsEnabled", False),
            "policy": canonical(item.get("PolicyDocument")),
            "dns_names": [entry["DnsName"] for entry in item.get("DnsEntries", []) if entry.get("DnsName")],
            "state": state(item),
            "failure": item.get("LastError", {}).get("Message", ""),
            **named(item),
        }

    def create(self, aws, want):
        """Create the endpoint with all that it has."""
        more = {key: want[field] for field, key in self.lists.items() if want.get(field)}
        if want.get("policy"):
            more["PolicyDocument"] = json.dumps(want["policy"])
        if "private_dns_enabled" in want:
            more["PrivateDnsEnabled"] = want["private_dns_enabled"]
        aws("ec2").create_vpc_endpoint(
            VpcId=want["vpc_id"], ServiceName=want["service"], VpcEndpointType=want["vpc_endpoint_type"],
            ClientToken=str(uuid4()),  # sent again because its answer was lost, it makes no second one
            TagSpecifications=self.specification(want), **more,
        )  # fmt: skip

    def update(self, aws, live, want, changes):
        """Change the endpoint in place, with what differs in each list."""
        more = {}
        for field, key in self.lists.items():
            if field in changes:
                add, remove = set(want[field]) - set(live[field]), set(live[field]) - set(want[field])
                more |= {f"Add{key}": sorted(add)} if add else {}
                more |= {f"Remove{key}": sorted(remove)} if remove else {}
        if "policy" in changes:
            more["PolicyDocument"] = json.dumps(want["policy"])
        if "private_dns_enabled" in changes:
            more["PrivateDnsEnabled"] = want["private_dns_enabled"]
        aws("ec2").modify_vpc_endpoint(VpcEndpointId=live["id"], **more)

    def ready(self, live):
        """An interface endpoint takes a minute or two."""
        return live["state"] == "available"

    def failed(self, live):
        """Say what AWS says about an endpoint that won't come."""
        bad = live["state"] in ("failed", "rejected", "expired", "partial")
        return live["failure"] or f"its state is {live['state']}" if bad else ""

    def delete(self, aws, live):
        """Delete the endpoint; AWS answers per endpoint, not with an error."""
        each_done(aws("ec2").delete_vpc_endpoints(VpcEndpointIds=[live["id"]]))


class FlowLog(Ec2Kind):
    """A VPC's flow log to a log group."""

    name = "flow_log"
    title = "flow log"
    module = "flow_builder.aws.ec2_flow_log"
    cloudformation = "AWS::EC2::FlowLog"
    properties = {"DeliverLogsPermissionArn": "role_arn", "ResourceId": "vpc_id", "ResourceType": "=VPC"}
    needs = ("vpc", "log_group", "iam_role")
    describe = "describe_flow_logs"
    key = "FlowLogs"
    filters = "Filter"
    tag_type = "vpc-flow-log"
    ignored = frozenset({"deliver_logs_status", "deliver_logs_error"})
    replaced = dict.fromkeys(
        ("vpc_id", "traffic_type", "log_group_name", "role_arn", "max_aggregation_interval", "log_format"),
        "AWS can't change a flow log",
    )
    settling = (("InvalidParameter", "role"), ("InvalidParameter", "Access"))
    unmanaged = (
        in_vpc(
            "describe_flow_logs", "FlowLogs", "FlowLogId", ("delete_flow_logs", {"FlowLogIds": "[.FlowLogId]"}),
            "resource-id", "Filter",
        ),
    )  # fmt: skip

    def live(self, aws, item):
        """Return the flow log."""
        return {
            "id": item["FlowLogId"],
            "vpc_id": item["ResourceId"],
            "traffic_type": item["TrafficType"],
            "log_group_name": item.get("LogGroupName", ""),
            "role_arn": item.get("DeliverLogsPermissionArn", ""),
            "max_aggregation_interval": item.get("MaxAggregationInterval", 600),
            "log_format": item.get("LogFormat", ""),
            "deliver_logs_status": item.get("DeliverLogsStatus", ""),
            "deliver_logs_error": item.get("DeliverLogsErrorMessage", ""),
            **named(item),
        }

    def create(self, aws, want):
        """Create the flow log; AWS answers per resource, not with an error."""
        more = {"LogFormat": want["log_format"]} if want.get("log_format") else {}
        answer = aws("ec2").create_flow_logs(
            ResourceIds=[want["vpc_id"]], ResourceType="VPC", TrafficType=want["traffic_type"],
            ClientToken=str(uuid4()), LogDestinationType="cloud-watch-logs", LogGroupName=want["log_group_name"],
            DeliverLogsPermissionArn=want["role_arn"], MaxAggregationInterval=want["max_aggregation_interval"],
            TagSpecifications=self.specification(want), **more,
        )  # fmt: skip
        each_done(answer, gone=())

    def delete(self, aws, live):
        """Delete the flow log, whose log group stays; AWS answers per flow log, not with an error."""
        call = aws("ec2").delete_flow_logs
        each_done(unless("InvalidFlowLogId.NotFound", call, FlowLogIds=[live["id"]], otherwise={}))


VPC = Vpc()
INTERNET_GATEWAY = InternetGateway()
SUBNET = Subnet()
ELASTIC_IP = ElasticIp()
NAT_GATEWAY = NatGateway()
ROUTE_TABLE = RouteTable()
VPC_ENDPOINT = VpcEndpoint()
FLOW_LOG = FlowLog()
