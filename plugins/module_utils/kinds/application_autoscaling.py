"""Application Auto Scaling: what is scaled, and by which policies."""

from __future__ import annotations

from ..engine import tags as tagging
from ..engine.aws import unless
from ..engine.children import Child
from ..engine.deleting import says
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.unmodelled import keep_unmodelled
from ..engine.waiting import TimedOut, until
from .cloudwatch import dimensions_from_list, dimensions_to_list, query, query_from_aws, query_to_aws
from .cloudwatch_metrics import refusal

SERVICE = "application-autoscaling"
TARGET = {
    "service_namespace": "ServiceNamespace",
    "resource_id": "ResourceId",
    "scalable_dimension": "ScalableDimension",
}
SUSPENDED = {
    "dynamic_scaling_in": "DynamicScalingInSuspended",
    "dynamic_scaling_out": "DynamicScalingOutSuspended",
    "scheduled_scaling": "ScheduledScalingSuspended",
}
MISSING = "ObjectNotFoundException"
# The account's first target makes the service's role, which isn't there at once for the services that it asks.
ROLE_SECONDS = 120
NOT_LET_IN = tuple(
    ("FailedResourceAccessException", text)
    for text in ("is not authorized to perform", "token included in the request is invalid", "Rate exceeded")
)
# What an alarm's metrics have and target tracking's have not: it has a period of its own.
NOT_TRACKED = {"period": 0, "account_id": ""}


def _let_in(call):
    """Return what a call returns, once the service's role may look at a policy's alarms."""
    told = []

    def answered():
        try:
            return [call()]
        except Exception as error:
            if not says(error, NOT_LET_IN):
                raise
            told.append(error)
        return None

    try:
        return until(answered, ROLE_SECONDS, "", delay=0.5)[0]
    except TimedOut:
        raise told[-1] from None


def _of_target(resource: dict) -> dict:
    return {key: resource[field] for field, key in TARGET.items()}


