"""EC2: addresses, gateways, endpoints, groups and instances as AWS answers them."""

from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from emulator.corrections import correction


@correction("ec2", "an interface in a VPC without DNS hostnames has no name, which is no failure")
def interface_without_name():
    NetworkInterface.private_dns_name = None
