"""What every module on the engine takes."""

from __future__ import annotations

# What a play says once, by module_defaults, to all that the engine writes.
SAID_TO_ALL = r"""  account_id:
    description: The account's number, for the ARNs of what a check run doesn't make. Unsaid, AWS is asked for it.
    type: str
  ignored_tags:
    description: Patterns of the keys of tags that somebody else puts on resources; they are kept as they are.
    type: list
    elements: str
    default: []
  may_lose:
    description: >-
      The resources, each as V(kind/name), of which a write may destroy what nobody can bring back: messages, backups,
      logs, images, the value of a secret. Of any other it's refused.
    type: list
    elements: str
    default: []
  lock:
    description:
      - A stack whose lock the run must hold to write. Before each write a local file says whether it still does, and
        the first one of a run that has no lock takes it. Unsaid, nothing is asked for.
      - M(flow_builder.aws.stack_lock) takes it at the beginning of a run.
    type: str
  stack_region:
    description:
      - The region of the stack, for a resource that is in another one. Such a resource is recorded, compared and
        deleted there; its kind is called with its region, for example V(log_group@us-east-1).
      - Unsaid, the stack is where the resource is.
    type: str
"""


class ModuleDocFragment:
    """Options of every module of ours."""

    DOCUMENTATION = (
        r"""
options:
  state:
    description: Whether the resource is to be there.
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: Wait until the resource is ready for its users, or gone.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at the most.
    type: int
    default: 1800
"""
        + SAID_TO_ALL
        + r"""notes:
  - In check mode nothing is written, and RV(ignore:resource) has the shape that it would have, with placeholders for
    what only AWS can make up.
attributes:
  check_mode:
    description: Says exactly what a real run would change, and changes nothing.
    support: full
  diff_mode:
    description: Returns the resource before and after, with secrets masked.
    support: full
"""
    )

    ACCOUNT = r"""
options:
  account_id:
    description: The account's number. Unsaid, AWS is asked for it.
    type: str
"""

    LOCK = r"""
options:
  lock:
    description: A stack whose lock the run must hold to write. Unsaid, nothing is asked for.
    type: str
"""

    SAID = (
        "\noptions:\n"
        + SAID_TO_ALL
        + r"""attributes:
  check_mode:
    description: Says exactly what a real run would change, and changes nothing.
    support: full
  diff_mode:
    description: Returns each resource before and after, with secrets masked.
    support: full
"""
    )

    TAGS = r"""
options:
  tags:
    description: The resource's tags.
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Remove tags that O(tags) doesn't name. AWS's own are never touched.
    type: bool
    default: true
"""
