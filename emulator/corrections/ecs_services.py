"""ECS: services keep what they are given, run tasks and become steady."""

import random

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs import models

from emulator.corrections import ecs_deployments
from emulator.corrections.ecs import FARGATE, Backend, Responses, awsvpc, check_strategy, strategy_of
from emulator.corrections.ecs_deployments import event
from emulator.corrections.ecs_tasks import start_task, stop
from emulator.errors import AWSError
from emulator.evidence import documented, does
from emulator.patching import correction, hook, replacing

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
ECS = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

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


def _take(service, params: dict) -> None:
    """Put the parameters of a create or update onto a service."""
    for parameter, attribute in SERVICE_PARAMETERS.items():
        if parameter in params:
            setattr(service, attribute, params[parameter])
    service.network_configuration = awsvpc(service.network_configuration)
    if "capacityProviderStrategy" in params:
        service.capacity_provider_strategy = strategy_of(params["capacityProviderStrategy"])
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
        ecs_deployments.complete(service)
        return
    newest = service.deployments[0]
    if newest["rolloutState"] != "COMPLETED":
        newest["rolloutState"] = "COMPLETED"
        newest["rolloutStateReason"] = f"ECS deployment {newest['id']} completed."
        newest["updatedAt"] = utcnow()
        event(service, f"(service {service.name}) has reached a steady state.")
    del service.deployments[1:]
    wanted = service.desired_count
    running: list = []
    for task in service_tasks(backend, service):
        if task.started_by == newest["id"] and len(running) < wanted:
            running.append(task)
        else:
            stop(backend, task, "Scaling activity initiated by deployment " + newest["id"])
    for _ in range(wanted - len(running)):
        start_task(backend, service, newest)
    service.running_count, service.pending_count = wanted, 0
    newest.update(desiredCount=wanted, runningCount=wanted, pendingCount=0)
    ecs_deployments.complete(service)


def service_tasks(backend, service) -> list:
    """Return a service's tasks that are not stopped."""
    tasks = list(backend.tasks.get(service.cluster_name, {}).values())
    return [task for task in tasks if task.group == f"service:{service.name}" and task.last_status != "STOPPED"]


@correction("ecs", "CreateService keeps all that it is given, with AWS's defaults for the rest")
def create_service():
    @replacing(Responses, "create_service")
    def create(original, self):
        params, backend = dict(self.params), self.ecs_backend
        cluster = backend._get_cluster(params.get("cluster", "default"))
        check_strategy(cluster, params)
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
        check_strategy(cluster, params)
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
