"""The one path: what is planned, what is written, what is proven, on a kind that lives in a dict."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import sync as engine
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.diff import MASK, changes, text
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, done_before
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.placeholder import has_placeholder


class Boat(Kind):
    """A resource in a harbour (a dict by name), which can be told to misbehave."""

    name = "boat"
    title = "boat"
    immutable = {"keel": "a keel is laid once"}
    replaced = {"hull": "hulls are built anew"}
    create_only = frozenset({"crew"})
    ignored = frozenset({"position"})
    secret = frozenset({"code"})
    settling = (("InvalidRole", "cannot be assumed"),)

    def __init__(self, **misbehaviour):
        self.calls = []
        self.misbehaviour = misbehaviour

    def find(self, harbour, want):
        return copy.deepcopy(harbour.get(want["name"]))

    def create(self, harbour, want):
        self.calls.append("create")
        if self.misbehaviour.get("unsettled", 0) > 0:
            self.misbehaviour["unsettled"] -= 1
            raise EngineError("InvalidRole: the role cannot be assumed")
        harbour[want["name"]] = {"id": "b-1", "position": 1, "tags": {}, **want, **self.misbehaviour.get("forced", {})}

    def update(self, harbour, live, want, changes):
        self.calls.append(("update", *sorted(changes)))
        harbour[live["name"]] |= {field: want[field] for field in changes} | self.misbehaviour.get("forced", {})

    def tag(self, harbour, live, add, remove):
        self.calls.append(("tag", add, remove))
        tags = harbour[live["name"]]["tags"]
        tags.update(add)
        for key in remove:
            del tags[key]

    def delete(self, harbour, live):
        self.calls.append("delete")
        del harbour[live["name"]]

    def gone(self, harbour, live, timeout):
        self.calls.append("gone")


LIVE = {"id": "b-0", "name": "ada", "sails": 2, "keel": "oak", "hull": "wood", "crew": 3, "code": "old", "position": 9, "tags": {"a": "1"}}

# what is wanted besides the name, action, changes, calls of a real run
TABLE = [
    ({}, "none", [], []),
    ({"sails": 2}, "none", [], []),
    ({"sails": None}, "none", [], []),
    ({"sails": 3}, "update", ["sails"], [("update", "sails")]),
    ({"crew": 7}, "none", [], []),
    ({"sails": 3, "crew": 7}, "update", ["sails"], [("update", "sails")]),
    ({"tags": {"a": "1"}}, "none", [], []),
    ({"tags": {"b": "2"}}, "update", ["tags"], [("tag", {"b": "2"}, ["a"])]),
    ({"tags": {"a": "2"}, "sails": 1}, "update", ["sails", "tags"], [("update", "sails"), ("tag", {"a": "2"}, [])]),
    ({"hull": "steel"}, "replace", ["hull"], ["delete", "gone", "create"]),
    ({"hull": "steel", "sails": 3}, "replace", ["hull", "sails"], ["delete", "gone", "create"]),
    ({"code": "new"}, "update", ["code"], [("update", "code")]),
]

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(("more", "action", "changes", "calls"), TABLE)
def test_an_existing_resource(more, action, changes, calls):
    want = {"name": "ada", **more}
    harbour, boat = {"ada": copy.deepcopy(LIVE)}, Boat()

    plan = engine.sync(boat, harbour, want, check=True).result()
    assert (plan["action"], plan.get("changes", [])) == (action, changes)
    assert boat.calls == [] and harbour == {"ada": LIVE}

    done = engine.sync(boat, harbour, want).result()
    assert {**done, "resource": 0, "diff": 0} == {**plan, "resource": 0, "diff": 0}
    assert boat.calls == calls
    for field in changes:
        told = MASK if field in boat.secret else want[field]
        assert (harbour["ada"][field], plan["resource"][field], done["resource"][field]) == (want[field], told, told)

    boat.calls.clear()
    assert engine.sync(boat, harbour, want).result()["changed"] is False
    assert boat.calls == []


def test_a_new_resource():
    harbour, boat, want = {}, Boat(), {"name": "ada", "sails": 2, "tags": {"a": "1"}}
    plan = engine.sync(boat, harbour, want, check=True).result()
    assert (plan["changed"], plan["action"], plan["resource"]) == (
        True, "create", {"name": "ada", "sails": 2, "tags": {"a": "1"}, "id": "known-after-apply/boat/ada/id"},
    )  # fmt: skip
    assert (harbour, boat.calls, plan["diff"]["before"]) == ({}, [], {})
    done = engine.sync(boat, harbour, want).result()
    assert (done["action"], done["resource"]["id"], boat.calls) == ("create", "b-1", ["create"])


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("there", [True, False])
def test_absent(check, there):
    harbour, boat = ({"ada": copy.deepcopy(LIVE)} if there else {}), Boat()
    told = engine.sync(boat, harbour, {"name": "ada", "sails": 9}, "absent", check=check).result()
    assert (told["action"], told["changed"], told["resource"]) == ("delete" if there else "none", there, {})
    assert boat.calls == (["delete", "gone"] if there and not check else [])
    assert ("ada" in harbour) is (there and check)


# what is there, what is wanted, what goes wrong, what was done before
FAILURES = [
    (None, {"sails": 2}, "create", {}),  # refused: nothing was made
    (None, {"sails": 2}, "ready", {"action": "create", "before": {}, "changes": None}),
    (LIVE, {"sails": 3}, "update", {}),
    (LIVE, {"sails": 3}, "tag", {"action": "update", "before": 2, "changes": ["sails"]}),
    (LIVE, {"hull": "steel"}, "create", {"action": "delete", "before": 2, "changes": None}),
    (LIVE, {"hull": "steel"}, "ready", {"action": "replace", "before": 2, "changes": ["hull", "tags"]}),
    (LIVE, None, "delete", {}),
    (LIVE, None, "gone", {"action": "delete", "before": 2, "changes": None}),
]


@pytest.mark.parametrize(("there", "want", "at", "told"), FAILURES)
def test_a_failure_tells_what_was_done_before_it(there, want, at, told):
    class Sinking(Boat):
        def ready(self, live):
            return at != "ready"

        def failed(self, live):
            return "it sank" if at == "ready" and live.get("hull") != "wood" else ""

    def fail(*_given):
        raise EngineError("it sank")

    harbour, boat = {"ada": copy.deepcopy(there)} if there else {}, Sinking()
    if at != "ready":
        setattr(boat, at, fail)
    with pytest.raises(EngineError, match="it sank") as failure:
        engine.sync(boat, harbour, {"name": "ada", "tags": {"b": "2"}, **(want or {})}, "present" if want else "absent")
    done = done_before(failure.value)
    assert done.get("action") == told.get("action") and done.get("changes") == told.get("changes")
    if told:
        assert (done["changed"], done["kind"], done["name"]) == (True, "boat", "ada")
        assert done["diff"]["before"].get("sails", {}) == told["before"]
        assert "resource" not in done  # a failure's words are read by people
        assert "old" not in str(done)


@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_change_is_refused(check):
    boat = Boat()
    with pytest.raises(EngineError, match="boat ada: keel can't be changed from 'oak' to 'iron': a keel is laid once"):
        engine.sync(boat, {"ada": copy.deepcopy(LIVE)}, {"name": "ada", "keel": "iron", "sails": 5}, check=check)
    assert boat.calls == []


def test_a_secret_that_cannot_change_is_not_told():
    boat = Boat()
    boat.immutable = {"code": "it is engraved"}
    with pytest.raises(EngineError, match="code can't be changed") as refused:
        engine.sync(boat, {"ada": copy.deepcopy(LIVE)}, {"name": "ada", "code": "hunter2"})
    assert "hunter2" not in str(refused.value) and "'old'" not in str(refused.value)


def test_tags_of_others_stay_where_purging_is_off():
    harbour, boat = {"ada": copy.deepcopy(LIVE)}, Boat()
    done = engine.sync(boat, harbour, {"name": "ada", "tags": {"b": "2"}}, purge_tags=False)
    assert (done.action, harbour["ada"]["tags"]) == ("update", {"a": "1", "b": "2"})
    assert boat.calls == [("tag", {"b": "2"}, [])]
    assert engine.sync(boat, harbour, {"name": "ada", "tags": {"b": "2"}}, purge_tags=False).action == "none"


@pytest.mark.parametrize("there", [True, False])
def test_a_write_that_did_not_take_is_a_failure(there):
    harbour = {"ada": copy.deepcopy(LIVE)} if there else {}
    boat = Boat(forced={"sails": 1, "code": "theirs"})
    want = {"name": "ada", "sails": 4, "code": "hunter2"}
    with pytest.raises(EngineError, match="was written, but AWS still answers") as refused:
        engine.sync(boat, harbour, want)
    assert "sails is 1 and not 4" in str(refused.value)
    assert "hunter2" not in str(refused.value) and "theirs" not in str(refused.value)


def test_a_write_that_left_nothing_is_a_failure():
    with pytest.raises(EngineError, match="boat ada was written, but AWS doesn't show it"):
        engine.sync(Boat(), {}, {"name": "ada"}, write=lambda live, want: None)


def test_a_reason_why_a_resource_cannot_be_read_is_told():
    class Unreadable(Boat):
        def find(self, harbour, want):
            if self.calls:
                raise EngineError("two boats are called ada")
            return super().find(harbour, want)

    with pytest.raises(EngineError, match="two boats are called ada"):
        engine.sync(Unreadable(), {}, {"name": "ada"})


def test_what_aws_shows_late_is_awaited():
    class Late(Boat):
        looks = 0

        def find(self, harbour, want):
            self.looks += 1
            live = super().find(harbour, want)
            return {**live, "sails": 2} if live and self.looks < 4 else live

    harbour = {"ada": copy.deepcopy(LIVE)}
    assert engine.sync(Late(), harbour, {"name": "ada", "sails": 3}).result()["resource"]["sails"] == 3


def test_a_write_is_tried_again_while_what_it_needs_settles():
    boat, harbour = Boat(unsettled=3), {}
    assert engine.sync(boat, harbour, {"name": "ada"}).action == "create"
    assert boat.calls == ["create"] * 4


def test_a_write_that_never_settles_fails_with_its_reason():
    boat, harbour = Boat(unsettled=10_000), {}
    with pytest.raises(EngineError, match="cannot be assumed"):
        engine.sync(boat, harbour, {"name": "ada"})
    assert 2 < len(boat.calls) < 100 and harbour == {}


def test_other_errors_are_not_tried_again():
    class Broken(Boat):
        def create(self, harbour, want):
            super().create(harbour, want)
            raise EngineError("no berth is free")

    boat = Broken()
    with pytest.raises(EngineError, match="no berth is free"):
        engine.sync(boat, {}, {"name": "ada"})
    assert boat.calls == ["create"]


@pytest.mark.parametrize("state", ["present", "absent"])
def test_placeholders_are_planned_with_and_never_written(state):
    class Nobody(Boat):
        def find(self, harbour, want):
            raise AssertionError("AWS was asked for a resource whose identity isn't known")

    want = {"name": "known-after-apply/harbour/x/name", "sails": 1}
    plan = engine.sync(Nobody(), {}, want, state, check=True)
    assert plan.action == ("create" if state == "present" else "none")
    with pytest.raises(EngineError, match="known only after"):
        engine.sync(Nobody(), {}, want, state)
    parent = {"name": "ada", "berth": "known-after-apply/berth/x/id"}
    assert has_placeholder(engine.sync(Boat(), {}, parent, check=True).result()["resource"])
    boat = Boat()
    with pytest.raises(EngineError, match="known only after"):
        engine.sync(boat, {}, parent)
    assert boat.calls == []


@pytest.mark.parametrize(
    ("states", "wait", "outcome"),
    [
        (["building", "building", "afloat"], True, "afloat"),
        (["building", "building", "afloat"], False, "building"),
        (["building", "sunk"], True, "boat ada failed: it sank"),
        (["building", None], True, "boat ada was deleted while its readiness was awaited"),
        (["building"] * 1000, True, "did not happen within 60 seconds"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_readiness(states, wait, outcome, check):
    class Slow(Boat):
        def find(self, harbour, want):
            state = states[min(self.looks, len(states) - 1)]
            self.looks += 1
            return {**LIVE, "state": state} if state else None

        def ready(self, live):
            return live["state"] == "afloat"

        def failed(self, live):
            return "it sank" if live["state"] == "sunk" else ""

    boat = Slow()
    boat.looks = 0
    if check:
        assert engine.sync(boat, {}, {"name": "ada"}, check=True, wait=wait).after["state"] == "building"
    elif " " in outcome:
        with pytest.raises(EngineError, match=outcome):
            engine.sync(boat, {}, {"name": "ada"}, wait=wait, timeout=60)
    else:
        assert engine.sync(boat, {}, {"name": "ada"}, wait=wait, timeout=60).after["state"] == outcome


class Bought(Boat):
    """A boat that another module writes."""

    create, update = Kind.create, Kind.update


@pytest.mark.parametrize("there", [True, False])
def test_another_writer(there):
    harbour, boat, got = ({"ada": copy.deepcopy(LIVE)} if there else {}), Bought(), []

    def write(live, want):
        got.append(live)
        harbour["ada"] = {**LIVE, "sails": 5}

    done = engine.sync(boat, harbour, {"name": "ada", "sails": 5}, write=write)
    assert (done.action, boat.calls, got) == ("update" if there else "create", [], [LIVE if there else None])
    engine.sync(boat, harbour, {"name": "ada", "sails": 5}, write=write)
    engine.sync(boat, harbour, {"name": "ada", "sails": 6}, write=write, check=True)
    assert len(got) == 1


def test_a_diff_shows_what_differs_and_no_secret():
    told = engine.sync(Boat(), {"ada": copy.deepcopy(LIVE)}, {"name": "ada", "code": "hunter2", "sails": 3}).result()["diff"]
    assert changes(told["before"], told["after"]) == [
        {"path": "code", "before": MASK, "after": f"{MASK} changed"}, {"path": "sails", "before": 2, "after": 3},
    ]  # fmt: skip
    assert [one["path"] for one in changes(told["before"], told["after"], ["sails"])] == ["sails"]
    told = text(told)
    assert text(told) == told
    shown = told["before"] + told["after"]
    assert "hunter2" not in shown and '"old"' not in shown and "position" not in shown
    assert f'"code": "{MASK}"' in told["before"] and f'"code": "{MASK} changed"' in told["after"]
    assert '"sails": 2' in told["before"] and '"sails": 3' in told["after"]
    assert told["before_header"] == told["after_header"] == "boat ada"


class Fleet(Boat):
    """Boats that one look at their harbour shows."""

    def scope(self, want):
        return want.get("harbour", "")

    def within(self, aws, want, scope):
        self.calls.append("within")
        return [copy.deepcopy(boat) for boat in aws.values()]

    def find(self, harbour, want):
        self.calls.append("find")
        return super().find(harbour, want)


class Harbour(dict):
    """A harbour that knows how many items of a loop it has served."""

    tasks, lists = 1, {}


@pytest.mark.parametrize(
    ("item", "change", "asked", "action"),
    [
        (1, {}, ["find"], "none"),
        (2, {}, ["within"], "none"),
        (2, {"sails": 3}, ["within", "find"], "update"),
        (2, {"name": "eve"}, ["within", "find"], "create"),
        (2, {"harbour": "known-after-apply/harbour/x/id"}, ["find"], "update"),
    ],
)
def test_one_list_serves_a_loop_where_nothing_is_to_do(item, change, asked, action):
    fleet, harbour = Fleet(), Harbour({"ada": {**LIVE, "harbour": "kiel"}})
    harbour.tasks, harbour.lists = item, {}
    want = {"name": "ada", "sails": 2, "harbour": "kiel", **change}
    assert engine.sync(fleet, harbour, want, check=True).action == action
    assert fleet.calls == asked
    if not change and item == 2:
        engine.sync(fleet, harbour, want, check=True)
        assert fleet.calls == asked


def test_what_a_list_of_all_lacks_is_not_looked_for():
    fleet, harbour = Fleet(), Harbour({"ada": {**LIVE, "harbour": "kiel"}})
    harbour.tasks, harbour.lists, fleet.lists_all = 2, {}, True
    for name, action in (("eve", "create"), ("ada", "update")):
        want = {"name": name, "sails": 3, "harbour": "kiel"}
        assert engine.sync(fleet, harbour, want, check=True).action == action
    assert fleet.calls == ["within", "find"], "a difference is looked at again, an absence isn't"


class Port:
    """A harbour that says, as a play does, what is somebody else's and what may be lost."""

    def __init__(self, *ignored_tags, may_lose=()):
        self.ships, self.ignored_tags, self.may_lose = {"ada": copy.deepcopy(LIVE)}, ignored_tags, frozenset(may_lose)
        self.get = self.ships.get

    def __getitem__(self, name):
        return self.ships[name]

    def __setitem__(self, name, ship):
        self.ships[name] = ship

    def __delitem__(self, name):
        del self.ships[name]


