"""What runs by itself is waited for; time is moved instead."""

import json
import zlib

import pytest

from emulator.ask import ask
from tests.soon import soon

ACCOUNT = "123456789012"


@pytest.fixture
def name(request):
    """A name for this test's resources that no other test uses, nor another row of its table."""
    return f"dataplane-{zlib.crc32(request.node.nodeid.encode()):08x}"


@pytest.fixture
def own(endpoint):
    """Ask the emulator's own addresses; images and faults are gone after the test."""

    def asking(method, path, **body):
        return ask(endpoint, path, body, method)

    yield asking
    asking("POST", "images", images=[])
    asking("POST", "faults")


@pytest.fixture
def until():
    """Wait until a function returns something true, and return it."""

    return soon


@pytest.fixture
def role(aws):
    """Make a role for a service, with statements of (actions, resources)."""

    def make(name, service, *statements):
        document = {"Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
        arn = aws("iam").create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **document})
        )
        if statements:
            said = [{"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in statements]
            document = json.dumps({"Version": "2012-10-17", "Statement": said})
            aws("iam").put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=document)
        return arn["Role"]["Arn"]

    return make


@pytest.fixture
def queue(aws):
    """Make a queue and return its URL and ARN."""

    def make(name, **attributes):
        url = aws("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url, f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    return make


@pytest.fixture
def received(aws):
    """Take the messages out of a queue."""

    def take(url):
        found = (
            aws("sqs")
            .receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"])
            .get("Messages", [])
        )
        for message in found:
            aws("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    return take


@pytest.fixture
def network(aws):
    """A subnet and a security group of the default VPC."""
    subnet = aws("ec2").describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]
    groups = aws("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    )
    return {"subnets": [subnet["SubnetId"]], "securityGroups": [groups["SecurityGroups"][0]["GroupId"]]}


@pytest.fixture
def lines(aws):
    """Return what a log group has."""
    return lambda group: [one["message"] for one in aws("logs").filter_log_events(logGroupName=group)["events"]]


@pytest.fixture
def worker(aws, role, name):
    """Make a cluster and a task definition with a log group, all of the test's name; arguments are laid over."""

    def make(execution=(), **container):
        task = role(f"{name}-task", "ecs-tasks.amazonaws.com")
        logs = (["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:*:*:log-group:{name}:*")
        runs = role(f"{name}-execution", "ecs-tasks.amazonaws.com", logs, *execution)
        aws("logs").create_log_group(logGroupName=name)
        aws("ecs").create_cluster(clusterName=name, capacityProviders=["FARGATE", "FARGATE_SPOT"])
        options = {"awslogs-group": name, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "w"}
        container = {
            "name": "worker",
            "image": name,
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        } | container
        return aws("ecs").register_task_definition(
            family=name, requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
            taskRoleArn=task, executionRoleArn=runs, containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip

    return make


@pytest.fixture
def run(aws, network, name, worker, until):
    """Run a task of the worker, and return a function that waits for its end."""

    def start(definition, provider="FARGATE", **more):
        task = aws("ecs").run_task(
            cluster=name, taskDefinition=definition, networkConfiguration={"awsvpcConfiguration": network},
            capacityProviderStrategy=[{"capacityProvider": provider, "weight": 1}], **more,
        )["tasks"][0]["taskArn"]  # fmt: skip

        def seen(status="STOPPED"):
            def look():
                one = aws("ecs").describe_tasks(cluster=name, tasks=[task])["tasks"][0]
                return one if one["lastStatus"] == status else None

            return until(look)

        seen.arn = task
        return seen

    return start


@pytest.fixture
def events(aws, queue, received, name):
    """Let the events of the test's cluster come into a queue, and return a function that takes them."""
    rule = aws("events").put_rule(
        Name=name,
        EventPattern=json.dumps({"source": ["aws.ecs"], "detail": {"clusterArn": [{"suffix": f"cluster/{name}"}]}}),
    )["RuleArn"]
    url, arn = queue(f"{name}-events")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
    }
    statement["Condition"] = {"ArnEquals": {"aws:SourceArn": rule}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    aws("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return lambda: [json.loads(message["Body"]) for message in received(url)]
