#!/usr/bin/python
"""The image that holds a place until the first release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_bootstrap_image
short_description: Keep a tiny image in an ECR repository until the first release
version_added: "0.1.0"
description:
  - AWS creates a Lambda function, and starts a container, only from an image that lies in ECR, but the infrastructure
    comes before the first build. This module pushes a tiny image with the tag V(bootstrap) by ECR's own calls, so
    nothing has to be built, and no container engine is needed.
  - The image is valid and holds one text file. Nothing is meant to run it.
  - Its bytes are the same everywhere, so its digest is known in check mode, before the repository exists.
author: The Flow Builder on AWS project (@flow-builder)
options:
  repository:
    description: The repository's name.
    type: str
    required: true
  architecture:
    description: The processor that the image says it is for, when it is made.
    type: str
    choices: [amd64, arm64]
    default: amd64
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine
"""

EXAMPLES = r"""
- name: Hold the scheduler's place
  flow_builder.aws.ecr_bootstrap_image:
    repository: flow-builder-dev-scheduler
"""

RETURN = r"""
resource:
  description: The image as it is afterwards, or in check mode as it would be; empty when it is absent.
  returned: success
  type: dict
  sample:
    repository: flow-builder-dev-api
    image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api@sha256:...
action:
  description: What was done, or would be, V(none), V(create), V(update), V(replace) or V(delete).
  returned: success
  type: str
  sample: create
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import run
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ecr import BOOTSTRAP_IMAGE


def main():
    """Run the module."""
    run(
        BOOTSTRAP_IMAGE,
        {
            "repository": {"type": "str", "required": True},
            "architecture": {"type": "str", "choices": ["amd64", "arm64"], "default": "amd64"},
        },
    )


if __name__ == "__main__":
    main()
