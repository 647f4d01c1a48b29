"""Services whose image really runs: deployments come up task by task, health checks decide, the breaker rolls back.

What runs nothing here (an image that isn't in the map) is steady as soon as it's looked at, as in the corrections.
A deployment with another strategy than ROLLING goes through its stages here (``corrections/ecs_deployments.py``), its
minutes being those of the clock, and meets its hooks (``deployment_hooks.py``). Alarms fail a deployment that there is
something to go back from.

Health checks run as often as ``EMULATOR_HEALTH_SECONDS`` says and not as the definition does, but as often in a row.
"""

import os
import subprocess

from moto.ecs import models

from emulator import ACCOUNT, clock
from emulator.corrections import ecs_agents, ecs_deployments, ecs_services, ecs_tasks
from emulator.dataplane import bus, deployment_hooks, images
from emulator.dataplane.engine import ENGINE
from emulator.evidence import documented, does, inferred, issue, lacks
from emulator.lock import LOCK

GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
lacks(
    __name__,
    "Rolling deployments",
    "tasks come and go as with 100 and 200 percent, whatever minimum and maximum say; load balancers' health "
    "checks and their grace period decide nothing",
)
lacks(
    __name__,
    "Services whose tasks never start",
    "the next try follows at once; ECS waits longer each time, up to 27 minutes",
)

LOOK = 0.5  # seconds of the clock between two looks at a deployment that goes on
ALARM_BAKE = (
    3.0  # seconds of the clock in which alarms still count when all is up; AWS computes it, by no known formula
)
REPEATEDLY = 3  # tasks of a deployment that never ran, after which the service says so
STEADY = 2.0  # seconds of the clock after which a task without health check counts as up
HEALTH = "EMULATOR_HEALTH_SECONDS"
UNHEALTHY = "Task failed container health checks"
BREAKER = "ECS deployment circuit breaker: tasks failed to start."
ALARM = "ECS deployment failed: alarm detected."
ASKED = "Service deployment was stopped by request."
ATTEMPT_SECONDS = 10


def install() -> None:
    """Give services whose tasks really run deployments that can fail."""
    deployment_hooks.install()

    @ecs_services.settle.around
    def settle(steady, backend, service):
        if service.status == "ACTIVE" and service.deployments and runs(backend, service.task_definition):
            reconcile(backend, service)
        else:
            steady(backend, service)

    @ecs_services.updated.around
    def update(_own, service):
        if service.deployments:  # a new count begins no deployment
            ENGINE.after(LOOK, _poll, service.arn, service.deployments[0]["id"])

    @ecs_services.deploy.around
    def deploy(begin, service):
        begin(service)
        newest = service.deployments[0]
        _publish(service, newest, "SERVICE_DEPLOYMENT_IN_PROGRESS", newest["rolloutStateReason"])
        ENGINE.after(LOOK, _poll, service.arn, newest["id"])


def runs(backend, definition: str) -> bool:
    """Tell whether an image of a task definition is in the map."""
    containers = backend.describe_task_definition(definition).container_definitions
    return any(images.entry(one["image"]) for one in containers)


def _poll(arn: str, deployment: str) -> None:
    backend = models.ecs_backends[ACCOUNT][arn.split(":")[3]]
    service = next((one for one in backend.services.values() if one.arn == arn), None)
    if service is None or not service.deployments or service.deployments[0]["id"] != deployment:
        return
    ecs_services.settle(backend, service)
    if service.deployments[0]["rolloutState"] == "IN_PROGRESS":
        ENGINE.after(LOOK, _poll, arn, deployment)


