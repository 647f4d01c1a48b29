"""ECS: clusters."""

from __future__ import annotations

from typing import Any

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.listings import Listing
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import until
from .ecs import (
    MISSING,
    SERVICE_ROLE,
    EcsKind,
    described_services,
    service_tags,
    strategy,
    strategy_from_aws,
    strategy_to_aws,
    to_aws,
)

# Clusters

EXECUTE_COMMAND = {"logging": "logging", "kms_key_id": "kmsKeyId"}
EXECUTE_COMMAND_LOG = {
    "log_group": "cloudWatchLogGroupName",
    "log_group_encrypted": "cloudWatchEncryptionEnabled",
    "s3_bucket": "s3BucketName",
    "s3_encrypted": "s3EncryptionEnabled",
    "s3_prefix": "s3KeyPrefix",
}


class EcsCluster(EcsKind):
    """A cluster: where sessions of ECS Exec are logged, Container Insights, capacity providers."""

    name = "ecs_cluster"
    title = "ECS cluster"
    module = "flow_builder.aws.ecs_cluster"
    cloudformation = "AWS::ECS::Cluster"
    properties = {
        "ClusterName": "name",
        "ClusterSettings/*/Name": "=containerInsights",
        "ClusterSettings/*/Value": "container_insights",
        "Configuration/ExecuteCommandConfiguration": "execute_command",
        "Configuration/ExecuteCommandConfiguration/LogConfiguration/CloudWatchLogGroupName": "log_group",
        "Configuration/ExecuteCommandConfiguration/LogConfiguration/CloudWatchEncryptionEnabled": "log_group_encrypted",
    }
    needs = ("kms_key", "log_group")
    ignored = frozenset({
        "status", "attachments_status", "activeServicesCount", "attachments", "pendingTasksCount",
        "registeredContainerInstancesCount", "runningTasksCount", "statistics",
    })  # fmt: skip
    settling = (
        SERVICE_ROLE,
        ("UpdateInProgressException", ""),
        ("ResourceInUseException", ""),
        ("ClientException", "Cluster was not ACTIVE"),
    )
    unmanaged = (Listing("list_clusters", "clusterArns", delete=("delete_cluster", "cluster")),)

    def want(self, arguments):
        """Spell the strategy and the configuration in one way."""
        want = super().want(arguments)
        if "capacity_providers" in want:
            want["capacity_providers"] = sorted(want["capacity_providers"])
        if "default_capacity_provider_strategy" in want:
            want["default_capacity_provider_strategy"] = strategy(want["default_capacity_provider_strategy"])
        if "execute_command" in want:
            want["execute_command"] = _execute_command(want["execute_command"])
        return want

    def find(self, aws, want):
        """Return the cluster of this name."""
        return next(iter(self._described(aws, [want["name"]])), None)

    def stack(self, aws, stack):
        """Return the clusters with the stack's tag."""
        arns = aws.pages("ecs", "list_clusters", "clusterArns")
        return [cluster for cluster in self._described(aws, arns) if cluster["tags"].get("Stack") == stack]

    def _described(self, aws, clusters):
        found = []
        for start in range(0, len(clusters), 100):
            found += aws("ecs").describe_clusters(
                clusters=clusters[start : start + 100], include=["CONFIGURATIONS", "SETTINGS", "TAGS"]
            )["clusters"]
        return [self._live(cluster) for cluster in found if cluster["status"] != "INACTIVE"]

    @keep_unmodelled
    def _live(self, cluster):
        execute = cluster.get("configuration", {}).get("executeCommandConfiguration", {})
        log = execute.get("logConfiguration", {})
        settings = {setting["name"]: setting["value"] for setting in cluster.get("settings", [])}
        return {
            "name": cluster["clusterName"],
            "arn": cluster["clusterArn"],
            "execute_command": _execute_command(
                {field: execute.get(key) for field, key in EXECUTE_COMMAND.items()}
                | {field: log.get(key) for field, key in EXECUTE_COMMAND_LOG.items()}
            ),
            "container_insights": settings.get("containerInsights", "disabled"),
            "capacity_providers": sorted(cluster.get("capacityProviders", [])),
            "default_capacity_provider_strategy": strategy_from_aws(cluster.get("defaultCapacityProviderStrategy")),
            "status": cluster["status"],
            "attachments_status": cluster.get("attachmentsStatus", ""),
            "tags": tagging.from_list(cluster.get("tags"), "key", "value"),
        }

    def create(self, aws, want):
        """Create the cluster."""
        more = {}
        if "capacity_providers" in want:
            more["capacityProviders"] = want["capacity_providers"]
        if "default_capacity_provider_strategy" in want:
            more["defaultCapacityProviderStrategy"] = strategy_to_aws(want["default_capacity_provider_strategy"])
        aws("ecs").create_cluster(
            clusterName=want["name"],
            tags=tagging.to_list(want.get("tags", {}), "key", "value"),
            **self._settings(want),
            **more,
        )

    def update(self, aws, live, want, changes):
        """Change settings and configuration in one call, capacity providers in another."""
        settings = self._settings({field: want[field] for field in changes})
        if settings:
            aws("ecs").update_cluster(cluster=want["name"], **settings)
        if changes & {"capacity_providers", "default_capacity_provider_strategy"}:
            both = {**live, **want}
            aws("ecs").put_cluster_capacity_providers(
                cluster=want["name"],
                capacityProviders=both["capacity_providers"],
                defaultCapacityProviderStrategy=strategy_to_aws(both["default_capacity_provider_strategy"]),
            )

    def _settings(self, want):
        said: dict[str, Any] = {}
        if "container_insights" in want:
            said["settings"] = [{"name": "containerInsights", "value": want["container_insights"]}]
        if "execute_command" in want:
            execute = to_aws(EXECUTE_COMMAND, want["execute_command"])
            log = to_aws(EXECUTE_COMMAND_LOG, want["execute_command"])
            execute |= {"logConfiguration": log} if log else {}
            said["configuration"] = {"executeCommandConfiguration": execute}
        return said

    def ready(self, live):
        """A cluster takes services when it and its capacity providers are there."""
        return live["status"] == "ACTIVE" and live["attachments_status"] != "UPDATE_IN_PROGRESS"

    def failed(self, live):
        """Creation can fail."""
        return "AWS could not create it" if live["status"] == "FAILED" else ""

    def obstacles(self, aws, live, ours):
        """Return the services of others in the cluster."""
        stack = live["tags"].get("Stack")
        others = (one for one in described_services(aws, live["name"]) if service_tags(one).get("Stack") != stack)
        return [f"the service {one['serviceName']} runs in {live['name']}: delete it" for one in others]

    def delete(self, aws, live):
        """Stop the tasks that no service runs, and delete the cluster, which AWS refuses until they have ended."""
        ecs = aws("ecs")
        for task in unless(MISSING, aws.pages, "ecs", "list_tasks", "taskArns", cluster=live["name"], otherwise=[]):
            unless(
                (*MISSING, "InvalidParameterException"),
                ecs.stop_task, cluster=live["name"], task=task, reason="The cluster is deleted",
            )  # fmt: skip
        unless(MISSING, ecs.delete_cluster, cluster=live["name"])

    def gone(self, aws, live, timeout):
        """A cluster with capacity providers is taken away step by step."""
        until(lambda: self.seen(aws, live) is None, timeout, f"{self.title} {live['name']} being deleted")

    def computed(self, aws, want):
        """A cluster's ARN can be computed."""
        return {"arn": aws.arn("ecs", f"cluster/{want['name']}")}


def _execute_command(given: dict) -> dict:
    """Return ECS Exec's configuration with what is said, where nothing said is DEFAULT logging."""
    return {"logging": "DEFAULT", **{field: value for field, value in given.items() if value}}


ECS_CLUSTER = EcsCluster()
