"""EC2: the VPC and what carries its traffic."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.kind import Kind


class Ec2Kind(Kind):
    """What EC2's kinds share: they are found by their Name tag and tagged by id."""

    service = "ec2"
    describe = ""
    """The paginated describe operation."""
    key = ""
    """The key of its answer."""

    def search(self, aws, **filters):
        """Return what the describe call gives for filters; underscores stand for dashes, ``tag_`` for a tag."""
        listed = []
        for name, value in filters.items():
            name = "tag:" + name[4:] if name.startswith("tag_") else name.replace("_", "-")
            listed.append({"Name": name, "Values": [value] if isinstance(value, str) else list(value)})
        return [self.live(aws, item) for item in aws.pages("ec2", self.describe, self.key, Filters=listed)]

    def live(self, aws, item):
        """Return the described item as our fields."""
        raise NotImplementedError

    def find(self, aws, want):
        """Return the resource of this name."""
        return next(iter(self.search(aws, tag_Name=want["name"])), None)

    def stack(self, aws, stack):
        """Return what carries the stack's tag."""
        return self.search(aws, tag_Stack=stack)

    def tag(self, aws, live, add, remove):
        """Tag by id."""
        if add:
            aws("ec2").create_tags(Resources=[live["id"]], Tags=tagging.to_list(add))
        if remove:
            aws("ec2").delete_tags(Resources=[live["id"]], Tags=[{"Key": key} for key in remove])

    def want(self, arguments):
        """The modules take the name beside the tags; AWS keeps it as one of them."""
        want = super().want(arguments)
        if "tags" in want:
            want["tags"] = {**want["tags"], "Name": want["name"]}
        return want


class Vpc(Ec2Kind):
    """A VPC."""

    name = "vpc"
    title = "VPC"
    module = "amazon.aws.ec2_vpc_net"
    describe = "describe_vpcs"
    key = "Vpcs"
    immutable = {"cidr_block": "AWS fixes a VPC's primary range at creation"}
    arguments = {"dns_support": "enable_dns_support", "dns_hostnames": "enable_dns_hostnames"}

    def live(self, aws, item):
        """Return the VPC with its attributes, which AWS gives one by one."""
        def attribute(name):
            key = name[0].upper() + name[1:]
            return aws("ec2").describe_vpc_attribute(VpcId=item["VpcId"], Attribute=name)[key]["Value"]

        return {
            "id": item["VpcId"],
            "name": tagging.from_list(item.get("Tags")).get("Name"),
            "cidr_block": item["CidrBlock"],
            "tenancy": item["InstanceTenancy"],
            "enable_dns_support": attribute("enableDnsSupport"),
            "enable_dns_hostnames": attribute("enableDnsHostnames"),
            "tags": tagging.from_list(item.get("Tags")),
        }

    def delete(self, aws, live):
        """Delete the VPC."""
        unless("InvalidVpcID.NotFound", aws("ec2").delete_vpc, VpcId=live["id"])


VPC = Vpc()
