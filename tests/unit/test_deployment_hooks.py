"""What the role ecs makes of a component's pauses and functions: hooks of its service, which its first release has none of."""

import pytest

from tests.unit.test_policies import template

PAUSE = {"target_type": "PAUSE", "stages": ["POST_SCALE_UP"], "timeout_minutes": 60, "timeout_action": "CONTINUE"}
ARN = "arn:aws:lambda:us-east-1:123456789012:function:check"
SAID = {
    "deployment_strategy": "CANARY", "pause_stages": ["POST_SCALE_UP"], "pause_minutes": 60, "pause_action": "CONTINUE",
    "deployment_hooks": [{"target_arn": ARN, "stages": ["PRE_SCALE_UP"]}],
}  # fmt: skip
ASKED = {"target_arn": ARN, "stages": ["PRE_SCALE_UP"], "role_arn": "arn:role"}


@pytest.mark.parametrize(
    ("said", "released", "hooks"),
    [
        (SAID, True, [PAUSE, ASKED]),
        (SAID, False, []),
        (SAID | {"deployment_hooks": []}, True, [PAUSE]),
        (SAID | {"pause_stages": []}, True, [ASKED]),
        (SAID | {"deployment_strategy": "ROLLING"}, True, []),
        ({}, True, []),
    ],
)
def test_hooks(said, released, hooks):
    given = {"stack_components_once": {"api": said}, "__ecs_traffic_role": {"resource": {"arn": "arn:role"}}}
    item = template("ecs", "stack_services | selectattr('name', 'eq', 'api') | first", **given)
    assert template("ecs", "__ecs_hooks", item=item, ecs_images={"api": {"released": released}}, **given) == hooks
