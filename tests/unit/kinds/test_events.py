"""Rules and their targets."""

import boto3
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.shapes import camel, shape, snake
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.events import RULE, target


@pytest.mark.parametrize(
    ("live", "want", "changes"),
    [
        ([{"id": "a", "arn": "1"}, {"id": "b", "arn": "2"}], [{"id": "b", "arn": "2"}, {"id": "a", "arn": "1"}], set()),
        ([{"id": "a", "arn": "1"}], [{"id": "a", "arn": "1", "role_arn": None, "retry_policy": None}], set()),
        ([{"id": "a", "arn": "1", "input": '{"b": 1,  "a": 2}'}], [{"id": "a", "arn": "1", "input": {"a": 2, "b": 1}}], set()),
        ([{"id": "a", "arn": "1"}], [{"id": "a", "arn": "2"}], {"targets"}),
        ([{"id": "a", "arn": "1"}, {"id": "foreign", "arn": "1"}], [{"id": "a", "arn": "1"}], {"targets"}),
        ([{"id": "a", "arn": "1"}], [], {"targets"}),
        (
            [{"id": "a", "arn": "1", "ecs_parameters": {"task_definition_arn": "t", "task_count": 1, "enable_execute_command": False}}],
            [{"id": "a", "arn": "1", "ecs_parameters": {"task_definition_arn": "t", "launch_type": None}}],
            set(),
        ),
        (
            [{"id": "a", "arn": "1", "retry_policy": {"maximum_retry_attempts": 2}}],
            [{"id": "a", "arn": "1", "retry_policy": {"maximum_retry_attempts": 2, "maximum_event_age_in_seconds": 60}}],
            {"targets"},
        ),
    ],
)
def test_targets_compared(live, want, changes):
    seen = {"name": "r", "targets": sorted((target(one) for one in live), key=lambda one: one["id"])}
    assert RULE.compare(seen, RULE.want({"name": "r", "targets": want})) == changes


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('{"source": ["a"], "detail": {}}', '{"detail": {}, "source": ["a"]}', True),
        ('{"source": ["a"]}', '{"source": ["b"]}', False),
        ("", None, True),
    ],
)
def test_patterns_by_meaning(one, other, same):
    live, want = (RULE.want({"name": "r", "event_pattern": value or ""}) for value in (one, other))
    assert (RULE.compare(live, want) == set()) is same


SPOKEN = {
    "Id": "a", "Arn": "x", "DeadLetterConfig": {"Arn": "q"}, "RetryPolicy": {"MaximumEventAgeInSeconds": 60},
    "InputTransformer": {"InputPathsMap": {"whoDidIt": "$.x"}, "InputTemplate": "t"},
    "EcsParameters": {
        "TaskDefinitionArn": "t", "EnableECSManagedTags": False, "Tags": [{"Key": "A", "Value": "b"}],
        "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["s"], "AssignPublicIp": "DISABLED"}},
        "CapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def targets():
    return shape(boto3.client("events", region_name="us-east-1"), "PutTargets", "Targets")


def test_spelling_loses_nothing(targets):
    said = snake(targets, SPOKEN)
    assert said["ecs_parameters"]["network_configuration"] == {"awsvpc_configuration": {"subnets": ["s"], "assign_public_ip": "DISABLED"}}
    assert said["input_transformer"]["input_paths_map"] == {"whoDidIt": "$.x"}
    assert camel(targets, said) == SPOKEN


def test_a_misspelt_part_is_refused(targets):
    with pytest.raises(EngineError, match=r"task_defintion_arn is not known here.*task_definition_arn"):
        camel(targets, {"id": "a", "arn": "x", "ecs_parameters": {"task_defintion_arn": "t"}})
