"""KMS as AWS answers it, and our keys on it."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.kms import KMS_KEY


def test_key_by_arn(aws, refused):
    kms = aws("kms")
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.enable_key_rotation(KeyId=arn)
    assert kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]
    kms.tag_resource(KeyId=arn, Tags=[{"TagKey": "a", "TagValue": "b"}])
    assert kms.list_resource_tags(KeyId=arn.split("/")[1])["Tags"] == [{"TagKey": "a", "TagValue": "b"}]
    kms.update_key_description(KeyId=arn, Description="d")
    kms.disable_key(KeyId=arn)
    kms.enable_key(KeyId=arn)
    assert kms.schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)["DeletionDate"]
    assert kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
    refused("KMSInvalidStateException", kms.schedule_key_deletion, KeyId=arn)
    kms.cancel_key_deletion(KeyId=arn)


@pytest.fixture
def keys(aws, name):
    """The stack's keys, made by runs as they are made."""

    def run(check=False):
        want = {"alias": f"alias/{name}-data", "enable_key_rotation": True, "tags": {"Stack": name}}
        return sync(KMS_KEY, Aws(aws, "us-east-1"), KMS_KEY.want(want), check=check)

    return run


@pytest.mark.parametrize("operation", ["create_alias", "enable_key_rotation"])
def test_a_key_is_taken_up_again(aws, name, keys, monkeypatch, operation):
    class Killed(BaseException):
        pass

    def kill(**_more):
        raise Killed

    with monkeypatch.context() as killing, pytest.raises(Killed):
        killing.setattr(aws("kms"), operation, kill)
        keys()
    (left,) = KMS_KEY.stack(Aws(aws, "us-east-1"), name)
    assert keys(check=True).action == "update"
    done = keys()
    assert (done.action, done.after["id"], done.after["alias"]) == ("update", left["id"], f"alias/{name}-data")
    assert done.after["enable_key_rotation"] and keys().action == "none"
    assert len(KMS_KEY.stack(Aws(aws, "us-east-1"), name)) == 1


def test_two_keys_without_an_alias_are_for_people_to_sort_out(aws, name, keys):
    tags = [{"TagKey": "Stack", "TagValue": name}]
    made = [aws("kms").create_key(Tags=tags)["KeyMetadata"]["KeyId"] for _ in range(2)]
    with pytest.raises(
        EngineError, match=f"alias/{name}-data is no key's, and .* are tagged as {name}'s: give one"
    ) as told:
        keys()
    assert all(one in str(told.value) for one in made)


def test_a_dead_stacks_key_is_not_taken_up(aws, name, keys):
    engine, first = Aws(aws, "us-east-1"), keys()
    KMS_KEY.delete(engine, first.after)
    assert keys().after["id"] != first.after["id"]


def test_keys_say_what_they_are_for(aws):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]
    assert (
        key["KeyUsage"] == "ENCRYPT_DECRYPT" and key["MultiRegion"] is False and len(key["CurrentKeyMaterialId"]) == 64
    )
    assert key["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"] and "SigningAlgorithms" not in key
    mac = kms.create_key(KeySpec="HMAC_256", KeyUsage="GENERATE_VERIFY_MAC")["KeyMetadata"]
    assert mac["MacAlgorithms"] == ["HMAC_SHA_256"] and "EncryptionAlgorithms" not in mac


def test_rotation_tells_its_period(aws):
    kms = aws("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert "NextRotationDate" not in kms.get_key_rotation_status(KeyId=key)
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
    told = kms.get_key_rotation_status(KeyId=key)
    assert told["KeyId"] == key and told["RotationPeriodInDays"] == 90 and told["NextRotationDate"]


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("fake", "Invalid keyId 'fake'"),
        ("arn:aws:kms:us-west-2:123456789012:key/134f2428-cec1-4b25-a1ae-9048164dba47", "Invalid arn us-west-2"),
        ("mrk-d3b95762d3b95762d3b95762d3b95762", "mrk-d3b95762d3b95762d3b95762d3b95762' does not exist"),
    ],
)
def test_keys_that_are_not_found(aws, refused, key, says):
    for operation in ("describe_key", "list_grants"):
        assert says in refused("NotFoundException", getattr(aws("kms"), operation), KeyId=key)["Error"]["Message"]
