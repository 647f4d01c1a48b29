"""Nothing that people set or that can't be brought back is lost by an apply or a revert, on the embedded AWS."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import listings
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.drift import Drift, Finding, put_back, take_away
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import normal
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import sync
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.unmanaged import Unmanaged
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds import ecr, logs, s3, sqs
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS
from ansible_collections.flow_builder.aws.plugins.modules.stack_drift import named

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


def past(monkeypatch, days):
    """Let the kinds believe that it is later."""
    now = time.time() + days * 86400
    moment = datetime.fromtimestamp(now, UTC)
    for kinds in (sqs, logs):
        monkeypatch.setattr(kinds, "time", SimpleNamespace(time=lambda: now))
    for kinds in (ecr, s3):
        monkeypatch.setattr(kinds, "datetime", SimpleNamespace(now=lambda _zone: moment))


def applied(engine, kind, want, **how):
    return sync(KINDS[kind], engine, KINDS[kind].want(want), **how).action


def judged(engine, kind, want, state="present", told=""):
    """Apply, in a check and for real: both are refused in the same words, or both go through once it is named."""
    name = f"{kind}/{want['name']}"
    for check in (True, False):
        with pytest.raises(EngineError, match=told) as refused:
            applied(engine, kind, want, state=state, check=check)
        assert json.dumps({"stack_may_lose": [name]}) in str(refused.value)
    engine.may_lose = frozenset({name})
    assert applied(engine, kind, want, state=state, check=True) == ("delete" if state == "absent" else "update")


def test_messages_are_not_lost_to_a_shorter_retention(engine, aws, name, monkeypatch):
    applied(engine, "sqs_queue", {"name": name, "message_retention_period": 1209600})
    shorter = {"name": name, "message_retention_period": 345600}
    assert applied(engine, "sqs_queue", shorter, check=True) == "update", "an empty queue loses nothing"
    aws("sqs").send_message(QueueUrl=aws("sqs").get_queue_url(QueueName=name)["QueueUrl"], MessageBody="x")
    assert applied(engine, "sqs_queue", shorter, check=True) == "update", "nor one that is younger"
    past(monkeypatch, 5)
    judged(engine, "sqs_queue", shorter, told="those of its 1 messages that are older than 345600 seconds would be deleted")
    engine.may_lose = frozenset()
    judged(engine, "sqs_queue", shorter, "absent", told="its 1 messages would be deleted")


@pytest.mark.parametrize("before", [90, 0])
def test_logs_are_not_lost_to_a_shorter_retention(engine, aws, name, monkeypatch, before):
    applied(engine, "log_group", {"name": f"/aws/{name}-{before}", "retention_in_days": before})
    shorter = {"name": f"/aws/{name}-{before}", "retention_in_days": 30}
    assert applied(engine, "log_group", shorter, check=True) == "update", "the group is younger than that"
    assert applied(engine, "log_group", shorter, state="absent", check=True) == "delete", "it has no logs"
    aws("logs").create_log_stream(logGroupName=f"/aws/{name}-{before}", logStreamName="s")
    past(monkeypatch, 31)
    judged(engine, "log_group", shorter, told="logs older than 30 days would be deleted")
    engine.may_lose = frozenset()
    judged(engine, "log_group", shorter, "absent", told="its logs would be deleted")
    engine.may_lose = frozenset()
    assert applied(engine, "log_group", {"name": f"/aws/{name}-{before}", "retention_in_days": 180}) == "update"


def policy(**selection):
    return {"rules": [{"rulePriority": 1, "selection": {"tagStatus": "any", **selection}, "action": {"type": "expire"}}]}


def test_images_are_not_lost_to_a_policy(engine, aws, name, monkeypatch):
    few, many = (policy(countType="imageCountMoreThan", countNumber=number) for number in (1, 9))
    applied(engine, "ecr_repository", {"name": name, "lifecycle_policy": many})
    for number in range(3):
        manifest = {"schemaVersion": 2, "mediaType": ecr.MANIFEST, "config": {"size": number}, "layers": []}
        aws("ecr").put_image(repositoryName=name, imageManifest=json.dumps(manifest), imageTag=f"v{number}")
    judged(engine, "ecr_repository", {"name": name, "lifecycle_policy": few}, told="2 images would be deleted")
    engine.may_lose = frozenset()
    days = policy(countType="sinceImagePushed", countUnit="days", countNumber=30)
    assert applied(engine, "ecr_repository", {"name": name, "lifecycle_policy": days}, check=True) == "update"
    past(monkeypatch, 31)
    judged(engine, "ecr_repository", {"name": name, "lifecycle_policy": days}, told="3 images would be deleted")
    engine.may_lose = frozenset()
    judged(engine, "ecr_repository", {"name": name}, "absent", told="3 images would be deleted")


def test_old_versions_are_not_lost_to_rules(engine, aws, name, monkeypatch):
    rule = {"id": "old", "prefix": "", "noncurrent_days": 90}
    applied(engine, "s3_bucket", {"name": name, "versioning": True, "lifecycle_rules": [rule], "tags": {"Stack": "s", "A": "b"}})
    for body in (b"1", b"2"):
        aws("s3").put_object(Bucket=name, Key="k", Body=body)
    shorter = {"name": name, "lifecycle_rules": [{**rule, "noncurrent_days": 30}]}
    assert applied(engine, "s3_bucket", shorter, check=True) == "update"
    past(monkeypatch, 31)
    judged(engine, "s3_bucket", shorter, told="1 versions of objects would expire")
    engine.may_lose = frozenset()
    judged(engine, "s3_bucket", {"name": name, "versioning": False}, told="no old versions any more")
    engine.may_lose = frozenset()
    judged(engine, "s3_bucket", {"name": name}, "absent", told="its objects would be deleted")


def test_a_revert_leaves_what_would_be_lost(engine, aws, name, monkeypatch):
    """Somebody keeps messages for longer: what the record says would delete some, so it is left and told why."""
    applied(engine, "sqs_queue", {"name": name, "message_retention_period": 345600, "delay_seconds": 0})
    kind = KINDS["sqs_queue"]
    record = {"resources": {"sqs_queue": [normal(kind, kind.find(engine, {"name": name}))]}}
    url = aws("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "1209600", "DelaySeconds": "7"})
    aws("sqs").send_message(QueueUrl=url, MessageBody="x", DelaySeconds=0)
    past(monkeypatch, 5)
    found = Drift(findings=[
        Finding("changed", "sqs_queue", name, field, 1, 2) for field in ("message_retention_period", "delay_seconds")
    ])  # fmt: skip
    done, left = put_back(engine, KINDS, record, found, lambda _finding: False)
    assert done == [f"sqs_queue {name}: delay_seconds"]
    assert left[0].startswith(f"sqs_queue {name}: message_retention_period: those of its 1 messages") and len(left) == 1
    live = kind.find(engine, {"name": name})
    assert (live["message_retention_period"], live["delay_seconds"]) == (1209600, 0)
    engine.may_lose = frozenset({f"sqs_queue/{name}"})
    done, left = put_back(engine, KINDS, record, found, lambda _finding: False)
    assert "message_retention_period" in done[-1] and left == []


def test_all_is_no_name(engine, aws, name):
    """An undeclared queue goes with all others only while it is empty."""
    url = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    aws("sqs").send_message(QueueUrl=url, MessageBody="x")
    (listing,) = listings.of(KINDS["sqs_queue"])
    other = Unmanaged("sqs_queue", name, "with a name", {"name": url}, listing)
    found = Drift(findings=[Finding("extra", "sqs_queue", name)], unmanaged={("sqs_queue", name): other})
    told = f"its 1 messages would be deleted: it is deleted only where it is named, by drift_delete=sqs_queue/{name}"
    assert take_away(engine, KINDS, found, named(["all"])) == ([], [f"sqs_queue {name}: {told}"])
    assert aws("sqs").list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    assert take_away(engine, KINDS, found, named([f"sqs_queue/{name}"])) == ([f"sqs_queue {name}"], [])
    assert "QueueUrls" not in aws("sqs").list_queues(QueueNamePrefix=name)


IMAGES = [
    {"imageDigest": str(days), "imageTags": tags, "imagePushedAt": datetime.now(UTC) - timedelta(days=days)}
    for days, tags in ((1, ["v3"]), (10, ["v2", "keep-x"]), (20, []), (40, ["v1"]), (50, ["keep-y"]))
]


@pytest.mark.parametrize(
    ("rules", "gone"),
    [
        ([], []),
        ([{"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2}], ["20", "40", "50"]),
        ([{"tagStatus": "untagged", "countType": "sinceImagePushed", "countNumber": 15}], ["20"]),
        ([{"tagStatus": "untagged", "countType": "sinceImagePushed", "countNumber": 25}], []),
        ([{"tagStatus": "tagged", "tagPrefixList": ["v"], "countType": "imageCountMoreThan", "countNumber": 1}], ["10", "40"]),
        ([{"tagStatus": "tagged", "tagPatternList": ["*1"], "countType": "imageCountMoreThan", "countNumber": 0}], ["40"]),
        # What a rule of a higher priority selects, no other expires.
        (
            [
                {"tagStatus": "tagged", "tagPrefixList": ["keep-"], "countType": "imageCountMoreThan", "countNumber": 99},
                {"tagStatus": "any", "countType": "sinceImagePushed", "countNumber": 5},
            ],
            ["20", "40"],
        ),
    ],
)  # fmt: skip
def test_what_a_policy_expires(rules, gone):
    assert sorted(ecr.expired(IMAGES, {"rules": [{"selection": rule} for rule in rules]})) == sorted(gone)
