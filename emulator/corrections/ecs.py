"""ECS: services keep what they are given, run tasks and become steady; clusters and task definitions as AWS shows them.

moto answers with the attributes of its own objects, so most of these patches only put the right ones there.
"""

import random

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs import models
from moto.ecs.responses import EC2ContainerServiceResponse as Responses
from moto.elbv2.models import elbv2_backends

from emulator.corrections import adds, correction, ecs_deployments, hook, replacing
from emulator.errors import AWSError
from emulator.evidence import documented, does, recorded

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

Backend = models.EC2ContainerServiceBackend
FARGATE = ("FARGATE", "FARGATE_SPOT")
STOPPED = "Task stopped by user"


# Clusters


def _strategy(strategy: list[dict] | None) -> list[dict]:
    """Write out the weight and base that AWS shows for every entry of a strategy."""
    return [{"weight": 0, "base": 0, **entry} for entry in strategy or []]


@correction("ecs", "a cluster always shows its capacity providers and strategy; creating it again returns it")
def clusters():
    @replacing(models.Cluster, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.capacity_providers = self.capacity_providers or []
        self.default_capacity_provider_strategy = _strategy(self.default_capacity_provider_strategy)
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
        return original(self, cluster_name, capacity_providers, _strategy(strategy))


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


# Services

# What a service shows when nothing was said about it.
SERVICE_DEFAULTS = {
    "enable_execute_command": False,
    "enable_ecs_managed_tags": False,
    "availability_zone_rebalancing": "ENABLED",
    "placement_constraints": [],
    "placement_strategy": [],
}
# The parameters that moto drops, under the names of the attributes that it answers from.
SERVICE_PARAMETERS = {
    "enableExecuteCommand": "enable_execute_command",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "availabilityZoneRebalancing": "availability_zone_rebalancing",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
    "placementConstraints": "placement_constraints",
    "placementStrategy": "placement_strategy",
    "propagateTags": "propagate_tags",
    "networkConfiguration": "network_configuration",
    "loadBalancers": "load_balancers",
    "platformVersion": "platform_version",
    "serviceRegistries": "service_registries",
    "deploymentController": "deployment_controller",
}


# A circuit breaker of which nothing was said, as AWS has shown it since July 2026.
BREAKER = {
    "enable": False, "rollback": False, "resetOnHealthyTask": True,
    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
}  # fmt: skip


def _deployment_configuration(given: dict | None, existing: dict | None = None) -> dict:
    before = existing or {
        "deploymentCircuitBreaker": BREAKER,
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "alarms": {"alarmNames": [], "enable": False, "rollback": False},
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    made = before | (given or {})
    # Of a structure, too, what an update doesn't say stays.
    return made | {"deploymentCircuitBreaker": before["deploymentCircuitBreaker"] | made["deploymentCircuitBreaker"]}


def _network(configuration: dict | None) -> dict | None:
    if not configuration:
        return None
    vpc = configuration["awsvpcConfiguration"]
    return {"awsvpcConfiguration": {"securityGroups": [], "assignPublicIp": "DISABLED", **vpc}}


def _take(service, params: dict) -> None:
    """Put the parameters of a create or update onto a service."""
    for parameter, attribute in SERVICE_PARAMETERS.items():
        if parameter in params:
            setattr(service, attribute, params[parameter])
    service.network_configuration = _network(service.network_configuration)
    if "capacityProviderStrategy" in params:
        service.capacity_provider_strategy = _strategy(params["capacityProviderStrategy"])
        service.launch_type = None
    on_fargate = service.launch_type == "FARGATE" or any(
        entry["capacityProvider"] in FARGATE for entry in service.capacity_provider_strategy or []
    )
    service.platform_family = "Linux" if on_fargate else None
    service.platform_version = (service.platform_version or "LATEST") if on_fargate else None
    if service.load_balancers and getattr(service, "health_check_grace_period_seconds", None) is None:
        service.health_check_grace_period_seconds = 0


@does(
    "A new deployment is PRIMARY and the ones before it ACTIVE until they are drained.",
    documented(API + "Deployment.html", "status"),
)
@hook
def deploy(service) -> None:
    """Begin a new deployment; the ones before it are drained when it has settled."""
    now, number = utcnow(), f"{random.randrange(10**18, 10**19)}"
    for earlier in service.deployments:
        earlier["status"] = "ACTIVE"
    service.deployments.insert(
        0,
        {
            "id": f"ecs-svc/{number}",
            "status": "PRIMARY",
            "taskDefinition": service.task_definition,
            "desiredCount": service.desired_count,
            "pendingCount": service.desired_count,
            "runningCount": 0,
            "failedTasks": 0,
            "createdAt": now,
            "updatedAt": now,
            "launchType": service.launch_type,
            "capacityProviderStrategy": service.capacity_provider_strategy,
            "platformVersion": "1.4.0" if service.platform_family else None,
            "platformFamily": service.platform_family,
            "networkConfiguration": service.network_configuration,
            "rolloutState": "IN_PROGRESS",
            "rolloutStateReason": f"ECS deployment ecs-svc/{number} in progress.",
        },
    )
    ecs_deployments.begin(service)


@does("A service that is steady says so in its events.", documented(ECS + "service-event-messages.html"))
@hook
def settle(backend, service) -> None:
    """Let a service reach what it wants: its tasks run, its newest deployment has completed."""
    if service.status != "ACTIVE" or not service.deployments:
        ecs_deployments.settled(service)
        return
    newest = service.deployments[0]
    if newest["rolloutState"] != "COMPLETED":
        newest["rolloutState"] = "COMPLETED"
        newest["rolloutStateReason"] = f"ECS deployment {newest['id']} completed."
        newest["updatedAt"] = utcnow()
        event(service, f"(service {service.name}) has reached a steady state.")
    del service.deployments[1:]
    wanted = service.desired_count
    running = []
    for task in service_tasks(backend, service):
        if task.started_by == newest["id"] and len(running) < wanted:
            running.append(task)
        else:
            stop(backend, task, "Scaling activity initiated by deployment " + newest["id"])
    for _ in range(wanted - len(running)):
        start_task(backend, service, newest)
    service.running_count, service.pending_count = wanted, 0
    newest.update(desiredCount=wanted, runningCount=wanted, pendingCount=0)
    ecs_deployments.settled(service)


def event(service, message: str) -> None:
    """Put a message in front of a service's last hundred events."""
    told = {"id": str(models.mock_random.uuid4()), "createdAt": utcnow(), "message": message}
    service.events = [told, *service.events][:100]


def service_tasks(backend, service) -> list:
    """Return a service's tasks that are not stopped."""
    tasks = list(backend.tasks.get(service.cluster_name, {}).values())
    return [task for task in tasks if task.group == f"service:{service.name}" and task.last_status != "STOPPED"]


@hook
def start_task(backend, service, deployment):
    """Start a task of a service's deployment, and return it."""
    strategy = service.capacity_provider_strategy or []
    task = models.Task(
        cluster=backend.clusters[service.cluster_name],
        task_definition=backend.describe_task_definition(service.task_definition),
        container_instance_arn=None,
        resource_requirements={},
        backend=backend,
        group=f"service:{service.name}",
        launch_type="FARGATE" if service.platform_family else service.launch_type or "EC2",
        started_by=deployment["id"],
        tags=service.tags if service.propagate_tags == "SERVICE" else [],
        networking_configuration=service.network_configuration,
        platform_version=deployment["platformVersion"],
        capacity_provider_name=strategy[0]["capacityProvider"] if strategy else None,
    )
    backend.tasks.setdefault(service.cluster_name, {})[task.task_arn] = task
    _targets(backend, service, task, "register")
    return task


def interface(task, name: str) -> str | None:
    """Return one detail of a task's network interface, such as subnetId."""
    details = [each for attachment in task.attachments for each in attachment["details"]]
    return next((each["value"] for each in details if each["name"] == name), None)


def _targets(backend, service, task, change: str) -> None:
    """Register a task with its deployment's target group, or deregister it."""
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    group, address = groups.get(ecs_deployments.group_of(service, task)), interface(task, "privateIPv4Address")
    if group and address and ecs_deployments.may(service, group.arn, f"{change.title()}Targets"):
        getattr(group, change)([{"Id": address, "Port": service.load_balancers[0]["containerPort"]}])


@does(
    "A task that stops leaves its target groups and gives its interface back.",
    recorded("stepfunctions/v2/services/test_ecs_task_service", "TestTaskServiceECS::test_run_task_sync"),
)
@hook
def stop(backend, task, reason: str) -> None:
    """Stop a task and give its network interface back, so that subnets and groups can be deleted."""
    task.desired_status = task.last_status = "STOPPED"
    task.stopped_reason, task.stopped_at = task.stopped_reason or reason, utcnow()
    network = models.ec2_backends[backend.account_id][backend.region_name]
    network.enis.pop(interface(task, "networkInterfaceId"), None)
    for attachment in task.attachments:
        attachment["status"] = "DELETED"
    service = backend.services.get(f"{task.cluster_name}:{task.group.removeprefix('service:')}")
    if service:
        _targets(backend, service, task, "deregister")


def _check_strategy(cluster, params: dict) -> None:
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


@correction("ecs", "CreateService keeps all that it is given, with AWS's defaults for the rest")
def create_service():
    @replacing(Responses, "create_service")
    def create(original, self):
        params, backend = dict(self.params), self.ecs_backend
        cluster = backend._get_cluster(params.get("cluster", "default"))
        _check_strategy(cluster, params)
        existing = backend.services.get(f"{cluster.name}:{params['serviceName']}")
        if existing and existing.status != "INACTIVE":
            raise AWSError("InvalidParameterException", "Creation of service was not idempotent.")
        unsaid = not params.get("launchType") and "capacityProviderStrategy" not in params
        if unsaid and cluster.default_capacity_provider_strategy:
            params["capacityProviderStrategy"] = cluster.default_capacity_provider_strategy
        result = original(self)
        service = result.result["service"]
        for attribute, value in SERVICE_DEFAULTS.items():
            setattr(service, attribute, value)
        service.capacity_provider_strategy = None
        service.created_at = utcnow()
        service.created_by = f"arn:aws:iam::{self.current_account}:root"
        service.role_arn = service.role_arn or (
            f"arn:aws:iam::{self.current_account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
        )
        service.deployment_configuration = _deployment_configuration(params.get("deploymentConfiguration"))
        _take(service, params)
        service.deployments = []
        deploy(service)
        service.running_count, service.pending_count = 0, service.desired_count
        return result


@correction("ecs", "UpdateService keeps all that it is given, shows the full task definition ARN and deploys anew")
def update_service():
    @replacing(Responses, "update_service")
    def update(original, self):
        params, backend = dict(self.params), self.ecs_backend
        cluster = backend._get_cluster(params.get("cluster", "default"))
        _check_strategy(cluster, params)
        service = backend._get_service(cluster.name, params["service"].split("/")[-1])
        if service.status != "ACTIVE":
            raise AWSError("ServiceNotActiveException", "Service was not ACTIVE.")
        if "taskDefinition" in params:
            params["taskDefinition"] = backend.describe_task_definition(params["taskDefinition"]).arn
        before = _deployed(service)
        if "desiredCount" in params:
            service.desired_count = params["desiredCount"]
            service.pending_count = max(0, service.desired_count - service.running_count)
        service.task_definition = params.get("taskDefinition", service.task_definition)
        service.deployment_configuration = _deployment_configuration(
            params.get("deploymentConfiguration"), service.deployment_configuration
        )
        _take(service, params)
        if params.get("forceNewDeployment") or _deployed(service) != before:
            deploy(service)
        updated(service)
        return ActionResult({"service": service})


@hook
def updated(service) -> None:
    """Nothing more: whoever looks at an updated service finds it steady."""


def _deployed(service) -> list:
    attributes = ("task_definition", "capacity_provider_strategy", *SERVICE_PARAMETERS.values())
    return [repr(getattr(service, one, None)) for one in attributes if one != "health_check_grace_period_seconds"]


@correction("ecs", "a service is steady when it is looked at again, and its tasks can be listed by its name")
@does("A service that is deleted ends its tasks and is INACTIVE.", documented(API + "DeleteService.html"))
def steady_services():
    @replacing(Backend, "describe_services")
    def describe(original, self, cluster_str, names):
        found, failures = original(self, cluster_str, names)
        for service in found:
            settle(self, service)
        return found, failures

    @replacing(Backend, "list_tasks")
    def listed(original, self, cluster_str=None, container_instance=None, family=None, started_by=None,
               service_name=None, desiredStatus=None):  # fmt: skip
        for service in list(self.services.values()):
            settle(self, service)
        tasks = original(self, cluster_str, None, family, started_by, None, desiredStatus or "RUNNING")
        name = service_name.split("/")[-1] if service_name else None
        if name:
            self._get_service(cluster_str, name)
        return [
            task
            for task in tasks
            if (not name or task.group == f"service:{name}")
            and (not container_instance or container_instance in (task.container_instance_arn or ""))
        ]

    @replacing(Backend, "list_services")
    def services(original, self, *args, **kwargs):
        inactive = {one.arn for one in self.services.values() if one.status == "INACTIVE"}
        return [arn for arn in original(self, *args, **kwargs) if arn not in inactive]

    @replacing(Backend, "delete_service")
    def delete(original, self, cluster_name, service_name, force):
        cluster = self._get_cluster(cluster_name)
        service = self._get_service(cluster.name, service_name.split("/")[-1])
        if service.status == "INACTIVE":
            raise models.ServiceNotFoundException
        service = original(self, cluster_name, service.name, force)
        for task in service_tasks(self, service):
            stop(self, task, f"Service {service.name} was deleted")
        service.desired_count = service.running_count = 0
        return service


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


# Tasks


@correction("ecs", "the network interface of a task says whose it is")
def interfaces():
    @replacing(models.Task, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        network = models.ec2_backends[self._account_id][self.region_name]
        for attachment in self.attachments:
            made = network.enis.get(interface(self, "networkInterfaceId"))
            if made:
                arn = self.task_arn.partition(":task/")[0]
                made.description = f"{arn}:attachment/{attachment['id']}"


@correction("ecs", "a service's task runs until it is stopped, and a stopped task gives its network interface back")
def tasks():
    @replacing(models.Task, "__init__")
    def init(original, self, *args, **kwargs):
        network = kwargs.get("networking_configuration")
        if network:
            kwargs["networking_configuration"] = _network(network)
        original(self, *args, **kwargs)
        definition = self._backend.describe_task_definition(self.task_definition_arn)
        self.containers = [_container(definition, one, self) for one in definition.container_definitions]
        self.created_at = self.started_at = utcnow()
        self.cpu, self.memory = definition.cpu, definition.memory
        self.overrides = {"containerOverrides": [], "inferenceAcceleratorOverrides": [], **self.overrides}

    @replacing(models.Task, "advance")
    def looked_at(original, self):
        advance(self, lambda: original(self))

    @replacing(Backend, "stop_task")
    def stop_task(original, self, cluster_str, task_str, reason):
        cluster = self._get_cluster(cluster_str)
        known = self.tasks.get(cluster.name, {}).values()
        found = next((one for one in known if one.task_arn.endswith(task_str.split("/")[-1])), None)
        if found is None:
            raise AWSError("InvalidParameterException", "The referenced task was not found.")
        return stop_by_user(self, found, reason or STOPPED, lambda: original(self, cluster_str, task_str, reason))

    @replacing(Responses, "describe_tasks")
    def describe(original, self):
        result = original(self)
        found = [task.task_arn for task in result.result["tasks"]]
        result.result["failures"] = [
            {"arn": asked, "reason": "MISSING"}
            for asked in self._get_param("tasks", [])
            if not any(arn.endswith(asked.split("/")[-1]) for arn in found)
        ]
        return result


@hook
def advance(task, further) -> None:
    """Take a task on when it is looked at; ``further()`` is moto's own step."""
    if task.group.startswith("service:") or task.status == "STOPPED":
        return
    further()
    if task.status == "STOPPED":
        task.stop_code = "EssentialContainerExited"
        stop(task._backend, task, "Essential container in task exited")


@hook
def stop_by_user(backend, task, reason: str, at_once):
    """Answer StopTask; ``at_once()`` is moto's own."""
    at_once()
    task.stop_code = "UserInitiated"
    stop(backend, task, reason)
    return task


@hook
def run_task_for(api, run) -> ActionResult:
    """Answer a RunTask request; ``run()`` judges it and starts its tasks."""
    answer = run()
    for task in answer.result["tasks"]:
        task.enable_execute_command = bool(api.params.get("enableExecuteCommand"))
    return answer


@correction("ecs", "RunTask takes memory said for the whole task, and refuses EC2 without instances")
def run_task():
    @replacing(Backend, "_calculate_task_resource_requirements")
    def requirements(original, task_definition):
        containers = [
            one if one.get("memory") or one.get("memoryReservation") else one | {"memory": 0}
            for one in task_definition.container_definitions
        ]
        return original(type("Definition", (), {"container_definitions": containers}))

    Backend._calculate_task_resource_requirements = staticmethod(Backend._calculate_task_resource_requirements)

    @replacing(Responses, "run_task")
    def asked(original, self):
        return run_task_for(self, lambda: run(original, self))

    def run(original, self):
        params, backend = self.params, self.ecs_backend
        cluster = backend._get_cluster(params.get("cluster", "default"))
        _check_strategy(cluster, params)
        strategy = params.get("capacityProviderStrategy") or cluster.default_capacity_provider_strategy
        on_fargate = params.get("launchType") == "FARGATE" or (
            not params.get("launchType") and strategy and strategy[0]["capacityProvider"] in FARGATE
        )
        if not on_fargate and not backend.container_instances.get(cluster.name):
            raise AWSError("InvalidParameterException", "No Container Instances were found in your cluster.")
        return original(self)


def _container(definition, container: dict, task):
    alone = type("Definition", (), {"arn": task.task_arn, "container_definitions": [container]})
    made = models.Container(alone)
    made.container_arn = task.task_arn.replace(":task/", ":container/") + f"/{models.mock_random.uuid4()}"
    made.last_status = "RUNNING"
    del made.exitCode  # only a container that has ended has one
    return made
