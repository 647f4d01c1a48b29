"""EventBridge Pipes as AWS answers it."""


def test_states(aws, refused, name):
    pipes = aws("pipes")
    for queue in ("src", "dst"):
        aws("sqs").create_queue(QueueName=f"{name}-{queue}")
    arguments = {
        "Name": name, "RoleArn": "arn:aws:iam::123456789012:role/r", "DesiredState": "STOPPED",
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
