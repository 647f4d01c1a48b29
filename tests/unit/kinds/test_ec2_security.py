"""Security groups: how rules are spelt, and which calls bring one set of rules to another."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_security import (
    ANY,
    EVERYWHERE,
    SECURITY_GROUP_RULES,
    flat,
    permission,
    steps,
    wanted,
)


def rule(port=443, **more):
    return {"proto": "tcp", "from_port": port, "to_port": port, "rule_desc": "", **more}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ([], []),
        ([{"ports": ["443"], "cidr_ip": ["10.0.0.0/8"]}], [rule(cidr_ip="10.0.0.0/8")]),
        (
            [{"ports": [80, 443], "cidr_ip": ["0.0.0.0/0"], "rule_desc": "Clients"}],
            [rule(80, cidr_ip="0.0.0.0/0", rule_desc="Clients"), rule(cidr_ip="0.0.0.0/0", rule_desc="Clients")],
        ),
        ([{"ports": ["1-9"], "proto": "udp", "group_id": ["sg-1"]}], [{**rule(group_id="sg-1"), "proto": "udp", "from_port": 1, "to_port": 9}]),
        ([{"proto": "all", "cidr_ip": ["0.0.0.0/0"]}], EVERYWHERE),
        ([{"ports": [443], "cidr_ip": []}], []),
        ([{"ports": [443], "cidr_ipv6": ["::/0"], "ip_prefix": ["pl-1"]}], [rule(cidr_ipv6="::/0"), rule(ip_prefix="pl-1")]),
    ],
)  # fmt: skip
def test_written_rules(written, expected):
    made = wanted(written)
    assert len(made) == len(expected)
    assert all(one in made for one in expected)
    assert flat([permission(one) for one in made]) == made


def test_order_does_not_matter():
    rules = [{"ports": [80], "group_id": ["sg-2", "sg-1"]}, {"ports": [443], "cidr_ip": ["10.0.0.0/8"]}]
    assert wanted(rules) == wanted(rules[::-1])


def test_a_rule_without_ports_is_refused():
    with pytest.raises(EngineError, match="says no ports"):
        wanted([{"cidr_ip": ["0.0.0.0/0"]}])


def test_several_ports_and_peers_in_one_permission():
    answer = {
        "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
        "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a"}, {"CidrIp": "10.1.0.0/16"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "123456789012"}],
    }  # fmt: skip
    made = flat([answer])
    assert len(made) == 3
    assert rule(cidr_ip="10.0.0.0/8", rule_desc="a") in made


MEMBERS = [{**ANY, "group_id": "sg-0", "rule_desc": ""}]
A, B = rule(cidr_ip="10.0.0.0/8"), rule(group_id="sg-1")


@pytest.mark.parametrize(
    ("live", "want", "expected"),
    [
        ([A], [A], ([], [], [])),
        ([A], [A, B], ([B], [], [])),
        ([A, B], [B], ([], [], [A])),
        ([A], [{**A, "rule_desc": "new"}], ([], [{**A, "rule_desc": "new"}], [])),
        (EVERYWHERE, [A], ([A], [], EVERYWHERE)),
    ],
)
def test_steps(live, want, expected):
    assert steps(live, want) == expected


@pytest.mark.parametrize(
    ("name", "rules", "egress", "ours"),
    [
        ("a", [], EVERYWHERE, False),
        ("a", [], [], False),
        ("a", [A], EVERYWHERE, True),
        ("a", [], [A], True),
        ("default", MEMBERS, EVERYWHERE, False),
        ("default", [], EVERYWHERE, True),
        ("default", MEMBERS, [], True),
        ("default", [], [], True),
    ],
)
def test_untouched_groups_have_no_rules_of_ours(name, rules, egress, ours):
    live = {"name": name, "id": "sg-0", "rules": rules, "rules_egress": egress}
    assert bool(SECURITY_GROUP_RULES._touched(live)) is ours


def test_the_vpcs_own_group_goes_with_it():
    assert SECURITY_GROUP_RULES.protected({"name": "default"})
    assert not SECURITY_GROUP_RULES.protected({"name": "defaults"})
