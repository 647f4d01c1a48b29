"""ECS: what a service needs to be deployed in another way than task by task."""

from emulator.permissions import Role
from emulator.strict import rule
from emulator.strict.ecs import API, _service

SERVICES = ("CreateService", "UpdateService")
BAD = "InvalidParameterException"
GUIDE = "ECS developer guide, "
SHIFTING = ("BLUE_GREEN", "LINEAR", "CANARY")
ROLE = "ecs.amazonaws.com"
DAY = 1440  # minutes


def _configuration(call) -> dict:
    """Return a deployment configuration as it will be: what an update doesn't say stays."""
    service = _service(call) if call.operation == "UpdateService" else None
    before = service.deployment_configuration if service else {}
    return {**before, **call.parameters.get("deploymentConfiguration", {})}


def _balancers(call) -> list[dict]:
    service = _service(call) if call.operation == "UpdateService" else None
    return call.parameters.get("loadBalancers", getattr(service, "load_balancers", None)) or []


def _shifts(call) -> bool:
    """Tell whether a call says how traffic is shifted: what it doesn't say was looked at before."""
    if "loadBalancers" not in call.parameters and "strategy" not in call.parameters.get("deploymentConfiguration", {}):
        return False
    return _configuration(call).get("strategy") in SHIFTING


def _between(value, least: float, most: float) -> bool:
    return value is None or (least <= value <= most and round(value * 10, 6) == round(value * 10))


@rule("ecs", *SERVICES, code=BAD, source=API + "DeploymentConfiguration")
def steps_go_with_their_strategy(call):
    """Canary and linear configurations go with their strategies, and are in range."""
    given = call.parameters.get("deploymentConfiguration", {})
    strategy = _configuration(call).get("strategy", "ROLLING")
    for kind, least, percent, bake in (
        ("canary", 0.1, "canaryPercent", "canaryBakeTimeInMinutes"),
        ("linear", 3.0, "stepPercent", "stepBakeTimeInMinutes"),
    ):
        told = given.get(f"{kind}Configuration")
        if told is None:
            continue
        if strategy != kind.upper():
            return f"{kind}Configuration is only valid when the deployment strategy is {kind.upper()}."
        if not _between(told.get(percent), least, 100):
            return f"{percent} must be a multiple of 0.1 between {least} and 100.0."
        if not 0 <= told.get(bake, 0) <= DAY:
            return f"{bake} must be between 0 and {DAY}."
    return None


@rule("ecs", *SERVICES, code=BAD, source=API + "DeploymentConfiguration, bakeTimeInMinutes")
def blue_green_has_a_bake_time(call):
    """A blue/green deployment says for how many minutes both revisions run, up to a day."""
    given = call.parameters.get("deploymentConfiguration", {})
    if given.get("strategy") == "BLUE_GREEN" and "bakeTimeInMinutes" not in given:
        return "bakeTimeInMinutes is required when the deployment strategy is BLUE_GREEN."
    if not 0 <= given.get("bakeTimeInMinutes", 0) <= DAY:
        return f"bakeTimeInMinutes must be between 0 and {DAY}."
    return None


@rule("ecs", *SERVICES, code=BAD, source=GUIDE + "required resources for blue/green deployments; words unverified")
def shifted_traffic_has_two_groups(call):
    """Behind a load balancer, traffic is shifted between two target groups, by a listener's rule and with a role."""
    for one in _balancers(call) if _shifts(call) else ():
        told = one.get("advancedConfiguration") or {}
        for key in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
            if not told.get(key):
                return f"advancedConfiguration.{key} is required for the deployment strategy of this service."
        if told["alternateTargetGroupArn"] == one.get("targetGroupArn"):
            return "The alternate target group must be another one than the target group."
    return None


@rule("ecs", *SERVICES, code=BAD, source=API + "ThresholdConfiguration; the limits and words are inferred")
def circuit_breaker_counts_tasks(call):
    """A circuit breaker trips at one failed task at least, and a share of the tasks is a percentage."""
    told = (call.parameters.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker") or {}).get(
        "thresholdConfiguration"
    )
    if told and told["value"] < 1:
        return f"The threshold value {told['value']} of the deployment circuit breaker must be at least 1."
    if told and told["type"] != "COUNT" and told["value"] > 100:
        return f"The threshold value {told['value']} of the deployment circuit breaker must be at most 100 percent."
    return None


def _rules(call) -> dict:
    return {
        rule.arn: rule
        for balancer in call.backend("elbv2").load_balancers.values()
        for listener in balancer.listeners.values()
        for rule in listener.rules.values()
    }


@rule("ecs", *SERVICES, code=BAD, source=GUIDE + "load balancer resources for blue/green deployments; words unverified")
def listener_rules_forward_to_both(call):
    """The listeners' rules, of production and of tests, exist and do nothing but forward to the two target groups."""
    asked = [
        (one, told.get(key))
        for one in (_balancers(call) if _shifts(call) else ())
        for told in [one.get("advancedConfiguration") or {}]
        for key in ("productionListenerRule", "testListenerRule")
    ]
    for one, arn in asked:
        told, found = one.get("advancedConfiguration") or {}, _rules(call).get(arn)
        if arn and found is None:
            return f"The specified listener rule {arn} does not exist."
        if found is None:
            continue
        if any(action.type != "forward" for action in found.actions):
            return f"The listener rule {arn} has actions other than forward."
        named = str([action.data for action in found.actions])
        for group in (one.get("targetGroupArn"), told.get("alternateTargetGroupArn")):
            if group not in named:
                return f"The listener rule {arn} does not forward to the target group {group}."
    return None


