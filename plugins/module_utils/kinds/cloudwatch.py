"""CloudWatch: alarms and dashboards."""

from __future__ import annotations

import json
from typing import Any

from ..engine import tags as tagging
from ..engine.aws import tags_of, unless
from ..engine.errors import EngineError
from ..engine.kind import Kind
from ..engine.listings import Listing
from ..engine.names import name
from ..engine.severity import Severity
from ..engine.unmodelled import keep_unmodelled
from .cloudwatch_metrics import refusal

# Our field: (AWS's key, what AWS takes it for when it is unsaid).
ALARM_FIELDS = {
    "description": ("AlarmDescription", ""),
    "namespace": ("Namespace", ""),
    "metric_name": ("MetricName", ""),
    "statistic": ("Statistic", ""),
    "extended_statistic": ("ExtendedStatistic", ""),
    "period": ("Period", 0),
    "unit": ("Unit", ""),
    "comparison": ("ComparisonOperator", ""),
    "threshold": ("Threshold", None),
    "threshold_metric_id": ("ThresholdMetricId", ""),
    "evaluation_periods": ("EvaluationPeriods", 0),
    "datapoints_to_alarm": ("DatapointsToAlarm", 0),
    "treat_missing_data": ("TreatMissingData", "missing"),
    "evaluate_low_sample_count_percentile": ("EvaluateLowSampleCountPercentile", "evaluate"),
    "actions_enabled": ("ActionsEnabled", True),
}
ACTIONS = {
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "insufficient_data_actions": "InsufficientDataActions",
}


class CloudWatchKind(Kind):
    """What alarms and dashboards share."""

    service = "cloudwatch"

    def tag(self, aws, live, add, remove):
        """Tag by ARN."""
        if add:
            aws("cloudwatch").tag_resource(ResourceARN=live["arn"], Tags=tagging.to_list(add))
        if remove:
            aws("cloudwatch").untag_resource(ResourceARN=live["arn"], TagKeys=remove)


def _tags(aws, arn):
    # What is deleted while the stack's are listed has no tags any more.
    answer = unless(
        "ResourceNotFoundException", aws("cloudwatch").list_tags_for_resource, ResourceARN=arn, otherwise={"Tags": []}
    )
    return tagging.from_list(answer["Tags"])


