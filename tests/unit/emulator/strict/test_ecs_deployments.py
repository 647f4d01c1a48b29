"""ECS refuses deployments that AWS's ECS refuses."""

import itertools
import json
from unittest import mock

import pytest
from rulecases import Case

from emulator.dataplane import services

NUMBER = itertools.count()
HOUR = 3600
BAD = "InvalidParameterException"
ELB = "elasticloadbalancing"


class World:
    """A cluster, and what a service needs to move its traffic."""

    def __init__(self, aws):
        self.ecs, self.elb, self.roles, ec2 = map(aws, ("ecs", "elbv2", "iam", "ec2"))
        self.vpc = ec2.create_vpc(CidrBlock="10.52.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        self.subnets = [
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.52.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]["SubnetId"]
            for number, zone in enumerate("ab")
        ]
        group = ec2.create_security_group(VpcId=self.vpc, GroupName="deployments", Description="d")["GroupId"]
        self.network = {"awsvpcConfiguration": {"subnets": self.subnets, "securityGroups": [group]}}
        self.cluster = "strict-deployments"
        self.ecs.create_cluster(clusterName=self.cluster)
        balancer = self.elb.create_load_balancer(Name=self.cluster, Subnets=self.subnets)["LoadBalancers"][0]["LoadBalancerArn"]
        self.target, self.other = self.target_group(), self.target_group()
        forward = [{"Type": "forward", "TargetGroupArn": self.target}]
        self.listener = self.elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)["Listeners"][0]["ListenerArn"]
        self.rule = self.make_rule(self.target, self.other)
        self.single = self.make_rule(self.target)
        self.answering = self.make_rule()
        self.able = self.make_role([f"{ELB}:*"])
        self.poor = self.make_role([f"{ELB}:Describe*"])
        self.tests = self.make_rule(self.target, self.other)
        self.half = self.make_role(
            [f"{ELB}:Describe*", f"{ELB}:RegisterTargets", f"{ELB}:DeregisterTargets"], more=(f"{ELB}:ModifyRule", self.rule)
        )
        self.asking = self.make_role(["lambda:InvokeFunction"])

    def target_group(self):
        group = self.elb.create_target_group(Name=f"deployed-{next(NUMBER)}", Protocol="HTTP", Port=80, VpcId=self.vpc, TargetType="ip")
        return group["TargetGroups"][0]["TargetGroupArn"]

    def make_rule(self, *groups):
        priority = next(NUMBER) + 1
        weights = {"TargetGroups": [{"TargetGroupArn": one, "Weight": 1} for one in groups]}
        fixed = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        return self.elb.create_rule(
            ListenerArn=self.listener, Priority=priority, Conditions=[{"Field": "path-pattern", "Values": [f"/{priority}"]}],
            Actions=[{"Type": "forward", "ForwardConfig": weights} if groups else fixed],
        )["Rules"][0]["RuleArn"]  # fmt: skip

    def make_role(self, actions, service="ecs.amazonaws.com", more=()):
        def document(**statement):
            return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})

        name = f"strict-traffic-{next(NUMBER)}"
        trust = document(Principal={"Service": service}, Action="sts:AssumeRole")
        role = self.roles.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.roles.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(Action=actions, Resource="*"))
        if more:
            told = document(Action=more[0], Resource=more[1])
            self.roles.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=told)
        return role

    def shifts(self, strategy="BLUE_GREEN", advanced=None, **configuration):
        more = {"alternateTargetGroupArn": self.other, "productionListenerRule": self.rule, "roleArn": self.able}
        more = {key: value for key, value in (more | (advanced or {})).items() if value is not None}
        one = {"targetGroupArn": self.target, "containerName": "app", "containerPort": 80, "advancedConfiguration": more}
        configuration = {"strategy": strategy, "bakeTimeInMinutes": 0} | configuration
        name = f"s{next(NUMBER)}"
        definition = self.ecs.register_task_definition(
            family=name, networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            containerDefinitions=[{"name": "app", "image": "nginx", "portMappings": [{"containerPort": 80}]}],
        )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
        self.ecs.create_service(
            cluster=self.cluster, serviceName=name, taskDefinition=definition, desiredCount=1, launchType="FARGATE",
            networkConfiguration=self.network, loadBalancers=[one],
            deploymentConfiguration={key: value for key, value in configuration.items() if value is not None},
        )  # fmt: skip
        return name

    def hooked(self, *given, strategy="BLUE_GREEN"):
        return self.shifts(strategy, lifecycleHooks=list(given))

    def change(self, look):
        with mock.patch.object(services, "LOOK", HOUR):  # nothing but an answer makes it steady
            name = self.shifts()
            if look:
                self.ecs.describe_services(cluster=self.cluster, services=[name])
            self.ecs.update_service(cluster=self.cluster, service=name, deploymentConfiguration={"strategy": "ROLLING"})


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def canary(percent, strategy="CANARY", minutes=1):
    told = {"canaryPercent": percent, "canaryBakeTimeInMinutes": minutes}
    return lambda w: w.shifts(strategy, canaryConfiguration=told)


def linear(percent, strategy="LINEAR"):
    return lambda w: w.shifts(strategy, linearConfiguration={"stepPercent": percent, "stepBakeTimeInMinutes": 1})


def breaker(kind, value):
    told = {"enable": True, "rollback": True, "thresholdConfiguration": {"type": kind, "value": value}}
    return lambda w: w.shifts(deploymentCircuitBreaker=told)


FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:asked"


def pause(*stages, **more):
    return {"targetType": "PAUSE", "lifecycleStages": list(stages) or ["POST_SCALE_UP"], **more}


