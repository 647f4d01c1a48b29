"""Nothing that people set or that can't be brought back is lost by an apply or a revert, on the embedded AWS."""

from __future__ import annotations

import json

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS

REGION = "us-east-1"


@pytest.fixture
def engine(aws):
    return Aws(aws, REGION)


class Secret:
    """One secret, as the roles ask for it."""

    def __init__(self, engine, name):
        self.engine, self.name, self.api = engine, name, engine("secretsmanager")

    def apply(self, check=False, **want):
        tags = {"Stack": "s", "RecoveryDays": "7"}
        asked = KINDS["secret"].want({"name": self.name, "tags": tags, **want})
        return sync(KINDS["secret"], self.engine, asked, check=check).result()

    def people_set(self, value):
        self.api.put_secret_value(SecretId=self.name, SecretString=json.dumps(value))

    @property
    def value(self):
        return json.loads(self.api.get_secret_value(SecretId=self.name)["SecretString"])


STAND_IN = {"initial": {"password": "unset"}, "placeholder": True}


@pytest.fixture
def secret(engine, name):
    made = Secret(engine, name)
    yield made
    engine("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize("first", [STAND_IN, {"initial": {"username": "u"}, "generate": ["password"]}, {"value": {"password": "old"}}])
def test_a_value_that_people_set_stays(secret, first):
    secret.apply(**first)
    secret.people_set({"password": "theirs"})
    for again in (first, {"value": {"password": "newer"}}):
        for check in (True, False):
            told = secret.apply(check=check, **again)
            assert (told["action"], secret.value) == ("none", {"password": "theirs"})
            assert bool(told["notes"]) == ("value" in again)
    assert secret.apply(description="x", value={"password": "newer"})["changes"] == ["description"]
    assert secret.value == {"password": "theirs"}


def test_what_a_run_wrote_a_run_changes(secret):
    secret.apply(**STAND_IN)
    assert secret.apply(value={"password": "first"})["changes"] == ["value"]
    assert secret.apply(value={"password": "second"})["changes"] == ["value"]
    assert secret.value == {"password": "second"}


def test_a_named_value_is_written_over(secret):
    secret.apply(**STAND_IN)
    secret.people_set({"password": "theirs"})
    secret.engine.may_lose = frozenset({f"secret/{secret.name}"})
    told = secret.apply(**STAND_IN)
    assert (told["action"], secret.value) == ("none", {"password": "theirs"})
    assert secret.apply(value={"password": "ours"})["changes"] == ["value"]
    assert secret.value == {"password": "ours"}


@pytest.mark.parametrize("want", [STAND_IN, {"value": {"password": "of the inventory"}}])
def test_a_recovered_secret_has_the_value_that_people_set(secret, want):
    secret.apply(**STAND_IN)
    secret.people_set({"password": "theirs"})
    secret.api.delete_secret(SecretId=secret.name, RecoveryWindowInDays=7)
    assert secret.apply(**want)["action"] == "create"
    assert secret.value == {"password": "theirs"}
    assert secret.apply(**want)["action"] == "none"


def test_a_value_whose_key_goes_is_not_given_up(secret):
    kms = secret.engine("kms")
    key = kms.create_key()["KeyMetadata"]
    other = kms.create_key()["KeyMetadata"]["Arn"]
    secret.apply(kms_key_id=key["Arn"], **STAND_IN)
    secret.people_set({"password": "theirs"})
    secret.api.delete_secret(SecretId=secret.name, RecoveryWindowInDays=7)
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    for check in (True, False):
        with pytest.raises(EngineError, match="can't be read, since its key .* is PendingDeletion; either take the key back"):
            secret.apply(check=check, kms_key_id=other, **STAND_IN)
    kms.cancel_key_deletion(KeyId=key["KeyId"])
    kms.enable_key(KeyId=key["KeyId"])
    assert secret.apply(kms_key_id=other, **STAND_IN)["action"] == "create"
    assert secret.value == {"password": "theirs"}
