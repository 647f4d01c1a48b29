"""Functions really run."""

import base64
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from emulator.dataplane import functions

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


@pytest.mark.parametrize("missing", ["logs:CreateLogStream", "logs:PutLogEvents"])
def test_lines_that_the_role_may_not_write_are_lost(aws, function, call, lines, name, missing):
    function()
    left = {"logs:CreateLogStream", "logs:PutLogEvents"} - {missing}
    statement = {"Effect": "Allow", "Action": sorted(left), "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=document)
    answer, _told = call({"a": 1}, LogType="Tail")
    assert "FunctionError" not in answer and "told" in base64.b64decode(answer["LogResult"]).decode()
    assert lines(f"/aws/lambda/{name}") == []


def test_a_secret_needs_its_key_too(aws, function, call, name):
    key = aws("kms").create_key()["KeyMetadata"]["Arn"]
    secret = aws("secretsmanager").create_secret(Name=name, SecretString="{}", KmsKeyId=key)["ARN"]
    code = (
        "import boto3\ndef handler(event, context):\n"
        "    return boto3.client('secretsmanager').get_secret_value(SecretId=event['secret'])['SecretString']\n"
    )
    function(("secretsmanager:GetSecretValue", secret), code=code)
    _answer, told = call({"secret": secret})
    assert "not authorized to perform: kms:Decrypt" in told["errorMessage"]
    statement = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    statement["Condition"] = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws("iam").put_role_policy(RoleName=name, PolicyName="key", PolicyDocument=document)
    assert call({"secret": secret})[1] == "{}"


@pytest.mark.parametrize("named", [{"FunctionName": "{}:live"}, {"FunctionName": "{}", "Qualifier": "live"}], ids=["name", "qualifier"])
def test_a_rule_calls_an_alias_that_lets_it(aws, own, function, lines, until, name, named):
    arn = function()
    aws("lambda").publish_version(FunctionName=name)
    aws("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    rule = aws("events").put_rule(Name=name, ScheduleExpression="rate(5 minutes)")["RuleArn"]
    aws("lambda").add_permission(
        StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com", SourceArn=rule,
        **{key: value.format(name) for key, value in named.items()},
    )  # fmt: skip
    aws("events").put_targets(Rule=name, Targets=[{"Id": "f", "Arn": f"{arn}:live"}])
    own("POST", "clock", seconds=300)
    until(lambda: [line for line in lines(f"/aws/lambda/{name}") if line.startswith("told")])


ERRORS = [
    ({"fail": "no"}, {}, "ValueError", "no"),
    ({"sleep": 5}, {"Timeout": 1}, "Sandbox.Timedout", "timed out after 1.00 seconds"),
    ({}, {"handler": "app.none"}, "Runtime.HandlerNotFound", "none"),
    ({}, {"handler": "none.handler"}, "Runtime.ImportModuleError", "none"),
    ({}, {"code": "import os; handler = lambda *_: os._exit(3)"}, "Runtime.ExitError", "Error: Runtime exited with error: exit status 3"),
    ({}, {"code": "import os; handler = lambda *_: os._exit(0)"}, "Runtime.ExitError", "Error: Runtime exited without providing a reason"),
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
    ids = {line.split()[2] for line in lines(f"/aws/lambda/{name}") if line.startswith("START")}
    assert ids == {told["requestContext"]["requestId"]}, "one id for all attempts"


def test_a_retry_that_comes_too_late_is_not_made(aws, function, call, queue, received, until, name):
    url, arn = queue(name)
    function(("sqs:SendMessage", arn))
    aws("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumEventAgeInSeconds=60, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    call({"fail": "once"}, InvocationType="Event")
    (told,) = until(lambda: received(url))
    told = json.loads(told["Body"])
    assert told["requestContext"]["condition"] == "EventAgeExceeded"
    assert told["requestContext"]["approximateInvokeCount"] == 1
    assert told["responsePayload"]["errorMessage"] == "once"


def test_without_any_concurrency_an_event_goes_to_its_destination(aws, function, call, queue, received, until, name):
    url, arn = queue(name)
    function(("sqs:SendMessage", arn))
    aws("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    aws("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    assert call({}, InvocationType="Event")[0]["StatusCode"] == 202
    (told,) = until(lambda: received(url))
    told = json.loads(told["Body"])
    assert told["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert told["requestContext"]["approximateInvokeCount"] == 0
    assert not {"responseContext", "responsePayload"} & told.keys()


def test_a_dead_letter_says_what_went_wrong(aws, function, call, queue, received, until, name):
    url, arn = queue(name)
    function(("sqs:SendMessage", arn), DeadLetterConfig={"TargetArn": arn})
    aws("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    call({"fail": "no"}, InvocationType="Event")
    (letter,) = until(lambda: received(url))
    assert json.loads(letter["Body"]) == {"fail": "no"}
    told = {key: (one["DataType"], one["StringValue"]) for key, one in letter["MessageAttributes"].items()}
    assert told.pop("RequestID")[0] == "String"
    assert told == {"ErrorCode": ("Number", "200"), "ErrorMessage": ("String", "no")}


def test_an_alias_shares_its_calls_by_weight_and_cloudwatch_counts_the_versions(aws, function, call, name):
    function(code="def handler(*_): return 1")
    client = aws("lambda")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", "def handler(*_): raise SystemExit(1)")
    client.update_function_code(FunctionName=name, ZipFile=packed.getvalue())
    assert client.publish_version(FunctionName=name)["Version"] == "2"

    def share(weight):
        weights = {"2": weight} if weight is not None else {}
        client.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": weights})
        return call({}, Qualifier="live")

    def counted(metric, **more):
        dimensions = {"FunctionName": name, **more}
        now = datetime.now(UTC)
        told = aws("cloudwatch").get_metric_data(
            StartTime=now - timedelta(minutes=5), EndTime=now + timedelta(minutes=1),
            MetricDataQueries=[{"Id": "m", "MetricStat": {"Period": 60, "Stat": "Sum", "Metric": {
                "Namespace": "AWS/Lambda", "MetricName": metric,
                "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            }}}],
        )  # fmt: skip
        return sum(told["MetricDataResults"][0]["Values"])

    assert share(None)[1] == 1
    assert share(0.0)[1] == 1
    answer, told = share(1.0)
    assert answer["ExecutedVersion"] == "2"
    assert (answer["FunctionError"], told["errorType"]) == ("Unhandled", "Runtime.ExitError")
    assert call({}, Qualifier="1")[0]["ExecutedVersion"] == "1"
    live = f"{name}:live"
    assert counted("Invocations") == 4
    assert counted("Errors") == 1
    assert counted("Invocations", Resource=live) == 3
    assert counted("Errors", Resource=live, ExecutedVersion="2") == 1
    assert counted("Invocations", Resource=live, ExecutedVersion="1") == 1
    streams = [one["logStreamName"] for one in aws("logs").describe_log_streams(logGroupName=f"/aws/lambda/{name}")["logStreams"]]
    assert any("[1]" in one for one in streams) and any("[2]" in one for one in streams)


ENDS = [("exit 3", "Runtime exited with error: exit status 3"), ("exec sleep 5", "Task timed out after 0.20 seconds")]


@pytest.mark.parametrize(("command", "said"), ENDS)
def test_an_image_that_fails_names_the_request(monkeypatch, command, said):
    monkeypatch.setattr(functions.images, "entry", lambda _uri: {"run": ["sh", "-c", command]})
    monkeypatch.setattr(functions.images, "environment", lambda *_: {})
    monkeypatch.setattr(functions.inside, "credentials", lambda *_: {})
    monkeypatch.setattr(functions, "subnets", lambda _: [])
    made = SimpleNamespace(
        code={"ImageUri": "i"}, role="r", function_name="f", region="r", environment_vars={}, timeout=0.2
    )
    told, _ = functions._run_image(made, {}, "one")
    assert told["error"]["errorMessage"] == f"RequestId: one Error: {said}"