@rule("ecs", *SERVICES, code=BAD, source=GUIDE + "infrastructure IAM role for load balancers; words unverified")
def role_may_move_the_traffic(call):
    """ECS can assume the role, which may change the rule and both target groups."""
    for one in _balancers(call) if _shifts(call) else ():
        told = one.get("advancedConfiguration") or {}
        role = Role(told.get("roleArn", ""), ROLE)
        groups = [one.get("targetGroupArn"), told.get("alternateTargetGroupArn")]
        needed = [
            ("ModifyRule", told.get("productionListenerRule")),
            ("ModifyRule", told.get("testListenerRule")),
            *((f"Describe{what}", "*") for what in ("Listeners", "Rules", "TargetGroups", "TargetHealth")),
        ]
        needed += [(f"{change}Targets", group) for group in groups for change in ("Register", "Deregister")]
        for action, resource in needed:
            if resource and not role.may(f"elasticloadbalancing:{action}", resource):
                return f"Unable to assume the role {told.get('roleArn')} or it may not elasticloadbalancing:{action}."
    return None


@rule("ecs", "UpdateService", code=BAD, source=GUIDE + "update the deployment strategy; words unverified")
def strategy_changes_between_deployments(call):
    """A service that is being deployed keeps its strategy."""
    service = _service(call)
    wanted = call.parameters.get("deploymentConfiguration", {}).get("strategy")
    before = service.deployment_configuration.get("strategy", "ROLLING") if service else wanted
    going_on = service is not None and any(one["rolloutState"] == "IN_PROGRESS" for one in service.deployments)
    if wanted and wanted != before and going_on and "ROLLING" in (wanted, before):
        return "The deployment strategy can't be changed while a deployment is in progress."
    return None


STAGES_OF_TRAFFIC = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
LIMIT = 10  # hooks of each type
DAY_OF_FUNCTIONS = 1440  # minutes


def _hooks(call) -> list[dict]:
    return call.parameters.get("deploymentConfiguration", {}).get("lifecycleHooks") or []


@rule("ecs", *SERVICES, code=BAD, source=GUIDE + "pause hooks, lambda hooks, constraints; words unverified")
def hooks_are_whole(call):
    """A hook has stages; a function's has its ARN and a role, a pause neither, nor a stage of the traffic itself."""
    kinds = [one.get("targetType", "AWS_LAMBDA") for one in _hooks(call)]
    for kind in ("PAUSE", "AWS_LAMBDA"):
        if kinds.count(kind) > LIMIT:
            return f"A service can have at most {LIMIT} lifecycle hooks of the type {kind}."
    for one, kind in zip(_hooks(call), kinds, strict=True):
        stages = one.get("lifecycleStages") or []
        if not stages:
            return "lifecycleStages is required for a lifecycle hook."
        if kind == "PAUSE" and (one.get("hookTargetArn") or one.get("roleArn")):
            return "hookTargetArn and roleArn are not supported for PAUSE hooks."
        if kind == "PAUSE" and set(stages) & set(STAGES_OF_TRAFFIC):
            return f"PAUSE hooks are not supported at the lifecycle stages {', '.join(STAGES_OF_TRAFFIC)}."
        if kind == "AWS_LAMBDA" and not (one.get("hookTargetArn") and one.get("roleArn")):
            return "hookTargetArn and roleArn are required for AWS_LAMBDA hooks."
        minutes = (one.get("timeoutConfiguration") or {}).get("timeoutInMinutes", 1)
        if kind == "AWS_LAMBDA" and minutes > DAY_OF_FUNCTIONS:
            return f"timeoutInMinutes of AWS_LAMBDA hooks must be between 1 and {DAY_OF_FUNCTIONS}."
    return None


@rule("ecs", *SERVICES, code=BAD, source=GUIDE + "permissions required for Lambda functions; when it looks is inferred")
def role_may_ask_the_function(call):
    """ECS can assume a hook's role, which may invoke the hook's function."""
    for one in _hooks(call):
        arn, role = one.get("hookTargetArn"), one.get("roleArn", "")
        if arn and not Role(role, ROLE).may("lambda:InvokeFunction", arn):
            return f"Unable to assume the role {role} or it may not lambda:InvokeFunction."
    return None


@rule("ecs", *SERVICES, code=BAD, source="what the emulator doesn't do: on AWS it may be allowed")
def no_hooks_of_rolling_deployments(call):
    """The embedded AWS doesn't know at which stages a rolling deployment meets hooks, so it refuses such a service."""
    if _hooks(call) and _configuration(call).get("strategy", "ROLLING") == "ROLLING":
        return "The embedded AWS runs no lifecycle hooks of rolling deployments."
    return None
