"""Paths, templates, patterns and schedule expressions, as tables."""

import json
from datetime import UTC, datetime

import pytest

from emulator import patterns
from emulator.dataplane import expressions, paths

EVENT = {"body": '{"user": {"ids": [7, 8]}, "text": "a \\"b\\""}', "messageId": "m", "list": [{"a": 1}, {"a": 2}]}

PATHS = [
    ("$.messageId", "m"),
    ("$.body", EVENT["body"]),
    ("$.body.user.ids[1]", 8),
    ("$.body.user.none", paths.MISSING),
    ("$.messageId.x", paths.MISSING),
    ("$.list[1].a", 2),
    ("$['list'][0]", {"a": 1}),
    ("$", EVENT),
]


@pytest.mark.parametrize(("path", "value"), PATHS)
def test_path(path, value):
    assert paths.find(path, EVENT) == value


TEMPLATES = [
    ('{"id": <$.messageId>, "ids": <$.body.user.ids>}', {"id": "m", "ids": [7, 8]}),
    ('{"told": "it is <$.messageId>"}', {"told": "it is m"}),
    ('{"quoted": "<$.body.text>"}', {"quoted": 'a "b"'}),
    ('{"all": "<$.body.user>"}', {"all": '{"ids": [7, 8]}'}),
    ('"<$.messageId> came"', "m came"),
    ('{"none": "<$.nowhere>"}', {"none": ""}),
]


@pytest.mark.parametrize(("template", "made"), TEMPLATES)
def test_template(template, made):
    assert json.loads(paths.fill(template, lambda name: paths.find(name, EVENT))) == made


TASK = {
    "source": "aws.ecs",
    "detail": {
        "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited",
        "containers": [{"name": "worker", "exitCode": 0}, {"name": "agent", "exitCode": 1}, {"name": "other"}],
    },
}
WORKER_FAILED = {"containers": {"name": ["worker"], "exitCode": [{"anything-but": [0]}]}}
PATTERNS = [
    ({"source": ["aws.ecs"]}, True),
    ({"source": ["aws.ec2"]}, False),
    ({"detail": {"containers": {"exitCode": [1]}}}, True),
    # One and the same container must match as a whole.
    ({"detail": WORKER_FAILED}, False),
    ({"detail": {"containers": {"name": ["agent"], "exitCode": [{"anything-but": [0]}]}}}, True),
    # What must not exist must be nowhere, but in elements that a field of an earlier name has ruled out.
    ({"detail": {"containers": {"exitCode": [{"exists": False}]}}}, False),
    ({"detail": {"containers": {"name": ["other"], "exitCode": [{"exists": False}]}}}, False),
    ({"detail": {"containers": {"name": ["other"], "reason": [{"exists": False}]}}}, True),
    ({"detail": {"containers": [{"exists": True}]}}, False),
    ({"detail.lastStatus": ["STOPPED"]}, True),
    ({"detail": {"containers.name": ["agent"]}}, True),
    ({"detail": {"containers": {"exitCode": [True]}}}, False),
    ({"detail": {"containers": {"exitCode": [1.0]}}}, True),
    ({"detail": {"lastStatus": [{"wildcard": "ST*ED"}]}}, True),
    ({"detail": {"lastStatus": [{"wildcard": r"ST\*ED"}]}}, False),
    ({"detail": {"lastStatus": [{"suffix": {"equals-ignore-case": "ped"}}]}}, True),
    ({"detail": {"lastStatus": [{"anything-but": {"prefix": ["RUN", "STOP"]}}]}}, False),
    ({"detail": {"group": [{"anything-but": "service"}]}}, False),
    ({"detail": {"containers": {"exitCode": [{"numeric": [">", 0, "<=", 1]}]}}}, True),
    ({"detail": {"group": [{"exists": False}]}}, True),
    ({"detail": {"group": {"name": [{"exists": True}]}}}, False),
    ({"detail": {"$or": [WORKER_FAILED, {"stopCode": [{"prefix": "Essential"}]}]}}, True),
    ({"detail": {"$or": [WORKER_FAILED, {"stopCode": ["SpotInterruption"]}]}}, False),
    ({"detail": {"lastStatus": ["STOPPED"], "$or": [WORKER_FAILED]}}, False),
]


@pytest.mark.parametrize(("pattern", "found"), PATTERNS)
def test_pattern(pattern, found):
    assert patterns.matches(pattern, TASK) is found


