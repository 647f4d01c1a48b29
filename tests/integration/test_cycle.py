"""Each inventory's whole life on an empty account: plan, apply, nothing to do, destroy, nothing left."""

from __future__ import annotations

import itertools
import re
import time
from collections import Counter

import boto3
import pytest
import yaml
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import record
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import found
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from emulator.ask import ask
from tests.judges.authority import findings

from . import golden
from .conftest import CREDENTIALS, FULL, PROOFS, ROOT
from .policies import arns, astray, mistakes, policies
from .reach import reaches

REGION = "us-east-1"
# Both profiles; ``make proofs`` runs all.
INVENTORIES = ("local", *(("prod", "dev", "staging") if PROOFS else ()))
# The tasks of an apply that write of the run itself, also where there is nothing to do.
BOOKKEEPING = ("Lock the stack", "Release the stack's lock", "Record the stack as it is now")

# A look at the account that knows nothing of our kinds: service, operation, its arguments, key of its answer, the field
# that names an item, and a field with values that mean "gone already".
LOOKS = [
    ("acm", "list_certificates", {}, "CertificateSummaryList", "CertificateArn", None),
    (
        "application-autoscaling",
        "describe_scalable_targets",
        {"ServiceNamespace": "ecs"},
        "ScalableTargets",
        "ResourceId",
        None,
    ),
    (
        "application-autoscaling",
        "describe_scaling_policies",
        {"ServiceNamespace": "ecs"},
        "ScalingPolicies",
        "PolicyName",
        None,
    ),
    ("autoscaling", "describe_auto_scaling_groups", {}, "AutoScalingGroups", "AutoScalingGroupName", None),
    ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName", None),
    ("cloudwatch", "list_dashboards", {}, "DashboardEntries", "DashboardName", None),
    ("ec2", "describe_addresses", {}, "Addresses", "AllocationId", None),
    ("ec2", "describe_flow_logs", {}, "FlowLogs", "FlowLogId", None),
    ("ec2", "describe_internet_gateways", {}, "InternetGateways", "InternetGatewayId", None),
    ("ec2", "describe_launch_templates", {}, "LaunchTemplates", "LaunchTemplateName", None),
    ("ec2", "describe_nat_gateways", {}, "NatGateways", "NatGatewayId", ("State", {"deleted"})),
    ("ec2", "describe_network_interfaces", {}, "NetworkInterfaces", "NetworkInterfaceId", None),
    ("ec2", "describe_route_tables", {}, "RouteTables", "RouteTableId", None),
    ("ec2", "describe_security_groups", {}, "SecurityGroups", "GroupId", None),
    ("ec2", "describe_subnets", {}, "Subnets", "SubnetId", None),
    ("ec2", "describe_vpc_endpoints", {}, "VpcEndpoints", "VpcEndpointId", ("State", {"deleted"})),
    ("ec2", "describe_vpcs", {}, "Vpcs", "VpcId", None),
    ("ecr", "describe_repositories", {}, "repositories", "repositoryName", None),
    ("ecs", "list_clusters", {}, "clusterArns", None, None),
    ("ecs", "list_task_definitions", {"status": "ACTIVE"}, "taskDefinitionArns", None, None),
    ("elbv2", "describe_load_balancers", {}, "LoadBalancers", "LoadBalancerName", None),
    ("elbv2", "describe_target_groups", {}, "TargetGroups", "TargetGroupName", None),
    ("events", "list_rules", {}, "Rules", "Name", None),
    ("iam", "list_instance_profiles", {}, "InstanceProfiles", "InstanceProfileName", None),
    ("iam", "list_policies", {"Scope": "Local"}, "Policies", "PolicyName", None),
    ("iam", "list_roles", {}, "Roles", "RoleName", None),
    ("kms", "list_aliases", {}, "Aliases", "AliasName", None),
    ("lambda", "list_functions", {}, "Functions", "FunctionName", None),
    ("logs", "describe_log_groups", {}, "logGroups", "logGroupName", None),
    ("pipes", "list_pipes", {}, "Pipes", "Name", None),
    ("rds", "describe_db_instances", {}, "DBInstances", "DBInstanceIdentifier", None),
    ("rds", "describe_db_parameter_groups", {}, "DBParameterGroups", "DBParameterGroupName", None),
    ("rds", "describe_db_snapshots", {"SnapshotType": "manual"}, "DBSnapshots", "DBSnapshotIdentifier", None),
    ("rds", "describe_db_subnet_groups", {}, "DBSubnetGroups", "DBSubnetGroupName", None),
    ("route53", "list_hosted_zones", {}, "HostedZones", "Name", None),
    ("s3", "list_buckets", {}, "Buckets", "Name", None),
    ("secretsmanager", "list_secrets", {}, "SecretList", "Name", None),
    ("sns", "list_topics", {}, "Topics", "TopicArn", None),
    ("sqs", "list_queues", {}, "QueueUrls", None, None),
]


