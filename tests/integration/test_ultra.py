"""The ultra profile from release to rest: what it refuses, what a release changes, what it costs when nothing is to do."""

from __future__ import annotations

import hashlib
import json

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import found
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from .conftest import CREDENTIALS
from .rest import BILLED, CENTS, FREE, bill

STACK = "flow-builder-local-ultra"
PLAY = ("playbooks/ultra.yml", "-i", "inventories/local")
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def aws(emulator):
    emulator.reset()
    return emulator.aws()


@pytest.fixture(scope="module")
def released(aws, play):
    """Deploy the profile, release a worker and a scheduler, and deploy again."""
    first = play(*PLAY)
    assert not first.rc, first.failures or first.output[-2000:]
    assert aws("pipes").describe_pipe(Name=f"{STACK}-worker-pipe")["CurrentState"] == "STOPPED"
    for component in ("worker", "scheduler"):
        release(aws, f"{STACK}-{component}")
    images = {name: {"image": f"{REGISTRY}/{STACK}-{name}:v1"} for name in ("worker", "scheduler")}
    second = play(*PLAY, "-e", json.dumps({"stack_components_once": images}))
    assert not second.rc, second.failures or second.output[-2000:]
    return second


def release(aws, repository):
    """Give the repository a release: the bootstrap image's layers under another manifest."""
    (image,) = aws("ecr").batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "bootstrap"}])["images"]
    manifest = json.dumps({**json.loads(image["imageManifest"]), "annotations": {"version": "1"}})
    aws("ecr").put_image(repositoryName=repository, imageManifest=manifest, imageTag="v1")
    return "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()


def test_a_release_starts_the_pipe_and_is_what_it_runs(aws, released, play):
    pipe = aws("pipes").describe_pipe(Name=f"{STACK}-worker-pipe")
    assert pipe["CurrentState"] == "RUNNING"
    newest = aws("ecs").describe_task_definition(taskDefinition=f"{STACK}-worker")["taskDefinition"]
    assert newest["revision"] == 2
    task = pipe["TargetParameters"]["EcsTaskParameters"]
    assert task["TaskDefinitionArn"] == newest["taskDefinitionArn"]
    assert {item["kind"] for item in released.resources("update", "create")} == {
        "ecr_protected_images", "ecs_taskdefinition", "event_rule", "lambda_alias", "lambda_function", "metric_alarm",
        "pipes_pipe",
    }  # fmt: skip
    # Without saying the images again, they stay.
    again = play(*PLAY)
    assert not again.rc and again.resources("create", "update", "replace", "delete") == []


def test_every_kind_has_its_cost_at_rest():
    assert set(BILLED) | FREE == set(KINDS)
    assert not set(BILLED) & FREE


def test_at_rest_it_bills_storage_alarms_and_one_secret(aws, released, capsys):
    costs = bill(found(aws, STACK, list(KINDS.values())))
    with capsys.disabled():
        print("\nat rest, dollars a month:", {kind: round(cost, 2) for kind, cost in costs.items()}, end="")
    assert set(costs) <= CENTS
    assert costs["secret"] == 0.40
    assert sum(costs.values()) < 2
    cluster = f"{STACK}-cluster"
    assert aws("ecs").list_tasks(cluster=cluster)["taskArns"] == []
    assert aws("ecs").list_services(cluster=cluster)["serviceArns"] == []
    assert aws("ec2").describe_addresses()["Addresses"] == []


# Bad input


def test_bad_variables_end_before_the_first_call(play):
    bad = {
        "pipes_body": "id=$.body",
        "pipes_capacity_providers": [{"capacity_provider": "FARGATE_SPOT", "weight": 1, "launch_type": "FARGATE"}],
        "pipes_launch_type": "FARGATE",
        "stack_components_once": {"worker": {"image": f"{REGISTRY}/{STACK}-worker"}},
        "external_database_sslmode": "disable",
    }
    run = play(*PLAY, "-e", json.dumps(bad))
    (failure,) = run.failures
    _head, *lines = failure["result"]["msg"].splitlines()
    assert run.requests == [] and len(lines) == len(bad), lines
    for words in (
        ["pipes_body is 'id=$.body'", "such as $.body"],
        ["pipes_capacity_providers", "launch_type"],
        ["pipes_launch_type is no variable of a role or playbook"],
        ["stack_components_once.worker.image is", "@sha256:<digest> or a tag"],
        ["external_database_sslmode is 'disable'", "require, verify-ca, verify-full"],
    ):
        assert len([line for line in lines if all(word in line for word in words)]) == 1, (words, lines)


@pytest.fixture(scope="module")
def foreign(aws):
    """Return a VPC that isn't ours, with a public subnet, a private one, and one that is almost full; and one abroad."""
    ec2 = aws("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "shared"}])
    cidrs = {"public": "10.9.0.0/24", "private": "10.9.1.0/24", "full": "10.9.2.0/28"}
    made = {name: ec2.create_subnet(VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"] for name, cidr in cidrs.items()}
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=vpc, InternetGatewayId=gateway)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for name in ("public", "full"):
        ec2.associate_route_table(SubnetId=made[name], RouteTableId=table)
    session = boto3.session.Session(*CREDENTIALS.values(), region_name="eu-west-1")
    abroad = session.client("ec2", endpoint_url=ec2.meta.endpoint_url).create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    return {"vpc": vpc, "abroad": abroad, **made}


@pytest.fixture
def lookup(play, tmp_path):
    """Look a VPC up as the role does."""

    def run(**arguments):
        playbook = tmp_path / "lookup.yml"
        tasks = [{"name": "lookup", "flow_builder.aws.public_subnets_info": {"region": "us-east-1", **arguments}}]
        playbook.write_text(json.dumps([{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]))
        return play(playbook, "-i", "localhost,").by_task["lookup"]

    return run


def test_an_existing_vpc_is_found_by_its_tags(lookup, foreign):
    told = lookup(vpc_tags={"Name": "shared"}, subnet_ids=[foreign["public"]], free_addresses=100)
    assert (told["vpc_id"], told["subnet_ids"]) == (foreign["vpc"], [foreign["public"]])


@pytest.mark.parametrize(
    ("vpc", "subnets", "said"),
    [("vpc", ["private"], "is private"), ("abroad", [], "in us-east-1"), ("vpc", ["public", "full"], "free addresses")],
)
def test_a_vpc_that_tasks_can_not_use_is_refused_in_one_sentence(vpc, subnets, said, lookup, foreign):
    told = lookup(vpc_id=foreign[vpc], subnet_ids=[foreign[name] for name in subnets], free_addresses=20)
    assert said in told["msg"] and "\n" not in told["msg"]
