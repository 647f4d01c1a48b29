"""What a role may do, for the rules of services that look before they take it."""

from emulator import ACCOUNT, policies
from emulator.permissions import allowed, find_role


def may(role: str | None, action: str, resource: str) -> bool:
    """Tell whether a role's policies allow an action; of other accounts' roles nothing is known."""
    held = find_role(role) if role else None
    if held is None:
        return bool(role) and policies.account_of(role) != ACCOUNT
    return allowed(held, action, resource, whole=False)


def service_of(arn: str) -> str:
    """Return the service of an ARN."""
    return arn.split(":")[2] if arn.count(":") >= 5 else ""


def region_of(arn: str) -> str:
    """Return the region of an ARN; global resources have none."""
    return arn.split(":")[3] if arn.count(":") >= 5 else ""