def test_tags_of_an_organisation_stay_and_are_no_change():
    port, boat = Port("map-*", "a"), Boat()
    port["ada"]["tags"] = {"Stack": "s", "map-migrated": "x", "a": "1"}
    assert engine.sync(boat, port, {"name": "ada", "tags": {"Stack": "s"}}).action == "none"
    told = engine.sync(boat, port, {"name": "ada", "tags": {"Stack": "s", "b": "2"}})
    assert (told.action, boat.calls) == ("update", [("tag", {"b": "2"}, [])])
    assert port["ada"]["tags"] == {"Stack": "s", "map-migrated": "x", "a": "1", "b": "2"}
    engine.sync(boat, port, {"name": "ada", "tags": {}})
    assert port["ada"]["tags"] == {"map-migrated": "x", "a": "1"}


@pytest.mark.parametrize(
    ("want", "state", "noted"),
    [
        ({"name": "new"}, "present", ("new", "create", [], {})),
        ({"name": "ada", "sails": 3, "code": "new"}, "present", ("ada", "update", ["code", "sails"], {"sails": 2, "env": {"API_TOKEN": MASK}})),
        ({"name": "ada"}, "absent", ("ada", "delete", [], {"sails": 2})),
        ({"name": "ada", "sails": 2}, "present", None),
    ],
)  # fmt: skip
def test_what_is_about_to_be_written_is_noted_before_and_without_secrets(monkeypatch, want, state, noted):
    boat, notes = Boat(), []
    monkeypatch.setattr(engine.lease, "begin", lambda change: notes.append((change, list(boat.calls))))
    engine.sync(boat, {"ada": {**LIVE, "env": {"API_TOKEN": "t0k3n-of-somebody"}}}, want, state)
    assert bool(notes) == bool(noted)
    for change, written in notes:
        name, action, fields, before = noted
        assert written == [] and (change["kind"], change["name"], change["action"], change["changes"]) == ("boat", name, action, fields)
        assert change["before"].items() >= before.items() and not {"code", "position"} & change["before"].keys()
    checked = []
    monkeypatch.setattr(engine.lease, "begin", checked.append)
    engine.sync(boat, {"ada": dict(LIVE)}, want, state, check=True)
    assert checked == []
