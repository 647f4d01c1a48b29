#!/usr/bin/python
"""Documentation of the run_summary action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run_summary
short_description: What this run's tasks have done to a stack so far, or would do
version_added: "0.1.0"
description:
  - Returns the resources that the run's tasks were about, what was done to them or would be, and who runs it with what.
  - The AWS modules of this collection add to it themselves. Tasks of other collections that can't be checked are known
    only where the callback P(flow_builder.aws.summary#callback) is enabled.
author: The Flow Builder on AWS project (@flow-builder)
options:
  fail_on_unknown:
    description: Fail when a task could not be checked, so that a plan is never silently incomplete.
    type: bool
    default: true
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
"""

EXAMPLES = r"""
- name: What this run did
  flow_builder.aws.run_summary:
  register: summary
"""

RETURN = r"""
actions:
  description: What was done or would be, in order, each with action, kind, name, reason and changes field by field.
  returned: success
  type: list
  elements: dict
lines:
  description: The same, one line each, as the run's summary says them.
  returned: success
  type: list
  elements: str
counts:
  description: How many of each action.
  returned: success
  type: dict
unknown:
  description: The tasks that could not be checked, and why.
  returned: success
  type: list
  elements: str
notes:
  description: What people must know or still do.
  returned: success
  type: list
  elements: str
declared:
  description: Kind and name of each resource that a task was about.
  returned: success
  type: list
  elements: list
changed_resources:
  description: What was changed or would be, each with kind, name, action, changes and what was there before.
  returned: success
  type: list
  elements: dict
questions:
  description: What was asked of what no record has, each with action, arguments and the fingerprint of the answer.
  returned: success
  type: list
  elements: dict
unready:
  description: What was not yet ready for its users when a task saw it last.
  returned: success
  type: list
  elements: str
all_tasks:
  description: Whether the run has all its tasks, so no tags and no task to start at were chosen.
  returned: success
  type: bool
check:
  description: Whether any task ran in check mode.
  returned: success
  type: bool
run:
  description: User, host, git commit, versions of the collection and of ansible-core.
  returned: success
  type: dict
"""
