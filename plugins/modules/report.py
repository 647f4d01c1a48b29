#!/usr/bin/python
"""Documentation of the report action."""

from __future__ import annotations

DOCUMENTATION = r"""
module: report
short_description: Write the pages of a report
version_added: "0.1.0"
description:
  - Fills the templates C(<name>.<format>.j2) of the folder C(templates) beside the playbook, and writes them where the
    playbook runs, in check mode, too. A report is no change of a stack.
author: The Flow Builder on AWS project (@flow-builder)
options:
  directory:
    description: The folder of the pages, which is made where there is none.
    type: path
    required: true
  name:
    description: The report's name, of which its files and their templates are named.
    type: str
    required: true
  formats:
    description: The endings of its files.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    description: It writes the report of the check.
    support: full
  diff_mode:
    description: It changes nothing of a stack.
    support: none
"""

EXAMPLES = r"""
- name: Write plan.json and plan.html
  flow_builder.aws.report:
    directory: reports/flow-builder-dev
    name: plan
    formats: [json, html]
"""

RETURN = r"""
pages:
  description: The files that were written.
  returned: success
  type: list
  elements: str
  sample: [reports/flow-builder-dev/plan.json, reports/flow-builder-dev/plan.html]
"""
