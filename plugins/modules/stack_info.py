#!/usr/bin/python
"""All live resources of a stack."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_info
short_description: List the live resources of a stack
version_added: "0.1.0"
description:
  - Asks AWS, in parallel, for every resource of a stack of every kind that the collection deploys.
  - Fails, and names each kind, where it is not allowed to look, since a partial list would pass for the whole.
author: The Flow Builder on AWS project (@flow-builder)
options:
  stack:
    description: The stack's name.
    type: str
    required: true
  kinds:
    description: Kinds to look for; all of them by default.
    type: list
    elements: str
  recorded:
    description: >-
      Look also for what the stack's tag doesn't tell: what its record knows, what an interrupted deletion left, and a
      state bucket that was never finished.
    type: bool
    default: false
  ending:
    description:
      - Look also for what matters to the stack's end, who else uses its resources, and what will stay or did stay.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
"""

EXAMPLES = r"""
- name: See what the stack has
  flow_builder.aws.stack_info:
    stack: flow-builder-dev
  register: found
"""

RETURN = r"""
resources:
  description: The live resources by kind, each a list; kinds without any are left out. Secrets are masked.
  returned: success
  type: dict
  sample: {vpc: [{id: vpc-0123456789abcdef0, name: flow-builder-dev-vpc}]}
names:
  description: What people call the resources, by kind.
  returned: success
  type: dict
  sample: {vpc: [flow-builder-dev-vpc]}
waves:
  description:
    - The kinds that have resources, in the order in which they can be deleted.
    - The state bucket is in none, since record and lock are deleted when all else is gone.
  returned: success
  type: list
  elements: list
  sample: [[ecs_service], [vpc]]
order:
  description: The resources in the order in which they can be deleted, as C(kind name).
  returned: success
  type: list
  elements: str
forgotten:
  description: By kind, what only the record knew, as it is recorded.
  returned: success
  type: dict
locked:
  description: Who is just changing the stack, so that it may be half made; else nothing.
  returned: success
  type: str
notes:
  description: What is wrong with the record, if anything is, and what waits for people.
  returned: success
  type: list
  elements: str
obstacles:
  description: With O(ending), what is somebody else's and keeps the stack from being deleted, a sentence each.
  returned: success
  type: list
  elements: str
leaves:
  description: With O(ending), what the deletion of the resources will leave, a sentence each.
  returned: success
  type: list
  elements: str
outside:
  description: Those of RV(leaves) that are where no look at AWS shows them.
  returned: success
  type: list
  elements: str
remains:
  description: With O(ending), what is left of resources that are deleted, with its end and its cost, a sentence each.
  returned: success
  type: list
  elements: str
count:
  description: How many resources there are.
  returned: success
  type: int
"""

from ansible_collections.flow_builder.aws.plugins.module_utils.engine import lease, record, remains, state
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.diff import show
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.elsewhere import known
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.stack import (
    forgotten,
    found,
    going,
    obstacles,
    waves,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.catalogue import KINDS, refuse_unknown


def info(aws, asked, check) -> dict:
    """Read what is asked for."""
    refuse_unknown(asked["kinds"] or [])
    stack = asked["stack"]
    locked, unrecorded = lease.others(aws, stack)
    recorded, damage = record.last(aws, stack) if asked["recorded"] or not asked["kinds"] else (None, [])
    begun = {one["kind"] for one in unrecorded + lease.inherited(aws, stack)}
    kinds = known(KINDS, begun | record.kinds_of(recorded))
    names = asked["kinds"] or list(kinds)
    live = found(aws, stack, [kinds[name] for name in names])
    more, lost, notes, last = [], {}, [], state.bucket(aws, stack)
    if asked["recorded"]:
        notes = damage
        lost = forgotten(aws, kinds, recorded, live)
        more = [lost, {name: kind.interrupted(aws, stack) for name, kind in kinds.items()}]
        more += [{"s3_bucket": [{"name": last}]}] if "s3_bucket" not in live and state.exists(aws, stack) else []
    for name, resources in (pair for by_kind in more for pair in by_kind.items() if pair[1]):
        live.setdefault(name, []).extend(resources)
    ending, leaves = {}, []
    if asked["ending"]:
        leaves = remains.foretold(live, kinds)
        ending = {
            "obstacles": obstacles(aws, live, kinds),
            "remains": remains.left(aws, stack, [kinds[name] for name in names]),
        }
    goes = {name: going(kinds[name], aws, stack, resources) for name, resources in live.items()}
    ordered = [wave for wave in ([name for name in wave if goes.get(name)] for wave in waves(kinds)) if wave]
    order = [(name, one) for wave in ordered for name in wave for one in goes[name]]
    order += [("s3_bucket", one) for one in live.get("s3_bucket", []) if one["name"] == last]
    return {
        "forgotten": {
            name: [show(kinds[name], resource) for resource in resources] for name, resources in lost.items()
        },
        "order": [f"{name} {kinds[name].label(one)}" for name, one in order],
        "resources": {
            name: [show(kinds[name], resource) for resource in resources] for name, resources in live.items()
        },
        "waves": ordered,
        "names": {name: [kinds[name].label(resource) for resource in resources] for name, resources in live.items()},
        "notes": notes + sorted(aws.notes),
        "locked": locked,
        "count": sum(map(len, live.values())),
        "leaves": [str(one) for one in leaves],
        "outside": [str(one) for one in leaves if one.outside],
        **ending,
    }


def main():
    """Run the module."""
    answer(
        info,
        {
            "stack": {"type": "str", "required": True},
            "kinds": {"type": "list", "elements": "str"},
            "recorded": {"type": "bool", "default": False},
            "ending": {"type": "bool", "default": False},
            "account_id": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
