"""S3: what a new bucket has without being asked, and policies with conditions."""

import copy
import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models

from emulator.corrections import Obsolete, correction, replacing

ENCRYPTION = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


@correction("s3", "a new bucket is encrypted, private and without ACLs; it can't be without encryption")
def new_buckets():
    @replacing(models.FakeBucket, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.encryption = copy.deepcopy(ENCRYPTION)
        self.public_access_block = models.PublicAccessBlock("true", "true", "true", "true")
        self.ownership_rule = "BucketOwnerEnforced"

    @replacing(models.S3Backend, "delete_bucket_encryption")
    def delete(_original, self, bucket_name):
        self.get_bucket(bucket_name).encryption = copy.deepcopy(ENCRYPTION)


@correction("s3", "a policy's statement counts only while its condition holds; whoever calls the emulator came by TLS")
def conditions():
    @replacing(models.FakeBucket, "get_permission")
    def permission(_original, self, action, resource):
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = json.loads(self.policy.decode())
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        counting = [one for one in statements if not _insecure_only(one.get("Condition", {}))]
        document = json.dumps({**policy, "Statement": counting})
        return IAMPolicy(document).is_action_permitted(action, resource)


def _insecure_only(condition: dict) -> bool:
    """Say whether a condition holds for calls without TLS only."""
    return str(condition.get("Bool", {}).get("aws:SecureTransport", "")).lower() == "false"


@correction("s3", "a delete marker can be deleted, and the last one takes its key along")
def delete_markers():
    if hasattr(models.FakeDeleteMarker, "dispose"):
        raise Obsolete("moto disposes of delete markers now")
    models.FakeDeleteMarker.dispose = lambda self: None
