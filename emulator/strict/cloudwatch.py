"""CloudWatch: alarms that can be evaluated, dashboards that can be drawn."""

import json
import re

from emulator.strict import MEASURED, RECORDED, Refusal, metrics, rule

ALARMS = ("PutMetricAlarm",)
DAY, WEEK = 86400, 604800
MISSING_DATA = ("breaching", "notBreaching", "ignore", "missing")
RANGES = ("LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
VENDORS = ("automate", "sns", "autoscaling", "ssm", "ssm-incidents", "ssm-contacts", "lambda", "swf", "aiops")
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def _queries(call) -> list[dict]:
    return call.parameters.get("Metrics") or []


def _stats(call) -> list[dict]:
    return [one["MetricStat"] for one in _queries(call) if one.get("MetricStat")]


def _periods(call) -> list[int]:
    given = [call.parameters.get("Period"), *(one.get("Period") for one in (*_stats(call), *_queries(call)))]
    return [one for one in given if one is not None]


# Alarms


@rule("cloudwatch", *ALARMS, code="ValidationError", source="CloudWatch API reference, PutMetricAlarm")
def alarm_watches_one_thing(call):
    """An alarm watches one metric, or a list of queries."""
    single = call.parameters.get("MetricName")
    if _queries(call) and (single or call.parameters.get("Namespace") or call.parameters.get("Dimensions")):
        return (
            "Metrics list and MetricName, Namespace, Dimensions, Period, Unit, Statistic or ExtendedStatistic are "
            "mutually exclusive."
        )
    if not _queries(call) and not (single and call.parameters.get("Namespace")):
        return "Either MetricName and Namespace or Metrics list should be specified."
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source="CloudWatch API reference, PutMetricAlarm")
def alarm_has_a_period(call):
    """An alarm on one metric says its period, its evaluation periods and how it compares."""
    if "EvaluationInterval" in call.parameters or "EvaluationCriteria" in call.parameters:
        return None
    for name in ("EvaluationPeriods", "ComparisonOperator", *(() if _queries(call) else ("Period",))):
        if call.parameters.get(name) is None:
            return (
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' failed to satisfy "
                "constraint: Member must not be null"
            )
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=MEASURED + "pf-cloudwatch-alarm-period")
def period_is_a_multiple(call):
    """A period is 10, 20 or 30 seconds, or whole minutes."""
    if any(one not in (10, 20, 30) and one % 60 for one in _periods(call)):
        return "Period must be 10, 20, 30 or a multiple of 60"
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=MEASURED + "pf-cloudwatch-alarm-evaluation-window")
def evaluation_fits_its_window(call):
    """An alarm looks back a day, with periods from an hour on a week."""
    periods, count = _periods(call), call.parameters.get("EvaluationPeriods") or 1
    period = max(periods, default=0)
    most = WEEK if period >= 3600 else DAY
    if period * count > most:
        across = "seven days" if most == WEEK else "a day"
        return f"Metrics cannot be checked across more than {across} (EvaluationPeriods * Period must be <= {most})."
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source="hashicorp/terraform#24070")
def datapoints_are_among_the_periods(call):
    """An alarm needs no more datapoints than it evaluates."""
    wanted, count = call.parameters.get("DatapointsToAlarm"), call.parameters.get("EvaluationPeriods")
    if wanted and count and wanted > count:
        return "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source="CloudWatch API reference, PutMetricAlarm, Statistic")
def alarm_has_one_statistic(call):
    """An alarm on one metric has a statistic, plain or extended."""
    given = [name for name in ("Statistic", "ExtendedStatistic") if call.parameters.get(name)]
    if call.parameters.get("MetricName") and not _queries(call) and len(given) != 1:
        return "Exactly one of Statistic or ExtendedStatistic must be specified."
    return None


