"""Rollouts on an AWS that is late: a good one comes up, and the way back leads back."""

import time

import images
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import Components, Options, Rollout

from emulator import clock, eventual
from tests.soon import soon


@pytest.fixture
def quick(monkeypatch):
    """Waits are short, and so is what is late."""
    monkeypatch.setattr(time, "sleep", lambda seconds, sleep=time.sleep: sleep(min(seconds, 0.1)))
    clock.run(5)
    yield eventual.use
    clock.run(1)
    eventual.use(None)


def rollout(aws, stack, said, **images):
    options = Options(Components({"api": 1, "worker": 0}, ["scheduler", "cleanup"]), 60, 0.05, 0.2)
    return Rollout(Aws(lambda service, **_more: aws(service), "us-east-1"), stack, {"id": "two", "images": images}, options, said.append)


@pytest.fixture
def stack(aws, own, worker, network, name, quick):
    """A stack of an API that runs."""
    own("POST", "images", images=[{"image": "image-*", "stays": True}])
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
    return name


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_service_goes_forward_and_back(aws, stack, seed, quick):
    def settled():
        (service,) = aws("ecs").describe_services(cluster=f"{stack}-cluster", services=[f"{stack}-api"])["services"]
        return len(service["deployments"]) == 1 and service["runningCount"] == 1 and service["taskDefinition"]

    before = soon(settled, "the service's steadiness")
    quick(seed)
    said = []
    it = rollout(aws, stack, said, api="image-two")
    state = {"services": {"api": {"task_definition": before, "desired": 1}}, "functions": {}, "pipe": None}
    it.forward(state)
    assert it.runs(state) == {"api": "image-two"}
    it.back(state)
    quick(None)
    assert it.runs(state) == {"api": "image-one"}
    assert settled() == before, said


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_function_goes_forward_and_back(aws, own, role, name, seed, quick):
    functions, ecr, function = aws("lambda"), aws("ecr"), f"{name}-scheduler"
    uri = ecr.create_repository(repositoryName=function)["repository"]["repositoryUri"]
    one, two = (f"{uri}@{images.push(ecr, function, tag, tag.encode())}" for tag in ("one", "two"))
    own("POST", "images", images=[{"image": f"{uri}*", "function": {"done": True}}])
    made = role(name, "lambda.amazonaws.com", (["logs:*"], "*"))
    functions.create_function(FunctionName=function, PackageType="Image", Role=made, Code={"ImageUri": one}, Publish=True)
    functions.create_alias(FunctionName=function, Name="live", FunctionVersion="1")
    quick(seed)
    it = rollout(aws, name, [], scheduler=two)
    state = {"services": {}, "functions": {"scheduler": {"image": one, "version": "1"}}, "pipe": None}
    assert it.forward(state)["functions"] == {"scheduler": "2"}
    # As a canary leaves it that fails in its first step.
    share = {"AdditionalVersionWeights": {"2": 0.1}}
    functions.update_alias(FunctionName=function, Name="live", FunctionVersion="1", RoutingConfig=share)
    it.back(state)
    quick(None)
    alias = functions.get_alias(FunctionName=function, Name="live")
    assert (alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})) == ("1", {})
    assert functions.get_function(FunctionName=function)["Code"]["ResolvedImageUri"] == one
