#!/usr/bin/python
"""The images that ECR never expires."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_protected_images
short_description: Protect images in an ECR repository from its lifecycle policy
version_added: "0.1.0"
description:
  - ECR's lifecycle policies know tags, counts and ages, and not what runs. This module gives images that must stay a
    tag that begins with V(keep-), for which the role registry's policy has a rule of its own.
  - Images that are protected already stay so. When another one comes, those lose the tag that are neither named here
    nor of a release that a rollback may go to; an image never loses its last tag, with which ECR would delete it.
  - It is a module of our own because no module of the community's tags images by ECR's own calls.
author: The Flow Builder on AWS project (@flow-builder)
options:
  repository:
    description: The repository's name.
    type: str
    required: true
  digests:
    description: The images that must stay, by digest. One that isn't there is left out.
    type: list
    elements: str
    default: []
  stack:
    description: The stack whose releases need images as well.
    type: str
    required: true
  keep_releases:
    description: To how many releases before the one that runs a rollback may go.
    type: int
    default: 10
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: Keep what runs
  flow_builder.aws.ecr_protected_images:
    repository: flow-builder-dev-api
    digests: ["sha256:0a1b..."]
    stack: flow-builder-dev
"""

RETURN = r"""
resource:
  description: The repository and its protected images, or in check mode those that were asked for; empty without any.
  returned: success
  type: dict
  sample: {repository: flow-builder-dev-api, digests: ["sha256:0a1b..."]}
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr_protected import PROTECTED_IMAGES


def main():
    """Run the module."""
    run(
        PROTECTED_IMAGES,
        {
            "repository": {"type": "str", "required": True},
            "digests": {"type": "list", "elements": "str", "default": []},
            "stack": {"type": "str", "required": True},
            "keep_releases": {"type": "int", "default": 10},
        },
    )


if __name__ == "__main__":
    main()
