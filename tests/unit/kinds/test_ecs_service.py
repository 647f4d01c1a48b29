"""ECS's services: compared, changed and awaited."""

from datetime import datetime

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import waiting
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import ready
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_service import ECS_SERVICE

# A circuit breaker as an update sends it: all of it, because what is unsaid would stay as it is.
BREAKER = {
    "enable": True, "rollback": False, "resetOnHealthyTask": True,
    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
}  # fmt: skip


DEPLOYMENT = {"id": "ecs-svc/1", "status": "PRIMARY", "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/f:2", "rolloutState": "COMPLETED"}


SERVICE = {
    "serviceName": "s",
    "serviceArn": "arn:aws:ecs:us-east-1:1:service/c/s",
    "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/c",
    "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/f:2",
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "pendingCount": 0,
}


PAUSE = {"target_type": "PAUSE", "stages": ["POST_SCALE_UP"], "timeout_minutes": 60, "timeout_action": "ROLLBACK"}
AWS_PAUSE = {
    "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
    "timeoutConfiguration": {"timeoutInMinutes": 60, "action": "ROLLBACK"},
}  # fmt: skip
ASKS = {"target_arn": "function", "role_arn": "role", "stages": ["A"], "details": {"path": "/health"}}
AWS_ASKS = {"hookTargetArn": "function", "roleArn": "role", "lifecycleStages": ["A"], "hookDetails": {"path": "/health"}}
SHIFTS = {"alternate_target_group_arn": "u", "production_listener_rule": "rule", "traffic_role_arn": "role"}
ADVANCED = {"alternateTargetGroupArn": "u", "productionListenerRule": "rule", "roleArn": "role"}


def _service(deployment=None, **more):
    return ECS_SERVICE._live({**SERVICE, "deployments": [{**DEPLOYMENT, **(deployment or {})}], **more})


def _two(strategy):
    old = {**DEPLOYMENT, "id": "ecs-svc/0", "status": "ACTIVE"}
    return _service(deployments=[DEPLOYMENT, old], deploymentConfiguration={"strategy": strategy})


