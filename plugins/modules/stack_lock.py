#!/usr/bin/python
"""One writer per stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_lock
short_description: Hold a stack's lock while it is changed
version_added: "0.1.0"
description:
  - Takes and releases the lock of a stack, an object in its state bucket that only one run can make.
  - A lock tells who holds it, where, since when and what for. It expires, so a killed run doesn't hold it for ever.
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
  id:
    description:
      - What an earlier task of the same run returned, so that it takes or releases its own lock.
      - V(*) releases whoever's lock it is.
    type: str
  purpose:
    description: What the lock is for, in a word or two.
    type: str
    default: apply
  seconds:
    description: After how many seconds the lock expires.
    type: int
    default: 7200
  wait_seconds:
    description: For how many seconds to wait for another holder; V(0) fails at once.
    type: int
    default: 0
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
  register: lock

- name: Release it
  flow_builder.aws.stack_lock:
    stack: flow-builder-dev
    state: absent
    id: "{{ lock.id }}"
"""

RETURN = r"""
id:
  description: What releases this lock.
  returned: success
  type: str
held:
  description: Whether the lock is held now.
  returned: success
  type: bool
msg:
  description: What was done, in words.
  returned: success
  type: str
"""

import getpass
import platform
import time
import uuid

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lock, state
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected, sentence
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.s3 import S3_BUCKET


def take(aws, asked, identifier):
    """Take the lock and say so."""
    stack = asked["stack"]
    holder = {
        "id": identifier,
        "owner": f"{getpass.getuser()} ({aws('sts').get_caller_identity()['Arn']})",
        "host": platform.node(),
        "purpose": asked["purpose"],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": asked["seconds"],
    }
    if not state.exists(aws, stack):
        if not asked["first"]:
            return False, f"{stack} has no bucket yet, and so no lock"
        S3_BUCKET.claim(aws, state.bucket(aws, stack))
    before = lock.take(aws, stack, holder, asked["wait_seconds"])
    if asked["first"]:
        S3_BUCKET.mark(aws, state.bucket(aws, stack), stack)
    if before and before.get("id") != identifier:
        return True, f"an expired lock was taken over: {lock.told(stack, before)}; its run was killed, it seems"
    return True, f"{stack} is locked for {asked['purpose']}"


def release(aws, asked):
    """Release the lock and say so."""
    released = lock.release(aws, asked["stack"], asked["id"] or "")
    return lock.told(asked["stack"], released) + "; released" if released else "there was no such lock"


def main():
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "stack": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "id": {"type": "str"},
            "purpose": {"type": "str", "default": "apply"},
            "seconds": {"type": "int", "default": 7200},
            "wait_seconds": {"type": "int", "default": 0},
            "first": {"type": "bool", "default": False},
        },
        required_if=[("state", "absent", ("id",))],
        supports_check_mode=True,
    )
    asked = module.params
    identifier = asked["id"] or uuid.uuid4().hex
    if module.check_mode:
        module.exit_json(changed=False, id=identifier, held=False, msg="check mode takes no lock")
    try:
        aws = Aws.of_module(module)
        held, told = take(aws, asked, identifier) if asked["state"] == "present" else (False, release(aws, asked))
    except Exception as error:
        if not expected(error):
            raise
        module.fail_json(msg=sentence(error))
    # A lock is no change of the stack.
    module.exit_json(changed=False, id=identifier, held=held, msg=told)


if __name__ == "__main__":
    main()