@does(
    "A service keeps as many tasks running as are desired; protected ones are ended last.",
    documented(API + "UpdateTaskProtection.html"),
)
@does(
    "At least as many of a service's tasks as before run on through a rolling deployment with 100 and 200 "
    "percent: new ones come up before old ones stop.",
    documented(API + "DeploymentConfiguration.html", "minimumHealthyPercent, maximumPercent"),
)
def reconcile(backend, service) -> None:
    """Do the next step of a service: start what is missing, stop what is too much, judge the deployment."""
    newest, wanted = service.deployments[0], service.desired_count
    alive = ecs_services.service_tasks(backend, service)
    own = [task for task in alive if task.started_by == newest["id"] and task.desired_status == "RUNNING"]
    # What is protected stays, and comes first. (ECS developer guide, task scale-in protection)
    own.sort(key=lambda task: not ecs_agents.protected(task))
    kept = max(wanted, sum(ecs_agents.protected(task) for task in own))
    for task in own[kept:]:
        _stop(task, f"Scaling activity initiated by deployment {newest['id']}")
    own = own[:kept]
    # In the clock's next turn: a task that can't start ends in the middle of being started.
    missing = wanted - len(own)
    up = [task for task in own if _up(task)]
    record = ecs_deployments.newest(service)
    failures = _failures(backend, service, newest)
    _warn_of_failing_starts(service, newest, sum(task.started_at is None for task in failures))
    newest["failedTasks"] = _count_failures(record, len(failures), up + [task for task in failures if _ran(task)])
    newest.update(desiredCount=wanted, runningCount=len(up), pendingCount=max(0, wanted - len(up)))
    newest["updatedAt"] = clock.utc()
    service.running_count = sum(task.status == "RUNNING" for task in alive)
    service.pending_count = max(0, wanted - service.running_count)
    if newest["rolloutState"] == "IN_PROGRESS":
        record.failures = record.failures if record.rollback else newest["failedTasks"]
        reason = _failure(service, newest, record)
        if reason:
            _fail(backend, service, newest, record, reason)
            return
        if _is_over(service, record, len(up) >= wanted):
            _complete(backend, service, newest)
    for _ in range(missing):
        ecs_tasks.start_task(backend, service, newest)


@does(
    "A service whose tasks go from PENDING to STOPPED again and again says in its events that it is unable to "
    "consistently start tasks successfully; tasks that were RUNNING don't count.",
    documented(GUIDE + "service-throttle-logic.html"),
)
@does(
    "It says so once for each deployment, after three such tasks.",
    inferred("the documentation has no number", "the events of a service whose image doesn't exist"),
)
def _warn_of_failing_starts(service, newest, never: int) -> None:
    """Tell in a service's events that its tasks don't start."""
    message = f"(service {service.name}) is unable to consistently start tasks successfully."
    said = [one["message"] for one in service.events if one["createdAt"] >= newest["createdAt"]]
    if never >= REPEATEDLY and message not in said:
        ecs_deployments.event(service, message)


@does(
    "A deployment fails when an alarm of its own goes on, when the circuit breaker trips, or when somebody stops it.",
    documented(GUIDE + "deployment-failure-detection.html"),
)
@does(
    "A hook that fails takes a deployment back, whatever its circuit breaker and alarms say of rollbacks.",
    documented(GUIDE + "lambda-lifecycle-hooks.html", "hookStatus values"),
)
def _failure(service, newest, record) -> str:
    """Return why a deployment is given up, if it is."""
    if record.asked_to:
        return ASKED
    if record.status == "IN_PROGRESS" and record.sources and not record.ignores_alarms:
        record.alarmed = ecs_deployments.active_alarms(service, record)
        if record.alarmed:
            return ALARM
    told = deployment_hooks.failed(service, record) if record.status == "IN_PROGRESS" else ""
    if told:
        return told
    return BREAKER if record.breaks and newest["failedTasks"] >= record.threshold(service.desired_count) else ""


