"""What lets requests out of a VPC, what agents do beside containers, what alarms and flow logs write: with whose rights."""

import json
import urllib.request

import pytest

HERE = "us-east-1:123456789012"
TASKS = "ecs-tasks.amazonaws.com"


def policy(action, resource="*", **more):
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def endpoint_of(aws, network):
    """Make an endpoint in the tasks' VPC and return a function that changes its policy."""
    ec2, made = aws("ec2"), []
    vpc = ec2.describe_subnets(SubnetIds=network["subnets"])["Subnets"][0]["VpcId"]
    table = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]

    def make(service, said):
        where = {"VpcEndpointType": "Interface", "SubnetIds": network["subnets"]}
        if service == "s3":
            where = {"VpcEndpointType": "Gateway", "RouteTableIds": [table]}
        name = f"com.amazonaws.us-east-1.{service}"
        one = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=name, PolicyDocument=said, **where)["VpcEndpoint"]["VpcEndpointId"]
        made.append(one)
        return lambda said: ec2.modify_vpc_endpoint(VpcEndpointId=one, PolicyDocument=said)

    yield make
    if made:
        ec2.delete_vpc_endpoints(VpcEndpointIds=made)


def test_a_tasks_own_requests_pass_the_endpoints_of_its_vpc(worker, run, endpoint_of):
    definition = worker()
    change = endpoint_of("logs", policy("logs:PutLogEvents"))
    told = run(definition)()["stoppedReason"]
    assert "because no VPC endpoint policy allows the logs:CreateLogStream action" in told
    change(policy("*", Condition={"StringEquals": {"aws:PrincipalAccount": "123456789012"}}))
    assert run(definition)()["containers"][0]["exitCode"] == 0
    change(policy("*", Condition={"StringEquals": {"aws:PrincipalAccount": "210987654321"}}))
    assert "no VPC endpoint policy" in run(definition)()["stoppedReason"]


