"""EC2: tags, security groups, what others still use, and instances."""

from base64 import b64encode
from copy import copy

from moto.awslambda_simple.models import lambda_simple_backends
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import DependencyViolationError, InvalidLaunchTemplateVersionNotFound
from moto.ec2.models import EC2Backend, tags
from moto.ec2.models.instances import Instance
from moto.ec2.models.launch_templates import LaunchTemplate
from moto.ec2.models.route_tables import Route
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response
from moto.ec2.utils import (
    parse_user_data,
)
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends

from emulator.patching import Obsolete, adds, answers, correction, replacing

ROOT_VOLUME_GIB = 8  # of the Amazon Linux images


@correction("ec2", "DescribeTags calls an address elastic-ip and a NAT gateway natgateway")
def tag_types():
    for prefix, wrong, right in (("eipalloc", "vpc-elastic-ip", "elastic-ip"), ("nat", "nat-gateway", "natgateway")):
        if tags.EC2_PREFIX_TO_RESOURCE.get(prefix) != wrong:
            raise Obsolete(f"{prefix} is not {wrong}")
        tags.EC2_PREFIX_TO_RESOURCE[prefix] = right


@correction("ec2", "a resource that is gone has no tags any more")
def tags_of_the_deleted():
    for name, argument in {
        "release_address": "allocation_id",
        "delete_subnet": "subnet_id",
        "delete_security_group": "group_id",
        "delete_vpc": "vpc_id",
        "delete_internet_gateway": "internet_gateway_id",
        "delete_route_table": "route_table_id",
        "delete_network_interface": "eni_id",
    }.items():
        _forgets_tags(name, argument)


