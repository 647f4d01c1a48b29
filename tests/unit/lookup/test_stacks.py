"""Whom a run may be for: hosts of an inventory, by group, within a limit."""

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display
from ansible_collections.flow_builder.aws.plugins.lookup.stacks import RUNTIME, fault, too_old, unchecked

ALL = "standard:ultra"


@pytest.mark.parametrize(
    ("groups", "pattern", "limit"),
    [
        ({"standard": ["a"]}, ALL, None),
        ({"standard": ["a"], "ultra": ["b"]}, "ultra", None),
        ({"standard": ["a"], "eu": ["a"], "ultra": []}, ALL, None),
        ({"standard": ["a"], "ungrouped": ["localhost"]}, ALL, None),
        ({"standard": ["a"], "web": ["c"]}, ALL, ALL),
        ({"standard": ["a"], "web": ["c"]}, ALL, "a"),
        ({"standard": ["a", "b"], "ultra": ["b"]}, ALL, "a"),
        ({"standard": ["a", "b"], "ultra": ["c"]}, ALL, "all:!b"),
    ],
)
def test_what_it_may_be_for(groups, pattern, limit):
    assert fault({"all": sum(groups.values(), []), **groups}, pattern, limit, ["hosts.yml"]) == ""


@pytest.mark.parametrize(
    ("groups", "pattern", "limit", "said"),
    [
        ({}, ALL, None, "no stack is meant: the inventory is hosts.yml, where standard or ultra has no host; there is none"),
        ({"standard": []}, ALL, None, "there is none"),
        ({"ungrouped": ["a"]}, ALL, None, "where standard or ultra has no host; there are ungrouped: a"),
        ({"standrad": ["a"]}, ALL, None, "there are standrad: a"),
        ({"standard": ["a"]}, "ultra", None, "where ultra has no host; there are standard: a"),
        ({"standard": ["a"], "ultra": ["b"]}, "ultra", "a", "ultra has no host within --limit a; there are standard: a; ultra: b"),
        ({"standard": ["a"], "web": ["b"]}, ALL, "b", "no host within --limit b; there are standard: a; web: b"),
        ({"standard": ["a"], "ultra": ["a"]}, ALL, None, "a in both groups, standard and ultra: a stack has one profile"),
        ({"standard": ["a"], "ultra": ["a"]}, "standard", None, "a in both groups"),
        ({"standard": ["a"], "utlra": ["b"]}, ALL, None, "b in no profile's group"),
        ({"standard": ["a"], "ungrouped": ["b"]}, "standard", None, "leave it out with --limit 'standard:ultra'"),
    ],
)
def test_what_it_may_not_be_for(groups, pattern, limit, said):
    assert said in fault({"all": sum(groups.values(), []), **groups}, pattern, limit, ["hosts.yml"])


@pytest.mark.parametrize(("skipped", "told"), [(None, False), ((), False), (("notest",), False), (("notest", "always"), True)])
def test_checks_may_not_be_skipped(skipped, told):
    assert ("--skip-tags has always" in unchecked(skipped)) == told


@pytest.mark.parametrize(("version", "told"), [("2.19.14", True), ("2.9.27", True), ("2.20.0", False), ("2.21.5", False), ("2.22.0b1", False), ("3.0.0", False)])
def test_an_ansible_that_is_too_old(version, told):
    sentence = f"ansible-core is {version}: flow_builder.aws needs 2.20.0 or newer"
    assert too_old(version, RUNTIME.read_text()) == (sentence if told else "")


@pytest.mark.parametrize(("groups", "hosts"), [({"standard": ["a"]}, "standard"), ({"standard": ["a"], "ultra": ["b"]}, ALL)])
def test_no_group_is_named_that_is_not_there(groups, hosts, monkeypatch):
    """Ansible would warn of it."""
    warned = []
    monkeypatch.setattr(Display, "warning", lambda _self, text, **_more: warned.append(text))
    lookup = lookup_loader.get("flow_builder.aws.stacks", loader=DataLoader(), templar=None)
    variables = {"groups": {"all": sum(groups.values(), []), **groups}, "ansible_inventory_sources": []}
    assert lookup.run([ALL], variables) == [hosts]
    assert lookup.run(["ultra"], variables, among=ALL) == ["ultra" if "ultra" in groups else "all:!all"]
    assert [text for text in warned if "pattern" in text] == []
