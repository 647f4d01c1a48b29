"""EventBridge, its Scheduler and its Pipes refuse what AWS's refuse."""

import datetime
import itertools
import json

import pytest
from rulecases import Case

NUMBER = itertools.count()
ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
CLUSTER = f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/c"
TASK = f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/t:1"
INVALID = "ValidationException"
EVENT = {"id": "1", "account": ACCOUNT, "source": "s", "time": "2026-01-01T00:00:00Z", "region": "us-east-1", "detail-type": "d"}
NETWORK = {"awsvpcConfiguration": {"Subnets": ["subnet-1"]}}


class World:
    """Rules, schedules and pipes, with a role that they may take."""

    def __init__(self, aws):
        self.events, self.scheduler, self.pipes, self.sqs, self.iam = map(aws, ("events", "scheduler", "pipes", "sqs", "iam"))
        services = [f"{name}.amazonaws.com" for name in ("events", "scheduler", "pipes")]
        self.role = self.make_role("strict-events", services, "sqs:*")
        self.events.put_rule(Name="strict", ScheduleExpression="rate(1 minute)", State="DISABLED")
        for name in ("strict-source", "strict-target"):
            self.sqs.create_queue(QueueName=name)
        self.source, self.target = (f"arn:aws:sqs:us-east-1:{ACCOUNT}:strict-{name}" for name in ("source", "target"))

    def make_role(self, name, services, action):
        def document(**statement):
            return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | statement]})

        trust = document(Principal={"Service": services}, Action="sts:AssumeRole")
        role = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        self.iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(Action=action, Resource="*"))
        return role

    def rule(self, expression):
        return self.events.put_rule(Name=f"r{next(NUMBER)}", ScheduleExpression=expression, State="DISABLED")

    def pattern(self, pattern):
        return self.events.put_rule(Name=f"r{next(NUMBER)}", EventPattern=json.dumps(pattern), State="DISABLED")

    def test(self, event, pattern=None):
        pattern = json.dumps(pattern or {"id": ["1"]})
        return self.events.test_event_pattern(Event=json.dumps(event), EventPattern=pattern)["Result"]

    def put(self, arn=QUEUE, **target):
        return self.events.put_targets(Rule="strict", Targets=[{"Id": "t", "Arn": arn} | target])

    def task(self, **parameters):
        return self.put(CLUSTER, RoleArn=self.role, EcsParameters={"TaskDefinitionArn": TASK} | parameters)

    def transform(self, template, **paths):
        return self.put(InputTransformer={"InputTemplate": template, "InputPathsMap": paths})

    def schedule(self, expression="rate(1 minutes)", arn=QUEUE, window=None, target=None, **more):
        return self.scheduler.create_schedule(
            Name=f"s{next(NUMBER)}", ScheduleExpression=expression, FlexibleTimeWindow=window or {"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": self.role} | (target or {}), **more,
        )  # fmt: skip

    def pipe(self, source=None, target=None, name=None, **more):
        name = name or f"p{next(NUMBER)}"
        given = {"RoleArn": self.role, "Source": source or self.source, "Target": target or self.target} | more
        self.pipes.create_pipe(Name=name, DesiredState="STOPPED", **given)
        return self.pipes.describe_pipe(Name=name)

    def filtered(self, pattern):
        return self.pipe(SourceParameters={"FilterCriteria": {"Filters": [{"Pattern": pattern}]}})

    def batch(self, size, **more):
        given = {"BatchSize": size, "MaximumBatchingWindowInSeconds": 1}
        return self.pipe(SourceParameters={"SqsQueueParameters": given}, **more)


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


def time(day):
    return datetime.datetime(2031, 1, day)


