"""Functions, permissions and asynchronous calls."""

import hashlib
import io
import zipfile

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import lambda_alias
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_ import FUNCTION, archive, configuration
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.lambda_permission import permission


@pytest.mark.parametrize(
    ("fields", "taken"),
    [
        ({"image_uri", "tags", "reserved_concurrency", "architecture"}, {}),
        ({"memory_size", "role"}, {"MemorySize": 256, "Role": "r"}),
        ({"command"}, {"ImageConfig": {"Command": ["c"], "WorkingDirectory": "/w"}}),
        ({"entry_point"}, {"ImageConfig": {"EntryPoint": [], "Command": ["c"], "WorkingDirectory": "/w"}}),
        ({"vpc_subnet_ids"}, {"VpcConfig": {"SubnetIds": [], "SecurityGroupIds": ["g"]}}),
        ({"environment_variables"}, {"Environment": {"Variables": {}}}),
        ({"dead_letter_arn"}, {"DeadLetterConfig": {"TargetArn": ""}}),
        ({"log_format"}, {"LoggingConfig": {"LogGroup": "g", "LogFormat": "JSON"}}),
        ({"ephemeral_storage", "tracing_mode"}, {"EphemeralStorage": {"Size": 512}, "TracingConfig": {"Mode": "Active"}}),
    ],
)
def test_a_group_is_said_whole(fields, taken):
    want = {
        "role": "r", "memory_size": 256, "entry_point": [], "command": ["c"], "working_directory": "/w", "vpc_subnet_ids": [],
        "vpc_security_group_ids": ["g"], "environment_variables": {}, "dead_letter_arn": "", "log_group": "g", "log_format": "JSON",
        "ephemeral_storage": 512, "tracing_mode": "Active", "image_uri": "u", "tags": {}, "architecture": "arm64",
    }  # fmt: skip
    assert configuration(want, fields) == taken


@pytest.mark.parametrize(
    ("want", "changes"),
    [
        ({"image_uri": "u@sha256:1"}, set()),
        ({"image_uri": "u:v1"}, set()),
        ({"image_uri": "u:v2"}, {"image_uri"}),
        ({"image_uri": "u@sha256:2", "memory_size": 1}, {"image_uri", "memory_size"}),
        ({"vpc_subnet_ids": ["b", "a"]}, set()),
        ({"memory_size": 128}, set()),
    ],
)
def test_compared(want, changes):
    live = {"name": "f", "package_type": "Image", "image_uri": "u@sha256:1", "image_given": "u:v1", "memory_size": 128, "vpc_subnet_ids": ["a", "b"]}
    assert FUNCTION.compare(live, FUNCTION.want({"name": "f", **want})) == changes


@pytest.mark.parametrize(
    ("state", "update", "ready", "failed"),
    [
        ("Pending", "Successful", False, ""),
        ("Active", "Successful", True, ""),
        ("Inactive", "Successful", True, ""),
        ("Active", "InProgress", False, ""),
        ("Failed", "Successful", False, "no image"),
        ("Active", "Failed", False, "no access"),
    ],
)
def test_readiness(state, update, ready, failed):
    live = {"state": state, "state_reason": "no image", "last_update_status": update, "last_update_reason": "no access"}
    assert (FUNCTION.ready(live), FUNCTION.failed(live)) == (ready, failed)


@pytest.mark.parametrize(
    ("principal", "condition", "told"),
    [
        ({"Service": "events.amazonaws.com"}, {"ArnLike": {"AWS:SourceArn": "a"}}, {"principal": "events.amazonaws.com", "source_arn": "a"}),
        (
            {"Service": "s3.amazonaws.com"},
            {"ArnLike": {"AWS:SourceArn": "a"}, "StringEquals": {"AWS:SourceAccount": "1"}},
            {"principal": "s3.amazonaws.com", "source_arn": "a", "source_account": "1"},
        ),
        ({"AWS": "arn:aws:iam::1:root"}, {}, {"principal": "arn:aws:iam::1:root"}),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o"}}, {"principal": "*", "principal_organization": "o"}),
    ],
)
def test_a_statement_as_arguments(principal, condition, told):
    statement = {"Sid": "s", "Effect": "Allow", "Action": "lambda:InvokeFunction", "Principal": principal, "Condition": condition}
    nothing = {"source_arn": "", "source_account": "", "principal_organization": ""}
    assert permission(statement) == {"statement_id": "s", "action": "lambda:InvokeFunction", **nothing, **told}


