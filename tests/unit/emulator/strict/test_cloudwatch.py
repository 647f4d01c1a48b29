"""CloudWatch and Application Auto Scaling refuse what AWS's refuse, and metrics that nobody publishes."""

import itertools
import json

import pytest
from rulecases import Case

NUMBER = itertools.count()
ACCOUNT = "123456789012"
INVALID, BODY, VALIDATION = "ValidationError", "InvalidParameterInput", "ValidationException"
DIMENSION = "ecs:service:DesiredCount"
QUEUE = [{"Name": "QueueName", "Value": "q"}]
SERVICE = [{"Name": "ClusterName", "Value": "c"}, {"Name": "ServiceName", "Value": "s"}]
VISIBLE = {"Namespace": "AWS/SQS", "MetricName": "ApproximateNumberOfMessagesVisible", "Dimensions": QUEUE}
CPU = {"PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}}


def stat(name="m", metric=None, statistic="Sum", period=60, **more):
    return {"Id": name, "MetricStat": {"Metric": metric or VISIBLE, "Stat": statistic, "Period": period}} | more


def step(lower=None, upper=None, change=1):
    given = {"MetricIntervalLowerBound": lower, "MetricIntervalUpperBound": upper, "ScalingAdjustment": change}
    return {key: value for key, value in given.items() if value is not None}


class World:
    """Alarms, dashboards, and a service that can be scaled."""

    def __init__(self, aws):
        self.cloudwatch, self.scaling, ecs = map(aws, ("cloudwatch", "application-autoscaling", "ecs"))
        ecs.create_cluster(clusterName="strict-scaling")
        ecs.register_task_definition(
            family="strict-scaling", containerDefinitions=[{"name": "a", "image": "i", "memory": 9}]
        )
        ecs.create_service(cluster="strict-scaling", serviceName="s", taskDefinition="strict-scaling", desiredCount=1)
        self.target = {
            "ServiceNamespace": "ecs",
            "ResourceId": "service/strict-scaling/s",
            "ScalableDimension": DIMENSION,
        }
        self.scaling.register_scalable_target(**self.target, MinCapacity=0, MaxCapacity=2)

    def statistics(self, begin, end):
        self.cloudwatch.get_metric_statistics(
            Namespace="n", MetricName="m", StartTime=begin, EndTime=end, Period=60, Statistics=["Sum"],
        )  # fmt: skip

    def put(self, **changes):
        given = {
            "AlarmName": f"strict-{next(NUMBER)}", "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        } | changes  # fmt: skip
        self.cloudwatch.put_metric_alarm(**{key: value for key, value in given.items() if value is not None})
        return given["AlarmName"]

    def alarm(self, **changes):
        return self.put(**(VISIBLE | {"Period": 60, "Statistic": "Sum"} | changes))

    def queries(self, *queries, **changes):
        return self.put(Metrics=list(queries), **changes)

    def watch(self, namespace, metric, *dimensions):
        return self.alarm(Namespace=namespace, MetricName=metric, Dimensions=list(dimensions))

    def composite(self, rule):
        self.cloudwatch.put_composite_alarm(AlarmName=f"strict-both-{next(NUMBER)}", AlarmRule=rule)

    def dashboard(self, body, name="strict"):
        self.cloudwatch.put_dashboard(
            DashboardName=name, DashboardBody=body if isinstance(body, str) else json.dumps(body)
        )

    def widget(self, kind="metric", properties=None, **more):
        self.dashboard(
            {
                "widgets": [
                    {
                        "type": kind,
                        "properties": {"region": "us-east-1", "metrics": []} if properties is None else properties,
                    }
                    | more
                ]
            }
        )

    def graph(self, *lines, **more):
        self.widget(properties={"region": "us-east-1", "metrics": list(lines)} | more)

    def policy(self, kind, name=None, **configuration):
        self.scaling.put_scaling_policy(
            PolicyName=name or f"p{next(NUMBER)}", PolicyType=kind, **self.target, **configuration
        )

    def track(self, *, name="tracking", **configuration):
        self.policy(
            "TargetTrackingScaling", name, TargetTrackingScalingPolicyConfiguration={"TargetValue": 5} | configuration
        )

    def predefined(self, kind, label=None):
        given = {"PredefinedMetricType": kind} | ({"ResourceLabel": label} if label else {})
        self.track(PredefinedMetricSpecification=given)

    def own(self, **metric):
        self.track(CustomizedMetricSpecification=metric)

    def steps(self, *steps, kind="ChangeInCapacity", **more):
        given = {"AdjustmentType": kind, "StepAdjustments": list(steps)} | more
        given = {key: value for key, value in given.items() if value is not None}
        self.policy("StepScaling", StepScalingPolicyConfiguration=given)

    def plan(self, schedule="rate(5 minutes)", **capacities):
        self.scaling.put_scheduled_action(
            ScheduledActionName="a", Schedule=schedule, ScalableTargetAction=capacities, **self.target
        )


@pytest.fixture(scope="module")
def world(aws):
    return World(aws)


SINGLE = {"MetricName": "Own", "Namespace": "Mine", "Statistic": "Sum"}
CASES = [
    Case("statistics_are_of_a_time", "InvalidParameterValue", "must be less than", lambda w: w.statistics(2, 1), lambda w: w.statistics(1, 2)),
    Case("statistics_are_of_a_time", "InvalidParameterCombination", "up to 1441 datapoints", lambda w: w.statistics(0, 1441 * 60), lambda w: w.statistics(0, 1440 * 60)),
    Case("alarm_watches_one_thing", INVALID, "mutually exclusive", lambda w: w.alarm(Metrics=[stat()]), lambda w: w.queries(stat())),
    Case("alarm_watches_one_thing", INVALID, "should be specified", lambda w: w.alarm(MetricName=None, Namespace=None, Dimensions=None), lambda w: w.alarm()),
    Case("alarm_has_a_period", INVALID, "'period'", lambda w: w.alarm(Period=None), lambda w: w.alarm()),
    Case("period_is_a_multiple", INVALID, "multiple of 60", lambda w: w.alarm(Period=90), lambda w: w.alarm(Period=20)),
    Case("period_is_a_multiple", INVALID, "multiple of 60", lambda w: w.queries(stat(period=61)), lambda w: w.queries(stat(period=120))),
    Case("evaluation_fits_its_window", INVALID, "must be <= 86400", lambda w: w.alarm(Period=300, EvaluationPeriods=289), lambda w: w.alarm(Period=300, EvaluationPeriods=288)),
    Case("evaluation_fits_its_window", INVALID, "must be <= 604800", lambda w: w.alarm(Period=3600, EvaluationPeriods=169), lambda w: w.alarm(Period=3600, EvaluationPeriods=168)),
    Case("datapoints_are_among_the_periods", INVALID, "less than or equal to EvaluationPeriods", lambda w: w.alarm(DatapointsToAlarm=2), lambda w: w.alarm(DatapointsToAlarm=2, EvaluationPeriods=2)),
    Case("alarm_has_one_statistic", INVALID, "Exactly one", lambda w: w.alarm(ExtendedStatistic="p90"), lambda w: w.alarm(Statistic=None, ExtendedStatistic="p90")),
    Case("alarm_statistic_is_one", "InvalidParameterValue", "p101", lambda w: w.alarm(Statistic=None, ExtendedStatistic="p101"), lambda w: w.alarm(Statistic=None, ExtendedStatistic="p99.9")),
    Case("alarm_statistic_is_one", "InvalidParameterValue", "Mean", lambda w: w.queries(stat(statistic="Mean")), lambda w: w.queries(stat(statistic="TM(10%:90%)"))),
    Case("low_samples_are_of_percentiles", INVALID, "statistic Sum", lambda w: w.alarm(EvaluateLowSampleCountPercentile="ignore"), lambda w: w.alarm(EvaluateLowSampleCountPercentile="ignore", Statistic=None, ExtendedStatistic="p90")),
    Case("missing_data_is_treated", INVALID, "notbreaching is not supported", lambda w: w.alarm(TreatMissingData="notbreaching"), lambda w: w.alarm(TreatMissingData="notBreaching")),
    Case("threshold_goes_with_its_operator", INVALID, "valid Threshold", lambda w: w.alarm(Threshold=None), lambda w: w.alarm(Threshold=0)),
    Case("threshold_goes_with_its_operator", INVALID, "ThresholdMetricId", lambda w: w.queries(stat(), ComparisonOperator="GreaterThanUpperThreshold", Threshold=None), lambda w: w.queries(stat(), {"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)"}, ComparisonOperator="GreaterThanUpperThreshold", Threshold=None, ThresholdMetricId="b")),
    Case("one_query_is_watched", INVALID, "Exactly one element", lambda w: w.queries(stat("a"), stat("b")), lambda w: w.queries(stat("a"), stat("b", ReturnData=False))),
    Case("query_is_one_thing", INVALID, "mutually exclusive", lambda w: w.queries(stat(Expression="a")), lambda w: w.queries(stat("a", ReturnData=False), {"Id": "b", "Expression": "a"})),
    Case("query_is_one_thing", INVALID, "not unique", lambda w: w.queries(stat("a"), stat("a", ReturnData=False)), lambda w: w.queries(stat("a"))),
    Case("alarm_searches_nothing", INVALID, "SEARCH is not supported", lambda w: w.queries({"Id": "a", "Expression": "SUM(SEARCH('x', 'Sum'))"}), lambda w: w.queries(stat("research", ReturnData=False), {"Id": "b", "Expression": "SUM(research)"})),
    Case("alarm_action_can_be_taken", INVALID, "Unsupported AWS vendor sqs", lambda w: w.alarm(AlarmActions=[f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"]), lambda w: w.alarm(AlarmActions=[f"arn:aws:sns:us-east-1:{ACCOUNT}:t"])),
    Case("alarm_action_can_be_taken", INVALID, "Only us-east-1", lambda w: w.alarm(OKActions=[f"arn:aws:sns:us-west-2:{ACCOUNT}:t"]), lambda w: w.alarm(OKActions=["arn:aws:automate:us-east-1:ec2:stop"])),
    Case("alarm_action_can_be_taken", INVALID, "Invalid arn syntax", lambda w: w.alarm(OKActions=["topic"]), lambda w: w.alarm()),
    Case("alarm_watches_published_metrics", INVALID, "did you mean ApproximateNumberOfMessagesVisible", lambda w: w.watch("AWS/SQS", "ApproximateNumberOfVisibleMessages", *QUEUE), lambda w: w.alarm()),
    Case("alarm_watches_published_metrics", INVALID, "with ClusterName", lambda w: w.watch("AWS/ECS", "CPUUtilization", SERVICE[1]), lambda w: w.watch("AWS/ECS", "CPUUtilization", *SERVICE)),
    Case("alarm_watches_published_metrics", INVALID, "did you mean AWS/Lambda", lambda w: w.watch("AWS/Lambdas", "Errors"), lambda w: w.watch("Mine", "Errors")),
    Case("alarm_watches_published_metrics", INVALID, "AWS/RDS has no metric", lambda w: w.queries(stat(metric={"Namespace": "AWS/RDS", "MetricName": "FreeStorage"})), lambda w: w.queries(stat(metric={"Namespace": "AWS/DynamoDB", "MetricName": "Anything"}))),
    Case("composite_watches_alarms", INVALID, "do not exist", lambda w: w.composite("ALARM(none)"), lambda w: w.composite(f'ALARM("{w.alarm()}") AND NOT OK({w.alarm()})')),
    Case("composite_watches_alarms", INVALID, "Unsupported token ALRM(x)", lambda w: w.composite("ALRM(x)"), lambda w: w.composite("TRUE")),
    Case("dashboard_has_a_name", "InvalidParameterValue", "alphanumerics, dash", lambda w: w.dashboard({"widgets": []}, "a b"), lambda w: w.dashboard({"widgets": []}, "a-b_1")),
    Case("dashboard_is_json", BODY, "must be a valid JSON object", lambda w: w.dashboard("{"), lambda w: w.dashboard({"widgets": []})),
    Case("dashboard_is_json", BODY, "property 'widgets'", lambda w: w.dashboard({}), lambda w: w.widget()),
    Case("dashboard_is_json", BODY, "property 'properties'", lambda w: w.dashboard({"widgets": [{"type": "text"}]}), lambda w: w.widget()),
    Case("widget_is_on_the_grid", BODY, "Should be <= 24", lambda w: w.widget(width=25), lambda w: w.widget(width=24, x=23, height=1000)),
    Case("widget_has_what_it_shows", BODY, "a region and a data source", lambda w: w.widget(properties={"metrics": []}), lambda w: w.widget()),
    Case("widget_has_what_it_shows", BODY, "'markdown'", lambda w: w.widget("text", {}), lambda w: w.widget("text", {"markdown": "# a"})),
    Case("widget_has_what_it_shows", BODY, "'alarms'", lambda w: w.widget("alarm", {}), lambda w: w.widget("alarm", {"alarms": []})),
    Case("graph_can_be_drawn", BODY, "multiple of 60", lambda w: w.graph(period=90), lambda w: w.graph(period=300)),
    Case("graph_can_be_drawn", BODY, "Should match pattern", lambda w: w.graph(stat="Mean"), lambda w: w.graph(stat="p99")),
    Case("graph_can_be_drawn", BODY, "Should be <= 1", lambda w: w.graph(yAxis={"left": {"min": 2, "max": 1}}), lambda w: w.graph(yAxis={"left": {"min": 0, "max": 1}})),
    Case("graph_shows_published_metrics", BODY, "no metric Visible", lambda w: w.graph(["AWS/SQS", "Visible", "QueueName", "q"]), lambda w: w.graph(["AWS/SQS", "NumberOfMessagesSent", "QueueName", "q", {"stat": "Sum"}], ["...", "p"], [".", "NumberOfMessagesReceived", ".", "."], [{"expression": "m1", "id": "e1"}])),
    Case("policy_is_of_its_type", VALIDATION, "StepScaling policy configuration must be specified", lambda w: w.policy("StepScaling"), lambda w: w.steps(step(0))),
    Case("policy_is_of_its_type", VALIDATION, "only provide a single", lambda w: w.policy("StepScaling", StepScalingPolicyConfiguration={"AdjustmentType": "ChangeInCapacity", "StepAdjustments": [step(0)]}, TargetTrackingScalingPolicyConfiguration={"TargetValue": 1} | CPU), lambda w: w.track(**CPU)),
    Case("tracking_has_one_metric", VALIDATION, "must be set", lambda w: w.track(), lambda w: w.track(**CPU)),
    Case("tracking_has_one_metric", VALIDATION, "Only one of", lambda w: w.track(CustomizedMetricSpecification=SINGLE, **CPU), lambda w: w.track(CustomizedMetricSpecification=SINGLE)),
    Case("predefined_metric_is_of_the_dimension", VALIDATION, "only supports the following", lambda w: w.predefined("RDSReaderAverageCPUUtilization"), lambda w: w.predefined("ECSServiceAverageMemoryUtilization")),
    Case("requests_are_of_a_target_group", VALIDATION, "Resource label should be specified", lambda w: w.predefined("ALBRequestCountPerTarget"), lambda w: w.predefined("ALBRequestCountPerTarget", "app/l/1/targetgroup/t/2")),
    Case("requests_are_of_a_target_group", VALIDATION, "Invalid resource label", lambda w: w.predefined("ALBRequestCountPerTarget", "targetgroup/t/2"), lambda w: w.predefined("ALBRequestCountPerTarget", "app/l/1/targetgroup/t/2")),
    Case("own_metric_is_complete", VALIDATION, "not valid", lambda w: w.own(MetricName="m", Namespace="n"), lambda w: w.own(**SINGLE)),
    Case("own_metric_is_complete", VALIDATION, "not valid", lambda w: w.own(**SINGLE, Metrics=[{"Id": "a", "Expression": "b"}]), lambda w: w.own(Metrics=[{"Id": "a", "Expression": "b"}])),
    Case("policy_follows_published_metrics", VALIDATION, "no metric Visible", lambda w: w.own(MetricName="Visible", Namespace="AWS/SQS", Statistic="Sum"), lambda w: w.own(**VISIBLE, Statistic="Sum")),
    Case("policy_follows_published_metrics", VALIDATION, "not with ServiceName", lambda w: w.own(Metrics=[{"Id": "a", "MetricStat": {"Stat": "Sum", "Metric": {"Namespace": "ECS/ContainerInsights", "MetricName": "RunningTaskCount", "Dimensions": SERVICE[1:]}}}]), lambda w: w.own(Metrics=[{"Id": "a", "MetricStat": {"Stat": "Sum", "Metric": {"Namespace": "ECS/ContainerInsights", "MetricName": "RunningTaskCount", "Dimensions": SERVICE}}}])),
    Case("stepping_has_steps", VALIDATION, "Adjustment type must be specified", lambda w: w.steps(step(0), kind=None), lambda w: w.steps(step(0))),
    Case("stepping_has_steps", VALIDATION, "at least one step", lambda w: w.steps(), lambda w: w.steps(step(0))),
    Case("stepping_has_steps", VALIDATION, "less than 0", lambda w: w.steps(step(0, change=-1), kind="ExactCapacity"), lambda w: w.steps(step(0, change=0), kind="ExactCapacity")),
    Case("steps_fit_together", VALIDATION, "cannot overlap", lambda w: w.steps(step(0, 20), step(10)), lambda w: w.steps(step(0, 20), step(20))),
    Case("steps_fit_together", VALIDATION, "gaps", lambda w: w.steps(step(0, 10), step(20)), lambda w: w.steps(step(None, -10), step(-10, 0))),
    Case("steps_fit_together", VALIDATION, "left unspecified", lambda w: w.steps(step()), lambda w: w.steps(step(None, 0))),
    Case("steps_fit_together", VALIDATION, "less than upper bound", lambda w: w.steps(step(5, 5)), lambda w: w.steps(step(0))),
    Case("steps_fit_together", VALIDATION, "positive upper bound", lambda w: w.steps(step(0, 10)), lambda w: w.steps(step(0, 10), step(10))),
    Case("steps_fit_together", VALIDATION, "at most one step adjustment with an unspecified upper", lambda w: w.steps(step(0), step(10)), lambda w: w.steps(step(0))),
    Case("action_has_a_schedule", VALIDATION, "Invalid schedule expression", lambda w: w.plan("0 8 * * *", MinCapacity=1), lambda w: w.plan("cron(0 8 * * ? *)", MinCapacity=1)),
    Case("action_changes_capacities", VALIDATION, "less than minimum", lambda w: w.plan(MinCapacity=2, MaxCapacity=1), lambda w: w.plan(MinCapacity=1, MaxCapacity=1)),
    Case("action_changes_capacities", VALIDATION, "At least one", lambda w: w.plan(), lambda w: w.plan(MaxCapacity=1)),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.rule)
def test_rule(case, world, refused):
    case.check(world, refused)


def test_metric_is_tracked_once(world, refused):
    world.track(name="cpu", **CPU)
    answer = refused(VALIDATION, world.track, name="cpu-too", **CPU)
    assert "Only one TargetTrackingScaling policy" in answer["Error"]["Message"]
    world.track(name="cpu", **CPU)


def test_composite_does_not_watch_itself(world, refused):
    name = world.alarm()
    answer = refused(INVALID, world.cloudwatch.put_composite_alarm, AlarmName=name, AlarmRule=f"ALARM({name})")
    assert "itself" in answer["Error"]["Message"]
