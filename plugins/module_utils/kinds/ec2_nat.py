"""EC2: NAT gateways and their addresses."""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.community import CommunityKind
from ..engine.errors import EngineError
from ..engine.waiting import until
from .ec2 import SEEN_SECONDS, Ec2Kind, in_vpc, leaving, named, state


class ElasticIp(CommunityKind, Ec2Kind):
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
            "allocation_id": addresses[0].get("AllocationId", "") if addresses and not regional else "",
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
ELASTIC_IP = ElasticIp()
NAT_GATEWAY = NatGateway()
