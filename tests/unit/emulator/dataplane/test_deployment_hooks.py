"""Deployments meet their lifecycle hooks: pauses and functions, each with its time and what happens then."""

import io
import json
import zipfile

import pytest

from emulator import clock
from emulator.dataplane import services

MINUTE = 60
# Answers as its hookDetails say, and prints what it was given.
CODE = """
import json
def handler(event, context):
    print("asked " + json.dumps(event))
    details = event.get("hookDetails") or {}
    if details.get("raise"):
        raise ValueError(details["raise"])
    if details.get("again"):
        return {"hookStatus": "IN_PROGRESS", "callBackDelay": 5, "hookDetails": {"again": details["again"] - 1}}
    return {"hookStatus": details.get("status", "SUCCEEDED")}
"""


def pause(*stages, minutes=10, action="ROLLBACK"):
    told = {"timeoutInMinutes": minutes, "action": action}
    return {"targetType": "PAUSE", "lifecycleStages": list(stages), "timeoutConfiguration": told}


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    """Let stages follow one another at once."""
    monkeypatch.setattr(services, "LOOK", 0.05)
    monkeypatch.setattr(services, "STEADY", 0.3)


@pytest.fixture
def hooked(service, aws, name):
    """A service that is deployed blue/green, or otherwise, with these hooks from its second deployment on."""

    def make(*hooks, strategy="BLUE_GREEN", tests=False, **configuration):
        it = service(balanced=True, strategy=strategy, bakeTimeInMinutes=0, **configuration)
        more = {}
        if tests:
            it.tests = it.balancer.test_rule()
            more["loadBalancers"] = it.balancer.given()
            more["loadBalancers"][0]["advancedConfiguration"]["testListenerRule"] = it.tests
        it.ecs.update_service(cluster=name, service=name, deploymentConfiguration={"lifecycleHooks": list(hooks)}, **more)
        return it

    return make


