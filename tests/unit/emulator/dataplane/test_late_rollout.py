"""Rollouts of a service on an AWS that is late: a good one comes up, and the way back leads back."""

import time

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Options, Rollout

from emulator import clock, eventual


@pytest.fixture
def stack(aws, own, worker, network, name, monkeypatch):
    """A stack of an API that runs; waits are short, and so is what is late."""
    own("POST", "images", images=[{"image": "image-*", "stays": True}])
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.1)))
    ecs = aws("ecs")
    told = ecs.describe_task_definition(taskDefinition=worker())["taskDefinition"]
    container = {"name": "api", "image": "image-one", "logConfiguration": told["containerDefinitions"][0]["logConfiguration"]}
    keys = ("requiresCompatibilities", "networkMode", "cpu", "memory", "executionRoleArn")
    ecs.register_task_definition(family=f"{name}-api", containerDefinitions=[container], **{key: told[key] for key in keys})
    ecs.create_cluster(clusterName=f"{name}-cluster", capacityProviders=["FARGATE"])
    ecs.create_service(
        cluster=f"{name}-cluster", serviceName=f"{name}-api", taskDefinition=f"{name}-api", desiredCount=1,
        launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": network},
    )  # fmt: skip
    clock.run(5)
    yield name
    clock.run(1)
    eventual.use(None)


@pytest.mark.parametrize("seed", range(1, 6))
def test_forward_and_back(aws, stack, seed):
    def settled():
        (service,) = aws("ecs").describe_services(cluster=f"{stack}-cluster", services=[f"{stack}-api"])["services"]
        return len(service["deployments"]) == 1 and service["runningCount"] == 1 and service["taskDefinition"]

    while not (before := settled()):
        time.sleep(0.1)
    eventual.use(seed)
    said = []
    release = {"id": "two", "images": {"api": "image-two"}}
    it = Rollout(Aws(lambda service, **_more: aws(service), "us-east-1"), stack, release, Options(60, 0.05, 0.2), said.append)
    state = {"services": {"api": {"task_definition": before, "desired": 1}}, "functions": {}, "pipe": None}
    it.forward(state)
    assert it.runs(state) == {"api": "image-two"}
    it.back(state)
    eventual.use(None)
    assert it.runs(state) == {"api": "image-one"}
    assert settled() == before, said
