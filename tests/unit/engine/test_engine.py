"""The engine's small functions, as tables."""

from __future__ import annotations

import json
from urllib.parse import quote

import botocore.exceptions as boto
import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import errors, names, policies, stack, tags
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws, unless
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.community import CommunityKind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder, placeholder
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

HERE = placeholder("vpc", "x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (HERE, True),
        (f"arn:aws:iam::1:role/{HERE}", True),
        ([1, [HERE]], True),
        ((HERE,), True),
        ({HERE}, True),
        ({"a": {"b": [HERE]}}, True),
        ({HERE: 1}, True),
        ("vpc-1", False),
        ({"a": [1, None, True, "x"]}, False),
        (None, False),
        (7, False),
    ],
)
def test_placeholders(value, expected):
    assert has_placeholder(value) is expected


def test_a_placeholder_names_what_it_stands_for():
    assert placeholder("vpc", "x-vpc", "arn") == "known-after-apply/vpc/x-vpc/arn"


@pytest.mark.parametrize(
    ("live", "wanted", "purge", "add", "remove"),
    [
        ({}, {}, True, {}, []),
        ({"a": "1"}, {"a": "1"}, True, {}, []),
        ({"a": "1"}, {"a": "2"}, True, {"a": "2"}, []),
        ({"a": "1", "c": "3"}, {"b": "2"}, True, {"b": "2"}, ["a", "c"]),
        ({"a": "1"}, {"b": "2"}, False, {"b": "2"}, []),
        ({"a": "1"}, {}, True, {}, ["a"]),
        ({}, {"a": ""}, True, {"a": ""}, []),
    ],
)
def test_tag_plan(live, wanted, purge, add, remove):
    assert tags.plan(live, wanted, purge) == (add, remove)


@pytest.mark.parametrize(
    ("listed", "keys", "expected"),
    [
        (None, {}, {}),
        ([], {}, {}),
        ([{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}], {}, {"a": "1", "b": "2"}),
        ([{"Key": "aws:cloudformation:stack-name", "Value": "x"}, {"Key": "a", "Value": "1"}], {}, {"a": "1"}),
        ([{"key": "a", "value": "1"}], {"key": "key", "value": "value"}, {"a": "1"}),
        ([{"TagKey": "a", "TagValue": "1"}], {"key": "TagKey", "value": "TagValue"}, {"a": "1"}),
    ],
)
def test_tag_lists(listed, keys, expected):
    assert tags.from_list(listed, **keys) == expected
    assert tags.from_list(tags.to_list(expected, **keys), **keys) == expected


def test_names_follow_the_map():
    assert names.name("role", "flow-builder-dev", "api-task", "eu-west-1") == "flow-builder-dev-api-task-eu-west-1"
    assert names.name("state_bucket", "x", "123456789012", "us-east-1") == "x-state-123456789012-us-east-1"
    with pytest.raises(EngineError, match="not in the naming map"):
        names.name("yacht", "x")
    for parts in ((), ("api-task",)):
        with pytest.raises(EngineError, match=f"with {len(parts)} parts is not in the naming map"):
            names.name("role", "x", *parts)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("fb-api-task-us-east-1", False),
        ("fb-api-task-eu-west-1", True),
        ("fb-api-task-us-gov-east-1", True),
        ("fb-api-task", False),
        ("fb-my-role-2", False),
    ],
)
def test_what_is_elsewhere_has_another_region_in_its_name(name, other):
    assert names.elsewhere(name, "us-east-1") is other


@pytest.mark.parametrize("key", sorted(names.NAMES))
def test_names_longer_than_aws_takes_are_refused(key):
    pattern, longest = names.NAMES[key]
    parts = ["p"] * pattern.count("{0}") + ["q"] * pattern.count("{1}")
    fixed = len(pattern.format(*parts, stack=""))
    assert len(names.name(key, "s" * (longest - fixed), *parts)) == longest
    with pytest.raises(EngineError, match=f"AWS takes at most {longest}"):
        names.name(key, "s" * (longest - fixed + 1), *parts)


def client_error(code, message="no", operation="CreateVpc"):
    return boto.ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (client_error("AccessDenied", "not authorized"), ["CreateVpc was refused with AccessDenied: not authorized", "allow CreateVpc"]),
        (client_error("VpcLimitExceeded", "too many."), ["refused with VpcLimitExceeded: too many"]),
        (client_error("LimitExceededException"), ["quota"]),
        (client_error("DependencyViolation"), ["delete what still uses it"]),
        (client_error("SignatureDoesNotMatch"), ["secret key"]),
        (client_error("ThrottlingException"), ["try again later"]),
        (boto.NoCredentialsError(), ["no complete AWS credentials", "AWS_PROFILE"]),
        (boto.PartialCredentialsError(provider="env", cred_var="aws_secret_access_key"), ["no complete AWS credentials"]),
        (boto.ProfileNotFound(profile="nobody"), ["nobody", "~/.aws/config"]),
        (boto.NoRegionError(), ["region"]),
        (boto.InvalidRegionError(region_name="us east"), ["region", "us-east-1"]),
        (boto.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/"), ["can't be reached at http://127.0.0.1:1/", "AWS_ENDPOINT_URL"]),
        (boto.ConnectTimeoutError(endpoint_url="https://ec2"), ["can't be reached at https://ec2"]),
        (EngineError("boat ada sank"), ["boat ada sank"]),
    ],
)
def test_errors_are_one_sentence(error, words):
    told = errors.sentence(error, "VPC x")
    assert told.startswith("VPC x: ") and "\n" not in told and "Traceback" not in told
    for word in words:
        assert word in told
    assert errors.expected(error)


