"""AWS is late: what was just made isn't seen by all, what was just changed is shown as it was, answers take turns."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import sync as engine
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError, NotYet, not_found
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.modules.resource_info import read
from botocore.exceptions import ClientError


def refused(code, message="", operation="Describe"):
    """Return AWS's error."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class Boat(Kind):
    """A resource in a harbour, a dict by name; what its calls answer first is queued."""

    name = "boat"
    title = "boat"
    settling = (("InvalidRole", "cannot be assumed"),)

    def __init__(self, **late):
        self.calls = []
        self.late = {call: list(answers) for call, answers in late.items()}

    def _call(self, name):
        self.calls.append(name)
        answer = self.late[name].pop(0) if self.late.get(name) else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def find(self, harbour, want):
        live = copy.deepcopy(harbour.get(want["name"]))
        answer = self._call("find")
        return live and live | answer if answer else None if answer == {} else live

    def create(self, harbour, want):
        self._call("create")
        if want["name"] in harbour:
            raise refused("BoatAlreadyExists", operation="CreateBoat")
        harbour[want["name"]] = {"name": want["name"], "id": "b-1", "sails": want["sails"], "tags": want.get("tags", {})}
        self._call("created")
        return "made"

    def complete(self, harbour, want, made):
        assert made == "made"
        self._call("complete")
        harbour[want["name"]]["flag"] = want.get("flag")

    def update(self, harbour, live, want, changes):
        self._call("update")
        harbour[live["name"]] |= {field: want[field] for field in changes}


WANT = {"name": "ada", "sails": 2}
UNSEEN = refused("NoSuchBoat")
NO_BERTH = refused("InvalidBerth.NotFound", "The berth 'x' does not exist", "CreateBoat")

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    ("error", "more", "is_so"),
    [
        (refused("InvalidVpcID.NotFound"), (), True),
        (refused("NoSuchEntity"), (), True),
        (refused("AWS.SimpleQueueService.NonExistentQueue"), (), True),
        (refused("QueueDoesNotExist"), (), True),
        (refused("404"), (), False),
        (refused("404"), (("404", ""),), True),
        (refused("InvalidID", "The ID 'x' is not valid"), (("InvalidID", "is not valid"),), True),
        (refused("AccessDenied", "NoSuchEntity was looked for"), (), False),
        (EngineError("m: An error occurred (InvalidSubnetID.NotFound) when calling the X operation: no"), (), True),
        (EngineError("InvalidVpcID.NotFound: The vpc 'x' does not exist"), (), True),
        (EngineError("target a was refused with ResourceNotFoundException: none"), (), True),
        (EngineError("two boats are called ada, which NoSuchBoat is"), (), False),
        (NotYet("the group isn't seen"), (), True),
        (KeyError("NotFound"), (), False),
    ],
)
def test_aws_says_not_found_in_many_words(error, more, is_so):
    assert not_found(error, more) is is_so


def test_what_is_right_at_once_takes_no_time(clock):
    boat = Boat()
    boat.equal_reads = {"sails": 5}
    assert engine.sync(boat, {}, WANT).action == "create"
    assert (boat.calls, clock.now) == (["find", "create", "created", "complete", "find"], 0)


def test_a_later_step_of_a_creation_is_done_again_and_the_creation_never():
    boat, harbour = Boat(complete=[UNSEEN, UNSEEN, None]), {}
    engine.sync(boat, harbour, {**WANT, "flag": "red"})
    assert (boat.calls.count("create"), boat.calls.count("complete")) == (1, 3)
    assert harbour["ada"]["flag"] == "red"


def test_a_creation_that_failed_after_it_made_something_goes_on_from_that():
    boat, harbour = Boat(created=[UNSEEN], find=[None, {"sails": 1}]), {}
    engine.sync(boat, harbour, WANT)
    assert boat.calls.count("create") == 1 and boat.calls.count("update") == 1


def test_what_the_first_look_did_not_see_is_no_second_one():
    harbour = {"ada": {"name": "ada", "id": "b-0", "sails": 1, "tags": {}}}
    boat = Boat(find=[{}, {}])
    engine.sync(boat, harbour, WANT)
    assert boat.calls.count("create") == 2, "AWS said twice that it isn't there, and twice that it is"
    assert (harbour["ada"]["id"], harbour["ada"]["sails"]) == ("b-0", 2)


def test_a_community_module_goes_on_from_what_it_made():
    harbour, got = {}, []

    def write(live, want):
        got.append(live and live["id"])
        harbour["ada"] = {"id": "b-1", "tags": {}, **WANT, "sails": 2 if live else 1}
        if not live:
            raise EngineError("m: An error occurred (NoSuchBoat) when calling the Paint operation: none")

    class Bought(Boat):
        doubles, create, update = True, Kind.create, Kind.update

    boat = Bought(find=[None, {}, {}])
    engine.sync(boat, harbour, WANT, write=write)
    assert got == [None, "b-1"]


