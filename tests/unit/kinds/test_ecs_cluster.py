"""ECS's clusters, compared and awaited."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecs_cluster import ECS_CLUSTER


def _cluster(**more):
    return ECS_CLUSTER._live({"clusterName": "c", "clusterArn": "arn:aws:ecs:us-east-1:1:cluster/c", "status": "ACTIVE", **more})


@pytest.mark.parametrize(
    ("aws", "ours", "differs"),
    [
        ({}, {"container_insights": "disabled", "execute_command": {}, "capacity_providers": []}, set()),
        ({}, {"execute_command": {"logging": "DEFAULT", "log_group": None, "s3_encrypted": False}}, set()),
        ({"settings": [{"name": "containerInsights", "value": "enabled"}]}, {"container_insights": "enhanced"}, {"container_insights"}),
        ({"capacityProviders": ["FARGATE_SPOT", "FARGATE"]}, {"capacity_providers": ["FARGATE", "FARGATE_SPOT"]}, set()),
        (
            {
                "configuration": {
                    "executeCommandConfiguration": {
                        "logging": "OVERRIDE",
                        "logConfiguration": {"cloudWatchLogGroupName": "g", "cloudWatchEncryptionEnabled": False},
                    }
                }
            },
            {"execute_command": {"logging": "OVERRIDE", "log_group": "g"}},
            set(),
        ),
        (
            {"configuration": {"executeCommandConfiguration": {"logging": "NONE"}}},
            {"execute_command": {"logging": "OVERRIDE", "log_group": "g"}},
            {"execute_command"},
        ),
    ],
)
def test_clusters(aws, ours, differs):
    assert ECS_CLUSTER.compare(_cluster(**aws), ECS_CLUSTER.want({"name": "c", **ours})) == differs


@pytest.mark.parametrize(
    ("status", "attachments", "ready"),
    [("ACTIVE", "UPDATE_COMPLETE", True), ("ACTIVE", "UPDATE_IN_PROGRESS", False), ("PROVISIONING", "", False)],
)
def test_a_cluster_is_ready_with_its_capacity_providers(status, attachments, ready):
    assert ECS_CLUSTER.ready(_cluster(status=status, attachmentsStatus=attachments)) == ready
