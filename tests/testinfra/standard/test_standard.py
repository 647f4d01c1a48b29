"""The standard profile as AWS holds it, asked by boto3 and not by Ansible."""

import json

import pytest


def names(items, key):
    return {item[key] for item in items}


def tags(items):
    return {tag["Key"]: tag["Value"] for tag in items}


def test_the_deploying_host_keeps_no_secret(host, stack):
    reports = host.run("grep -rl embeddedsecretkey reports .cache 2>/dev/null")
    assert reports.stdout == ""


def test_subnets(aws, vpc, stack):
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    subnets = aws("ec2").describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    assert {tags(subnet["Tags"])["Name"]: subnet["CidrBlock"] for subnet in subnets} == {
        f"{stack}-public-0": "10.0.0.0/24",
        f"{stack}-public-1": "10.0.1.0/24",
        f"{stack}-private-0": "10.0.10.0/24",
        f"{stack}-private-1": "10.0.11.0/24",
        f"{stack}-database-0": "10.0.20.0/24",
        f"{stack}-database-1": "10.0.21.0/24",
    }
    assert len(names(subnets, "AvailabilityZone")) == 2


@pytest.mark.parametrize(("table", "target"), [("public", "GatewayId"), ("private-0", "NatGatewayId"), ("database", None)])
def test_default_routes(aws, stack, table, target):
    found = aws("ec2").describe_route_tables(Filters=[{"Name": "tag:Name", "Values": [f"{stack}-{table}"]}])
    (routes,) = [item["Routes"] for item in found["RouteTables"]]
    default = [route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    assert len(default) == (1 if target else 0)
    assert all(route.get(target) for route in default)


@pytest.mark.parametrize(
    ("group", "inward", "outward"),
    [
        ("alb", {80, 443}, {8080}),
        ("ecs", {8080}, {443, 5432}),
        ("lambda", set(), {443, 5432}),
        ("migrations", set(), {443, 5432}),
        ("rds", {5432}, set()),
        ("endpoints", {443}, set()),
    ],
)
def test_security_groups_open_just_their_ports(aws, vpc, stack, group, inward, outward):
    found = aws("ec2").describe_security_groups(
        Filters=[{"Name": "group-name", "Values": [f"{stack}-{group}"]}, {"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    )["SecurityGroups"]
    assert len(found) == 1
    assert {rule.get("FromPort") for rule in found[0]["IpPermissions"]} == inward
    assert {rule.get("FromPort") for rule in found[0]["IpPermissionsEgress"]} == outward


def test_the_database_is_private_encrypted_and_speaks_tls(aws, stack):
    (database,) = aws("rds").describe_db_instances(DBInstanceIdentifier=f"{stack}-db")["DBInstances"]
    assert database["DBInstanceStatus"] == "available"
    assert database["StorageEncrypted"] and not database["PubliclyAccessible"]
    assert database["StorageType"] == "gp3"
    assert database["EngineVersion"].split(".")[0] == "17"
    assert database["MasterUserSecret"]["SecretArn"]
    group = database["DBParameterGroups"][0]["DBParameterGroupName"]
    parameters = aws("rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=group)
    forced = [item for page in parameters for item in page["Parameters"] if item["ParameterName"] == "rds.force_ssl"]
    assert forced[0]["ParameterValue"] == "1"


def test_queues_redrive_and_refuse_plain_http(aws, stack):
    sqs = aws("sqs")
    url = sqs.get_queue_url(QueueName=f"{stack}-workflow")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(attributes["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(f":{stack}-workflow-dlq")
    (statement,) = [item for item in json.loads(attributes["Policy"])["Statement"] if item["Effect"] == "Deny"]
    assert statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
    assert attributes["SqsManagedSseEnabled"] == "true"


@pytest.mark.parametrize(
    ("service", "strategy"), [("api", {"FARGATE"}), ("worker", {"FARGATE", "FARGATE_SPOT"})]
)
def test_services_stand_ready_at_zero_before_the_first_release(aws, stack, service, strategy):
    (found,) = aws("ecs").describe_services(cluster=f"{stack}-cluster", services=[f"{stack}-{service}"])["services"]
    assert found["status"] == "ACTIVE"
    assert found["desiredCount"] == 0
    assert strategy <= names(found["capacityProviderStrategy"], "capacityProvider")
    assert found["deploymentConfiguration"]["deploymentCircuitBreaker"] == {
        "enable": True, "rollback": True, "resetOnHealthyTask": False,
        "thresholdConfiguration": {"type": "COUNT", "value": 2},
    }  # fmt: skip
    assert found["networkConfiguration"]["awsvpcConfiguration"]["assignPublicIp"] == "DISABLED"


@pytest.mark.parametrize("service", ["api", "worker"])
def test_tasks_get_secrets_by_reference_only(aws, stack, service):
    definition = aws("ecs").describe_task_definition(taskDefinition=f"{stack}-{service}")["taskDefinition"]
    (container,) = [item for item in definition["containerDefinitions"] if item["name"] == service]
    plain = {item["name"] for item in container["environment"]}
    secret = {item["name"]: item["valueFrom"] for item in container["secrets"]}
    assert {"DB_PASSWORD", "CLERK_SECRET_KEY"} <= set(secret)
    assert not plain & set(secret)
    assert all(value.startswith("arn:aws:secretsmanager:") for value in secret.values())
    assert "@sha256:" in container["image"]
    assert container["readonlyRootFilesystem"]


@pytest.mark.parametrize(("function", "memory", "timeout"), [("scheduler", 512, 300), ("cleanup", 256, 120)])
def test_functions(aws, stack, function, memory, timeout):
    found = aws("lambda").get_function(FunctionName=f"{stack}-{function}")
    configuration = found["Configuration"]
    assert (configuration["MemorySize"], configuration["Timeout"]) == (memory, timeout)
    assert not {"DB_PASSWORD", "CLERK_SECRET_KEY"} & set(configuration["Environment"]["Variables"])
    rule = aws("events").describe_rule(Name=f"{stack}-{function}")
    assert rule["State"] == "DISABLED"  # nothing is released yet
    # The rule calls what is live, and only this rule may.
    (target,) = aws("events").list_targets_by_rule(Rule=rule["Name"])["Targets"]
    assert target["Arn"] == configuration["FunctionArn"] + ":live"
    policy = json.loads(aws("lambda").get_policy(FunctionName=f"{stack}-{function}", Qualifier="live")["Policy"])
    assert [item["Condition"]["ArnLike"]["AWS:SourceArn"] for item in policy["Statement"]] == [rule["Arn"]]


def test_alarms_watch_metrics_that_exist(aws, stack):
    alarms = aws("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack}-")["MetricAlarms"]
    assert {f"{stack}-high-cpu", f"{stack}-queue-backlog"} <= names(alarms, "AlarmName")
    for alarm in alarms:
        metrics = [alarm] if "MetricName" in alarm else [
            item["MetricStat"]["Metric"] for item in alarm["Metrics"] if "MetricStat" in item
        ]
        assert all(item["MetricName"] != "ApproximateNumberOfVisibleMessages" for item in metrics)
        for item in metrics:
            if item["Namespace"] == "AWS/ECS":
                assert names(item["Dimensions"], "Name") == {"ClusterName", "ServiceName"}
        assert alarm["AlarmActions"]


def test_policies_have_no_star_where_a_resource_can_be_named(aws, stack):
    iam = aws("iam")
    nameless = {
        "ecr:GetAuthorizationToken", "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
        "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel", "logs:DescribeLogGroups", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcs",
        "ec2:GetSecurityGroupsForVpc",
    }
    roles = [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]
    ours = [role for role in roles if role.startswith(f"{stack}-")]
    region = aws("ec2").meta.region_name
    assert {f"{stack}-{role}-{region}" for role in ("ecs-execution", "api-task", "worker-task")} <= set(ours)
    for role in ours:
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
            for statement in [item for item in document["Statement"] if item["Effect"] == "Allow"]:
                actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
                assert not [action for action in actions if action.endswith(":*") or action == "*"]
                if statement["Resource"] == "*" and "Condition" not in statement:
                    assert set(actions) <= nameless, (role, policy, actions)


def test_everything_carries_the_seven_tags(aws, stack, vpc):
    found = aws("resourcegroupstaggingapi").get_paginator("get_resources").paginate(
        TagFilters=[{"Key": "Stack", "Values": [stack]}]
    )
    resources = [item for page in found for item in page["ResourceTagMappingList"]]
    assert len(resources) > 30
    for item in resources:
        assert {"Application", "Environment", "Stack", "Region", "Profile", "Component", "ManagedBy"} <= set(tags(item["Tags"])), item