class MetricAlarm(CloudWatchKind):
    """An alarm on one metric or on an expression over several.

    ``PutMetricAlarm`` replaces the whole alarm, so what is unsaid is AWS's default and not what was there before.
    """

    name = "metric_alarm"
    title = "alarm"
    module = "flow_builder.aws.cloudwatch_metric_alarm"
    cloudformation = "AWS::CloudWatch::Alarm"
    properties = {
        "AlarmName": "name",
        "AlarmDescription": "description",
        "ComparisonOperator": "comparison",
        "Metrics/*/MetricStat/Metric": "metric",
        "Metrics/*/MetricStat/Stat": "stat",
        "Metrics/*/MetricStat/Period": "period",
    }
    needs = ("sns_topic",)
    lists_all = True
    ignored = frozenset({
        "alarm_state", "alarm_state_reason", "AlarmConfigurationUpdatedTimestamp", "EvaluationState",
        "StateReasonData", "StateTransitionedTimestamp", "StateUpdatedTimestamp",
    })  # fmt: skip
    unmanaged = (Listing("describe_alarms", "MetricAlarms", "AlarmName", {"AlarmNamePrefix": "{stack}-"}),)

    def want(self, arguments):
        """Fill in AWS's defaults, and refuse a metric that nobody publishes."""
        given = super().want(arguments)
        if not (given.get("metric_name") or given.get("metrics")):
            return given
        want: dict[str, Any] = {field: default for field, (_key, default) in ALARM_FIELDS.items()}
        want |= {"dimensions": {}, "metrics": [], **dict.fromkeys(ACTIONS, []), **given}
        want["datapoints_to_alarm"] = want["datapoints_to_alarm"] or want["evaluation_periods"]
        want["metrics"] = by_id(query(item) for item in want["metrics"])
        want["dimensions"] = {key: str(value) for key, value in want["dimensions"].items()}
        want |= {field: sorted(want[field]) for field in ACTIONS}
        if want["metrics"] and sum(item["return_data"] for item in want["metrics"]) != 1:
            raise EngineError("exactly one of metrics must have return_data: true, which is what the alarm watches")
        for watched in [want] if want["metric_name"] else [item["metric"] for item in want["metrics"]]:
            refused = watched and refusal(watched["namespace"], watched["metric_name"], watched["dimensions"])
            if refused:
                raise EngineError(refused)
        return want

    def find(self, aws, want):
        """Return the alarm of this name."""
        alarms = aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=[want["name"]])
        return self._live(aws, alarms[0]) if alarms else None

    def stack(self, aws, stack):
        """Return the alarms with the stack's tag, among those whose name begins with it."""
        alarms = aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=f"{stack}-")
        found = (self._live(aws, alarm) for alarm in alarms)
        return [alarm for alarm in found if alarm["tags"].get("Stack") == stack]

    def scope(self, want):
        """The alarms of a stack have names that begin with its own."""
        stack = want.get("tags", {}).get("Stack", "")
        return stack if stack and want["name"].startswith(f"{stack}-") else ""

    def within(self, aws, want, scope):
        """Return the alarms of a stack."""
        alarms = aws.pages("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNamePrefix=f"{scope}-")
        tags = tags_of(aws, scope, "cloudwatch:alarm")
        return [self._live(aws, alarm, tags.get(alarm["AlarmArn"], {})) for alarm in alarms]

    @keep_unmodelled
    def _live(self, aws, alarm, tags=None):
        arn = alarm["AlarmArn"]
        tags = aws.tags(arn, lambda: _tags(aws, arn)) if tags is None else tags
        live = {"name": alarm["AlarmName"], "arn": alarm["AlarmArn"]}
        for field, (key, default) in ALARM_FIELDS.items():
            value = alarm.get(key)
            live[field] = default if value is None else value
        live["datapoints_to_alarm"] = live["datapoints_to_alarm"] or live["evaluation_periods"]
        live |= {field: sorted(alarm.get(key) or []) for field, key in ACTIONS.items()}
        return live | {
            "dimensions": dimensions_from_list(alarm.get("Dimensions")),
            "metrics": by_id(query_from_aws(item) for item in alarm.get("Metrics") or []),
            "alarm_state": alarm.get("StateValue"),
            "alarm_state_reason": alarm.get("StateReason"),
            "tags": tagging.own(tags),
        }

    def create(self, aws, want):
        """Put the alarm with its tags."""
        more = {"Tags": tagging.to_list(want["tags"])} if want.get("tags") else {}
        self._put(aws, want, **more)

    def update(self, aws, live, want, changes):
        """Put the whole alarm anew: AWS keeps nothing of an alarm that it isn't told again, but its tags."""
        self._put(aws, want)

    def _put(self, aws, want, **more):
        said = {key: want[field] for field, (key, _default) in ALARM_FIELDS.items() if want[field] not in ("", None)}
        if want["metrics"]:
            said["Metrics"] = [query_to_aws(item) for item in want["metrics"]]
            said.pop("Period", None)
        else:
            said["Dimensions"] = dimensions_to_list(want["dimensions"])
        if not want["extended_statistic"]:
            said.pop("EvaluateLowSampleCountPercentile")
        said |= {key: want[field] for field, key in ACTIONS.items()}
        aws("cloudwatch").put_metric_alarm(AlarmName=want["name"], **said, **more)

    def delete(self, aws, live):
        """Delete the alarm; AWS says nothing about one that isn't there."""
        aws("cloudwatch").delete_alarms(AlarmNames=[live["name"]])

    def computed(self, aws, want):
        """An alarm's ARN can be computed."""
        return {"arn": aws.arn("cloudwatch", f"alarm:{want['name']}")}


def by_id(queries) -> list[dict]:
    """Return metric queries in the one order that we compare."""
    return sorted(queries, key=lambda item: item["id"])


def query(item: dict) -> dict:
    """Return one of an alarm's metrics in full: either ``metric`` or ``expression`` is set."""
    stat = item.get("metric_stat") or {}
    metric = stat.get("metric") or {}
    return {
        "id": item["id"],
        "expression": item.get("expression") or "",
        "label": item.get("label") or "",
        "return_data": bool(item.get("return_data")),
        "account_id": item.get("account_id") or "",
        "period": stat.get("period") or item.get("period") or 0,
        "stat": stat.get("stat") or "",
        "unit": stat.get("unit") or "",
        "metric": {
            "namespace": metric.get("namespace") or "",
            "metric_name": metric["metric_name"],
            "dimensions": {key: str(value) for key, value in (metric.get("dimensions") or {}).items()},
        }
        if metric
        else {},
    }


def query_from_aws(item: dict) -> dict:
    """Return one of AWS's metric queries as ``query`` does."""
    stat = item.get("MetricStat") or {}
    metric = stat.get("Metric") or {}
    return query(
        {
            "id": item["Id"],
            "expression": item.get("Expression"),
            "label": item.get("Label"),
            "return_data": item.get("ReturnData", True),
            "account_id": item.get("AccountId"),
            "period": item.get("Period"),
            "metric_stat": {
                "metric": metric
                and {
                    "namespace": metric.get("Namespace"),
                    "metric_name": metric["MetricName"],
                    "dimensions": dimensions_from_list(metric.get("Dimensions")),
                },
                "period": stat.get("Period"),
                "stat": stat.get("Stat"),
                "unit": stat.get("Unit"),
            },
        }
    )


def query_to_aws(item: dict) -> dict:
    """Return a metric query as AWS takes it."""
    told = {"Id": item["id"], "ReturnData": item["return_data"]}
    told |= {"Label": item["label"]} if item["label"] else {}
    told |= {"AccountId": item["account_id"]} if item["account_id"] else {}
    if item["expression"]:
        return told | {"Expression": item["expression"]} | ({"Period": item["period"]} if item["period"] else {})
    stat = {
        "Metric": {
            "Namespace": item["metric"]["namespace"],
            "MetricName": item["metric"]["metric_name"],
            "Dimensions": dimensions_to_list(item["metric"]["dimensions"]),
        },
        "Period": item["period"],
        "Stat": item["stat"],
    }
    return told | {"MetricStat": stat | ({"Unit": item["unit"]} if item["unit"] else {})}


def dimensions_from_list(pairs) -> dict[str, str]:
    """Return dimensions as a dict."""
    return {pair["Name"]: pair["Value"] for pair in pairs or []}


def dimensions_to_list(dimensions: dict) -> list[dict]:
    """Return dimensions as AWS takes them."""
    return [{"Name": key, "Value": value} for key, value in sorted(dimensions.items())]


class Dashboard(CloudWatchKind):
    """A dashboard. CloudWatch knows no region of it, and lists none by tags: a stack has the one that is named so."""

    name = "dashboard"
    worldwide = True
    title = "dashboard"
    module = "flow_builder.aws.cloudwatch_dashboard"
    cloudformation = "AWS::CloudWatch::Dashboard"
    properties = {"DashboardName": "name", "DashboardBody": "body"}
    severities = (Severity("high", "", category="removed"), Severity("low"))
    unmanaged = (Listing("list_dashboards", "DashboardEntries", "DashboardName", worldwide=True),)

    def want(self, arguments):
        """Refuse a metric that nobody publishes."""
        want = super().want(arguments)
        for namespace, metric, dimensions in shown_metrics(want.get("body", {})):
            refused = refusal(namespace, metric, dimensions)
            if refused:
                raise EngineError(refused)
        return want

    def find(self, aws, want):
        """Return the dashboard of this name, its body as what the JSON says."""
        found = unless("ResourceNotFound", aws("cloudwatch").get_dashboard, DashboardName=want["name"])
        if found is None:
            return None
        return {
            "name": found["DashboardName"],
            "arn": found["DashboardArn"],
            "body": json.loads(found["DashboardBody"]),
            "tags": _tags(aws, found["DashboardArn"]),
        }

    def stack(self, aws, stack):
        """Return the dashboard of the stack; one without tags was made before there were any."""
        found = self.find(aws, {"name": name("dashboard", stack, aws.region)})
        return [found] if found and found["tags"].get("Stack", stack) == stack else []

    def create(self, aws, want):
        """Put the dashboard with its tags."""
        self._put(aws, want, **({"Tags": tagging.to_list(want["tags"])} if want.get("tags") else {}))

    def update(self, aws, live, want, changes):
        """Put the dashboard anew; AWS takes no tags then."""
        self._put(aws, want)

    @staticmethod
    def _put(aws, want, **more):
        body = json.dumps(want["body"], separators=(",", ":"), sort_keys=True)
        aws("cloudwatch").put_dashboard(DashboardName=want["name"], DashboardBody=body, **more)

    def delete(self, aws, live):
        """Delete the dashboard."""
        unless("ResourceNotFound", aws("cloudwatch").delete_dashboards, DashboardNames=[live["name"]])

    def computed(self, aws, want):
        """A dashboard's ARN can be computed."""
        return {"arn": aws.arn("cloudwatch", f"dashboard/{want['name']}", region=False)}


def shown_metrics(body: dict) -> list[tuple[str, str, list[str]]]:
    """Return namespace, name and dimension names of every metric that a dashboard shows.

    In a widget, ``.`` repeats what stands at its place in the metric before, and ``...`` all up to the last ones.
    """
    shown = []
    for widget in body.get("widgets", []):
        before: list[str] = []
        for row in widget.get("properties", {}).get("metrics", []):
            words = [word for word in row if isinstance(word, str)]
            if not words:  # an expression: a dict and nothing else
                continue
            if words[0] == "...":
                words = before[: len(before) - len(words) + 1] + words[1:]
            before = [before[place] if word == "." else word for place, word in enumerate(words)]
            shown.append((before[0], before[1], before[2::2]))
    return shown


METRIC_ALARM = MetricAlarm()
DASHBOARD = Dashboard()