@does(
    "Alarms count for a while after all new tasks are up, for how long ECS computes from the alarms.",
    documented(GUIDE + "deployment-alarm-failure.html"),
)
def _is_over(service, record, up: bool) -> bool:
    """Tell whether a deployment has come to its end."""
    hooked = bool(record.configuration.get("lifecycleHooks"))
    if not record.rolling and (hooked or (record.sources and ecs_deployments.advanced_configuration(service))):
        return ecs_deployments.next_stage(service, record, up)
    alarms = record.configuration.get("alarms") or {}
    if up and alarms.get("enable") and not record.ignores_alarms and record.status == "IN_PROGRESS":
        record.until = record.until or clock.now() + ALARM_BAKE
    return up and clock.now() >= record.until


@does(
    "A deployment is COMPLETED when the service has reached a steady state; then the event "
    "SERVICE_DEPLOYMENT_COMPLETED is sent.",
    documented(GUIDE + "ecs_service_deployment_events.html"),
)
def _complete(backend, service, newest) -> None:
    newest["rolloutState"] = "COMPLETED"
    newest["rolloutStateReason"] = f"ECS deployment {newest['id']} completed."
    del service.deployments[1:]
    for task in ecs_services.service_tasks(backend, service):
        if task.started_by != newest["id"]:
            _stop(task, f"Scaling activity initiated by deployment {newest['id']}")
    ecs_deployments.event(service, f"(service {service.name}) has reached a steady state.")
    record = ecs_deployments.newest(service)
    if not record.sources or record.rolling:
        ecs_deployments.set_weights(service, record.group, 100)
        ecs_deployments.take_traffic(service, record)
    record.end("ROLLBACK_SUCCESSFUL" if record.rollback else "SUCCESSFUL")
    _publish(service, newest, "SERVICE_DEPLOYMENT_COMPLETED", newest["rolloutStateReason"])


@does(
    "The circuit breaker counts tasks that never run, and those that fail their health checks.",
    documented(GUIDE + "deployment-circuit-breaker.html", "Stage 1 and Stage 2"),
)
@does(
    "A task that ends after it was RUNNING counts as well.",
    issue("aws/containers-roadmap#1206", "it counts for failedTasks, and is forgotten as the next one runs"),
)
def _failures(backend, service, deployment) -> list:
    """Return the deployment's tasks that ended by themselves, or because they were unhealthy."""
    tasks = backend.tasks.get(service.cluster_name, {}).values()
    return [
        task
        for task in tasks
        if task.started_by == deployment["id"]
        and (task.desired_status == "STOPPED" or task.status == "STOPPED")
        and (task.stop_code in ("TaskFailedToStart", "EssentialContainerExited") or task.stopped_reason == UNHEALTHY)
    ]


def _ran(task) -> bool:
    """Tell whether a task that failed was running before, and nothing checked its health."""
    return task.started_at is not None and not getattr(task, "checked", False)


@does(
    "A task that becomes healthy sets the count of failures to 0, unless resetOnHealthyTask is false.",
    documented(API + "DeploymentCircuitBreaker.html", "resetOnHealthyTask"),
)
@does(
    "A task without a health check is healthy as soon as it is RUNNING.",
    issue("aws/containers-roadmap#1206", "tasks that run and exit never trip the circuit breaker"),
)
def _count_failures(record, failures: int, up: list) -> int:
    """Return how many failures count: a task that becomes healthy makes those before it forgotten, if it is to."""
    fresh = {task.task_arn for task in up} - record.healthy
    record.healthy |= fresh
    if fresh and record.configuration["deploymentCircuitBreaker"]["resetOnHealthyTask"]:
        record.forgiven = failures
    return failures - record.forgiven


