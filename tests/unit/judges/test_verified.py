"""The judge "moto's verified tests": what it counts, which files it runs, and that it never passes on nothing."""

import subprocess

import pytest

from tests.judges import others
from tests.judges.verified import __main__ as command
from tests.judges.verified import verdict

OURS = {"sqs.send_message", "sqs.create_queue"}


def told(outcome="passed", calls=("sqs.send_message",), why=""):
    return {"outcome": outcome, "calls": list(calls), "why": why}


@pytest.mark.parametrize(
    ("alone", "here", "kind"),
    [
        (told(), told(), verdict.PASSES),
        (told(), told("failed"), verdict.DIFFERS),
        (told(), None, verdict.DIFFERS),
        (told("failed"), told(), verdict.PASSES),
        (told("failed"), told("failed"), verdict.UNJUDGED),
        (told("skipped"), told("failed"), verdict.UNJUDGED),
        (told(), told("skipped"), verdict.DIFFERS),
    ],
)
def test_kind(alone, here, kind):
    [one] = verdict.judged({"test_sqs/t.py::a": alone}, {"test_sqs/t.py::a": here} if here else {}, OURS)
    assert (one.kind, one.service, one.called) == (kind, "sqs", True)


def test_ours_is_what_calls_nothing_else():
    moto = {"a": told(), "b": told(calls=["sqs.send_message", "sqs.purge_queue"]), "c": told(calls=())}
    assert [one.called for one in verdict.judged(moto, moto, OURS)] == [True, False, False]


def test_table_and_problems():
    moto = {f"test_sqs/t.py::{name}": told() for name in "abc"}
    moto["test_s3/t.py::d"] = told(calls=["s3.select_object_content"])
    ours = moto | {"test_sqs/t.py::b": told("failed", why="no"), "test_sqs/t.py::c": told("failed")}
    moto["test_sqs/t.py::c"] = told("skipped")
    results = verdict.judged(moto, ours, OURS)
    assert verdict.table(results).splitlines()[2:] == [
        "| s3 | 0 | 0 | 0 | 1 | 1 | 0 | 0 |",
        "| sqs | 2 | 1 | 1 | 0 | 0 | 0 | 1 |",
        "| all | 2 | 1 | 1 | 1 | 1 | 0 | 1 |",
    ]
    assert verdict.problems(results, {}) == ["test_sqs/t.py::b differs: no"]
    assert verdict.problems(results, {"test_sqs/t.py::b": "why"}) == []
    stale = {"test_sqs/t.py::b": "why", "test_sqs/t.py::a": "was so"}
    assert verdict.problems(results, stale) == ["test_sqs/t.py::a has a reason and passes"]


def test_every_reason_is_one():
    known = others.reasons(command.DIFFERENCES)
    assert known
    assert all("::" in test and why for test, why in known.items())


def test_files_of_our_services(tmp_path):
    for name, text in (
        ("test_sqs/test_a.py", "@sqs_aws_verified()"),
        ("test_sqs/test_b.py", "@mock_aws"),
        ("test_awslambda/test_c.py", "@pytest.mark.aws_verified"),
        ("test_applicationautoscaling/deep/test_e.py", "@aws_verified"),
        ("test_dynamodb/test_d.py", "@dynamodb_aws_verified()"),
    ):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    found = ["applicationautoscaling/deep/test_e.py", "awslambda/test_c.py", "sqs/test_a.py"]
    assert command.files(tmp_path, []) == [f"tests/test_{one}" for one in found]
    assert command.files(tmp_path, ["sqs"]) == ["tests/test_sqs/test_a.py"]
    with pytest.raises(others.Missing, match="has tests that were run on AWS: dynamodb"):
        command.files(tmp_path, ["dynamodb"])


@pytest.mark.parametrize("repository", [None, "absent"])
def test_without_the_tests_it_fails(monkeypatch, capsys, tmp_path, repository):
    monkeypatch.setattr("sys.argv", ["verified"])
    monkeypatch.delenv("VERIFIED", raising=False)
    if repository:
        monkeypatch.setenv("VERIFIED", str(tmp_path / repository))
    assert command.main() == 2
    assert f"get getmoto/moto at {command.COMMIT}" in capsys.readouterr().err


def test_an_export_is_of_one_commit_and_finished(tmp_path):
    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", tmp_path, *arguments], check=True)

    (tmp_path / "tests").mkdir()
    made, finished = tmp_path / "made", []
    git("init", "-q")
    for text in ("one", "two"):
        (tmp_path / "tests/a.py").write_text(text)
        git("add", "tests")
        git("commit", "-q", "-m", text)
        for _again in range(2):
            assert others.export(tmp_path, made, ["tests"], "get it", finished.append) == made
        assert (made / "tests/a.py").read_text() == text
    assert finished == [made, made]
    others.export(tmp_path, made, ["tests"], "get it", finished.append, "HEAD^")
    assert (made / "tests/a.py").read_text() == "one"
    with pytest.raises(others.Missing, match="get it"):
        others.export(tmp_path, made, ["tests"], "get it", finished.append, "0af643a5d")
