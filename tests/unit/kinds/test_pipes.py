"""Pipes: parameters by their meaning, what no task would start with, and states."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.compare import Difference
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.pipes import PIPE, Pipe, normal, start
from botocore import xform_name

BEFORE = "arn:aws:ecs:us-east-1:1:task-definition/"
TASK = {"task_definition_arn": f"{BEFORE}worker:1"}
SPOT = [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]


def task(**parameters):
    return {"ecs_task_parameters": {**TASK, **parameters}}


def overrides(**container):
    return task(overrides={"container_overrides": [{"name": "worker", **container}]})


def body(value):
    return overrides(environment=[{"name": "SQS_BODY", "value": value}])


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        ("source_parameters", {"sqs_queue_parameters": {"batch_size": 1}}, {"sqs_queue_parameters": {"batch_size": 1, "maximum_batching_window_in_seconds": 0}}, True),
        ("source_parameters", {"sqs_queue_parameters": {"batch_size": 10}}, {}, True),
        ("source_parameters", {"sqs_queue_parameters": {"batch_size": 1}}, {}, False),
        ("source_parameters", {"filter_criteria": {"filters": []}}, {}, True),
        ("target_parameters", task(), task(task_count=1, enable_execute_command=False, overrides={"container_overrides": []}), True),
        ("target_parameters", task(), task(task_count=2), False),
        ("target_parameters", task(capacity_provider_strategy=SPOT), task(capacity_provider_strategy=[{**SPOT[0], "base": 0}]), True),
        ("target_parameters", overrides(), overrides(cpu=0), False),
        (
            "target_parameters",
            overrides(environment=[{"name": "A", "value": ""}, {"name": "B", "value": "1"}]),
            overrides(environment=[{"name": "B", "value": "1"}, {"name": "A", "value": ""}]),
            True,
        ),
        ("target_parameters", overrides(environment=[{"name": "A", "value": ""}]), overrides(), False),
        (
            "target_parameters",
            task(network_configuration={"awsvpc_configuration": {"subnets": ["b", "a"]}}),
            task(network_configuration={"awsvpc_configuration": {"subnets": ["a", "b"]}}),
            True,
        ),
        ("log_configuration", {"level": "OFF"}, {}, True),
        ("log_configuration", {"level": "ERROR"}, {}, False),
    ],
)
def test_parameters_by_meaning(field, one, other, same):
    assert (normal(field, one) == normal(field, other)) is same


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (task(launch_type="FARGATE", capacity_provider_strategy=SPOT), "ECS takes one of them"),
        (task(overrides={"launch_type": "FARGATE"}), "launch_type is not known here"),
        (task(overrides={"container_overrides": [{"command": ["a"]}]}), "say its name"),
        (overrides(cpu=0), "cpu of the override of container worker is 0"),
        (overrides(memory=0), "memory of the override of container worker is 0"),
        (body("id=$.body"), "SQS_BODY is 'id=$.body'"),
        (body("<$.body>"), "SQS_BODY is '<$.body>'"),
        (body("$.body "), "the whole value is its path"),
        (body("$.body.*"), "the whole value is its path"),
    ],
)
def test_what_no_task_would_start_with_is_refused_in_one_sentence(parameters, said):
    with pytest.raises(EngineError) as refused:
        PIPE.want({"name": "p", "target_parameters": parameters})
    assert said in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize("value", ["$.body", "$.body.id", "$.messageAttributes.kind.stringValue", "$.body.jobs[0]", "plain", "5$", ""])
def test_paths_and_plain_values_pass(value):
    assert PIPE.want({"name": "p", "target_parameters": body(value)})


def test_templates_may_hold_paths():
    assert PIPE.want({"name": "p", "target_parameters": {"input_template": '{"id": "<$.body>"}'}})


@pytest.mark.parametrize(
    ("parameters", "fixed"),
    [
        ({"sqs_queue_parameters": {"batch_size": 1}}, {}),
        (
            {"kinesis_stream_parameters": {"starting_position": "LATEST", "batch_size": 1}},
            {"kinesis_stream_parameters": {"starting_position": "LATEST"}},
        ),
        ({"filter_criteria": {"filters": [{"pattern": "{}"}]}}, {}),
    ],
)
def test_where_a_pipe_begins_is_fixed(parameters, fixed):
    assert start(parameters) == fixed


def said(**more):
    return {"Name": "p", "Arn": "a", "Source": "q", "Target": "c", "RoleArn": "r", "DesiredState": "RUNNING", "CurrentState": "RUNNING", **more}


@pytest.mark.parametrize(
    ("current", "desired", "changes", "ready", "failed"),
    [
        ("RUNNING", "RUNNING", set(), True, ""),
        ("CREATING", "RUNNING", set(), False, ""),
        ("STARTING", "RUNNING", set(), False, ""),
        # AWS stopped it.
        ("STOPPED", "RUNNING", {"desired_state"}, True, ""),
        ("STOPPED", "STOPPED", {"desired_state"}, True, ""),
        ("START_FAILED", "RUNNING", {"desired_state"}, False, "START_FAILED: no permission"),
        ("UPDATE_FAILED", "RUNNING", {"desired_state"}, False, "UPDATE_FAILED: no permission"),
    ],
)
def test_states(current, desired, changes, ready, failed):
    live = Pipe._live(said(CurrentState=current, DesiredState=desired, StateReason="no permission"))
    assert PIPE.compare(live, {"name": "p", "desired_state": "RUNNING"}) == changes
    assert (PIPE.ready(live), PIPE.failed(live)) == (ready, failed)


class Api:
    """Remembers what is called."""

    def __init__(self, pipe):
        self.pipe, self.calls = pipe, []

    def describe_pipe(self, Name):
        return self.pipe

    def __getattr__(self, name):
        return lambda **arguments: self.calls.append((name, arguments))


@pytest.mark.parametrize(
    ("live", "want", "calls"),
    [
        ({"CurrentState": "STOPPED"}, {"desired_state": "RUNNING"}, [("start_pipe", {"Name": "p"})]),
        ({}, {"desired_state": "STOPPED"}, [("stop_pipe", {"Name": "p"})]),
        ({}, {"description": "new"}, [("update_pipe", {"Name": "p", "RoleArn": "r", "DesiredState": "RUNNING", "Description": "new"})]),
        (
            {"SourceParameters": {"FilterCriteria": {"Filters": [{"Pattern": "{}"}]}}},
            {"source_parameters": {"sqs_queue_parameters": {"batch_size": 1}}},
            [("update_pipe", {"Name": "p", "RoleArn": "r", "DesiredState": "RUNNING", "SourceParameters": {"SqsQueueParameters": {"BatchSize": 1}, "FilterCriteria": {"Filters": []}}})],
        ),
        (
            {"LogConfiguration": {"Level": "ERROR"}},
            {"log_configuration": {}},
            [("update_pipe", {"Name": "p", "RoleArn": "r", "DesiredState": "RUNNING", "LogConfiguration": {"Level": "OFF"}})],
        ),
        (
            {"SourceParameters": {"KinesisStreamParameters": {"StartingPosition": "LATEST", "BatchSize": 2}}},
            {"source_parameters": {"kinesis_stream_parameters": {"starting_position": "LATEST", "batch_size": 1}}},
            [("update_pipe", {"Name": "p", "RoleArn": "r", "DesiredState": "RUNNING", "SourceParameters": {"KinesisStreamParameters": {"BatchSize": 1}}})],
        ),
    ],
)
def test_changes_in_place(live, want, calls):
    api = Api(said(**live))
    before, wanted = Pipe._live(api.pipe), PIPE.want({"name": "p", **want})
    PIPE.update(lambda service: api, before, wanted, PIPE.compare(before, wanted))
    assert api.calls == calls


def test_another_beginning_makes_another_pipe():
    live = Pipe._live(said(SourceParameters={"KinesisStreamParameters": {"StartingPosition": "LATEST"}}))
    want = PIPE.want({"name": "p", "source_parameters": {"kinesis_stream_parameters": {"starting_position": "TRIM_HORIZON"}}})
    assert PIPE.compare(live, want) & set(PIPE.replaced) == {"source_start"}


@pytest.mark.parametrize(
    ("before", "after", "revision", "owner"),
    [
        ("STOPPED", "RUNNING", "worker:2", "a release"),
        ("STOPPED", "RUNNING", "worker:1", ""),
        ("RUNNING", "STOPPED", "worker:2", ""),
    ],
)
def test_a_first_release_starts_the_pipe(before, after, revision, owner):
    recorded, live = ({"target_parameters": task(task_definition_arn=BEFORE + one)} for one in ("worker:1", revision))
    assert PIPE.external_manager(Difference("changed", "desired_state", before, after), recorded, live) == owner


def test_the_revision_is_a_releases():
    path = "target_parameters.ecs_task_parameters.task_definition_arn"
    assert PIPE.external_manager(Difference("changed", path, "a", "b"), {}, {}) == "a release"


def test_our_spelling_is_botocores():
    assert xform_name("EnableECSManagedTags") == "enable_ecs_managed_tags"
