"""The ultra profile as AWS holds it, asked by boto3 and not by Ansible."""

import json

import pytest

PLAIN = {"SQS_BODY", "SQS_MESSAGE_ID", "JOB_ATTEMPT", "EVENTBRIDGE_PIPES_MODE", "EXIT_AFTER_COMPLETION", "POLLING_MODE"}


@pytest.fixture(scope="module")
def pipe(aws, stack):
    return aws("pipes").describe_pipe(Name=f"{stack}-worker-pipe")


@pytest.fixture(scope="module")
def statements(aws):
    """Return a function from a role's name to the statements of its policies, by their name."""

    def read(role):
        iam = aws("iam")
        policies = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        return {statement["Sid"]: statement for policy in policies for statement in policy}

    return read


def named(aws, stack, role):
    return f"{stack}-{role}-{aws('ec2').meta.region_name}"


def arn(aws, stack, role):
    return aws("iam").get_role(RoleName=named(aws, stack, role))["Role"]["Arn"]


def test_the_pipe_starts_a_task_for_each_message(aws, stack, pipe):
    assert pipe["CurrentState"] == "STOPPED"  # nothing is released yet
    assert pipe["Source"].endswith(f":{stack}-workflow")
    assert pipe["SourceParameters"]["SqsQueueParameters"]["BatchSize"] == 1
    assert pipe["LogConfiguration"]["Level"] == "ERROR"
    task = pipe["TargetParameters"]["EcsTaskParameters"]
    newest = aws("ecs").describe_task_definition(taskDefinition=f"{stack}-worker")["taskDefinition"]
    assert task["TaskDefinitionArn"] == newest["taskDefinitionArn"]
    assert [one["capacityProvider"] for one in task["CapacityProviderStrategy"]] == ["FARGATE_SPOT"]
    assert "LaunchType" not in task
    network = task["NetworkConfiguration"]["awsvpcConfiguration"]
    assert network["AssignPublicIp"] == "ENABLED"
    (container,) = task["Overrides"]["ContainerOverrides"]
    assert container["Name"] == "worker" and not {"Cpu", "Memory"} & set(container)
    variables = {one["name"]: one["value"] for one in container["Environment"]}
    assert set(variables) == PLAIN
    assert (variables["SQS_BODY"], variables["SQS_MESSAGE_ID"]) == ("$.body", "$.messageId")


def test_the_pipe_may_run_just_this_family_on_this_cluster_and_pass_just_these_roles(aws, stack, pipe, statements):
    role = aws("iam").get_role(RoleName=pipe["RoleArn"].rsplit("/", 1)[1])["Role"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"]["ArnEquals"]["aws:SourceArn"] == pipe["Arn"]
    assert trust["Condition"]["StringEquals"]["aws:SourceAccount"]
    for name in (role["RoleName"], named(aws, stack, "resubmit-lambda")):
        may = statements(name)
        assert may["Run"]["Action"] == "ecs:RunTask"
        assert may["Run"]["Resource"].endswith(f":task-definition/{stack}-worker:*")
        assert may["Run"]["Condition"]["ArnEquals"]["ecs:cluster"] == pipe["Target"]
        assert set(may["PassRoles"]["Resource"]) == {arn(aws, stack, "ecs-execution"), arn(aws, stack, "worker-task")}
        assert may["PassRoles"]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        for statement in may.values():
            assert statement["Resource"] != "*"


def test_nobody_gets_in(aws, stack, pipe):
    network = pipe["TargetParameters"]["EcsTaskParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]
    (group,) = aws("ec2").describe_security_groups(GroupIds=network["SecurityGroups"])["SecurityGroups"]
    assert group["GroupName"] == f"{stack}-worker"
    assert group["IpPermissions"] == []
    assert {rule["FromPort"] for rule in group["IpPermissionsEgress"]} == {443, 5432}


def test_tasks_run_in_public_subnets(aws, pipe):
    network = pipe["TargetParameters"]["EcsTaskParameters"]["NetworkConfiguration"]["awsvpcConfiguration"]
    for subnet in network["Subnets"]:
        tables = aws("ec2").describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])
        routes = {route["DestinationCidrBlock"]: route.get("GatewayId", "") for route in tables["RouteTables"][0]["Routes"]}
        assert routes["0.0.0.0/0"].startswith("igw-")


