"""What a kind doesn't read is kept."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import hidden, normal
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.unmodelled import keep_unmodelled
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


@pytest.mark.parametrize(
    ("read", "unmodelled"),
    [
        (lambda item: {"a": item["A"]}, {"B": {"C": 1, "D": 2}, "L": [{"K": 1, "V": 2}]}),
        (lambda item: {"a": item["A"], "c": item["B"]["C"]}, {"B": {"D": 2}, "L": [{"K": 1, "V": 2}]}),
        (lambda item: {"a": item["A"], "b": item["B"], "l": item["L"]}, {}),
        (lambda item: {**item}, {}),
        (lambda item: dict(item.items()), {}),
        (lambda item: {"a": item.get("A"), "l": [one["K"] for one in item["L"]], "b": item["B"]}, {"L": [{"V": 2}]}),
    ],
)
def test_unmodelled(read, unmodelled):
    item = {"A": 1, "B": {"C": 1, "D": 2}, "L": [{"K": 1, "V": 2}], "E": None}
    live = keep_unmodelled(read)(item)
    assert live.get("unmodelled", {}) == unmodelled
    assert type(live) is dict


def test_normal():
    """Volatile and secret fields go, and what is named like a secret is hidden."""
    kind = KINDS["log_group"]
    live = {"name": "x", "stored_bytes": 7, "tags": {}, "unmodelled": {"metricFilterCount": 1, "new": {"at": 1}}}
    assert normal(kind, live) == {"name": "x", "new": {"at": 1}}
    assert hidden({"DB_PASSWORD": "x", "DB_SECRET_ARN": "y"}) == {"DB_PASSWORD": "(secret)", "DB_SECRET_ARN": "y"}
    assert hidden([{"name": "API_KEY", "value": "x"}]) == [{"name": "API_KEY", "value": "(secret)"}]