class Account:
    """What an account holds, seen without the collection's own eyes."""

    def __init__(self, url):
        self._url = url
        self._session = boto3.session.Session(*CREDENTIALS.values(), region_name=REGION)

    def client(self, service):
        return self._session.client(service, endpoint_url=self._url)

    def holds(self):
        """Return everything by (service, name)."""
        clients = {service: self.client(service) for service in {look[0] for look in LOOKS}}
        seen = Counter()
        for service, operation, arguments, key, name, gone in LOOKS:
            for item in getattr(clients[service], operation)(**arguments).get(key) or []:
                if not gone or item.get(gone[0]) not in gone[1]:
                    seen[f"{service} {key}", item[name] if name else item] += 1
        # Keys such as alias/aws/ebs are the account's own, made when they are first used.
        aliases = clients["kms"].list_aliases()["Aliases"]
        own = {alias.get("TargetKeyId") for alias in aliases if alias["AliasName"].startswith("alias/aws/")}
        for key in clients["kms"].list_keys()["Keys"]:
            told = clients["kms"].describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if told["KeyState"] != "PendingDeletion" and key["KeyId"] not in own:
                seen["kms Keys", f"{key['KeyId']} {told['Description']!r}"] += 1
        for reservation in clients["ec2"].describe_instances()["Reservations"]:
            for instance in reservation["Instances"]:
                if instance["State"]["Name"] != "terminated":
                    seen["ec2 Instances", instance["InstanceId"]] += 1
        return seen


def stacks_of(inventory):
    """Return the names of the inventory's stacks, of both profiles."""
    groups = yaml.safe_load((ROOT / f"inventories/{inventory}/hosts.yml").read_text())
    return [stack for group in groups.values() for stack in group["hosts"]]


def resources_of(stacks, aws):
    """Return what the kinds' own lists say of stacks, by kind."""
    every = Counter()
    for stack in stacks:
        for kind, items in found(aws, stack, list(KINDS.values())).items():
            every.update((kind, KINDS[kind].label(item)) for item in items)
    return every


def created(run):
    """Return what was created, or would be, by (kind, name); some names are only made by AWS."""
    return Counter((item["kind"], item["name"]) for item in run.resources("create"))


def quiet(run, title, keeps_books=False):
    """Yield what a run that has nothing to do did all the same; an apply keeps its lock and its record."""
    books = BOOKKEEPING if keeps_books else ()
    for change in run.changed():
        yield f"{title} changed {change}"
    for item in run.resources("create", "update", "replace", "delete"):
        yield f"{title}: {item['action']} {item['kind']} {item['name']} {item.get('changes', '')}"
    written = [one for one in run.requests if one["writes"] and not str(one["task"]).endswith(books)]
    # The lease of a run that takes its time is renewed beside whatever task there is.
    written = [one for one in written if not (keeps_books and one["operation"].endswith("/lock.json"))]
    for service, operation in sorted({(one["service"], one["operation"]) for one in written}):
        yield f"{title} wrote: {service} {operation}"


def known(check, full, stacks):
    """Yield what differs between a run that knew that nothing has changed and one of all tasks."""
    verdicts = [one["result"] for one in check.results if one["action"].endswith("stack_unchanged")]
    for reason in [one["reason"] for one in verdicts if not one["unchanged"]] + ["none"] * (
        len(stacks) - len(verdicts)
    ):
        yield f"the second check didn't know that nothing has changed: {reason}"
    said, told = ({line for line in run.output.splitlines() if line.startswith("note: ")} for run in (check, full))
    knew = {line for line in said if "nothing has drifted" in line}
    if said - knew != told or len(knew) != len(stacks):
        yield f"the second check said {sorted(said)}, and a run of all tasks {sorted(told)}"
    counts = [re.findall(r"^(\d+) resources: ", run.output, re.MULTILINE) for run in (check, full)]
    if counts[0] != counts[1]:
        yield f"the second check was about {counts[0]} resources, and a run of all tasks about {counts[1]}"


def failed(run, title):
    """Yield the failures of a run, in the words that people see: a loop's result says none."""
    for failure in run.failures:
        said = [line for line in run.output.splitlines() if line.startswith("[ERROR]: ")]
        why = failure["result"].get("msg") or failure["result"]
        yield f"{title} failed in {failure['task']}: {str(why)[:2000]} {' '.join(said)[:2000]}"
    if run.rc and not run.failures:
        yield f"{title} ended with {run.rc}: {run.output[-3000:]}"
    for task in sorted({one["task"] for one in run.requests if one["placeholder"]}):
        yield f"{title} called AWS with a placeholder in {task}"