@does(
    "A failed deployment goes back to the newest one that was COMPLETED; without one it stops and starts no "
    "more tasks.",
    documented(GUIDE + "deployment-circuit-breaker.html"),
)
@does(
    "That a deployment failed is the event SERVICE_DEPLOYMENT_FAILED.",
    documented(GUIDE + "ecs_service_deployment_events.html"),
)
@does(
    "After a rollback with two target groups the old deployment is PRIMARY again under its old id.",
    inferred(
        "the old tasks still run and get the traffic back",
        "DescribeServices after a rolled back blue/green deployment",
    ),
)
def _fail(backend, service, failed, record, reason: str) -> None:
    """Fail a deployment; go back to the one before it where whatever gave it up is to."""
    failed["rolloutState"], failed["rolloutStateReason"] = "FAILED", reason
    ecs_deployments.event(service, f"(service {service.name}) deployment failed: {reason} (deployment {failed['id']})")
    _publish(service, failed, "SERVICE_DEPLOYMENT_FAILED", reason)
    good = next((one for one in service.deployments[1:] if one["rolloutState"] == "COMPLETED"), None)
    deployment_hooks.cancel(service, record)
    for task in ecs_services.service_tasks(backend, service):
        if task.started_by == failed["id"]:
            _stop(task, f"Scaling activity initiated by deployment {failed['id']}")
    if not _rolls_back(record, reason) or good is None:
        record.end("STOPPED", reason)
        return
    record.rollback = {
        "reason": reason, "startedAt": clock.utc(), "serviceRevisionArn": (record.sources or [""])[0],
    }  # fmt: skip
    record.status, record.reason, record.asked_to = "ROLLBACK_IN_PROGRESS", reason, ""
    service.task_definition = good["taskDefinition"]
    ecs_deployments.event(service, f"(service {service.name}) rolling back to deployment {good['id']}.")
    if record.rolling:
        _redeploy(backend, service, record, good)
        return
    # The old tasks still run: the traffic goes back to them. That the old deployment is PRIMARY again under its old id
    # is not verified on AWS.
    ecs_deployments.set_weights(service, record.came_from, 100)
    service.serving_group, record.share, record.step = record.came_from, 0.0, 0
    if record.test_share:
        ecs_deployments.set_weights(service, record.came_from, 100, "testListenerRule")
        record.test_share = 0.0
    deployment_hooks.on_the_way_back(service, record)
    good["status"], service.deployments = "PRIMARY", [good]
    ENGINE.after(LOOK, _rolled_back, service, record)


def _rolled_back(service, record) -> None:
    if record.status == "ROLLBACK_IN_PROGRESS":
        record.end("ROLLBACK_SUCCESSFUL")


def _rolls_back(record, reason: str) -> bool:
    if reason == ASKED:
        return record.asked_to == "ROLLBACK"
    if reason in (deployment_hooks.FAILED, deployment_hooks.TIMED_OUT):
        return True
    mechanism = "alarms" if reason == ALARM else "deploymentCircuitBreaker"
    return bool(record.configuration[mechanism]["rollback"])


@does(
    "A rolling deployment's rollback is a deployment of its own with the old task definition; the service "
    "deployment stays the same.",
    issue("hashicorp/terraform-provider-aws#20858", "PRIMARY shows the old task definition again"),
)
def _redeploy(backend, service, record, good) -> None:
    """Deploy what ran before again; the service deployment is still the same."""
    ecs_services.deploy(service)
    newest = service.deployments[0]
    del ecs_deployments.history(service)[0]  # the one that this has begun
    record.end("ROLLBACK_IN_PROGRESS", record.rollback["reason"])
    record.deployment, record.finished, record.until = newest["id"], None, 0.0
    record.healthy, record.forgiven = set(), 0
    newest["rolloutStateReason"] = f"{record.reason.partition(':')[0]}: rolling back to deploymentId {good['id']}."
    for task in ecs_services.service_tasks(backend, service):
        if task.started_by == good["id"]:  # what runs is what is asked for again
            task.started_by = newest["id"]


def _stop(task, reason: str) -> None:
    if task.desired_status == "RUNNING":
        task.life.stop("ServiceSchedulerInitiated", reason)


