"""References stand for fields of resources, wherever they stand, and for nothing where there is nothing."""

import os
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import prefetch
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import (
    Reference,
    Resolver,
    reference,
    references,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync


class Boat(Kind):
    """A kind that counts how often AWS is asked."""

    name, title, secret = "boat", "boat", frozenset({"code"})

    def __init__(self):
        self.asked, self.there = 0, {}

    def find(self, aws, want):
        self.asked += 1
        return self.there.get(want["name"])

    def create(self, aws, want):
        self.there[want["name"]] = {**want, "id": f"b-{len(self.there)}"}

    def update(self, aws, live, want, changes):
        self.there[want["name"]] = {**live, **want}

    def delete(self, aws, live):
        del self.there[live["name"]]


ADA = {"name": "/fleet/ada", "id": "b-1", "ports": ["a", "b"], "berth": None}


@pytest.fixture
def boat():
    made = Boat()
    made.there = {"/fleet/ada": ADA}
    return made


def account():
    return SimpleNamespace(account="123456789012", region="us-east-1", endpoint="", lists={}, tasks=1)


@pytest.fixture
def memory(monkeypatch):
    monkeypatch.setattr(prefetch, "_memory", None)
    prefetch.share()
    yield
    os.close(prefetch._memory)


@pytest.fixture
def ref(boat):
    return lambda name="/fleet/ada", field="id": reference({"boat": boat}, "boat", name, field)


@pytest.mark.parametrize(
    ("made", "stands_for"),
    [
        (lambda r: r(), "b-1"),
        (lambda r: r(field="ports"), ["a", "b"]),
        (lambda r: f"arn:{r()}:KEY::", "arn:b-1:KEY::"),
        (lambda r: f"{r()}/{r(field='name')}", "b-1//fleet/ada"),
        (lambda r: {"a": [{r(): {"b": f"x{r()}"}}]}, {"a": [{"b-1": {"b": "xb-1"}}]}),
        (lambda r: [1, True, None, "plain"], [1, True, None, "plain"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("check", [True, False])
def test_what_it_stands_for(boat, ref, made, stands_for, check):
    assert Resolver(account(), {"boat": boat}, check).resolve(made(ref)) == stands_for


def test_it_is_read_back_also_in_longer_texts(ref):
    told = {"a": f"arn:{ref('/aws/x-1/y', 'arn')}:KEY::", f"{ref()}": [ref()]}
    assert references(told) == {Reference("boat", "/aws/x-1/y", "arn"), Reference("boat", "/fleet/ada", "id")}


def test_what_is_not_there_is_a_placeholder_in_a_check_and_refused_in_an_apply(boat, ref):
    said = f"x/{ref('bob')}"
    assert Resolver(account(), {"boat": boat}, True).resolve(said) == "x/known-after-apply/boat/bob/id"
    with pytest.raises(EngineError) as refused:
        Resolver(account(), {"boat": boat}, False).resolve(said, "harbour north")
    assert str(refused.value) == "harbour north: it needs the id of boat bob, which isn't there; a task that makes it must run before"


@pytest.mark.parametrize(
    ("field", "told"),
    [("berth", "isn't known yet; it must be waited for before"), ("mast", "has no such field; it has berth, id, name, ports")],
)
def test_a_field_that_it_lacks_is_refused(boat, ref, field, told):
    with pytest.raises(EngineError, match=told):
        Resolver(account(), {"boat": boat}, False).resolve(ref(field=field))


@pytest.mark.parametrize(
    ("kind", "name", "field", "told"),
    [
        ("ship", "ada", "id", "kind 'ship' is unknown; these are known: boat"),
        ("boat", "", "id", "needs its name, not ''"),
        ("boat", "a<b", "id", "needs its name"),
        ("boat", "known-after-apply/x/y/id", "id", "needs its name"),
        ("boat", "ada", "code", "code of a boat is a secret"),
        ("boat", "ada", "a/b", "'a/b' is no field of a boat"),
    ],
)
def test_what_can_be_none_is_refused_where_it_is_written(boat, kind, name, field, told):
    with pytest.raises(EngineError, match=told):
        reference({"boat": boat}, kind, name, field)


def test_one_is_asked_for_once(boat, ref):
    Resolver(account(), {"boat": boat}, False).resolve([ref(), ref(field="name")])
    assert boat.asked == 1


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("check", [True, False])
def test_what_a_run_makes_or_would_make_is_known_to_all_its_tasks(boat, ref, check):
    sync(boat, account(), {"name": "bob", "flag": "red", "code": "hunter2"}, check=check)
    asked = boat.asked
    made = Resolver(account(), {"boat": boat}, check).resolve([ref("bob"), ref("bob", "flag")])
    assert made == ["known-after-apply/boat/bob/id" if check else "b-1", "red"]
    assert boat.asked == asked
    _there, kept = prefetch.remembered(account(), boat, "bob")
    assert "code" not in kept, "a secret is nobody's to speak of"


@pytest.mark.usefixtures("memory")
def test_a_look_goes_on_answering_after_a_write(boat, ref):
    prefetch.store(account(), "stack", {"boat": [ADA]})
    sync(boat, account(), {"name": "bob"})
    assert prefetch.resources(account(), "boat") is None
    asked = boat.asked
    assert Resolver(account(), {"boat": boat}, False).resolve(ref()) == "b-1"
    assert boat.asked == asked


@pytest.mark.usefixtures("memory")
def test_a_deletion_and_a_change_are_known(boat, ref):
    prefetch.store(account(), "stack", {"boat": [ADA]})
    sync(boat, account(), {"name": "/fleet/ada", "ports": ["c"]})
    assert Resolver(account(), {"boat": boat}, False).resolve(ref(field="ports")) == ["c"]
    sync(boat, account(), {"name": "/fleet/ada"}, "absent")
    with pytest.raises(EngineError, match="isn't there"):
        Resolver(account(), {"boat": boat}, False).resolve(ref())


@pytest.mark.usefixtures("memory")
def test_what_has_come_since_is_asked_for_again(boat, ref):
    sync(boat, account(), {"name": "/fleet/ada"})
    boat.there["/fleet/ada"] = {**ADA, "berth": 7}
    assert Resolver(account(), {"boat": boat}, False).resolve(ref(field="berth")) == 7


def test_a_write_with_a_placeholder_says_whose_it_is(boat):
    with pytest.raises(EngineError, match="known only after another resource is made: known-after-apply/boat/bob/id"):
        sync(boat, account(), {"name": "ada", "beside": ["known-after-apply/boat/bob/id"]})
