"""EC2: route tables."""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.errors import EngineError
from ..engine.severity import Severity
from ..engine.waiting import until
from .ec2 import SEEN_SECONDS, Ec2Kind, in_vpc, named
from .neighbours import of_nat_gateways

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
ROUTE_TABLE = RouteTable()
