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
    with pytest.raises(EngineError, match=f"alias/{name}-data is no key's, and .* are tagged as {name}'s: give one") as told:
        keys()
    assert all(one in str(told.value) for one in made)


def test_a_dead_stacks_key_is_not_taken_up(aws, name, keys):
    engine, first = Aws(aws, "us-east-1"), keys()
    KMS_KEY.delete(engine, first.after)
    assert keys().after["id"] != first.after["id"]
