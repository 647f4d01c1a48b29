"""One look at the whole stack, for the tasks to come."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_look
short_description: Look at a whole stack at once, for the tasks to come
version_added: "0.1.0"
description:
  - Lists the stack's resources of all kinds in parallel and keeps them in the run's memory. As long as the run writes
    nothing, later tasks that find their resource there as they want it ask AWS nothing.
  - Changes no result. Where the list lacks a resource, or shows it otherwise, its task asks AWS itself; the first write
    ends it all. Without the callback P(flow_builder.aws.preload#callback) there is no such memory, and nothing is read.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name. One without its bucket is new, and not looked at.
    type: str
    required: true
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
- name: Look at the whole stack at once
  flow_builder.aws.stack_look:
    stack: flow-builder-dev
"""

RETURN = r"""
count:
  description: How many resources were seen.
  returned: success
  type: int
"""

from concurrent.futures import ThreadPoolExecutor

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import prefetch, record, state
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.cache import PrefetchAws
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.survey import THREADS, lists
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS


def look(aws, asked, check) -> dict:
    """Keep what a stack has, and return how much that is. A kind that can't be listed is left to its tasks."""
    stack = asked["stack"]
    # The bucket alone says nothing: a new stack's has only its lock.
    if not prefetch.shared() or not state.holds(aws, stack, record.KEY):
        return {"count": 0}
    memory = PrefetchAws(aws, stack)
    with ThreadPoolExecutor(THREADS) as pool:
        listed = lists(pool, memory, stack, KINDS)
    seen = {name: lives for name, (lives, told) in listed.items() if not told}
    prefetch.store(aws, stack, seen)
    return {"count": sum(map(len, seen.values()))}


def main():
    """Run the module."""
    answer(look, {"stack": {"type": "str", "required": True}, "account_id": {"type": "str"}})


if __name__ == "__main__":
    main()
