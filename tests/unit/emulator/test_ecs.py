"""ECS as AWS answers it."""


import pytest

from tests.soon import soon

CONTAINER = {"name": "app", "image": "nginx", "memory": 128, "portMappings": [{"containerPort": 80}]}


@pytest.fixture
def ecs(aws):
    return aws("ecs")


@pytest.fixture
def network(aws, name):
    vpc = aws("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = aws("ec2").create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    group = aws("ec2").create_security_group(VpcId=vpc, GroupName=name, Description="d")["GroupId"]
    return {"subnets": [subnet], "securityGroups": [group]}


@pytest.fixture
def family(ecs, name):
    for _ in range(2):
        ecs.register_task_definition(
            family=name, containerDefinitions=[CONTAINER], networkMode="awsvpc", requiresCompatibilities=["FARGATE"], cpu="256", memory="512",
            taskRoleArn="task", tags=[{"key": "a", "value": "b"}],
        )  # fmt: skip
    return name


@pytest.fixture
def cluster(ecs, name):
    ecs.create_cluster(clusterName=name)
    ecs.put_cluster_capacity_providers(
        cluster=name, capacityProviders=["FARGATE", "FARGATE_SPOT"], defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE", "weight": 1}]
    )  # fmt: skip
    return name


@pytest.fixture
def service(ecs, cluster, family, network):
    return ecs.create_service(
        cluster=cluster, serviceName="s", taskDefinition=family, desiredCount=2, enableExecuteCommand=True,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT", "weight": 3}], propagateTags="SERVICE",
        deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        networkConfiguration={"awsvpcConfiguration": network},
    )["service"]  # fmt: skip


def describe(ecs, cluster):
    return ecs.describe_services(cluster=cluster, services=["s"])["services"][0]


def test_service_keeps_what_it_is_given(ecs, cluster, family, service):
    for seen in (service, describe(ecs, cluster)):
        assert seen["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "weight": 3, "base": 0}]
        assert "launchType" not in seen
        assert seen["taskDefinition"].endswith(f":task-definition/{family}:2")
        assert seen["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
            "enable": True, "rollback": True, "resetOnHealthyTask": True,
            "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
        }  # fmt: skip
        assert (
            seen["deploymentConfiguration"]["maximumPercent"],
            seen["deploymentConfiguration"]["minimumHealthyPercent"],
        ) == (200, 100)
        assert (seen["enableExecuteCommand"], seen["enableECSManagedTags"], seen["propagateTags"]) == (
            True,
            False,
            "SERVICE",
        )
        assert (seen["availabilityZoneRebalancing"], seen["platformVersion"], seen["platformFamily"]) == (
            "ENABLED",
            "LATEST",
            "Linux",
        )
        assert seen["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"
        assert seen["schedulingStrategy"] == "REPLICA"


def test_service_becomes_steady(ecs, cluster, service):
    assert (service["runningCount"], service["deployments"][0]["rolloutState"]) == (0, "IN_PROGRESS")
    seen = describe(ecs, cluster)
    assert (seen["runningCount"], seen["pendingCount"], len(seen["deployments"])) == (2, 0, 1)
    assert seen["deployments"][0]["rolloutState"] == "COMPLETED"
    arns = ecs.list_tasks(cluster=cluster, serviceName="s")["taskArns"]
    assert len(arns) == 2
    for _ in range(3):
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        assert {(task["lastStatus"], task["group"]) for task in tasks} == {("RUNNING", "service:s")}


def test_update_service(ecs, cluster, family, service):
    before = describe(ecs, cluster)
    updated = ecs.update_service(cluster=cluster, service="s", desiredCount=1, healthCheckGracePeriodSeconds=30)[
        "service"
    ]
    assert updated["deployments"][0]["id"] == before["deployments"][0]["id"]
    assert updated["capacityProviderStrategy"] == before["capacityProviderStrategy"]
    assert describe(ecs, cluster)["runningCount"] == 1
    updated = ecs.update_service(
        cluster=cluster, service="s", taskDefinition=f"{family}:1", deploymentConfiguration={"maximumPercent": 150}
    )["service"]
    assert updated["taskDefinition"].endswith(f"{family}:1")
    assert updated["taskDefinition"].startswith("arn:")
    assert [one["status"] for one in updated["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert updated["deploymentConfiguration"]["deploymentCircuitBreaker"]["enable"]
    seen = describe(ecs, cluster)
    assert [one["rolloutState"] for one in seen["deployments"]] == ["COMPLETED"]
    forced = ecs.update_service(cluster=cluster, service="s", forceNewDeployment=True)["service"]
    assert forced["deployments"][0]["id"] != seen["deployments"][0]["id"]


def test_a_service_may_leave_its_deployment_controller(ecs, cluster, family, service):
    ecs.update_service(cluster=cluster, service="s", deploymentController={"type": "EXTERNAL"})
    assert describe(ecs, cluster)["deploymentController"] == {"type": "EXTERNAL"}


def test_service_is_not_created_twice(ecs, refused, cluster, family, service):
    refused("InvalidParameterException", ecs.create_service, cluster=cluster, serviceName="s", taskDefinition=family)


def test_strategy_must_be_the_clusters(ecs, refused, family, name):
    ecs.create_cluster(clusterName=name + "-plain")
    refused(
        "InvalidParameterException", ecs.create_service, cluster=name + "-plain", serviceName="s", taskDefinition=family,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE"}],
    )  # fmt: skip


def test_delete(ecs, aws, refused, cluster, service, network):
    describe(ecs, cluster)
    refused("InvalidParameterException", ecs.delete_service, cluster=cluster, service="s")
    refused("ClusterContainsServicesException", ecs.delete_cluster, cluster=cluster)
    ecs.delete_service(cluster=cluster, service="s", force=True)
    assert describe(ecs, cluster)["status"] == "INACTIVE"
    assert ecs.list_services(cluster=cluster)["serviceArns"] == []
    refused("ServiceNotActiveException", ecs.update_service, cluster=cluster, service="s", desiredCount=1)
    ecs.delete_cluster(cluster=cluster)
    assert not [arn for arn in ecs.list_clusters()["clusterArns"] if arn.endswith("/" + cluster)]
    refused("ClusterNotFoundException", ecs.list_services, cluster=cluster)
    aws("ec2").delete_security_group(GroupId=network["securityGroups"][0])


def test_cluster(ecs, cluster):
    ecs.update_cluster_settings(cluster=cluster, settings=[{"name": "containerInsights", "value": "enhanced"}])
    bare = ecs.describe_clusters(clusters=[cluster])["clusters"][0]
    assert (bare["settings"], bare.get("tags", []), bare["capacityProviders"]) == ([], [], ["FARGATE", "FARGATE_SPOT"])
    full = ecs.describe_clusters(clusters=[cluster], include=["SETTINGS", "TAGS", "CONFIGURATIONS"])["clusters"][0]
    assert full["settings"] == [{"name": "containerInsights", "value": "enhanced"}]
    assert full["defaultCapacityProviderStrategy"] == [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]
    assert ecs.create_cluster(clusterName=cluster)["cluster"]["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


def test_task_definition(ecs, family, refused):
    answer = ecs.describe_task_definition(taskDefinition=family, include=["TAGS"])
    assert answer["tags"] == [{"key": "a", "value": "b"}]
    container = answer["taskDefinition"]["containerDefinitions"][0]
    assert container["portMappings"] == [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]
    assert (container["systemControls"], container["essential"]) == ([], True)
    ecs.deregister_task_definition(taskDefinition=f"{family}:2")
    assert ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]["revision"] == 1
    assert ecs.delete_task_definitions(taskDefinitions=[f"{family}:2"])["failures"] == []
    ecs.deregister_task_definition(taskDefinition=f"{family}:1")
    refused("ClientException", ecs.describe_task_definition, taskDefinition=family)


def stopped(ecs, cluster, task):
    """Wait until a task has gone its way to the end."""


    def seen():
        (one,) = ecs.describe_tasks(cluster=cluster, tasks=[task["taskArn"]])["tasks"]
        return one if one["lastStatus"] == "STOPPED" else None

    return soon(seen, "the task's end")


def test_standalone_task_ends_and_leaves_no_interface(ecs, aws, cluster, family, network):
    task = ecs.run_task(cluster=cluster, taskDefinition=family, networkConfiguration={"awsvpcConfiguration": network})[
        "tasks"
    ][0]
    assert (task["lastStatus"], task["desiredStatus"]) == ("PROVISIONING", "RUNNING")
    seen = stopped(ecs, cluster, task)
    assert (seen["stopCode"], seen["containers"][0]["exitCode"]) == ("EssentialContainerExited", 0)
    aws("ec2").delete_security_group(GroupId=network["securityGroups"][0])


def test_tasks_are_targets_of_the_load_balancer(ecs, aws, cluster, family, network, name):
    elb, ec2 = aws("elbv2"), aws("ec2")
    vpc = ec2.describe_subnets(SubnetIds=network["subnets"])["Subnets"][0]["VpcId"]
    group = elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")["TargetGroups"][0]
    group = group["TargetGroupArn"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    balancer = elb.create_load_balancer(Name=name, Subnets=[*network["subnets"], other])["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=[{"Type": "forward", "TargetGroupArn": group}]
    )
    ecs.create_service(
        cluster=cluster, serviceName="s", taskDefinition=family, desiredCount=2, networkConfiguration={"awsvpcConfiguration": network},
        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 80}],
    )  # fmt: skip
    assert describe(ecs, cluster)["healthCheckGracePeriodSeconds"] == 0

    def states():
        health = elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
        return [(one["Target"]["Port"], one["TargetHealth"]["State"]) for one in health]

    assert states() == [(80, "healthy")] * 2
    ecs.delete_service(cluster=cluster, service="s", force=True)
    assert states() == []


def test_run_task(ecs, refused, network, name):
    ecs.create_cluster(clusterName=name)
    container = {"name": "app", "image": "nginx"}
    ecs.register_task_definition(
        family=name,
        containerDefinitions=[container],
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
    )
    refused("InvalidParameterException", ecs.run_task, cluster=name, taskDefinition=name)
    refused(
        "InvalidParameterException",
        ecs.run_task,
        cluster=name,
        taskDefinition=name,
        capacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}],
    )
    task = ecs.run_task(
        cluster=name, taskDefinition=name, launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": network}
    )["tasks"][0]
    assert (task["launchType"], task["cpu"], task["memory"]) == ("FARGATE", "256", "512")
    assert ecs.stop_task(cluster=name, task=task["taskArn"], reason="enough")["task"]["desiredStatus"] == "STOPPED"
    seen = stopped(ecs, name, task)
    assert (seen["lastStatus"], seen["stopCode"], seen["stoppedReason"]) == (
        "STOPPED",
        "UserInitiated",
        "enough",
    )
