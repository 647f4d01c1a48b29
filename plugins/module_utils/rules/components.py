"""What the components of a stack come to together."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..components import FUNCTION, SERVICE, TASK, VARIABLE, WORKFLOW
from ..engine.errors import EngineError
from ..engine.names import name as made
from .registry import ALL_COMPONENTS, Sentences, Variable, rule

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
# By these names the stack has something already that is named as a component's or a queue's things are.
TAKEN = ("alb", "cluster", "database", "exec", "migrations", "queue", "resubmit", "target")
TAKEN_QUEUES = ("failed-jobs", "lambda-failures")
TYPES = {"standard": (SERVICE, FUNCTION), "ultra": (TASK, FUNCTION)}
WHY = {
    "standard": "the profile standard has no pipe that would start a task",
    "ultra": "the profile ultra has no services",
}
ARN = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@!-]+"
PERCENTS = ("cpu", "memory")
# The statements that the roles ecs and lambda make.
OWN_SIDS = frozenset((
    "FindAndMakeInterfaces", "FindSessionLogs", "Logs", "NotByTheFunction", "Protect", "Receive", "Secrets",
    "SecretsKey", "Send", "SessionLogs", "Sessions", "Trace", "UseInterfaces",
))  # fmt: skip


def _each(components: Variable, key: str) -> Iterator[tuple[str, dict[str, Variable], Variable]]:
    for name, component in components.value.items():
        if key in component:
            yield name, component, component[key]


@rule(ALL_COMPONENTS, "stack_name", "stack_region")
def names(components: Variable, stack: Variable, region: Variable) -> Sentences:
    """Everything of a component is named after it, and of a queue."""
    for name, _component, kind in _each(components, "type"):
        where = kind.name.rpartition(".")[0]
        if not NAME.fullmatch(name) or name in TAKEN or name.endswith("-queue"):
            yield (
                f"{where} is no name of a component: allowed are lower-case letters, digits and single hyphens between "
                f"them, a letter first, not {', '.join(TAKEN)}, and not -queue at the end"
            )
        try:
            made("role", stack.value, f"{name}-{'lambda' if kind.value == FUNCTION else 'task'}", region.value)
        except EngineError:
            yield f"{where} is too long a name of a component: AWS takes no longer name than 64 for its role"
    for _name, _component, queue in _each(components, "queue"):
        taken = queue.value in TAKEN_QUEUES or queue.value.endswith("-dlq")
        if queue.value and (taken or not NAME.fullmatch(queue.value)):
            yield (
                f"{queue}: allowed are lower-case letters, digits and single hyphens between them, a letter first, and "
                f"not {', '.join(TAKEN_QUEUES)}, nor -dlq at the end"
            )


@rule(ALL_COMPONENTS, "stack_profile")
def types(components: Variable, profile: Variable) -> Sentences:
    """A profile runs what it has the means for."""
    allowed = TYPES.get(profile.value, ())
    for _name, _component, kind in _each(components, "type"):
        if allowed and kind.value not in allowed:
            yield f"{kind}: {WHY[profile.value]}; allowed are {', '.join(allowed)}"
    tasks = [one for _name, component, one in _each(components, "queue") if component["type"].value == TASK]
    for one in tasks:
        if one.value != WORKFLOW:
            yield f"{one}: the pipe takes from one queue, so only {WORKFLOW} is allowed"
    if profile.value == "ultra" and len(tasks) != 1:
        yield f"{VARIABLE} has {len(tasks)} tasks: the pipe starts one, so exactly one is allowed"


@rule(ALL_COMPONENTS)
def one_way_in(components: Variable) -> Sentences:
    """The load balancer leads to one port of one service; nothing leads to any other."""
    balanced = [one for _name, _component, one in _each(components, "load_balancer") if one.value]
    for one in balanced[1:]:
        yield f"{one}, and {balanced[0]}: the load balancer leads to one component, so only one may say true"
    for _name, component, port in _each(components, "port"):
        stands = component["load_balancer"]
        if stands.value and not 1 <= port.value <= 65535:
            yield f"{port}, and {stands}: behind the load balancer a port from 1 to 65535 is needed"
        elif port.value and not stands.value:
            yield f"{port}, but {stands}: nothing else leads to a port, so leave it out, or say true"
        if stands.value and component["queue"].value:
            yield f"{stands}, and {component['queue']}: it is scaled by a queue or by requests, not by both"


@rule("service.deployment_strategy", "service.load_balancer")
def traffic(strategy: Variable, balanced: Variable) -> Sentences:
    """Where no traffic goes, none can be moved."""
    if strategy.value != "ROLLING" and not balanced.value:
        yield f"{strategy}, but {balanced}: without traffic that moves only ROLLING is allowed"


@rule(ALL_COMPONENTS)
def migrations(components: Variable) -> Sentences:
    """The database is migrated by one image."""
    bring = [one for _name, _component, one in _each(components, "migrations") if one.value]
    if not bring:
        yield f"{VARIABLE} has none with migrations: true, whose image would migrate the database; say it of one"
    for one in bring[1:]:
        yield f"{one}, and {bring[0]}: migrations come with one image, so only one may say true"


@rule(ALL_COMPONENTS)
def queues(components: Variable) -> Sentences:
    """What is sent somewhere is to be taken by somebody."""
    there = {WORKFLOW, *(one.value for _name, _component, one in _each(components, "queue") if one.value)}
    for _name, _component, sends in _each(components, "sends_to"):
        for queue in sends.value:
            if queue not in there:
                yield f"{sends.name} has {queue!r}: no component has such a queue; there are {', '.join(sorted(there))}"


@rule("component.secrets", "component.type")
def secrets(named: Variable, kind: Variable) -> Sentences:
    """A service is given one value of a secret, a function reads the secret itself."""
    key = "" if kind.value == FUNCTION else ":[^:]+"
    for variable, secret in named.value.items():
        if not re.fullmatch(f"(app|database|{ARN}){key}", str(secret)):
            shape = "" if kind.value == FUNCTION else ":KEY"
            yield (
                f"{named.name} has {variable} with {secret!r}: a {kind.value} takes app{shape}, database{shape}, or "
                f"the whole ARN of a secret{' with ' + shape if shape else ''}"
            )


@rule("fargate.secrets", "ecs_app_secret_arn")
@rule("function.secrets", "lambda_app_secret_arn")
def app_secret(named: Variable, arn: Variable) -> Sentences:
    """The application's own keys are a secret of the standard profile."""
    for variable, secret in named.value.items():
        if not arn.value and str(secret).partition(":")[0] == "app":
            yield f"{named.name} has {variable} with {secret!r}, but {arn}: there is no such secret here"


