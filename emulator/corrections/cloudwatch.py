"""CloudWatch: composite alarms, the state that an alarm begins in, dashboards."""

from moto.cloudwatch.exceptions import ResourceNotFoundException
from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.core.utils import utcnow

from emulator.errors import AWSError
from emulator.patching import adds, answers, correction, replacing

HOME = "us-east-1"
"""Where what an account has once for all regions is kept."""


@correction("cloudwatch", "an alarm has insufficient data until it has data")
def first_state():
    @replacing(Alarm, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.state_value = "INSUFFICIENT_DATA"


@correction("cloudwatch", "a changed alarm keeps its state; a deleted one has no tags")
def changed_alarms():
    @replacing(CloudWatchBackend, "put_metric_alarm")
    def put(original, self, *args, **kwargs):
        before = self.alarms.get(kwargs.get("name"))
        alarm = original(self, *args, **kwargs)
        if before:
            for attribute in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp"):
                setattr(alarm, attribute, getattr(before, attribute))
        return alarm

    @replacing(CloudWatchBackend, "delete_alarms")
    def delete(original, self, alarm_names):
        for name in alarm_names:
            if name in self.alarms:
                self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        return original(self, alarm_names)


@correction("cloudwatch", "an account's dashboards are the same ones in all regions")
def dashboards_everywhere():
    def of_account(backend):
        return cloudwatch_backends[backend.account_id][HOME].__dict__.setdefault("dashboards_of_account", {})

    def begin(backend, dashboards):
        if backend.region_name == HOME:
            backend.__dict__["dashboards_of_account"] = dashboards

    # moto sets it in each region's constructor, which is also its reset.
    CloudWatchBackend.dashboards = property(of_account, begin)


@correction("cloudwatch", "dashboards have tags, the same ones in all regions, and none when they are deleted")
def dashboard_tags():
    def of(backend, arn):
        """Return who keeps a resource's tags, and whether there is such a resource."""
        if ":dashboard/" not in arn:
            return None
        if arn.rpartition("/")[2] not in backend.dashboards:
            raise ResourceNotFoundException
        return cloudwatch_backends[backend.account_id][HOME].tagger

    @replacing(CloudWatchBackend, "tag_resource")
    def tag(original, self, arn, tags):
        tagger = of(self, arn)
        if not tagger:
            return original(self, arn, tags)
        return tagger.tag_resource(arn, tagger.convert_dict_to_tags_input(tags))

    @replacing(CloudWatchBackend, "untag_resource")
    def untag(original, self, arn, tag_keys):
        tagger = of(self, arn)
        return tagger.untag_resource_using_names(arn, tag_keys) if tagger else original(self, arn, tag_keys)

    @replacing(CloudWatchBackend, "list_tags_for_resource")
    def listed(original, self, arn):
        tagger = of(self, arn)
        return tagger.get_tag_dict_for_resource(arn) if tagger else original(self, arn)

    @replacing(CloudWatchBackend, "delete_dashboards")
    def delete(original, self, dashboards):
        gone = [self.dashboards[name].arn for name in dashboards if name in self.dashboards]
        refused = original(self, dashboards)
        if not refused:
            for arn in gone:
                cloudwatch_backends[self.account_id][HOME].tagger.delete_all_tags_for_resource(arn)
        return refused


@answers("cloudwatch", "PutDashboard", "takes tags for a new dashboard, and none for one that is there")
def put_dashboard(api, params, moto):
    backend, name = api.cloudwatch_backend, params["DashboardName"]
    new = name not in backend.dashboards
    answer = moto()
    if new and params.get("Tags"):
        backend.tag_resource(backend.dashboards[name].arn, {tag["Key"]: tag["Value"] for tag in params["Tags"]})
    return answer


# Composite alarms, which moto can list among its alarms (by their rule) but not make


class CompositeAlarm:
    """A composite alarm, with the attributes that moto looks at when it searches alarms."""

    def __init__(self, arn: str, params: dict):
        now = utcnow()
        self.name = self.alarm_name = params["AlarmName"]
        self.alarm_arn = arn
        self.rule = self.alarm_rule = params["AlarmRule"]
        self.description = self.alarm_description = params.get("AlarmDescription")
        self.actions_enabled = params.get("ActionsEnabled", True)
        self.alarm_actions = params.get("AlarmActions", [])
        self.ok_actions = params.get("OKActions", [])
        self.OKActions = self.ok_actions
        self.insufficient_data_actions = params.get("InsufficientDataActions", [])
        self.actions_suppressor = params.get("ActionsSuppressor")
        self.actions_suppressor_wait_period = params.get("ActionsSuppressorWaitPeriod")
        self.actions_suppressor_extension_period = params.get("ActionsSuppressorExtensionPeriod")
        self.state_value, self.state_reason, self.state_reason_data = "INSUFFICIENT_DATA", "", "{}"
        self.state_updated_timestamp = self.alarm_configuration_updated_timestamp = now
        self.metric_name = self.namespace = None
        self.history: list[dict] = []

    def update_state(self, reason: str, reason_data: str, state_value: str) -> None:
        """Take the state that SetAlarmState gives."""
        self.state_reason, self.state_reason_data, self.state_value = reason, reason_data, state_value
        self.state_updated_timestamp = utcnow()


@adds("cloudwatch", "PutCompositeAlarm", "makes or changes an alarm over other alarms, which must exist")
def put_composite_alarm(api, params):
    backend, name = api.cloudwatch_backend, params["AlarmName"]
    arn = f"arn:aws:cloudwatch:{api.region}:{api.current_account}:alarm:{name}"
    backend.alarms[name] = CompositeAlarm(arn, params)
    if params.get("Tags"):
        backend.tagger.tag_resource(arn, params["Tags"])
    return {}


@answers(
    "cloudwatch", "DescribeAlarms", "lists metric alarms only, unless other types are asked for, with what they have"
)
def describe_alarms(api, params, moto):
    answer, types = moto(), params.get("AlarmTypes") or ["MetricAlarm"]
    for key, kind in (("MetricAlarms", "MetricAlarm"), ("CompositeAlarms", "CompositeAlarm")):
        answer[key] = answer.get(key, []) if kind in types else []
    for alarm in (*answer["MetricAlarms"], *answer["CompositeAlarms"]):
        alarm.setdefault("StateTransitionedTimestamp", alarm["StateUpdatedTimestamp"])
        if alarm.get("StateReasonData") == "{}":
            del alarm["StateReasonData"]
        if not alarm.get("Metrics"):
            alarm.pop("Metrics", None)
    return answer


@answers("cloudwatch", "DeleteAlarms", "keeps an alarm that a composite alarm watches")
def delete_alarms(api, params, moto):
    alarms, gone = api.cloudwatch_backend.alarms, set(params["AlarmNames"])
    for other in alarms.values():
        if other.rule and other.name not in gone:
            watched = [name for name in gone if f"({name})" in other.rule.replace('"', "").replace("'", "")]
            if watched:
                raise AWSError(
                    "ValidationError", f"Cannot delete {watched[0]} as there are composite alarm(s) depending on it."
                )
    return moto()
