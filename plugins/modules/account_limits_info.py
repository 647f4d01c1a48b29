#!/usr/bin/python
"""Whether an account may have what a stack needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: account_limits_info
short_description: Refuse a stack that an account may not have
version_added: "0.1.0"
description:
  - Compares what a stack needs and doesn't have yet with the account's quotas and with what is used of them, before
    anything is written. Fails with a sentence for each limit that the stack would exceed, which names the variable to
    change and the quota to raise.
  - Asks Service Quotas, and the services themselves where they tell their own limits. What the caller may not ask is a
    note.
  - A stack that has all that it needs costs one call.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  demands:
    description: What the stack needs, role by role.
    type: list
    elements: dict
    required: true
    suboptions:
      limit:
        description: The limit that counts it.
        type: str
        required: true
        choices:
          - db_instances
          - db_storage
          - elastic_ips
          - fargate
          - instances
          - internet_gateways
          - lambda_concurrency
          - nat_gateways
          - vpcs
      count:
        description: How many are needed; of a service, how many tasks at the most.
        type: int
        default: 1
      amount:
        description: How much of the limit each one takes.
        type: float
        default: 1
      by:
        description: The variables that ask for it, with their values.
        type: dict
        default: {}
      name:
        description: The end of its name, where only this very one counts.
        type: str
      zones:
        description: The availability zones in each of which they are needed, where the limit is of a zone.
        type: list
        elements: str
        default: []
      cpu:
        description: CPU units of a service's task; 1024 are a vCPU.
        type: int
      strategy:
        description: A service's capacity providers, each with C(capacity_provider), C(base) and C(weight).
        type: list
        elements: dict
        default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
attributes:
  check_mode:
    description: Only reads.
    support: full
"""

EXAMPLES = r"""
- name: May the account have it?
  flow_builder.aws.account_limits_info:
    stack: flow-builder-dev
    demands:
      - limit: elastic_ips
        count: 2
        by: {network_nat: gateway_per_zone}
"""

RETURN = r"""
notes:
  description: What could not be looked at.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import EngineError
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.limits import ASKED, judge


def limits(aws, asked, check) -> dict:
    """Return notes. Raises EngineError where a limit would be exceeded."""
    stack = asked["stack"]
    refused, notes = judge(aws, stack, asked["demands"])
    if refused:
        count = f"{len(refused)} limits" if len(refused) > 1 else "1 limit"
        told = "\n".join(f"- {one}" for one in refused)
        raise EngineError(f"{count} of the account would be exceeded by {stack}, and nothing was written:\n{told}")
    return {"notes": notes}


def main():
    """Run the module."""
    demand = {
        "limit": {"type": "str", "required": True, "choices": list(ASKED)},
        "count": {"type": "int", "default": 1},
        "amount": {"type": "float", "default": 1},
        "by": {"type": "dict", "default": {}},
        "name": {"type": "str"},
        "zones": {"type": "list", "elements": "str", "default": []},
        "cpu": {"type": "int"},
        "strategy": {"type": "list", "elements": "dict", "default": []},
    }
    answer(
        limits,
        {
            "stack": {"type": "str", "required": True},
            "demands": {"type": "list", "elements": "dict", "required": True, "options": demand},
            "account_id": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