def test_faults_of_the_code_are_not_swallowed():
    assert not errors.expected(KeyError("x")) and not errors.expected(TypeError("x"))


@pytest.mark.parametrize(("codes", "code", "caught"), [("A", "A", True), ("A", "AB", False), (("A", "B"), "B", True), (("A",), "C", False)])
def test_unless(codes, code, caught):
    def call(name, suffix=""):
        raise client_error(code)

    if caught:
        assert unless(codes, call, "x", suffix="y", otherwise="gone") == "gone"
    else:
        with pytest.raises(boto.ClientError):
            unless(codes, call, "x")
    assert unless(codes, lambda: 7) == 7


def document(**statement):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (document(Action="s3:Get*", Resource="*"), document(Action=["s3:Get*"], Resource=["*"]), True),
        (document(Action=["a:B", "a:C"], Resource="*"), document(Action=["a:C", "a:B"], Resource="*"), True),
        (document(Action="a:B", Resource="*"), {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*"}}, True),
        (document(Action="a:B"), json.dumps(document(Action=["a:B"])), True),
        (document(Action="a:B"), quote(json.dumps(document(Action=["a:B"]))), True),
        (document(Condition={"Bool": {"aws:SecureTransport": False}}), document(Condition={"Bool": {"aws:SecureTransport": "false"}}), True),
        (document(Condition={"NumericLessThan": {"s3:max-keys": 10}}), document(Condition={"NumericLessThan": {"s3:max-keys": "10"}}), True),
        (document(Principal={"AWS": ["b", "a"]}), document(Principal={"AWS": ["a", "b"]}), True),
        (None, "", True),
        (None, {}, True),
        (document(Action="a:B"), document(Action="a:C"), False),
        (document(Action="a:B"), {**document(Action="a:B"), "Version": "2008-10-17"}, False),
        (document(Action="a:B", Resource="x"), document(NotAction="a:B", Resource="x"), False),
        (document(Action="a:B"), None, False),
        (document(Action="a:B", Sid="One"), document(Action="a:B", Sid="Two"), False),
    ],
)
def test_policies_are_compared_by_meaning(one, other, same):
    assert (policies.canonical(one) == policies.canonical(other)) is same


def kind(title, *needs):
    made = Kind()
    made.name = made.title = title
    made.needs = needs
    return made


def test_waves_delete_what_needs_before_what_is_needed():
    kinds = {each.name: each for each in (kind("vpc"), kind("subnet", "vpc"), kind("service", "subnet", "role"), kind("role"))}
    assert stack.waves(kinds) == [["service"], ["role", "subnet"], ["vpc"]]
    with pytest.raises(EngineError, match="circle: a, b"):
        stack.waves({"a": kind("a", "b"), "b": kind("b", "a")})
    with pytest.raises(EngineError, match="no kind: nobody"):
        stack.waves({"a": kind("a", "nobody")})


def test_the_catalogues_needs_have_an_order():
    assert sorted(name for wave in stack.waves(KINDS) for name in wave) == sorted(KINDS)


def test_a_stack_that_cannot_be_seen_whole_is_not_shown():
    blind, seeing = kind("role"), kind("vpc")
    seeing.stack = lambda aws, name: [{"name": f"{name}-vpc"}]
    blind.stack = lambda aws, name: []
    assert stack.found(None, "x", [blind, seeing]) == {"vpc": [{"name": "x-vpc"}]}

    def refuse(aws, name):
        raise client_error("AccessDenied", operation="ListRoles")

    blind.stack = refuse
    with pytest.raises(EngineError, match="the roles of x can't be listed: ListRoles was refused"):
        stack.found(None, "x", [blind, seeing])


def test_arns_and_clients():
    made = []
    aws = Aws(lambda service: made.append(service) or service, "us-gov-west-1")
    aws.account = "123456789012"
    assert aws.arn("logs", "log-group:x") == "arn:aws-us-gov:logs:us-gov-west-1:123456789012:log-group:x"
    assert aws.arn("iam", "role/x", region=False) == "arn:aws-us-gov:iam::123456789012:role/x"
    assert aws.arn("s3", "x", region=False, account=False) == "arn:aws-us-gov:s3:::x"
    assert (aws("ec2"), aws("ec2"), made) == ("ec2", "ec2", ["ec2"])


@pytest.mark.parametrize("each", KINDS.values(), ids=KINDS)
def test_every_kind_says_what_the_engine_needs(each):
    assert each.name and each.title and each.service and "." in each.module and each.identity
    for method in ("find", "stack", "delete"):
        assert getattr(type(each), method) is not getattr(Kind, method), f"{each.name} lacks {method}"
    if each.ours:
        assert each.module.startswith("flow_builder.aws.")
        assert type(each).create is not Kind.create
    else:
        assert each.module.startswith(("amazon.aws.", "community.aws."))
        assert isinstance(each, CommunityKind) and type(each).create is Kind.create
    assert not set(each.immutable) & set(each.replaced)
    assert not (set(each.immutable) | set(each.replaced)) & each.ignored


@pytest.mark.parametrize(
    ("patterns", "theirs"),
    [((), []), (("map-migrated",), ["map-migrated"]), (("aws-apn-*", "MAP-*"), ["aws-apn-id"]), (("*",), ["aws-apn-id", "map-migrated", "Stack"])],
)
def test_tags_of_others(patterns, theirs):
    live = {"Stack": "s", "map-migrated": "x", "aws-apn-id": "y"}
    assert sorted(tags.foreign(live, patterns)) == sorted(theirs)
    assert tags.plan(live, {}, purge=True, kept=patterns)[1] == sorted(set(live) - set(theirs))
    assert tags.without_foreign({"tags": live}, patterns)["tags"].keys() == live.keys() - set(theirs)
