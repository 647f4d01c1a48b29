"""The verdict on a service."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.rollout import judge

ASKED, BEFORE = "arn:task-definition/api:2", "arn:task-definition/api:1"


def deployment(name, definition, status, state):
    return {"id": name, "taskDefinition": definition, "status": status, "rolloutState": state, "rolloutStateReason": state}


NEW = deployment("new", ASKED, "PRIMARY", "COMPLETED")


@pytest.mark.parametrize(
    ("deployments", "running", "state"),
    [
        ([NEW], 1, "good"),
        ([NEW], 0, "wait"),
        ([NEW, deployment("old", BEFORE, "ACTIVE", "COMPLETED")], 1, "wait"),
        ([deployment("new", ASKED, "PRIMARY", "IN_PROGRESS")], 1, "wait"),
        ([deployment("new", ASKED, "PRIMARY", "FAILED")], 1, "bad"),
        # The breaker rolled back: all is steady, and it is not what was asked for.
        ([deployment("back", BEFORE, "PRIMARY", "COMPLETED")], 1, "bad"),
        ([deployment("back", BEFORE, "PRIMARY", "IN_PROGRESS"), deployment("new", ASKED, "ACTIVE", "FAILED")], 1, "bad"),
        # Somebody else deployed meanwhile.
        ([deployment("other", ASKED, "PRIMARY", "COMPLETED")], 1, "bad"),
        ([deployment("new", BEFORE, "PRIMARY", "COMPLETED")], 1, "bad"),
        ([], 0, "bad"),
    ],
)
def test_judge(deployments, running, state):
    service = {"deployments": deployments, "runningCount": running, "desiredCount": 1}
    assert judge(service, "new", ASKED)[0] == state
