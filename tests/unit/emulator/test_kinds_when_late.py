"""Our kinds on an AWS that is late: the first apply works, makes everything once, and the second has nothing to do."""

import json

import images
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import sync as engine_sync
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import waiting
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.s3 import ACCESS

from emulator import clock, eventual

ROOT = {"AWS": "arn:aws:iam::123456789012:root"}


def document(action, *principals, resource="*"):
    """Return a policy that lets principals do something."""
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": one, "Action": action, "Resource": resource} for one in principals
    ]}  # fmt: skip


@pytest.fixture
def time(monkeypatch):
    """Let the emulator's time pass as the engine waits, and none of ours."""
    now = [0.0]

    def sleep(seconds):
        now[0] += seconds
        clock.move(seconds)

    for module in (engine_sync.time, waiting.time):
        monkeypatch.setattr(module, "monotonic", lambda: now[0])
        monkeypatch.setattr(module, "sleep", sleep)
    clock.run(0.0001)
    yield now
    clock.run(1)
    eventual.use(None)


class Stack:
    """What a run makes, one after the other, each built on those before."""

    def __init__(self, aws, name):
        self.aws, self.name, self.engine = aws, name, Aws(aws, "us-east-1")
        self.tags = {"Stack": name, "Region": "us-east-1"}

    def apply(self):
        """Yield each resource's outcome."""
        key = yield self.sync("kms_key", alias=f"alias/{self.name}", enable_key_rotation=True, tags=self.tags, policy=document(
            "kms:*", ROOT, {"Service": "logs.us-east-1.amazonaws.com"}
        ))  # fmt: skip
        yield self.sync("log_group", name=f"/aws/{self.name}", retention_in_days=14, kms_key_id=key["arn"], tags=self.tags)
        bucket = f"{self.name}-bucket"
        yield self.sync(
            "s3_bucket", name=bucket, versioning=True, encryption="aws:kms", encryption_key_id=key["arn"], tags=self.tags,
            public_access=dict.fromkeys(ACCESS, True), object_ownership="BucketOwnerEnforced",
            lifecycle_rules=[{"id": "a", "prefix": "", "noncurrent_days": 9}],
            policy=document("s3:GetObject", ROOT, resource=f"arn:aws:s3:::{bucket}/*"),
        )  # fmt: skip
        group = yield self.sync("security_group", name=self.name, description="d", vpc_id=self.vpc, tags=self.tags)
        yield self.sync(
            "security_group_rules", name=self.name, vpc_id=self.vpc,
            rules=[{"proto": "tcp", "ports": ["443"], "cidr_ip": ["10.0.0.0/8"]}],
            rules_egress=[{"proto": "tcp", "ports": ["443"], "cidr_ip": ["0.0.0.0/0"]}],
        )  # fmt: skip
        yield self.sync(
            "route_table", name=f"{self.name}-rt", vpc_id=self.vpc, routes={"0.0.0.0/0": self.gateway}, subnets=self.subnets,
            tags=self.tags,
        )  # fmt: skip
        yield self.sync(
            "target_group", name=self.name, vpc_id=self.vpc, port=80, protocol="HTTP", target_type="ip", tags=self.tags,
            deregistration_delay_timeout=5,
        )  # fmt: skip
        yield self.sync("ecs_cluster", name=self.name, capacity_providers=["FARGATE"], tags=self.tags)
        yield self.sync("sqs_queue", name=self.name, visibility_timeout=60, tags=self.tags)
        yield self.sync(
            "ecr_repository", name=self.name, image_tag_mutability="IMMUTABLE", tags=self.tags,
            policy={"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": ROOT, "Action": "ecr:BatchGetImage"},
            ]},
        )  # fmt: skip
        topic = yield self.sync("sns_topic", name=self.name, tags=self.tags, subscriptions=[
            {"protocol": "sqs", "endpoint": f"arn:aws:sqs:us-east-1:123456789012:{self.name}"},
        ])  # fmt: skip
        yield self.sync(
            "secret", name=f"{self.name}/a", initial={"a": "b"}, tags=self.tags, resource_policy=document("secretsmanager:GetSecretValue", ROOT)
        )
        function = yield self.sync(
            "lambda_function", name=self.name, image_uri=self.image, role=self.role, reserved_concurrency=1, timeout=9,
            vpc_subnet_ids=self.subnets, vpc_security_group_ids=[group["id"]], tags=self.tags,
        )  # fmt: skip
        yield self.sync("lambda_alias", function_name=self.name, name="live")
        yield self.sync("lambda_event_invoke_config", function_name=self.name, maximum_retry_attempts=0)
        yield self.sync(
            "event_rule", name=self.name, schedule_expression="rate(1 day)", tags=self.tags,
            targets=[{"id": "one", "arn": function["arn"]}],
        )  # fmt: skip
        yield self.sync(
            "lambda_permission", function_name=self.name, statement_id="s", action="lambda:InvokeFunction",
            principal="sns.amazonaws.com", source_arn=topic["arn"],
        )  # fmt: skip

    def sync(self, kind, **arguments):
        """Return what becomes of one resource."""
        return kind, sync(KINDS[kind], self.engine, KINDS[kind].want(arguments))

    def run(self):
        """Return the kinds with what was done to each."""
        done, told = [], None
        steps = self.apply()
        while True:
            try:
                kind, outcome = steps.send(told)
            except StopIteration:
                return done
            done.append((kind, outcome.action))
            told = outcome.after


@pytest.fixture
def stack(aws, name, request):
    """A stack that stands on what other tests prove."""
    made, ec2 = Stack(aws, f"{name[:12].strip('-')}-{request.node.callspec.params['seed'] or 0}"), aws("ec2")
    made.vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    made.subnets = [ec2.create_subnet(VpcId=made.vpc, CidrBlock="10.77.0.0/24")["Subnet"]["SubnetId"]]
    made.gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made.gateway, VpcId=made.vpc)
    trust = {**document("sts:AssumeRole", {"Service": "lambda.amazonaws.com"})}
    del trust["Statement"][0]["Resource"]
    made.role = aws("iam").create_role(RoleName=made.name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["ec2:*", "ecr:*"], "Resource": "*"}]}
    aws("iam").put_role_policy(RoleName=made.name, PolicyName="p", PolicyDocument=json.dumps(allowed))
    uri = aws("ecr").create_repository(repositoryName=f"{made.name}-f")["repository"]["repositoryUri"]
    images.push(aws("ecr"), f"{made.name}-f", "v1", b"one")
    made.image = f"{uri}:v1"
    return made


@pytest.mark.parametrize("seed", range(4))
def test_a_first_apply_works_at_once_and_the_second_has_nothing_to_do(stack, time, seed):
    eventual.use(seed)
    assert {action for _kind, action in stack.run()} == {"create"}
    assert sum(eventual.show()["met"].values()) > 10, "a run that meets no lag proves nothing"
    clock.move(60)
    done = stack.run()
    assert {action for _kind, action in done} == {"none"}, done
    for kind in ("kms_key", "route_table", "s3_bucket", "lambda_function"):
        assert len(KINDS[kind].stack(stack.engine, stack.name)) == 1, kind


@pytest.mark.parametrize("seed", [None])
def test_on_an_aws_that_is_not_late_nothing_is_waited_for(stack, time, seed):
    assert {action for _kind, action in stack.run()} == {"create"}
    assert time[0] == 0
