"""No job is lost: 300 of them, while tasks crash, are interrupted and never start, and the pipe's process dies."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[2]
JOBS = 300
FAT = (7, 123, 256)  # jobs whose bodies are too long for a task's overrides
FAULTS = {"seed": 20, "crash": 0.20, "spot": 0.15, "start": 0.05}
SPEED = "20"
SECONDS = 60
REGION, ACCOUNT = "us-east-1", "123456789012"
HERE = f"{REGION}:{ACCOUNT}"


@dataclass
class Account:
    """A client for each service, and the emulator's own addresses."""

    url: str

    def __call__(self, service):
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="localaccesskeyid",
            aws_secret_access_key="localsecretaccesskey", config=Config(retries={"max_attempts": 0}),
        )  # fmt: skip

    def own(self, method, path, **body):
        """Ask one of the emulator's own addresses."""
        data = json.dumps(body).encode() if method == "POST" else None
        with urllib.request.urlopen(
            urllib.request.Request(f"{self.url}/_emulator/{path}", data, method=method)
        ) as answer:
            return json.load(answer)


@dataclass
class Stack:
    """Where jobs go in and where they can end."""

    queue: str
    dead_letters: str
    failed_jobs: str
    worker_log: str
    pipe_log: str


@pytest.fixture(scope="module")
def aws():
    command = [sys.executable, str(Path(__file__).with_name("recorder.py")), "0"]
    environment = {**os.environ, "EMULATOR_SPEED": SPEED}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield Account(process.stdout.readline().strip())
        process.stdin.close()  # which ends it


def statement(actions, resources, **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def role(aws, name, service, *statements):
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    arn = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        aws("iam").put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=json.dumps(document))
    return arn


@pytest.fixture(scope="module")
def stack(aws):
    """The parts of the ultra profile that a job passes, with the function of the role jobs."""
    ec2, ecs, sqs, logs = aws("ec2"), aws("ecs"), aws("sqs"), aws("logs")
    subnet = ec2.describe_subnets()["Subnets"][0]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])
    group = groups["SecurityGroups"][0]["GroupId"]
    for name in ("worker", "pipe", "/aws/lambda/resubmit"):
        logs.create_log_group(logGroupName=name)

    def queue(name, **attributes):
        arn = f"arn:aws:sqs:{HERE}:{name}"
        return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], arn

    dead_letters, dead_letters_arn = queue("dead-letters")
    redrive = {"deadLetterTargetArn": dead_letters_arn, "maxReceiveCount": 5}
    jobs, jobs_arn = queue("jobs", VisibilityTimeout="60", RedrivePolicy=json.dumps(redrive))
    failed, failed_arn = queue("failed-jobs")

    cluster = ecs.create_cluster(clusterName="ultra", capacityProviders=["FARGATE", "FARGATE_SPOT"])["cluster"]
    task_role, execution_role = (role(aws, name, "ecs-tasks.amazonaws.com") for name in ("task", "execution"))
    container = {
        "name": "worker",
        "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/worker@sha256:{'0' * 64}",
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "worker", "awslogs-region": REGION, "awslogs-stream-prefix": "job"},
        },
    }
    definition = ecs.register_task_definition(
        family="worker", requiresCompatibilities=["FARGATE"], networkMode="awsvpc", cpu="256", memory="512",
        taskRoleArn=task_role, executionRoleArn=execution_role, containerDefinitions=[container],
    )["taskDefinition"]["taskDefinitionArn"]  # fmt: skip
    here = {"ArnEquals": {"ecs:cluster": cluster["clusterArn"]}}
    running = (
        statement("ecs:RunTask", f"arn:aws:ecs:{HERE}:task-definition/worker:*", Condition=here),
        statement("ecs:TagResource", f"arn:aws:ecs:{HERE}:task/ultra/*"),
        statement("iam:PassRole", [task_role, execution_role]),
    )

    resubmitting = role(
        aws, "resubmit", "lambda.amazonaws.com", statement("sqs:SendMessage", failed_arn), *running,
        statement(["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:{HERE}:log-group:/aws/lambda/resubmit:*"),
    )  # fmt: skip
    piping = role(
        aws, "pipe", "pipes.amazonaws.com", *running,
        statement(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], jobs_arn),
    )  # fmt: skip
    time.sleep(0.5)  # until the services know the roles

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(ROOT / "roles/jobs/files/resubmit.py", "resubmit.py")
    function = aws("lambda").create_function(
        FunctionName="resubmit", Runtime="python3.13", Handler="resubmit.handler", Role=resubmitting, Timeout=30,
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {
            "CONTAINER": "worker", "FAILED_JOBS_URL": failed, "RETRIES": "3", "TASK_DEFINITION": definition,
            "SUBNETS": subnet["SubnetId"], "SECURITY_GROUPS": group,
        }},
    )["FunctionArn"]  # fmt: skip
    aws("lambda").put_function_event_invoke_config(
        FunctionName="resubmit", DestinationConfig={"OnFailure": {"Destination": failed_arn}}
    )
    pattern = {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {
            "clusterArn": [cluster["clusterArn"]],
            "lastStatus": ["STOPPED"],
            "$or": [
                {"stopCode": [{"anything-but": ["EssentialContainerExited"]}]},
                {"containers": {"name": ["worker"], "exitCode": [{"anything-but": [0]}]}},
                {"containers": {"exitCode": [{"exists": False}]}},
            ],
        },
    }
    rule = aws("events").put_rule(Name="resubmit", EventPattern=json.dumps(pattern))["RuleArn"]
    aws("lambda").add_permission(
        FunctionName="resubmit", StatementId="rule", Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com", SourceArn=rule,
    )  # fmt: skip
    aws("events").put_targets(Rule="resubmit", Targets=[{"Id": "function", "Arn": function}])
    variables = {
        "SQS_BODY": "$.body", "SQS_MESSAGE_ID": "$.messageId", "JOB_ATTEMPT": "1", "POLLING_MODE": "false",
        "EVENTBRIDGE_PIPES_MODE": "true", "EXIT_AFTER_COMPLETION": "true",
    }  # fmt: skip
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    vpc = {"Subnets": [subnet["SubnetId"]], "SecurityGroups": [group], "AssignPublicIp": "ENABLED"}
    aws("pipes").create_pipe(
        Name="jobs", RoleArn=piping, Source=jobs_arn, Target=cluster["clusterArn"],
        SourceParameters={"SqsQueueParameters": {"BatchSize": 1}},
        TargetParameters={"EcsTaskParameters": {
            "TaskDefinitionArn": definition, "TaskCount": 1,
            "CapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}],
            "NetworkConfiguration": {"awsvpcConfiguration": vpc},
            "Overrides": {"ContainerOverrides": [{"Name": "worker", "Environment": environment}]},
        }},
        LogConfiguration={
            "Level": "ERROR",
            "CloudwatchLogsLogDestination": {"LogGroupArn": f"arn:aws:logs:{HERE}:log-group:pipe"},
        },
    )  # fmt: skip
    return Stack(jobs, dead_letters, failed, "worker", "pipe")


