"""Resources in another region than their stack's: kinds that ask there, under names of their own."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import (
    drift,
    elsewhere,
    listings,
    record,
    stack,
    sync,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.cache import CachedAws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.elsewhere import Catalogue
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.listings import Listing
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.references import Resolver, reference, references
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import survey
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS, refuse_unknown

HOME, THERE = "eu-west-1", "us-east-1"
TAGS = {"Stack": "s", "Region": HOME}


class Harbour:
    """A client of one region, which has boats by name and remembers what it was asked."""

    def __init__(self, region):
        self.region, self.boats, self.asked = region, {}, []

    def get_paginator(self, _operation):
        raise AssertionError("nobody lists by pages")

    def can_paginate(self, _operation):
        return False

    class meta:
        class service_model:
            service_name = "harbour"

        method_to_api_mapping = {}


class Boat(Kind):
    name = title = "boat"
    service = "harbour"
    unmanaged = (Listing("list_sails", "Sails", parent="boat", kind="sail"), Listing("list_boats", "Boats"))

    def find(self, aws, want):
        aws(self.service).asked.append("find")
        return copy.deepcopy(aws(self.service).boats.get(want["name"]))

    def stack(self, aws, stack):
        aws(self.service).asked.append("stack")
        return [copy.deepcopy(one) for one in aws(self.service).boats.values() if one["tags"]["Stack"] == stack]

    def create(self, aws, want):
        aws(self.service).boats[want["name"]] = {"id": want["name"], **want}

    def update(self, aws, live, want, changes):
        aws(self.service).boats[live["name"]] |= {field: want[field] for field in changes}

    def delete(self, aws, live):
        del aws(self.service).boats[live["name"]]


class Crew(Boat):
    name = title = service = "crew"
    needs = ("boat",)


class Flag(Boat):
    name = title = service = "flag"
    worldwide = True


KINDS_HERE = Catalogue({kind.name: kind for kind in (Boat(), Crew(), Flag())})


@pytest.fixture
def aws(monkeypatch):
    """The stack's region; each region has a harbour of its own."""
    harbours = {}

    def connect(service, region=HOME, **_more):
        where = region if service == "harbour" else (region, service)
        return harbours.setdefault(where, Harbour(region))

    made = Aws(connect, HOME)
    made.account = "1"
    made.harbours = harbours
    monkeypatch.setattr(drift.unmanaged, "find", lambda *_given: ([], {}))
    for region in (HOME, THERE):
        made.at(region)("harbour")
    return made


def test_a_resource_in_another_region_is_called_with_it_and_one_of_its_name_at_home_is_another(aws):
    boat = KINDS_HERE["boat"]
    for region, sails in ((HOME, 1), (THERE, 2)):
        made = sync.sync(boat, aws.at(region), {"name": "ada", "sails": sails, "tags": TAGS}).result()
        assert (made["action"], made["name"]) == ("create", "ada")
        assert made["kind"] == ("boat" if region == HOME else f"boat@{THERE}")
    assert [aws.harbours[region].boats["ada"]["sails"] for region in (HOME, THERE)] == [1, 2]
    flag = sync.sync(KINDS_HERE["flag"], aws.at(THERE), {"name": "f", "tags": TAGS})
    assert flag.result()["kind"] == "flag", "AWS has one list of all regions"


def test_regions_are_asked_where_a_record_has_something_and_nowhere_else(aws):
    for region in (HOME, THERE):
        sync.sync(KINDS_HERE["boat"], aws.at(region), {"name": "ada", "tags": TAGS})
    for harbour in aws.harbours.values():
        harbour.asked.clear()
    seen = survey(aws, "s", KINDS_HERE)
    assert set(seen.resources) == {"boat"} and aws.harbours[THERE].asked == []
    kinds = elsewhere.known(KINDS_HERE, ["boat", f"boat@{THERE}"])
    seen = survey(aws, "s", kinds)
    assert {name: len(lives) for name, lives in seen.resources.items()} == {"boat": 1, f"boat@{THERE}": 1}
    assert aws.harbours[THERE].asked == ["stack"], "of one kind alone"


