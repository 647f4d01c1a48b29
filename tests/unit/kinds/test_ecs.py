"""Clusters, task definitions and services: what counts as the same, what is refused, when a service is steady."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import tail
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs import (
    strategy,
    strategy_from_aws,
    strategy_to_aws,
)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (None, []),
        (
            [{"capacity_provider": "FARGATE_SPOT", "weight": 3}, {"capacity_provider": "FARGATE", "base": 1}],
            [
                {"capacity_provider": "FARGATE", "weight": 0, "base": 1},
                {"capacity_provider": "FARGATE_SPOT", "weight": 3, "base": 0},
            ],
        ),
    ],
)
def test_strategy(given, made):
    assert strategy(given) == made
    assert strategy_from_aws(strategy_to_aws(made)) == made


@pytest.mark.parametrize(
    ("reference", "made"),
    [
        ("arn:aws:ecs:us-east-1:1:task-definition/f:7", "f:7"),
        ("f:7", "f:7"),
        ("arn:aws:sqs:us-east-1:1:q", "q"),
        ("https://sqs.us-east-1.amazonaws.com/1/q", "q"),
        ("/aws/ecs/a", "/aws/ecs/a"),
        ("known-after-apply/ecs_taskdefinition/f/arn", "known-after-apply/ecs_taskdefinition/f/arn"),
    ],
)
def test_tail(reference, made):
    assert tail(reference) == made
