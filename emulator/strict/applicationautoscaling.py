"""Application Auto Scaling: policies that say one thing, steps that fit together, schedules that come."""

import re

from emulator.strict import MEASURED, metrics, rule, schedules

SERVICE = "application-autoscaling"
CONFIGURATIONS = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
PREDEFINED = {
    "ecs:service:DesiredCount": {
        "ALBRequestCountPerTarget",
        "ECSServiceAverageCPUUtilization",
        "ECSServiceAverageMemoryUtilization",
        "ECSServiceAverageCPUUtilizationHighResolution",
        "ECSServiceAverageMemoryUtilizationHighResolution",
    },
    "lambda:function:ProvisionedConcurrency": {"LambdaProvisionedConcurrencyUtilization"},
    "rds:cluster:ReadReplicaCount": {"RDSReaderAverageCPUUtilization", "RDSReaderAverageDatabaseConnections"},
}
_LABEL = re.compile(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+")


def _tracking(call) -> dict:
    return call.parameters.get("TargetTrackingScalingPolicyConfiguration") or {}


def _stepping(call) -> dict | None:
    return call.parameters.get("StepScalingPolicyConfiguration")


def _predefined(call) -> dict:
    return _tracking(call).get("PredefinedMetricSpecification") or {}


def _customized(call) -> dict:
    return _tracking(call).get("CustomizedMetricSpecification") or {}


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-policy-type-config-required, pf-appautoscaling-policy-type-config-mismatch",
)
def policy_is_of_its_type(call):
    """A policy has the configuration of its type, and no other."""
    kind = call.parameters.get("PolicyType")
    given = {one for one in CONFIGURATIONS.values() if one in call.parameters}
    if kind in CONFIGURATIONS and CONFIGURATIONS[kind] not in given:
        return f"{kind} policy configuration must be specified"
    if kind in CONFIGURATIONS and len(given) > 1:
        return (
            "You must only provide a single scaling policy configuration, which must match the scaling policy type "
            "specified."
        )
    return None


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-tt-metric-spec-missing, pf-appautoscaling-tt-metric-spec-exclusive",
)
def tracking_has_one_metric(call):
    """Target tracking follows a predefined metric or one of one's own."""
    if not _tracking(call):
        return None
    given = [
        name for name in ("PredefinedMetricSpecification", "CustomizedMetricSpecification") if name in _tracking(call)
    ]
    if not given:
        return "PredefinedMetricSpecification or CustomizedMetricSpecification must be set for target tracking scaling."
    if len(given) > 1:
        return (
            "Only one of PredefinedMetricSpecification or CustomizedMetricSpecification can be set for target tracking "
            "scaling."
        )
    return None


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-predefined-metric-dimension",
)
def predefined_metric_is_of_the_dimension(call):
    """A predefined metric is one of what is scaled."""
    dimension, kind = call.parameters["ScalableDimension"], _predefined(call).get("PredefinedMetricType")
    allowed = PREDEFINED.get(dimension)
    if kind and allowed and kind not in allowed:
        return (
            f"Scalable dimension {dimension} only supports the following predefined metric types: "
            f"{', '.join(sorted(allowed))}"
        )
    return None


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-alb-metric-requires-resource-label, pf-appautoscaling-resource-label-format",
)
def requests_are_of_a_target_group(call):
    """Requests per target are counted at a load balancer's target group, named by its label."""
    given = _predefined(call)
    kind, label = given.get("PredefinedMetricType"), given.get("ResourceLabel")
    if kind == "ALBRequestCountPerTarget" and not label:
        return f"Resource label should be specified for predefined metric type {kind}"
    if kind == "ALBRequestCountPerTarget" and not _LABEL.fullmatch(label):
        return f"Invalid resource label '{label}' for predefined metric type {kind}"
    return None


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-customized-metric-exclusive",
)
def own_metric_is_complete(call):
    """A metric of one's own is named with its statistic, or is a list of queries of which one returns data."""
    given = _customized(call)
    single = [name for name in ("MetricName", "Namespace", "Statistic") if given.get(name)]
    queries = given.get("Metrics")
    if given and (queries and single or not queries and len(single) < 3):
        return "The customized metric specification is not valid."
    if queries and sum(one.get("ReturnData", True) for one in queries) != 1:
        return "The customized metric specification is not valid. Exactly one metric should return data."
    return None


