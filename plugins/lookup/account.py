"""The account of a run that begins at a later task, and so has no task that asks for it."""

from __future__ import annotations

import functools
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError, AnsibleUndefinedVariable
from ansible.plugins.lookup import LookupBase
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.aws import Aws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import expected, sentence
from ansible_collections.flow_builder.aws.plugins.modules.account_info import account

DOCUMENTATION = """
name: account
short_description: The account of a run that begins at a later task
version_added: "0.1.0"
description:
  - Returns what M(flow_builder.aws.account_info) returns, in a run with C(--start-at-task), which skips the task that
    asks. In any other run it fails as the variable does that this task registers, and asks nothing of AWS.
author: The Flow Builder on AWS project (@flow-builder)
options:
  _terms:
    description: The name of the variable that is missing.
    type: str
    required: true
  region:
    description: The region.
    type: str
    required: true
  expected:
    description: The account that is meant; empty for any.
    type: str
    default: ""
"""

EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ lookup('flow_builder.aws.account', '__stack_account', region='us-east-1') }}"
"""

RETURN = """
_raw:
  description: The account, its partition and the availability zones of the region.
  type: list
  elements: dict
"""


class LookupModule(LookupBase):
    """Ask for the account."""

    def run(self, terms: list, variables: dict | None = None, **options: Any) -> list:
        """Return account, partition and zones."""
        self.set_options(var_options=variables, direct=options)
        if not context.CLIARGS.get("start_at_task"):
            raise AnsibleUndefinedVariable(f"'{terms[0]}' is undefined")
        try:
            return [_asked(self.get_option("region"), self.get_option("expected"))]
        except Exception as error:
            if not expected(error):
                raise
            raise AnsibleLookupError(sentence(error)) from error


@functools.cache
def _asked(region: str, meant: str) -> dict:
    aws = Aws.of_arguments({"region": region})
    return account(aws, {"expected": meant, "zones": True, "availability_zones": [], "zone_count": 0}, True)
