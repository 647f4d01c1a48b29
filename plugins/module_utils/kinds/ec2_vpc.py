"""EC2: the VPC, its internet gateway and its subnets."""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.children import without
from ..engine.community import CommunityKind
from ..engine.remediation import Remediation
from ..engine.severity import Severity, appeared, opens
from .autoscaling import GROUP_TAG
from .ec2 import Ec2Kind, in_vpc, leaving, named
from .ec2_route_table import routes
from .interfaces import freed
from .neighbours import leave_subnet, leave_vpc, others_in_vpc


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


class Vpc(CommunityKind, Ec2Kind):
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
            ("terminate_instances", "InstanceIds[]"),
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


class InternetGateway(CommunityKind, Ec2Kind):
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


class Subnet(CommunityKind, Ec2Kind):
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


VPC = Vpc()
INTERNET_GATEWAY = InternetGateway()
SUBNET = Subnet()