def asks(world, minutes=60):
    more = {"timeoutConfiguration": {"timeoutInMinutes": minutes}}
    return {"hookTargetArn": FUNCTION, "roleArn": world.asking, "lifecycleStages": ["POST_SCALE_UP"], **more}


def hooks(*given):
    return lambda w: w.hooked(*given)


CASES = [
    Case("steps_go_with_their_strategy", BAD, "only valid when", canary(5.0, "LINEAR"), canary(5.0)),
    Case("steps_go_with_their_strategy", BAD, "only valid when", linear(10.0, "BLUE_GREEN"), linear(10.0)),
    Case("steps_go_with_their_strategy", BAD, "canaryPercent must be", canary(0.05), canary(0.1)),
    Case("steps_go_with_their_strategy", BAD, "stepPercent must be", linear(2.9), linear(3.0)),
    Case("steps_go_with_their_strategy", BAD, "canaryBakeTimeInMinutes must be", canary(5.0, minutes=1441), canary(5.0, minutes=1440)),
    Case("blue_green_has_a_bake_time", BAD, "is required", lambda w: w.shifts(bakeTimeInMinutes=None), lambda w: w.shifts()),
    Case("blue_green_has_a_bake_time", BAD, "between 0 and 1440", lambda w: w.shifts(bakeTimeInMinutes=1441), lambda w: w.shifts(bakeTimeInMinutes=1440)),
    Case("shifted_traffic_has_two_groups", BAD, "alternateTargetGroupArn is required", lambda w: w.shifts(advanced={"alternateTargetGroupArn": None}), lambda w: w.shifts()),
    Case("shifted_traffic_has_two_groups", BAD, "another one", lambda w: w.shifts(advanced={"alternateTargetGroupArn": w.target}), lambda w: w.shifts()),
    Case("listener_rules_forward_to_both", BAD, "does not exist", lambda w: w.shifts(advanced={"productionListenerRule": f"{w.rule}0"}), lambda w: w.shifts()),
    Case("listener_rules_forward_to_both", BAD, "other than forward", lambda w: w.shifts(advanced={"productionListenerRule": w.answering}), lambda w: w.shifts()),
    Case("listener_rules_forward_to_both", BAD, "does not forward to", lambda w: w.shifts(advanced={"productionListenerRule": w.single}), lambda w: w.shifts()),
    Case("role_may_move_the_traffic", BAD, "ModifyRule", lambda w: w.shifts(advanced={"roleArn": w.poor}), lambda w: w.shifts()),
    Case("role_may_move_the_traffic", BAD, "Unable to assume", lambda w: w.shifts(advanced={"roleArn": w.make_role([f"{ELB}:*"], "ecs-tasks.amazonaws.com")}), lambda w: w.shifts()),
    Case("circuit_breaker_counts_tasks", BAD, "at least 1", breaker("COUNT", 0), breaker("COUNT", 1)),
    Case("circuit_breaker_counts_tasks", BAD, "at most 100 percent", breaker("UNBOUNDED_PERCENT", 101), breaker("UNBOUNDED_PERCENT", 100)),
    Case("strategy_changes_between_deployments", BAD, "while a deployment is in progress", lambda w: w.change(look=False), lambda w: w.change(look=True)),
    Case("listener_rules_forward_to_both", BAD, "does not forward to", lambda w: w.shifts(advanced={"testListenerRule": w.single}), lambda w: w.shifts(advanced={"testListenerRule": w.tests})),
    Case("role_may_move_the_traffic", BAD, "ModifyRule", lambda w: w.shifts(advanced={"testListenerRule": w.tests, "roleArn": w.half}), lambda w: w.shifts(advanced={"roleArn": w.half})),
    Case("hooks_are_whole", BAD, "at most 10", hooks(*[pause()] * 11), hooks(*[pause()] * 10)),
    Case("hooks_are_whole", BAD, "lifecycleStages is required", hooks({"targetType": "PAUSE", "lifecycleStages": []}), hooks(pause())),
    Case("hooks_are_whole", BAD, "not supported for PAUSE", hooks(pause(roleArn="arn:aws:iam::123456789012:role/r")), hooks(pause())),
    Case("hooks_are_whole", BAD, "at the lifecycle stages", hooks(pause("PRODUCTION_TRAFFIC_SHIFT")), hooks(pause("PRE_PRODUCTION_TRAFFIC_SHIFT"))),
    Case("hooks_are_whole", BAD, "at the lifecycle stages", hooks(pause("TEST_TRAFFIC_SHIFT")), hooks(pause("POST_TEST_TRAFFIC_SHIFT"))),
    Case("hooks_are_whole", BAD, "are required for AWS_LAMBDA", lambda w: w.hooked({"hookTargetArn": FUNCTION, "lifecycleStages": ["POST_SCALE_UP"]}), lambda w: w.hooked(asks(w))),
    Case("hooks_are_whole", BAD, "between 1 and 1440", lambda w: w.hooked(asks(w, 1441)), lambda w: w.hooked(asks(w, 1440))),
    Case("role_may_ask_the_function", BAD, "lambda:InvokeFunction", lambda w: w.hooked(asks(w) | {"roleArn": w.able}), lambda w: w.hooked(asks(w))),
    Case("no_hooks_of_rolling_deployments", BAD, "of rolling deployments", lambda w: w.hooked(pause(), strategy="ROLLING"), lambda w: w.hooked(strategy="ROLLING")),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_a_service_whose_rule_is_gone_can_be_scaled_in(world):
    rule = world.make_rule(world.target, world.other)
    name = world.shifts(advanced={"productionListenerRule": rule})
    world.elb.delete_rule(RuleArn=rule)
    world.ecs.update_service(cluster=world.cluster, service=name, desiredCount=0)
