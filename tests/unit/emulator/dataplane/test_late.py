"""What comes late, twice, or without what AWS may leave out: tasks, their events and lines, deployments, versions."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from emulator import clock, eventual


@pytest.fixture
def late():
    """Be late, as drawn from a seed; whoever wants to stop the clock does."""
    yield eventual.use
    clock.run(1)
    eventual.use(None)


@pytest.fixture
def begin(aws, network, name):
    """Begin a task, and return its ARN."""

    def run(definition, provider="FARGATE", **more):
        return aws("ecs").run_task(
            cluster=name, taskDefinition=definition, networkConfiguration={"awsvpcConfiguration": network},
            capacityProviderStrategy=[{"capacityProvider": provider, "weight": 1}], **more,
        )["tasks"][0]["taskArn"]  # fmt: skip

    return run


def test_events_of_interrupted_tasks(own, worker, begin, events, late, name, until):
    own("POST", "faults", seed=1, spot=1.0)
    own("POST", "images", images=[{"image": name, "stays": True}])
    definition = worker()
    late(3)
    clock.run(20)
    begun = {begin(definition, "FARGATE_SPOT") for _ in range(8)}
    told = []

    def all_ended():
        told.extend(one for one in events() if one["detail"]["lastStatus"] == "STOPPED")
        return {one["detail"]["taskArn"] for one in told} == begun and len(told) > len(begun)

    until(all_ended)
    details = [one["detail"] for one in told]
    assert len(told) > len({one["id"] for one in told}), "some come twice, as the same event"
    assert {one.get("stopCode") for one in details} == {None, "SpotInterruption"}
    assert {one["stoppedReason"] for one in details} == {"Your Spot Task was interrupted."}
    agents = [one for detail in details for one in detail["containers"] if one["name"] == "aws-guardduty-agent"]
    assert agents and all("exitCode" in one for one in agents)
    assert len(agents) < len(details)
    assert any(key.startswith("events late") for key in eventual.show()["met"])
    assert json.dumps(details).count("aws-guardduty-agent") == len(agents)


def test_lines_may_come_when_the_task_has_ended(aws, own, worker, begin, lines, late, name, until):
    own("POST", "images", images=[{"image": name, "says": "it ran", "exits": 0}])
    definition = worker()
    late(1)
    clock.run(0.0001)
    tasks = [begin(definition) for _ in range(8)]

    def ended():
        clock.move(0.4)
        seen = aws("ecs").describe_tasks(cluster=name, tasks=tasks)["tasks"]
        return len(seen) == 8 and all(one["lastStatus"] == "STOPPED" for one in seen)

    until(ended)
    assert eventual.show()["met"]["logs lines w"] > 0
    until(lambda: clock.move(2) or lines(name) == ["it ran"] * 8)


def test_a_task_is_not_seen_by_all_answers(aws, worker, begin, late, name):
    definition = worker()
    late(2)
    clock.run(0.0001)
    task = begin(definition)
    seen = {len(aws("ecs").describe_tasks(cluster=name, tasks=[task])["tasks"]) for _ in range(30)}
    assert seen == {0, 1}


def test_a_token_that_stands_for_another_task_names_it(worker, begin):
    definition = worker()
    task = begin(definition, clientToken="mine")
    with pytest.raises(ClientError) as refused:
        begin(definition, clientToken="mine", startedBy="somebody else")
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    assert refused.value.response["resourceIds"] == [task]


def test_a_deployment_is_listed_and_described_late(aws, worker, network, late, name):
    ecs, definition = aws("ecs"), worker()
    told = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    keys = ("family", "requiresCompatibilities", "networkMode", "cpu", "memory", "executionRoleArn", "containerDefinitions")
    again = ecs.register_task_definition(**{key: told[key] for key in keys})["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(
        cluster=name, serviceName=name, taskDefinition=definition, desiredCount=0, launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": network},
    )  # fmt: skip
    late(4)
    clock.run(0.0001)

    def listed():
        return [one["serviceDeploymentArn"] for one in ecs.list_service_deployments(cluster=name, service=name)["serviceDeployments"]]

    (before,) = listed()
    ecs.update_service(cluster=name, service=name, taskDefinition=again)
    lists = [listed() for _ in range(40)]
    assert {len(one) for one in lists} == {1, 2} and all(before in one for one in lists)
    new = next(one for found in lists for one in found if one != before)
    described = [ecs.describe_service_deployments(serviceDeploymentArns=[new])["serviceDeployments"] for _ in range(40)]
    assert {len(one) for one in described} == {0, 1}
    primary = [
        next(one["taskDefinition"] for one in ecs.describe_services(cluster=name, services=[name])["services"][0]["deployments"] if one["status"] == "PRIMARY")
        for _ in range(40)
    ]  # fmt: skip
    assert again in primary
    clock.move(3)
    assert {len(listed()) for _ in range(20)} == {2}


def test_a_version_is_not_published_while_an_update_goes_on(aws, role, late, name):
    functions, code = aws("lambda"), io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("it.py", "def handler(event, context): pass")
    made = role(name, "lambda.amazonaws.com")
    late(1)
    clock.run(0.0001)
    functions.create_function(
        FunctionName=name, Role=made, Runtime="python3.13", Handler="it.handler",
        Code={"ZipFile": code.getvalue()},
    )  # fmt: skip
    clock.move(5)

    def publish():
        try:
            return functions.publish_version(FunctionName=name)["Version"] and "published"
        except ClientError as refused:
            assert "An update is in progress" in str(refused)
            return refused.response["Error"]["Code"]

    assert {publish() for _ in range(20)} == {"published"}
    functions.update_function_code(FunctionName=name, ZipFile=code.getvalue())
    assert {publish() for _ in range(30)} == {"published", "ResourceConflictException"}
    clock.move(2)
    assert {publish() for _ in range(10)} == {"published"}
