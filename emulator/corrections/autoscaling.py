"""EC2 Auto Scaling: metrics collection and instance refreshes."""

from datetime import UTC, datetime
from uuid import uuid4

from moto.autoscaling.models import FakeAutoScalingGroup
from moto.core.exceptions import ServiceException
from moto.core.utils import utcnow

from emulator import clock, eventual
from emulator.errors import AWSError
from emulator.evidence import documented, does, inferred, issue
from emulator.patching import adds, answers, correction, replacing

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


# Launches: they fail later, as activities, and are tried again.

AGAIN = 5  # seconds; AWS waits a minute, then ever longer, and gives up after a day


@correction("autoscaling", "a group whose instances can't be launched is there without them")
@does(
    "A group whose launch fails is there without its instances, and lists the failed activity with AWS's words.",
    issue("pelias-deprecated/kubernetes#32", "the activity's StatusMessage"),
)
def launches():
    @replacing(FakeAutoScalingGroup, "replace_autoscaling_group_instances")
    def replace(original, self, count_needed, propagated_tags):
        problem = eventual.launch_problem()
        try:
            if not problem:
                original(self, count_needed, propagated_tags)
        except ServiceException as refused:
            problem = f"{refused.message} Launching EC2 instance failed."
        if problem:
            _launch(self, "Failed", problem)
            return
        for one in self.instance_states[-count_needed:]:
            _launch(self, "Successful", instance=one.instance.id)


def _launch(group, code: str, message: str = "", instance: str = "") -> None:
    made = {
        "ActivityId": str(uuid4()),
        "AutoScalingGroupName": group.name,
        "Description": f"Launching a new EC2 instance{f': {instance}' if instance else f'.  Status Reason: {message}'}",
        "Cause": "an instance was started in response to a difference between desired and actual capacity",
        "StartTime": datetime.fromtimestamp(clock.now(), UTC),
        "EndTime": datetime.fromtimestamp(clock.now(), UTC),
        "StatusCode": code,
        "Progress": 100,
        **({"StatusMessage": message} if message else {}),
    }
    group.activities = [made, *getattr(group, "activities", [])]


@answers("autoscaling", "DescribeAutoScalingGroups", "shows groups that try to launch again what failed")
@does(
    "A group tries a failed launch again, after a minute at first.",
    inferred(
        "failed activities follow each other in what people show",
        "DescribeScalingActivities of a group whose launches fail",
    ),
)
def describe_groups(api, params, moto):
    for group in api.autoscaling_backend.describe_auto_scaling_groups(params.get("AutoScalingGroupNames", [])):
        last = next(iter(getattr(group, "activities", [])), None)
        if last and last["StatusCode"] == "Failed" and clock.now() >= last["StartTime"].timestamp() + AGAIN:
            group.set_desired_capacity(group.desired_capacity)
    return moto()


@answers("autoscaling", "DescribeScalingActivities", "lists a group's launches, the last one first")
def describe_activities(api, params, moto):
    moto()
    groups = api.autoscaling_backend.describe_auto_scaling_groups(
        [params["AutoScalingGroupName"]] if params.get("AutoScalingGroupName") else []
    )
    listed = [one for group in groups for one in getattr(group, "activities", [])]
    return {"Activities": listed[: params.get("MaxRecords", 100)]}


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
@does(
    "An instance refresh replaces the group's instances.",
    documented("https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_StartInstanceRefresh.html"),
)
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


# Notifications


def _told(api, name: str) -> dict[str, list[str]]:
    """Return the topics that a group tells, each with what it's told of."""
    group = api.autoscaling_backend.autoscaling_groups.get(name)
    if group is None:
        raise AWSError("ValidationError", "AutoScalingGroup name not found - null")
    return group.__dict__.setdefault("told", {})


@adds("autoscaling", "PutNotificationConfiguration", "tells a topic of a group's launches and terminations")
def put_notification(api, params):
    _told(api, params["AutoScalingGroupName"])[params["TopicARN"]] = sorted(params["NotificationTypes"])
    return {}


@adds("autoscaling", "DeleteNotificationConfiguration", "tells a topic of nothing any more")
def delete_notification(api, params):
    _told(api, params["AutoScalingGroupName"]).pop(params["TopicARN"], None)
    return {}


@adds("autoscaling", "DescribeNotificationConfigurations", "lists each topic with each sort of what it's told")
def describe_notifications(api, params):
    names = params.get("AutoScalingGroupNames") or list(api.autoscaling_backend.autoscaling_groups)
    return {
        "NotificationConfigurations": [
            {"AutoScalingGroupName": name, "TopicARN": topic, "NotificationType": kind}
            for name in names
            if name in api.autoscaling_backend.autoscaling_groups
            for topic, kinds in _told(api, name).items()
            for kind in kinds
        ]
    }
