"""ECS refuses what AWS's ECS refuses."""

import itertools
import json

import pytest
from rulecases import Case

NUMBER = itertools.count()
CONTAINER = {"name": "app", "image": "nginx", "portMappings": [{"containerPort": 80}]}
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"
LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "/g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}}
SECRET = [{"name": "KEY", "valueFrom": "arn:aws:secretsmanager:us-east-1:123456789012:secret:s"}]
CLIENT, PARAMETER = "ClientException", "InvalidParameterException"


class World:
    """A cluster in two networks, a load balancer, and task definitions."""

    def __init__(self, aws):
        self.ecs, self.elb, ec2 = aws("ecs"), aws("elbv2"), aws("ec2")
        self.roles = aws("iam")
        self.vpcs = [ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (50, 51)]
        self.subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{50 + index // 2}.{index}.0/24", AvailabilityZone=f"us-east-1{'ab'[index % 2]}")["Subnet"]["SubnetId"]
            for index, vpc in enumerate((self.vpcs[0], self.vpcs[0], self.vpcs[1], self.vpcs[1]))
        ]
        self.groups = [
            ec2.create_security_group(VpcId=vpc, GroupName=f"ecs-{index}", Description="d")["GroupId"]
            for index, vpc in enumerate(self.vpcs)
        ]
        self.many = [
            ec2.create_security_group(VpcId=self.vpcs[0], GroupName=f"many-{number}", Description="d")["GroupId"]
            for number in range(6)
        ]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpcs[0])
        self.cluster = "strict-ecs"
        self.ecs.create_cluster(clusterName=self.cluster)
        self.ecs.put_cluster_capacity_providers(
            cluster=self.cluster, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[]
        )
        balancer = self.elb.create_load_balancer(Name="strict-ecs", Subnets=self.subnets[:2])["LoadBalancers"][0]["LoadBalancerArn"]
        self.target, self.lonely, self.instances = (self.target_group(kind) for kind in ("ip", "ip", "instance"))
        for port, group in ((80, self.target), (81, self.instances)):
            self.elb.create_listener(
                LoadBalancerArn=balancer, Protocol="HTTP", Port=port, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
            )

    def target_group(self, kind):
        group = self.elb.create_target_group(
            Name=f"tasks-{next(NUMBER)}", Protocol="HTTP", Port=80, VpcId=self.vpcs[0], TargetType=kind
        )
        return group["TargetGroups"][0]["TargetGroupArn"]

    def register(self, *containers, **changes):
        """Register a task definition for Fargate and return its name with the revision."""
        given = {
            "family": "strict", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
            "containerDefinitions": list(containers) or [CONTAINER],
        } | changes  # fmt: skip
        given = {key: value for key, value in given.items() if value is not None}
        made = self.ecs.register_task_definition(**given)["taskDefinition"]
        return f"{made['family']}:{made['revision']}"

    def one(self, **changes):
        return self.register(CONTAINER | changes)

    def two(self, first=None, second=None, **changes):
        return self.register(CONTAINER | (first or {}), {"name": "other", "image": "nginx"} | (second or {}), **changes)

    def on_ec2(self, *containers, **changes):
        plain = {"requiresCompatibilities": None, "networkMode": "bridge"} | changes
        return self.register(*(containers or [CONTAINER | {"memory": 128}]), **plain)

    def network(self, subnets=None, groups=None):
        given = {"subnets": subnets or self.subnets[:2], "securityGroups": groups or self.groups[:1]}
        return {"networkConfiguration": {"awsvpcConfiguration": given}}

    def service(self, **changes):
        given = {
            "cluster": self.cluster, "serviceName": f"s{next(NUMBER)}", "taskDefinition": changes.pop("taskDefinition", None) or self.one(),
            "desiredCount": 1, "launchType": "FARGATE", **self.network(),
        } | changes  # fmt: skip
        given = {key: value for key, value in given.items() if value is not None}
        self.ecs.create_service(**given)
        return given["serviceName"]

    def run(self, **changes):
        given = {"cluster": self.cluster, "taskDefinition": changes.pop("taskDefinition", None) or self.one(), "launchType": "FARGATE", **self.network()}
        given = {key: value for key, value in (given | changes).items() if value is not None}
        return self.ecs.run_task(**given)

    def balanced(self, group=None, container="app", port=80, **changes):
        one = {"targetGroupArn": group or self.target, "containerName": container, "containerPort": port}
        return self.service(loadBalancers=[one], **changes)

    def strategy(self, *entries):
        return self.service(launchType=None, capacityProviderStrategy=[*entries])

    def retired(self):
        name = self.one()
        self.ecs.deregister_task_definition(taskDefinition=name)
        return name

    def override(self, name, value="v"):
        return {"containerOverrides": [{"name": name, "environment": [{"name": "V", "value": value}]}]}

    def with_role(self):
        """Register a task definition with a role that ECS can assume."""
        trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self.roles.create_role(RoleName=f"strict-ecs-{next(NUMBER)}", AssumeRolePolicyDocument=document)
        return self.register(taskRoleArn=role["Role"]["Arn"])

    def put_providers(self, *names):
        self.ecs.put_cluster_capacity_providers(
            cluster=self.cluster, capacityProviders=list(names), defaultCapacityProviderStrategy=[]
        )


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def cluster(**given):
    return lambda w: w.ecs.create_cluster(clusterName=f"strict-{next(NUMBER)}", **given)


