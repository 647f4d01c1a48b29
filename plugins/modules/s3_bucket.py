#!/usr/bin/python
"""S3 buckets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket
short_description: Manage a private S3 bucket
version_added: "0.1.0"
description:
  - Creates, changes and deletes a bucket, with its versioning, encryption, access, policy, lifecycle and tags.
  - Deleting empties it first, every version of every object.
  - Ours because C(amazon.aws.s3_bucket) and C(community.aws.s3_lifecycle) have no check mode, so that a plan skips
    them.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The bucket's name.
    type: str
    required: true
  versioning:
    description: Keep the old versions of objects.
    type: bool
  encryption:
    description: How objects are encrypted.
    type: str
    choices: [AES256, "aws:kms"]
  encryption_key_id:
    description: ARN of the key, with O(encryption=aws:kms).
    type: str
  bucket_key_enabled:
    description: Let one data key of the bucket stand for a call of KMS per object.
    type: bool
  public_access:
    description: What keeps the public out.
    type: dict
    suboptions:
      block_public_acls:
        description: Refuse public ACLs.
        type: bool
        default: true
      ignore_public_acls:
        description: Ignore public ACLs.
        type: bool
        default: true
      block_public_policy:
        description: Refuse public policies.
        type: bool
        default: true
      restrict_public_buckets:
        description: Keep a public bucket to its own account.
        type: bool
        default: true
  object_ownership:
    description: Who owns objects; V(BucketOwnerEnforced) turns ACLs off.
    type: str
    choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
  policy:
    description: The bucket's policy.
    type: dict
  lifecycle_rules:
    description: All lifecycle rules. Others are removed.
    type: list
    elements: dict
    suboptions:
      id:
        description: The rule's name.
        type: str
        required: true
      prefix:
        description: Objects whose key begins like this.
        type: str
        default: ""
      expiration_days:
        description: Days after which objects expire.
        type: int
      noncurrent_days:
        description: Days after which old versions are removed.
        type: int
      abort_multipart_days:
        description: Days after which unfinished uploads are removed.
        type: int
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Keep records, each version for 90 days
  flow_builder.aws.s3_bucket:
    name: flow-builder-dev-state-123456789012-us-east-1
    versioning: true
    public_access: {}
    object_ownership: BucketOwnerEnforced
    lifecycle_rules:
      - id: versions
        noncurrent_days: 90
"""

RETURN = r"""
resource:
  description: The bucket as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-state-123456789012-us-east-1, versioning: true, arn: "arn:aws:s3:::flow-..."}
action:
  description: What was done, or would be, V(none), V(create), V(update) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.s3 import ACCESS, RULE, S3_BUCKET


def main():
    """Run the module."""
    run(
        S3_BUCKET,
        {
            "name": {"type": "str", "required": True},
            "versioning": {"type": "bool"},
            "encryption": {"type": "str", "choices": ["AES256", "aws:kms"]},
            "encryption_key_id": {"type": "str", "no_log": False},
            "bucket_key_enabled": {"type": "bool", "no_log": False},
            "public_access": {
                "type": "dict",
                "options": {field: {"type": "bool", "default": True} for field in ACCESS},
            },
            "object_ownership": {
                "type": "str",
                "choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
            },
            "policy": {"type": "dict"},
            "lifecycle_rules": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "id": {"type": "str", "required": True},
                    "prefix": {"type": "str", "default": ""},
                    **{field: {"type": "int"} for field in RULE},
                },
            },
        },
    )


if __name__ == "__main__":
    main()