@pytest.mark.parametrize(
    ("aws", "ours", "differs"),
    [
        ({}, {"task_definition": "arn:aws:ecs:us-east-1:1:task-definition/f:2", "desired_count": 9}, set()),
        ({}, {"task_definition": "f:3"}, {"task_definition"}),
        ({}, {"task_definition": "known-after-apply/ecs_taskdefinition/f/arn"}, {"task_definition"}),
        ({}, {"minimum_count": 2}, set()),
        ({}, {"minimum_count": 3}, {"desired_count"}),
        ({"desiredCount": 0}, {"minimum_count": 1, "desired_count": 0}, {"desired_count"}),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["b", "a"], "assignPublicIp": "DISABLED"}}},
            {"subnet_ids": ["a", "b"], "security_group_ids": [], "assign_public_ip": False},
            set(),
        ),
        (
            {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"], "assignPublicIp": "ENABLED"}}},
            {"subnet_ids": ["a", "b"], "assign_public_ip": False},
            {"subnet_ids", "assign_public_ip"},
        ),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}], "launchType": "FARGATE"},
            {"capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}]},
            set(),
        ),
        (
            {"launchType": "FARGATE"},
            {"capacity_provider_strategy": [{"capacity_provider": "FARGATE", "weight": 1}]},
            {"capacity_provider_strategy"},
        ),
        (
            {"deploymentConfiguration": {"alarms": {"alarmNames": ["b", "a"], "enable": True, "rollback": True}}},
            {"alarms": {"names": ["a", "b"], "rollback": True}},
            set(),
        ),
        ({}, {"alarms": {"names": []}, "circuit_breaker": {"enable": False}, "propagate_tags": "NONE"}, set()),
        ({}, {"circuit_breaker": {"enable": True, "rollback": True}}, {"circuit_breaker"}),
        ({}, {"circuit_breaker": {"enable": False, "threshold_type": "BOUNDED_PERCENT", "threshold": 50}}, set()),
        ({}, {"circuit_breaker": {"enable": False, "threshold_type": "COUNT", "threshold": 2}}, {"circuit_breaker"}),
        ({}, {"circuit_breaker": {"enable": False, "reset_on_healthy_task": False}}, {"circuit_breaker"}),
        (
            {"loadBalancers": [{"targetGroupArn": "t", "containerName": "api", "containerPort": 8080}]},
            {"load_balancers": [{"target_group_arn": "t", "container_name": "api", "container_port": 8080}]},
            set(),
        ),
        (
            {"loadBalancers": [{"targetGroupArn": "t", "advancedConfiguration": ADVANCED}]},
            {"load_balancers": [{"target_group_arn": "t", **SHIFTS}]},
            set(),
        ),
        ({"loadBalancers": [{"targetGroupArn": "t"}]}, {"load_balancers": [{"target_group_arn": "t", **SHIFTS}]}, {"load_balancers"}),
        (
            {"loadBalancers": [{"targetGroupArn": "t", "advancedConfiguration": {**ADVANCED, "testListenerRule": "tests"}}]},
            {"load_balancers": [{"target_group_arn": "t", **SHIFTS, "test_listener_rule": "tests"}]},
            set(),
        ),
        (
            {"loadBalancers": [{"targetGroupArn": "t", "advancedConfiguration": {**ADVANCED, "testListenerRule": "tests"}}]},
            {"load_balancers": [{"target_group_arn": "t", **SHIFTS}]},
            {"load_balancers"},
        ),
        ({}, {"deployment_strategy": "ROLLING", "bake_time": 5, "canary": {"percent": 5, "bake_time": 1}}, set()),
        ({}, {"deployment_strategy": "BLUE_GREEN", "bake_time": 5}, {"deployment_strategy", "bake_time"}),
        (
            {"deploymentConfiguration": {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}}},
            {"deployment_strategy": "LINEAR", "linear": {"percent": 10, "bake_time": 6}, "canary": {"percent": 5, "bake_time": 1}},
            set(),
        ),
        (
            {"deploymentConfiguration": {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}}},
            {"deployment_strategy": "LINEAR", "linear": {"percent": 20, "bake_time": 6}},
            {"linear"},
        ),
        ({}, {"lifecycle_hooks": []}, set()),
        ({"deploymentConfiguration": {"lifecycleHooks": [AWS_PAUSE]}}, {"lifecycle_hooks": []}, {"lifecycle_hooks"}),
        # What is unsaid of a hook, on either side, is what AWS takes for it; the order of stages and hooks says nothing.
        (
            {"deploymentConfiguration": {"lifecycleHooks": [AWS_ASKS, {"targetType": "PAUSE", "lifecycleStages": ["B", "A"]}]}},
            {"lifecycle_hooks": [{"target_type": "PAUSE", "stages": ["A", "B"]}, ASKS]},
            set(),
        ),
        ({"deploymentConfiguration": {"lifecycleHooks": [AWS_PAUSE]}}, {"lifecycle_hooks": [PAUSE | {"timeout_action": "CONTINUE"}]}, {"lifecycle_hooks"}),
    ],
)
def test_services(aws, ours, differs):
    want = ECS_SERVICE.want({"name": "s", "cluster": "arn:aws:ecs:us-east-1:1:cluster/c", **ours})
    assert want["cluster"] == "c"
    assert ECS_SERVICE.compare(_service(**aws), want) == differs


def test_a_task_definition_is_named_with_its_revision():
    with pytest.raises(EngineError, match="name a revision"):
        ECS_SERVICE.want({"name": "s", "cluster": "c", "task_definition": "f"})


