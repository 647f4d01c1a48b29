"""Secrets that are made again at once, and those of which a killed run restored only a half."""

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import sync as engine_sync
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.secretsmanager import SECRET
from botocore.exceptions import ClientError


class Killed(BaseException):
    """What SIGKILL does to a run."""


def key(aws):
    return aws("kms").create_key()["KeyMetadata"]["Arn"]


def value(aws, name):
    return json.loads(aws("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


def wanted(name, arn, **more):
    more = more or {"generate": ["password"]}
    return SECRET.want({"name": name, "kms_key_id": arn, "tags": {"Stack": name}, **more})


@pytest.fixture
def deleted(aws, engine, name):
    """A secret in recovery, whose key is going with its stack."""
    old = key(aws)
    sync(SECRET, engine, wanted(name, old))
    before = value(aws, name)
    SECRET.delete(engine, SECRET.find(engine, {"name": name}))
    return old, before


@pytest.mark.parametrize("gone", [True, False])
def test_a_half_restored_secret_is_finished_by_the_next_run(aws, engine, name, deleted, gone, monkeypatch):
    old, before = deleted
    if gone:
        aws("kms").schedule_key_deletion(KeyId=old)
    new = key(aws)

    def killed(*_arguments, **_more):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(SECRET, "update", killed)
        with pytest.raises(Killed):
            sync(SECRET, engine, wanted(name, new))
    assert sync(SECRET, engine, wanted(name, new)).action == "update"
    after = value(aws, name)
    assert set(after) == {"password"} and (after == before) != gone
    assert sync(SECRET, engine, wanted(name, new)).action == "none"


def test_a_wanted_value_that_cant_be_read_is_written_anew(aws, engine, name):
    old = key(aws)
    sync(SECRET, engine, wanted(name, old, value={"A": "1"}))
    SECRET.delete(engine, SECRET.find(engine, {"name": name}))
    aws("kms").schedule_key_deletion(KeyId=old)
    aws("secretsmanager").restore_secret(SecretId=name)
    sync(SECRET, engine, wanted(name, key(aws), value={"A": "1"}))
    assert value(aws, name) == {"A": "1"}


def test_a_restored_secret_keeps_its_value(aws, engine, name, deleted):
    assert sync(SECRET, engine, wanted(name, key(aws))).action == "create"
    assert value(aws, name) == deleted[1]


@pytest.mark.parametrize("words", ["because it was deleted", "is already scheduled for deletion", "it was marked for deletion"])
def test_a_name_that_is_not_free_yet_is_waited_for(engine, name, monkeypatch, clock, words):
    refusals = [ClientError({"Error": {"Code": "InvalidRequestException", "Message": words}}, "CreateSecret")] * 6
    create = SECRET.create

    def refused(aws, want):
        if refusals:
            raise refusals.pop()
        create(aws, want)

    monkeypatch.setattr(engine_sync, "time", clock)
    monkeypatch.setattr(SECRET, "create", refused)
    assert sync(SECRET, engine, wanted(name, "")).action == "create"
    assert SECRET.settle_seconds == 120