CASES = [
    *(
        Case("schedule_of_a_rule", INVALID, "Parameter ScheduleExpression is not valid", lambda w, bad=bad: w.rule(bad), lambda w, good=good: w.rule(good))
        for bad, good in (
            ("rate(1 minutes)", "rate(1 minute)"), ("rate(10 minute)", "rate(10 minutes)"), ("rate(0 minutes)", "rate(2 days)"),
            ("cron(0 20 * * ? 2500 1)", "cron(0 20 * * ? 2500)"), ("cron(0 1 * * * *)", "cron(0/5 1 ? * MON-FRI *)"),
            ("cron(71 8 1 * ? *)", "cron(59 8 1 * ? *)"), ("cron(0 dummy ? * MON *)", "cron(0 8 L JAN,MAR ? *)"),
            ("cron(0 8 ? * 6#6 *)", "cron(0 8 ? * 6#3 *)"), ("cron(5#2 8 ? * 6 *)", "cron(0-15/5 8 15W * ? *)"),
        )
    ),
    Case("pattern_is_one", "InvalidEventPatternException", "Reason: Unrecognized match type PREFIX", lambda w: w.pattern({"a": [{"PREFIX": "b"}]}), lambda w: w.pattern({"a": [{"prefix": "b"}]})),
    Case("event_is_whole", INVALID, "Parameter Event is not valid", lambda w: w.test({"id": "1"}), lambda w: w.test(EVENT)),
    Case("one_input_per_target", INVALID, "Only one of", lambda w: w.put(Input="{}", InputPath="$.a"), lambda w: w.put(Input="{}")),
    Case("input_is_json", INVALID, "JSON syntax error", lambda w: w.put(Input="word"), lambda w: w.put(Input='"word"')),
    Case("input_path_is_a_path", INVALID, "InputPath for target t is invalid", lambda w: w.put(InputPath="detail.a"), lambda w: w.put(InputPath="$.detail.a[0]")),
    Case("input_path_is_a_path", INVALID, "InputPath", lambda w: w.transform('"<a>"', a="$.detail['a']"), lambda w: w.transform('"<a>"', a="$.detail.a")),
    Case("template_uses_its_paths", INVALID, "invalid placeholder b", lambda w: w.transform('"<a> <b>"', a="$.a"), lambda w: w.transform('"<a> <aws.events.rule-arn>"', a="$.a")),
    Case("target_has_a_role", INVALID, "RoleArn is required", lambda w: w.put(f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"), lambda w: w.put(FUNCTION)),
    Case("target_has_its_parameters", INVALID, "EcsParameters must be specified", lambda w: w.put(CLUSTER, RoleArn=w.role), lambda w: w.task()),
    Case("target_has_its_parameters", INVALID, "not supported for target", lambda w: w.put(EcsParameters={"TaskDefinitionArn": TASK}), lambda w: w.put()),
    Case("ecs_target_can_run", INVALID, "NetworkConfiguration must be specified", lambda w: w.task(LaunchType="FARGATE"), lambda w: w.task(LaunchType="FARGATE", NetworkConfiguration=NETWORK)),
    Case("ecs_target_can_run", INVALID, "TaskCount", lambda w: w.task(TaskCount=11), lambda w: w.task(TaskCount=10)),
    Case("dead_letters_go_to_a_queue", INVALID, "lambda is not supported", lambda w: w.put(DeadLetterConfig={"Arn": FUNCTION}), lambda w: w.put(DeadLetterConfig={"Arn": QUEUE})),
    Case("dead_letters_go_to_a_queue", INVALID, "FIFO", lambda w: w.put(DeadLetterConfig={"Arn": f"{QUEUE}.fifo"}), lambda w: w.put()),
    *(
        Case("schedule_is_valid", INVALID, "Invalid Schedule Expression", lambda w, bad=bad: w.schedule(bad), lambda w, good=good: w.schedule(good))
        for bad, good in (
            ("rate(10 years)", "rate(10 minutes)"), ("rate( 10 minutes )", "rate(1 minutes)"), ("at(2021-12-31)", "at(2031-12-31T23:59:59)"),
            ("at(2031-12-31T23:59:59Z)", "AT(2031-12-31T23:59)"), ("cron(7 20 * * NOT *)", "cron(*/15 * * * ? *)"), ("cron()", "cron(0 18 ? * MON-FRI)"),
        )
    ),
    Case("time_zone_is_known", INVALID, "Europe/Nowhere", lambda w: w.schedule(ScheduleExpressionTimezone="Europe/Nowhere"), lambda w: w.schedule(ScheduleExpressionTimezone="Europe/Zurich")),
    Case("window_goes_with_its_mode", INVALID, "must be provided", lambda w: w.schedule(window={"Mode": "FLEXIBLE"}), lambda w: w.schedule(window={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5})),
    Case("window_goes_with_its_mode", INVALID, "must not be provided", lambda w: w.schedule(window={"Mode": "OFF", "MaximumWindowInMinutes": 5}), lambda w: w.schedule()),
    Case("start_comes_before_end", INVALID, "must come before", lambda w: w.schedule(StartDate=time(2), EndDate=time(1)), lambda w: w.schedule(StartDate=time(1), EndDate=time(2))),
    Case("schedule_target_has_its_parameters", INVALID, "SqsParameters must be specified", lambda w: w.schedule(arn=f"{QUEUE}.fifo"), lambda w: w.schedule(arn=f"{QUEUE}.fifo", target={"SqsParameters": {"MessageGroupId": "g"}})),
    Case("schedule_target_has_its_parameters", INVALID, "EcsParameters not supported", lambda w: w.schedule(target={"EcsParameters": {"TaskDefinitionArn": TASK}}), lambda w: w.schedule(arn=CLUSTER, target={"EcsParameters": {"TaskDefinitionArn": TASK}})),
    Case("schedule_input_is_json", INVALID, "JSON syntax error", lambda w: w.schedule(target={"Input": "word"}), lambda w: w.schedule(target={"Input": "{}"})),
    Case("schedule_target_is_here", INVALID, "does not match the current region", lambda w: w.schedule(arn=QUEUE.replace("us-east-1", "us-west-2")), lambda w: w.schedule(arn="arn:aws:scheduler:::aws-sdk:sqs:sendMessage", target={"Input": "{}"})),
    Case("pipe_stays_in_its_region", INVALID, "cross-region", lambda w: w.pipe(target=w.target.replace("us-east-1", "us-west-2")), lambda w: w.pipe()),
    Case("source_has_its_parameters", INVALID, "Invalid source parameter", lambda w: w.pipe(SourceParameters={"KinesisStreamParameters": {"StartingPosition": "LATEST"}}), lambda w: w.batch(1)),
    Case("pipe_target_has_its_parameters", INVALID, "Invalid target parameter", lambda w: w.pipe(TargetParameters={"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}), lambda w: w.pipe(TargetParameters={"SqsQueueParameters": {"MessageGroupId": "g"}})),
    Case("batch_fits_the_target", INVALID, "batch size 11 is greater", lambda w: w.batch(11), lambda w: w.batch(10)),
    Case("batch_fits_the_target", INVALID, "batch size 2 is greater", lambda w: w.batch(2, target=CLUSTER, TargetParameters={"EcsTaskParameters": {"TaskDefinitionArn": TASK}}), lambda w: w.batch(1, target=CLUSTER, TargetParameters={"EcsTaskParameters": {"TaskDefinitionArn": TASK}})),
    Case("target_is_no_fifo_topic", INVALID, "SNS FIFO", lambda w: w.pipe(target=f"arn:aws:sns:us-east-1:{ACCOUNT}:t.fifo"), lambda w: w.pipe(target=f"arn:aws:sns:us-east-1:{ACCOUNT}:t")),
    Case("filter_is_a_pattern", INVALID, "must be an object or an array", lambda w: w.filtered('{"body": {"a": "b"}}'), lambda w: w.filtered('{"body": {"a": ["b"]}}')),
    Case("template_uses_known_variables", INVALID, "aws.pipes.bogus", lambda w: w.pipe(TargetParameters={"InputTemplate": '{"a": <aws.pipes.bogus>}'}), lambda w: w.pipe(TargetParameters={"InputTemplate": '{"a": <aws.pipes.pipe-arn>, "b": <$.body>}'})),
    Case("logging_has_a_place", INVALID, "at least 1 log destination", lambda w: w.pipe(LogConfiguration={"Level": "ERROR"}), lambda w: w.pipe(LogConfiguration={"Level": "ERROR", "CloudwatchLogsLogDestination": {"LogGroupArn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:g"}})),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_five_targets_per_rule(world, refused):
    world.events.put_rule(Name="five", ScheduleExpression="rate(1 minute)", State="DISABLED")

    def put(*numbers):
        return world.events.put_targets(Rule="five", Targets=[{"Id": f"t{number}", "Arn": QUEUE} for number in numbers])

    put(1, 2, 3)
    refused("LimitExceededException", put, 4, 5, 6)
    put(3, 4, 5)


def test_a_pipe_fails_whose_role_may_not_read(world):
    poor = world.make_role("strict-poor", ["pipes.amazonaws.com"], "sqs:SendMessage")
    stranger = world.make_role("strict-stranger", ["lambda.amazonaws.com"], "sqs:*")
    for role, reason in ((poor, "permissions to call ReceiveMessage on SQS"), (stranger, "unable to assume")):
        seen = world.pipe(RoleArn=role)
        assert seen["CurrentState"] == "CREATE_FAILED"
        assert reason in seen["StateReason"]
    assert world.pipe()["CurrentState"] == "STOPPED"


def test_a_pattern_is_tested_by_the_matcher_of_the_bus(world):
    assert world.test(EVENT, {"source": [{"prefix": "s"}]})
    assert not world.test(EVENT, {"source": [{"anything-but": "s"}]})
