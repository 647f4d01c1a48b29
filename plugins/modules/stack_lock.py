#!/usr/bin/python
"""What the stack_lock action takes, and its documentation."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_lock
short_description: Hold a stack's lock while it is changed
version_added: "0.1.0"
description:
  - Takes and releases the lock of a stack, an object in its state bucket that only one run can make.
  - A lock is a lease. A process beside the run renews it while the run lives, and releases it when the run has ended
    in any way. Where it can't, the lock is free when its time is over, by AWS's own clock.
  - Tasks with O(ignore:lock) look before each of their writes whether the run still holds it, and stop if not.
  - It tells who holds it, where, since when and what for.
  - A stack that has no bucket yet has no lock either, unless O(first) makes it one.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  state:
    description: V(present) takes the lock, V(absent) releases it.
    type: str
    choices: [present, absent]
    default: present
  holder:
    description:
      - Whose lock V(absent) releases. V(self) is this run's own.
      - V(dead) is also anybody's that nobody renews any more, and a damaged one; V(any) is also that of a living run,
        which then stops, at the latest when its time is over.
    type: str
    choices: [self, dead, any]
    default: self
  purpose:
    description: What the lock is for, in a word or two.
    type: str
    default: apply
  seconds:
    description: How many seconds the lock holds without being renewed. It is renewed six times as often.
    type: int
    default: 180
  wait_seconds:
    description: For how many seconds to wait for another holder; V(0) fails at once.
    type: int
    default: 0
  although_paused:
    description: >-
      Whether the run may go on while a rollout is paused, because it is the one that continues or stops it. All others
      are refused.
    type: bool
    default: false
  first:
    description:
      - Make the bucket of a stack that has none, so that of two first runs only one makes the stack.
      - It is bare. M(flow_builder.aws.s3_bucket) then makes it what it is to be.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Takes and releases nothing.
    support: full
"""

EXAMPLES = r"""
- name: Take the lock
  flow_builder.aws.stack_lock:
    stack: flow-builder-dev
    wait_seconds: 600

- name: Release it
  flow_builder.aws.stack_lock:
    stack: flow-builder-dev
    state: absent
"""

RETURN = r"""
held:
  description: Whether this run holds the lock now.
  returned: success
  type: bool
msg:
  description: What was done, in words.
  returned: success
  type: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.lock import SECONDS
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import only_as_action

ARGUMENTS = {
    "stack": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "holder": {"type": "str", "choices": ["self", "dead", "any"], "default": "self"},
    "purpose": {"type": "str", "default": "apply"},
    "seconds": {"type": "int", "default": SECONDS},
    "wait_seconds": {"type": "int", "default": 0},
    "although_paused": {"type": "bool", "default": False},
    "first": {"type": "bool", "default": False},
}


def main():
    """Say that the action of this name does it."""
    only_as_action("stack_lock", ARGUMENTS)


if __name__ == "__main__":
    main()