class ScalingTarget(Kind):
    """A number that is scaled, within its limits. Its role is the service's own, which AWS makes."""

    name = "application_autoscaling_target"
    title = "scalable target"
    service = SERVICE
    module = "flow_builder.aws.application_autoscaling_target"
    cloudformation = "AWS::ApplicationAutoScaling::ScalableTarget"
    properties = {
        "SuspendedState": "suspended",
        "SuspendedState/DynamicScalingInSuspended": "suspended/dynamic_scaling_in",
        "SuspendedState/DynamicScalingOutSuspended": "suspended/dynamic_scaling_out",
        "SuspendedState/ScheduledScalingSuspended": "suspended/scheduled_scaling",
    }
    identity = ("resource_id", "service_namespace", "scalable_dimension")
    needs = ("ecs_service",)
    ignored = frozenset({"PredictedCapacity"})
    children = (
        Child(
            "scheduled_actions", "describe_scheduled_actions",
            {
                "ServiceNamespace": "service_namespace", "ResourceId": "resource_id",
                "ScalableDimension": "scalable_dimension",
            },
            "ScheduledActions",
            undo=(
                "delete_scheduled_action",
                {
                    "ServiceNamespace": "service_namespace", "ResourceId": "resource_id",
                    "ScalableDimension": "scalable_dimension", "ScheduledActionName": ".ScheduledActionName",
                },
            ),
        ),
    )  # fmt: skip
    settling = (
        ("ValidationException", "ECS service doesn't exist"), ("ValidationException", "Unable to assume IAM role"),
        ("ConcurrentUpdateException", ""),
    )  # fmt: skip
    tag_copies = (":scalable-target/",)

    def want(self, arguments):
        """What isn't said to be suspended is not."""
        want = super().want(arguments)
        if "suspended" in want:
            want["suspended"] = {field: bool(want["suspended"].get(field)) for field in SUSPENDED}
        return want

    def find(self, aws, want):
        """Return the target of this resource and dimension."""
        only = {"ResourceIds": [want["resource_id"]], "ScalableDimension": want["scalable_dimension"]}
        return next(iter(self._described(aws, want["service_namespace"], **only)), None)

    def stack(self, aws, stack):
        """Return the ECS services that are scaled and have the stack's tag, among those of clusters named after it."""
        found = self._described(aws, "ecs", prefix=f"service/{stack}-")
        return [target for target in found if target["tags"].get("Stack") == stack]

    def _described(self, aws, namespace, prefix="", **only):
        targets = aws.pages(
            SERVICE, "describe_scalable_targets", "ScalableTargets", ServiceNamespace=namespace, **only
        )
        return [self._live(aws, target) for target in targets if target["ResourceId"].startswith(prefix)]

    @keep_unmodelled
    def _live(self, aws, target):
        tags = unless(
            "ResourceNotFoundException",
            aws(SERVICE).list_tags_for_resource, ResourceARN=target["ScalableTargetARN"], otherwise={"Tags": {}},
        )["Tags"]  # fmt: skip
        suspended = target.get("SuspendedState") or {}
        return {field: target[key] for field, key in TARGET.items()} | {
            "arn": target["ScalableTargetARN"],
            "min_capacity": target["MinCapacity"],
            "max_capacity": target["MaxCapacity"],
            "role_arn": target.get("RoleARN") or "",
            "suspended": {field: bool(suspended.get(key)) for field, key in SUSPENDED.items()},
            "tags": tagging.own(tags),
        }

    def create(self, aws, want):
        """Register the target with its tags, which AWS takes at the first time only."""
        self._register(aws, want, **({"Tags": want["tags"]} if want.get("tags") else {}))

    def update(self, aws, live, want, changes):
        """Register the target anew."""
        self._register(aws, want)

    def _register(self, aws, want, **more):
        for field, key in (("min_capacity", "MinCapacity"), ("max_capacity", "MaxCapacity")):
            if field in want:
                more[key] = want[field]
        if "suspended" in want:
            more["SuspendedState"] = {key: want["suspended"][field] for field, key in SUSPENDED.items()}
        aws(SERVICE).register_scalable_target(**_of_target(want), **more)

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws(SERVICE).tag_resource(ResourceARN=live["arn"], Tags=add)
        if remove:
            aws(SERVICE).untag_resource(ResourceARN=live["arn"], TagKeys=remove)

    def delete(self, aws, live):
        """Deregister the target; AWS deletes its policies with it."""
        unless(MISSING, aws(SERVICE).deregister_scalable_target, **_of_target(live))

    def computed(self, aws, want):
        """AWS makes the ARN up."""
        return {"arn": self.unknown(want, "arn")}