def test_what_a_stack_of_the_same_name_has_here_is_not_this_ones(aws):
    aws.at(THERE)("harbour").boats["theirs"] = {"name": "theirs", "tags": {"Stack": "s", "Region": THERE}}
    aws.at(THERE)("harbour").boats["ours"] = {"name": "ours", "tags": TAGS}
    there = elsewhere.known(KINDS_HERE, [f"boat@{THERE}"])
    assert [one["name"] for one in survey(aws, "s", there).live[f"boat@{THERE}"]] == ["ours"]
    theirs = Aws(lambda service: aws.at(THERE)(service), THERE)
    assert [one["name"] for one in survey(theirs, "s", KINDS_HERE).live["boat"]] == ["theirs"]


def recorded(aws):
    kinds = elsewhere.known(KINDS_HERE, [f"boat@{THERE}"])
    made = record.make(survey(aws, "s", kinds), kinds, {"stack": "s"}, None, None, True)
    return {**made, "time": "2026-11-30T000000Z"}


def test_drift_is_told_and_put_back_where_it_is(aws):
    for region in (HOME, THERE):
        sync.sync(KINDS_HERE["boat"], aws.at(region), {"name": "ada", "sails": 2, "tags": TAGS})
    last = recorded(aws)
    assert record.kinds_of(last) == {"boat", f"boat@{THERE}"}
    aws.harbours[THERE].boats["ada"]["sails"] = 9
    found = drift.drift(aws, "s", KINDS_HERE, last, trail=False)
    assert [(one.kind, one.name, one.path, one.live) for one in found.findings] == [(f"boat@{THERE}", "ada", "sails", 9)]
    done, left = drift.put_back(aws, KINDS_HERE, last, found, lambda _finding: "")
    assert (done, left) == ([f"boat@{THERE} ada: sails"], [])
    assert [aws.harbours[region].boats["ada"]["sails"] for region in (HOME, THERE)] == [2, 2]
    # Its tag was taken off, so no list has it; and then it is gone.
    aws.harbours[THERE].boats["ada"]["tags"] = {"Stack": "nobody's"}
    assert [one.path for one in drift.drift(aws, "s", KINDS_HERE, last, trail=False).findings] == ["tags.Region", "tags.Stack"]
    del aws.harbours[THERE].boats["ada"]
    (gone,) = drift.drift(aws, "s", KINDS_HERE, last, trail=False).findings
    assert (gone.category, gone.kind) == ("removed", f"boat@{THERE}")


def test_what_is_extra_there_is_deleted_there(aws):
    for region in (HOME, THERE):
        sync.sync(KINDS_HERE["boat"], aws.at(region), {"name": "ada", "tags": TAGS})
    last = recorded(aws)
    for region in (HOME, THERE):
        sync.sync(KINDS_HERE["boat"], aws.at(region), {"name": "eve", "tags": TAGS})
    found = drift.drift(aws, "s", KINDS_HERE, last, trail=False)
    assert {(one.category, one.kind, one.name) for one in found.findings} == {("extra", "boat", "eve"), ("extra", f"boat@{THERE}", "eve")}
    done, left = drift.take_away(aws, KINDS_HERE, found, lambda finding: "itself" if finding.kind != "boat" else "")
    assert (done, left) == ([f"boat@{THERE} eve"], [])
    assert [sorted(aws.harbours[region].boats) for region in (HOME, THERE)] == [["ada", "eve"], ["ada"]]


