"""What services write to CloudWatch by themselves, as far as somebody looks at it: Lambda's calls, rules' targets."""

from moto.core.utils import utcnow

from emulator.dataplane import targets
from emulator.evidence import documented, does, inferred, lacks
from emulator.lock import LOCK

lacks(__name__, "Metrics", "of AWS's own metrics only the calls of functions, and of rules' targets, are published")

KEPT = 20000  # values of the account; the oldest go


@does(
    "Invocations, Errors and Duration are counted for the account, the function, and the alias or version that "
    "was called.",
    documented("https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics.html"),
)
@does(
    "ExecutedVersion is there for an alias with weights only.",
    inferred("it is said to compare the versions of a weighted alias", "ListMetrics of an alias without weights"),
)
def count_invocation(function, alias: str | None, shared: bool, failed: bool, milliseconds: float) -> None:
    """Count a function's call under its name, the alias or version that was called and, with weights, what ran.

    The documentation says of ExecutedVersion only that it compares the versions of a weighted alias; that it's missing
    for an alias without weights isn't verified.
    """
    name = {"FunctionName": function.function_name}
    resource = f"{function.function_name}:{alias}" if alias else function.function_name
    sets = [{}, name]
    if alias:
        sets.append({**name, "Resource": resource})
    if shared:
        sets.append({**name, "Resource": resource, "ExecutedVersion": str(function.version)})
    values = {"Invocations": 1, "Errors": int(failed), "Duration": milliseconds}
    data = [(metric, dimensions, value) for dimensions in sets for metric, value in values.items()]
    _publish("AWS/Lambda", function.region, data)


@does(
    "Invocations counts the targets that a rule reached, FailedInvocations those that it gave up, by the rule's name.",
    documented("https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html"),
)
def count_target(rule_arn: str, reached: bool) -> None:
    """Count what became of an event for one of a rule's targets."""
    region, name = rule_arn.split(":")[3], rule_arn.rpartition("/")[2]
    metric = "Invocations" if reached else "FailedInvocations"
    _publish("AWS/Events", region, [(metric, {"RuleName": name}, 1)])


def _publish(namespace: str, region: str, values: list[tuple[str, dict, float]]) -> None:
    data = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Value": value,
            "Unit": "Milliseconds" if metric == "Duration" else "Count",
            "Timestamp": utcnow().replace(second=0, microsecond=0),  # not the emulator's clock, as with logs
        }
        for metric, dimensions, value in values
    ]
    with LOCK:
        backend = targets.backend("cloudwatch", region)
        backend.put_metric_data(namespace, data)
        del backend.metric_data[:-KEPT]