BAD = [
    ([], "Filter is not an object"),
    ({}, "Empty objects are not allowed"),
    ({"a": {"b": 1}}, '"b" must be an object or an array'),
    ({"a": []}, "Empty arrays are not allowed"),
    ({"a": [["b"]]}, "Match value must be"),
    ({"a": [{"EXISTS": True}]}, "Unrecognized match type EXISTS"),
    ({"a": [{"exists": True, "prefix": "b"}]}, "Only one key allowed"),
    ({"a": [{"exists": "no"}]}, "exists match pattern"),
    ({"a": [{"prefix": ["b"]}]}, "prefix match pattern must be a string"),
    ({"a": [{"wildcard": "a**"}]}, "Consecutive wildcard characters at pos 2"),
    ({"a": [{"wildcard": r"\a"}]}, "Invalid escape character at pos 0"),
    ({"a": [{"wildcard": "*a*b*c*d*e*"}]}, "Rule is too complex"),
    ({"a": [{"cidr": "10.0.0.0"}]}, "one '/' required"),
    ({"a": [{"cidr": "10.0.0.0/33"}]}, "must not exceed 32"),
    ({"a": [{"cidr": "10.x/8"}]}, "Nonstandard IP address: 10.x"),
    ({"a": [{"numeric": 1}]}, "must be an array"),
    ({"a": [{"numeric": []}]}, "Invalid member"),
    ({"a": [{"numeric": [">"]}]}, "Value of > must be numeric"),
    ({"a": [{"numeric": [">", 0, ">", 1]}]}, "Bad numeric range operator: >"),
    ({"a": [{"numeric": ["=", 0, "<", 1]}]}, "Too many elements"),
    ({"a": [{"numeric": [">", 2, "<", 1]}]}, "Bottom must be less than top"),
    ({"a": [{"numeric": [">", 6e9]}]}, "between -5.0E9 and 5.0E9"),
    ({"a": [{"anything-but": None}]}, "array or single string/number"),
    ({"a": [{"anything-but": ["b", None]}]}, "Inside anything but list"),
    ({"a": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}, "Unsupported anything-but pattern: cidr"),
    ({"a": [{"anything-but": {"prefix": ""}}]}, "Null prefix/suffix"),
    ({"a": [{"anything-but": {"suffix": 1}}]}, "prefix/suffix match pattern must be a string"),
    ({"a": [{"anything-but": {"equals-ignore-case": [1]}}]}, "anything-but/equals-ignore-case"),
    ({"$or": [{"a": ["b"]}, {"a": "b"}]}, '"a" must be an object or an array'),
]


@pytest.mark.parametrize(("pattern", "reason"), BAD)
def test_what_is_no_pattern(pattern, reason):
    with pytest.raises(patterns.Bad) as bad:
        patterns.read(json.dumps(pattern))
    assert reason in str(bad.value)


EXPRESSIONS = [  # from 2026-11-25 10:07:30 UTC, a Wednesday
    ("rate(5 minutes)", "2026-11-25T10:12:30"),
    ("rate(1 day)", "2026-11-26T10:07:30"),
    ("cron(0/15 * * * ? *)", "2026-11-25T10:15:00"),
    ("cron(0 9 ? * MON-FRI *)", "2026-11-26T09:00:00"),
    ("cron(0 9 ? * 2 *)", "2026-11-30T09:00:00"),  # 2 is Monday
    ("cron(30 4 1 * ? *)", "2026-12-01T04:30:00"),
    ("cron(0 0 L * ? *)", "2026-11-30T00:00:00"),
    ("cron(0 0 28W * ? *)", "2026-11-27T00:00:00"),  # the 28th is a Saturday
    ("cron(0 0 ? * FRI#1 *)", "2026-12-04T00:00:00"),
    ("cron(0 0 ? * 6L *)", "2026-11-27T00:00:00"),
    ("cron(0 0 1 JAN ? 2028)", "2028-01-01T00:00:00"),
    ("cron(0 0 1 1 ? 2020)", None),
    ("at(2026-11-25T12:00:00)", "2026-11-25T12:00:00"),
    ("at(2026-11-25T09:00:00)", None),
]
NOW = datetime(2026, 11, 25, 10, 7, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(("expression", "when"), EXPRESSIONS)
def test_expression(expression, when):
    found = expressions.following(expression, NOW, NOW)
    assert (found and datetime.fromtimestamp(found, UTC).strftime("%Y-%m-%dT%H:%M:%S")) == when


def test_expression_in_a_zone():
    found = expressions.following("cron(0 9 * * ? *)", NOW, NOW, "America/New_York")
    assert datetime.fromtimestamp(found, UTC).hour == 14


@pytest.mark.parametrize(
    ("after", "when"),
    [
        ("2026-03-07T12:00", "2026-03-09T06:30"),  # on the 8th the clocks go from two to three
        ("2026-10-31T12:00", "2026-11-01T05:30"),
        ("2026-11-01T05:30", "2026-11-02T06:30"),  # half past one comes twice on the 1st
    ],
)
def test_a_night_when_the_clocks_change(after, when):
    at = "cron(30 2 * * ? *)" if after < "2026-04" else "cron(30 1 * * ? *)"
    begin = datetime.fromisoformat(f"{after}:00+00:00").timestamp()
    found = datetime.fromtimestamp(expressions.following(at, begin, begin, "America/New_York"), UTC)
    assert found.strftime("%Y-%m-%dT%H:%M") == when


def test_a_rate_keeps_its_step():
    assert expressions.following("rate(5 minutes)", NOW + 720, NOW) == NOW + 900


def test_no_expression():
    with pytest.raises(ValueError, match="no schedule expression"):
        expressions.following("every day", NOW, NOW)
