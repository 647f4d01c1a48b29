"""What a record takes from a run, and what it leaves as it was."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import beside, record
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import Survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

GROUP, OTHER = {"name": "g", "retention_in_days": 30}, {"name": "other"}


@pytest.mark.parametrize(
    ("declared", "before", "whole", "foreign"),
    [
        (None, None, True, []),
        ({("log_group", "g")}, None, True, ["other"]),
        ({("log_group", "g"), ("log_group", "other")}, None, True, []),
        ({("log_group", "g")}, {"log_group": [OTHER]}, True, ["other"]),
        ({("log_group", "g")}, {"log_group": [OTHER]}, False, []),
        ({("log_group", "g")}, {}, False, ["other"]),
    ],
)
def test_undeclared(declared, before, whole, foreign):
    survey = Survey(resources={"log_group": [GROUP, OTHER]})
    made = record.make(survey, KINDS, {}, declared, {"resources": before} if before is not None else None, whole)
    assert [one["name"] for one in made["undeclared"].get("log_group", [])] == foreign
    assert made["count"] == 2 - len(foreign)


@pytest.mark.parametrize(
    ("touched", "recorded"),
    [
        ([], 30),  # drift that nobody undid stays drift
        ([{"action": "create"}], 1),
        ([{"action": "update", "changes": ["retention_in_days"]}], 1),
        ([{"action": "update", "changes": ["tags"], "before": {"retention_in_days": 1}}], 30),
        ([{"action": "update", "changes": ["tags"], "before": {"retention_in_days": 30}}], 1),  # a consequence
    ],
)
def test_keep(touched, recorded):
    made = {"resources": {"log_group": [{"name": "g", "retention_in_days": 1}]}}
    before = {"resources": {"log_group": [GROUP]}}
    record.keep(made, before, KINDS, [{"kind": "log_group", "name": "g", **one} for one in touched])
    assert made["resources"]["log_group"] == [{"name": "g", "retention_in_days": recorded}]


@pytest.mark.parametrize(
    ("name", "belongs"),
    [
        ("fb-dev", True),
        ("fb-dev-x", True),
        ("fb-dev/app", True),
        ("alias/fb-dev-data", True),
        ("/aws/lambda/fb-dev-x", True),
        ("fb-dev-ultra-x", False),
        ("/aws/lambda/fb-dev-ultra-x", False),
        ("fb-development", False),
        ("other", False),
    ],
)
def test_belongs(name, belongs):
    assert beside.belongs(name, "fb-dev", ["fb-dev-ultra"]) is belongs
