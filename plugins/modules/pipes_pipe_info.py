#!/usr/bin/python
"""Looks pipes up."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pipes_pipe_info
short_description: Look up EventBridge pipes
version_added: "0.1.0"
description:
  - Returns one pipe by name, or all pipes of a stack, with their parameters and state.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The pipe's name.
    type: str
  stack:
    description: The stack whose pipes are meant, by their tag C(Stack).
    type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Only reads.
    support: full
"""

EXAMPLES = r"""
- name: See whether the pipe runs
  flow_builder.aws.pipes_pipe_info:
    name: flow-builder-dev-ultra-worker-pipe
  register: pipe
"""

RETURN = r"""
pipes:
  description: The pipes that were found.
  returned: success
  type: list
  elements: dict
  sample: [{name: flow-builder-dev-ultra-worker-pipe, state: RUNNING}]
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import during
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.pipes import PIPE


def pipes(aws, asked, check) -> dict:
    """Return the pipe of a name, or a stack's."""
    with during("pipes"):
        found = [PIPE.find(aws, {"name": asked["name"]})] if asked["name"] else PIPE.stack(aws, asked["stack"])
    return {"pipes": [pipe for pipe in found if pipe]}


def main():
    """Run the module."""
    answer(
        pipes,
        {"name": {"type": "str"}, "stack": {"type": "str"}},
        required_one_of=[("name", "stack")],
        mutually_exclusive=[("name", "stack")],
    )


if __name__ == "__main__":
    main()