@rule(
    "cloudwatch",
    *ALARMS,
    code="InvalidParameterValue",
    source="CloudWatch user guide, statistics definitions, " + MEASURED + "pf-cloudwatch-metricstat-stat-syntax",
)
def alarm_statistic_is_one(call):
    """A statistic is one that CloudWatch computes."""
    extended = call.parameters.get("ExtendedStatistic")
    if extended and not metrics.is_statistic(extended):
        return f"The value {extended} for parameter ExtendedStatistic is not supported."
    for one in _stats(call):
        if not metrics.is_statistic(one.get("Stat", "")):
            return f"Invalid metrics list: the statistic {one.get('Stat')} is not supported."
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=MEASURED + "pf-cloudwatch-alarm-low-sample-percentile")
def low_samples_are_of_percentiles(call):
    """What is done with few samples is said of percentiles."""
    given, statistic = call.parameters.get("EvaluateLowSampleCountPercentile"), call.parameters.get("Statistic")
    if given and statistic:
        return f"Option evaluateLowSampleCountPercentile can not be applied with statistic {statistic}."
    return None


@rule(
    "cloudwatch", *ALARMS, code="ValidationError", source="CloudWatch API reference, PutMetricAlarm, TreatMissingData"
)
def missing_data_is_treated(call):
    """Missing data is breaching, notBreaching, ignore or missing."""
    given = call.parameters.get("TreatMissingData")
    if given and given not in MISSING_DATA:
        return (
            f"Option {given} is not supported. Supported options for parameter TreatMissingData are breaching, "
            "notBreaching, ignore and missing."
        )
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=MEASURED + "pf-cloudwatch-alarm-threshold")
def threshold_goes_with_its_operator(call):
    """An alarm has a threshold, or a band of expected values."""
    operator = call.parameters.get("ComparisonOperator")
    if operator in RANGES and not call.parameters.get("ThresholdMetricId"):
        return "ComparisonOperators for ranges require ThresholdMetricId to be set."
    if operator and operator not in RANGES and call.parameters.get("Threshold") is None:
        return "PutMetricAlarm request should have valid Threshold parameter"
    return None


@rule(
    "cloudwatch",
    *ALARMS,
    code="ValidationError",
    source=MEASURED + "pf-cloudwatch-metric-query-returndata, pf-cloudwatch-threshold-metric-id",
)
def one_query_is_watched(call):
    """One query of an alarm returns data; with a band of expected values it's two, and the band is one of them."""
    if not _queries(call):
        return None
    returned = [one.get("Id") for one in _queries(call) if one.get("ReturnData", True)]
    band = call.parameters.get("ThresholdMetricId")
    if band and band not in returned:
        return "Metrics list must contain exactly one metric matching the ThresholdMetricId parameter."
    if len(returned) != (2 if band else 1):
        return f"Exactly {'two elements' if band else 'one element'} of the metrics list should return data."
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=MEASURED + "pf-cloudwatch-metric-query-exclusive")
def query_is_one_thing(call):
    """A query is a metric or an expression, and has an id of its own."""
    for one in _queries(call):
        if one.get("Expression") and one.get("MetricStat"):
            return (
                "The parameters MetricDataQuery Expression and MetricStat are mutually exclusive and you have "
                "specified both."
            )
    ids = [one.get("Id") for one in _queries(call)]
    return "The values for parameter Id in MetricDataQueries are not unique." if len(ids) != len(set(ids)) else None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=MEASURED + "pf-cloudwatch-alarm-search-expression")
def alarm_searches_nothing(call):
    """An alarm's expressions don't search."""
    if any(re.search(r"\bSEARCH\s*\(", one.get("Expression") or "", re.IGNORECASE) for one in _queries(call)):
        return "SEARCH is not supported on Metric Alarms."
    return None


@rule(
    "cloudwatch",
    *ALARMS,
    "PutCompositeAlarm",
    code="ValidationError",
    source=MEASURED + "pf-cloudwatch-alarm-action-vendor",
)
def alarm_action_can_be_taken(call):
    """An alarm acts by services that it knows, and by topics of its region."""
    for arn in (one for name in ACTIONS for one in call.parameters.get(name) or []):
        parts = arn.split(":")
        if len(parts) < 6 or parts[0] != "arn":
            return f"Invalid arn syntax: {arn}"
        if parts[2] not in VENDORS:
            return f"Unsupported AWS vendor {parts[2]}"
        if parts[2] == "sns" and parts[3] != call.region:
            return f"Invalid region {parts[3]} specified. Only {call.region} is supported."
    return None


