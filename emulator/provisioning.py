"""How long AWS takes: for each call, and until what is made can be used.

``latency`` are seconds before each answer. ``scale`` times a kind's seconds is how long it shows the state that AWS
shows meanwhile, counted on the emulator's clock from when it was first shown; 0, the default, is at once, but for the
kinds that are ``late`` where lateness is asked for.
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

from emulator import clock, eventual, state
from emulator.evidence import documented, inferred, tabled
from emulator.patching import showing
from emulator.validation import number

latency = 0.0
scale = 0.0
_first_shown: dict[str, float] = state.held({})


@dataclass(frozen=True)
class Slow:
    """One kind of resource that takes its time."""

    service: str
    seconds: float
    answers: dict[str, str]
    """Where the resources stand in the answers of which operations; dots go deeper, through lists."""
    key: str
    """The field that tells one from another."""
    state: str
    """The field, dots go deeper, with the state."""
    meanwhile: str
    finally_: tuple[str, ...]
    """The states that are shown late; others (deleted, failed) are shown as they are."""
    lacks: tuple[str, ...] = ()
    """Fields that are not shown meanwhile."""
    where: Callable[[dict], bool] = lambda _: True
    late: float = 0
    """The seconds that it takes with ``--eventual`` alone."""

    def takes(self) -> float:
        """Return the seconds that it takes now."""
        return self.seconds * scale or (0 if eventual.STATE.seed is None else self.late)


KINDS = [
    Slow(
        "rds", 480, {"CreateDBInstance": "DBInstance", "DescribeDBInstances": "DBInstances"},
        "DbiResourceId", "DBInstanceStatus", "creating", ("available",), ("Endpoint",),
    ),
    Slow(
        "ec2", 110, {"CreateNatGateway": "NatGateway", "DescribeNatGateways": "NatGateways"},
        "NatGatewayId", "State", "pending", ("available",),
    ),
    Slow(
        "ec2", 75, {"CreateVpcEndpoint": "VpcEndpoint", "DescribeVpcEndpoints": "VpcEndpoints"},
        "VpcEndpointId", "State", "pending", ("available",),
        where=lambda endpoint: endpoint["VpcEndpointType"] == "Interface",
    ),
    Slow(
        "ec2", 0, {"DescribeRouteTables": "RouteTables.Associations"},
        "RouteTableAssociationId", "AssociationState.State", "associating", ("associated",), late=1.5,
        where=lambda association: not association["Main"],
    ),
    Slow(
        "elbv2", 150, {"CreateLoadBalancer": "LoadBalancers", "DescribeLoadBalancers": "LoadBalancers"},
        "LoadBalancerArn", "State.Code", "provisioning", ("active",),
    ),
    Slow(
        "cloudfront", 300, {"CreateDistribution": "Distribution", "GetDistribution": "Distribution"},
        "Id", "Status", "InProgress", ("Deployed",),
    ),
    FUNCTION := Slow(
        "lambda", 40, {"CreateFunction": "", "GetFunction": "Configuration", "GetFunctionConfiguration": ""},
        "FunctionArn", "State", "Pending", ("Active",), late=2,
        where=lambda one: one["PackageType"] == "Image" or bool((one.get("VpcConfig") or {}).get("SubnetIds")),
    ),
    Slow(
        "pipes", 60, {"CreatePipe": "", "DescribePipe": ""},
        "Arn", "CurrentState", "CREATING", ("RUNNING", "STOPPED", "CREATE_FAILED"),
    ),
    Slow(
        "ecs", 120,
        {name: f"{key}.deployments" for name, key in
         {"CreateService": "service", "UpdateService": "service", "DescribeServices": "services"}.items()},
        "id", "rolloutState", "IN_PROGRESS", ("COMPLETED",), where=lambda deployment: deployment["desiredCount"] > 0,
    ),
]  # fmt: skip


# Where the states of each kind are told; how long it takes is nowhere, and told by people.
STATES = {
    "DBInstanceStatus": "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html",
    "AssociationState.State": "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RouteTableAssociationState.html",
    "State.Code": "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_LoadBalancerState.html",
    "Status": "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Distribution.html",
    "CurrentState": "https://docs.aws.amazon.com/eventbridge/latest/pipes-reference/API_Pipe.html",
    "rolloutState": "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html",
    "NatGatewayId": "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html",
    "VpcEndpointId": "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html",
    "FunctionArn": "https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html",
}
for _kind in KINDS:
    _made, _end = next(iter(_kind.answers)), " or ".join(_kind.finally_)
    tabled(
        __name__, f"What {_made} of {_kind.service} shows is {_kind.meanwhile} at first, then {_end}.",
        documented(STATES.get(_kind.state) or STATES[_kind.key], _kind.state),
    )  # fmt: skip
tabled(
    __name__, "Making takes as long as the table says: minutes for databases, functions of images and load balancers.",
    inferred("times that people tell", "the times of a first deployment"),
)  # fmt: skip


def use(scale: float) -> dict:
    """Let what is made take so much of AWS's time from now on."""
    globals()["scale"] = number()("scale", scale)
    return {"scale": scale}


def wait() -> None:
    """Be as far away as AWS."""
    if latency:
        time.sleep(latency)


@functools.cache
def install() -> None:
    """Put every slow kind around moto's answers, over all corrections."""
    for kind in KINDS:
        for operation, path in kind.answers.items():
            _around(kind, operation, path)


def _around(kind: Slow, operation: str, path: str) -> None:
    def aged(_api, told):
        for resource in _at(told, path):
            _age(kind, resource)
        return told

    showing(kind.service, operation, kind.takes, aged)


def pending(kind: Slow, name: str) -> bool:
    """Say whether the resource of this key is still shown as it is meanwhile."""
    shown = _first_shown.get(f"{kind.service} {name}")
    return shown is not None and clock.now() < shown + kind.takes()


def _at(value, path: str) -> list[dict]:
    """Return the dicts at a path."""
    if isinstance(value, list):
        return [found for item in value for found in _at(item, path)]
    if not path or value is None:
        return [value] if value else []
    first, _, more = path.partition(".")
    return _at(value.get(first), more)


def _age(kind: Slow, resource: dict) -> None:
    """Show a resource that is too young as AWS would."""
    *above, state = kind.state.split(".")
    (holder,) = _at(resource, ".".join(above))
    if holder.get(state) not in kind.finally_ or not kind.where(resource):
        return
    shown = _first_shown.setdefault(f"{kind.service} {resource[kind.key]}", clock.now())
    if clock.now() < shown + kind.takes():
        holder[state] = kind.meanwhile
        for field in kind.lacks:
            resource.pop(field, None)
