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
    want = KMS_KEY.want({"alias": "alias/a", "policy": document, "enable_key_rotation": True, "pending_window": 7})
    there = {"enabled": True, "enable_key_rotation": True, "policy": {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt"}]}}
    assert KMS_KEY.compare({**there, **live}, want) == changes
