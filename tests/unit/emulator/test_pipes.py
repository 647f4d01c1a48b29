"""EventBridge Pipes as AWS answers it."""

import json


def reader(iam, name):
    """Make a role that can read queues for pipes."""
    trust = {"Effect": "Allow", "Principal": {"Service": "pipes.amazonaws.com"}, "Action": "sts:AssumeRole"}
    read = {"Effect": "Allow", "Action": "sqs:*Message*", "Resource": "*"}
    look = {"Effect": "Allow", "Action": "sqs:GetQueueAttributes", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [read, look]})
    iam.put_role_policy(RoleName=name, PolicyName="reads", PolicyDocument=document)
    return arn


def test_states(aws, refused, name):
    pipes = aws("pipes")
    for queue in ("src", "dst"):
        aws("sqs").create_queue(QueueName=f"{name}-{queue}")
    arguments = {
        "Name": name, "RoleArn": reader(aws("iam"), name), "DesiredState": "STOPPED",
        "Source": f"arn:aws:sqs:us-east-1:123456789012:{name}-src", "Target": f"arn:aws:sqs:us-east-1:123456789012:{name}-dst",
    }  # fmt: skip
    assert pipes.create_pipe(**arguments)["CurrentState"] == "CREATING"
    refused("ConflictException", pipes.create_pipe, **arguments)

    def states():
        return [pipes.describe_pipe(Name=name)["CurrentState"] for _ in range(3)]

    assert states() == ["STOPPED"] * 3
    assert pipes.start_pipe(Name=name)["CurrentState"] == "STARTING"
    assert states() == ["RUNNING"] * 3
    assert pipes.stop_pipe(Name=name)["CurrentState"] == "STOPPING"
    assert states() == ["STOPPED"] * 3
    pipes.update_pipe(Name=name, RoleArn=arguments["RoleArn"], DesiredState="RUNNING", Description="d")
    assert states() == ["RUNNING"] * 3
    pipes.delete_pipe(Name=name)
    refused("NotFoundException", pipes.describe_pipe, Name=name)
