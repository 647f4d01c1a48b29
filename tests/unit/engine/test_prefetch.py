"""What one look at a whole stack showed serves its tasks until something is written."""

import os
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import prefetch
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.kind import Kind
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync

HERE = {"account": "123456789012", "region": "us-east-1", "endpoint": ""}


class Thing(Kind):
    """A kind that counts how often AWS is asked."""

    name, title = "thing", "thing"

    def __init__(self, there):
        self.there, self.asked = there, 0

    def find(self, aws, want):
        self.asked += 1
        return self.there

    def create(self, aws, want):
        self.there = dict(want)

    def update(self, aws, live, want, changes):
        self.there = {**live, **want}

    def delete(self, aws, live):
        self.there = None


@pytest.fixture(autouse=True)
def _memory(monkeypatch):
    monkeypatch.setattr(prefetch, "_memory", None)
    prefetch.share()
    yield
    os.close(prefetch._memory)


def account(**more):
    return SimpleNamespace(**{**HERE, "lists": {}, "tasks": 1, **more})


SEEN = {"name": "a", "size": 1}


@pytest.mark.parametrize(
    ("want", "more", "asked"),
    [
        ({"name": "a", "size": 1}, {}, 0),
        ({"name": "a"}, {}, 0),
        ({"name": "a", "size": 2}, {}, 1),  # it may be older than the difference
        ({"name": "b", "size": 1}, {}, 1),  # another one
        ({"name": "a", "size": 1}, {"region": "eu-west-1"}, 1),
        ({"name": "a", "size": 1}, {"account": "210987654321"}, 1),
        ({"name": "a", "size": 1}, {"endpoint": "http://127.0.0.1:1"}, 1),
    ],
)
def test_a_look_serves_what_it_shows_as_wanted(want, more, asked):
    prefetch.store(account(), "stack", {"thing": [SEEN]})
    kind = Thing({**SEEN, "name": want["name"]})
    sync(kind, account(**more), want, check=True)
    assert kind.asked == asked


@pytest.mark.parametrize(
    ("state", "want"),
    [("present", {"name": "b"}), ("present", {"name": "a", "size": 2}), ("absent", {"name": "a"})],
)
def test_a_write_ends_it_for_its_account_and_region(state, want):
    elsewhere = account(region="eu-west-1")
    prefetch.store(account(), "stack", {"thing": [SEEN]})
    prefetch.store(elsewhere, "stack", {"thing": [SEEN]})
    kind = Thing(dict(SEEN) if want["name"] == "a" else None)
    sync(kind, account(), want, state, check=True)
    assert prefetch.resources(account(), "thing") == [SEEN], "a check writes nothing"
    sync(kind, account(), want, state)
    assert prefetch.resources(account(), "thing") is None
    assert prefetch.resources(elsewhere, "thing") == [SEEN]


def test_a_fork_shares_it():
    prefetch.store(account(), "stack", {"thing": []})
    pid = os.fork()
    if not pid:
        prefetch.store(account(), "stack", {"thing": [SEEN]})
        os._exit(0)
    os.waitpid(pid, 0)
    assert prefetch.resources(account(), "thing", "stack") == [SEEN]
    assert prefetch.resources(account(), "thing", "another") is None


def test_an_unknown_account_is_not_asked_for_and_may_be_any():
    prefetch.store(account(), "stack", {"thing": [SEEN]})
    unknown = account()
    del unknown.account
    assert prefetch.resources(unknown, "thing") is None
    prefetch.forget(unknown)
    assert prefetch.resources(account(), "thing") is None


def test_without_shared_memory_every_task_asks():
    os.close(prefetch._memory)
    prefetch._memory = None
    kind = Thing(dict(SEEN))
    sync(kind, account(), SEEN)
    sync(kind, account(), {"name": "a", "size": 2})
    assert kind.asked > 1
    prefetch.share()
