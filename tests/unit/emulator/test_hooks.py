"""The data plane takes over steps of the corrections where these let it, and they do all of it without the data plane."""

import ast
from pathlib import Path

import pytest

from emulator import patching
from emulator.corrections import ecs_agents, ecs_services, ecs_tasks
from emulator.dataplane import targets

DATAPLANE = Path(targets.__file__).parent
HOOKS = {
    value.__name__: value
    for module in (ecs_agents, ecs_services, ecs_tasks, targets)
    for value in vars(module).values()
    if hasattr(value, "around")
}


def patched(tree: ast.Module) -> list[str]:
    """Return what a module patches that comes of a correction."""
    names = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("emulator.corrections")
        for alias in node.names
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "replacing"]
    return [ast.unparse(one) for one in calls if ast.unparse(one.args[0]).partition(".")[0] in names]


@pytest.mark.parametrize("path", sorted(DATAPLANE.glob("*.py")), ids=lambda path: path.stem)
def test_the_data_plane_patches_no_correction(path):
    assert patched(ast.parse(path.read_text())) == []


def test_a_patch_of_a_correction_is_found():
    code = "from emulator.corrections import ecs as corrected\n@replacing(corrected.Responses, 'update_service')\ndef f(): ..."
    assert patched(ast.parse(code)) == ["replacing(corrected.Responses, 'update_service')"]


def test_a_step_is_the_corrections_own_until_it_is_taken_over():
    @patching.hook
    def step(number):
        return number

    assert step(1) == 1

    @step.around
    def taken(own, number):
        return own(number) + 1

    assert step(1) == 2


def test_each_step_is_taken_over_as_long_as_there_is_a_data_plane(endpoint):
    assert {one.__name__ for one in HOOKS.values() if not one.taken} == set()


@pytest.fixture
def alone(monkeypatch):
    """ECS's corrections without the data plane."""
    for one in HOOKS.values():
        monkeypatch.setattr(one, "taken", None)


def test_services_are_steady_without_the_data_plane(alone, aws, name):
    client = aws("ecs")
    client.create_cluster(clusterName=name, capacityProviders=["FARGATE"])
    client.register_task_definition(
        family=name, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        containerDefinitions=[{"name": "a", "image": "nothing-runs-it"}],
    )  # fmt: skip
    subnet = aws("ec2").describe_subnets()["Subnets"][0]
    own = [{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    group = aws("ec2").describe_security_groups(Filters=own)["SecurityGroups"][0]["GroupId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet["SubnetId"]], "securityGroups": [group]}}
    client.create_service(
        cluster=name, serviceName=name, taskDefinition=name, desiredCount=1, launchType="FARGATE",
        networkConfiguration=network,
    )  # fmt: skip
    (service,) = client.describe_services(cluster=name, services=[name])["services"]
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (1, "COMPLETED")
    client.update_service(cluster=name, service=name, desiredCount=0)
    (service,) = client.describe_services(cluster=name, services=[name])["services"]
    assert service["runningCount"] == 0
