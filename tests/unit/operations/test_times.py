"""Times as people say them."""

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.operations import metrics
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.status import interval
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.times import ago, duration, spoken


@pytest.mark.parametrize(("said", "length"), [("90m", timedelta(minutes=90)), ("24h", timedelta(days=1)), ("455d", timedelta(days=455))])
def test_a_duration(said, length):
    assert duration(said, "x") == length


@pytest.mark.parametrize("said", ["", "0h", "24", "h", "1.5h", "-1h", "456d", "1 h", "1w", "999999h"])
def test_no_duration(said):
    with pytest.raises(EngineError, match=r"status_since is .*: allowed are minutes, hours or days up to 455d"):
        duration(said, "status_since")


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 seconds"), (59, "59 seconds"), (60, "1 minute"), (7200, "2 hours"), (86400 * 3 + 5, "3 days"), (-5, "0 seconds")]
)
def test_spoken(seconds, told):
    assert spoken(timedelta(seconds=seconds)) == told


def test_ago():
    now = datetime(2026, 11, 30, tzinfo=UTC)
    assert ago(None, now) == "never" and ago(now - timedelta(hours=1), now) == "1 hour ago"


@pytest.mark.parametrize(("expression", "every"), [("rate(1 minute)", timedelta(minutes=1)), ("rate(2 days)", timedelta(days=2)), ("cron(0 1 * * ? *)", None)])
def test_interval(expression, every):
    assert interval(expression) == every


@pytest.mark.parametrize("length", ["1m", "1h", "24h", "7d", "15d", "16d", "63d", "64d", "455d"])
def test_a_plot_has_few_points_that_cloudwatch_still_keeps(length):
    seconds = int(duration(length, "x").total_seconds())
    step, days = metrics.period(seconds), seconds / 86400
    assert seconds / step <= metrics.POINTS or step == metrics.PERIODS[-1]
    assert step >= (60 if days <= 15 else 300 if days <= 63 else 3600)
