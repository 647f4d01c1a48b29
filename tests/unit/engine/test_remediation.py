"""Putting back what an apply doesn't say: which calls, with what."""

from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.remediation import Remediation, remediate


class Boat(Kind):
    name = title = service = "boat"
    taggable = False
    remediations = (
        Remediation("paint", {"Boat": "name"}, {"color": "Color", "stripes": "Look.Stripes"}, together=True, empty={"stripes": 0}),
        Remediation("rename", {"Boat": "name"}, {"flag": "Flag", "port": "Port"}, each=True),
        Remediation("moor", {"Boat": "name"}, {"pier": "Pier"}, otherwise="cast_off"),
    )  # fmt: skip


class Calls(list):
    """A client that remembers."""

    def __getattr__(self, name):
        return lambda **given: self.append((name, given))


@pytest.mark.parametrize(
    ("fields", "recorded", "calls"),
    [
        ({"color"}, {"color": "red"}, [("paint", {"Boat": "b", "Color": "red", "Look": {"Stripes": 0}})]),
        ({"flag", "port"}, {"flag": "x", "port": "y"}, [("rename", {"Boat": "b", "Flag": "x"}), ("rename", {"Boat": "b", "Port": "y"})]),
        ({"pier"}, {"pier": 7}, [("moor", {"Boat": "b", "Pier": 7})]),
        ({"pier"}, {}, [("cast_off", {"Boat": "b"})]),
        ({"name"}, {}, []),
    ],
)
def test_mend(fields, recorded, calls):
    made = Calls()
    done = remediate(Boat(), lambda service: made, {"name": "b"}, {"name": "b", **recorded}, fields)
    assert (list(made), done) == (calls, fields if calls else set())


@pytest.mark.parametrize(
    ("path", "live", "call"),
    [
        (
            "network_acls[acl-1].Entries[x]", {"RuleNumber": 7, "Egress": True, "Protocol": "-1"},
            ("delete_network_acl_entry", {"NetworkAclId": "acl-1", "RuleNumber": 7, "Egress": True}),
        ),
        (
            "default_security_group[x]", {"direction": "out", "IpProtocol": "-1"},
            ("revoke_security_group_egress", {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1"}]}),
        ),
        ("peerings[x]", {}, None),
    ],
)  # fmt: skip
def test_what_is_taken_off_a_vpc(path, live, call):
    from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_vpc import VPC

    made = Calls()
    made.describe_security_groups = lambda **_given: {"SecurityGroups": [{"GroupId": "sg-1"}]}
    finding = SimpleNamespace(path=path, field=path.partition("[")[0], live=live)
    assert VPC.remove_child(lambda service: made, {"id": "vpc-1"}, finding) == bool(call)
    assert list(made) == ([call] if call else [])