def foretold(plan, apply):
    """Yield where a check from an empty account told something else than the apply then did."""
    more, less = created(apply) - created(plan), created(plan) - created(apply)
    for kind, name in [item for item in less if has_placeholder(item[1])]:
        named = next((item for item in more if item[0] == kind), None)
        if named:
            more, less = more - Counter([named]), less - Counter([(kind, name)])
    for kind, name in sorted(more):
        yield f"the apply created {kind} {name}, which the check did not foretell"
    for kind, name in sorted(less):
        yield f"the check foretold {kind} {name}, which the apply did not create"
    for item in plan.resources("update", "replace", "delete") + apply.resources("update", "replace", "delete"):
        yield f"in an empty account there was {item['action']} of {item['kind']} {item['name']}: {item.get('changes')}"


def wrong_policies(account, stacks):
    """Yield what is wrong with the policies of what was just deployed."""
    aws = Aws(account.client, REGION)
    live = arns([found(aws, stack, list(KINDS.values())) for stack in stacks], REGION, aws.account)
    documents = list(policies(account.client))
    if len(documents) < 10:
        yield f"there are {len(documents)} policies only, so most of them were not looked at"
    for one in documents:
        for told in (*mistakes(one.document), *astray(one.document, live)):
            yield f"{one.label}: {told}"
        yield from findings(one.label, one.document)


def life(inventory, emulator, play, say, late=0):
    """Yield a sentence for each promise that is broken.

    Where AWS is late, the runs aren't waited for, but the looks from outside are, for these seconds.
    """
    where, stacks = ("-i", f"inventories/{inventory}"), stacks_of(inventory)
    account = Account(emulator.url)
    emulator.reset()
    empty = account.holds()

    plan = play("site.yml", *where, "--check")
    say(plan.line(f"{inventory} check from empty"))
    yield from failed(plan, "the check from empty")
    for service, operation in sorted({(one["service"], one["operation"]) for one in plan.requests if one["writes"]}):
        yield f"the check from empty wrote: {service} {operation}"
    if account.holds() != empty:
        yield f"the check from empty made {sorted(account.holds() - empty)}"

    before = len(ask(emulator.url, "log"))
    apply = play("site.yml", *where)
    say(apply.line(f"{inventory} apply"))
    yield from failed(apply, "the apply")
    if not plan.failures and not apply.failures:
        yield from foretold(plan, apply)
        if PROOFS and not late:
            records = [record.read(emulator.aws(), stack) for stack in stacks]
            yield from golden.differences(inventory, plan, ask(emulator.url, "log")[before:], records)

    time.sleep(late)
    yield from wrong_policies(account, stacks)

    again = play("site.yml", *where, *FULL)
    say(again.line(f"{inventory} apply again"))
    yield from failed(again, "the second apply")
    yield from quiet(again, "the second apply", keeps_books=True)

    check = play("site.yml", *where, "--check")
    say(check.line(f"{inventory} check again"))
    yield from failed(check, "the second check")
    yield from quiet(check, "the second check")
    if not late:  # an old answer may be taken for drift, and then all tasks run
        yield from known(check, again, stacks)

    aws = Aws(account.client, REGION)
    live = set(resources_of(stacks, aws))
    for kind, name in sorted(set(created(apply)) - live):
        if KINDS[kind].taggable:
            yield f"{kind} {name} was created, and its stack's list lacks it: destroy and drift would not see it"
    say(f"{inventory} has {len(live)} resources of {len({kind for kind, _name in live})} kinds in {len(stacks)} stacks")

    for stack, other in itertools.permutations(stacks, 2):
        yield from reaches(aws, stack, other)

    if late:
        drift = play("playbooks/drift.yml", *where)
        say(drift.line(f"{inventory} drift check"))
        yield from failed(drift, "the drift check")

    end = play("playbooks/destroy.yml", *where, "-e", f"confirm_destroy={','.join(stacks)}")
    say(end.line(f"{inventory} destroy"))
    yield from failed(end, "the destroy")
    time.sleep(late)
    left = resources_of(stacks, aws)
    if left:
        yield f"the destroy left, by the kinds' own lists, {sorted(left)}"
    remains = sorted(account.holds() - empty)
    final = {one for one in remains if one[0] == "rds DBSnapshots" and one[1].startswith(f"{stacks[0]}-db-final-")}
    # The key of a final snapshot stays, since the snapshot could never be read again without it.
    key = {one for one in remains if final and one[0] == "kms Keys" and f"Data of {stacks[0]}:" in one[1]}
    for what, name in remains:
        if (what, name) not in final | key:
            yield f"the destroy left {what} {name}"
    for (what, name), _count in sorted((empty - account.holds()).items()):
        yield f"the destroy took the account's own {what} {name}"


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_life(inventory, emulator, play, capsys):
    def say(line):
        with capsys.disabled():
            print(f"\n{line}", end="", flush=True)

    broken = list(dict.fromkeys(life(inventory, emulator, play, say)))
    if broken:
        pytest.fail(f"{inventory}:\n- " + "\n- ".join(broken), pytrace=False)
