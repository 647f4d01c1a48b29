"""What a record takes from a run, and what it leaves as it was."""

import types

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import record, unmanaged
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


UPDATE = {"kind": "log_group", "name": "g", "action": "update", "changes": ["retention_in_days"], "before": GROUP}


@pytest.mark.parametrize(
    ("earlier", "later", "merged"),
    [
        ([], [UPDATE], [UPDATE]),
        ([UPDATE], [], [UPDATE]),
        ([UPDATE], [{**UPDATE, "changes": ["tags"], "before": {}}], [{**UPDATE, "changes": ["retention_in_days", "tags"]}]),
        ([{**UPDATE, "action": "create", "changes": []}], [UPDATE], [{**UPDATE, "action": "create"}]),
        ([UPDATE], [{**UPDATE, "action": "replace"}], [{**UPDATE, "action": "replace"}]),
        ([UPDATE], [{**UPDATE, "name": "other"}], [UPDATE, {**UPDATE, "name": "other"}]),
    ],
)
def test_what_two_runs_changed(earlier, later, merged):
    assert record.merged(earlier, later) == merged


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
    assert unmanaged.belongs(name, "fb-dev", ["fb-dev-ultra"]) is belongs


class Everywhere:
    """An account that has things of no region, of the stack fb-dev here and of the one of this name elsewhere."""

    region = home = "us-east-1"
    meta = types.SimpleNamespace(service_model=types.SimpleNamespace(service_name="any"), method_to_api_mapping={})
    ANSWERS = {
        "list_roles": {"Roles": [{"RoleName": name} for name in ("fb-dev-a-eu-west-1", "fb-dev-b-us-east-1", "fb-dev-c")]},
        "list_dashboards": {"DashboardEntries": [{"DashboardName": "fb-dev-dashboard-eu-west-1"}]},
        "list_buckets": {"Buckets": [{"Name": "fb-dev-state-1-eu-west-1"}, {"Name": "fb-dev-mine"}]},
        # Nothing is elsewhere where AWS lists one region only.
        "list_rules": {"Rules": [{"Name": "fb-dev-to-eu-west-1"}]},
        "get_resources": {
            "ResourceTagMappingList": [
                {"ResourceARN": f"arn:aws:{what}", "Tags": [{"Key": key, "Value": value}]}
                for what, key, value in (
                    ("iam::1:instance-profile/theirs", "Region", "eu-west-1"),
                    ("route53:::hostedzone/Z1", "Region", "eu-west-1"),
                    ("route53:::hostedzone/Z2", "Region", "us-east-1"),
                    # The stack there has something here, and this one something that doesn't say whose it is.
                    ("sqs:us-east-1:1:q", "Region", "eu-west-1"),
                    ("sqs:us-east-1:1:mine", "Component", "queue"),
                    # The launch template tags what the group starts.
                    ("ec2:us-east-1:1:instance/i-1", "aws:autoscaling:groupName", "fb-dev-nat"),
                )
            ]
        },
    }

    def __call__(self, _service):
        return self

    def can_paginate(self, _operation):
        return False

    def get_paginator(self, operation):
        return types.SimpleNamespace(paginate=lambda **_given: [self.ANSWERS.get(operation, {})])

    def __getattr__(self, operation):
        return lambda **_given: self.ANSWERS.get(operation, {})


def test_what_belongs_to_the_stack_of_this_name_in_another_region_is_not_beside_this_one():
    others, unread = unmanaged.find(Everywhere(), "fb-dev", KINDS, Survey())
    assert not unread
    assert {(one.kind, one.name) for one in others} == {
        ("iam_role", "fb-dev-b-us-east-1"), ("iam_role", "fb-dev-c"), ("s3_bucket", "fb-dev-mine"),
        ("event_rule", "fb-dev-to-eu-west-1"),
        ("route53_hostedzone", "arn:aws:route53:::hostedzone/Z2"), ("sqs_mine", "arn:aws:sqs:us-east-1:1:mine"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("run", "stands"),
    [
        ({"inventory_host": "a", "profile": "ultra", "user": "b"}, True),
        # The host was renamed, which the next run has to find.
        ({"inventory_host": "b", "profile": "ultra"}, False),
        ({}, False),
    ],
)
def test_a_record_names_the_host_that_has_the_stack_now(run, stands):
    empty = {"format": record.FORMAT, "kinds": sorted(KINDS), "resources": {}, "undeclared": {}}
    made = {**empty, "inventory_host": "a", "profile": "ultra"}
    assert record.stands(made, KINDS, set(), True, run) is stands
    assert record.stands({**made, "unrecorded": [UPDATE]}, KINDS, set(), True, run) is False
