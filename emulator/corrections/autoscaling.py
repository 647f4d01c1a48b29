"""EC2 Auto Scaling: metrics collection and instance refreshes."""

from uuid import uuid4

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.core.utils import utcnow

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
    group = _group(api, params)
    gone = params.get("Metrics") or METRICS
    group.metrics = [one for one in group.metrics if one not in gone]
    return {}


def _group(api, params):
    groups = api.autoscaling_backend.describe_auto_scaling_groups([params["AutoScalingGroupName"]])
    if not groups:
        raise AWSError("ValidationError", "AutoScalingGroup name not found - null")
    return groups[0]


@adds("autoscaling", "StartInstanceRefresh", "replaces the group's instances; here at once")
def start_instance_refresh(api, params):
    group = _group(api, params)
    desired = group.desired_capacity
    for capacity in (0, desired):
        group.set_desired_capacity(capacity)
    refresh = {
        "InstanceRefreshId": str(uuid4()),
        "AutoScalingGroupName": group.name,
        "Status": "Successful",
        "StartTime": utcnow(),
        "EndTime": utcnow(),
        "PercentageComplete": 100,
        "InstancesToUpdate": 0,
        "Preferences": params.get("Preferences", {}),
    }
    group.instance_refreshes = [refresh, *getattr(group, "instance_refreshes", [])]
    return {"InstanceRefreshId": refresh["InstanceRefreshId"]}


@adds("autoscaling", "DescribeInstanceRefreshes", "lists the refreshes of a group, the last one first")
def describe_instance_refreshes(api, params):
    wanted = params.get("InstanceRefreshIds")
    refreshes = getattr(_group(api, params), "instance_refreshes", [])
    return {"InstanceRefreshes": [one for one in refreshes if not wanted or one["InstanceRefreshId"] in wanted]}
