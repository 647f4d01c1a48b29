"""What nobody declared, beside the stack's resources: in its VPC, with its tag, or with its names."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from . import deleting
from . import tags as tagging
from .aws import optional
from .cache import CachedAws
from .errors import EngineError
from .names import elsewhere
from .survey import THREADS, Survey, result_or_reason


@dataclass(frozen=True)
class Look:
    """One list of AWS in which something of the stack's may stand."""

    kind: str
    service: str
    operation: str
    key: str
    name: str = ""
    """The field that names an item; without one the item is its name."""
    given: dict | None = None
    """The operation's parameters; ``{vpc}`` and ``{stack}`` are filled in."""
    skip: Callable[[dict], bool] = lambda item: False
    """Says that an item isn't anybody's: AWS makes some by itself."""
    delete: tuple[str, str] = ("", "")
    """The operation that deletes an item, and the parameter that names it."""

    @property
    def worldwide(self) -> bool:
        """Whether AWS lists what there is in all regions."""
        return self.service in ("iam", "s3") or self.kind == "dashboard"


@dataclass(frozen=True)
class Extra:
    """Something that nobody declared."""

    kind: str
    name: str
    where: str
    live: dict
    look: Look | None = None


def in_vpc(kind, operation, key, name, filter_name="vpc-id", parameter="Filters", skip=lambda item: False, delete=""):
    """Return a look into a VPC."""
    given = {parameter: [{"Name": filter_name, "Values": ["{vpc}"]}]}
    return Look(kind, "ec2", operation, key, name, given, skip, (delete or f"delete_{kind}", name))


def gone(item) -> bool:
    """Say whether an item is on its way out."""
    state = item.get("State") or item.get("state") or ""
    state = state.get("Name", "") if isinstance(state, dict) else state
    return str(state).lower() in ("deleting", "deleted", "terminated", "shutting-down", "inactive")


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


def of_group(instance) -> bool:
    """Say whether an auto scaling group made an instance."""
    return gone(instance) or any(tag["Key"] == "aws:autoscaling:groupName" for tag in instance.get("Tags", []))


NAT_GATEWAYS = in_vpc(
    "nat_gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId", parameter="Filter", skip=gone
)
VPC = (
    in_vpc("subnet", "describe_subnets", "Subnets", "SubnetId"),
    in_vpc(
        "security_group", "describe_security_groups", "SecurityGroups", "GroupId",
        skip=lambda item: item["GroupName"] == "default",
    ),
    in_vpc(
        "route_table", "describe_route_tables", "RouteTables", "RouteTableId",
        skip=lambda item: any(one.get("Main") for one in item.get("Associations", [])),
    ),
    in_vpc("vpc_endpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", skip=gone),
    NAT_GATEWAYS,
    in_vpc(
        "network_interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", skip=of_service
    ),
    in_vpc(
        "internet_gateway", "describe_internet_gateways", "InternetGateways", "InternetGatewayId", "attachment.vpc-id"
    ),
    in_vpc("vpn_gateway", "describe_vpn_gateways", "VpnGateways", "VpnGatewayId", "attachment.vpc-id", skip=gone),
    in_vpc("flow_log", "describe_flow_logs", "FlowLogs", "FlowLogId", "resource-id", "Filter"),
    in_vpc(
        "instance", "describe_instances", "Reservations", "InstanceId", skip=of_group, delete="terminate_instances"
    ),
)  # fmt: skip


def named(kind, service, operation, key, name="", delete=("", ""), skip=lambda item: False, **given):
    """Return a look at everything in the account that may have one of our names."""
    return Look(kind, service, operation, key, name, given, skip, delete)