@rule("function.vpc", "function.database", "stack_profile")
def reach(vpc: Variable, database: Variable, profile: Variable) -> Sentences:
    """The standard profile's database is in its VPC only."""
    if not vpc.value and database.value and profile.value == "standard":
        yield f"{vpc}, but {database}: outside of the VPC it can't reach the database; say true, or database: false"


@rule("images_components", ALL_COMPONENTS)
def built(names: Variable, components: Variable) -> Sentences:
    """Whose images are built."""
    for one in names.value:
        if one not in components.value:
            yield f"{names.name} has {one!r}: allowed are {', '.join(components.value)}"


@rule("release_migration_component", ALL_COMPONENTS)
def migrating(name: Variable, components: Variable) -> Sentences:
    """Whose image runs as a task."""
    allowed = [one for one, component, _queue in _each(components, "queue")]
    if name.value not in allowed:
        yield f"{name}: allowed are {', '.join(allowed)}"


@rule("component.statements")
def statements(said: Variable) -> Sentences:
    """A statement says what its role may do, and by its Sid it is told from others of the policy."""
    sids = [one["Sid"] for one in said.value if "Sid" in one]
    for sid in sorted({one for one in sids if one in OWN_SIDS or sids.count(one) > 1}):
        yield f"{said.name} has the Sid {sid!r} twice, or the role has it itself: choose another one"
    for one in said.value:
        if not {"Effect", "Action", "Resource"} <= set(one) or one["Effect"] not in ("Allow", "Deny"):
            yield f"{said.name} has {one!r}: a statement has Effect (Allow or Deny), Action and Resource"


@rule("service.alarms")
def percents(alarms: Variable) -> Sentences:
    """A threshold that nothing can ever pass is no alarm."""
    for kind, alarm in alarms.value.items():
        if kind in PERCENTS and not 0 <= float(alarm.get("threshold") or 0) <= 100:
            yield f"{alarms.name}.{kind}.threshold is {alarm['threshold']:g}: allowed are 0 to 100"
