"""Services are deployed: task by task or with two target groups, and what is given up is taken back."""

import json
from types import SimpleNamespace

import pytest

from emulator.dataplane import services


@pytest.fixture
def told(aws, queue, received, name):
    """Let the deployments' events of the test's service come into a queue, and return a function that takes them."""
    pattern = {"detail-type": ["ECS Deployment State Change"], "resources": [{"suffix": f"service/{name}/{name}"}]}
    rule = aws("events").put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    url, arn = queue(f"{name}-events")
    statement = {
        "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    aws("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return lambda: [json.loads(message["Body"])["detail"] for message in received(url)]


def at(service, stage):
    return lambda: service.newest().get("lifecycleStage") == stage


def test_two_target_groups_take_turns(service, until, own):
    it = service(balanced=True, strategy="BLUE_GREEN", bakeTimeInMinutes=1)
    assert it.balancer.weights() == [100, 0]
    assert it.balancer.targets() == [1, 0]
    it.deploy(":2")
    until(at(it, "BAKE_TIME"))
    assert it.balancer.weights() == [0, 100]
    assert it.balancer.targets() == [1, 1]
    told = it.newest()
    assert told["status"] == "IN_PROGRESS"
    assert told["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100
    assert told["sourceServiceRevisions"][0]["requestedProductionTrafficWeight"] == 0
    assert sorted(it.tasks()) == sorted([it.first, it.asked])
    own("POST", "clock?seconds=60")
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert it.tasks() == [it.asked]
    until(lambda: it.balancer.targets() == [0, 1])
    (revision,) = it.ecs.describe_service_revisions(serviceRevisionArns=[told["targetServiceRevision"]["arn"]])["serviceRevisions"]
    assert revision["taskDefinition"] == it.asked
    assert revision["resolvedConfiguration"]["loadBalancers"] == [{"targetGroupArn": it.balancer.groups[1]}]
    # And back again: the other one serves.
    it.deploy(":1")
    until(at(it, "BAKE_TIME"))
    own("POST", "clock?seconds=60")
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert it.balancer.weights() == [100, 0]


@pytest.mark.parametrize(
    ("configuration", "weights"),
    [
        ({"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 1}}, [5, 100]),
        ({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40.0, "stepBakeTimeInMinutes": 1}}, [40, 80, 100]),
    ],
)  # fmt: skip
def test_the_traffic_moves_in_steps(service, until, own, configuration, weights):
    it = service(balanced=True, bakeTimeInMinutes=0, **configuration)
    it.deploy(":2")
    for weight in weights[:-1]:
        until(lambda weight=weight: it.balancer.weights() == [100 - weight, weight])
        assert it.newest()["lifecycleStage"] == "PRODUCTION_TRAFFIC_SHIFT"
        own("POST", "clock?seconds=60")
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert it.balancer.weights() == [0, 100]


def test_what_does_not_come_up_gets_no_traffic(service, until):
    breaker = {"enable": True, "rollback": True, "resetOnHealthyTask": False}
    it = service(balanced=True, strategy="BLUE_GREEN", bakeTimeInMinutes=0, deploymentCircuitBreaker=breaker)
    arn = it.deploy(":bad")
    # No circuit breaker ends it: whoever deploys counts the tasks that failed.
    until(lambda: it.live()["deployments"][0]["failedTasks"] >= 4)
    told = it.newest()
    assert (told["status"], told["deploymentCircuitBreaker"]["status"]) == ("IN_PROGRESS", "DISABLED")
    it.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    told = it.newest()
    assert told["serviceDeploymentArn"] == arn
    assert told["rollback"]["serviceRevisionArn"] == told["sourceServiceRevisions"][0]["arn"]
    assert it.balancer.weights() == [100, 0]
    assert it.tasks() == [it.first]
    assert it.live()["taskDefinition"] == it.first
    (deployment,) = it.live()["deployments"]
    assert deployment["taskDefinition"] == it.first


@pytest.mark.parametrize(
    ("limit", "failures"), [({}, 3), ({"type": "COUNT", "value": 2}, 2), ({"type": "UNBOUNDED_PERCENT", "value": 50}, 1)]
)
def test_a_circuit_breaker_trips_at_its_threshold(service, until, limit, failures):
    more = {"thresholdConfiguration": limit} if limit else {}
    it = service(deploymentCircuitBreaker={"enable": True, "rollback": True, "resetOnHealthyTask": False, **more})
    it.deploy(":bad")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    told = it.newest()["deploymentCircuitBreaker"]
    assert (told["threshold"], told["failureCount"]) == (failures, failures)


@pytest.mark.parametrize(("reset", "counted"), [(True, [1, 2, 0, 1, 1]), (False, [1, 2, 3, 4, 4])])
def test_a_healthy_task_makes_failures_forgotten(reset, counted):
    """What comes up and crashes again and again goes on for ever, unless every failure counts."""
    record = SimpleNamespace(healthy=set(), forgiven=0, configuration={"deploymentCircuitBreaker": {"resetOnHealthyTask": reset}})
    one = SimpleNamespace(task_arn="one")
    looks = [(1, []), (2, []), (3, [one]), (4, [one]), (4, [])]
    assert [services._count_failures(record, failures, up) for failures, up in looks] == counted


def test_what_runs_and_exits_again_and_again_trips_no_circuit_breaker_that_forgets(service, until, name, aws):
    it = service()
    it.deploy(":bad")
    ended = {"cluster": name, "serviceName": name, "desiredStatus": "STOPPED"}
    until(lambda: len(aws("ecs").list_tasks(**ended)["taskArns"]) > 4)
    assert it.newest()["status"] == "IN_PROGRESS"
    it.ecs.stop_service_deployment(serviceDeploymentArn=it.newest()["serviceDeploymentArn"])
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")


@pytest.mark.parametrize(("tag", "missing", "told"), [(":2", True, 1), (":bad", False, 0)])
def test_a_service_says_once_that_its_tasks_never_start(service, until, tag, missing, told, name, aws):
    it = service(deploymentCircuitBreaker={"enable": False, "rollback": False})
    secret = f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{name}-abcdef"
    it.deploy(tag, **({"secrets": [{"name": "GONE", "valueFrom": secret}]} if missing else {}))
    ended = {"cluster": name, "serviceName": name, "desiredStatus": "STOPPED"}
    until(lambda: len(aws("ecs").list_tasks(**ended)["taskArns"]) > 4)
    said = [one["message"] for one in it.live()["events"]]
    assert said.count(f"(service {name}) is unable to consistently start tasks successfully.") == told


def test_what_is_stopped_has_a_time_of_it(service, until):
    it = service()
    arn = it.deploy(":2")
    it.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ABORT")
    until(lambda: it.newest()["status"] == "STOPPED")
    assert "stoppedAt" in it.newest()


def test_a_task_is_as_healthy_as_all_its_essential_containers():
    def container(name, status):
        return SimpleNamespace(name=name, health_status=status)

    definitions = [{"name": "a"}, {"name": "b"}, {"name": "c", "essential": False}]
    life = SimpleNamespace(definition=SimpleNamespace(container_definitions=definitions))
    for statuses, whole in {
        ("HEALTHY", "HEALTHY", "UNHEALTHY"): "HEALTHY", ("HEALTHY", "UNKNOWN", "HEALTHY"): "UNKNOWN",
        ("UNHEALTHY", "UNKNOWN", "HEALTHY"): "UNHEALTHY",
    }.items():  # fmt: skip
        task = SimpleNamespace(containers=[container(*pair) for pair in zip("abc", statuses, strict=True)])
        assert services.health(life, task) == whole


@pytest.mark.parametrize("balanced", [True, False])
def test_an_alarm_takes_a_deployment_back(service, until, name, balanced):
    alarms = {"alarmNames": [name], "enable": True, "rollback": True}
    it = service(balanced, alarms=alarms, **({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 60} if balanced else {}))
    it.alarm("OK")
    it.deploy(":2")
    until(at(it, "BAKE_TIME") if balanced else lambda: it.asked in it.tasks())
    it.alarm("ALARM")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    told = it.newest()
    assert told["alarms"] == {"status": "TRIGGERED", "alarmNames": [name], "triggeredAlarmNames": [name]}
    assert "alarm" in told["statusReason"]
    assert it.tasks() == [it.first]
    assert it.live()["taskDefinition"] == it.first
    if balanced:
        assert it.balancer.weights() == [100, 0]


def test_an_alarm_that_is_on_before_counts_for_nothing(service, until, name):
    it = service(alarms={"alarmNames": [name], "enable": True, "rollback": True})
    it.alarm("ALARM")
    it.deploy(":2")
    assert it.newest()["alarms"]["status"] == "DISABLED"
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert it.tasks() == [it.asked]


def test_a_deployment_is_stopped_by_request(service, until, refused):
    it = service(balanced=True, strategy="BLUE_GREEN", bakeTimeInMinutes=60)
    arn = it.deploy(":2")
    until(at(it, "BAKE_TIME"))
    it.ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType="ROLLBACK")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    assert it.balancer.weights() == [100, 0]
    assert it.tasks() == [it.first]
    refused("ConflictException", it.ecs.stop_service_deployment, serviceDeploymentArn=arn)
    refused("ServiceDeploymentNotFoundException", it.ecs.stop_service_deployment, serviceDeploymentArn=f"{arn}0")


def test_deployments_are_told(service, until, told):
    it = service(deploymentCircuitBreaker={"enable": True, "rollback": True, "resetOnHealthyTask": False})
    it.deploy(":bad")
    until(lambda: it.newest()["status"] == "ROLLBACK_SUCCESSFUL")
    names = [one["eventName"].removeprefix("SERVICE_DEPLOYMENT_") for one in told()]
    assert names == ["IN_PROGRESS", "COMPLETED", "IN_PROGRESS", "FAILED", "IN_PROGRESS", "COMPLETED"]
    asked = {"cluster": it.live()["clusterArn"], "service": it.live()["serviceArn"], "maxResults": 1}
    page = it.ecs.list_service_deployments(**asked)
    assert [one["status"] for one in page["serviceDeployments"]] == ["ROLLBACK_SUCCESSFUL"]
    page = it.ecs.list_service_deployments(**asked, nextToken=page["nextToken"])
    assert [one["status"] for one in page["serviceDeployments"]] == ["SUCCESSFUL"]
    assert "nextToken" not in page
    listed = it.ecs.list_service_deployments(cluster=it.live()["clusterArn"], service=it.live()["serviceArn"])
    assert [one["status"] for one in listed["serviceDeployments"]] == ["ROLLBACK_SUCCESSFUL", "SUCCESSFUL"]
    good = it.ecs.list_service_deployments(cluster=it.live()["clusterArn"], service=it.live()["serviceArn"], status=["SUCCESSFUL"])
    assert len(good["serviceDeployments"]) == 1
    assert it.ecs.describe_service_deployments(serviceDeploymentArns=["arn:none"])["failures"] == [{"arn": "arn:none", "reason": "MISSING"}]


@pytest.mark.parametrize("missing", ["DescribeRules", "DescribeTargetHealth", "ModifyRule", "RegisterTargets"])
def test_traffic_stays_where_the_services_role_may_not_move_it(service, until, role, name, aws, missing):
    it = service(balanced=True, strategy="BLUE_GREEN", bakeTimeInMinutes=0)
    needed = ("DescribeListeners", "DescribeRules", "DescribeTargetGroups", "DescribeTargetHealth", "ModifyRule", "RegisterTargets", "DeregisterTargets")
    may = [f"elasticloadbalancing:{one}" for one in needed if one != missing]
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": may, "Resource": "*"}]})
    aws("iam").put_role_policy(RoleName=f"{name}-traffic", PolicyName="it", PolicyDocument=document)
    it.deploy(":2")
    words = f"not authorized to perform: elasticloadbalancing:{missing}"
    until(lambda: any(words in one["message"] for one in it.live()["events"]))
    assert missing == "RegisterTargets" or it.newest()["status"] == "IN_PROGRESS"
    assert it.balancer.targets()[1] == (0 if missing == "RegisterTargets" else 1)
    assert missing == "RegisterTargets" or it.balancer.weights() == [100, 0]
    may = {"Effect": "Allow", "Action": "elasticloadbalancing:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [may]})
    aws("iam").put_role_policy(RoleName=f"{name}-traffic", PolicyName="it", PolicyDocument=document)
    until(lambda: it.newest()["status"] == "SUCCESSFUL")
    assert it.balancer.weights() == [0, 100]
