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
  stack:
    description: The stack's name, of which those of repositories, services and functions are made.
    type: str
    required: true
  components:
    description:
      - The components, as C(stack_all_components) has them; of each C(name), C(type) and C(image) are read, and the
        image is by digest or by a tag other than V(latest), or empty.
      - A service runs what its service has. A task is what the stack's pipe starts, or the newest of its family.
    type: list
    elements: dict
    required: true
  architecture:
    description: The processor of bootstrap images.
    type: str
    choices: [amd64, arm64]
    default: amd64
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
    stack: flow-builder-dev
    components:
      - name: api
        type: service
        image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/flow-builder-dev-api:v1.4.2
      - name: scheduler
        type: function
        image: ""
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

from ansible_collections.flow_builder.aws.plugins.module_utils.components import FUNCTION, TASK
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import during
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.names import name
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.images import chosen


def placed(stack, component, architecture) -> dict:
    """Return where a component's image lies and who runs it, as ``chosen`` has it."""
    one, kind = component["name"], component["type"]
    made = {"repository": name("repository", stack, one), "image": component["image"], "architecture": architecture}
    if kind == FUNCTION:
        return made | {"function": name("function", stack, one)}
    service = name("service", stack, one)
    by_pipe = {"pipe": name("pipe", stack), "family": service} if kind == TASK else {}
    return made | {"service": {"cluster": name("cluster", stack), "name": service, "container": one, **by_pipe}}


def images(aws, asked, check) -> dict:
    """Return each component's image."""
    found = {}
    with ThreadPoolExecutor() as pool:
        answers = {
            one["name"]: pool.submit(chosen, aws, placed(asked["stack"], one, asked["architecture"]), check=check)
            for one in asked["components"]
        }
    for component, waited in answers.items():
        with during(f"image of {component}"):
            found[component] = waited.result()
    waiting = [component for component, image in found.items() if not image["released"]]
    notes = [f"{', '.join(waiting)}: not released yet, so there is nothing to run"] if waiting else []
    return {"images": found, "notes": notes}


def main():
    """Run the module."""
    answer(
        images,
        {
            "stack": {"type": "str", "required": True},
            "components": {"type": "list", "elements": "dict", "required": True},
            "architecture": {"type": "str", "choices": ["amd64", "arm64"], "default": "amd64"},
            "account_id": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