@pytest.mark.parametrize(
    ("live", "awaited", "ready", "failed"),
    [
        (_service(), "ecs-svc/1", True, ""),
        (_service(runningCount=1), "ecs-svc/1", False, ""),
        (_service({"rolloutState": "IN_PROGRESS"}), "ecs-svc/1", False, ""),
        (_service({"rolloutState": "FAILED", "rolloutStateReason": "no image"}), "ecs-svc/1", False, "no image"),
        # The circuit breaker's rollback completes, too.
        (_service({"id": "ecs-svc/2", "taskDefinition": "arn:aws:ecs:us-east-1:1:task-definition/f:1"}), "ecs-svc/1", False, "ecs-svc/2 runs f:1 now"),
        (_service(events=[{"message": "(service s) is unhappy."}], deployment={"rolloutState": "FAILED"}), "ecs-svc/1", False, "unhappy"),
        (_service(desiredCount=0, runningCount=0), "ecs-svc/1", True, ""),
        # With two target groups, both run for a while, and AWS needn't tell a rollout state.
        (_service({"rolloutState": ""}, deploymentConfiguration={"strategy": "BLUE_GREEN"}), "ecs-svc/1", True, ""),
        (_two("BLUE_GREEN"), "ecs-svc/1", False, ""),
        # Nobody else counts its failed tasks then; half of two tasks, but three at least.
        (_service({"rolloutState": "", "failedTasks": 3}, runningCount=0, deploymentConfiguration={"strategy": "BLUE_GREEN"}), "ecs-svc/1", False, "3 tasks of its deployment failed"),
        (_service({"rolloutState": "", "failedTasks": 2}, runningCount=0, deploymentConfiguration={"strategy": "BLUE_GREEN"}), "ecs-svc/1", False, ""),
        (_service({"rolloutState": "IN_PROGRESS", "failedTasks": 9}, runningCount=0), "ecs-svc/1", False, ""),
        (_two("ROLLING"), "ecs-svc/1", True, ""),
    ],
)
def test_when_a_service_is_steady(live, awaited, ready, failed):
    live["awaited_deployment"] = awaited
    assert ECS_SERVICE.ready(live) == ready
    said = ECS_SERVICE.failed(live)
    assert failed in said and bool(failed) == bool(said)


class Deployments:
    """A service whose primary deployment is another one each time that it is looked at."""

    def __init__(self, *ids):
        self.ids = list(ids)

    def __call__(self, service):
        return self

    def describe_services(self, **_arguments):
        deployment = {**DEPLOYMENT, "id": self.ids.pop(0) if len(self.ids) > 1 else self.ids[0]}
        if not deployment["id"].endswith("done"):
            deployment["rolloutState"] = "IN_PROGRESS"
        return {"services": [{**SERVICE, "deployments": [deployment]}]}


@pytest.mark.parametrize(
    ("seen", "asked", "failed"),
    [
        (["1-done"], {}, False),
        (["1-done"], {"deployment": "1-done"}, False),
        (["1", "2-done"], {}, True),
        # It was rolled back before anybody looked.
        (["2-done"], {"deployment": "1"}, True),
        (["2", "2-done"], {"deployment": "1"}, True),
    ],
)
def test_a_rollback_is_a_failure_whenever_it_is_seen(seen, asked, failed, monkeypatch):
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: None)
    aws = Deployments(*seen)
    live = ECS_SERVICE.find(aws, {"name": "s", "cluster": "c", **asked})
    if failed:
        with pytest.raises(EngineError, match="rolled back or replaced"):
            ready(ECS_SERVICE, aws, live, 60)
    else:
        assert ready(ECS_SERVICE, aws, live, 60)["deployment"] == seen[-1]


class Calls:
    """A boto3 client that remembers what it is called with."""

    def __init__(self):
        self.made = {}

    def __call__(self, service):
        return self

    def __getattr__(self, name):
        return lambda **arguments: self.made.update({name: arguments})


