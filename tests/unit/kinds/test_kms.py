"""Keys."""

import pytest
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.kms import KMS_KEY, recovery_days


@pytest.mark.parametrize(
    ("tags", "shortest", "days"),
    [
        ({}, 0, 30),
        ({"RecoveryDays": "forever"}, 7, 30),
        ({"RecoveryDays": "0"}, 0, 0),
        ({"RecoveryDays": "0"}, 7, 7),
        ({"RecoveryDays": "14"}, 7, 14),
        ({"RecoveryDays": "365"}, 7, 30),
    ],
)
def test_recovery_days(tags, shortest, days):
    assert recovery_days(tags, shortest) == days


@pytest.mark.parametrize(
    ("live", "changes"),
    [
        ({}, set()),
        # On its way out, or switched off by somebody: both are undone.
        ({"enabled": False}, {"enabled"}),
        ({"enable_key_rotation": False}, {"enable_key_rotation"}),
        ({"policy": {"Statement": [{"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"]}]}}, {"policy"}),
    ],
)
def test_compare(live, changes):
    document = {"Statement": {"Effect": "Allow", "Action": ["kms:Decrypt"]}}
    want = KMS_KEY.want({"alias": "alias/a", "policy": document, "enable_key_rotation": True})
    there = {"enabled": True, "enable_key_rotation": True, "policy": {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt"}]}}
    assert KMS_KEY.compare({**there, **live}, want) == changes


@pytest.mark.parametrize(
    ("encrypted", "calls"),
    [
        ([], ["delete_alias", "schedule_key_deletion"]),
        (["other"], ["delete_alias", "schedule_key_deletion"]),
        (["other", "arn"], ["delete_alias", "tag_resource", "untag_resource"]),
    ],
)
def test_a_key_stays_while_a_snapshot_needs_it(encrypted, calls):
    made = []

    class Aws:
        def __call__(self, service):
            return self

        def pages(self, service, operation, key, **arguments):
            listed = {
                "list_aliases": [{"AliasName": "alias/a"}],
                "describe_db_instance_automated_backups": [],
                "describe_db_snapshots": [{"DBSnapshotIdentifier": "s", "KmsKeyId": key} for key in encrypted],
            }
            return listed.get(operation, [])

        def __getattr__(self, operation):
            return lambda **arguments: made.append(operation)

    KMS_KEY.delete(Aws(), {"id": "id", "arn": "arn", "tags": {}})
    assert made == calls
