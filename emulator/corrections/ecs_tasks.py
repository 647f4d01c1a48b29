"""ECS: tasks run until they are stopped, and give their network interfaces and target groups back."""

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ecs import models
from moto.elbv2.models import elbv2_backends

from emulator.corrections import ecs_deployments
from emulator.corrections.ecs import FARGATE, Backend, Responses, awsvpc, check_strategy
from emulator.errors import AWSError
from emulator.evidence import does, recorded
from emulator.patching import correction, hook, replacing

STOPPED = "Task stopped by user"


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
            kwargs["networking_configuration"] = awsvpc(network)
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
        check_strategy(cluster, params)
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


def interface(task, name: str) -> str | None:
    """Return one detail of a task's network interface, such as subnetId."""
    details = [each for attachment in task.attachments for each in attachment["details"]]
    return next((each["value"] for each in details if each["name"] == name), None)


def _targets(backend, service, task, change: str) -> None:
    """Register a task with its deployment's target group, or deregister it."""
    groups = elbv2_backends[backend.account_id][backend.region_name].target_groups
    group, address = groups.get(ecs_deployments.group_of(service, task)), interface(task, "privateIPv4Address")
    if group and address and ecs_deployments.role_allows(service, group.arn, f"{change.title()}Targets"):
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