NAMES = (
    named("sqs_queue", "sqs", "list_queues", "QueueUrls", "", ("delete_queue", "QueueUrl"), QueueNamePrefix="{stack}"),
    named("lambda_function", "lambda", "list_functions", "Functions", "FunctionName",
          ("delete_function", "FunctionName")),
    named(
        "log_group", "logs", "describe_log_groups", "logGroups", "logGroupName", ("delete_log_group", "logGroupName"),
        logGroupNamePrefix="/aws/",
    ),
    named("iam_role", "iam", "list_roles", "Roles", "RoleName", ("delete_role", "RoleName")),
    named("iam_managed_policy", "iam", "list_policies", "Policies", "PolicyName", Scope="Local"),
    named("iam_user", "iam", "list_users", "Users", "UserName"),
    named("iam_instance_profile", "iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName",
          ("delete_instance_profile", "InstanceProfileName")),
    named("event_rule", "events", "list_rules", "Rules", "Name", ("delete_rule", "Name")),
    named("sns_topic", "sns", "list_topics", "Topics", "TopicArn", ("delete_topic", "TopicArn")),
    named("secret", "secretsmanager", "list_secrets", "SecretList", "Name", ("delete_secret", "SecretId"),
          lambda item: "DeletedDate" in item or "OwningService" in item),
    named("ecr_repository", "ecr", "describe_repositories", "repositories", "repositoryName",
          ("delete_repository", "repositoryName")),
    named("ecs_cluster", "ecs", "list_clusters", "clusterArns", "", ("delete_cluster", "cluster")),
    named("ecs_taskdefinition", "ecs", "list_task_definition_families", "families", familyPrefix="{stack}-",
          status="ACTIVE"),
    named("load_balancer", "elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName"),
    named("target_group", "elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName"),
    named("rds_instance", "rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    named("db_subnet_group", "rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName",
          ("delete_db_subnet_group", "DBSubnetGroupName")),
    named("db_parameter_group", "rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName",
          ("delete_db_parameter_group", "DBParameterGroupName")),
    named("s3_bucket", "s3", "list_buckets", "Buckets", "Name", ("delete_bucket", "Bucket")),
    named("metric_alarm", "cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", AlarmNamePrefix="{stack}-"),
    named("dashboard", "cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    named("key_alias", "kms", "list_aliases", "Aliases", "AliasName", ("delete_alias", "AliasName"),
          lambda item: item["AliasName"].startswith("alias/aws/")),
    named("auto_scaling_group", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups",
          "AutoScalingGroupName"),
    named("launch_template", "ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName",
          ("delete_launch_template", "LaunchTemplateName")),
    named("pipe", "pipes", "list_pipes", "Pipes", "Name", ("delete_pipe", "Name")),
    named("schedule", "scheduler", "list_schedules", "Schedules", "Name", ("delete_schedule", "Name")),
    named("ssm_parameter", "ssm", "describe_parameters", "Parameters", "Name", ("delete_parameter", "Name")),
)  # fmt: skip

# What carries the stack's tag because AWS copied it from its parent, which is told: parts of ARNs.
COPIED = (
    ":task/", ":task-definition/", ":snapshot:", ":auto-backup:", ":listener/", ":listener-rule/", ":volume/",
    ":scalable-target/", ":network-interface/", ":service-deployment/", ":service-revision/", ":recovery-point:",
    ":spot-instances-request/", ":autoScalingGroup:", ":cluster-snapshot:", ":secret:rds!",
)  # fmt: skip


def find(aws, stack: str, survey: Survey, unseen: dict | None = None) -> tuple[list[Extra], dict[str, str]]:
    """Return what nobody declared, and where nothing could be seen.

    ``unseen`` are, by kind, resources that are known to be the stack's although the survey may not look at them.
    """
    memory = CachedAws(aws)
    ids, names = _known((survey.live, unseen or {}))
    vpcs = [one["id"] for one in survey.live.get("vpc", [])]
    looks = [(look, vpc) for look in VPC for vpc in vpcs] + [(look, "") for look in NAMES]
    others, blind_others = result_or_reason(lambda: _others(memory, stack))
    unreadable = {"names of other stacks": blind_others} if blind_others else {}
    with ThreadPoolExecutor(THREADS) as pool:
        tagged = pool.submit(result_or_reason, lambda: _tagged(memory, stack, ids))
        answers = list(pool.map(lambda pair: result_or_reason(lambda: _items(memory, stack, *pair)), looks))
    found: dict[tuple, Extra] = {}
    for (look, vpc), (items, told) in zip(looks, answers, strict=True):
        if told:
            unreadable.setdefault(look.kind, told)
        for item in items or []:
            name = item[look.name] if look.name else item
            plain = tail(name)
            if name in ids or (look.kind, plain) in names or (look.kind, name) in names or item_id(item) & ids:
                continue
            if look.worldwide and elsewhere(plain, aws.region):
                continue  # there the stack of this name is another one
            if vpc or belongs(plain, stack, others or ()):
                where = f"in {vpc}" if vpc else f"with a name of {stack}"
                found.setdefault((look.kind, name), Extra(look.kind, _title(item, name), where, _plain(item), look))
    extras, told = tagged.result()
    if told:
        unreadable["tags"] = told
    known = {name for (_kind, name), extra in found.items() for name in (name, extra.name, *item_id(extra.live))}
    known |= {tail(name) for name in known}
    for arn in extras or []:
        if tail(arn) not in known and arn not in known:
            kind = arn.split(":")[2] + "_" + arn.split(":", 5)[5].partition("/")[0].partition(":")[0]
            found[kind, arn] = Extra(kind, arn, f"with the tag Stack of {stack}", {"arn": arn})
    return list(found.values()), unreadable


def _known(resources) -> tuple[set, set]:
    """Return the ids and ARNs of the stack's resources, and their names by kind."""
    ids, names = set(), set()
    for kind, lives in (pair for by_kind in resources for pair in by_kind.items()):
        for live in lives:
            ids |= {live[field] for field in ("id", "arn", "url") if live.get(field)}
            label = next((live[field] for field in NAME_FIELDS if live.get(field)), "")
            names.add((kind, label))
            if kind == "kms_key":
                names.add(("key_alias", live["alias"]))
    ids |= {tail(one) for one in ids}
    return ids, names


