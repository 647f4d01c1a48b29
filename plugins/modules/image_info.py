#!/usr/bin/python
"""Which image each component is to run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: image_info
short_description: Say which image each component of a stack is to run
version_added: "0.1.0"
description:
  - An image that is said is taken, by its digest, if it lies in the component's repository.
  - Otherwise what runs now is kept, because after the first release the releases own it.
  - Otherwise it is the bootstrap image, and the component isn't released yet.
author: The Flow Builder on AWS project (@flow-builder)
options:
  components:
    description: The components.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The component's name, the key of its answer.
        type: str
        required: true
      repository:
        description: Name of its ECR repository.
        type: str
        required: true
      image:
        description: Its image, by digest or by a tag other than V(latest); empty for none.
        type: str
        default: ""
      architecture:
        description: The processor of its bootstrap image.
        type: str
        choices: [amd64, arm64]
        default: amd64
      function:
        description: Name of the Lambda function that runs it.
        type: str
      service:
        description: The ECS service that runs it.
        type: dict
        suboptions:
          cluster:
            description: Name of the cluster.
            type: str
            required: true
          name:
            description: Name of the service.
            type: str
            required: true
          container:
            description: Name of the container.
            type: str
            required: true
          pipe:
            description: Name of the pipe that starts it where there is no such service.
            type: str
          family:
            description: The family of task definitions whose newest is meant where there is neither.
            type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
attributes:
  check_mode:
    description: Reads as always. What lies in a repository that isn't made yet is not looked for.
    support: full
"""

EXAMPLES = r"""
- name: What the API and the scheduler are to run
  flow_builder.aws.image_info:
    components:
      - name: api
        repository: flow-builder-dev-api
        image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api:v1.4.2
        service: {cluster: flow-builder-dev-cluster, name: flow-builder-dev-api, container: api}
      - name: scheduler
        repository: flow-builder-dev-scheduler
        function: flow-builder-dev-scheduler
"""

RETURN = r"""
images:
  description:
    - For each component its image by digest, whether that is a release, its repository, and under C(protected) the
      digests of this image and of what runs until it does, but for the bootstrap image's.
  returned: success
  type: dict
  sample:
    api:
      image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api@sha256:...
      released: true
      protected: ["sha256:..."]
      repository_arn: arn:aws:ecr:us-east-1:123456789012:repository/flow-builder-dev-api
      repository_uri: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api
notes:
  description: Which components aren't released yet, for the end of a run.
  returned: success
  type: list
  elements: str
  sample: ["scheduler: not released yet, so there is nothing to run"]
"""

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import during
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.images import chosen

COMPONENT = {
    "name": {"type": "str", "required": True},
    "repository": {"type": "str", "required": True},
    "image": {"type": "str", "default": ""},
    "architecture": {"type": "str", "choices": ["amd64", "arm64"], "default": "amd64"},
    "function": {"type": "str"},
    "service": {
        "type": "dict",
        "options": {
            "cluster": {"type": "str", "required": True},
            "name": {"type": "str", "required": True},
            "container": {"type": "str", "required": True},
            "pipe": {"type": "str"},
            "family": {"type": "str"},
        },
    },
}


def images(aws, asked, check) -> dict:
    """Return each component's image."""
    found = {}
    with ThreadPoolExecutor() as pool:
        answers = {one["name"]: pool.submit(chosen, aws, one, check=check) for one in asked["components"]}
    for name, waited in answers.items():
        with during(f"image of {name}"):
            found[name] = waited.result()
    waiting = [name for name, image in found.items() if not image["released"]]
    notes = [f"{', '.join(waiting)}: not released yet, so there is nothing to run"] if waiting else []
    return {"images": found, "notes": notes}


def main():
    """Run the module."""
    answer(
        images,
        {
            "components": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": COMPONENT,
                "required_one_of": [("function", "service")],
                "mutually_exclusive": [("function", "service")],
            },
            "account_id": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