def _forgets_tags(name: str, argument: str) -> None:
    @replacing(EC2Backend, name)
    def delete(original, self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        self.tags.pop(kwargs.get(argument) or (args[0] if args else None), None)
        return result


# Security groups


@correction("ec2", "UpdateSecurityGroupRuleDescriptions* return true")
def rule_descriptions():
    for direction in ("ingress", "egress"):
        _returns_true(f"update_security_group_rule_descriptions_{direction}")


def _returns_true(name: str) -> None:
    @replacing(EC2Response, name)
    def update(original, self):
        original(self)
        return ActionResult({"Return": True})


@correction("ec2", "members of the group that every VPC has may reach each other")
def default_group():
    @replacing(EC2Backend, "create_security_group")
    def create(original, self, *args, **kwargs):
        group = original(self, *args, **kwargs)
        if group.is_default:
            members = [{"GroupId": group.id}]
            self.authorize_security_group_ingress(
                group.id, "-1", None, None, [], source_groups=members, vpc_id=group.vpc_id
            )
        return group


@correction("ec2", "a rule's description is no part of what it allows, for a group neither")
def rules_without_description():
    def bare(rule):
        twin = copy(rule)
        twin.source_group = {key: value for key, value in rule.source_group.items() if key != "Description"}
        return twin

    @replacing(SecurityGroupRule, "__eq__")
    def equal(original, self, other):
        return original(bare(self), bare(other))


# Deleting what others still use


def _users(backend) -> list[tuple[list, list]]:
    """List what holds interfaces that moto does not make: (subnet ids, group ids) of each."""

    def of(backends):
        # Not backends[account][region]: that would make the backend.
        return backends.get(backend.account_id, {}).get(backend.region_name) if backend.account_id in backends else None

    users = []
    balancers, databases, functions = of(elbv2_backends), of(rds_backends), of(lambda_simple_backends)
    if balancers:
        users += [([s.id for s in one.subnets], one.security_groups) for one in balancers.load_balancers.values()]
    if databases:
        for one in databases.databases.values():
            users.append(
                (
                    [s.id for s in one.db_subnet_group._subnets] if one.db_subnet_group else [],
                    one.vpc_security_group_ids,
                )
            )
    if functions:
        for one in functions._lambdas.all():
            network = one.vpc_config or {}
            users.append((network.get("SubnetIds", []), network.get("SecurityGroupIds", [])))
    return users


@correction("ec2", "a subnet or group that something uses is not deleted, nor a VPC that is not empty")
def dependencies():
    def refuse(kind, name):
        raise DependencyViolationError(f"The {kind} '{name}' has dependencies and cannot be deleted.")

    @replacing(EC2Backend, "delete_subnet")
    def subnet(original, self, subnet_id):
        if any(eni.subnet_id == subnet_id for eni in self.enis.values()):
            refuse("subnet", subnet_id)
        if any(subnet_id in subnets for subnets, _ in _users(self)):
            refuse("subnet", subnet_id)
        for table in self.route_tables.values():
            for association in [key for key, value in table._associations.items() if value == subnet_id]:
                del table._associations[association]
        return original(self, subnet_id)

    @replacing(EC2Backend, "delete_security_group")
    def group(original, self, name=None, group_id=None):
        if group_id:
            if any(group_id in {one.id for one in eni._group_set} for eni in self.enis.values()):
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
            if any(group_id in groups for _, groups in _users(self)):
                raise DependencyViolationError(f"resource {group_id} has a dependent object")
        return original(self, name=name, group_id=group_id)

    @replacing(EC2Backend, "delete_vpc")
    def vpc(original, self, vpc_id):
        self.get_vpc(vpc_id)
        within = [one for one in self.groups.get(vpc_id, {}).values() if one.name != "default"]
        within += [one for one in self.internet_gateways.values() if one.vpc and one.vpc.id == vpc_id]
        within += [one for one in self.vpc_end_points.values() if one.vpc_id == vpc_id]
        within += [one for one in self.nat_gateways.values() if one.vpc_id == vpc_id and one.state != "deleted"]
        within += [one for one in self.network_acls.values() if one.vpc_id == vpc_id and not one.default]
        if within:
            refuse("vpc", vpc_id)
        result = original(self, vpc_id)
        for key in [key for key, acl in self.network_acls.items() if acl.vpc_id == vpc_id]:
            del self.network_acls[key]
        return result

    @replacing(EC2Backend, "detach_internet_gateway")
    def gateway(original, self, internet_gateway_id, vpc_id):
        for address in self.addresses:
            mapped = address.eni.vpc_id if address.eni else getattr(address, "nat_vpc", None)
            if mapped == vpc_id:
                raise DependencyViolationError(
                    f"Network {vpc_id} has some mapped public address(es). "
                    "Please unmap those public address(es) before detaching the gateway."
                )
        return original(self, internet_gateway_id, vpc_id)


@correction("ec2", "peering connections are searched by the VPCs of both sides")
def peerings():
    @replacing(EC2Response, "describe_vpc_peering_connections")
    def describe(original, self):
        wanted = {one["Name"]: one["Values"] for one in self._get_param("Filters", [])}
        answer = original(self)
        answer.result["VpcPeeringConnections"] = [
            one
            for one in answer.result["VpcPeeringConnections"]
            if one.vpc.id in wanted.get("requester-vpc-info.vpc-id", [one.vpc.id])
            and one.peer_vpc.id in wanted.get("accepter-vpc-info.vpc-id", [one.peer_vpc.id])
        ]
        return answer


# Instances and launch templates


@correction("ec2", "a block device without a size gets that of the image")
def block_device_size():
    @replacing(EC2Response, "_validate_block_device_mapping")
    def validate(original, device_mapping):
        ebs = device_mapping.get("Ebs")
        if ebs is not None and not ebs.get("SnapshotId"):
            ebs.setdefault("VolumeSize", ROOT_VOLUME_GIB)
        return original(device_mapping)

    # A static method; the replacement would otherwise be bound to the response.
    EC2Response._validate_block_device_mapping = staticmethod(EC2Response._validate_block_device_mapping)

    @replacing(Instance, "add_block_device")
    def add(original, self, size, device_path, snapshot_id, *args, **kwargs):
        return original(
            self, size or (None if snapshot_id else ROOT_VOLUME_GIB), device_path, snapshot_id, *args, **kwargs
        )


@correction("ec2", "an instance has the groups of its first interface; what a launch made goes with the instance")
def instance_interfaces():
    @replacing(Instance, "prep_nics")
    def prepare(original, self, nic_spec, *args, **kwargs):
        given = {int(nic["DeviceIndex"]): nic.get("DeleteOnTermination") for nic in nic_spec if "DeviceIndex" in nic}
        existing = {nic.get("NetworkInterfaceId") for nic in nic_spec}
        original(self, nic_spec, *args, **kwargs)
        for index, eni in self.nics.items():
            if eni.id not in existing and given.get(index) is None:
                eni.delete_on_termination = True
        if 0 in self.nics and not self.security_groups:
            self.security_groups = list(self.nics[0]._group_set)


@correction("ec2", "a launch template's own tags are not in its data, and are the present ones; user data may change")
def launch_template_data():
    @replacing(EC2Backend, "create_launch_template")
    def create(original, self, name, description, template_data, tag_spec):
        specifications = template_data.pop("TagSpecifications", [])
        kept = [one for one in specifications if one["ResourceType"] != "launch-template"]
        more = {"TagSpecifications": kept} if kept else {}
        return original(self, name, description, template_data | more, tag_spec)

    @replacing(LaunchTemplate, "create_version")
    def version(original, self, data, description):
        user_data = {"UserData": parse_user_data(data["UserData"])} if isinstance(data.get("UserData"), str) else {}
        return original(self, data | user_data, description)

    # moto keeps those of the creation.
    LaunchTemplate.tags = property(lambda self: self.get_tags(), lambda self, _tags: None)


@adds("ec2", "DeleteLaunchTemplateVersions", "deletes versions, never the default one")
def delete_launch_template_versions(api, params):
    backend = api.ec2_backend
    if params.get("LaunchTemplateName"):
        template = backend.get_launch_template_by_name(params["LaunchTemplateName"])
    else:
        template = backend.get_launch_template(params["LaunchTemplateId"])
    deleted, refused = [], []
    for number in params["Versions"]:
        version = next((one for one in template.versions if str(one.number) == number), None)
        item = {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "VersionNumber": int(number)}
        if version is None:
            problem = {"Code": "launchTemplateVersionDoesNotExist", "Message": f"Version {number} does not exist"}
            refused.append(item | {"ResponseError": problem})
        elif template.is_default(version):
            problem = {"Code": "launchTemplateVersionIsDefault", "Message": f"Version {number} is the default version"}
            refused.append(item | {"ResponseError": problem})
        else:
            template.versions.remove(version)
            deleted.append(item)
    return {
        "SuccessfullyDeletedLaunchTemplateVersions": deleted,
        "UnsuccessfullyDeletedLaunchTemplateVersions": refused,
    }


@correction("ec2", "a launch template's versions keep their numbers when others are deleted")
def launch_template_versions():
    # moto takes a version's place in the list for its number.
    @replacing(LaunchTemplate, "create_version")
    def create(original, self, data, description):
        highest = max((one.number for one in self.versions), default=0)
        version = original(self, data, description)
        version.number = highest + 1
        return version

    @replacing(LaunchTemplate, "get_version")
    def get(original, self, num):
        if str(num).isdigit():
            found = [one for one in self.versions if one.number == int(num)]
            if not found:
                raise InvalidLaunchTemplateVersionNotFound(version=num, template_id=self.id)
            return found[0]
        return original(self, num)

    @replacing(LaunchTemplate, "default_version")
    def default(_original, self):
        return self.get_version(self.default_version_number)


@correction("ec2", "a route to an instance leads to its interface, and nowhere when the instance doesn't run")
def routes_to_instances():
    interface = Route.network_interface_id.fget
    Route.network_interface_id = property(
        lambda self: self.instance.nics[0].id if self.instance and self.instance.nics else interface(self)
    )
    state = Route.state.fget
    Route.state = property(
        lambda self: "blackhole" if self.instance and self.instance.state != "running" else state(self)
    )


@answers("ec2", "GetConsoleOutput", "shows what an instance has said since it began to boot")
def get_console_output(api, params, _moto):
    instance = api.ec2_backend.get_instance(params["InstanceId"])
    text = "\r\n".join(getattr(instance, "console", []))
    shown = {"Output": b64encode(text.encode()).decode()} if text else {}
    return {"InstanceId": instance.id, "Timestamp": utcnow(), **shown}