def test_code_is_packed_the_same_everywhere(tmp_path):
    """Another digest would be uploaded anew from every machine, with every run."""
    first, second = tmp_path / "a/code.py", tmp_path / "b/code.py"
    for path in (first, second):
        path.parent.mkdir()
        path.write_text("def handler(event, context):\n    return 1\n")
    second.chmod(0o600)
    assert archive(str(first)) == archive(str(second))
    assert hashlib.sha256(archive(str(first))).hexdigest() == "8b66c7cc038869797ef443c4556103d6d57803d1eee253a02722ed2a9c8b679d"
    with zipfile.ZipFile(io.BytesIO(archive(str(first)))) as packed:
        (entry,) = packed.infolist()
        assert (entry.filename, packed.read(entry)) == ("code.py", first.read_bytes())
        assert entry.external_attr >> 16 == 0o644  # Lambda's own user must be able to read it


def test_code_that_is_not_there():
    with pytest.raises(EngineError, match=r"source is '/nowhere/code.py': No such file"):
        FUNCTION.want({"name": "f", "source": "/nowhere/code.py"})


@pytest.mark.parametrize(
    ("live", "changes"),
    [
        ({}, set()),
        ({"code_sha256": "other"}, {"code_sha256"}),
        ({"handler": "code.other", "runtime": "python3.12"}, {"handler", "runtime"}),
        ({"package_type": "Image", "code_sha256": ""}, {"package_type", "code_sha256"}),
    ],
)
def test_code_is_compared_by_digest(live, changes, tmp_path):
    path = tmp_path / "code.py"
    path.write_text("pass\n")
    want = FUNCTION.want({"name": "f", "source": str(path), "handler": "code.handler", "runtime": "python3.13"})
    seen = {**{key: value for key, value in want.items() if key != "source"}, "image_given": "", **live}
    assert FUNCTION.compare(seen, want) == changes


class OneAlias:
    """A function whose alias shows this code, and that has this code now."""

    def __init__(self, shown, now):
        self.codes = {"3": shown, "$LATEST": now}

    def __call__(self, _service):
        return self

    def pages(self, *_asked, **_more):
        return [{"Name": "live", "AliasArn": "arn", "FunctionVersion": "3"}]

    def get_function_configuration(self, FunctionName, Qualifier):  # noqa: N803
        return {"CodeSha256": self.codes[Qualifier]}


@pytest.mark.parametrize(
    ("shown", "now", "paused", "who"),
    [("a", "b", True, "a release that is paused"), ("a", "b", False, ""), ("b", "b", True, "")],
)
def test_an_alias_lags_behind_while_a_release_is_paused(monkeypatch, shown, now, paused, who):
    """That is no drift; a killed rollout, or whoever gave a function other code, is."""
    monkeypatch.setattr(lambda_alias.FUNCTION, "stack", lambda _aws, _stack: [{"name": "f"}])
    monkeypatch.setattr(lambda_alias.between, "waiting", lambda _aws, _stack: paused)
    (live,) = lambda_alias.ALIAS.stack(OneAlias(shown, now), "s")
    assert live["newest"] == (shown == now)
    recorded = {key: value for key, value in live.items() if key != "lags"} | {"newest": True}
    owners = {lambda_alias.ALIAS.external_manager(one, recorded, live) for one in lambda_alias.ALIAS.differences(recorded, live)}
    assert owners == (set() if shown == now else {who})
