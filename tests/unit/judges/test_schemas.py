"""The light part of CloudFormation's judgement: what can't be changed in place, and the names of the mapping."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import pipes
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

from tests.judges.schemas import agreement, reading
from tests.judges.schemas.template import findings, template
from tests.judges.schemas.types import at, paths, plain, schema

MAPPED = [kind for kind in KINDS.values() if kind.cloudformation]
# A part of another type each, or nothing that CloudFormation makes.
WITHOUT = {"ecr_bootstrap_image", "ecr_protected_images", "security_group_rules"}


def test_each_kind_has_its_type():
    assert {kind.name for kind in KINDS.values() if not kind.cloudformation} == WITHOUT


@pytest.mark.parametrize("kind", MAPPED, ids=lambda kind: kind.name)
def test_the_mapping(kind):
    assert not [path for path in kind.properties if at(kind.cloudformation, path) is None]


@pytest.mark.parametrize("kind", MAPPED, ids=lambda kind: kind.name)
def test_what_is_refused_or_replaced_is_create_only(kind):
    known = {field for name, field in agreement.REPLACED_ALL_THE_SAME if name == kind.name}
    assert set(agreement.replaced_against(kind)) == known


@pytest.mark.parametrize("kind", MAPPED, ids=lambda kind: kind.name)
def test_what_is_create_only_is_refused_or_replaced(kind):
    known = {path for name, path in agreement.CHANGED_ALL_THE_SAME if name == kind.name}
    assert set(agreement.changed_against(kind)) == known
    known = {path for name, path in agreement.CHANGED_WHERE_AWS_CAN if name == kind.name}
    assert set(agreement.changed_against(kind, "conditionalCreateOnly")) == known


def test_what_a_pipe_is_replaced_for_is_create_only():
    """It is derived from what botocore's UpdatePipe lacks."""
    every = pipes._members(pipes._shape("source_parameters"))
    names = {group: set(pipes._members(member)) for group, member in every.items() if member.type_name == "structure"}
    mine = {
        (plain(group), plain(name))
        for group in names
        for name in pipes.start({group: dict.fromkeys(names[group], "x")}).get(group, {})
    }
    theirs = {
        tuple(plain(step) for step in path.split("/")[1:])
        for path in paths("AWS::Pipes::Pipe", "createOnly")
        if path.startswith("SourceParameters/")
    }
    assert mine == theirs


def test_exceptions_are_of_properties_that_there_are():
    for name, whys in reading.NEVER_READ.items():
        assert set(whys) <= set(schema(KINDS[name].cloudformation)["properties"]), name


QUEUE = {
    "name": "q", "arn": "arn:aws:sqs:us-east-1:123456789012:q", "visibility_timeout": 30, "tags": {"Stack": "s"},
    "redrive_policy": {}, "policy": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "live", "told"),
    [
        ("sqs_queue", QUEUE, []),
        ("sqs_queue", {**QUEUE, "visibility_timeout": 43201}, ["VisibilityTimeout"]),
        ("sqs_queue", {**QUEUE, "tags": {"": "s"}}, ["Tags/0/Key"]),
        ("log_group", {"name": "/a b", "retention_in_days": 7}, ["LogGroupName"]),
        ("log_group", {"name": "/a", "retention_in_days": 8}, ["RetentionInDays"]),
        ("log_group", {"name": "/a", "retention_in_days": 0}, []),
        ("db_parameter_group", {"name": "p", "family": "postgres17", "parameters": {"a": "1"}}, [""]),
    ],
)
def test_a_schema_speaks(kind, live, told):
    made, whose, _left = template({kind: [live]}, KINDS)
    assert {one.path for one in findings(made, whose)} == set(told)
