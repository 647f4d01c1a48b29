"""Metrics of a stack's resources, all of a time in as few calls as CloudWatch takes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..engine.aws import Aws

AT_ONCE = 500  # queries of one GetMetricData
POINTS = 100
"""How many points a plot has at the most."""
PERIODS = (60, 300, 900, 3600, 21600, 86400)
KEPT = ((timedelta(days=15), 60), (timedelta(days=63), 300), (timedelta(days=455), 3600))
"""How long CloudWatch keeps points of which period, in seconds."""


@dataclass(frozen=True)
class Query:
    """One metric over a time."""

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str = "Maximum"
    seconds: int = 900
    """How far back it is asked for."""
    period: int = 60

    def request(self, number: int) -> dict[str, Any]:
        """Return it as GetMetricData takes it."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": dimensions}
        return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": self.period, "Stat": self.statistic}}


@dataclass
class Series:
    """What CloudWatch has of a metric, the oldest point first."""

    points: list[tuple[datetime, float]] = field(default_factory=list)

    @property
    def last(self) -> float | None:
        """The newest value; None where there is none."""
        return self.points[-1][1] if self.points else None


def fetch(aws: Aws, queries: Iterable[Query], now: datetime) -> dict[Query, Series]:
    """Return all metrics; those of equal range go into one call."""
    found: dict[Query, Series] = {}
    by_range: dict[int, list[Query]] = {}
    for query in dict.fromkeys(queries):
        by_range.setdefault(query.seconds, []).append(query)
    for seconds, members in by_range.items():
        for some in batched(members, AT_ONCE):
            numbered = {f"m{number}": query for number, query in enumerate(some)}
            found |= {query: Series() for query in some}
            requests = [query.request(number) for number, query in enumerate(some)]
            for one in aws.pages(
                "cloudwatch", "get_metric_data", "MetricDataResults", MetricDataQueries=requests,
                StartTime=now - timedelta(seconds=seconds), EndTime=now, ScanBy="TimestampAscending",
            ):  # fmt: skip
                found[numbered[one["Id"]]].points += zip(one["Timestamps"], one["Values"], strict=True)
    for series in found.values():
        series.points.sort()
    return found


def period(seconds: int) -> int:
    """Return the period in seconds of so many points as a plot has, which CloudWatch still keeps."""
    kept = next((least for age, least in KEPT if timedelta(seconds=seconds) <= age), KEPT[-1][1])
    return next((one for one in PERIODS if one >= kept and seconds / one <= POINTS), PERIODS[-1])


def utc_now() -> datetime:
    """Return the time, at a full minute: CloudWatch counts by minutes, and answers such questions quicker."""
    return datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
