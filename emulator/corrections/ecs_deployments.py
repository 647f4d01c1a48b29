"""ECS: the service deployments that a service's history is made of, and where each registers its tasks.

A service with a strategy other than ROLLING has two target groups, which take turns: a new deployment's tasks go into
the one that doesn't serve, and the weights of the production listener's rule move to it. How a deployment goes on is
the data plane's business (``dataplane/services.py``); here is what it leaves behind.

What lifecycle hooks decide on the way is ``dataplane/deployment_hooks.py``; a rolling deployment with hooks is refused
(strict mode).

Not verified on AWS: that the first deployment goes to the first target group, that an interrupted deployment ends as
STOPPED, that a rolling one has no lifecycleStage, the words of every statusReason, and how weights are written for
shares that aren't whole percents.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.ecs import models
from moto.elbv2.models import elbv2_backends

from emulator import clock
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, lacks
from emulator.patching import hook
from emulator.permissions import Role

GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
lacks(
    __name__,
    "Blue/green deployments",
    "stages, weights, hooks, alarms and rollbacks follow the documentation; no packet tells which target group it "
    "reached, and what runs nothing here is steady at once and meets no hook",
)
lacks(
    __name__,
    "Lifecycle hooks of rolling deployments",
    "nothing says at which of the stages a rolling deployment stops; a service with them is refused",
)

GOING_ON = ("PENDING", "IN_PROGRESS", "STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
ROLLING = "ROLLING"


def event(service, message: str) -> None:
    """Put a message in front of a service's last hundred events."""
    told = {"id": str(models.mock_random.uuid4()), "createdAt": utcnow(), "message": message}
    service.events = [told, *service.events][:100]


@dataclass(eq=False)
class LifecycleHook:
    """One execution of a lifecycle hook: at one stage, and there once for each step of the traffic."""

    definition: dict
    stage: str
    number: str
    status: str
    expires: float
    """In seconds of the clock."""
    details: dict = field(default_factory=dict)
    """What a function is given, and keeps from one invocation to the next."""
    due: float | None = None
    """When a function is asked next; nothing while it is being asked, and for a pause."""

    @property
    def pauses(self) -> bool:
        """Tell whether it waits for ContinueServiceDeployment."""
        return self.definition.get("targetType") == "PAUSE"

    @property
    def open(self) -> bool:
        """Tell whether it holds its deployment up."""
        return self.status in ("AWAITING_ACTION", "IN_PROGRESS")

    @property
    def action(self) -> str:
        """Return what happens when its time is over."""
        return (self.definition.get("timeoutConfiguration") or {}).get("action", "ROLLBACK")


