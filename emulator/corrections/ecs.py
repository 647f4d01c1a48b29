"""ECS: clusters and task definitions as AWS shows them.

moto answers with the attributes of its own objects, so most of these patches only put the right ones there.
"""

from moto.core.utils import utcnow
from moto.ecs import models
from moto.ecs.responses import EC2ContainerServiceResponse as Responses

from emulator.errors import AWSError
from emulator.patching import adds, correction, replacing

Backend = models.EC2ContainerServiceBackend
FARGATE = ("FARGATE", "FARGATE_SPOT")


# Clusters


def strategy_of(strategy: list[dict] | None) -> list[dict]:
    """Write out the weight and base that AWS shows for every entry of a strategy."""
    return [{"weight": 0, "base": 0, **entry} for entry in strategy or []]


@correction("ecs", "a cluster always shows its capacity providers and strategy; creating it again returns it")
def clusters():
    @replacing(models.Cluster, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.capacity_providers = self.capacity_providers or []
        self.default_capacity_provider_strategy = strategy_of(self.default_capacity_provider_strategy)
        self.tags = self.tags or []
        self.statistics = []

    @replacing(Backend, "create_cluster")
    def create(original, self, cluster_name, *args, **kwargs):
        cluster = self.clusters.get(cluster_name)
        return cluster if cluster and cluster.status == "ACTIVE" else original(self, cluster_name, *args, **kwargs)

    @replacing(Backend, "put_cluster_capacity_providers")
    def put(original, self, cluster_name, capacity_providers, strategy):
        known = set(FARGATE) | set(self.capacity_providers)
        for provider in capacity_providers:
            if provider not in known:
                raise AWSError(
                    "InvalidParameterException", f"The specified capacity provider {provider} was not found."
                )
        return original(self, cluster_name, capacity_providers, strategy_of(strategy))


@correction("ecs", "DescribeClusters shows settings, configuration and statistics only when they are included")
def cluster_includes():
    path = "DescribeClustersResponse.clusters.Cluster."

    @replacing(Responses, "describe_clusters")
    def describe(original, self):
        result = original(self)
        include = self._get_param("include", [])
        if "SETTINGS" not in include:
            self.RESPONSE_KEY_PATH_TO_TRANSFORMER[path + "settings"] = lambda _: []
        if "CONFIGURATIONS" not in include:
            self._exclude_from_response(path + "configuration")
        return result


@correction("ecs", "an INACTIVE cluster takes no more calls and is not listed")
def inactive_clusters():
    @replacing(Backend, "_get_cluster")
    def get(original, self, name):
        cluster = original(self, name)
        if cluster.status != "ACTIVE":
            raise models.ClusterNotFoundException
        return cluster

    @replacing(Backend, "list_clusters")
    def listed(_original, self):
        return [cluster.arn for cluster in self.clusters.values() if cluster.status == "ACTIVE"]


@correction("ecs", "DeleteCluster is refused while the cluster has services or tasks")
def delete_cluster():
    @replacing(Backend, "delete_cluster")
    def delete(original, self, cluster_str):
        cluster = self._get_cluster(cluster_str)
        if any(one.cluster_arn == cluster.arn and one.status != "INACTIVE" for one in self.services.values()):
            raise AWSError(
                "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
            )
        tasks = self.tasks.get(cluster.name, {}).values()
        if any(task.desired_status == "RUNNING" and task.last_status != "STOPPED" for task in tasks):
            raise AWSError("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
        return original(self, cluster_str)


@adds("ecs", "UpdateClusterSettings", "sets the given settings and keeps the others")
def update_cluster_settings(api, params):
    cluster = api.ecs_backend._get_cluster(params["cluster"])
    given = {setting["name"]: setting for setting in params["settings"]}
    kept = [setting for setting in cluster.settings if setting["name"] not in given]
    cluster.settings = kept + list(given.values())
    return {
        "cluster": {
            "clusterArn": cluster.arn,
            "clusterName": cluster.name,
            "status": cluster.status,
            "settings": cluster.settings,
        }
    }


@correction("ecs", "clusters count their services and tasks")
def counts():
    for attribute, count in {
        "active_services_count": lambda backend, cluster: sum(
            one.cluster_arn == cluster.arn and one.status == "ACTIVE" for one in backend.services.values()
        ),
        "running_tasks_count": lambda backend, cluster: sum(
            task.last_status == "RUNNING" for task in backend.tasks.get(cluster.name, {}).values()
        ),
    }.items():
        _counted(attribute, count)


def _counted(attribute: str, count) -> None:
    @replacing(Backend, "describe_clusters")
    def describe(original, self, names):
        found, failures = original(self, names)
        for cluster in found:
            setattr(cluster, attribute, count(self, cluster))
        return found, failures


def awsvpc(configuration: dict | None) -> dict | None:
    """Write out what AWS shows of a network configuration of which less was said; nothing stays None."""
    if not configuration:
        return None
    vpc = configuration["awsvpcConfiguration"]
    return {"awsvpcConfiguration": {"securityGroups": [], "assignPublicIp": "DISABLED", **vpc}}


def check_strategy(cluster, params: dict) -> None:
    """Refuse a capacity provider strategy that a cluster can't serve; ``params`` are the request's."""
    if "launchType" in params and params.get("capacityProviderStrategy"):
        raise AWSError(
            "InvalidParameterException",
            "Specifying both a launch type and capacity provider strategy is not supported.",
        )
    for entry in params.get("capacityProviderStrategy") or []:
        if entry["capacityProvider"] not in cluster.capacity_providers:
            raise AWSError(
                "InvalidParameterException",
                f"The specified capacity provider strategy contains a capacity provider ({entry['capacityProvider']}) "
                "that is not associated with the cluster.",
            )


# Task definitions


@correction("ecs", "a task definition shows the defaults that AWS fills in")
def task_definition_defaults():
    @replacing(models.TaskDefinition, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.registered_at = utcnow()
        self.registered_by = f"arn:aws:iam::{args[3]}:root"
        # A volume of which only the name is said is the host's, also on Fargate.
        self.volumes = [volume if len(volume) > 1 else {**volume, "host": {}} for volume in self.volumes]
        for container in self.container_definitions:
            container.setdefault("systemControls", [])
            # moto gives every container the same lists.
            for key in ("portMappings", "environment", "mountPoints", "volumesFrom"):
                container[key] = list(container[key])
            container["portMappings"] = [_port(port, self.network_mode) for port in container["portMappings"]]
            if "healthCheck" in container:
                container["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3, **container["healthCheck"]}
        self.requires_attributes = [{"name": name} for name in _attributes(self)]


def _attributes(definition) -> list[str]:
    """Return what an instance must have to run a task definition, as recordings of AWS's answers show it."""
    containers = definition.container_definitions
    logs = {one["logConfiguration"]["logDriver"] for one in containers if one.get("logConfiguration")}
    task_role = getattr(definition, "task_role_arn", None)
    wanted = {
        "docker-remote-api.1.17": any(one.get("readonlyRootFilesystem") for one in containers),
        "docker-remote-api.1.18": True,
        "docker-remote-api.1.19": bool(logs),
        "task-iam-role": task_role and definition.network_mode != "host",
        "task-iam-role-network-host": task_role and definition.network_mode == "host",
        **dict.fromkeys((f"logging-driver.{driver}" for driver in sorted(logs)), True),
    }
    names = [f"com.amazonaws.ecs.capability.{name}" for name, needed in wanted.items() if needed]
    if definition.network_mode == "awsvpc":
        names.append("ecs.capability.task-eni")
    if getattr(definition, "execution_role_arn", None) and "awslogs" in logs:
        names.append("ecs.capability.execution-role-awslogs")
    return names


def _port(port: dict, network_mode: str) -> dict:
    host = port["containerPort"] if network_mode in ("awsvpc", "host") and "containerPort" in port else 0
    return {"hostPort": host, "protocol": "tcp", **port}


@correction("ecs", "a deregistered task definition has a time of it; a family alone is its newest ACTIVE revision")
def task_definition_status():
    @replacing(Backend, "deregister_task_definition")
    def deregister(original, self, task_definition_str):
        definition = original(self, task_definition_str)
        definition.deregistered_at = utcnow()
        return definition

    @replacing(Backend, "describe_task_definition")
    def describe(original, self, task_definition_str):
        name = task_definition_str.split("/")[-1]
        if ":" in name:
            return original(self, task_definition_str)
        active = [one for one in self.task_definitions.get(name, {}).values() if one.status == "ACTIVE"]
        if not active:
            raise models.TaskDefinitionNotFoundException
        return max(active, key=lambda one: one.revision)