def test_tasks_get_secrets_by_reference_only_and_tls_is_required(aws, stack):
    (container,) = aws("ecs").describe_task_definition(taskDefinition=f"{stack}-worker")["taskDefinition"]["containerDefinitions"]
    plain = {one["name"]: one["value"] for one in container["environment"]}
    assert {one["name"] for one in container["secrets"]} == {"DB_USER", "DB_PASSWORD"}
    assert all(f":secret:{stack}/database-" in one["valueFrom"] for one in container["secrets"])
    assert plain["DB_SSLMODE"] == "require" and plain["POLLING_MODE"] == "false"
    assert not {"DB_USER", "DB_PASSWORD"} & set(plain)


def test_the_scheduler_is_outside_any_vpc(aws, stack):
    function = aws("lambda").get_function(FunctionName=f"{stack}-scheduler")["Configuration"]
    assert not function.get("VpcConfig", {}).get("SubnetIds")
    assert function["Environment"]["Variables"]["DB_SSLMODE"] == "require"


def test_no_job_is_lost(aws, stack):
    sqs = aws("sqs")

    def attributes(queue):
        url = sqs.get_queue_url(QueueName=f"{stack}-{queue}")["QueueUrl"]
        return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert json.loads(attributes("workflow")["RedrivePolicy"])["deadLetterTargetArn"].endswith("-workflow-dlq")
    failed = attributes("failed-jobs")["QueueArn"]
    rule = aws("events").describe_rule(Name=f"{stack}-resubmit")
    pattern = json.loads(rule["EventPattern"])
    assert rule["State"] == "ENABLED"
    assert pattern["detail"]["clusterArn"] == [pipe_target(aws, stack)]
    assert pattern["detail"]["lastStatus"] == ["STOPPED"]
    (target,) = aws("events").list_targets_by_rule(Rule=f"{stack}-resubmit")["Targets"]
    assert target["DeadLetterConfig"]["Arn"] == failed
    function = aws("lambda").get_function_event_invoke_config(FunctionName=f"{stack}-resubmit")
    assert function["DestinationConfig"]["OnFailure"]["Destination"] == failed


def pipe_target(aws, stack):
    return aws("ecs").describe_clusters(clusters=[f"{stack}-cluster"])["clusters"][0]["clusterArn"]


def test_alarms_tell_of_every_place_where_a_job_can_lie(aws, stack):
    alarms = aws("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack}-")["MetricAlarms"]
    names = {alarm["AlarmName"].removeprefix(f"{stack}-") for alarm in alarms}
    assert {"dead-letters", "failed-jobs", "failed-calls", "queue-age", "pipe-failed"} <= names
    assert all(alarm["AlarmActions"] for alarm in alarms)
    assert not aws("cloudwatch").list_dashboards(DashboardNamePrefix=stack)["DashboardEntries"]


def test_nothing_of_the_standard_profile_is_there(aws, stack):
    assert aws("ecs").list_services(cluster=f"{stack}-cluster")["serviceArns"] == []
    names = [one["DBInstanceIdentifier"] for one in aws("rds").describe_db_instances()["DBInstances"]]
    names += [one["LoadBalancerName"] for one in aws("elbv2").describe_load_balancers()["LoadBalancers"]]
    names += [one["AliasName"] for one in aws("kms").list_aliases()["Aliases"]]
    assert [name for name in names if stack in name] == []
    filters = [{"Name": "tag:Stack", "Values": [stack]}]
    assert aws("ec2").describe_nat_gateways(Filters=filters)["NatGateways"] == []


def test_everything_carries_the_seven_tags(aws, stack):
    found = aws("resourcegroupstaggingapi").get_paginator("get_resources").paginate(
        TagFilters=[{"Key": "Stack", "Values": [stack]}]
    )
    resources = [item for page in found for item in page["ResourceTagMappingList"]]
    assert len(resources) > 20
    for item in resources:
        tags = {tag["Key"] for tag in item["Tags"]}
        assert {"Application", "Environment", "Stack", "Region", "Profile", "Component", "ManagedBy"} <= tags, item