def test_the_layers_of_images_come_through_the_gateway_endpoint(aws, worker, run, endpoint_of, name):
    aws("ecr").create_repository(repositoryName=name)
    pull = ["ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"]
    may = [(["ecr:GetAuthorizationToken"], "*"), (pull, f"arn:aws:ecr:{HERE}:repository/{name}")]
    definition = worker(execution=may, image=f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{name}:v1")
    change = endpoint_of("s3", policy("s3:*", Condition={"StringEquals": {"aws:ResourceAccount": "123456789012"}}))
    told = run(definition)()["stoppedReason"]  # the bucket is ECR's
    assert told.startswith("CannotPullContainerError") and "403 Forbidden" in told
    change(policy("s3:GetObject", "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"))
    assert run(definition)()["containers"][0]["exitCode"] == 0


ASKS = """
import json, os, sys, urllib.request
address = os.environ["ECS_AGENT_URI"] + "/task-protection/v1/state"
def ask(method, body=None):
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(address, data, method=method)) as answer:
        return json.load(answer)["protection"]["ProtectionEnabled"]
print(ask("GET"), ask("PUT", {"ProtectionEnabled": True, "ExpiresInMinutes": 5}), ask("GET"), ask("PUT", {"ProtectionEnabled": False}))
"""


@pytest.mark.parametrize(("allowed", "said"), [(True, "False True True False"), (False, "HTTP Error 400")])
def test_a_container_protects_its_task_with_the_tasks_role(aws, own, worker, run, lines, name, allowed, said):
    own("POST", "images", images=[{"image": name, "run": ["python3", "-c", ASKS]}])
    definition = worker()
    if allowed:
        statement = {
            "Effect": "Allow", "Action": ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"],
            "Resource": f"arn:aws:ecs:{HERE}:task/{name}/*",
        }  # fmt: skip
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        aws("iam").put_role_policy(RoleName=f"{name}-task", PolicyName="it", PolicyDocument=document)
    run(definition)()
    assert said in "\n".join(lines(name))


def test_nobody_answers_for_a_task_that_is_not_there(endpoint):
    with pytest.raises(urllib.request.HTTPError, match="404"):
        urllib.request.urlopen(f"{endpoint}/_agent/{'0' * 32}/task-protection/v1/state", timeout=10)


CHANNELS = [f"ssmmessages:{verb}{kind}Channel" for verb in ("Create", "Open") for kind in ("Control", "Data")]
LOGGING = ["logs:DescribeLogGroups", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]


@pytest.mark.parametrize(
    ("missing", "enters", "logged"),
    [("", True, True), ("ssmmessages:OpenControlChannel", False, False), ("ssmmessages:CreateDataChannel", False, False), *((one, True, False) for one in LOGGING)],
)
def test_who_gets_into_a_task_and_what_is_logged(aws, own, worker, run, lines, name, refused, missing, enters, logged):
    own("POST", "images", images=[{"image": name, "stays": True}])
    definition = worker()
    said = [{"Effect": "Allow", "Action": one, "Resource": "*"} for one in (*CHANNELS, *LOGGING) if one != missing]
    document = json.dumps({"Version": "2012-10-17", "Statement": said})
    aws("iam").put_role_policy(RoleName=f"{name}-task", PolicyName="it", PolicyDocument=document)
    aws("logs").create_log_group(logGroupName=f"{name}-exec")
    logging = {"logging": "OVERRIDE", "logConfiguration": {"cloudWatchLogGroupName": f"{name}-exec"}}
    aws("ecs").update_cluster(cluster=name, configuration={"executeCommandConfiguration": logging})
    seen = run(definition, enableExecuteCommand=True)
    seen("RUNNING")
    command = {"cluster": name, "task": seen.arn, "container": "worker", "command": "/bin/sh", "interactive": True}
    if enters:
        assert aws("ecs").execute_command(**command)["session"]["sessionId"].startswith("ecs-execute-command-")
    else:
        refused("TargetNotConnectedException", aws("ecs").execute_command, **command)
    assert bool(lines(f"{name}-exec")) is logged
    aws("ecs").stop_task(cluster=name, task=seen.arn)


def test_nobody_gets_into_a_task_that_was_run_without_it(aws, own, worker, run, name, refused):
    own("POST", "images", images=[{"image": name, "stays": True}])
    seen = run(worker())
    seen("RUNNING")
    command = {"cluster": name, "task": seen.arn, "container": "worker", "command": "/bin/sh", "interactive": True}
    refused("TargetNotConnectedException", aws("ecs").execute_command, **command)
    aws("ecs").stop_task(cluster=name, task=seen.arn)


@pytest.mark.parametrize(
    ("of_topic", "of_key", "heard"),
    [("alarm", "alarm", True), ("other", "alarm", False), ("alarm", "other", False), ("alarm", None, True)],
)
def test_an_alarm_tells_its_topic_if_topic_and_key_let_it(aws, queue, received, name, of_topic, of_key, heard):
    arn = {one: f"arn:aws:cloudwatch:{HERE}:alarm:{name}-{one}" for one in ("alarm", "other")}

    def lets(action, whose):
        condition = {"ArnEquals": {"aws:SourceArn": arn[whose]}}
        return {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": action, "Resource": "*", "Condition": condition}

    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    url, queue_arn = queue(name)
    aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    said = json.dumps({"Version": "2012-10-17", "Statement": [lets("sns:Publish", of_topic)]})
    aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=said)
    if of_key:
        own = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [own, lets(["kms:Decrypt", "kms:GenerateDataKey*"], of_key)]}
        key = aws("kms").create_key(Policy=json.dumps(policy))["KeyMetadata"]["KeyId"]
        aws("sns").set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    aws("cloudwatch").put_metric_alarm(
        AlarmName=f"{name}-alarm", Namespace="AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": name}], Statistic="Maximum", Period=300, EvaluationPeriods=1, Threshold=0,
        ComparisonOperator="GreaterThanThreshold", AlarmActions=[topic],
    )  # fmt: skip
    for _ in range(2):  # the second changes nothing, and tells nothing
        aws("cloudwatch").set_alarm_state(AlarmName=f"{name}-alarm", StateValue="ALARM", StateReason="tried")
    assert [json.loads(json.loads(one["Body"])["Message"])["NewStateValue"] for one in received(url)] == ["ALARM"] * heard


WRITES = [("logs:DescribeLogGroups", "*"), *((f"logs:{one}", "group") for one in ("DescribeLogStreams", "CreateLogStream", "PutLogEvents"))]


@pytest.mark.parametrize("missing", [None, *(one for one, _resource in WRITES)])
def test_a_flow_log_writes_with_its_role(aws, own, role, lines, name, network, missing):
    group = f"arn:aws:logs:{HERE}:log-group:{name}:*"
    may = [([action], group if resource == "group" else "*") for action, resource in WRITES if action != missing]
    arn = role(name, "vpc-flow-logs.amazonaws.com", *may)
    aws("logs").create_log_group(logGroupName=name)
    interface = aws("ec2").create_network_interface(SubnetId=network["subnets"][0])["NetworkInterface"]["NetworkInterfaceId"]
    (made,) = aws("ec2").create_flow_logs(
        ResourceType="NetworkInterface", ResourceIds=[interface], TrafficType="ALL", LogGroupName=name,
        DeliverLogsPermissionArn=arn, MaxAggregationInterval=60,
    )["FlowLogIds"]  # fmt: skip
    own("POST", "clock?seconds=61")

    def told():
        (one,) = aws("ec2").describe_flow_logs(FlowLogIds=[made])["FlowLogs"]
        return one["DeliverLogsStatus"], one.get("DeliverLogsErrorMessage")

    wanted = ("FAILED", "Access error") if missing else ("SUCCESS", None)
    for _ in range(100):
        if told() == wanted and (missing or lines(name)):
            break
        own("POST", "clock?seconds=61")
    assert told() == wanted
    assert all(line.endswith("NODATA") and interface in line for line in lines(name)) and bool(lines(name)) is not bool(missing)
    aws("ec2").delete_flow_logs(FlowLogIds=[made])
    aws("ec2").delete_network_interface(NetworkInterfaceId=interface)
