"""S3: what a new bucket has without being asked."""

import copy

from moto.s3 import models

from emulator.corrections import correction, replacing

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