class ScalingPolicy(Kind):
    """A policy of a scalable target: target tracking or step scaling."""

    name = "application_autoscaling_policy"
    title = "scaling policy"
    service = SERVICE
    module = "flow_builder.aws.application_autoscaling_policy"
    cloudformation = "AWS::ApplicationAutoScaling::ScalingPolicy"
    properties = {
        "TargetTrackingScalingPolicyConfiguration": "target_tracking",
        "TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification/PredefinedMetricType":
            "predefined_metric_type",
        "TargetTrackingScalingPolicyConfiguration/PredefinedMetricSpecification/ResourceLabel": "resource_label",
        "TargetTrackingScalingPolicyConfiguration/CustomizedMetricSpecification/Metrics": "metrics",
        "TargetTrackingScalingPolicyConfiguration/CustomizedMetricSpecification/Metrics/*/MetricStat/Metric": "metric",
        "TargetTrackingScalingPolicyConfiguration/CustomizedMetricSpecification/Metrics/*/MetricStat/Stat": "stat",
        "StepScalingPolicyConfiguration": "step_scaling",
    }
    identity = ("policy_name", "resource_id", "service_namespace", "scalable_dimension")
    needs = ("application_autoscaling_target",)
    taggable = False
    replaced = {"policy_type": "AWS can't change a policy's type"}
    ignored = frozenset({"alarms"})
    settling = ((MISSING, ""), ("ConcurrentUpdateException", ""), *NOT_LET_IN)

    def want(self, arguments):
        """Spell the policy as AWS answers it, and refuse metrics that nobody publishes."""
        want = super().want(arguments)
        if "target_tracking" in want:
            want["target_tracking"] = tracking(want["target_tracking"])
            want["policy_type"] = "TargetTrackingScaling"
            for item in [want["target_tracking"], *want["target_tracking"]["metrics"]]:
                metric = item["metric"]
                refused = metric and refusal(metric["namespace"], metric["metric_name"], metric["dimensions"])
                if refused:
                    raise EngineError(refused)
        if "step_scaling" in want:
            want["step_scaling"] = steps(want["step_scaling"])
            want["policy_type"] = "StepScaling"
        return want

    def find(self, aws, want):
        """Return the policy of this name of its target."""
        found = self._described(aws, want, PolicyNames=[want["policy_name"]])
        return next((policy for policy in found if policy["policy_name"] == want["policy_name"]), None)

    def stack(self, aws, stack):
        """Return the policies of the stack's targets."""
        return [policy for target in SCALING_TARGET.stack(aws, stack) for policy in self._described(aws, target)]

    def _described(self, aws, target, **only):
        asked = _of_target(target) | only
        policies = _let_in(lambda: aws.pages(SERVICE, "describe_scaling_policies", "ScalingPolicies", **asked))
        return [self._live(policy) for policy in policies]

    @keep_unmodelled
    def _live(self, policy):
        live = {field: policy[key] for field, key in TARGET.items()} | {
            "policy_name": policy["PolicyName"],
            "policy_type": policy["PolicyType"],
            "arn": policy["PolicyARN"],
            "alarms": sorted(alarm["AlarmName"] for alarm in policy.get("Alarms", [])),
        }
        if "TargetTrackingScalingPolicyConfiguration" in policy:
            live["target_tracking"] = tracking_from_aws(policy["TargetTrackingScalingPolicyConfiguration"])
        if "StepScalingPolicyConfiguration" in policy:
            live["step_scaling"] = steps_from_aws(policy["StepScalingPolicyConfiguration"])
        return live

    def create(self, aws, want):
        """Put the policy."""
        said = {}
        if "target_tracking" in want:
            said["TargetTrackingScalingPolicyConfiguration"] = tracking_to_aws(want["target_tracking"])
        if "step_scaling" in want:
            said["StepScalingPolicyConfiguration"] = steps_to_aws(want["step_scaling"])
        aws(SERVICE).put_scaling_policy(
            PolicyName=want["policy_name"], PolicyType=want["policy_type"], **_of_target(want), **said
        )

    def update(self, aws, live, want, changes):
        """Put the whole policy anew; it keeps its ARN."""
        self.create(aws, want)

    def delete(self, aws, live):
        """Delete the policy, and with it the alarms that AWS made for it."""
        name = live["policy_name"]
        _let_in(lambda: unless(MISSING, aws(SERVICE).delete_scaling_policy, PolicyName=name, **_of_target(live)))

    def computed(self, aws, want):
        """AWS makes the ARN up."""
        return {"arn": self.unknown(want, "arn")}


def tracking(given: dict, read=query) -> dict:
    """Return target tracking in full, with AWS's defaults for the unsaid; ``read`` knows how metrics are written."""
    metric, queries = given.get("metric") or {}, map(read, given.get("metrics") or [])
    return {
        "target_value": float(given["target_value"]),
        "predefined_metric_type": given.get("predefined_metric_type") or "",
        "resource_label": given.get("resource_label") or "",
        "metric": {
            "namespace": metric["namespace"],
            "metric_name": metric["metric_name"],
            "dimensions": {key: str(value) for key, value in (metric.get("dimensions") or {}).items()},
            "statistic": metric["statistic"],
            "unit": metric.get("unit") or "",
        }
        if metric
        else {},
        "metrics": sorted(
            ({key: value for key, value in item.items() if key not in NOT_TRACKED} for item in queries),
            key=lambda item: item["id"],
        ),
        "scale_in_cooldown": given.get("scale_in_cooldown"),
        "scale_out_cooldown": given.get("scale_out_cooldown"),
        "disable_scale_in": bool(given.get("disable_scale_in")),
    }  # fmt: skip


