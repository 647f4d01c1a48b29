"""S3: what a new bucket has without being asked, and policies with conditions."""

import copy
import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3 import models
from moto.s3.exceptions import CopyObjectMustChangeSomething

from emulator.corrections import Obsolete, correction, replacing

ENCRYPTION = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": "false"}}


class Unasked(dict):
    """The encryption of a bucket for which nobody has asked for any."""


@correction("s3", "a new bucket is encrypted, private and without ACLs; it can't be without encryption")
def new_buckets():
    @replacing(models.FakeBucket, "__init__")
    def init(original, self, *args, **kwargs):
        original(self, *args, **kwargs)
        self.encryption = Unasked(copy.deepcopy(ENCRYPTION))
        self.public_access_block = models.PublicAccessBlock("true", "true", "true", "true")
        self.ownership_rule = "BucketOwnerEnforced"

    @replacing(models.S3Backend, "delete_bucket_encryption")
    def delete(_original, self, bucket_name):
        self.get_bucket(bucket_name).encryption = Unasked(copy.deepcopy(ENCRYPTION))

    @replacing(models.S3Backend, "copy_object")
    def copy_object(original, self, source, bucket_name, name, **given):
        """Refuse a copy in place that changes nothing, for which moto takes a bucket that isn't encrypted."""
        changed = [given.get(one) for one in ("storage", "encryption", "website_redirect_location")]
        in_place = (source.bucket_name, source.name) == (bucket_name, name)
        unchanged = not any(changed) and given.get("mdirective") != "REPLACE" and source.encryption in (None, "AES256")
        bucket = self.get_bucket(bucket_name)
        earlier = bucket.is_versioned and given.get("provided_version_id")
        if in_place and unchanged and not earlier and isinstance(bucket.encryption, Unasked):
            raise CopyObjectMustChangeSomething
        original(self, source, bucket_name, name, **given)


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
