"""What runs by itself is waited for; time is moved instead."""

import json
import zlib

import pytest

from emulator.ask import ask
from tests.soon import soon

ACCOUNT = "123456789012"
FOREVER = ["python3", "-c", "import time; time.sleep(600)"]
CRASHES = ["python3", "-c", "raise SystemExit(1)"]


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
        self.listener = listener
        actions = ["elasticloadbalancing:*"]
        self.role = role(f"{name}-traffic", "ecs.amazonaws.com", (actions, "*"))

    def given(self):
        more = {"alternateTargetGroupArn": self.groups[1], "productionListenerRule": self.rule, "roleArn": self.role}
        return [{"targetGroupArn": self.groups[0], "containerName": "worker", "containerPort": 80, "advancedConfiguration": more}]

    def test_rule(self):
        weights = [{"TargetGroupArn": one, "Weight": weight} for one, weight in zip(self.groups, (100, 0), strict=True)]
        return self.elb.create_rule(
            ListenerArn=self.listener, Priority=2, Conditions=[{"Field": "path-pattern", "Values": ["/test/*"]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}],
        )["Rules"][0]["RuleArn"]  # fmt: skip

    def weights(self, rule=None):
        (rule,) = self.elb.describe_rules(RuleArns=[rule or self.rule])["Rules"]
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
