"""From what ECS and the logs say to the likely cause."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.releases.diagnosis import Ended, cause, report

NAMES = dict.fromkeys(("stack", "component", "cluster", "repository", "release", "group", "execution_role", "pipe_role"), "x")


@pytest.mark.parametrize(
    ("reason", "code", "lines", "words"),
    [
        ("CannotPullContainerError: pull image manifest has been retried 1 time(s)", None, [], "can't be pulled"),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
            "unable to retrieve secret from asm: AccessDeniedException",
            None, [], "a secret can't be read",
        ),
        (
            "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
            "unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException",
            None, [], "may not read the image's repository",
        ),
        (
            "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref x: pulling "
            "from host y failed with status code [manifests sha256:1]: 403 Forbidden",
            None, [], "may not read the image's repository",
        ),
        (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
            "to create Cloudwatch log stream: AccessDeniedException: User: x is not authorized to perform: "
            "logs:CreateLogStream on resource: y",
            None, [], "a permission is missing",
        ),
        (
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
            "to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
            None, [], "the log group is missing",
        ),
        ("Essential container in task exited OutOfMemoryError: Container killed due to memory usage", 137, [], "memory"),
        ("Essential container in task exited", 137, [], "killed"),
        ("Task failed container health checks", None, ["serving"], "health check"),
        ("Task failed ELB health checks in (target-group x)", 143, [], "health check"),
        ("Essential container in task exited", 1, ["KeyError: 'DB_HOST'"], "crashes"),
        ("Essential container in task exited", 1, ['relation "workflows" does not exist'], "isn't migrated"),
        ("Essential container in task exited", 1, ["FATAL: password authentication failed for user"], "migrate.yml"),
        ("Essential container in task exited", 127, [], "isn't in the image"),
        ("Essential container in task exited", 3, ["bye"], "ended by itself with 3"),
        ("Capacity is unavailable at this time", None, [], "capacity"),
        ("", None, [], "no reason"),
    ],
)  # fmt: skip
def test_cause(reason, code, lines, words):
    ended = Ended("arn:task/c/1", "x", reason, code, lines=lines)
    sentence, command = cause(ended)
    assert words in sentence
    assert command.format_map({**NAMES, "task": "1"})


def test_report_groups_and_shows_lines():
    text = report(
        [Ended(f"arn:task/c/{number}", "x", "Essential container in task exited", 1, lines=["ValueError: no"]) for number in range(3)],
        NAMES,
    )
    assert text.splitlines() == [
        "3 x Essential container in task exited (exit code 1)",
        "  | ValueError: no",
        "likely cause: the program crashes at its start",
        "next: aws logs tail x --since 15m",
    ]


def test_nothing_ended():
    assert report([], NAMES) == "no task of it has ended, so nothing says why"