@rule("cloudwatch", *ALARMS, code="ValidationError", source=metrics.SOURCE)
def alarm_watches_published_metrics(call):
    """An alarm watches metrics that are published, with the dimensions they are published with."""
    watched = [one.get("Metric", {}) for one in _stats(call)] or ([] if _queries(call) else [call.parameters])
    return next(filter(None, map(metrics.of, watched)), None)


@rule(
    "cloudwatch",
    "PutCompositeAlarm",
    code="ValidationError",
    source="CloudWatch API reference, PutCompositeAlarm, " + MEASURED + "pf-cloudwatch-composite-alarm-rule-syntax",
)
def composite_watches_alarms(call):
    """A composite alarm's rule is made of other alarms, which exist."""
    text = call.parameters["AlarmRule"].strip()
    if not re.match(r"\(|NOT\b|AT_LEAST|TRUE$|FALSE$|(ALARM|OK|INSUFFICIENT_DATA)\s*\(", text):
        return (
            f"Error in AlarmRule [Unsupported token {text.split()[0] if text else ''}, must be: '(', 'NOT', AT_LEAST, "
            "TRUE or "
            "FALSE, ALARM, OK, or INSUFFICIENT_DATA]"
        )
    names = [one.strip().strip("'\"") for one in re.findall(r"(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(([^()]*)\)", text)]
    named = [one.rpartition(":alarm:")[2] for one in names]
    if call.parameters["AlarmName"] in named:
        return f"Alarm rule cannot reference itself [{call.parameters['AlarmName']}]"
    missing = [one for one in named if one not in call.backend().alarms]
    return (
        f"Could not save the composite alarm as alarms [{', '.join(missing)}] in the alarm rule do not exist"
        if missing
        else None
    )


# Dashboards


