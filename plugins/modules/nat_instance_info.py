#!/usr/bin/python
"""Whether a NAT instance does its work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: nat_instance_info
short_description: Wait until a NAT instance carries the traffic of its subnets
version_added: "0.1.0"
description:
  - A NAT instance sets itself up when it boots, and then takes over the default routes of the private subnets' tables.
    That an auto scaling group has started it says nothing of that.
  - Waits until each table's default route leads to an instance of the group, and the group replaces none. Fails with
    what the instance's console shows, at once where cloud-init says there that its user data ended with an error.
author: The Flow Builder on AWS project (@flow-builder)
options:
  name:
    description: The name of the auto scaling group, which is the tag C(Name) of its instances as well.
    type: str
    required: true
  stack:
    description: The instances' tag C(Stack).
    type: str
    required: true
  route_tables:
    description: Names of the route tables.
    type: list
    elements: str
    required: true
  wait_timeout:
    description: Seconds to wait at the most. A boot takes two minutes, and installing with bad luck ten more.
    type: int
    default: 1200
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - flow_builder.aws.engine.account
attributes:
  check_mode:
    description: Waits for nothing.
    support: full
"""

EXAMPLES = r"""
- name: Wait for the NAT instance
  flow_builder.aws.nat_instance_info:
    name: flow-builder-dev-nat
    stack: flow-builder-dev
    route_tables: [flow-builder-dev-private-0, flow-builder-dev-private-1]
"""

RETURN = r"""
carries:
  description: Whether all tables' default routes lead to a running instance. False in check mode, which doesn't look.
  returned: success
  type: bool
"""

import re

from ansible_collections.flow_builder.aws.plugins.module_utils.engine.errors import (
    EngineError,
    during,
    expected,
    sentence,
)
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.module import answer
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.sync import prefetched
from ansible_collections.flow_builder.aws.plugins.module_utils.engine.waiting import TimedOut, until
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.autoscaling import AUTO_SCALING_GROUP
from ansible_collections.flow_builder.aws.plugins.module_utils.kinds.ec2_route_table import ROUTE_TABLE

ANYWHERE = "0.0.0.0/0"
# How cloud-init tells the console that a script of the user data ended with an error.
FAILED = re.compile(r"Failed to run module scripts.user")
REPLACING = ("Pending", "InProgress", "Baking", "Cancelling")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e]")
LINES = 15
NO_WAY_OUT = "the private subnets have no way out of the VPC"


def prefetched_as_wanted(aws, names: list[str]) -> bool:
    """Say whether the look at the whole stack showed the routes as they should be."""
    tables = [prefetched(ROUTE_TABLE, aws, {"name": name}) for name in names]
    return all(table and ANYWHERE in table["others_routes"] and ANYWHERE not in table["blackholes"] for table in tables)


def replaced(aws, group: str) -> bool:
    """Say whether the group is replacing its instance."""
    refreshes = aws("autoscaling").describe_instance_refreshes(AutoScalingGroupName=group, MaxRecords=1)
    return any(one["Status"] in REPLACING for one in refreshes["InstanceRefreshes"])


def carries(aws, group: str, names: list[str]) -> bool:
    """Say whether the tables' default routes lead to the group's own instances."""
    live = AUTO_SCALING_GROUP.find(aws, {"name": group})
    defaults = [
        route
        for table in ROUTE_TABLE.items(aws, tag_Name=names)
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == ANYWHERE and route.get("State") == "active"
    ]
    if not live or len(defaults) < len(names):
        return False
    return {one.get("InstanceId") for one in defaults} <= set(live["instances"])


def newest(aws, group: str, stack: str) -> dict:
    """Return the instance that was started last, whatever has become of it, or nothing."""
    filters = [{"Name": "tag:Name", "Values": [group]}, {"Name": "tag:Stack", "Values": [stack]}]
    reservations = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    instances = [one for reservation in reservations for one in reservation["Instances"]]
    return max(instances, key=lambda one: one["LaunchTime"], default={})


def console(aws, instance: str) -> str:
    """Return what an instance's console shows, or why that can't be read. Only the newer types tell it as it is now."""
    ec2 = aws("ec2")
    for latest in ({"Latest": True}, {}):
        try:
            return ec2.get_console_output(InstanceId=instance, **latest).get("Output", "")
        except Exception as error:
            if not expected(error):
                raise
            told = sentence(error)
    return told


def last_lines(text: str) -> str:
    """Return a console's last lines, without what steers a terminal."""
    lines = [ESCAPE.sub("", line).rstrip() for line in text.splitlines()]
    return "\n".join([line for line in lines if line.strip()][-LINES:])


def reason(aws, group: str, stack: str) -> str:
    """Say what there is to be known of an instance that doesn't carry the traffic."""
    instance = newest(aws, group, stack)
    if not instance:
        done = aws("autoscaling").describe_scaling_activities(AutoScalingGroupName=group, MaxRecords=1)["Activities"]
        told = [one.get("StatusMessage") or one["Description"] for one in done]
        return ": ".join(["its group has started no instance", *told])
    shown = last_lines(console(aws, instance["InstanceId"])) or "(nothing yet)"
    return f"the console of {instance['InstanceId']} ({instance['State']['Name']}) shows:\n{shown}"


def wait(aws, group: str, stack: str, names: list[str], timeout: int) -> None:
    """Wait until the routes lead to the instance. Raises EngineError with the reason why they don't."""

    def now():
        if replaced(aws, group):
            return False
        if carries(aws, group, names):
            return True
        instance = newest(aws, group, stack).get("InstanceId")
        if instance and FAILED.search(console(aws, instance)):
            raise EngineError(f"its setting itself up failed, and {NO_WAY_OUT}; {reason(aws, group, stack)}")
        return False

    try:
        until(now, timeout, "", delay=2)
    except TimedOut:
        told = reason(aws, group, stack)
        raise EngineError(f"no route to it after {timeout} s in {', '.join(names)}: {NO_WAY_OUT}; {told}") from None


def awaited(aws, asked, check) -> dict:
    """Wait for the instance, but in a check."""
    with during(f"NAT instance {asked['name']}"):
        if not check and not prefetched_as_wanted(aws, asked["route_tables"]):
            wait(aws, asked["name"], asked["stack"], asked["route_tables"], asked["wait_timeout"])
    return {"carries": not check}


def main():
    """Run the module."""
    answer(
        awaited,
        {
            "name": {"type": "str", "required": True},
            "stack": {"type": "str", "required": True},
            "route_tables": {"type": "list", "elements": "str", "required": True},
            "wait_timeout": {"type": "int", "default": 1200},
            "account_id": {"type": "str"},
        },
    )


if __name__ == "__main__":
    main()