def test_a_stack_ends_in_all_its_regions_users_first(aws):
    kinds = elsewhere.known(KINDS_HERE, [f"boat@{THERE}", f"crew@{THERE}"])
    order = [set(wave) for wave in stack.waves(kinds)]
    assert order == [{"crew", f"crew@{THERE}", "flag"}, {"boat", f"boat@{THERE}"}]
    aws.harbours[THERE].boats["ada"] = {"name": "ada", "tags": TAGS}
    aws.harbours[HOME].boats["eve"] = {"name": "eve", "tags": TAGS}
    aws.at(THERE)("crew").boats["eva"] = {"name": "eva", "tags": TAGS}
    with pytest.raises(stack.EngineError, match=f"the end of the {THERE} crews of s, which use the {THERE} boat"):
        stack.destroy(aws, "s", [f"boat@{THERE}"], KINDS_HERE, 0)
    for wave in ([f"crew@{THERE}"], [f"boat@{THERE}"]):
        (gone,) = stack.destroy(aws, "s", wave, KINDS_HERE, 0)
        assert gone["kind"] == wave[0]
    assert [sorted(aws.harbours[region].boats) for region in (HOME, THERE)] == [["eve"], []]
    assert stack.forgotten(aws, KINDS_HERE, {"stack": "s", "resources": {f"boat@{THERE}": [{"name": "ada"}]}}, {}) == {}
    aws.harbours[THERE].boats["ada"] = {"name": "ada", "tags": {}}
    lost = stack.forgotten(aws, KINDS_HERE, {"stack": "s", "resources": {f"boat@{THERE}": [{"name": "ada"}]}}, {})
    assert [one["name"] for one in lost[f"boat@{THERE}"]] == ["ada"]


def test_a_listing_there_asks_there_and_only_in_what_is_the_stacks():
    (there,) = listings.of(KINDS_HERE[f"boat@{THERE}"])
    assert (there.kind, there.parent, there.region) == (f"sail@{THERE}", f"boat@{THERE}", THERE)
    assert [one.region for one in listings.of(KINDS_HERE["boat"])] == ["", ""]


def test_names_are_found_and_not_listed():
    assert f"log_group@{THERE}" in KINDS and KINDS.get(f"log_group@{THERE}") is KINDS[f"log_group@{THERE}"]
    assert KINDS[f"log_group@{THERE}"].title == f"{THERE} log group" and KINDS["log_group"].region == ""
    assert not [name for name in KINDS if "@" in name]
    for wrong in ("nothing", f"nothing@{THERE}", "log_group@", f"log_group@{THERE}@{HOME}"):
        assert wrong not in KINDS and KINDS.get(wrong) is None
    refuse_unknown([f"log_group@{THERE}"])


def test_a_view_of_another_region_has_what_the_first_one_has(aws):
    aws.may_lose, aws.ignored_tags = frozenset({"boat/ada"}), ("x*",)
    there = aws.at(THERE)
    assert (there.region, there.home, there.account, there.may_lose, there.ignored_tags) == (THERE, HOME, "1", aws.may_lose, ("x*",))
    assert there.at(HOME).region == HOME and aws.at(HOME) is aws and aws.at(THERE) is there
    cached = CachedAws(aws)
    assert cached.at(THERE) is cached.at(THERE) and cached.at(THERE).home == HOME


def test_a_reference_leads_there(aws):
    """A distribution at home speaks of the certificate in another region, and what is there of a key at home."""
    for region, number in ((HOME, 1), (THERE, 2)):
        made = {"name": "ada", "number": number, "tags": TAGS}
        sync.sync(KINDS_HERE["boat"], aws.at(region), made)
    said = {kind: reference(KINDS_HERE, kind, "ada", "number") for kind in ("boat", f"boat@{THERE}", f"boat@{HOME}")}
    assert {one.kind for one in references(said)} == set(said)
    for region, plain in ((HOME, 1), (THERE, 2)):
        resolver = Resolver(aws.at(region), KINDS_HERE, False)
        assert resolver.resolve(said) == {"boat": plain, f"boat@{THERE}": 2, f"boat@{HOME}": 1}