def body(number):
    return json.dumps({"job": number, **({"filling": "x" * 8192} if number in FAT else {})})


def lines(aws, group):
    pages = aws("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"] for page in pages for event in page["events"]]


def drain(sqs, queue):
    """Take all messages out of a queue."""
    taken = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        taken += [json.loads(message["Body"]) for message in messages]
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return taken


def test_no_job_is_lost(aws, stack, capsys):
    sqs, started = aws("sqs"), time.monotonic()
    # The worker says that it did its job, after a moment in which it can be interrupted.
    aws.own("POST", "images", images=[{"image": "*worker*", "run": ["sh", "-c", 'sleep 0.2; echo "done $SQS_BODY"']}])
    aws.own("POST", "faults", **FAULTS)

    def send(numbers):
        for first in range(0, len(numbers), 10):
            entries = [{"Id": str(one), "MessageBody": body(one)} for one in numbers[first : first + 10]]
            assert not sqs.send_message_batch(QueueUrl=stack.queue, Entries=entries).get("Failed")

    crashes = 0
    for share in range(3):
        send(range(share * JOBS // 3, (share + 1) * JOBS // 3))
        crashes += len(aws.own("POST", "pipes/restart")["restarted"])

    done, failed, dead, came = set(), {}, set(), 0
    while time.monotonic() - started < SECONDS:
        for told in drain(sqs, stack.failed_jobs):
            came += 1
            assert told["reason"], told
            failed[json.loads(told["body"])["job"]] = told["reason"]
        dead |= {told["job"] for told in drain(sqs, stack.dead_letters)}
        did = [json.loads(line.removeprefix("done "))["job"] for line in lines(aws, stack.worker_log)]
        done = set(did)
        state = aws.own("GET", "dataplane")
        busy = {status: count for status, count in state["tasks"].items() if status != "STOPPED"}
        if len(done | failed.keys() | dead) == JOBS and not busy and not state["functions"]:
            break
        time.sleep(0.5)

    met = aws.own("GET", "faults")["met"]
    refusals = lines(aws, stack.pipe_log)
    lost = set(range(JOBS)) - done - failed.keys() - dead
    with capsys.disabled():
        print(
            f"\n{JOBS} jobs, {sum(met.values())} tasks ({', '.join(f'{count} {what}' for what, count in sorted(met.items()))}), "
            f"{crashes} crashes of the pipe: {len(done)} done ({len(did) - len(done)} of them more than once), "
            f"{len(failed)} in failed-jobs, {len(dead)} in dead letters, {len(lost)} lost; "
            f"{time.monotonic() - started:.0f} s"
        )
    assert not lost, f"{state}, {met}"
    assert dead == set(FAT)
    assert sum("8192" in line for line in refusals) >= len(FAT), "the pipe's log doesn't say why"
    # The faults were really met, and what was interrupted or found no capacity was run again.
    assert crashes >= 2
    assert all(met[what] > 0 for what in ("crash", "spot", "start"))
    assert sum(met.values()) > JOBS
    assert not any("SpotInterruption" in reason and "attempt 1" in reason for reason in failed.values())
    assert {job for job in failed if job in FAT} == set()
