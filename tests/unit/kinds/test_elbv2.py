"""Load balancers and target groups."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.compare import differences
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.elbv2 import from_attributes, to_attributes
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.elbv2_load_balancer import (
    BALANCER_ATTRIBUTES,
    LOAD_BALANCER,
    actions,
    condition,
    listener,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.elbv2_target_group import (
    GROUP_ATTRIBUTES,
    TARGET_GROUP,
)
from botocore.exceptions import ClientError

FORWARD = {"Type": "forward", "TargetGroupArn": "arn:tg"}
NOT_FOUND = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}


@pytest.mark.parametrize(
    ("described", "wanted"),
    [
        (FORWARD | {"Order": 1, "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:tg", "Weight": 1}], "TargetGroupStickinessConfig": {"Enabled": False}}}, FORWARD),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:tg"}]}}, FORWARD),
        (
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}", "StatusCode": "HTTP_301"}},
            {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}},
        ),
    ],
)  # fmt: skip
def test_same_action(described, wanted):
    assert actions([described]) == actions([wanted])


@pytest.mark.parametrize(
    "other",
    [
        {"Type": "forward", "TargetGroupArn": "arn:other"},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:tg"}, {"TargetGroupArn": "arn:other"}]}},
        {"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "arn:tg"}], "TargetGroupStickinessConfig": {"Enabled": True}}},
        NOT_FOUND,
    ],
)
def test_other_action(other):
    assert actions([FORWARD]) != actions([other])


def test_actions_keep_their_order():
    assert actions([FORWARD | {"Order": 2}, NOT_FOUND | {"Order": 1}]) == actions([NOT_FOUND, FORWARD])


@pytest.mark.parametrize(
    ("described", "wanted", "same"),
    [
        ({"Field": "path-pattern", "Values": ["/a"], "PathPatternConfig": {"Values": ["/a"]}}, {"Field": "path-pattern", "Values": ["/a"]}, True),
        ({"Field": "path-pattern", "Values": ["/b", "/a"]}, {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/b"]}}, True),
        ({"Field": "host-header", "Values": ["/a"]}, {"Field": "path-pattern", "Values": ["/a"]}, False),
        ({"Field": "path-pattern", "Values": ["/a"]}, {"Field": "path-pattern", "Values": ["/a", "/b"]}, False),
        ({"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "a", "Values": ["x"]}}, {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "b", "Values": ["x"]}}, False),
    ],
)
def test_condition(described, wanted, same):
    assert (condition(described) == condition(wanted)) is same


def test_listener_in_one_spelling():
    described = {
        "Port": 443, "Protocol": "HTTPS", "SslPolicy": "p", "Certificates": [{"CertificateArn": "arn:c"}], "ListenerArn": "arn:l",
        "DefaultActions": [FORWARD], "AlpnPolicy": [],
        "Rules": [{"Priority": "20", "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}], "Actions": [NOT_FOUND], "RuleArn": "arn:r", "IsDefault": False}],
    }  # fmt: skip
    wanted = {
        "Port": "443", "Protocol": "HTTPS", "SslPolicy": "p", "Certificates": [{"CertificateArn": "arn:c"}], "DefaultActions": [FORWARD],
        "Rules": [{"Priority": 20, "Conditions": [{"Field": "path-pattern", "Values": ["/a"]}], "Actions": [NOT_FOUND]}],
    }  # fmt: skip
    assert listener(described) == listener(wanted)
    assert listener(described) != listener(wanted | {"SslPolicy": "q"})


def test_https_says_its_policy():
    with pytest.raises(EngineError, match="listener 443 needs an SslPolicy"):
        listener({"Port": 443, "Protocol": "HTTPS", "DefaultActions": [FORWARD]})


@pytest.mark.parametrize(
    ("fields", "known"),
    [
        ({"idle_timeout": 60, "deletion_protection": True, "http_desync_mitigation_mode": "strictest"}, BALANCER_ATTRIBUTES),
        ({"deregistration_delay_timeout": 30, "stickiness_enabled": False, "stickiness_type": "lb_cookie"}, GROUP_ATTRIBUTES),
    ],
)
def test_attributes_survive_aws(fields, known):
    seen = from_attributes([*to_attributes(fields, known), {"Key": "new.attribute", "Value": "1"}], known)
    assert {field: seen[field] for field in fields} == fields
    assert seen["other_attributes"] == {"new.attribute": "1"}


@pytest.mark.parametrize("field", ["port", "protocol", "protocol_version", "target_type", "vpc_id"])
def test_what_aws_fixes_makes_a_new_target_group(field):
    assert field in TARGET_GROUP.replaced


@pytest.mark.parametrize(
    ("conditions", "deleted"),
    [
        ([{"Field": "path-pattern", "Values": ["/internal/*"]}], []),
        ([{"Field": "path-pattern", "Values": ["/internal/*"]}, {"Field": "host-header", "Values": ["x"]}], ["arn:r"]),
        ([{"Field": "path-pattern", "Values": ["/other"]}], []),
    ],
)
def test_rules_that_were_narrowed_go_before_the_module_runs(conditions, deleted):
    """The module looks for the wanted conditions in a rule and never for others."""
    gone = []

    class Aws:
        def __call__(self, service):
            return self

        def pages(self, service, operation, key, **arguments):
            if key == "Listeners":
                return [{"ListenerArn": "arn:l", "Port": 80}]
            default = {"Priority": "default", "IsDefault": True, "Conditions": [], "Actions": [FORWARD], "RuleArn": "arn:default"}
            return [{"Priority": "10", "IsDefault": False, "Conditions": conditions, "Actions": [NOT_FOUND], "RuleArn": "arn:r"}, default]

        def delete_rule(self, RuleArn):  # noqa: N803
            gone.append(RuleArn)

    wanted = {"Priority": 10, "Conditions": [{"Field": "path-pattern", "Values": ["/internal/*"]}], "Actions": [NOT_FOUND]}
    want = LOAD_BALANCER.want({"name": "a", "listeners": [{"Port": 80, "Protocol": "HTTP", "DefaultActions": [FORWARD], "Rules": [wanted]}]})
    LOAD_BALANCER.prepare(Aws(), {"arn": "arn:lb"}, want)
    assert gone == deleted


def shared(first, second, priority=1000, **more):
    groups = [{"TargetGroupArn": "arn:a", "Weight": first}, {"TargetGroupArn": "arn:b", "Weight": second}]
    rule = {"Priority": priority, "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}], "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}
    default = [{"Type": "forward", "TargetGroupArn": "arn:a"}]
    return {"Port": 80, "Protocol": "HTTP", "DefaultActions": default, "Rules": [rule], **more}


def balancer(*listeners):
    return {"name": "n", "listeners": LOAD_BALANCER.want({"listeners": listeners})["listeners"]}


def test_weights_are_ecs_s():
    live = balancer(shared(0, 100))
    assert LOAD_BALANCER.compare(live, balancer(shared(100, 0))) == set()
    other = shared(100, 0)
    other["Rules"][0]["Conditions"][0]["Values"] = ["/b"]
    assert LOAD_BALANCER.compare(live, balancer(other)) == {"listeners"}


def test_a_write_leaves_the_weights():
    arguments = {"listeners": [shared(100, 0)]}
    (kept,) = LOAD_BALANCER.preserved_arguments(balancer(shared(0, 100)), arguments)["listeners"]
    groups = kept["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"]
    assert groups == [{"TargetGroupArn": "arn:a", "Weight": 0}, {"TargetGroupArn": "arn:b", "Weight": 100}]
    assert arguments == {"listeners": [shared(100, 0)]}
    # Of a rule that isn't there nothing is known.
    (new,) = LOAD_BALANCER.preserved_arguments(balancer(shared(0, 100, priority=1)), arguments)["listeners"]
    assert new == shared(100, 0)


def test_a_rule_goes_only_when_its_traffic_goes_on():
    without = balancer(shared(100, 0, Rules=[]))
    assert LOAD_BALANCER.compare(balancer(shared(100, 0)), without) == {"listeners"}
    for weights in ((0, 100), (50, 50)):
        with pytest.raises(EngineError, match="roll a release out once more"):
            LOAD_BALANCER.compare(balancer(shared(*weights)), without)


def test_moved_weights_are_no_drift():
    moved = list(differences(balancer(shared(100, 0)), balancer(shared(0, 100))))
    assert moved
    for one in moved:
        assert LOAD_BALANCER.external_manager(one, {}, {}).startswith("ECS"), one.path
    gone = list(differences(balancer(shared(100, 0)), balancer(shared(100, 0, Rules=[]))))
    assert gone and not any(LOAD_BALANCER.external_manager(one, {}, {}) for one in gone)


class Balanced:
    """A load balancer with one listener, before whose firewall AWS answers with an error."""

    region = "us-east-1"

    def __init__(self, code, message):
        self.error = ClientError({"Error": {"Code": code, "Message": message}}, "GetWebACLForResource")
        self.notes = set()

    def __call__(self, _service):
        return self

    def offers(self, _service):
        return True

    def pages(self, *_asked, **_given):
        return [{"ListenerArn": "arn:l", "Port": 443, "Protocol": "HTTPS", "LoadBalancerArn": "arn:lb"}]

    def describe_listener_attributes(self, **_given):
        raise ClientError({"Error": {"Code": "InvalidAction", "Message": "Could not find operation"}}, "DescribeListenerAttributes")

    def describe_listener_certificates(self, **_given):
        return {"Certificates": []}

    def can_paginate(self, _operation):
        return False

    def describe_capacity_reservation(self, **_given):
        return {}

    def get_web_acl_for_resource(self, **_given):
        raise self.error


@pytest.mark.parametrize(
    ("code", "message", "absent"),
    [
        ("WAFNonexistentItemException", "AWS WAF couldn't perform the operation because your resource doesn't exist.", True),
        ("AccessDeniedException", "User: x is not authorized to perform: wafv2:GetWebACLForResource", False),
    ],
)
def test_a_firewall_that_is_not_there_or_not_shown(code, message, absent):
    aws = Balanced(code, message)
    if absent:
        inside = LOAD_BALANCER.read_children(aws, {"arn": "arn:lb"})
        assert inside["web_acl"] == "" and inside["listener_details"][0]["attributes"] == {}
        assert [note for note in aws.notes if "attributes of the listeners" in note]
    else:
        with pytest.raises(ClientError, match="not authorized"):
            LOAD_BALANCER.read_children(aws, {"arn": "arn:lb"})