def _widgets(call) -> list[dict]:
    """Return a dashboard's widgets that are objects; the first rule looks at the rest."""
    try:
        body = json.loads(call.parameters["DashboardBody"])
    except ValueError:
        return []
    found = body.get("widgets") if isinstance(body, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _properties(widget: dict) -> dict:
    return widget["properties"] if isinstance(widget.get("properties"), dict) else {}


def _invalid(path: str, reason: str) -> str:
    told = json.dumps([{"dataPath": path, "message": reason}])
    return f"The dashboard body is invalid, there are 1 validation errors: {told}"


@rule("cloudwatch", "PutDashboard", code="InvalidParameterValue", source=RECORDED)
def dashboard_has_a_name(call):
    """A dashboard's name has letters, digits, hyphens and underscores."""
    if not re.fullmatch(r"[\w-]{1,255}", call.parameters["DashboardName"], re.ASCII):
        return (
            "The value for field DashboardName contains invalid characters. It can only contain alphanumerics, dash "
            "(-) and "
            "underscore (_).\n"
        )
    return None


@rule(
    "cloudwatch",
    "PutDashboard",
    code="InvalidParameterInput",
    source=MEASURED + "pf-cloudwatch-dashboard-body-json, pf-cloudwatch-dashboard-widgets",
)
def dashboard_is_json(call):
    """A dashboard is a JSON object with a list of widgets, each with a type and properties."""
    try:
        body = json.loads(call.parameters["DashboardBody"])
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return "The field DashboardBody must be a valid JSON object"
    if not isinstance(body.get("widgets"), list):
        return _invalid("", "Should have required property 'widgets'")
    for number, widget in enumerate(body["widgets"]):
        for name in ("type", "properties"):
            if not isinstance(widget, dict) or name not in widget:
                return _invalid(f"/widgets/{number}", f"Should have required property '{name}'")
    return None


@rule(
    "cloudwatch",
    "PutDashboard",
    code="InvalidParameterInput",
    source=MEASURED + "pf-cloudwatch-dashboard-widget-position, pf-cloudwatch-dashboard-widget-height-max",
)
def widget_is_on_the_grid(call):
    """A widget is within the 24 columns, and up to 1000 rows high."""
    for number, widget in enumerate(_widgets(call)):
        for name, most in (("x", 23), ("width", 24), ("height", 1000)):
            value = widget.get(name)
            if isinstance(value, (int, float)) and value > most:
                return _invalid(f"/widgets/{number}/{name}", f"Should be <= {most}")
    return None


@rule(
    "cloudwatch",
    "PutDashboard",
    code="InvalidParameterInput",
    source=MEASURED + "pf-cloudwatch-dashboard-metric-widget-source, pf-cloudwatch-dashboard-text-widget-markdown",
)
def widget_has_what_it_shows(call):
    """A metric widget has a region and metrics or an alarm, a text widget a text, an alarm widget alarms."""
    for number, widget in enumerate(_widgets(call)):
        given, kind = _properties(widget), widget.get("type")
        path = f"/widgets/{number}/properties"
        if kind == "metric" and not (
            isinstance(given.get("region"), str) and ("metrics" in given or "annotations" in given)
        ):
            return _invalid(
                path, "The metric widget should have specified a region and a data source or an alarm annotation"
            )
        if kind == "text" and not isinstance(given.get("markdown"), str):
            return _invalid(path, "Should have required property 'markdown'")
        if kind == "alarm" and not isinstance(given.get("alarms"), list):
            return _invalid(path, "Should have required property 'alarms'")
    return None


@rule(
    "cloudwatch",
    "PutDashboard",
    code="InvalidParameterInput",
    source=MEASURED + "pf-cloudwatch-dashboard-widget-period, pf-cloudwatch-dashboard-widget-stat-syntax, "
    "pf-cloudwatch-dashboard-yaxis-range",
)
def graph_can_be_drawn(call):
    """A graph's period, statistic and axes are such that it can be drawn."""
    for number, widget in enumerate(_widgets(call)):
        given, path = _properties(widget), f"/widgets/{number}/properties"
        period = given.get("period")
        if isinstance(period, int) and (period < 1 or (period not in (1, 5, 10, 20, 30) and period % 60)):
            return _invalid(f"{path}/period", "Should be multiple of 60")
        if isinstance(given.get("stat"), str) and not metrics.is_statistic(given["stat"]):
            return _invalid(f"{path}/stat", "Should match pattern")
        for side, axis in (given.get("yAxis") or {}).items():
            least, most = (axis.get(name) if isinstance(axis, dict) else None for name in ("min", "max"))
            if isinstance(least, (int, float)) and isinstance(most, (int, float)) and least >= most:
                return _invalid(f"{path}/yAxis/{side}/min", f"Should be <= {most}")
    return None


@rule("cloudwatch", "PutDashboard", code="InvalidParameterInput", source=metrics.SOURCE)
def graph_shows_published_metrics(call):
    """A graph shows metrics that are published, with the dimensions they are published with."""
    for number, widget in enumerate(_widgets(call)):
        given = _properties(widget).get("metrics")
        before: list = []
        for line in given if isinstance(given, list) else []:
            shown = (
                _written_out([one for one in line if isinstance(one, str)], before) if isinstance(line, list) else []
            )
            if len(shown) < 2:
                continue  # an expression
            before = shown
            told = metrics.refusal(shown[0], shown[1], shown[2::2])
            if told:
                return _invalid(f"/widgets/{number}/properties/metrics", told)
    return None


def _written_out(line: list[str], before: list[str]) -> list[str]:
    """Replace a dashboard's short forms: ``.`` is the value above, ``...`` all that is missing from there."""
    if "..." in line:
        start = line.index("...")
        rest = line[start + 1 :]
        line = [*line[:start], *before[start : len(before) - len(rest)], *rest]
    return [before[index] if one == "." and index < len(before) else one for index, one in enumerate(line)]


@rule("cloudwatch", "GetMetricStatistics", code="InvalidParameterValue", source=RECORDED)
def statistics_are_of_a_time(call):
    """Statistics are of a time that begins before it ends, in up to 1,440 periods."""
    begin, end, period = (call.parameters[name] for name in ("StartTime", "EndTime", "Period"))
    if begin >= end:
        return "The parameter StartTime must be less than the parameter EndTime."
    points = int((end - begin).total_seconds() // period)
    if points > 1440:
        return Refusal(
            "InvalidParameterCombination",
            f"You have requested up to {points} datapoints, which exceeds the limit of 1440. You may reduce the "
            "datapoints requested by increasing Period, or decreasing the time range.",
        )
    return None