NAME_FIELDS = ("db_instance_identifier", "family", "name", "alias", "zone", "domain_name", "repository")


def item_id(item) -> set[str]:
    """Return what else identifies an item."""
    if not isinstance(item, dict):
        return set()
    fields = ("Arn", "arn", "GroupId", "LaunchTemplateId", "ARN", "TargetGroupArn", "LoadBalancerArn", "TopicArn")
    return {item[field] for field in fields if item.get(field)}


def _title(item, name):
    if isinstance(item, dict) and item.get("Tags") and str(name).partition("-")[0] != name:
        title = tagging.from_list([tag for tag in item["Tags"] if "Key" in tag]).get("Name")
        return f"{name} ({title})" if title and title != name else name
    return tail(name)


def _plain(item):
    return item if isinstance(item, dict) else {"name": item}


def _items(memory, stack, look: Look, vpc: str) -> list:
    given = _filled(look.given or {}, stack, vpc)
    items = optional(memory, f"{look.kind}s that nobody declared", look.service, _listed, memory, look, given)
    if look.key == "Reservations":
        items = [one for item in items or [] for one in item["Instances"]]
    if look.kind == "route_table":  # AWS makes one with each regional NAT gateway
        gateways = _listed(memory, NAT_GATEWAYS, _filled(NAT_GATEWAYS.given, stack, vpc))
        made = {one.get("RouteTableId") for one in gateways}
        items = [item for item in items or [] if item["RouteTableId"] not in made]
    return [item for item in items or [] if not (isinstance(item, dict) and look.skip(item))]


def _listed(memory, look, given):
    client = memory(look.service)
    if client.can_paginate(look.operation):
        return memory.pages(look.service, look.operation, look.key, **given)
    return getattr(client, look.operation)(**given).get(look.key)


def _filled(given, stack, vpc):
    if isinstance(given, dict):
        return {key: _filled(value, stack, vpc) for key, value in given.items()}
    if isinstance(given, list):
        return [_filled(value, stack, vpc) for value in given]
    return given.replace("{vpc}", vpc).replace("{stack}", stack) if isinstance(given, str) else given


def tail(name: str) -> str:
    """Return the last part of an ARN, address or path, where that is what names it."""
    if name.startswith(("arn:", "https://", "http://")):
        return name.rpartition("/")[2] if "/" in name else name.rpartition(":")[2]
    return name


def belongs(name: str, stack: str, others) -> bool:
    """Say whether a name is one of the stack's and not one of another stack that begins alike."""
    parts = [part for part in name.removeprefix("alias/").split("/") if part]
    return any(
        (part == stack or part.startswith(f"{stack}-"))
        and not any(part == other or part.startswith(f"{other}-") for other in others)
        for part in parts
    )


def _others(memory, stack) -> list[str]:
    """Return the names of the account's other stacks that begin like this one's."""
    values = memory.pages("resourcegroupstaggingapi", "get_tag_values", "TagValues", Key="Stack")
    return [value for value in values if value.startswith(f"{stack}-")]


def _tagged(memory, stack, ids) -> list[str]:
    """Return the ARNs that carry the stack's tag and aren't known."""
    items = memory.pages(
        "resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList",
        TagFilters=[{"Key": "Stack", "Values": [stack]}],
    )  # fmt: skip
    arns = [item["ResourceARN"] for item in items if not _of_others(item, memory.region)]
    return [arn for arn in arns if arn not in ids and tail(arn) not in ids and not any(part in arn for part in COPIED)]


def _of_others(item, region: str) -> bool:
    """Say whether what has the stack's tag is an auto scaling group's, or of the stack of this name elsewhere."""
    tags = {tag["Key"]: tag["Value"] for tag in item["Tags"]}
    nowhere = not item["ResourceARN"].split(":")[3]
    return "aws:autoscaling:groupName" in tags or nowhere and tags.get("Region", region) != region


def delete(aws, extra: Extra, kinds: dict) -> None:
    """Delete what nobody declared, when somebody asked for it."""
    operation, parameter = extra.look.delete if extra.look else ("", "")
    if not operation:
        raise EngineError(f"{extra.kind} {extra.name} can't be deleted from here; delete it by hand")
    value = extra.live.get(extra.look.name) if extra.look.name else extra.live["name"]
    if operation == "terminate_instances":
        aws("ec2").terminate_instances(InstanceIds=[value])
        return
    if operation == "delete_vpc_endpoint":
        deleting.each_done(aws("ec2").delete_vpc_endpoints(VpcEndpointIds=[value]))
        return
    if operation == "delete_flow_log":
        deleting.each_done(aws("ec2").delete_flow_logs(FlowLogIds=[value]))
        return
    kind = kinds.get(extra.kind)
    found = None
    if kind and kind.identity == ("name",) and extra.kind != "flow_log" and extra.look in NAMES:
        found = kind.find(aws, {"name": tail(value)})
    if found:
        deleting.delete(kind, aws, found, deleting.ALONE_SECONDS)
    else:
        getattr(aws(extra.look.service), operation)(**{parameter: value})