@pytest.fixture
def asked(aws, role, name, lines):
    """Make a function that is a hook; return its definition for stages, and what it was asked."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", CODE)
    aws("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    logs = (["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:*:*:log-group:/aws/lambda/{name}:*")
    arn = aws("lambda").create_function(
        FunctionName=name, Runtime="python3.13", Handler="app.handler", Code={"ZipFile": packed.getvalue()}, Timeout=20,
        Role=role(f"{name}-function", "lambda.amazonaws.com", logs),
    )["FunctionArn"]  # fmt: skip
    asks = role(f"{name}-hook", "ecs.amazonaws.com", (["lambda:InvokeFunction"], arn))

    def hook(*stages, **details):
        more = {"hookDetails": details} if details else {}
        return {"hookTargetArn": arn, "roleArn": asks, "lifecycleStages": list(stages), **more}

    def events():
        told = [line.partition("asked ")[2] for line in lines(f"/aws/lambda/{name}") if line.startswith("asked ")]
        return [json.loads(one) for one in told]

    hook.events = events
    return hook


def waiting(it):
    """Return the hooks of the newest deployment that wait for somebody."""
    return [one for one in it.newest().get("lifecycleHookDetails", []) if one["status"] == "AWAITING_ACTION"]


def statuses(it):
    return [one["status"] for one in it.newest()["lifecycleHookDetails"]]


def test_a_pause_waits_until_somebody_continues_it(hooked, until, events, refused):
    it = hooked(pause("POST_SCALE_UP"))
    arn = it.deploy(":2")
    (one,) = until(lambda: waiting(it))
    told = it.newest()
    assert (told["status"], told["lifecycleStage"]) == ("IN_PROGRESS", "POST_SCALE_UP")
    assert (one["targetType"], one["timeoutAction"]) == ("PAUSE", "ROLLBACK")
    assert 540 < one["expiresAt"].timestamp() - clock.now() <= 600
    assert it.balancer.weights() == [100, 0]
    refused("InvalidParameterException", it.ecs.continue_service_deployment, serviceDeploymentArn=arn, hookId="none")
    refused("ServiceDeploymentNotFoundException", it.ecs.continue_service_deployment, serviceDeploymentArn=f"{arn}0", hookId=one["hookId"])
    assert it.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=one["hookId"])["serviceDeploymentArn"] == arn
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert (statuses(it), it.balancer.weights()) == (["SUCCEEDED"], [0, 100])
    refused("InvalidParameterException", it.ecs.continue_service_deployment, serviceDeploymentArn=arn, hookId=one["hookId"])
    changes = [told["detail"] for told in events() if told["detail-type"] == "ECS Hook State Change"]
    assert [one["eventName"] for one in changes] == ["HOOK_AWAITING_ACTION", "HOOK_SUCCEEDED"]
    assert {(one["lifecycleStage"], one["hookType"], one["serviceDeploymentArn"]) for one in changes} == {("POST_SCALE_UP", "PAUSE", arn)}


@pytest.mark.parametrize("asked_to", ["continue", "stop"])
def test_a_pause_is_taken_back_by_request(hooked, until, asked_to):
    it = hooked(pause("POST_TEST_TRAFFIC_SHIFT"), deploymentCircuitBreaker={"enable": False, "rollback": False})
    arn = it.deploy(":2")
    (one,) = until(lambda: waiting(it))
    if asked_to == "continue":
        it.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=one["hookId"], action="ROLLBACK")
    else:
        it.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert statuses(it) == ["FAILED"]
    assert (it.balancer.weights(), it.live()["taskDefinition"]) == ([100, 0], it.first)


@pytest.mark.parametrize(("action", "status"), [("ROLLBACK", "ROLLBACK_SUCCESSFUL"), ("CONTINUE", "SUCCESSFUL")])
def test_a_pause_is_over_when_its_time_is(hooked, until, own, action, status):
    it = hooked(pause("PRE_PRODUCTION_TRAFFIC_SHIFT", minutes=5, action=action))
    it.deploy(":2")
    until(lambda: waiting(it))
    own("POST", f"clock?seconds={5 * MINUTE}")
    until(lambda: it.newest()["status"] == status)
    assert statuses(it) == ["TIMED_OUT"]


def test_there_is_a_pause_before_each_step(hooked, until, own):
    steps = {"stepPercent": 50.0, "stepBakeTimeInMinutes": 0}
    it = hooked(pause("PRE_PRODUCTION_TRAFFIC_SHIFT"), strategy="LINEAR", linearConfiguration=steps)
    arn, seen = it.deploy(":2"), []
    for weights in ([100, 0], [50, 50]):
        (one,) = until(lambda: waiting(it))
        assert it.balancer.weights() == weights
        seen.append(one["hookId"])
        it.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=one["hookId"], action="CONTINUE")
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert len(set(seen)) == 2 and statuses(it) == ["SUCCEEDED"] * 2


def test_all_hooks_of_a_stage_must_be_continued(hooked, until):
    it = hooked(pause("POST_SCALE_UP"), pause("POST_SCALE_UP"))
    arn = it.deploy(":2")
    first, second = until(lambda: waiting(it))
    it.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=first["hookId"])
    assert waiting(it) == [second]
    it.ecs.continue_service_deployment(serviceDeploymentArn=arn, hookId=second["hookId"])
    until(lambda: it.newest()["status"] == "SUCCESSFUL")


def test_the_test_traffic_moves_first_and_comes_back(hooked, until):
    it = hooked(pause("POST_TEST_TRAFFIC_SHIFT"), tests=True)
    until(lambda: it.newest()["status"] == "SUCCESSFUL" or waiting(it))
    for one in waiting(it):  # what changes the load balancers is a deployment itself
        it.ecs.continue_service_deployment(serviceDeploymentArn=it.newest()["serviceDeploymentArn"], hookId=one["hookId"])
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    served, tested = it.balancer.weights(), it.balancer.weights(it.tests)
    arn = it.deploy(":2")
    until(lambda: waiting(it))
    assert (it.balancer.weights(), it.balancer.weights(it.tests)) == (served, served[::-1])
    assert it.newest()["targetServiceRevision"]["requestedTestTrafficWeight"] == 100
    it.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert (it.balancer.weights(), it.balancer.weights(it.tests)) == (served, served) and tested


def test_a_function_is_asked_until_it_says_yes(hooked, asked, until, own):
    it = hooked(asked("POST_SCALE_UP", "PRODUCTION_TRAFFIC_SHIFT", again=1))
    arn = it.deploy(":2")
    until(lambda: len(asked.events()) == 1)
    assert it.newest()["lifecycleStage"] == "POST_SCALE_UP"
    own("POST", "clock?seconds=5")
    until(lambda: len(asked.events()) == 3)
    own("POST", "clock?seconds=5")
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    first, second, third, _fourth = asked.events()
    assert (first["resourceArn"], first["lifecycleStage"]) == (arn, "POST_SCALE_UP")
    assert [one["hookDetails"] for one in (first, second, third)] == [{"again": 1}, {"again": 0}, {"again": 1}]
    told = third["executionDetails"]
    assert set(told) == {"serviceArn", "targetServiceRevisionArn", "testTrafficWeights", "productionTrafficWeights"}
    assert sorted(told["productionTrafficWeights"].values()) == [0, 100]
    assert told["productionTrafficWeights"][told["targetServiceRevisionArn"]] == 100


@pytest.mark.parametrize("answer", [{"status": "FAILED"}, {"status": "MAYBE"}, {"raise": "no"}])
def test_a_function_that_says_no_takes_all_back(hooked, asked, until, answer):
    it = hooked(asked("PRODUCTION_TRAFFIC_SHIFT", **answer))
    it.deploy(":2")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert "hook" in it.newest()["statusReason"]
    assert it.balancer.weights() == [100, 0]
    until(lambda: len(asked.events()) == 2)  # and once more on the way back
    told = asked.events()[1]["executionDetails"]
    assert told["productionTrafficWeights"][told["targetServiceRevisionArn"]] == 0


def test_a_function_that_its_role_may_not_ask_takes_all_back(hooked, asked, until, aws, name):
    it = hooked(asked("POST_SCALE_UP"))
    aws("iam").delete_role_policy(RoleName=f"{name}-hook", PolicyName="it")
    it.deploy(":2")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert asked.events() == []
    assert any("lambda:InvokeFunction" in one["message"] for one in it.live()["events"])
