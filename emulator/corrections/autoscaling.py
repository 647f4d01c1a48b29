"""EC2 Auto Scaling: metrics collection."""

from moto.autoscaling.models import FakeAutoScalingGroup

from emulator.corrections import adds, correction, replacing
from emulator.errors import AWSError

METRICS = [
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
    "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
    "GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
    "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
]  # fmt: skip


@correction("autoscaling", "EnableMetricsCollection adds the given metrics, or all")
def enable_metrics():
    @replacing(FakeAutoScalingGroup, "enable_metrics_collection")
    def enable(original, self, metrics):
        wanted = metrics or METRICS
        original(self, [one for one in METRICS if one in wanted or one in self.metrics])


@adds("autoscaling", "DisableMetricsCollection", "ends the collection of the given metrics, or of all")
def disable_metrics(api, params):
    groups = api.autoscaling_backend.describe_auto_scaling_groups([params["AutoScalingGroupName"]])
    if not groups:
        raise AWSError("ValidationError", "AutoScalingGroup name not found - null")
    gone = params.get("Metrics") or METRICS
    groups[0].metrics = [one for one in groups[0].metrics if one not in gone]
    return {}
