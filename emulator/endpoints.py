"""VPC endpoints: what tasks and functions ask AWS goes through the endpoints of their VPC, if these let it.

An interface endpoint with private DNS takes all that its VPC asks of its service; the gateway endpoint of S3 what comes
of the route tables that it is in (VPC user guide, AWS PrivateLink, endpoint policies). Its policy counts beside all
others.
"""

from moto.backends import get_backend

from emulator import ACCOUNT, policies, state
from emulator.evidence import documented, does, lacks

lacks(
    __name__, "Endpoints", "what a VPC without a way out can't reach is reached here; only endpoints' policies refuse"
)

# Whose subnets the requests of a session come from, by access key.
_places: dict[str, tuple[str, ...]] = state.held({})
# Where an action's service is asked by another name than its own.
NAMES = {"ecr:GetAuthorizationToken": ("ecr.api",), "ecr": ("ecr.api", "ecr.dkr")}


def comes_from(access_key: str, subnets) -> None:
    """Remember the subnets that a session's requests come from."""
    _places[access_key] = tuple(subnets)


def let(access_key: str, region: str, action: str, resource: str) -> bool:
    """Tell whether the endpoints on a session's way let it do something."""
    return passes(_places.get(access_key, ()), region, action, resource)


@does(
    "An endpoint's policy counts beside all others for what passes through it; without one everything may.",
    documented("https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"),
)
def passes(subnets, region: str, action: str, resource: str, context=None) -> bool:
    """Tell whether what comes of subnets, by their ids, gets through the endpoints on its way; without any it does."""
    return all(_lets(one, action, resource or "*", context) for one in _on_the_way(subnets, region, action))


def _lets(endpoint, action: str, resource: str, context) -> bool:
    document = endpoint.policy_document
    held = policies.read(document) if isinstance(document, str) else document
    return held is None or policies.ask(endpoint.id, held, action, resource, ("AWS", "*"), context)


@does(
    "An interface endpoint with private DNS takes all that its VPC asks of its service, a gateway endpoint "
    "what comes of its route tables.",
    documented("https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"),
)
def _on_the_way(subnets, region: str, action: str):
    service = action.partition(":")[0]
    names = {f"com.amazonaws.{region}.{one}" for one in NAMES.get(action) or NAMES.get(service) or (service,)}
    ec2 = get_backend("ec2")[ACCOUNT][region]
    known = {name: zone[name] for zone in ec2.subnets.values() for name in zone}
    for endpoint in ec2.vpc_end_points.values():
        if endpoint.service_name not in names or endpoint.state == "deleted":
            continue
        own = [known[one] for one in subnets if one in known and known[one].vpc_id == endpoint.vpc_id]
        tables = set(endpoint.route_table_ids or ())
        if own and (endpoint.vpc_endpoint_type != "Gateway" or any(_table(ec2, one) in tables for one in own)):
            yield endpoint


def _table(ec2, subnet) -> str:
    """Return the route table of a subnet: its own, or the VPC's main one."""
    tables = [one for one in ec2.route_tables.values() if one.vpc_id == subnet.vpc_id]
    own = (one.id for one in tables if subnet.id in one._associations.values())
    return next(own, None) or next((one.id for one in tables if one.main_association_id), "")
