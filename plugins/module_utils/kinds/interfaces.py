"""EC2: network interfaces that stand in the way of a deletion; Lambda's own are taken back late, or by us."""

from __future__ import annotations

from ..engine.aws import unless
from ..engine.errors import code

# AWS takes back a deleted function's interfaces within 40 minutes, as the function's role.
TAKEN_BACK_SECONDS = 2700
LAMBDA = "AWS Lambda VPC ENI"
BUSY = ("InvalidNetworkInterface.InUse", "InvalidNetworkInterfaceID.NotFound", "InvalidParameterValue")


def found(aws, **filters) -> list[dict]:
    """Return the interfaces that filters give; underscores stand for dashes."""
    listed = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    return aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=listed)


def lambdas(interface: dict) -> bool:
    """Say whether Lambda made an interface."""
    return interface.get("InterfaceType") == "lambda" or interface.get("Description", "").startswith(LAMBDA)


def taken_back(aws, **filters) -> bool:
    """Say whether no interface of Lambda's is left; what Lambda has let go of already, and only forgot, is deleted."""
    left = [one for one in found(aws, **filters) if lambdas(one)]
    for one in left:
        if one["Status"] == "available":
            unless(BUSY, aws("ec2").delete_network_interface, NetworkInterfaceId=one["NetworkInterfaceId"])
    return not left


def freed(aws, call, missing, within: dict, **arguments) -> None:
    """Delete what holds interfaces; AWS's refusal then says which are left. ``within`` are filters for them."""
    taken_back(aws, **within)
    try:
        unless(missing, call, **arguments)
    except Exception as error:
        if code(error) == "DependencyViolation":
            left = [f"{one['NetworkInterfaceId']} '{one.get('Description', '')}'" for one in found(aws, **within)]
            vars(error)["response"]["Error"]["Message"] += f" Network interfaces in it: {', '.join(left) or 'none'}"
        raise
