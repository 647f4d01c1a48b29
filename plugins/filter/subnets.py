"""Subnet ranges of a VPC as a filter, because ansible.utils would be a dependency for one line of arithmetic."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from ansible.errors import AnsibleFilterError

DOCUMENTATION = """
name: subnets
short_description: Cut equal subnets out of a range
version_added: "0.1.0"
description:
  - Returns subnets of a range, each as long as V(prefix), beginning with the one at V(offset).
positional: count, offset, prefix
options:
  _input:
    description: The range, for example V(10.0.0.0/16).
    type: str
    required: true
  count:
    description: How many.
    type: int
    required: true
  offset:
    description: How many subnets of this size lie before the first.
    type: int
    default: 0
  prefix:
    description: The prefix length of each.
    type: int
    default: 24
"""

EXAMPLES = """
- ansible.builtin.debug:
    msg: "{{ '10.0.0.0/16' | flow_builder.aws.subnets(2, 10) }}"  # [10.0.10.0/24, 10.0.11.0/24]
"""

RETURN = """
_value:
  description: The subnets.
  type: list
  elements: str
"""


def _subnets(cidr: str, count: int, offset: int = 0, prefix: int = 24) -> list[str]:
    try:
        network: Any = ip_network(cidr)  # of either version, and so are its subnets
    except ValueError as error:
        raise AnsibleFilterError(f"{cidr!r} is no range of addresses: {error}") from error
    size = 2 ** (network.max_prefixlen - prefix)
    first = int(network.network_address) + offset * size
    made = [ip_network((first + number * size, prefix)) for number in range(count)]
    if made and (prefix < network.prefixlen or not made[-1].subnet_of(network)):
        raise AnsibleFilterError(f"{cidr} has no {count} subnets /{prefix} from the {offset}th on")
    return [str(one) for one in made]


class FilterModule:
    """The collection's filter of ranges."""

    def filters(self) -> dict[str, Any]:
        """Return the filter."""
        return {"subnets": _subnets}