@pytest.mark.parametrize(
    ("want", "changes", "told"),
    [
        ({"task_definition": "f:3"}, {"task_definition"}, {"taskDefinition": "f:3"}),
        ({"enable_execute_command": True}, {"enable_execute_command"}, {"enableExecuteCommand": True, "forceNewDeployment": True}),
        ({"desired_count": 2}, {"desired_count"}, {"desiredCount": 2}),
        # AWS takes a network and a deployment configuration whole.
        (
            {"subnet_ids": ["b"]},
            {"subnet_ids"},
            {
                "networkConfiguration": {
                    "awsvpcConfiguration": {"subnets": ["b"], "securityGroups": ["sg"], "assignPublicIp": "DISABLED"}
                }
            },
        ),
        (
            {"maximum_percent": 150},
            {"maximum_percent"},
            {
                "deploymentConfiguration": {
                    "minimumHealthyPercent": 100,
                    "maximumPercent": 150,
                    "deploymentCircuitBreaker": BREAKER,
                    "alarms": {"alarmNames": ["x"], "enable": True, "rollback": False},
                    "strategy": "ROLLING",
                }
            },
        ),
        # The steps of a strategy go with it, and what ECS moves traffic with goes with its target group.
        (
            {"deployment_strategy": "CANARY", "bake_time": 1, "canary": {"percent": 5.0, "bake_time": 2}, "linear": {}},
            {"deployment_strategy"},
            {
                "deploymentConfiguration": {
                    "minimumHealthyPercent": 100,
                    "maximumPercent": 200,
                    "deploymentCircuitBreaker": BREAKER,
                    "alarms": {"alarmNames": ["x"], "enable": True, "rollback": False},
                    "strategy": "CANARY",
                    "bakeTimeInMinutes": 1,
                    "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 2},
                }
            },
        ),
        (
            {"load_balancers": [{"target_group_arn": "t", "container_name": "c", "container_port": 1, **SHIFTS}]},
            {"load_balancers"},
            {"loadBalancers": [{"targetGroupArn": "t", "containerName": "c", "containerPort": 1, "advancedConfiguration": ADVANCED}]},
        ),
        (
            {"load_balancers": [{"target_group_arn": "t", "container_name": "c", "container_port": 1, **SHIFTS, "test_listener_rule": "tests"}]},
            {"load_balancers"},
            {"loadBalancers": [{"targetGroupArn": "t", "containerName": "c", "containerPort": 1, "advancedConfiguration": {**ADVANCED, "testListenerRule": "tests"}}]},
        ),
        ({"deployment_controller": "ECS"}, {"deployment_controller"}, {"deploymentController": {"type": "ECS"}}),
        (
            {"lifecycle_hooks": ECS_SERVICE.want({"name": "s", "cluster": "c", "lifecycle_hooks": [PAUSE]})["lifecycle_hooks"]},
            {"lifecycle_hooks"},
            {
                "deploymentConfiguration": {
                    "minimumHealthyPercent": 100,
                    "maximumPercent": 200,
                    "deploymentCircuitBreaker": BREAKER,
                    "alarms": {"alarmNames": ["x"], "enable": True, "rollback": False},
                    "strategy": "ROLLING",
                    "lifecycleHooks": [AWS_PAUSE],
                }
            },
        ),
    ],
)
def test_an_update_keeps_what_is_not_said(want, changes, told):
    live = _service(
        networkConfiguration={"awsvpcConfiguration": {"subnets": ["a"], "securityGroups": ["sg"]}},
        deploymentConfiguration={
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "deploymentCircuitBreaker": {"enable": True, "rollback": False},
            "alarms": {"alarmNames": ["x"], "enable": True, "rollback": False},
        },
    )
    aws = Calls()
    ECS_SERVICE.update(aws, live, {"name": "s", "cluster": "c", **want}, changes)
    assert aws.made == {"update_service": {"cluster": "c", "service": "s", **told}}


class Steady:
    """A service that is steady again whenever it is looked at; remembers its updates."""

    def __init__(self):
        self.updates = []

    def __call__(self, _service):
        return self

    def describe_services(self, **_asked):
        self.updates.append("looked at")
        return {"services": [{**SERVICE, "deployments": [DEPLOYMENT]}]}

    def update_service(self, cluster, service, **said):
        self.updates.append(said)


def test_a_service_has_its_second_target_group_before_it_leaves_rolling():
    balancers = [{"target_group_arn": "t", "container_name": "c", "container_port": 1, **SHIFTS}]
    want = {"name": "s", "cluster": "c", "load_balancers": balancers, "deployment_strategy": "BLUE_GREEN", "bake_time": 5}
    aws, live = Steady(), _service(loadBalancers=[{"targetGroupArn": "t", "containerName": "c", "containerPort": 1}])
    ECS_SERVICE.update(aws, live, want, {"load_balancers", "deployment_strategy", "bake_time"})
    first, between, second = aws.updates
    assert set(first) == {"loadBalancers"}
    assert between == "looked at"
    assert second["deploymentConfiguration"]["strategy"] == "BLUE_GREEN"
    # The other way it is one call, and so is a change of the strategy alone.
    aws = Steady()
    ECS_SERVICE.update(aws, live, want, {"deployment_strategy"})
    ECS_SERVICE.update(aws, {**live, "deployment_strategy": "LINEAR"}, want, {"load_balancers", "deployment_strategy"})
    assert [set(one) for one in aws.updates] == [{"deploymentConfiguration"}, {"deploymentConfiguration", "loadBalancers"}]