def test_a_parent_that_is_not_there_is_told_within_a_minute(clock):
    boat = Boat(create=[NO_BERTH] * 1000)
    with pytest.raises(EngineError) as told:
        engine.sync(boat, {}, WANT)
    assert 30 < clock.now <= 60
    assert str(told.value) == (
        "boat ada: CreateBoat was refused with InvalidBerth.NotFound: The berth 'x' does not exist; it was tried again for "
        "60 seconds, since AWS may see late what is new"
    )


def test_a_resource_that_is_there_and_not_found_itself_has_the_kinds_own_time(clock):
    harbour = {"ada": {"name": "ada", "id": "b-0", "sails": 1, "tags": {}}}
    boat = Boat(update=[refused("NotFoundException", "Boat 'arn:b-0' does not exist", "UpdateBoat")] * 1000)
    boat.settle_seconds = 600
    with pytest.raises(EngineError, match="it was tried again for 600 seconds"):
        engine.sync(boat, harbour, WANT)
    assert 500 < clock.now <= 600


def test_a_change_that_names_what_is_not_seen_yet_is_made_again_from_what_is_there():
    harbour = {"ada": {"name": "ada", "id": "b-0", "sails": 1, "tags": {}}}
    boat = Boat(update=[NO_BERTH, None])
    assert engine.sync(boat, harbour, WANT).action == "update"
    assert boat.calls == ["find", "update", "find", "update", "find"]


def test_a_role_that_settles_has_the_kinds_own_time(clock):
    boat = Boat(create=[refused("InvalidRole", "The role cannot be assumed")] * 1000)
    boat.settle_seconds = 300
    with pytest.raises(EngineError, match="it was tried again for 300 seconds"):
        engine.sync(boat, {}, WANT)
    assert 200 < clock.now <= 300


@pytest.mark.parametrize("again", [UNSEEN, NotYet("its ARN is an id"), {}])
def test_a_read_back_that_finds_no_part_yet_is_no_failure(again):
    boat = Boat(find=[None, again, again, None])
    assert engine.sync(boat, {}, WANT).after["sails"] == 2


def test_another_error_of_a_read_back_is_one():
    with pytest.raises(ClientError, match="AccessDenied"):
        engine.sync(Boat(find=[None, refused("AccessDenied")]), {}, WANT)


def test_a_first_look_at_what_is_just_going_is_taken_again():
    assert engine.sync(Boat(find=[UNSEEN, None]), {}, WANT, check=True).action == "create"
    with pytest.raises(ClientError, match="NoSuchBoat"):
        engine.sync(Boat(find=[UNSEEN] * 100), {}, WANT, check=True)


OLD, NEW = {"sails": 1}, None


@pytest.mark.parametrize(
    ("equal_reads", "answers", "reads"),
    [
        ({}, [OLD, NEW], 2),
        ({"sails": 3}, [NEW], 1),
        ({"sails": 3}, [OLD, NEW, NEW, NEW], 4),
        ({"sails": 3}, [OLD, NEW, OLD, NEW, NEW, OLD, NEW, NEW, NEW], 9),
        ({"sails": 3}, [{}, NEW, NEW, NEW], 4),
        ({"keel": 3}, [OLD, NEW], 2),
    ],
)
def test_answers_that_take_turns(equal_reads, answers, reads):
    boat = Boat(find=[None, *answers])
    boat.equal_reads = equal_reads
    engine.sync(boat, {}, WANT)
    assert boat.calls.count("find") == 1 + reads


def test_answers_that_never_agree_are_a_failure_that_says_what_was_seen():
    boat = Boat(find=[None, *[OLD, NEW] * 1000])
    boat.equal_reads = {"sails": 3}
    with pytest.raises(EngineError, match="AWS still answers that sails is 1 and not 2"):
        engine.sync(boat, {}, WANT)


@pytest.mark.parametrize("missed", [UNSEEN, {}])
def test_a_missed_answer_while_readiness_is_awaited_is_no_deletion(missed):
    class Slow(Boat):
        def ready(self, live):
            return self.calls.count("find") > 6

    boat = Slow(find=[None, None, missed, missed, None])
    assert engine.sync(boat, {}, WANT).after["id"] == "b-1"


def test_what_stays_away_while_readiness_is_awaited_was_deleted(clock):
    class Slow(Boat):
        def ready(self, live):
            return False

    with pytest.raises(EngineError, match="was deleted while its readiness was awaited"):
        engine.sync(Slow(find=[None, None, *[{}] * 1000]), {}, WANT)
    assert 30 < clock.now < 60


def test_what_a_later_task_awaits_may_be_missed_for_a_moment():
    harbour = {"ada": {"name": "ada", "id": "b-0", "sails": 2, "tags": {}}}
    asked = {"wanted": {}, "wait": True, "timeout": 60, "check": False}
    assert read(Boat(find=[{}, UNSEEN, {}]), harbour, {"name": "ada"}, **asked)[0] is True
    with pytest.raises(EngineError, match="there is none to wait for"):
        read(Boat(), {}, {"name": "ada"}, **asked)
    boat = Boat(find=[{}])
    assert read(boat, harbour, {"name": "ada"}, **{**asked, "wait": False})[0] is False
    assert boat.calls == ["find"]