def exec_logging(**given):
    return cluster(configuration={"executeCommandConfiguration": given})


def percent(least, most):
    return {"deploymentConfiguration": {"minimumHealthyPercent": least, "maximumPercent": most}}


SPOT, DEMAND = {"capacityProvider": "FARGATE_SPOT"}, {"capacityProvider": "FARGATE"}
CASES = [
    Case("fargate_is_awsvpc", CLIENT, "network mode ‘awsvpc’", lambda w: w.register(networkMode="bridge"), lambda w: w.register()),
    Case("fargate_has_such_a_size", CLIENT, "'cpu' be defined", lambda w: w.register(cpu=None), lambda w: w.register(cpu=".25 vCPU", memory="1 GB")),
    Case("fargate_has_such_a_size", CLIENT, "256 CPU, 4096 memory", lambda w: w.register(memory="4096"), lambda w: w.register(memory="2048")),
    Case("fargate_has_such_a_size", CLIENT, "16384 CPU, 33000 memory", lambda w: w.register(cpu="16384", memory="33000"), lambda w: w.register(cpu="16384", memory="122880")),
    Case("fargate_has_such_a_size", CLIENT, "'memory' be defined", lambda w: w.register(memory=None), lambda w: w.on_ec2(cpu=None, memory=None)),
    Case("fargate_pulls_and_logs_with_a_role", CLIENT, "ECR images", lambda w: w.one(image=ECR), lambda w: w.register(CONTAINER | {"image": ECR}, executionRoleArn="r")),
    Case("fargate_pulls_and_logs_with_a_role", CLIENT, "log driver awslogs", lambda w: w.one(logConfiguration=LOGS), lambda w: w.register(CONTAINER | {"logConfiguration": LOGS}, executionRoleArn="r")),
    Case("secrets_need_an_execution_role", CLIENT, "'executionRoleArn'", lambda w: w.one(secrets=SECRET), lambda w: w.register(CONTAINER | {"secrets": SECRET}, executionRoleArn="r")),
    Case("host_port_is_container_port", CLIENT, "must match", lambda w: w.one(portMappings=[{"containerPort": 80, "hostPort": 81}]), lambda w: w.one(portMappings=[{"containerPort": 80, "hostPort": 80}])),
    Case("port_mapping_has_a_port", CLIENT, "'containerPort' setting for container 'app'", lambda w: w.one(portMappings=[{"protocol": "tcp"}]), lambda w: w.one(portMappings=[{"containerPortRange": "80-90"}])),
    Case("port_mapping_has_a_port", CLIENT, "'containerPort' setting", lambda w: w.one(portMappings=[{"containerPort": 65536}]), lambda w: w.one(portMappings=[{"containerPort": 65535}])),
    Case("container_names_differ", CLIENT, "unique", lambda w: w.two(second={"name": "app"}), lambda w: w.two()),
    Case("there_are_named_containers", CLIENT, "Container.name should not be null", lambda w: w.one(name=""), lambda w: w.one(name="a")),
    Case("there_are_named_containers", CLIENT, "Container list cannot be empty", lambda w: w.register(containerDefinitions=[]), lambda w: w.register()),
    Case("one_container_is_essential", CLIENT, "any essential container", lambda w: w.one(essential=False), lambda w: w.two(second={"essential": False})),
    Case("container_memory_fits", CLIENT, "is greater than for the task", lambda w: w.one(memory=1024), lambda w: w.one(memory=512)),
    Case("container_memory_fits", CLIENT, "greater than or equal to 'memoryReservation'", lambda w: w.one(memory=128, memoryReservation=256), lambda w: w.one(memory=256, memoryReservation=256)),
    Case("container_cpu_fits", CLIENT, "The sum of all container 'cpu'", lambda w: w.two({"cpu": 200}, {"cpu": 100}), lambda w: w.two({"cpu": 156}, {"cpu": 100})),
    Case("fargate_is_not_privileged", CLIENT, "'privileged'", lambda w: w.one(privileged=True), lambda w: w.on_ec2(CONTAINER | {"privileged": True, "memory": 9})),
    Case("fargate_has_no_such_linux_parameters", CLIENT, "sharedMemorySize", lambda w: w.one(linuxParameters={"sharedMemorySize": 64}), lambda w: w.one(linuxParameters={"initProcessEnabled": True})),
    Case("fargate_adds_one_capability", CLIENT, "NET_ADMIN is not allowed", lambda w: w.one(linuxParameters={"capabilities": {"add": ["NET_ADMIN"]}}), lambda w: w.one(linuxParameters={"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}})),
    Case("fargate_shares_no_ipc", CLIENT, "ipcMode", lambda w: w.register(ipcMode="task"), lambda w: w.on_ec2(ipcMode="task")),
    Case("fargate_task_is_placed_freely", CLIENT, "constraints", lambda w: w.register(placementConstraints=[{"type": "memberOf", "expression": "a"}]), lambda w: w.register(placementConstraints=[])),
    Case("fargate_has_no_host_volumes", CLIENT, "sourcePath", lambda w: w.register(volumes=[{"name": "v", "host": {"sourcePath": "/v"}}]), lambda w: w.register(volumes=[{"name": "v", "host": {}}])),
    Case("mounted_volume_is_declared", CLIENT, "Unknown volume 'v'", lambda w: w.one(mountPoints=[{"sourceVolume": "v"}]), lambda w: w.register(CONTAINER | {"mountPoints": [{"sourceVolume": "v"}]}, volumes=[{"name": "v"}])),
    Case("fargate_stops_within_two_minutes", CLIENT, "'stopTimeout'", lambda w: w.one(stopTimeout=121), lambda w: w.one(stopTimeout=120)),
    Case("fargate_has_such_a_log_driver", CLIENT, "json-file is not a valid log driver", lambda w: w.one(logConfiguration={"logDriver": "json-file"}), lambda w: w.on_ec2(CONTAINER | {"memory": 9, "logConfiguration": {"logDriver": "json-file"}})),
    Case("awslogs_knows_where_to", CLIENT, "requires options: awslogs-group", lambda w: w.on_ec2(CONTAINER | {"memory": 9, "logConfiguration": {"logDriver": "awslogs"}}), lambda w: w.on_ec2(CONTAINER | {"memory": 9, "logConfiguration": LOGS})),
    Case("awslogs_knows_where_to", CLIENT, "awslogs-stream-prefix", lambda w: w.register(CONTAINER | {"logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}}, executionRoleArn="r"), lambda w: w.register(CONTAINER | {"logConfiguration": LOGS}, executionRoleArn="r")),
    Case("dependency_is_a_container", CLIENT, "Cannot depend on container db", lambda w: w.one(dependsOn=[{"containerName": "db", "condition": "START"}]), lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "START"}]})),
    Case("dependency_can_be_met", CLIENT, "HEALTHY condition", lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "HEALTHY"}]}), lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "HEALTHY"}]}, {"healthCheck": {"command": ["CMD", "true"]}})),
    Case("dependency_can_be_met", CLIENT, "cannot be an essential container", lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "SUCCESS"}]}), lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "SUCCESS"}]}, {"essential": False})),
    Case("dependencies_end", CLIENT, "app, other", lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "START"}]}, {"dependsOn": [{"containerName": "app", "condition": "START"}]}), lambda w: w.two({"dependsOn": [{"containerName": "other", "condition": "START"}]})),
    Case("secret_is_no_variable_too", CLIENT, "such as 'KEY'", lambda w: w.register(CONTAINER | {"secrets": SECRET, "environment": [{"name": "KEY", "value": "v"}]}, executionRoleArn="r"), lambda w: w.register(CONTAINER | {"secrets": SECRET, "environment": [{"name": "K", "value": "v"}]}, executionRoleArn="r")),
    Case("ephemeral_storage_in_range", CLIENT, "at least 21", lambda w: w.register(ephemeralStorage={"sizeInGiB": 20}), lambda w: w.register(ephemeralStorage={"sizeInGiB": 21})),
    Case("ephemeral_storage_in_range", CLIENT, "at most 200", lambda w: w.register(ephemeralStorage={"sizeInGiB": 201}), lambda w: w.register(ephemeralStorage={"sizeInGiB": 200})),
    Case("family_is_a_name", CLIENT, "Family", lambda w: w.register(family="a b"), lambda w: w.register(family="a_b-C1")),
    Case("health_check_in_range", CLIENT, "'healthCheck.interval'", lambda w: w.one(healthCheck={"command": ["CMD"], "interval": 4}), lambda w: w.one(healthCheck={"command": ["CMD"], "interval": 5, "startPeriod": 300, "retries": 10, "timeout": 60})),
    Case("awsvpc_has_one_host", CLIENT, "Hostname", lambda w: w.one(hostname="h"), lambda w: w.on_ec2(CONTAINER | {"hostname": "h", "memory": 9})),
    Case("awsvpc_has_one_host", CLIENT, "Links", lambda w: w.two({"links": ["other"]}), lambda w: w.two({"links": []})),
    Case("one_base_in_a_strategy", PARAMETER, "multiple capacity providers", lambda w: w.strategy(SPOT | {"base": 1, "weight": 1}, DEMAND | {"base": 1}), lambda w: w.strategy(SPOT | {"weight": 1}, DEMAND | {"base": 1})),
    Case("some_weight_in_a_strategy", PARAMETER, "weight value greater than zero", lambda w: w.strategy(SPOT, DEMAND), lambda w: w.strategy(SPOT | {"weight": 1}, DEMAND)),
    Case("default_strategy_is_of_the_cluster", PARAMETER, "not associated", cluster(defaultCapacityProviderStrategy=[DEMAND]), cluster(capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[DEMAND])),
    Case("exec_logging_goes_with_its_place", PARAMETER, "must be specified when overriding", exec_logging(logging="OVERRIDE"), exec_logging(logging="OVERRIDE", logConfiguration={"cloudWatchLogGroupName": "g"})),
    Case("exec_logging_goes_with_its_place", PARAMETER, "'OVERRIDE'", exec_logging(logging="DEFAULT", logConfiguration={"cloudWatchLogGroupName": "g"}), exec_logging(logging="NONE")),
    Case("cluster_name_is_a_name", PARAMETER, "Cluster name", lambda w: w.ecs.create_cluster(clusterName="a.b"), lambda w: w.ecs.create_cluster(clusterName="a-b_1")),
    Case("service_name_is_a_name", PARAMETER, "Service name", lambda w: w.service(serviceName="a.b"), lambda w: w.service(serviceName="a-b_1")),
    Case("task_definition_is_active", CLIENT, "TaskDefinition is inactive", lambda w: w.service(taskDefinition=w.retired()), lambda w: w.service(taskDefinition="strict")),
    Case("task_definition_is_for_fargate", PARAMETER, "does not support launch_type FARGATE", lambda w: w.run(taskDefinition=w.on_ec2(requiresCompatibilities=["EC2"]), networkConfiguration=None), lambda w: w.run()),
    Case("target_group_has_a_balancer", PARAMETER, "does not have an associated load balancer", lambda w: w.balanced(w.lonely), lambda w: w.balanced()),
    Case("target_group_has_a_balancer", PARAMETER, "does not exist", lambda w: w.balanced(w.target.replace("targetgroup/tasks", "targetgroup/none")), lambda w: w.balanced()),
    Case("balanced_container_is_in_the_task", PARAMETER, "The container web does not exist", lambda w: w.balanced(container="web"), lambda w: w.balanced()),
    Case("balanced_container_is_in_the_task", PARAMETER, "did not have a container port 81", lambda w: w.balanced(port=81), lambda w: w.balanced()),
    Case("awsvpc_targets_are_addresses", PARAMETER, "target type instance", lambda w: w.balanced(w.instances), lambda w: w.balanced()),
    Case("network_goes_with_awsvpc", PARAMETER, "must be provided when networkMode 'awsvpc'", lambda w: w.service(networkConfiguration=None), lambda w: w.service()),
    Case("network_goes_with_awsvpc", PARAMETER, "is not valid for the given networkMode", lambda w: w.service(taskDefinition=w.on_ec2(), launchType="EC2"), lambda w: w.service(taskDefinition=w.on_ec2(), launchType="EC2", networkConfiguration=None)),
    Case("network_is_one_vpc", PARAMETER, "same VPC", lambda w: w.service(**w.network([w.subnets[0], w.subnets[2]])), lambda w: w.service()),
    Case("network_is_one_vpc", PARAMETER, "same VPC as the input subnets", lambda w: w.service(**w.network(groups=[w.groups[1]])), lambda w: w.service(**w.network(w.subnets[2:], w.groups[1:]))),
    Case("network_is_one_vpc", PARAMETER, "InvalidSubnetID.NotFound", lambda w: w.service(**w.network(["subnet-1"])), lambda w: w.service()),
    Case("network_is_one_vpc", PARAMETER, "InvalidGroup.NotFound", lambda w: w.run(**w.network(groups=["sg-1"])), lambda w: w.run()),
    Case("network_has_few_parts", PARAMETER, "at most 5", lambda w: w.service(**w.network(groups=w.many)), lambda w: w.service(**w.network(groups=w.many[:5]))),
    Case("grace_period_needs_a_balancer", PARAMETER, "grace period", lambda w: w.service(healthCheckGracePeriodSeconds=60), lambda w: w.balanced(healthCheckGracePeriodSeconds=60)),
    Case("deployment_has_room", PARAMETER, "block deployments", lambda w: w.service(**percent(100, 100)), lambda w: w.service(**percent(100, 101))),
    Case("deployment_has_room", PARAMETER, "at most 100", lambda w: w.service(**percent(101, 200)), lambda w: w.service(**percent(0, 100))),
    Case("deployment_has_room", PARAMETER, "at least 100", lambda w: w.service(**percent(0, 99)), lambda w: w.service(**percent(99, 100))),
    Case("fargate_service_is_placed_freely", PARAMETER, "strategies are not supported", lambda w: w.service(placementStrategy=[{"type": "random"}]), lambda w: w.service(placementStrategy=[])),
    Case("exec_needs_a_task_role", PARAMETER, "valid taskRoleArn", lambda w: w.service(enableExecuteCommand=True), lambda w: w.service(enableExecuteCommand=True, taskDefinition=w.with_role())),
    Case("awsvpc_service_takes_no_role", PARAMETER, "service linked role", lambda w: w.balanced(role="r"), lambda w: w.balanced()),
    Case("ten_tasks_in_a_call", PARAMETER, "between 1 and 10", lambda w: w.run(count=11), lambda w: w.run(count=1)),
    Case("overrides_fit", PARAMETER, "at most 8192", lambda w: w.run(overrides=w.override("app", "v" * 8192)), lambda w: w.run(overrides=w.override("app", "v" * 8000))),
    Case("overridden_container_is_in_the_task", PARAMETER, "named web is not a container", lambda w: w.run(overrides=w.override("web")), lambda w: w.run(overrides=w.override("app"))),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_used_capacity_provider_stays(world, refused):
    name = world.strategy(SPOT | {"weight": 1})
    refused("ResourceInUseException", world.put_providers, "FARGATE")
    for one in world.ecs.list_services(cluster=world.cluster, maxResults=100)["serviceArns"]:
        world.ecs.delete_service(cluster=world.cluster, service=one, force=True)
    assert name
    world.put_providers("FARGATE")
    world.put_providers("FARGATE", "FARGATE_SPOT")


def test_twenty_runs_in_a_second(world, refused, monkeypatch):
    from emulator import clock

    now = clock.now() + 10
    monkeypatch.setattr(clock, "now", lambda: now)
    for _ in range(20):
        world.run()
    refused("ThrottlingException", world.run)
    now += 1
    world.run()
