#!/usr/bin/python
"""ECR repositories."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_ecr
short_description: Manage an ECR repository
version_added: "0.1.0"
description:
  - Creates, changes and deletes a repository with its policies, scanning and tags.
  - O(state=absent) deletes the images too.
  - Ours because C(community.aws.ecs_ecr) 11.2.0 fails in check mode when the repository of a lifecycle policy doesn't
    exist yet, says skipped there, and writes no tags.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The repository's name.
    type: str
    required: true
  image_tag_mutability:
    description: Whether a tag may be moved to another image.
    type: str
    choices: [MUTABLE, IMMUTABLE]
  scan_on_push:
    description: Whether an image is scanned for known faults when it is pushed.
    type: bool
  encryption_type:
    description: How images are encrypted. It can't be changed afterwards.
    type: str
    choices: [AES256, KMS]
  kms_key:
    description: ARN of the key, with O(encryption_type=KMS); unsaid, AWS's own. It can't be changed afterwards.
    type: str
  lifecycle_policy:
    description: The lifecycle policy; an empty one removes it.
    type: dict
  policy:
    description: The repository's policy; an empty one removes it.
    type: dict
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
  - flow_builder.aws.engine.tags
"""

EXAMPLES = r"""
- name: Keep the API's images
  flow_builder.aws.ecs_ecr:
    name: flow-builder-dev-api
    image_tag_mutability: IMMUTABLE
    scan_on_push: true
    tags:
      Stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The repository as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample: {name: flow-builder-dev-api, uri: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr import REPOSITORY


def main():
    """Run the module."""
    run(
        REPOSITORY,
        {
            "name": {"type": "str", "required": True},
            "image_tag_mutability": {"type": "str", "choices": ["MUTABLE", "IMMUTABLE"]},
            "scan_on_push": {"type": "bool"},
            "encryption_type": {"type": "str", "choices": ["AES256", "KMS"]},
            "kms_key": {"type": "str", "no_log": False},
            "lifecycle_policy": {"type": "dict"},
            "policy": {"type": "dict"},
        },
    )


if __name__ == "__main__":
    main()
