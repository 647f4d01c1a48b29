"""The judge "recorded answers of AWS": what it counts, what it calls ours, and that it never passes on nothing."""

import ast

import pytest

from tests.judges.recorded import __main__ as command
from tests.judges.recorded import export, operations, reading, verdict


def result(test="t", outcome="passed", why="", refusals=()):
    return {"test": test, "outcome": outcome, "why": why, "refusals": list(refusals)}


PASSED = result(refusals=[["e", "Gone", "Gone"]])
ACCEPTED = result(
    "a", "failed", "Failed: DID NOT RAISE <class 'ClientError'>", [["e", "Gone", ""], ["f", "Late", None]]
)
SILENT = result("s", "failed", "other keys", [["e", "Gone", ""]])
OTHER = result("o", "failed", "/Error/Code", [["e", "Gone", "Absent"]])


def test_every_operation_that_our_code_names_is_in_the_list():
    named = operations.written()
    assert {"s3.put_object", "kms.create_key", "sqs.send_message", "secretsmanager.get_secret_value"} <= named
    assert named <= operations.ours(), f"python -m tests.judges.recorded.operations LOG: {named - operations.ours()}"


def test_every_operation_of_the_list_is_one_of_boto3s():
    unknown = [
        one for one in operations.ours() if one.partition(".")[2] not in operations.methods(one.partition(".")[0])
    ]
    assert not unknown


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('aws("s3").put_object(Bucket=name)', {"s3.put_object"}),
        ('ecr, name = aws("ecr"), 1\necr.put_image(name)', {"ecr.put_image"}),
        ('SERVICE = "sns"\naws(SERVICE).publish()', {"sns.publish"}),
        ('aws.pages("sqs", "list_queues", "QueueUrls")', {"sqs.list_queues"}),
        ('aws("s3").get_paginator("list_objects_v2")', {"s3.list_objects_v2"}),
        ('optional(aws, "tags", "kms", aws("kms").list_resource_tags)', {"kms.list_resource_tags"}),
        ('thing("s3").put_object()\naws("s3").meta.region_name', set()),
    ],
)
def test_operations_named_in_code(source, found):
    assert operations.named(source) == found


def test_operations_of_a_log():
    assert operations.logged(['{"service": "kms", "operation": "CreateKey"}']) == {"kms.create_key"}


@pytest.mark.parametrize(
    ("one", "told"), [(PASSED, "as AWS"), (ACCEPTED, "accepted"), (SILENT, "accepted"), (OTHER, "differs")]
)
def test_verdict(one, told):
    assert verdict.verdict(one) == told


def test_figures():
    figures = verdict.count([PASSED, ACCEPTED, SILENT, OTHER])
    assert figures == verdict.Figures(tests=4, whole=1, accepted=2, refusals=5, same=1, other=1)
    assert len(figures.missed) == 3
    assert "| all | 4 | 1 | 25.0 | 2 | 50.0 | 5 | 1 | 20.0 | 1 | 3 |" in verdict.table({"s3": figures})
    assert not verdict.count([PASSED]).missed


@pytest.fixture
def kept(monkeypatch):
    """Let figures and reasons be those that are given."""

    def keep(figures, reasons):
        monkeypatch.setattr(verdict, "read", lambda: figures)
        monkeypatch.setattr(verdict, "reasons", lambda _file: reasons)

    return keep


def test_a_figure_may_not_become_worse(kept):
    kept({"s3": verdict.count([PASSED, PASSED])}, {})
    assert verdict.problems({"s3": [PASSED, PASSED]}) == []
    assert any("whole 1, and was 2" in one for one in verdict.problems({"s3": [PASSED, OTHER]}))
    assert any("tests 1, and was 2" in one for one in verdict.problems({"s3": [PASSED]}))


def test_each_difference_needs_a_reason_though_the_goals_are_reached(kept):
    tests = [PASSED] * 99 + [OTHER]
    kept({}, {})
    assert not verdict.count(tests).missed
    assert verdict.problems({"s3": tests}) == ["s3/o: has no reason in differences.txt"]
    kept({}, {"s3/o": "nobody needs it"})
    assert verdict.problems({"s3": tests}) == []


def test_a_goal_is_missed_whatever_the_reasons(kept):
    kept({}, {"s3/o": "nobody needs it"})
    assert any("as AWS in whole" in one for one in verdict.problems({"s3": [OTHER]}))


@pytest.mark.parametrize("repository", [None, "absent"])
def test_without_recordings_it_fails(monkeypatch, capsys, tmp_path, repository):
    monkeypatch.setattr("sys.argv", ["recorded", "s3"])
    monkeypatch.setattr(export, "environment", lambda: None)
    monkeypatch.delenv("RECORDED", raising=False)
    if repository:
        monkeypatch.setenv("RECORDED", str(tmp_path / repository))
    assert command.main() == 2
    assert "get localstack/localstack at 8b9a79f" in capsys.readouterr().err


def test_without_tests_it_fails(tmp_path):
    with pytest.raises(export.Missing, match="no recorded tests of s3"):
        command.run(tmp_path, "http://127.0.0.1:1", "s3", "", 1)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("aws_client.lambda_.invoke()", {"lambda.invoke"}),
        ("aws_sqs_client.send_message()", {"sqs.send_message"}),
        ("aws_client_factory(region_name=r).s3.get_object", {"s3.get_object"}),
        ("client = aws_client.sqs\n retry(client.receive_message)", {"sqs.receive_message"}),
        ("aws_client.s3.get_paginator('list_objects')", {"s3.list_objects"}),
        ("aws_client.s3.exceptions.NoSuchKey, aws_client.s3.get_waiter('bucket_exists')", set()),
    ],
)
def test_calls_of_a_recorded_test(source, found):
    assert reading.calls(ast.parse(f"def test():\n {source}").body[0]) == found


def test_refusals_on_the_record():
    def error(code):
        return {"Error": {"Code": code, "Message": "m"}, "ResponseMetadata": {}}

    recorded = {"a": error("Gone"), "b": [{"c": error("Late")}], "d": {"Error": "in words"}, "e": error("Never")}
    observed = {"a": error("Gone"), "b": [{"c": {"ResponseMetadata": {}}}]}
    assert reading.refusals(recorded, observed) == [["a", "Gone", "Gone"], ["b/0/c", "Late", ""], ["e", "Never", None]]
