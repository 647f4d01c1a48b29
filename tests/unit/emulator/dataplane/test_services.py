"""Services are deployed: task by task or with two target groups, and what is given up is taken back."""

import json
from types import SimpleNamespace

import pytest

from emulator.dataplane import services

FOREVER = ["python3", "-c", "import time; time.sleep(600)"]
CRASHES = ["python3", "-c", "raise SystemExit(1)"]


class Balancer:
    """A listener with a rule for two target groups, and a role with which ECS moves the traffic."""

    def __init__(self, aws, role, name):
        self.elb, ec2 = aws("elbv2"), aws("ec2")
        found = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        vpc = found[0]["VpcId"]
        if not ec2.describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": [vpc]}])["InternetGateways"]:
            gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
        self.balancer = self.elb.create_load_balancer(Name=name, Subnets=[one["SubnetId"] for one in found[:2]])
        arn = self.balancer["LoadBalancers"][0]["LoadBalancerArn"]
        self.groups = [
            self.elb.create_target_group(
                Name=f"{name}-{letter}", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip"
            )["TargetGroups"][0]["TargetGroupArn"]
            for letter in "ab"
        ]
        listener = self.elb.create_listener(
            LoadBalancerArn=arn, Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups[0]}],
        )["Listeners"][0]["ListenerArn"]  # fmt: skip
        weights = [{"TargetGroupArn": one, "Weight": weight} for one, weight in zip(self.groups, (100, 0), strict=True)]
        self.rule = self.elb.create_rule(
            ListenerArn=listener, Priority=1, Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        )["Rules"][0]["RuleArn"]  # fmt: skip
        actions = ["elasticloadbalancing:*"]
        self.role = role(f"{name}-traffic", "ecs.amazonaws.com", (actions, "*"))

    def given(self):
        more = {"alternateTargetGroupArn": self.groups[1], "productionListenerRule": self.rule, "roleArn": self.role}
        return [{"targetGroupArn": self.groups[0], "containerName": "worker", "containerPort": 80, "advancedConfiguration": more}]

    def weights(self):
        (rule,) = self.elb.describe_rules(RuleArns=[self.rule])["Rules"]
        told = {one["TargetGroupArn"]: one["Weight"] for one in rule["Actions"][0]["ForwardConfig"]["TargetGroups"]}
        return [told[one] for one in self.groups]

    def targets(self):
        return [len(self.elb.describe_target_health(TargetGroupArn=one)["TargetHealthDescriptions"]) for one in self.groups]


@pytest.fixture
def service(aws, own, worker, network, role, name, until):
    """Make a service of one task, and return what deploys to it and looks at it."""

    class Service:
        def __init__(self, balanced=False, **configuration):
            self.ecs, self.cloudwatch = aws("ecs"), aws("cloudwatch")
            self.configuration = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}, **configuration}
            first = worker(image=f"{name}:1", portMappings=[{"containerPort": 80}])
            self.base = self.ecs.describe_task_definition(taskDefinition=first)["taskDefinition"]
            self.runs(**{":1": FOREVER, ":2": FOREVER, ":bad": CRASHES})
            self.balancer = Balancer(aws, role, name) if balanced else None
            self.ecs.create_service(
                cluster=name, serviceName=name, taskDefinition=first, desiredCount=1, launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": network}, deploymentConfiguration=self.configuration,
                **({"loadBalancers": self.balancer.given()} if balanced else {}),
            )  # fmt: skip
            self.first = first
            until(lambda: self.newest()["status"] == "SUCCESSFUL")

        def runs(self, **commands):
            own("POST", "images", images=[{"image": f"{name}{tag}", "run": run} for tag, run in commands.items()])

        def deploy(self, tag, **more):
            containers = [{**self.base["containerDefinitions"][0], "image": f"{name}{tag}", **more}]
            keys = ("family", "requiresCompatibilities", "networkMode", "cpu", "memory", "taskRoleArn", "executionRoleArn")
            made = self.ecs.register_task_definition(**{key: self.base[key] for key in keys}, containerDefinitions=containers)
            self.asked = made["taskDefinition"]["taskDefinitionArn"]
            self.ecs.update_service(cluster=name, service=name, taskDefinition=self.asked)
            return self.newest()["serviceDeploymentArn"]

        def live(self):
            return self.ecs.describe_services(cluster=name, services=[name])["services"][0]

        def newest(self):
            found = self.ecs.list_service_deployments(cluster=name, service=name)["serviceDeployments"]
            return self.ecs.describe_service_deployments(serviceDeploymentArns=[found[0]["serviceDeploymentArn"]])["serviceDeployments"][0]

        def alarm(self, state):
            self.cloudwatch.put_metric_alarm(
                AlarmName=name, Namespace="n", MetricName="m", Statistic="Sum", Period=60, EvaluationPeriods=1, Threshold=1,
                ComparisonOperator="GreaterThanThreshold",
            )  # fmt: skip
            self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")

        def tasks(self):
            arns = self.ecs.list_tasks(cluster=name, serviceName=name)["taskArns"]
            return [one["taskDefinitionArn"] for one in self.ecs.describe_tasks(cluster=name, tasks=arns)["tasks"]]

    return Service


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
