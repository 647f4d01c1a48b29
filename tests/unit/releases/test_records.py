"""What is current, previous, unfinished and crossed, and how releases differ."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.releases import records


def release(name, *rollouts, applied=(), created=None, images=None):
    return {
        "id": name,
        "created": created or name,
        "images": images or {},
        "migration": {"applied": [{"revision": one, "contract": hard} for one, hard in applied]},
        "rollouts": [
            {"started": started, "verdict": verdict, "kind": "rollout", "by": "me"} for started, verdict in rollouts
        ],
    }


A, B = release("a", ("1", "succeeded"), ("4", "succeeded")), release("b", ("2", "succeeded"))


@pytest.mark.parametrize(
    ("releases", "current", "previous", "unfinished"),
    [
        ([], None, None, None),
        ([release("a")], None, None, None),
        ([release("a", ("1", "failed"))], None, None, None),
        ([release("a", ("1", "succeeded"))], "a", None, None),
        ([release("a", ("1", "succeeded")), B], "b", "a", None),
        ([A, B], "a", "b", None),
        ([A, B, release("c", ("5", "failed"))], "a", "b", None),
        ([A, B, release("c", ("5", "running"))], "a", "b", "c"),
        ([A, B, release("c", ("3", "running"))], "a", "b", None),
        ([A, B, release("c", ("5", "paused"))], "a", "b", "c"),
        ([A, B, release("c", ("5", "stopped"))], "a", "b", None),
        ([release("a", ("1", "succeeded"), ("2", "succeeded"))], "a", None, None),
    ],
)
def test_places(releases, current, previous, unfinished):
    def name(found, key="id"):
        return found and found[key]

    assert name(records.current(releases)) == current
    assert name(records.previous(releases)) == previous
    assert name(records.unfinished(releases), "release") == unfinished


@pytest.mark.parametrize(
    ("target", "crossed"),
    [("a", ["2", "4"]), ("b", ["4"]), ("c", [])],
)
def test_crossed(target, crossed):
    releases = [release("a"), release("b", applied=[("1", False), ("2", True)]), release("c", applied=[("4", True)])]
    assert records.crossed(releases, next(one for one in releases if one["id"] == target)) == crossed


@pytest.mark.parametrize("name", records.WORDS)
def test_a_release_is_not_called_like_a_place(monkeypatch, name):
    """Nobody could ever name it: release_info takes its name for what runs, or what ran."""
    monkeypatch.setattr(records.Releases, "read", lambda _self, _identifier: None)
    with pytest.raises(EngineError, match=f"can't be called {name}"):
        records.Releases(None, "s").make(name, {"api": "r@sha256:" + "0" * 64}, {})


def test_a_release_keeps_no_credentials(monkeypatch):
    """CI gives addresses with tokens in them; a record is shown, copied and kept for years."""
    monkeypatch.setattr(records.Releases, "read", lambda _self, _identifier: None)
    monkeypatch.setattr(records.Releases, "all", lambda _self: [])
    monkeypatch.setattr(records.Releases, "_there", lambda _self, _images: None)
    monkeypatch.setattr(records, "me", lambda _aws: "me")
    source = {"source": "https://gitlab-ci-token:s3cr3t@git.example.com/a.git"}
    made, new = records.Releases(None, "s").make("a", {"api": "r@sha256:" + "0" * 64}, source, check=True)
    assert new and made["source"] == "https://git.example.com/a.git"


@pytest.mark.parametrize("name", ["", "a b", "-a", "../a", "a" * 65, "a/b"])
def test_refused_names(name):
    with pytest.raises(EngineError):
        records.checked(name)


@pytest.mark.parametrize("name", ["1", "2026-11-25-1a2b3c4", "v1.2_3"])
def test_names(name):
    assert records.checked(name) == name


def test_difference():
    one = release("a", images={"api": "r/api@sha256:" + "1" * 64, "worker": "r/worker@sha256:" + "2" * 64})
    other = release("b", images={"api": "r/api@sha256:" + "3" * 64, "worker": "r/worker@sha256:" + "2" * 64})
    assert records.difference(one, other) == ["api: api@111111111111 -> api@333333333333"]
    assert records.difference(one, one) == []


def running(name, *verdicts):
    made = release(name, *verdicts)
    made["rollouts"] = [{**one, "release": name, "before": {"of": name}} for one in made["rollouts"]]
    return made


def test_two_that_began_in_one_second():
    one, other = release("a", ("1", "running")), release("b", ("1", "interrupted"))
    assert records.unfinished([one, other])["release"] == "a"


def test_one_that_begins_is_written_before_the_killed_get_their_verdict():
    killed, older, mine = running("b", ("2", "running")), running("a", ("1", "running")), running("c")
    first, *others = records.begun([older, killed, mine], mine, {"kind": "rollout", "before": {}}, "taken over")
    assert first is mine
    assert [one["verdict"] for one in mine["rollouts"]] == ["running"]
    assert [one["id"] for one in others] == ["a", "b"]
    assert {one["rollouts"][-1]["verdict"] for one in others} == {"interrupted"}


def test_the_killed_release_itself_begins_again():
    mine = running("a", ("1", "running"))
    assert records.begun([running("a", ("1", "running"))], mine, {"kind": "rollout"}, "taken over") == [mine]
    assert [one["verdict"] for one in mine["rollouts"]] == ["interrupted", "running"]


def test_a_paused_one_that_is_taken_over_goes_on_telling_what_became_of_it():
    mine, late = running("b"), running("a", ("1", "paused"))
    late["rollouts"][-1]["reason"] = "api at X until T, when it is taken back; nobody continued it; playbooks/runbooks/f.yml finishes it"
    records.begun([late, mine], mine, {"kind": "rollout"}, "taken over")
    told = late["rollouts"][-1]
    assert (told["verdict"], told["reason"]) == (
        "interrupted", "api at X until T, when it is taken back; nobody continued it; taken over",
    )  # fmt: skip


def step(name, hard=False):
    return {"revision": name, "contract": hard, "says": ""}


def test_migrated():
    early, late = release("a", applied=[("1", False)]), release("b", applied=[("2", True), ("3", True)])
    assert records.migrated([early, late], early, {"after": ["4"], "applied": [step("1"), step("4")]}) == [early]
    assert [one["revision"] for one in early["migration"]["applied"]] == ["1", "4"]
    assert records.heads([early, late]) == ["4"]
    # What goes down isn't applied any more, whoever applied it.
    assert records.migrated([early, late], early, {"after": ["2"], "undone": [step("3"), step("4")]}) == [early, late]
    assert records.crossed([early, late], early) == ["2"]
    assert records.heads([late]) is None