def test_hooks_come_after_what_begins_a_deployment():
    hooks = ECS_SERVICE.want({"name": "s", "cluster": "c", "lifecycle_hooks": [PAUSE]})["lifecycle_hooks"]
    want = {"name": "s", "cluster": "c", "task_definition": "f:3", "lifecycle_hooks": hooks}
    aws, live = Steady(), _service()
    ECS_SERVICE.update(aws, live, want, {"task_definition", "lifecycle_hooks"})
    first, between, second = aws.updates
    assert (first, between) == ({"taskDefinition": "f:3"}, "looked at")
    assert set(second) == {"deploymentConfiguration"} and second["deploymentConfiguration"]["lifecycleHooks"] == [AWS_PAUSE]
    # Nobody waits to take them away, or for what begins none.
    aws = Steady()
    ECS_SERVICE.update(aws, {**live, "lifecycle_hooks": hooks}, {**want, "lifecycle_hooks": []}, {"task_definition", "lifecycle_hooks"})
    ECS_SERVICE.update(aws, live, {**want, "maximum_percent": 150}, {"maximum_percent", "lifecycle_hooks"})
    taken, changed = aws.updates
    assert taken["deploymentConfiguration"]["lifecycleHooks"] == []
    assert changed["deploymentConfiguration"]["lifecycleHooks"] == [AWS_PAUSE]


class Paused:
    """A service whose newest deployment waits for somebody; remembers what it was asked."""

    def __init__(self, status="AWAITING_ACTION", hooks=(AWS_PAUSE,), rollout="IN_PROGRESS"):
        self.asked, self.status, self.hooks, self.rollout = [], status, list(hooks), rollout

    def __call__(self, _service):
        return self

    def describe_services(self, **_asked):
        deployment = {**DEPLOYMENT, "rolloutState": self.rollout}
        return {"services": [{**SERVICE, "deployments": [deployment], "deploymentConfiguration": {"lifecycleHooks": self.hooks}}]}

    def list_service_deployments(self, **asked):
        self.asked.append(asked)
        return {"serviceDeployments": [{"serviceDeploymentArn": "arn"}]}

    def describe_service_deployments(self, serviceDeploymentArns):
        until = datetime.fromisoformat("2026-11-30T18:00:00+02:00")
        hook = {"hookId": "h", "targetType": "PAUSE", "status": self.status, "expiresAt": until, "timeoutAction": "ROLLBACK"}
        return {"serviceDeployments": [{"serviceDeploymentArn": "arn", "status": "IN_PROGRESS", "lifecycleStage": "POST_SCALE_UP", "lifecycleHookDetails": [hook]}]}


def test_a_service_whose_deployment_pauses_says_so():
    aws = Paused()
    live = ECS_SERVICE.find(aws, {"name": "s", "cluster": "c"})
    told = "paused at POST_SCALE_UP until 2026-11-30T16:00:00Z, when it is taken back"
    assert live["paused"] == told
    assert told in ECS_SERVICE.halted(live) and "continue_rollout.yml" in ECS_SERVICE.halted(live)
    assert not ECS_SERVICE.ready(live) and not ECS_SERVICE.failed(live)  # so a plan goes on
    with pytest.raises(EngineError, match=f"ECS service s isn't waited for: its deployment is {told}"):
        ready(ECS_SERVICE, aws, live, 60)
    aws.asked.pop()
    (note,) = ECS_SERVICE.notes(live)
    assert note.startswith(f"s is {told}: ") and "stop_rollout.yml" in note
    assert aws.asked == [{"cluster": SERVICE["clusterArn"], "service": SERVICE["serviceArn"], "status": ["IN_PROGRESS"]}]


@pytest.mark.parametrize(
    ("aws", "asked"), [(Paused(hooks=[]), 0), (Paused(rollout="COMPLETED"), 0), (Paused(status="SUCCEEDED"), 1)]
)
def test_nobody_asks_for_pauses_where_there_can_be_none(aws, asked):
    live = ECS_SERVICE.find(aws, {"name": "s", "cluster": "c"})
    assert (live["paused"], len(aws.asked)) == ("", asked)
    assert ECS_SERVICE.notes(live) == [] and ECS_SERVICE.halted(live) == ""
