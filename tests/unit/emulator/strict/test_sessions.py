"""What a role's session may do."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
RULES = {"session_may"}


@pytest.fixture(scope="module")
def acting(aws, endpoint):
    """Return a function that allows a role some statements and makes a client with the role's session."""
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    arn = aws("iam").create_role(RoleName="acting", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    keys = aws("sts").assume_role(RoleArn=arn, RoleSessionName="it")["Credentials"]

    def client(service, *allowed):
        said = [
            {"Effect": "Allow", "Action": action, "Resource": resource, **more}
            for action, resource, *rest in allowed
            for more in (rest or [{}])
        ]
        said = said or [{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}]
        aws("iam").put_role_policy(
            RoleName="acting", PolicyName="it", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": said})
        )
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=endpoint, aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
        )  # fmt: skip

    return client


@pytest.fixture(scope="module")
def things(aws):
    """One of each that a session can use."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    role = aws("iam").create_role(RoleName="acting-task", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    aws("ecs").create_cluster(clusterName="acting", capacityProviders=["FARGATE"])
    definition = aws("ecs").register_task_definition(
        family="acting", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        taskRoleArn=role, containerDefinitions=[{"name": "app", "image": "app"}],
    )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
    return {
        "role": role,
        "definition": definition,
        "queue": aws("sqs").create_queue(QueueName="acting")["QueueUrl"],
        "secret": aws("secretsmanager").create_secret(Name="acting", SecretString="s")["ARN"],
        "topic": aws("sns").create_topic(Name="acting")["TopicArn"],
    }


QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:acting"
TABLE = [
    ("sqs", "send_message", {"QueueUrl": "{queue}", "MessageBody": "m"}, ("sqs:SendMessage", QUEUE)),
    (
        "sqs",
        "send_message_batch",
        {"QueueUrl": "{queue}", "Entries": [{"Id": "1", "MessageBody": "m"}]},
        ("sqs:SendMessage", QUEUE),
    ),
    ("sqs", "receive_message", {"QueueUrl": "{queue}"}, ("sqs:ReceiveMessage", QUEUE)),
    ("secretsmanager", "get_secret_value", {"SecretId": "acting"}, ("secretsmanager:GetSecretValue", "{secret}")),
    ("sns", "publish", {"TopicArn": "{topic}", "Message": "m"}, ("sns:Publish", "{topic}")),
]


def filled(value, things):
    return {key: one.format(**things) if isinstance(one, str) else one for key, one in value.items()}


@pytest.mark.parametrize(("service", "operation", "arguments", "allowed"), TABLE)
def test_only_what_its_policies_allow(acting, things, service, operation, arguments, allowed):
    arguments, (action, resource) = filled(arguments, things), allowed
    for wrong in ((), ((action, "arn:aws:none:::other"),)):
        with pytest.raises(ClientError, match=f"not authorized to perform: {action}"):
            getattr(acting(service, *wrong), operation)(**arguments)
    getattr(acting(service, (action, resource.format(**things))), operation)(**arguments)


def test_invoking(acting):
    with pytest.raises(ClientError, match="not authorized to perform: lambda:InvokeFunction"):
        acting("lambda").invoke(FunctionName="acting")
    with pytest.raises(ClientError, match="Function not found"):  # allowed, but there is none
        acting("lambda", ("lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:acting")).invoke(
            FunctionName="acting"
        )


def test_looking_at_a_pipe(acting):
    with pytest.raises(ClientError, match="not authorized to perform: pipes:DescribePipe"):
        acting("pipes").describe_pipe(Name="acting")
    with pytest.raises(ClientError, match="NotFoundException"):  # allowed, but there is none
        acting("pipes", ("pipes:DescribePipe", f"arn:aws:pipes:us-east-1:{ACCOUNT}:pipe/acting")).describe_pipe(Name="acting")


def test_running_tasks_takes_passing_their_roles(aws, acting, things):
    subnet = aws("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    here = ("ecs:RunTask", f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/acting:*")
    on = {"Condition": {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/acting"}}}
    elsewhere = {"Condition": {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/other"}}}
    passing = ("iam:PassRole", things["role"])

    def run(*allowed, **more):
        return acting("ecs", *allowed).run_task(
            cluster="acting", taskDefinition="acting", launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}}, **more,
        )  # fmt: skip

    for allowed, missing in [
        ((passing,), "ecs:RunTask"),
        ((passing, (*here, elsewhere)), "ecs:RunTask"),
        (((*here, on),), "iam:PassRole"),
    ]:
        with pytest.raises(ClientError, match=f"not authorized to perform: {missing}"):
            run(*allowed)
    assert run((*here, on), passing)["tasks"]
    with pytest.raises(ClientError, match="ecs:TagResource"):
        run((*here, on), passing, tags=[{"key": "a", "value": "b"}])


def test_what_nobody_thought_of_is_judged_as_well(acting):
    """Any operation, also one whose resource isn't known: the role's policies must name it."""
    with pytest.raises(ClientError, match="not authorized to perform: ec2:DescribeVpcs"):
        acting("ec2").describe_vpcs()
    with pytest.raises(ClientError, match="not authorized to perform: s3:ListBuckets"):
        acting("s3").list_buckets()
    assert acting("ec2", ("ec2:DescribeVpcs", "*")).describe_vpcs()["Vpcs"]
    assert acting("sts").get_caller_identity()["Arn"].endswith("assumed-role/acting/it")


def test_a_queue_may_forbid_what_a_role_may(aws, acting, things):
    statement = {"Sid": "Never", "Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": QUEUE}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    may = ("sqs:SendMessage", QUEUE)
    aws("sqs").set_queue_attributes(QueueUrl=things["queue"], Attributes={"Policy": document})
    try:
        with pytest.raises(ClientError, match="not authorized to perform: sqs:SendMessage"):
            acting("sqs", may).send_message(QueueUrl=things["queue"], MessageBody="m")
    finally:
        aws("sqs").set_queue_attributes(QueueUrl=things["queue"], Attributes={"Policy": ""})
    acting("sqs", may).send_message(QueueUrl=things["queue"], MessageBody="m")


@pytest.mark.parametrize(("principal", "read"), [(f"arn:aws:iam::{ACCOUNT}:root", True), (f"arn:aws:iam::{ACCOUNT}:role/acting-task", False)])
def test_a_key_lets_the_accounts_policies_decide_or_not(aws, acting, things, principal, read):
    manage = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:PutKeyPolicy", "Resource": "*"}
    use = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:Decrypt", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [manage, use]})
    key = aws("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    secret = aws("secretsmanager").create_secret(Name=f"acting-{read}", SecretString="s", KmsKeyId=key)["ARN"]
    client = acting("secretsmanager", ("secretsmanager:GetSecretValue", secret), ("kms:Decrypt", key))
    if read:
        assert client.get_secret_value(SecretId=secret)["SecretString"] == "s"
    else:
        with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt"):
            client.get_secret_value(SecretId=secret)
