"""Functions really run."""

import base64
import io
import json
import zipfile

import pytest

CODE = """
import json, os, time, boto3

def handler(event, context):
    print("told", event, os.environ["WORD"])
    if event.get("sleep"):
        time.sleep(event["sleep"])
    if event.get("fail"):
        raise ValueError(event["fail"])
    if event.get("queue"):
        boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody=context.function_name)
    return {"word": os.environ["WORD"], "left": context.get_remaining_time_in_millis() > 0, "event": event}
"""


@pytest.fixture
def function(aws, role, name):
    def make(*allowed, code=CODE, handler="app.handler", **more):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("app.py", code)
        made = {"Timeout": 20, "Environment": {"Variables": {"WORD": "hello"}}} | more
        aws("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
        logs = (["logs:CreateLogStream", "logs:PutLogEvents"], f"arn:aws:logs:*:*:log-group:/aws/lambda/{name}:*")
        return aws("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Handler=handler, Code={"ZipFile": packed.getvalue()},
            Role=role(name, "lambda.amazonaws.com", logs, *allowed), **made,
        )["FunctionArn"]  # fmt: skip

    return make


@pytest.fixture
def call(aws, name):
    def invoke(event, **more):
        answer = aws("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **more)
        told = answer["Payload"].read()
        return answer, json.loads(told) if told else None

    return invoke


def test_handler(function, call, lines, name):
    function()
    answer, told = call({"a": 1}, LogType="Tail")
    assert told == {"word": "hello", "left": True, "event": {"a": 1}}
    assert "FunctionError" not in answer
    assert "told {'a': 1} hello" in base64.b64decode(answer["LogResult"]).decode()
    assert "told {'a': 1} hello" in lines(f"/aws/lambda/{name}")


def test_boto3_acts_with_the_function_s_role(aws, function, call, queue, received, name):
    url, arn = queue(name)
    function()
    answer, told = call({"queue": url})
    assert (answer["FunctionError"], told["errorType"]) == ("Unhandled", "ClientError")
    assert "not authorized to perform: sqs:SendMessage" in told["errorMessage"]
    document = json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}], "Version": "2012-10-17"}
    )
    aws("iam").put_role_policy(RoleName=name, PolicyName="queue", PolicyDocument=document)
    assert "FunctionError" not in call({"queue": url})[0]
    assert [one["Body"] for one in received(url)] == [name]


ERRORS = [
    ({"fail": "no"}, {}, "ValueError", "no"),
    ({"sleep": 5}, {"Timeout": 1}, "Sandbox.Timedout", "timed out after 1.00 seconds"),
    ({}, {"handler": "app.none"}, "Runtime.HandlerNotFound", "none"),
    ({}, {"handler": "none.handler"}, "Runtime.ImportModuleError", "none"),
    ({}, {"code": "import os; handler = lambda *_: os._exit(3)"}, "Runtime.ExitError", "3"),
]


@pytest.mark.parametrize(("event", "made", "kind", "message"), ERRORS)
def test_errors(function, call, event, made, kind, message):
    function(**made)
    answer, told = call(event)
    assert answer["FunctionError"] == "Unhandled"
    assert told["errorType"] == kind
    assert message in told["errorMessage"]


def test_new_code_counts(aws, function, call, name):
    function(code="def handler(*_): return 1")
    assert call({})[1] == 1
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(*_): return 2")
    aws("lambda").update_function_code(FunctionName=name, ZipFile=packed.getvalue())
    assert call({})[1] == 2


def test_reserved_concurrency(aws, function, call, name, refused):
    function()
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    refused("TooManyRequestsException", call, {})
    aws("lambda").delete_function_concurrency(FunctionName=name)
    assert "FunctionError" not in call({})[0]


def test_asynchronous_failures_reach_their_destination(aws, own, function, call, lines, queue, received, until, name):
    url, arn = queue(name)
    function(("sqs:SendMessage", arn))
    aws("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    assert call({"fail": "always"}, InvocationType="Event")[0]["StatusCode"] == 202

    def starts():
        return sum(line.startswith("START") for line in lines(f"/aws/lambda/{name}"))

    until(lambda: starts() == 1)
    assert received(url) == []
    until(lambda: own("POST", "clock?seconds=60") and starts() == 2)
    (told,) = until(lambda: received(url))
    told = json.loads(told["Body"])
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["requestPayload"] == {"fail": "always"}
    assert told["responsePayload"]["errorMessage"] == "always"
