"""EC2: interfaces that Lambda keeps in subnets, which it takes back late, and only as its functions' roles.

Lambda makes one for each subnet with the same security groups, for all functions that say these, and deletes it with
the permissions of the role of a function that used it (Lambda developer guide, giving functions access to a VPC):
without that role it stays for ever.
"""

from moto.awslambda.models import LambdaBackend
from moto.awslambda_simple.models import lambda_simple_backends
from moto.ec2.models import EC2Backend, ec2_backends

from emulator import clock, provisioning
from emulator.errors import AWSError
from emulator.grants import may
from emulator.patching import correction, replacing

TAKEN_BACK_SECONDS = 1200


@correction("ec2", "Lambda has interfaces in its functions' subnets, and takes them back as the functions' roles")
def lambdas_interfaces():
    for name in ("create_function", "update_function_configuration"):
        _after(name)

    @replacing(LambdaBackend, "delete_function")
    def delete_function(original, self, *args, **kwargs):
        look(_network(self))
        result = original(self, *args, **kwargs)
        look(_network(self))
        return result

    for name in ("get_all_network_interfaces", "delete_subnet", "delete_security_group", "delete_vpc"):
        _before(name)

    @replacing(EC2Backend, "delete_network_interface")
    def delete(original, self, eni_id):
        look(self)
        interface = self.enis.get(eni_id)
        # An instance's own go with it: moto deletes them by this function.
        if getattr(interface, "lambda_place", None) and interface.status == "in-use":
            raise AWSError("InvalidParameterValue", f"Network interface '{eni_id}' is currently in use.")
        return original(self, eni_id)


def _after(name: str) -> None:
    @replacing(LambdaBackend, name)
    def changed(original, self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        look(_network(self))
        return result


def _before(name: str) -> None:
    @replacing(EC2Backend, name)
    def looked(original, self, *args, **kwargs):
        look(self)
        return original(self, *args, **kwargs)


def _network(backend) -> EC2Backend:
    return ec2_backends[backend.account_id][backend.region_name]


def look(network: EC2Backend) -> None:
    """Make the interfaces that functions need by now, and take back those that none needs any more."""
    used = _used(network)
    held = {one.lambda_place: one for one in network.enis.values() if getattr(one, "lambda_place", None)}
    for place, function in used.items():
        if place not in held:
            _make(network, place, function)
    for place, interface in held.items():
        if place in used:
            interface.lambda_role, interface.idle_since = used[place].role, None
            continue
        interface.idle_since = interface.idle_since or clock.now()
        due = clock.now() >= interface.idle_since + TAKEN_BACK_SECONDS * provisioning.scale
        if due and may(interface.lambda_role, "ec2:DeleteNetworkInterface", _arn(network, interface.id)):
            network.enis.pop(interface.id, None)


def _used(network) -> dict:
    """Return the functions by (subnet, groups) that they use."""
    if network.account_id not in lambda_simple_backends:
        return {}
    backend = lambda_simple_backends[network.account_id].get(network.region_name)
    # Not by moto's list, which copies each function with its code: this is asked for often.
    groups = backend._lambdas._functions.values() if backend else ()
    functions = [one for group in groups for one in (group["latest"], *group["versions"]) if one]
    return {
        (subnet, tuple(sorted(config.get("SecurityGroupIds", [])))): function
        for function in functions
        for config in [function._vpc_config or {}]
        for subnet in config.get("SubnetIds", [])
    }


def _arn(network, interface: str) -> str:
    return f"arn:aws:ec2:{network.region_name}:{network.account_id}:network-interface/{interface}"


def _make(network, place, function) -> None:
    subnet, groups = place
    interface = network.create_network_interface(network.get_subnet(subnet), None, group_ids=list(groups))
    interface.status, interface.interface_type, interface.requester_managed = "in-use", "lambda", True
    interface.requester_id = f"AROAEMULATOR:{function.function_name}"
    interface.description = f"AWS Lambda VPC ENI-{function.function_name}-{interface.id.removeprefix('eni-')}"
    interface.lambda_place, interface.lambda_role, interface.idle_since = place, function.role, None
