"""What is asked of each profile's story, whose module takes these tests in."""

from __future__ import annotations

from tests.judges.authority import findings

from .replay import judged, lenient, refusals, table


def test_each_grant_is_needed(story, capsys):
    told = judged(story.documents(), story.calls())
    with capsys.disabled():
        print(f"\n{table(told)}")
        known = sum(why.startswith("documented") for why in told.values())
        print(
            f"\n{sum(bool(why) for why in told.values()) - known} of {len(told)} grants by a call, {known} documented"
        )
    assert [str(one) for one, why in told.items() if not why] == []


def test_each_call_is_allowed_by_all_that_aws_knows(story):
    assert list(lenient(story.documents(), story.calls())) == []


def test_aws_knows_all_that_policies_say(story):
    assert [told for one in story.documents() for told in findings(one.label, one.document)] == []


def test_each_denial_denies(story):
    assert [what for what, works in refusals(story.documents()) if not works] == []
