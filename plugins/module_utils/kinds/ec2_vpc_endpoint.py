"""EC2: VPC endpoints."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from ..engine.deleting import each_done
from ..engine.policies import canonical
from .ec2 import Ec2Kind, in_vpc, leaving, named, state


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
            ("delete_vpc_endpoints", "VpcEndpointIds[]"), skip=leaving,
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
        more: dict[str, Any] = {}
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
VPC_ENDPOINT = VpcEndpoint()