@rule(SERVICE, "PutScalingPolicy", code="ValidationException", source=metrics.SOURCE)
def policy_follows_published_metrics(call):
    """A policy follows metrics that are published, with the dimensions they are published with."""
    given = _customized(call)
    stats = [one["MetricStat"].get("Metric", {}) for one in given.get("Metrics", []) if one.get("MetricStat")]
    followed = stats or ([given] if given.get("MetricName") else [])
    return next(filter(None, map(metrics.of, followed)), None)


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source="Application Auto Scaling user guide, target tracking",
)
def metric_is_tracked_once(call):
    """A predefined metric is tracked by one policy of a target."""
    wanted = _predefined(call)
    for one in call.backend("applicationautoscaling").policies.values() if wanted else ():
        same = (one.resource_id, one.scalable_dimension) == (
            call.parameters["ResourceId"],
            call.parameters["ScalableDimension"],
        )
        other = (one.target_tracking_scaling_policy_configuration or {}).get("PredefinedMetricSpecification")
        if same and one.policy_name != call.parameters["PolicyName"] and other == wanted:
            return "Only one TargetTrackingScaling policy for a given metric specification is allowed."
    return None


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-step-adjustment-type-required, pf-appautoscaling-step-adjustments-required",
)
def stepping_has_steps(call):
    """Step scaling has a kind of adjustment, and steps."""
    given = _stepping(call)
    if given is None:
        return None
    kind, steps = given.get("AdjustmentType"), given.get("StepAdjustments") or []
    if not kind:
        return "Adjustment type must be specified"
    if not steps:
        return "There must be at least one step adjustment"
    if kind == "ExactCapacity" and any(one["ScalingAdjustment"] < 0 for one in steps):
        return "Scaling adjustment cannot be less than 0 when adjustment type is ExactCapacity"
    if "MinAdjustmentMagnitude" in given and kind != "PercentChangeInCapacity":
        return "Minimum adjustment magnitude is only allowed for adjustment type PercentChangeInCapacity"
    return None


@rule(
    SERVICE,
    "PutScalingPolicy",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-step-adjustment-overlap, pf-appautoscaling-step-adjustment-gap",
)
def steps_fit_together(call):
    """Steps meet end to end, from the threshold up to infinity or down to it."""
    infinite = float("inf")
    steps = sorted(
        (one.get("MetricIntervalLowerBound", -infinite), one.get("MetricIntervalUpperBound", infinite))
        for one in (_stepping(call) or {}).get("StepAdjustments") or []
    )
    for least, most in steps:
        if (least, most) == (-infinite, infinite):
            return "Both lower and upper bounds of a step adjustment cannot be left unspecified"
        if least >= most:
            return "Lower bound must be less than upper bound for a step adjustment"
    for side, index in (("lower", 0), ("upper", 1)):
        if sum(abs(one[index]) == infinite for one in steps) > 1:
            return f"There can be at most one step adjustment with an unspecified {side} bound"
    for (_, end), (start, _) in zip(steps, steps[1:], strict=False):
        if start < end:
            return "Step adjustment intervals cannot overlap"
        if start > end:
            return "Step adjustment intervals cannot have gaps between them"
    if steps and steps[-1][1] != infinite and steps[-1][1] > 0:
        return (
            "There must be a step adjustment with an unspecified upper bound when one step adjustment has a positive "
            "upper "
            "bound"
        )
    if steps and steps[0][0] != -infinite and steps[0][0] < 0:
        return (
            "There must be a step adjustment with an unspecified lower bound when one step adjustment has a negative "
            "lower "
            "bound"
        )
    return None


@rule(
    SERVICE,
    "PutScheduledAction",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-schedule-expression-form",
)
def action_has_a_schedule(call):
    """A scheduled action's schedule is a cron expression, a rate or a time."""
    given = call.parameters.get("Schedule")
    if given and not schedules.of_schedule(given):
        return (
            f"Invalid schedule expression {given}. Schedule expressions must have the following syntax: "
            "rate(<number>\\s?(minutes?|hours?|days?)), cron(<cron_expression>) or at(yyyy-MM-dd'T'HH:mm:ss)."
        )
    return None


@rule(
    SERVICE,
    "PutScheduledAction",
    code="ValidationException",
    source=MEASURED + "pf-appautoscaling-scalable-target-action-min-max",
)
def action_changes_capacities(call):
    """A scheduled action sets a least or a largest capacity, and the least isn't the larger."""
    given = call.parameters.get("ScalableTargetAction")
    least, most = (given or {}).get("MinCapacity"), (given or {}).get("MaxCapacity")
    if given is not None and least is None and most is None:
        return "At least one of min capacity or max capacity should be specified for a scalable target action"
    if least is not None and most is not None and least > most:
        return "Maximum capacity cannot be less than minimum capacity"
    return None
