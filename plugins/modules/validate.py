#!/usr/bin/python
"""Documentation of the validate action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: validate
short_description: Check all variables before the first AWS call
version_added: "0.1.0"
description:
  - Checks the variables of roles against their argument specifications, all at once, and against what AWS takes where
    one variable depends on another, such as cpu and memory of Fargate.
  - Checks the variables that playbooks have of their own against the specifications beside them,
    C(<playbook>.meta.yml).
  - Refuses variables that are named like ours and aren't, such as C(database_instnace_class).
  - Values made of what a later task registers are not known yet and left out.
  - Fails once, with a sentence for each fault. Secret values are never shown.
author: The Flow Builder on AWS project (@flow-builder)
options:
  roles:
    description: The roles, with or without the collection's name; by default those of the play.
    type: list
    elements: str
  fingerprint:
    description: Return a fingerprint of what decides an apply, too.
    type: bool
    default: false
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: Check all variables of the play
  flow_builder.aws.validate:

- name: Check those of two roles
  flow_builder.aws.validate:
    roles: [stack, network]
"""

RETURN = r"""
inputs:
  description:
    - A fingerprint of what decides an apply, for M(flow_builder.aws.stack_unchanged) - all variables but the values of
      secrets, the collection's files, and the versions of what runs them.
    - Empty where a variable may be another one each time, such as one that is made with C(lookup) of what a task
      registers.
  returned: when asked for
  type: str
msg:
  description: A sentence for each fault.
  returned: failure
  type: str
  sample: |-
    1 fault in the variables of flow-builder-dev:
    - stack_components.api.cpu is 300: Fargate has 256, 512, 1024, 2048, 4096, 8192, 16384
"""