@does(
    "Deployments tell their beginning, end and failure as ECS Deployment State Change with eventName, "
    "deploymentId, updatedAt and reason.",
    documented(GUIDE + "ecs_service_deployment_events.html"),
)
def _publish(service, deployment, name: str, reason: str) -> None:
    detail = {
        "eventType": "ERROR" if name.endswith("FAILED") else "INFO",
        "eventName": name,
        "deploymentId": deployment["id"],
        "updatedAt": f"{clock.utc().isoformat(timespec='milliseconds')}Z",
        "reason": reason,
    }
    bus.put("aws.ecs", "ECS Deployment State Change", detail, [service.arn], service.arn.split(":")[3])


# Health


@does(
    "A task without health checks counts for a deployment when it has been running for a while.",
    inferred(
        "the service scheduler waits for tasks to be steady",
        "the time from RUNNING to COMPLETED of a service without checks",
    ),
)
def _up(task) -> bool:
    """Tell whether a task counts as up: healthy, or running for a while where nothing checks its health."""
    if task.status != "RUNNING":
        return False
    if getattr(task, "checked", False):
        return task.health_status == "HEALTHY"
    return task.started_at is not None and (clock.utc() - task.started_at).total_seconds() >= STEADY


def health(life, task) -> str:
    """Return how healthy a task is: as the worst of its essential containers, of which one without check is UNKNOWN."""
    essential = {one["name"] for one in life.definition.container_definitions if one.get("essential", True)}
    shown = {getattr(one, "health_status", None) or "UNKNOWN" for one in task.containers if one.name in essential}
    return next(one for one in ("UNHEALTHY", "UNKNOWN", "HEALTHY") if one in shown)


@does(
    "A container is UNHEALTHY when its check has failed as often in a row as retries says; failures within the "
    "start period don't count.",
    documented(API + "HealthCheck.html"),
)
@does(
    "A task is HEALTHY when all its essential containers are, and UNHEALTHY when one of them is.",
    documented(API + "HealthCheck.html"),
)
class Health:
    """The health checks of one container, as its definition has them."""

    def __init__(self, life, task, container, definition: dict, variables: dict):
        self.life, self.task, self.container, self.variables = life, task, container, variables
        check = definition["healthCheck"]
        command = [part.replace("127.0.0.1", variables["HOST"]) for part in check["command"]]
        self.command = ["/bin/sh", "-c", command[1]] if command[0] == "CMD-SHELL" else command[1:]
        self.every = float(os.environ.get(HEALTH, "1"))
        self.left = check["retries"]
        self.retries = check["retries"]
        # Failures at the beginning don't count for as long as the start period is.
        self.spared = -(-check.get("startPeriod", 0) // check["interval"])
        task.checked = True
        self._show("UNKNOWN")
        ENGINE.after(self.every, self._ask)

    def _show(self, status: str) -> None:
        self.container.health_status = status
        self.task.health_status = health(self.life, self.task)

    def _ask(self) -> None:
        if not self.life.stopping:
            ENGINE.background(self._try, ENGINE.life)

    def _try(self, life: int) -> None:
        try:
            done = subprocess.run(
                self.command, env=self.variables, capture_output=True, timeout=ATTEMPT_SECONDS, check=False
            )
            good = done.returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            good = False
        with LOCK:
            if life == ENGINE.life and not self.life.stopping:
                self._judge(good)

    @does(
        'A service\'s unhealthy task is stopped with "Task failed container health checks" and replaced.',
        documented("https://repost.aws/knowledge-center/ecs-task-stopped"),
    )
    def _judge(self, good: bool) -> None:
        if good:
            self.left, self.spared = self.retries, 0
            self._show("HEALTHY")
        elif self.spared:
            self.spared -= 1
        else:
            self.left -= 1
        if self.left == 0:
            self._show("UNHEALTHY")
            if self.life.service:
                self.life.stop("ServiceSchedulerInitiated", UNHEALTHY)
            return
        ENGINE.after(self.every, self._ask)


def watch(life, task, container, definition: dict, variables: dict) -> None:
    """Check a container's health from now on, if its definition says how; ``variables`` are its environment."""
    if definition.get("healthCheck"):
        Health(life, task, container, definition, variables)
