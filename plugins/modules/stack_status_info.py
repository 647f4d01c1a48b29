#!/usr/bin/python
"""How a stack is."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_status_info
short_description: Tell how a stack is, and what is wrong with it
version_added: "0.1.0"
description:
  - Looks at the whole stack once, compares it with its record, and reads what only AWS's words of the moment tell -
    tasks, queues, alarms, the database's state and backups, certificates, pipes, schedules, the lock.
  - Writes nothing. What the caller may not read is told as unreadable, and such a stack is never called healthy.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  since:
    description: How far back metrics are shown, in minutes, hours or days up to V(455d), as V(24h); unsaid, none are.
    type: str
  ignored_tags:
    description: Patterns of the keys of tags that somebody else puts on resources; they are no drift.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: It only reads.
    support: full
"""

EXAMPLES = r"""
- name: How is it?
  flow_builder.aws.stack_status_info:
    stack: flow-builder-dev
    since: 24h
  register: status
"""

RETURN = r"""
verdict:
  description: V(healthy), V(unhealthy), or V(unknown) where nothing is wrong but something could not be read.
  returned: success
  type: str
problems:
  description: What is wrong, each with component and summary.
  returned: success
  type: list
  elements: dict
  sample: [{component: queue, summary: 3 messages failed and are kept in flow-builder-dev-workflow-dlq}]
notices:
  description: What is to be known, in the same shape.
  returned: success
  type: list
  elements: dict
unreadable:
  description: What could not be read, and why.
  returned: success
  type: dict
facts:
  description:
    - By part (drift, lock, release, services, tasks, queues, ages, database, storage, certificates, alarms, pipes,
      schedules, subscriptions, series) what was seen. A part that could not be read is null.
    - Ages are seconds, storage is GiB, times are UTC.
  returned: success
  type: dict
lines:
  description: The screen, line by line.
  returned: success
  type: list
  elements: str
time:
  description: When it was looked at, in UTC.
  returned: success
  type: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.operations import metrics, screen
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.status import status
from ansible_collections.flow_builder.aws.plugins.module_utils.operations.times import duration


def info(aws, asked, check) -> dict:
    """Read it."""
    aws.ignored_tags = tuple(asked["ignored_tags"])
    since = duration(asked["since"], "status_since") if asked["since"] else None
    told = status(aws, asked["stack"], metrics.utc_now(), since)
    return {
        "verdict": told.verdict,
        "problems": told.problems,
        "notices": told.notices,
        "unreadable": told.unreadable,
        "facts": told.facts,
        "lines": screen.lines(told),
        "time": told.now.isoformat(),
    }


def main():
    """Run the module."""
    answer(
        info,
        {
            "stack": {"type": "str", "required": True},
            "since": {"type": "str"},
            "ignored_tags": {"type": "list", "elements": "str", "default": []},
        },
    )


if __name__ == "__main__":
    main()