@dataclass(eq=False)
class ServiceDeployment:
    """One service deployment."""

    arn: str
    deployment: str
    """The id that DescribeServices shows of it."""
    revision: dict
    sources: list[str]
    configuration: dict
    group: str
    """The target group of its tasks; nothing without a load balancer."""
    created: datetime = field(default_factory=utcnow)
    status: str = "IN_PROGRESS"
    reason: str = ""
    stage: str = ""
    step: int = -1
    until: float = 0.0
    share: float = 0.0
    failures: int = 0
    healthy: set[str] = field(default_factory=set)
    """Its tasks that were healthy once, by ARN."""
    forgiven: int = 0
    """Failures before a task became healthy, where that makes them count no more."""
    alarmed: list[str] = field(default_factory=list)
    ignores_alarms: bool = False
    came_from: str = ""
    """The target group that had the traffic before."""
    finished: datetime | None = None
    rollback: dict | None = None
    asked_to: str = ""
    """ABORT or ROLLBACK, once somebody asked to stop it."""
    reconciles: bool = False
    """Whether another one went on when it began."""
    test_share: float = 0.0
    hooks: list[LifecycleHook] = field(default_factory=list)
    """Its lifecycle hooks that began, the newest last."""

    @property
    @does("The circuit breaker is for rolling deployments only.", documented(API + "DeploymentCircuitBreaker.html"))
    def breaks(self) -> bool:
        """Tell whether its circuit breaker works: with other strategies than ROLLING nobody should rely on that.

        The API reference says that it is for rolling updates only, other texts show it with blue/green ones.
        """
        return self.rolling and bool((self.configuration.get("deploymentCircuitBreaker") or {}).get("enable"))

    @does(
        "The circuit breaker trips at half the desired count, with at least 3 and at most 200 failures.",
        documented(API + "ServiceDeploymentCircuitBreaker.html", "threshold"),
    )
    @does(
        "Its threshold can be a COUNT of tasks or an UNBOUNDED_PERCENT of the desired count.",
        documented(API + "ThresholdConfiguration.html"),
    )
    def threshold(self, desired: int) -> int:
        """Return with how many failures the circuit breaker trips."""
        told = self.configuration["deploymentCircuitBreaker"]["thresholdConfiguration"]
        if told["type"] == "COUNT":
            return told["value"]
        share = -(-desired * told["value"] // 100)
        return max(3, min(share, 200)) if told["type"] == "BOUNDED_PERCENT" else max(1, share)

    @property
    def rolling(self) -> bool:
        """Tell whether it replaces task by task."""
        return self.configuration.get("strategy", ROLLING) == ROLLING

    def end(self, status: str, reason: str = "") -> None:
        """It is over."""
        self.status, self.reason, self.finished = status, reason or self.reason, utcnow()


def history(service) -> list[ServiceDeployment]:
    """Return a service's deployments, the newest first."""
    return service.__dict__.setdefault("told_deployments", [])


def newest(service) -> ServiceDeployment | None:
    """Return a service's newest deployment."""
    return next(iter(history(service)), None)


@does(
    "A new deployment begins when a service is made, changed in what needs one, or forced to.",
    documented(GUIDE + "service-deployment.html", "Service deployment lifecycle"),
)
@does(
    "An alarm that is on as a deployment begins switches the alarms off for it.",
    documented(GUIDE + "deployment-alarm-failure.html"),
)
@does(
    "A deployment that a newer one interrupts ends as STOPPED.",
    inferred("the state diagram has no other end for it", "UpdateService twice, then ListServiceDeployments"),
)
def begin(service) -> ServiceDeployment:
    """Keep the books of the deployment that has just begun."""
    made, before = service.deployments[0], newest(service)
    number = made["id"].rpartition("/")[2]
    parts = service.arn.split(":service/")
    interrupts = bool(before and before.status in GOING_ON)
    if interrupts:
        before.end("STOPPED", "A newer deployment took its place.")
    good = next((one for one in history(service) if one.status in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL")), None)
    record = ServiceDeployment(
        arn=f"{parts[0]}:service-deployment/{parts[1]}/{number}",
        deployment=made["id"],
        revision={
            "serviceRevisionArn": f"{parts[0]}:service-revision/{parts[1]}/{number}",
            "serviceArn": service.arn,
            "clusterArn": service.cluster_arn,
            "taskDefinition": service.task_definition,
            "createdAt": utcnow(),
            "loadBalancers": service.load_balancers,
            "networkConfiguration": service.network_configuration or {},
            "capacityProviderStrategy": service.capacity_provider_strategy or [],
        },
        sources=[good.revision["serviceRevisionArn"]] if good else [],
        configuration=dict(service.deployment_configuration),
        group=_group(service),
        reconciles=interrupts,
    )
    # One that is on at the start switches all of them off for this deployment (ECS developer guide).
    record.ignores_alarms, record.came_from = bool(active_alarms(service, record)), serving_group(service)
    history(service).insert(0, record)
    return record


@does(
    "With two target groups a new deployment's tasks go into the one that doesn't serve, the first ones into "
    "the first.",
    inferred("blue serves while green comes up", "the target groups of a first blue/green deployment"),
)
def _group(service) -> str:
    """Return where a new deployment's tasks go: with two target groups into the one that doesn't serve."""
    balancer: dict = next(iter(service.load_balancers or []), {})
    first, other = (
        balancer.get("targetGroupArn", ""),
        advanced_configuration(service).get("alternateTargetGroupArn", ""),
    )
    rolling = service.deployment_configuration.get("strategy", ROLLING) == ROLLING
    return other if other and not rolling and serving_group(service) == first else first


def advanced_configuration(service) -> dict:
    """Return what a service's load balancer has for moving traffic."""
    balancer: dict = next(iter(service.load_balancers or []), {})
    return balancer.get("advancedConfiguration") or {}


def serving_group(service) -> str:
    """Return the target group that has the traffic."""
    return getattr(service, "serving_group", "")


def take_traffic(service, record: ServiceDeployment) -> None:
    """The traffic is all a deployment's now."""
    record.share = 100.0
    service.serving_group = record.group


def active_alarms(service, record: ServiceDeployment) -> list[str]:
    """Return the deployment's alarms that are on."""
    told = record.configuration.get("alarms") or {}
    account, region = service.arn.split(":")[4], service.arn.split(":")[3]
    known = cloudwatch_backends[account][region].alarms
    names = told.get("alarmNames", []) if told.get("enable") else []
    return [name for name in names if name in known and known[name].state_value == "ALARM"]


# What ECS does with the role that a service has for its load balancer, of which AWS documents only the actions
# (AWS managed policy reference, AmazonECSInfrastructureRolePolicyForLoadBalancers); when it looks is inferred.
LOOKS = ("DescribeListeners", "DescribeRules", "DescribeTargetGroups")


@does(
    "ECS moves traffic with the role that the service names for its load balancer.",
    documented(GUIDE + "AmazonECSInfrastructureRolePolicyForLoadBalancers.html"),
)
@does(
    "It looks at listeners, rules, target groups and their health with that role before it moves traffic.",
    inferred("the managed policy has these actions", "CloudTrail of a blue/green deployment"),
)
def role_allows(service, resource: str, *actions: str) -> bool:
    """Tell whether ECS may do something to a service's load balancer, and tell it as the service's event if not.

    Without a role of the service's it is ECS's own, which may.
    """
    role = Role(advanced_configuration(service).get("roleArn", ""), "ecs.amazonaws.com", service.arn)
    if not role.arn:
        return True
    for action in actions:
        try:
            role.must(f"elasticloadbalancing:{action}", resource, "ECSNetworkingWithELB")
        except AWSError as denied:
            words = re.sub("(?!^)([A-Z])", r" \1", action).lower()
            told = f"(service {service.name}) failed to {words} in ({resource}) with (error {denied.message})"
            if not service.events or service.events[0]["message"] != told:
                event(service, told)
            return False
    return True


@does(
    "The shares of a production listener's rule move from one target group to the other.",
    documented(API + "ServiceDeployment.html", "lifecycleStage"),
)
@does(
    "A share that isn't a whole percent is rounded in the listener's weights.",
    inferred("weights are whole numbers from 0 to 999", "a canary of 0.5 percent"),
)
def set_weights(service, group: str, percent: float, of: str = "productionListenerRule") -> bool:
    """Send a share of a rule's traffic to a target group and the rest to the other one, if ECS may."""
    found = advanced_configuration(service)
    groups = [service.load_balancers[0]["targetGroupArn"], found["alternateTargetGroupArn"]] if found else []
    rule = _rule(service, found.get(of)) if found else None
    if rule is None or group not in groups:
        return True
    if not (role_allows(service, "*", *LOOKS) and role_allows(service, rule.arn, "ModifyRule")):
        return False
    weights = [
        {"TargetGroupArn": one, "Weight": round(percent if one == group else 100 - percent)} for one in groups
    ]  # fmt: skip
    config = {"TargetGroups": weights, "TargetGroupStickinessConfig": {"Enabled": False}}
    for action in rule.actions:
        if action.type == "forward":
            action.data.pop("TargetGroupArn", None)
            action.__dict__.pop("TargetGroupArn", None)
            action.data["ForwardConfig"] = action.ForwardConfig = config
    return True


def _rule(service, arn: str | None):
    backend = elbv2_backends[service.arn.split(":")[4]][service.arn.split(":")[3]]
    rules = (
        rule
        for balancer in backend.load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
    )
    return next((rule for rule in rules if rule.arn == arn), None)


def complete(service) -> None:
    """The newest deployment has all the traffic, and is over."""
    record = newest(service)
    if service.status == "ACTIVE" and record and record.status in GOING_ON:
        set_weights(service, record.group, 100)
        take_traffic(service, record)
        record.end("SUCCESSFUL")


def group_of(service, task) -> str:
    """Return the target group of a task's deployment, which stays the task's."""
    record = next((one for one in history(service) if one.deployment == task.started_by), newest(service))
    if not hasattr(task, "target_group"):
        task.target_group = record.group if record else ""
    return task.target_group


def _minutes(count: float | None) -> float:
    """Return minutes as seconds of the clock."""
    return 60.0 * (count or 0)


@dataclass(frozen=True)
class Stage:
    """One stage of a deployment with two target groups."""

    name: str
    share: float | None = None
    """The share of the production traffic in percent; nothing where it stays."""
    seconds: float = 0.0
    """For how long it goes on, in seconds of the clock."""


@does(
    "A deployment with two target groups goes through PRE_SCALE_UP, SCALE_UP, POST_SCALE_UP, TEST_TRAFFIC_SHIFT, "
    "POST_TEST_TRAFFIC_SHIFT, PRE_PRODUCTION_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT (for each step), "
    "POST_PRODUCTION_TRAFFIC_SHIFT, BAKE_TIME and CLEAN_UP.",
    documented(API + "ServiceDeployment.html", "lifecycleStage"),
)
@does(
    "RECONCILE_SERVICE comes first where more than one revision is active.",
    documented(API + "DeploymentLifecycleHook.html", "lifecycleStages"),
)
@does(
    "It goes through the stages of the test traffic also without a test listener.",
    inferred("no text excepts them", "the stages of a deployment without testListenerRule"),
)
@does(
    "A canary gets 5 percent for 10 minutes, unless it says otherwise, and then all.",
    documented(API + "CanaryConfiguration.html"),
)
@does(
    "A linear deployment moves 10 percent every 6 minutes, unless it says otherwise; after 100 percent it "
    "doesn't wait for another step.",
    documented(API + "LinearConfiguration.html"),
)
def stages(record: ServiceDeployment) -> list[Stage]:
    """Return what a deployment with two target groups goes through."""
    config = record.configuration
    shares: list[tuple[float, float]] = []
    if config["strategy"] == "CANARY":
        told = config.get("canaryConfiguration") or {}
        shares = [(told.get("canaryPercent", 5.0), _minutes(told.get("canaryBakeTimeInMinutes", 10)))]
    elif config["strategy"] == "LINEAR":
        told = config.get("linearConfiguration") or {}
        step, pause, share = told.get("stepPercent", 10.0), _minutes(told.get("stepBakeTimeInMinutes", 6)), 0.0
        while (share := share + step) < 100:
            shares.append((share, pause))
    moves = [
        stage
        for share, pause in [*shares, (100.0, 0.0)]
        for stage in (Stage("PRE_PRODUCTION_TRAFFIC_SHIFT"), Stage("PRODUCTION_TRAFFIC_SHIFT", share, pause))
    ]
    return [
        *([Stage("RECONCILE_SERVICE")] if record.reconciles else []),
        Stage("PRE_SCALE_UP"),
        Stage("SCALE_UP"),
        Stage("POST_SCALE_UP"),
        Stage("TEST_TRAFFIC_SHIFT"),
        Stage("POST_TEST_TRAFFIC_SHIFT"),
        *moves,
        Stage("POST_PRODUCTION_TRAFFIC_SHIFT"),
        Stage("BAKE_TIME", None, _minutes(config.get("bakeTimeInMinutes"))),
        Stage("CLEAN_UP"),
    ]


@hook
def enter(service, record: ServiceDeployment) -> None:
    """A deployment has come to its next stage: the data plane begins the hooks that are there."""


@does(
    "Both revisions run through the bake time after all traffic has moved.",
    documented(API + "DeploymentConfiguration.html", "bakeTimeInMinutes"),
)
@does(
    "All hooks of a stage run at the same time, and the deployment leaves it when all have succeeded.",
    documented(GUIDE + "pause-lifecycle-hooks.html", "Multiple hooks at the same stage"),
)
@does(
    "The test listener's rule sends all to the new revision from TEST_TRAFFIC_SHIFT on.",
    documented(API + "DeploymentLifecycleHook.html", "TEST_TRAFFIC_SHIFT"),
)
def next_stage(service, record: ServiceDeployment, up: bool) -> bool:
    """Take a deployment with two target groups to its next stage, when it is time; return whether it was the last."""
    way = stages(record)
    if clock.now() < record.until or any(one.open for one in record.hooks):
        return False
    if record.stage == "SCALE_UP" and not (up and role_allows(service, "*", "DescribeTargetHealth")):
        return False
    step = min(record.step + 1, len(way) - 1)
    stage = way[step]
    if stage.name == "TEST_TRAFFIC_SHIFT" and advanced_configuration(service).get("testListenerRule"):
        if not set_weights(service, record.group, 100, "testListenerRule"):
            return False
        record.test_share = 100.0
    if stage.share is not None and not set_weights(service, record.group, stage.share):
        return False
    record.step, record.stage, record.until = step, stage.name, clock.now() + stage.seconds
    if stage.share is not None:
        record.share = stage.share
        if stage.share == 100:
            take_traffic(service, record)
    enter(service, record)
    return record.stage == "CLEAN_UP"
