"""What services write to CloudWatch by themselves, as far as somebody here looks at it: Lambda's calls."""

from moto.core.utils import utcnow

from emulator.dataplane import targets
from emulator.evidence import documented, does, inferred, lacks
from emulator.lock import LOCK

lacks(__name__, "Metrics", "of AWS's own metrics only the calls of functions are published")

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
    data = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Value": value,
            "Unit": "Milliseconds" if metric == "Duration" else "Count",
            "Timestamp": utcnow().replace(second=0, microsecond=0),  # not the emulator's clock, as with logs
        }
        for dimensions in sets
        for metric, value in values.items()
    ]
    with LOCK:
        backend = targets.backend("cloudwatch", function.region)
        backend.put_metric_data("AWS/Lambda", data)
        del backend.metric_data[:-KEPT]