def tracking_from_aws(given: dict) -> dict:
    """Return AWS's target tracking as ``tracking`` does."""
    predefined = given.get("PredefinedMetricSpecification") or {}
    custom = given.get("CustomizedMetricSpecification") or {}
    return tracking(
        {
            "target_value": given["TargetValue"],
            "predefined_metric_type": predefined.get("PredefinedMetricType"),
            "resource_label": predefined.get("ResourceLabel"),
            "metric": {
                "namespace": custom["Namespace"],
                "metric_name": custom["MetricName"],
                "dimensions": dimensions_from_list(custom.get("Dimensions")),
                "statistic": custom["Statistic"],
                "unit": custom.get("Unit"),
            }
            if custom.get("MetricName")
            else {},
            "metrics": custom.get("Metrics"),
            "scale_in_cooldown": given.get("ScaleInCooldown"),
            "scale_out_cooldown": given.get("ScaleOutCooldown"),
            "disable_scale_in": given.get("DisableScaleIn"),
        },
        query_from_aws,
    )


def tracking_to_aws(given: dict) -> dict:
    """Return target tracking as AWS takes it."""
    made = {"TargetValue": given["target_value"], "DisableScaleIn": given["disable_scale_in"]}
    for field, key in (("scale_in_cooldown", "ScaleInCooldown"), ("scale_out_cooldown", "ScaleOutCooldown")):
        if given[field] is not None:
            made[key] = given[field]
    if given["predefined_metric_type"]:
        label = {"ResourceLabel": given["resource_label"]} if given["resource_label"] else {}
        made["PredefinedMetricSpecification"] = {"PredefinedMetricType": given["predefined_metric_type"], **label}
    elif given["metrics"]:
        queries = [query_to_aws({**item, **NOT_TRACKED}) for item in given["metrics"]]
        for item in queries:
            item.get("MetricStat", {}).pop("Period", None)
        made["CustomizedMetricSpecification"] = {"Metrics": queries}
    else:
        metric = given["metric"]
        made["CustomizedMetricSpecification"] = {
            "Namespace": metric["namespace"],
            "MetricName": metric["metric_name"],
            "Dimensions": dimensions_to_list(metric["dimensions"]),
            "Statistic": metric["statistic"],
            **({"Unit": metric["unit"]} if metric["unit"] else {}),
        }
    return made


def steps(given: dict) -> dict:
    """Return step scaling in full; bounds count from the alarm's threshold, and None has no end."""
    made = (
        {
            "lower": None if step.get("lower") is None else float(step["lower"]),
            "upper": None if step.get("upper") is None else float(step["upper"]),
            "adjustment": int(step["adjustment"]),
        }
        for step in given["steps"]
    )
    return {
        "adjustment_type": given["adjustment_type"],
        "steps": sorted(made, key=lambda step: float("-inf") if step["lower"] is None else step["lower"]),
        "cooldown": 300 if given.get("cooldown") is None else given["cooldown"],
        "metric_aggregation_type": given.get("metric_aggregation_type") or "Average",
        "min_adjustment_magnitude": given.get("min_adjustment_magnitude") or 0,
    }


def steps_from_aws(given: dict) -> dict:
    """Return AWS's step scaling as ``steps`` does."""
    return steps(
        {
            "adjustment_type": given.get("AdjustmentType", ""),
            "steps": [
                {
                    "lower": step.get("MetricIntervalLowerBound"),
                    "upper": step.get("MetricIntervalUpperBound"),
                    "adjustment": step["ScalingAdjustment"],
                }
                for step in given.get("StepAdjustments", [])
            ],
            "cooldown": given.get("Cooldown"),
            "metric_aggregation_type": given.get("MetricAggregationType"),
            "min_adjustment_magnitude": given.get("MinAdjustmentMagnitude"),
        }
    )


def steps_to_aws(given: dict) -> dict:
    """Return step scaling as AWS takes it."""
    made = {
        "AdjustmentType": given["adjustment_type"],
        "Cooldown": given["cooldown"],
        "MetricAggregationType": given["metric_aggregation_type"],
        "StepAdjustments": [
            {"ScalingAdjustment": step["adjustment"]}
            | ({} if step["lower"] is None else {"MetricIntervalLowerBound": step["lower"]})
            | ({} if step["upper"] is None else {"MetricIntervalUpperBound": step["upper"]})
            for step in given["steps"]
        ],
    }
    if given["min_adjustment_magnitude"]:
        made["MinAdjustmentMagnitude"] = given["min_adjustment_magnitude"]
    return made


SCALING_TARGET = ScalingTarget()
SCALING_POLICY = ScalingPolicy()
